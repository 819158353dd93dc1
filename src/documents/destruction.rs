//! The certificate of destruction on paper (销毁证明, D-48): A4, one page, signed by both officers.

use super::font::Font;
use super::page::{Paper, PaperError, sheets};
use super::record::{self, LEFT};

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
        let y = record::lines(sheet, lines);
        let statement =
            "上列 ukey 已当面损毁，不能再使用；其序列号不再入库。本证明与审计日志一并留存。";
        sheet.paragraph((LEFT, y + 8.0), 170.0, 10.0, statement);
        let code = format!("UKEY-DESTROYED:{}", paper.ukey_serial);
        sheet.qr_code((172.0, 12.0), 20.0, &code)?;
        record::signatures(sheet, ["系统管理员", "安全管理员"], &paper.checkpoint);
        Ok(())
    })
}
