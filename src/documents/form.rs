//! Forms 1 and 2 as they are filled in, signed and sealed on paper (D-6, D-13): A4, the fields in
//! the paper's order, blank or filled from the record.

use super::font::Font;
use super::page::{self, Paper, PaperError, Sheet};
use super::table::{self, Cell, Content, Row, Signed};

/// Margins, and what is left between them.
const MARGIN: f32 = 20.0;
const WIDTH: f32 = 170.0;
/// Where the table begins on the first page and on the others.
const FIRST_TOP: f32 = 31.5;
const TOP: f32 = MARGIN;
/// Side of the QR code at the foot; the table ends above it.
const QR: f32 = 17.0;
const FOOT: f32 = 297.0 - MARGIN - QR - 1.5;
/// Widths of the columns: label, value, label, value.
const LABEL: f32 = 34.0;
const VALUE: f32 = 51.0;
/// Heights of rows, at least. A seal is 40 mm across.
const LINE_ROW: f32 = 8.6;
const SEAL_ROW: f32 = 40.0;

/// What both forms ask for.
#[derive(Clone, Debug, Default)]
#[expect(missing_docs, reason = "each is the field of that name on the form")]
pub struct Applicant {
    pub unit: String,
    pub name: String,
    pub id_number: String,
    pub office_phone: String,
    pub email: String,
    pub mobile: String,
    pub address: String,
    pub notes: String,
}

/// An opinion as it was recorded; empty to be written by hand.
#[derive(Clone, Debug, Default)]
pub struct Opinion {
    /// What was noted.
    pub note: String,
    /// Who gave it.
    pub by: String,
    /// When, as `2026 年 11 月 24 日`.
    pub on: String,
}

/// Form 1: 管理类用户注册申请单.
#[derive(Clone, Debug, Default)]
pub struct Form1 {
    /// The fields of both forms.
    pub applicant: Applicant,
    /// 管理类用户岗位.
    pub post: String,
    /// 申请人部门意见.
    pub department: Opinion,
}

/// Form 2: 全国教师管理信息系统用户实名制申请单.
#[derive(Clone, Debug, Default)]
pub struct Form2 {
    /// The fields of both forms.
    pub applicant: Applicant,
    /// 办学类型.
    pub school_type: String,
    /// 教师系统用户类型: every one the form offers, and whether it was chosen.
    pub user_types: Vec<(String, bool)>,
    /// 申请数字证书; `None` on a blank form.
    pub apply_certificate: Option<bool>,
    /// 已拥有登录账号.
    pub existing_account: String,
    /// 申请人确认.
    pub confirmation: Opinion,
    /// 申请人部门意见, 办公室意见, 用户管理部门受理意见.
    pub opinions: [Opinion; 3],
}

/// What stands at the foot of every page; empty on a blank form.
#[derive(Clone, Debug, Default)]
pub struct Foot {
    /// Number of the request.
    pub number: String,
    /// What the QR code says: ids alone.
    pub qr: String,
    /// Short code of the audit checkpoint.
    pub checkpoint: String,
}

/// Form 1 as PDF.
///
/// # Errors
/// [`PaperError`].
pub fn form1(form: &Form1, foot: &Foot, font: &Font) -> Result<Vec<u8>, PaperError> {
    let Form1 {
        applicant,
        post,
        department,
    } = form;
    let posts = ["系统管理员", "安全管理员", "安全审计员"];
    let posts = posts.map(|name| (name.to_owned(), name == post)).to_vec();
    let mut rows = vec![wide(
        "申请人单位名称\n（盖章）",
        text(&applicant.unit),
        16.0,
    )];
    rows.extend(person(applicant));
    rows.extend([
        wide("手机号码", text(&applicant.mobile), LINE_ROW),
        wide("管理类用户\n岗位", Content::Choices(posts), 12.0),
        wide("单位通讯地址", text(&applicant.address), 12.0),
        wide("其他补充说明", text(&applicant.notes), 30.0),
        opinion("申请人部门\n意见", department, "负责人签字", 60.0),
    ]);
    for row in &mut rows {
        row.least = row.least.max(12.0);
    }
    print("管理类用户注册申请单", rows, foot, font)
}

