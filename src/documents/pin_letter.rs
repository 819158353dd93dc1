//! The letter with a random user PIN: folded twice, the PIN is inside (D-37).

use super::font::Font;
use super::page::{self, PaperError};
use crate::domain::pin::Pin;

/// The letter as PDF. The caller writes it once, and wipes the bytes.
///
/// # Errors
/// [`PaperError`].
pub fn pdf(
    unit: &str,
    holder: &str,
    ukey_serial: &str,
    pin: &Pin,
    font: &Font,
) -> Result<Vec<u8>, PaperError> {
    page::a5(font, |sheet| {
        sheet.title(24.0, 18.0, "ukey 用户 PIN 密封函");
        sheet.text(20.0, 40.0, 12.0, &format!("{unit}  {holder}  亲启"));
        sheet.text(20.0, 50.0, 11.0, &format!("ukey 序列号 {ukey_serial}"));
        let text = "沿两条线向内折叠并密封。首次使用前请在制证台或证书助手中修改 PIN；PIN 修改前证书不能使用。\
                    任何人（包括经办人）都不会向您索要 PIN。";
        sheet.paragraph((20.0, 60.0), 108.0, 10.0, text);
        sheet.line(10.0, 90.0, 128.0);
        sheet.title(118.0, 24.0, pin.expose());
        sheet.line(10.0, 140.0, 128.0);
        Ok(())
    })
}
