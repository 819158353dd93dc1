//! The report of a loss on paper (挂失报告单, D-41): A4, one page, signed by holder and officer.

use super::font::Font;
use super::page::{Paper, PaperError, sheets};
use super::record::{self, LEFT, SIZE};

/// What the paper says.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each is the line of that name on the paper")]
pub struct LossReport {
    pub id: String,
    pub unit: String,
    pub holder: String,
    pub ukey_serial: String,
    pub ukey_model: String,
    pub certificate_serial: String,
    pub kind: &'static str,
    pub reason: String,
    pub reported: String,
    /// When the published list was fetched back, or that it was not.
    pub confirmed: String,
    /// Hours and minutes from the report to the list.
    pub clock: String,
    pub target: String,
    /// How a suspension ended.
    pub ending: Option<String>,
    /// SHA-256 of the holder's signed statement.
    pub statement: Option<String>,
    /// Short code of the audit checkpoint.
    pub checkpoint: String,
}

/// The paper as PDF.
///
/// # Errors
/// [`PaperError`].
pub fn pdf(report: &LossReport, font: &Font) -> Result<Vec<u8>, PaperError> {
    sheets(Paper::A4, 1, font, |_at, sheet| {
        sheet.title(28.0, 18.0, "ukey 挂失报告单");
        let y = record::lines(sheet, lines(report));
        sheet.text(LEFT, y + 4.0, SIZE, "自报告至进入 CRL 用时");
        sheet.text(76.0, y + 5.0, 22.0, &report.clock);
        sheet.text(
            132.0,
            y + 4.0,
            SIZE,
            &format!("要求不超过 {}", report.target),
        );
        let statement = "本人已知：证书被冻结或吊销后，所持 ukey 不能再用于登录和签名；冻结满 24 小时未找回的，\
                         证书即行吊销，须重新申请。";
        sheet.paragraph((LEFT, y + 16.0), 170.0, 10.0, statement);
        let code = format!("UKEY-LOSS:{};{}", report.id, report.ukey_serial);
        sheet.qr_code((172.0, 12.0), 20.0, &code)?;
        record::signatures(sheet, ["持有人", "经办人"], &report.checkpoint);
        Ok(())
    })
}

fn lines(report: &LossReport) -> Vec<(&'static str, &str)> {
    let mut lines = vec![
        ("单位", report.unit.as_str()),
        ("持有人", &report.holder),
        ("ukey 序列号", &report.ukey_serial),
        ("ukey 型号", &report.ukey_model),
        ("证书序列号", &report.certificate_serial),
        ("类别", report.kind),
        ("情况说明", &report.reason),
        ("报告时间、经办人", &report.reported),
        ("进入 CRL 时间", &report.confirmed),
    ];
    lines.extend(report.ending.as_deref().map(|text| ("处理结果", text)));
    let statement = report.statement.as_deref();
    lines.extend(statement.map(|text| ("说明扫描件 SHA-256", text)));
    lines
}