/// Form 2 as PDF.
///
/// # Errors
/// [`PaperError`].
pub fn form2(form: &Form2, foot: &Foot, font: &Font) -> Result<Vec<u8>, PaperError> {
    let Form2 {
        applicant,
        school_type,
        user_types,
        apply_certificate,
        existing_account,
        confirmation,
        opinions: [department, office, acceptance],
    } = form;
    let yes_no = |answer| (*apply_certificate == Some(answer), answer);
    let apply = [yes_no(true), yes_no(false)].map(|(chosen, answer)| {
        let word = if answer { "是" } else { "否" };
        (word.to_owned(), chosen)
    });
    let mut rows = vec![wide(
        "申请人单位名称\n（盖章）",
        text(&applicant.unit),
        LINE_ROW,
    )];
    rows.extend(person(applicant));
    rows.extend([
        pair(
            ("手机号码", text(&applicant.mobile)),
            ("办学类型", text(school_type)),
        ),
        wide(
            "教师系统\n用户类型",
            Content::Choices(user_types.clone()),
            LINE_ROW,
        ),
        pair(
            ("申请数字证书", Content::Choices(apply.to_vec())),
            ("已拥有登录账号", text(existing_account)),
        ),
        wide("单位通讯地址", text(&applicant.address), LINE_ROW),
        wide("其他补充说明", text(&applicant.notes), 12.0),
        Row {
            cells: vec![
                label("申请人确认"),
                Cell {
                    width: WIDTH - LABEL,
                    content: Content::Opinion {
                        words: first_of(&confirmation.note, "本人确认以上所填内容真实、准确。"),
                        signed: signed(confirmation, "申请人签字"),
                        sealed: false,
                    },
                },
            ],
            least: 19.0,
        },
        opinion("申请人部门\n意见", department, "负责人签字", SEAL_ROW),
        opinion("办公室意见", office, "负责人签字", SEAL_ROW),
        opinion("用户管理部门\n受理意见", acceptance, "受理人签字", SEAL_ROW),
    ]);
    print("全国教师管理信息系统用户实名制申请单", rows, foot, font)
}

fn print(title: &str, rows: Vec<Row>, foot: &Foot, font: &Font) -> Result<Vec<u8>, PaperError> {
    let pages = table::lay_out(rows, font, FOOT - FIRST_TOP, FOOT - TOP);
    page::sheets(Paper::A4, pages.len(), font, |at, sheet| {
        let top = if at == 0 { FIRST_TOP } else { TOP };
        if at == 0 {
            sheet.title(26.0, 18.0, title);
        }
        let rows = pages.get(at).map_or(&[][..], Vec::as_slice);
        table::draw(sheet, font, (MARGIN, top), rows);
        draw_foot(sheet, foot, at + 1, pages.len())
    })
}

fn draw_foot(sheet: &mut Sheet<'_>, foot: &Foot, page: usize, of: usize) -> Result<(), PaperError> {
    let (base, right) = (297.0 - MARGIN, MARGIN + WIDTH);
    sheet.title(base, 9.0, &format!("第 {page} 页　共 {of} 页"));
    if !foot.checkpoint.is_empty() {
        sheet.text(
            MARGIN,
            base,
            9.0,
            &format!("审计检查点 {}", foot.checkpoint),
        );
    }
    if foot.number.is_empty() {
        return Ok(());
    }
    sheet.text_to(
        right - QR - 2.0,
        base,
        9.0,
        &format!("申请编号 {}", foot.number),
    );
    sheet.qr_code((right - QR, base - QR + 0.6), QR, &foot.qr)
}

fn person(applicant: &Applicant) -> [Row; 2] {
    [
        pair(
            ("姓名", text(&applicant.name)),
            ("身份证号", text(&applicant.id_number)),
        ),
        pair(
            ("办公电话", text(&applicant.office_phone)),
            ("电子邮箱", text(&applicant.email)),
        ),
    ]
}

fn text(text: &str) -> Content {
    Content::Text(text.to_owned())
}

fn label(text: &str) -> Cell {
    Cell {
        width: LABEL,
        content: Content::Label(text.to_owned()),
    }
}

/// One field over the whole width.
fn wide(name: &str, content: Content, least: f32) -> Row {
    let value = Cell {
        width: WIDTH - LABEL,
        content,
    };
    Row {
        cells: vec![label(name), value],
        least,
    }
}

/// Two fields side by side.
fn pair((first, one): (&str, Content), (second, two): (&str, Content)) -> Row {
    let value = |content| Cell {
        width: VALUE,
        content,
    };
    Row {
        cells: vec![label(first), value(one), label(second), value(two)],
        least: LINE_ROW,
    }
}

fn opinion(name: &str, opinion: &Opinion, role: &'static str, least: f32) -> Row {
    let value = Cell {
        width: WIDTH - LABEL,
        content: Content::Opinion {
            words: opinion.note.clone(),
            signed: signed(opinion, role),
            sealed: true,
        },
    };
    Row {
        cells: vec![label(name), value],
        least,
    }
}

fn signed(opinion: &Opinion, role: &'static str) -> Signed {
    Signed {
        role,
        by: opinion.by.clone(),
        on: opinion.on.clone(),
    }
}

fn first_of(text: &str, otherwise: &str) -> String {
    if text.is_empty() { otherwise } else { text }.to_owned()
}
