//! The certificate of destruction on paper (销毁证明, D-48): A4, one page, signed by both officers.

use super::font::Font;
use super::page::{Paper, PaperError, sheets};

/// What the paper says.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each is the line of that name on the paper")]
pub struct Destruction {
    pub unit: String,
    pub ukey_serial: String,
    pub ukey_maker: String,
    pub ukey_model: String,
    pub received: String,
    /// The serial numbers of what was on it.
    pub certificates: Vec<String>,
    pub reason: String,
    pub destroyed: String,
    pub officer: String,
    /// The second officer.
    pub confirmed_by: String,
    /// Short code of the audit checkpoint.
    pub checkpoint: String,
}

/// Where values begin and how wide they are, in millimetres.
const LEFT: f32 = 20.0;
const VALUE: f32 = 58.0;
const WIDTH: f32 = 132.0;
const SIZE: f32 = 11.0;
const STEP: f32 = 8.4;

/// The paper as PDF.
///
/// # Errors
/// [`PaperError`].
pub fn pdf(paper: &Destruction, font: &Font) -> Result<Vec<u8>, PaperError> {
    let certificates = if paper.certificates.is_empty() {
        "无".to_owned()
    } else {
        paper.certificates.join("、")
    };
    let lines = [
        ("单位", paper.unit.as_str()),
        ("ukey 序列号", &paper.ukey_serial),
        (
            "ukey 厂商、型号",
            &format!("{} {}", paper.ukey_maker, paper.ukey_model),
        ),
        ("入库时间", &paper.received),
        ("曾有证书", &certificates),
        ("销毁原因", &paper.reason),
        ("登记销毁时间", &paper.destroyed),
        ("经办人", &paper.officer),
        ("确认人", &paper.confirmed_by),
    ];
    sheets(Paper::A4, 1, font, |_at, sheet| {
        sheet.title(28.0, 18.0, "ukey 销毁证明");
        let mut y = 44.0;
        for (name, value) in lines {
            sheet.text(LEFT, y, SIZE, name);
            let end = sheet.paragraph((VALUE, y), WIDTH, SIZE, value);
            y = end.max(y + STEP);
            sheet.line(LEFT, y - 5.6, 170.0);
            y += 1.2;
        }
        let statement =
            "上列 ukey 已当面损毁，不能再使用；其序列号不再入库。本证明与审计日志一并留存。";
        sheet.paragraph((LEFT, y + 8.0), 170.0, 10.0, statement);
        for (x, who) in [(LEFT, "系统管理员"), (108.0, "安全管理员")] {
            sheet.text(x, 254.0, SIZE, who);
            sheet.text(x, 263.0, SIZE, "签字");
            sheet.line(x + 12.0, 264.0, 56.0);
            sheet.text(x, 272.0, SIZE, "日期");
            sheet.line(x + 12.0, 273.0, 56.0);
        }
        let code = format!("UKEY-DESTROYED:{}", paper.ukey_serial);
        sheet.qr_code((172.0, 12.0), 20.0, &code)?;
        let foot = format!("审计检查点 {}", paper.checkpoint);
        sheet.text(LEFT, 285.0, 8.0, &foot);
        sheet.text_to(190.0, 285.0, 8.0, "1/1");
        Ok(())
    })
}
