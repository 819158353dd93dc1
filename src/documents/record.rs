//! What the records of one ukey have in common on paper (挂失报告单, 销毁证明): lines of a name and a value,
//! and the place where two people sign.

use super::page::Sheet;
use crate::domain::timestamp::Timestamp;

/// Where lines begin, in millimetres.
pub(super) const LEFT: f32 = 20.0;
/// The size of their text, in points.
pub(super) const SIZE: f32 = 11.0;
const VALUE: f32 = 58.0;
const WIDTH: f32 = 132.0;
const STEP: f32 = 8.4;

/// A time as paper shows it, UTC.
pub fn moment(at: Timestamp) -> String {
    let text = at.to_string();
    let text = text.trim_end_matches('Z').replace('T', " ");
    format!("{text}（UTC）")
}

/// Writes the lines, each ruled off. Gives where they end.
pub(super) fn lines<'a>(
    sheet: &mut Sheet<'_>,
    lines: impl IntoIterator<Item = (&'static str, &'a str)>,
) -> f32 {
    let mut y = 44.0;
    for (name, value) in lines {
        sheet.text(LEFT, y, SIZE, name);
        let end = sheet.paragraph((VALUE, y), WIDTH, SIZE, value);
        y = end.max(y + STEP);
        sheet.line(LEFT, y - 5.6, 170.0);
        y += 1.2;
    }
    y
}

/// Where these two sign and date it, and the foot with the audit checkpoint.
pub(super) fn signatures(sheet: &mut Sheet<'_>, who: [&str; 2], checkpoint: &str) {
    for (x, who) in [LEFT, 108.0].into_iter().zip(who) {
        sheet.text(x, 254.0, SIZE, who);
        sheet.text(x, 263.0, SIZE, "签字");
        sheet.line(x + 12.0, 264.0, 56.0);
        sheet.text(x, 272.0, SIZE, "日期");
        sheet.line(x + 12.0, 273.0, 56.0);
    }
    let foot = format!("审计检查点 {checkpoint}");
    sheet.text(LEFT, 285.0, 8.0, &foot);
    sheet.text_to(190.0, 285.0, 8.0, "1/1");
}
