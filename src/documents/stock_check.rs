//! The stock check on paper (盘点表, D-28): A4, the counts, every difference, places for signatures.

use super::font::Font;
use super::page::{Paper, PaperError, Sheet, lines, sheets};

/// What the paper says.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each is the line of that name on the paper")]
pub struct StockCheckPaper {
    pub number: String,
    pub id: String,
    pub unit: String,
    /// The only model that was checked.
    pub model: Option<String>,
    pub begun: String,
    /// State of the check, with the time and officer of its signature.
    pub state: String,
    /// A word and how many.
    pub counts: Vec<(String, u64)>,
    /// Serial number, model, and what differs.
    pub differences: Vec<[String; 3]>,
    /// First digits of the signed result's SHA-256; none before it is signed.
    pub digest: Option<String>,
    /// Short code of the audit checkpoint.
    pub checkpoint: String,
}

/// Where each column of the differences begins, in millimetres; the last one is broken into lines.
const COLUMNS: [f32; 3] = [20.0, 72.0, 116.0];
const LAST_WIDTH: f32 = 74.0;
const SIZE: f32 = 9.0;
/// Millimetres from line to line, the end of a page, and the end of a page with signatures.
const STEP: f32 = 5.4;
const BOTTOM: f32 = 276.0;
const BOTTOM_SIGNED: f32 = 244.0;
/// Where the differences begin on a later page.
const TOP: f32 = 26.0;

/// The paper as PDF.
///
/// # Errors
/// [`PaperError`].
pub fn pdf(paper: &StockCheckPaper, font: &Font) -> Result<Vec<u8>, PaperError> {
    let broken = paper.differences.iter().map(|[serial, model, what]| {
        let what = lines(font, what, LAST_WIDTH, SIZE);
        (serial.as_str(), model.as_str(), what)
    });
    let pages = lay_out(broken.collect(), first_top(paper));
    let count = pages.len();
    let mut pages = pages.into_iter();
    sheets(Paper::A4, count, font, |at, sheet| {
        let mut y = TOP;
        if at == 0 {
            y = head(sheet, paper);
        }
        let rows = pages.next().unwrap_or_default();
        if at == 0 && paper.differences.is_empty() {
            sheet.text(20.0, y, 11.0, "没有差异。");
        } else {
            for (x, name) in COLUMNS.into_iter().zip(["序列号", "型号", "差异"]) {
                sheet.text(x, y, SIZE, name);
            }
            sheet.line(20.0, y + 1.8, 170.0);
            y += STEP + 1.0;
        }
        for (serial, model, what) in rows {
            sheet.text(20.0, y, SIZE, serial);
            sheet.text(72.0, y, SIZE, model);
            for line in what {
                sheet.text(116.0, y, SIZE, &line);
                y += STEP;
            }
        }
        if at + 1 == count {
            signatures(sheet);
        }
        let code = format!("UKEY-CHECK:{}", paper.id);
        sheet.qr_code((172.0, 12.0), 20.0, &code)?;
        let mut foot = format!("审计检查点 {}", paper.checkpoint);
        if let Some(digest) = &paper.digest {
            foot = format!("{foot} · 结果 SHA-256 {digest}");
        }
        sheet.text(20.0, 285.0, 8.0, &foot);
        let page = format!("{} · {}/{count}", paper.number, at + 1);
        sheet.text_to(190.0, 285.0, 8.0, &page);
        Ok(())
    })
}

type Row<'a> = (&'a str, &'a str, Vec<String>);

/// The differences page by page; the last page has room for the signatures.
fn lay_out(rows: Vec<Row<'_>>, first: f32) -> Vec<Vec<Row<'_>>> {
    let mut pages = vec![Vec::new()];
    let mut y = first;
    for row in rows {
        let high = STEP * f32::from(u16::try_from(row.2.len().max(1)).unwrap_or(u16::MAX));
        if y + high > BOTTOM {
            pages.push(Vec::new());
            y = TOP + STEP + 1.0;
        }
        y += high;
        if let Some(page) = pages.last_mut() {
            page.push(row);
        }
    }
    if y > BOTTOM_SIGNED {
        pages.push(Vec::new());
    }
    pages
}

fn heads(paper: &StockCheckPaper) -> [(&'static str, &str); 5] {
    let scope = paper.model.as_deref().unwrap_or("全部型号");
    [
        ("编号", paper.number.as_str()),
        ("单位", paper.unit.as_str()),
        ("范围", scope),
        ("开始", paper.begun.as_str()),
        ("状态", paper.state.as_str()),
    ]
}

/// Where the differences begin on the first page.
fn first_top(paper: &StockCheckPaper) -> f32 {
    let lines = heads(paper).len() + paper.counts.len().div_ceil(2);
    let lines = f32::from(u16::try_from(lines).unwrap_or(u16::MAX));
    // Names of units may take a second line.
    42.0 + 7.0 * (lines + 1.0) + 14.0
}

/// Title, heads and counts; gives where the differences begin.
fn head(sheet: &mut Sheet<'_>, paper: &StockCheckPaper) -> f32 {
    sheet.title(28.0, 18.0, "ukey 盘点表");
    let mut y = 42.0;
    for (name, value) in heads(paper) {
        sheet.text(20.0, y, 11.0, name);
        y = sheet.paragraph((40.0, y), 126.0, 11.0, value).max(y + 7.0);
    }
    sheet.line(20.0, y - 3.0, 170.0);
    y += 3.0;
    for pair in paper.counts.chunks(2) {
        for (x, (word, count)) in [20.0, 108.0].into_iter().zip(pair) {
            sheet.text(x, y, 11.0, word);
            sheet.text_to(x + 70.0, y, 11.0, &count.to_string());
        }
        y += 7.0;
    }
    sheet.line(20.0, y - 4.0, 170.0);
    y + 4.0
}

fn signatures(sheet: &mut Sheet<'_>) {
    for (x, who) in [
        (20.0, "盘点人（系统管理员）"),
        (108.0, "监盘人（安全管理员）"),
    ] {
        sheet.text(x, 254.0, 11.0, who);
        sheet.text(x, 263.0, 11.0, "签字");
        sheet.line(x + 12.0, 264.0, 56.0);
        sheet.text(x, 272.0, 11.0, "日期");
        sheet.line(x + 12.0, 273.0, 56.0);
    }
}
