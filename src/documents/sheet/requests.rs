//! Form 2 as a sheet: one application a row, under the form's own headings in the paper's order.

use super::cell::CellProblem;
use super::codes::{school_type, school_type_choices};
use super::error::SheetError;
use super::table::{self, CellFault, Column, TableRow};
use super::write::{Heading, Help, NotWritten, list, template as write_template};
use crate::domain::request::{RequestDraft, parse_yes_no, split_list};

const YES: &str = "是";
const NO: &str = "否";
/// The most rows a province fills in at once, and some.
pub(super) const TEMPLATE_ROWS: u32 = 30_000;

/// The columns of form 2 (domain.md, section 4).
const COLUMNS: [Column; 12] = [
    Column {
        field: "unit",
        heading: "申请人单位名称(盖章)",
        names: &["单位名称", "申请单位", "单位"],
        rule: "D-2",
        digits: false,
        needed: true,
    },
    Column {
        field: "name",
        heading: "姓名",
        names: &["申请人姓名"],
        rule: "D-19",
        digits: false,
        needed: true,
    },
    Column {
        field: "id_number",
        heading: "身份证号",
        names: &["身份证号码", "身份证件号"],
        rule: "D-14",
        digits: true,
        needed: true,
    },
    Column {
        field: "office_phone",
        heading: "办公电话",
        names: &["单位电话"],
        rule: "D-16",
        digits: true,
        needed: true,
    },
    Column {
        field: "email",
        heading: "电子邮箱",
        names: &["邮箱", "电子邮件"],
        rule: "D-16",
        digits: false,
        needed: true,
    },
    Column {
        field: "mobile",
        heading: "手机号码",
        names: &["手机号", "手机"],
        rule: "D-16",
        digits: true,
        needed: true,
    },
    Column {
        field: "school_type",
        heading: "办学类型",
        names: &[],
        rule: "D-18",
        digits: true,
        needed: true,
    },
    Column {
        field: "user_types",
        heading: "教师系统用户类型",
        names: &["用户类型"],
        rule: "D-9",
        digits: false,
        needed: true,
    },
    Column {
        field: "apply_certificate",
        heading: "申请数字证书",
        names: &["是否申请数字证书"],
        rule: "D-10",
        digits: false,
        needed: true,
    },
    Column {
        field: "existing_account",
        heading: "已拥有登录账号",
        names: &["已有登录账号", "登录账号"],
        rule: "D-9",
        digits: true,
        needed: false,
    },
    Column {
        field: "address",
        heading: "单位通讯地址",
        names: &["通讯地址", "单位地址"],
        rule: "D-11",
        digits: false,
        needed: true,
    },
    Column {
        field: "notes",
        heading: "其他补充说明",
        names: &["补充说明", "备注"],
        rule: "D-11",
        digits: false,
        needed: false,
    },
];

/// The headings of form 2 with the key of each field, in the paper's order.
pub fn headings() -> impl Iterator<Item = (&'static str, &'static str)> {
    COLUMNS.iter().map(|column| (column.field, column.heading))
}

/// One row as it was typed.
pub struct SheetDraft {
    /// As table programs count.
    pub row: u32,
    /// Its fields; a cell with a fault is empty.
    pub draft: RequestDraft,
    /// Cells that cannot be taken.
    pub faults: Vec<CellFault>,
}

/// The rows of a file.
pub struct RequestSheet {
    /// Every row with content.
    pub rows: Vec<SheetDraft>,
    /// Where its columns stand.
    pub columns: Columns,
}

/// Where the columns of a file stand.
#[derive(Clone, Debug)]
pub struct Columns {
    letters: Vec<String>,
}

impl std::fmt::Debug for RequestSheet {
    /// The rows are personal data.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RequestSheet({} rows)", self.rows.len())
    }
}

