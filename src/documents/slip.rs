//! The hand-out slip (D-59): A5, signed by holder and officer.

use super::font::Font;
use super::page::{self, PaperError, Sheet};
use crate::domain::handwriting::Handwriting;

/// What the slip says.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each is the line of that name on the slip")]
pub struct Slip {
    pub unit: String,
    /// The unit whose desk made the ukey, where it is another (代制).
    pub made_by: Option<String>,
    pub request: String,
    pub holder: String,
    pub masked_id: String,
    pub user_types: String,
    pub ukey_serial: String,
    pub ukey_model: String,
    pub certificate_serial: String,
    pub not_before: String,
    pub not_after: String,
    /// Whether the ukey is temporary (D-20).
    pub temporary: bool,
    pub assistant_address: String,
    pub hotline: String,
    /// Short code of the audit checkpoint.
    pub checkpoint: String,
    /// The holder's signature, if they wrote it at the desk; else there is room for it.
    pub signature: Handwriting,
}

/// Width and height of the field that the holder's signature stands in.
const SIGNATURE: (f32, f32) = (36.0, 9.0);

/// The slip as PDF.
///
/// # Errors
/// [`PaperError`].
pub fn pdf(slip: &Slip, font: &Font) -> Result<Vec<u8>, PaperError> {
    page::a5(font, |sheet| {
        let title = if slip.temporary {
            "教育CA证书 ukey 领用单（临时）"
        } else {
            "教育CA证书 ukey 领用单"
        };
        sheet.title(24.0, 18.0, title);
        let validity = format!("{} 至 {}", slip.not_before, slip.not_after);
        let mut lines = vec![("单位", slip.unit.as_str())];
        lines.extend(slip.made_by.as_deref().map(|unit| ("代制单位", unit)));
        lines.extend([
            ("申请编号", slip.request.as_str()),
            ("领用人", &slip.holder),
            ("身份证号", &slip.masked_id),
            ("用户类型", &slip.user_types),
            ("ukey 序列号", &slip.ukey_serial),
            ("ukey 型号", &slip.ukey_model),
            ("证书序列号", &slip.certificate_serial),
            ("证书有效期", &validity),
            ("证书助手", &slip.assistant_address),
            ("服务热线", &slip.hotline),
        ]);
        // A line more takes no more of the page.
        let step = if slip.made_by.is_some() { 7.8 } else { 8.6 };
        let mut y = 38.0;
        for (name, value) in lines {
            sheet.text(20.0, y, 11.0, name);
            sheet.text(46.0, y, 11.0, value);
            sheet.line(20.0, y + 2.0, 108.0);
            y += step;
        }
        sheet.text(20.0, y + 2.0, 12.0, "仅限本人使用，不得外借。");
        let statement = "本人已当面领取上述 ukey，身份证件经核对无误；妥善保管 ukey 和 PIN，遗失立即挂失，\
                         并对使用该证书的操作负责。";
        y = sheet.paragraph((20.0, y + 10.0), 108.0, 10.0, statement);
        for (x, name) in [(20.0, "领用人签字"), (20.0, "经办人签字")] {
            y += 8.0;
            sheet.text(x, y, 11.0, name);
            sheet.line(44.0, y + 1.0, 36.0);
            sheet.text(84.0, y, 11.0, "日期");
            sheet.line(94.0, y + 1.0, 30.0);
            if name == "领用人签字" {
                signature(sheet, (44.0, y + 1.0), &slip.signature);
            }
        }
        let serials = format!("UKEY:{};CERT:{}", slip.ukey_serial, slip.certificate_serial);
        sheet.qr_code((108.0, 172.0), 22.0, &serials)?;
        sheet.text(20.0, 190.0, 8.0, &format!("审计检查点 {}", slip.checkpoint));
        sheet.text(20.0, 195.0, 8.0, "1/1");
        Ok(())
    })
}

/// The handwriting, upon the line that begins here.
fn signature(sheet: &mut Sheet<'_>, (left, bottom): (f32, f32), written: &Handwriting) {
    let (width, height) = SIGNATURE;
    let place = |(x, y): &(f32, f32)| (left + x * width, bottom - (1.0 - y) * height);
    for line in written.lines() {
        let points: Vec<_> = line.iter().map(place).collect();
        sheet.stroke(&points);
    }
}
