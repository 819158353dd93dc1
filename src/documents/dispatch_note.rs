//! The dispatch note (发放单, D-26): A4, every serial number, signed by both sides.

use super::font::Font;
use super::page::{Paper, PaperError, sheets};

/// What the note says.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each is the line of that name on the note")]
pub struct DispatchNote {
    pub number: String,
    pub id: String,
    pub from: String,
    pub to: String,
    pub date: String,
    pub officer: String,
    /// Why, of what is sent back; such a note is a 退回单.
    pub reason: Option<String>,
    /// Model and how many.
    pub models: Vec<(String, usize)>,
    /// Box and how many lie in it.
    pub boxes: Vec<(String, usize)>,
    /// Serial numbers, each with a remark if it is not blank.
    pub serials: Vec<(String, Option<String>)>,
    /// Short code of the audit checkpoint.
    pub checkpoint: String,
}

/// Serial numbers side by side, and lines of them on the first and on later pages.
const COLUMNS: usize = 3;
const FIRST_PAGE: usize = 20;
const NEXT_PAGES: usize = 33;
/// Millimetres from line to line.
const STEP: f32 = 6.5;

/// The note as PDF.
///
/// # Errors
/// [`PaperError`].
pub fn pdf(note: &DispatchNote, font: &Font) -> Result<Vec<u8>, PaperError> {
    let lines: Vec<_> = note.serials.chunks(COLUMNS).collect();
    let after_first = lines.len().saturating_sub(FIRST_PAGE);
    let pages = 1 + after_first.div_ceil(NEXT_PAGES);
    sheets(Paper::A4, pages, font, |at, sheet| {
        let (begin, most, mut y) = if at == 0 {
            (0, FIRST_PAGE, 28.0)
        } else {
            (FIRST_PAGE + (at - 1) * NEXT_PAGES, NEXT_PAGES, 24.0)
        };
        if at == 0 {
            let title = if note.reason.is_some() {
                "ukey 退回单"
            } else {
                "ukey 发放单"
            };
            sheet.title(y, 18.0, title);
            y = 40.0;
            for (name, value) in heads(note) {
                sheet.text(20.0, y, 12.0, name);
                y = sheet.paragraph((46.0, y), 144.0, 12.0, &value).max(y + 7.0);
            }
            y += 2.0;
        }
        sheet.line(20.0, y - 5.0, 170.0);
        for (place, line) in lines.iter().enumerate().skip(begin).take(most) {
            let mut x = 20.0;
            for (in_line, (serial, remark)) in line.iter().enumerate() {
                let count = place * COLUMNS + in_line + 1;
                let remark = remark.as_deref().unwrap_or_default();
                sheet.text(x, y, 9.0, &format!("{count}. {serial} {remark}"));
                x += 57.0;
            }
            y += STEP;
        }
        if at + 1 == pages {
            sheet.line(20.0, y - 4.0, 170.0);
            for (x, who) in [(20.0, "发出单位（盖章）"), (108.0, "签收单位（盖章）")]
            {
                sheet.text(x, 258.0, 12.0, who);
                sheet.text(x, 266.0, 12.0, "经办人签字");
                sheet.line(x + 26.0, 267.0, 42.0);
                sheet.text(x, 274.0, 12.0, "日期");
                sheet.line(x + 12.0, 275.0, 56.0);
            }
        }
        let code = format!("UKEY-NOTE:{};{}", note.id, note.serials.len());
        sheet.qr_code((172.0, 12.0), 20.0, &code)?;
        sheet.text(20.0, 285.0, 8.0, &format!("审计检查点 {}", note.checkpoint));
        sheet.text_to(
            190.0,
            285.0,
            8.0,
            &format!("{} · {}/{pages}", note.number, at + 1),
        );
        Ok(())
    })
}

fn heads(note: &DispatchNote) -> Vec<(&'static str, String)> {
    let counted = |list: &[(String, usize)]| {
        let texts = list.iter().map(|(name, count)| format!("{name} × {count}"));
        texts.collect::<Vec<_>>().join("，")
    };
    let mut heads = vec![
        ("编号", note.number.clone()),
        ("发出单位", note.from.clone()),
        ("接收单位", note.to.clone()),
        ("日期", note.date.clone()),
        ("经办人", note.officer.clone()),
        ("型号数量", counted(&note.models)),
    ];
    if !note.boxes.is_empty() {
        heads.push(("箱号", counted(&note.boxes)));
    }
    heads.extend(note.reason.clone().map(|reason| ("退回原因", reason)));
    heads.push(("合计", format!("{} 个", note.serials.len())));
    heads
}