impl Columns {
    /// The heading of a field as the form has it, and its letters in this file.
    pub fn of(&self, field: &str) -> Option<(&'static str, &str)> {
        let at = COLUMNS.iter().position(|column| column.field == field)?;
        let letters = self.letters.get(at).map_or("", String::as_str);
        COLUMNS.get(at).map(|column| (column.heading, letters))
    }
}

/// One row as it stands in the file.
pub struct SheetRow(TableRow);

impl SheetRow {
    /// Its fields.
    pub fn draft(self) -> SheetDraft {
        draft(self.0)
    }
}

/// Reads a file: gives each row with content to `take`, from the top, while the rest is read.
///
/// # Errors
/// [`SheetError`] when it has no rows under the form's headings, or is damaged behind some rows.
pub fn read_each(bytes: &[u8], mut take: impl FnMut(&Columns, SheetRow)) -> Result<(), SheetError> {
    let mut columns: Option<Columns> = None;
    table::read(bytes, &COLUMNS, |letters, row| {
        let columns = columns.get_or_insert_with(|| Columns {
            letters: letters.to_vec(),
        });
        take(columns, SheetRow(row));
    })
}

/// Reads a whole file.
///
/// # Errors
/// As [`read_each`].
pub fn read(bytes: &[u8]) -> Result<RequestSheet, SheetError> {
    let mut sheet = RequestSheet {
        rows: Vec::new(),
        columns: Columns {
            letters: Vec::new(),
        },
    };
    read_each(bytes, |columns, row| {
        if sheet.rows.is_empty() {
            sheet.columns = columns.clone();
        }
        sheet.rows.push(row.draft());
    })?;
    Ok(sheet)
}

/// A row that was copied from a sheet: cells with tabs between them, in the order of [`headings`]. Cells
/// behind the last one are no part of the form; of several rows the first one below headings counts.
/// `None` when there is no row.
pub fn pasted(text: &str) -> Option<SheetDraft> {
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(b'\t')
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes());
    let rows = reader.records().filter_map(Result::ok);
    let mut rows = rows.filter(|row| {
        let is_heading = |(cell, column): (&str, &Column)| {
            let cell = cell.trim();
            cell == column.heading || column.names.contains(&cell)
        };
        let is_empty = row.iter().all(|cell| cell.trim().is_empty());
        !is_empty && !row.iter().zip(&COLUMNS).any(is_heading)
    });
    let row = rows.next()?;
    let cells = row.iter().chain(std::iter::repeat(""));
    Some(draft(TableRow {
        number: 1,
        texts: cells.take(COLUMNS.len()).map(str::to_owned).collect(),
        faults: Vec::new(),
    }))
}

fn draft(row: TableRow) -> SheetDraft {
    let TableRow {
        number,
        texts,
        mut faults,
    } = row;
    let mut texts: [String; COLUMNS.len()] = texts
        .try_into()
        .unwrap_or_else(|_other| std::array::from_fn(|_at| String::new()));
    let [
        unit,
        name,
        id_number,
        office_phone,
        email,
        mobile,
        school,
        user_types,
        apply,
        existing_account,
        address,
        notes,
    ] = texts.each_mut().map(std::mem::take);
    let apply_certificate = match (apply.trim(), parse_yes_no(&apply)) {
        (_, Some(answer)) => Some(answer),
        ("", None) => None,
        (other, None) => {
            faults.push(CellFault {
                field: "apply_certificate",
                rule: "D-10",
                value: Some(other.chars().filter(|c| !c.is_control()).take(20).collect()),
                problem: CellProblem::YesNo,
            });
            None
        }
    };
    let written = |text: String| (!text.trim().is_empty()).then_some(text);
    let draft = RequestDraft {
        unit: unit.trim().to_owned(),
        name,
        id_number,
        office_phone,
        email,
        mobile,
        school_type: school_type(&school),
        user_types: split_types(&user_types),
        apply_certificate,
        existing_account: written(existing_account),
        address,
        ..RequestDraft::default()
    };
    SheetDraft {
        row: number,
        draft: RequestDraft {
            notes: written(notes),
            ..draft
        },
        faults,
    }
}

