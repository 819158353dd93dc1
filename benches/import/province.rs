//! The sheet of an invented province: form 2 for so many people, one row in a hundred with a fault
//! of each kind. Knows what must be found in it.

use rust_xlsxwriter::{Formula, Workbook};

/// The form's headings.
pub(crate) const HEADINGS: [&str; 12] = [
    "申请人单位名称(盖章)",
    "姓名",
    "身份证号",
    "办公电话",
    "电子邮箱",
    "手机号码",
    "办学类型",
    "教师系统用户类型",
    "申请数字证书",
    "已拥有登录账号",
    "单位通讯地址",
    "其他补充说明",
];

/// A sheet and what is wrong in it.
pub(crate) struct Province {
    /// XLSX.
    pub(crate) bytes: Vec<u8>,
    /// Row, field, rule; from the top.
    pub(crate) faults: Vec<(u32, &'static str, &'static str)>,
}

/// A cell to be written.
#[derive(Clone)]
enum Cell {
    Text(String),
    Number(f64),
    Formula(&'static str),
}

/// Makes a fault in a row that was good: the column, the rule that finds it, what stands there.
type Spoil = (usize, &'static str, fn() -> Cell);

const KINDS: [Spoil; 16] = [
    (0, "D-2", || text("没有的小学")),
    (1, "D-11", || text("")),
    (1, "D-11", || text("李\u{202e}华")),
    (1, "D-19", || text("李4")),
    (2, "D-14", || text("439900198001010519")),
    (2, "D-14", || text("43990019800101")),
    (2, "D-14", || Cell::Number(4.399_001_980_010_1e17)),
    (3, "D-16", || text("123")),
    (4, "D-16", || text("nobody")),
    (5, "D-16", || text("12812345678")),
    (6, "D-18", || text("999")),
    (7, "D-9", || text("校长")),
    (8, "D-10", || text("否")),
    (8, "D-10", || text("也许")),
    (10, "cell-formula", || Cell::Formula("=1+1")),
    (10, "D-11", || text("示例路\u{7}1 号")),
];
const FIELDS: [&str; 12] = [
    "unit",
    "name",
    "id_number",
    "office_phone",
    "email",
    "mobile",
    "school_type",
    "user_types",
    "apply_certificate",
    "existing_account",
    "address",
    "notes",
];

fn text(text: &str) -> Cell {
    Cell::Text(text.to_owned())
}

/// So many rows, all of one unit.
pub(crate) fn province(unit: &str, rows: u32) -> Province {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (at, heading) in (0..).zip(HEADINGS) {
        sheet.write_string(0, at, heading).unwrap();
    }
    let mut faults = Vec::new();
    for person in 0..rows {
        let mut cells = good(unit, person);
        let place = usize::try_from(person % 100).unwrap();
        if let Some((column, rule, spoiled)) = KINDS.get(place) {
            cells[*column] = spoiled();
            faults.push((person + 2, FIELDS[*column], *rule));
        } else if place == KINDS.len() && person > 100 {
            // A person who is there already, with another name.
            cells[2] = Cell::Text(identity_number(person - 50));
            faults.push((person + 2, "id_number", "D-20"));
        }
        for (at, cell) in (0..).zip(cells) {
            match cell {
                Cell::Text(text) => sheet.write_string(person + 1, at, text),
                Cell::Number(number) => sheet.write_number(person + 1, at, number),
                Cell::Formula(text) => sheet.write_formula(person + 1, at, Formula::new(text)),
            }
            .unwrap();
        }
    }
    Province {
        bytes: book.save_to_buffer().unwrap(),
        faults,
    }
}

fn good(unit: &str, person: u32) -> [Cell; 12] {
    let at = |list: &str, place: u32| {
        let count = u32::try_from(list.chars().count()).unwrap();
        list.chars()
            .nth(usize::try_from(place % count).unwrap())
            .unwrap()
    };
    let name: String = [
        at("李王张刘陈杨黄周吴徐孙马胡朱郭何", person),
        at("华伟芳娜敏静丽强磊军洋勇艳杰喆珺", person / 16),
        at("一二梓涵轩宇欣怡晨曦诗琪雅雯𠮷堃", person / 256),
    ]
    .iter()
    .collect();
    let mobile = 19_900_000_000_u64 + u64::from(person);
    // Table programs make numbers of telephones; no digit is lost.
    #[expect(clippy::cast_precision_loss, reason = "eleven digits are exact")]
    let mobile = if person.is_multiple_of(3) {
        Cell::Number(mobile as f64)
    } else {
        Cell::Text(mobile.to_string())
    };
    [
        text(unit),
        Cell::Text(name),
        Cell::Text(identity_number(person)),
        Cell::Text(format!("0731-{}", 80_000_000 + person)),
        Cell::Text(format!("teacher{person}@school.example.cn")),
        mobile,
        text(if person.is_multiple_of(2) {
            "211 小学"
        } else {
            "311"
        }),
        text(if person.is_multiple_of(5) {
            "信息管理员、信息查询员"
        } else {
            "信息管理员"
        }),
        text("是"),
        text(""),
        Cell::Text(format!("示例市示例路 {} 号", person % 500 + 1)),
        text(""),
    ]
}

/// A valid number with a county that does not exist.
pub(crate) fn identity_number(person: u32) -> String {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let (year, month, day) = (1960 + person / 1000 % 40, person % 12 + 1, person % 28 + 1);
    let head = format!("439900{year}{month:02}{day:02}{:03}", person % 1000);
    let digits = head.chars().map(|c| c.to_digit(10).unwrap());
    let sum: u32 = digits
        .zip(WEIGHTS)
        .map(|(digit, weight)| digit * weight)
        .sum();
    let check = "10X98765432"
        .chars()
        .nth(usize::try_from(sum % 11).unwrap());
    format!("{head}{}", check.unwrap())
}