/// Several types in one cell: as files have them, and by what else people put between them.
fn split_types(text: &str) -> Vec<String> {
    text.split(['/', '\n', '\r']).flat_map(split_list).collect()
}

/// An empty sheet to be filled in: drop-downs, text cells, and a second sheet that explains.
///
/// # Errors
/// [`NotWritten`].
pub fn template(units: &[String], user_types: &[String]) -> Result<Vec<u8>, NotWritten> {
    let example_unit = units.first().map_or("示例市示例小学", String::as_str);
    let example = [
        example_unit,
        "李示例",
        "439900199003070011",
        "0731-84402950",
        "shili@example.cn",
        "13800000000",
        "211 小学",
        "信息管理员",
        YES,
        "",
        "示例市示例路 1 号",
        "",
    ];
    let how = [
        "单位全称、统一社会信用代码或学校标识码；有重名时写代码",
        "2 至 30 个汉字或字母；少数民族和外国姓名用“·”分隔",
        "18 位，按文本填写；末位 X 大写",
        "如 0731-84402950 或 84402950-801",
        "如 name@example.cn",
        "11 位，按文本或整数填写",
        "三位代码（可带名称）；教育行政机关填“教育行政部门”",
        "可多选，用“、”分隔；其他类型写“其他:名称”",
        "是 或 否；信息管理员必须为“是”",
        "只有老用户填写",
        "街道门牌",
        "可不填",
    ];
    let choices = |field: &str| match field {
        "unit" => units.to_vec(),
        "school_type" => school_type_choices(),
        "user_types" => user_types.to_vec(),
        "apply_certificate" => vec![YES.to_owned(), NO.to_owned()],
        _ => Vec::new(),
    };
    let help: Vec<Help> = COLUMNS
        .iter()
        .zip(how)
        .zip(example)
        .map(|((column, how), example)| Help {
            heading: column.heading,
            needed: column.needed,
            how,
            example: example.to_owned(),
            choices: choices(column.field),
            open: matches!(column.field, "unit" | "user_types" | "school_type"),
            width: width(column.field),
        })
        .collect();
    write_template(
        "实名制申请单",
        "全国教师管理信息系统用户实名制申请单 填写说明",
        &help,
        TEMPLATE_ROWS,
    )
}

/// One line of a list of applications, every value ready to be shown.
#[derive(Clone, Debug)]
pub struct ListedRequest {
    /// 编号.
    pub number: String,
    /// 状态, in words.
    pub state: String,
    /// The fields of [`headings`], in that order.
    pub fields: Vec<String>,
    /// 录入人, 录入时间, 批准人, 批准时间.
    pub acts: [String; 4],
}

/// A list of applications as a sheet.
///
/// # Errors
/// [`NotWritten`].
pub fn export(rows: &[ListedRequest]) -> Result<Vec<u8>, NotWritten> {
    let form = COLUMNS
        .iter()
        .map(|column| Heading(column.heading, width(column.field)));
    let headings: Vec<Heading> = [Heading("编号", 12.0), Heading("状态", 10.0)]
        .into_iter()
        .chain(form)
        .chain([
            Heading("录入人", 12.0),
            Heading("录入时间", 22.0),
            Heading("批准人", 12.0),
            Heading("批准时间", 22.0),
        ])
        .collect();
    let cells = rows.iter().map(|row| {
        [&row.number, &row.state]
            .into_iter()
            .chain(&row.fields)
            .chain(&row.acts)
            .map(String::as_str)
    });
    list("申请", &headings, cells)
}

fn width(field: &str) -> f64 {
    match field {
        "unit" | "address" => 30.0,
        "id_number" | "email" | "user_types" | "notes" => 24.0,
        "name" => 12.0,
        "apply_certificate" => 14.0,
        _ => 18.0,
    }
}
