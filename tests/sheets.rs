//! Applications by sheet and on paper, through the command line: what is taken, what is refused and
//! where, what stands in the records afterwards.
#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "test helpers: what is missing fails the test"
)]

#[path = "../benches/import/province.rs"]
mod province;
mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use calamine::{Data, Reader as _, Xlsx, open_workbook};
use encoding_rs::GB18030;
use rust_xlsxwriter::Workbook;
use serde_json::Value;

use province::{HEADINGS, identity_number};
use support::{Answer, PracticeHome, must};

const UNIT: &str = "示例市练习小学";

fn line(person: u32, name: &str) -> String {
    let id = identity_number(person);
    format!(
        "{UNIT},{name},{id},0731-84402950,p{person}@example.cn,13800000000,211,信息管理员,是,,示例路 1 号,\n"
    )
}

fn csv(lines: &[String]) -> String {
    format!("{}\n{}", HEADINGS.join(","), lines.concat())
}

struct Desk {
    home: PracticeHome,
}

impl Desk {
    fn new(requests: u16) -> Self {
        Self {
            home: PracticeHome::new(0, requests),
        }
    }

    fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.home.path.join("out").join(name);
        fs::write(&path, bytes).unwrap();
        path
    }

    fn import(&self, name: &str, bytes: impl AsRef<[u8]>, more: &[&str]) -> Answer {
        let path = self.file(name, bytes);
        let words = ["request", "import", path.to_str().unwrap()];
        self.home.run(words.iter().chain(more))
    }

    fn names(&self) -> Vec<String> {
        let list = self.home.run(["request", "list"]).expect(0);
        let items = list.items().iter();
        let mut names: Vec<_> = items
            .map(|item| item["holder_name"].as_str().unwrap().to_owned())
            .collect();
        names.sort();
        names
    }

    /// Rows of the audit log; its chain must be whole.
    fn audit_rows(&self) -> u64 {
        let verdict = self.home.run(["audit", "verify"]).expect(0);
        assert_eq!(verdict.one()["intact"], true);
        verdict.one()["rows"].as_u64().unwrap()
    }
}

fn counts(answer: &Answer) -> [u64; 3] {
    let report = answer.one();
    ["imported", "unchanged", "refused"].map(|count| report[count].as_u64().unwrap())
}

fn faults(answer: &Answer) -> Vec<(u64, String, String)> {
    let word = |fault: &Value, key: &str| fault[key].as_str().unwrap().to_owned();
    let faults = answer.one()["faults"].as_array().unwrap().iter();
    faults
        .map(|fault| {
            assert!(!word(fault, "hint").is_empty());
            (
                fault["row"].as_u64().unwrap(),
                word(fault, "field"),
                word(fault, "rule"),
            )
        })
        .collect()
}

#[test]
fn the_same_rows_are_taken_once_whatever_file_they_come_in() {
    let desk = Desk::new(0);
    let sheet = csv(&[line(1, "买买提·艾力"), line(2, "𠮷田梓")]);
    let before = desk.audit_rows();
    assert_eq!(
        counts(&desk.import("a.csv", &sheet, &[]).expect(0)),
        [2, 0, 0]
    );
    // One row for each application and one for the file.
    assert_eq!(desk.audit_rows(), before + 3);
    let (chinese, _, lost) = GB18030.encode(&sheet);
    assert!(!lost);
    let marked = format!("\u{feff}{}", sheet.replace('\n', "\r\n"));
    for bytes in [sheet.as_bytes(), &chinese, marked.as_bytes()] {
        assert_eq!(
            counts(&desk.import("b.csv", bytes, &[]).expect(0)),
            [0, 2, 0]
        );
    }
    assert_eq!(desk.names(), ["买买提·艾力", "𠮷田梓"]);
    assert_eq!(desk.audit_rows(), before + 3);
}

#[test]
fn a_person_who_is_there_with_other_values_is_refused_by_number() {
    let desk = Desk::new(0);
    desk.import("a.csv", csv(&[line(1, "李华")]), &[]).expect(0);
    let again = desk.import(
        "b.csv",
        csv(&[line(1, "李花"), line(2, "王伟"), line(2, "王卫")]),
        &[],
    );
    let again = again.expect(0);
    assert_eq!(counts(&again), [1, 0, 2]);
    let d20 = "D-20".to_owned();
    let id = "id_number".to_owned();
    assert_eq!(faults(&again), [(2, id.clone(), d20.clone()), (4, id, d20)]);
    let first = &again.one()["faults"][0];
    assert!(first["hint"].as_str().unwrap().contains("-0001"), "{first}");
    assert_eq!(
        (&first["column"], &first["cell"]),
        (&"身份证号".into(), &"C2".into())
    );
    let shown = first["value"].as_str().unwrap();
    assert!(shown.contains("********") && !again.stderr.contains(&identity_number(1)));
    assert_eq!(desk.names(), ["李华", "王伟"]);
}

#[test]
fn with_all_or_nothing_one_bad_row_keeps_all_out() {
    let desk = Desk::new(0);
    let sheet = csv(&[line(1, "李华"), line(2, "李")]);
    let before = desk.audit_rows();
    let refused = desk
        .import("a.csv", &sheet, &["--all-or-nothing"])
        .expect(4);
    assert_eq!(counts(&refused), [0, 0, 1]);
    assert_eq!(
        faults(&refused),
        [(3, "name".to_owned(), "D-19".to_owned())]
    );
    assert!(desk.names().is_empty());
    assert_eq!(desk.audit_rows(), before);
    let only_bad = desk.import("b.csv", csv(&[line(2, "李")]), &[]).expect(4);
    assert_eq!(counts(&only_bad), [0, 0, 1]);
    assert_eq!(
        counts(&desk.import("a.csv", &sheet, &[]).expect(0)),
        [1, 0, 1]
    );
    assert_eq!(desk.names(), ["李华"]);
}

#[test]
fn an_old_workbook_is_read_as_the_new_one() {
    let desk = Desk::new(0);
    let bytes = fs::read("tests/fixtures/form2.xls").unwrap();
    let answer = desk.import("a.xls", bytes, &[]).expect(0);
    assert_eq!(desk.names(), ["买买提·艾力", "李华", "王伟", "𠮷田梓"]);
    let found = faults(&answer);
    assert!(
        found.contains(&(3, "id_number".to_owned(), "D-14".to_owned())),
        "{found:?}"
    );
    assert!(
        found.contains(&(6, String::new(), "cell-merged".to_owned())),
        "{found:?}"
    );
}

#[test]
fn a_file_that_gives_no_rows_changes_nothing() {
    let desk = Desk::new(0);
    let before = desk.audit_rows();
    let unknown = format!("{},民族\n{}", HEADINGS.join(","), line(1, "李华"));
    let long = format!("李{}", "华".repeat(4_000_000));
    for (bytes, exit, code) in [
        (b"PK\x03\x04".to_vec(), 4, "sheet-damaged"),
        (vec![0; 1000], 4, "sheet-unreadable"),
        (HEADINGS.join(",").into_bytes(), 4, "sheet-empty"),
        (unknown.into_bytes(), 4, "sheet-columns-unknown"),
        (b"a,\"b\n".to_vec(), 4, "sheet-damaged"),
    ] {
        let answer = desk.import("a.xlsx", bytes, &[]).expect(exit);
        assert_eq!(answer.error_code(), code);
    }
    let answer = desk.import("a.csv", csv(&[line(1, &long)]), &[]).expect(4);
    assert_eq!(
        faults(&answer),
        [(2, "name".to_owned(), "cell-too-long".to_owned())]
    );
    assert!(desk.names().is_empty());
    assert_eq!(desk.audit_rows(), before);
}

/// It is found when the rows of the first are written already.
#[test]
fn a_second_sheet_with_content_keeps_every_row_of_the_first_out() {
    let desk = Desk::new(0);
    let before = desk.audit_rows();
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    let people = (1..=600).map(|person| line(person, "李华"));
    for (row, line) in (0..).zip([HEADINGS.join(",")].into_iter().chain(people)) {
        for (column, cell) in (0..).zip(line.trim().split(',')) {
            sheet.write_string(row, column, cell).unwrap();
        }
    }
    let first = book.save_to_buffer().unwrap();
    book.add_worksheet().write_string(0, 0, "另一张").unwrap();
    let both = book.save_to_buffer().unwrap();
    let answer = desk.import("both.xlsx", both, &[]).expect(4);
    assert_eq!(answer.error_code(), "sheet-several");
    assert!(desk.names().is_empty());
    assert_eq!(desk.audit_rows(), before);
    // Nothing is left of the attempt that would be in the way.
    let answer = desk.import("first.xlsx", first, &[]).expect(0);
    assert_eq!(counts(&answer), [600, 0, 0]);
    assert_eq!(desk.audit_rows(), before + 601);
}

#[test]
fn the_sheet_of_a_province_gives_every_fault_and_every_other_row() {
    // The whole province is in benches/import, which asks for the same counts.
    const ROWS: u32 = 4_000;
    let desk = Desk::new(0);
    let sheet = province::province(UNIT, ROWS);
    let before = desk.audit_rows();
    let answer = desk.import("a.xlsx", &sheet.bytes, &[]).expect(0);
    let expected: Vec<_> = sheet
        .faults
        .iter()
        .map(|(row, field, rule)| (u64::from(*row), (*field).to_owned(), (*rule).to_owned()))
        .collect();
    let found = faults(&answer);
    let differ = found
        .iter()
        .zip(&expected)
        .find(|(found, expected)| found != expected);
    assert_eq!(differ, None);
    assert_eq!(found.len(), expected.len());
    let refused = u64::try_from(expected.len()).unwrap();
    assert!(refused > u64::from(ROWS) / 10);
    let imported = u64::from(ROWS) - refused;
    assert_eq!(counts(&answer), [imported, 0, refused]);
    assert_eq!(desk.audit_rows(), before + imported + 1);
    let text = format!("{:?}", answer.lines);
    assert!(!text.contains(&identity_number(20)) && !text.contains("439900198001010519"));
    // Taken again: nothing new, the same faults.
    let again = desk.import("a.xlsx", &sheet.bytes, &[]).expect(0);
    assert_eq!(counts(&again), [0, imported, refused]);
    assert_eq!(desk.audit_rows(), before + imported + 1);
}

#[test]
fn a_template_has_the_forms_headings_drop_downs_and_text_cells() {
    let desk = Desk::new(0);
    let path = desk.home.path.join("out/t.xlsx");
    desk.home
        .run(["request", "template", path.to_str().unwrap()])
        .expect(0);
    let mut book: Xlsx<_> = open_workbook(&path).unwrap();
    assert_eq!(book.sheet_names(), ["实名制申请单", "填写说明"]);
    let range = book.worksheet_range("实名制申请单").unwrap();
    let rows: Vec<Vec<String>> = range
        .rows()
        .map(|row| row.iter().map(Data::to_string).collect())
        .collect();
    assert_eq!(rows, [HEADINGS]);
    let help = book.worksheet_range("填写说明").unwrap();
    let help: Vec<String> = help
        .cells()
        .map(|(_row, _column, cell)| cell.to_string())
        .collect();
    for word in [UNIT, "211 小学", "教育行政部门", "培训管理员", "否"] {
        assert!(help.iter().any(|cell| cell == word), "{word}");
    }
    let member = |name: &str| must("unzip", &["-p", path.to_str().unwrap(), name]);
    assert_eq!(
        member("xl/worksheets/sheet1.xml")
            .matches("type=\"list\"")
            .count(),
        4
    );
    // Built-in format 49 is text.
    assert!(member("xl/styles.xml").contains("numFmtId=\"49\""));
}

#[test]
fn a_list_is_masked_unless_it_is_revealed_for_a_reason_that_is_kept() {
    let desk = Desk::new(0);
    desk.import("a.csv", csv(&[line(1, "李华"), line(2, "王伟")]), &[])
        .expect(0);
    let path = desk.home.path.join("out/list.xlsx");
    let export = |more: &[&str]| {
        let words = ["request", "export", path.to_str().unwrap()];
        desk.home.run(words.iter().chain(more))
    };
    let cells = || -> BTreeMap<String, String> {
        let mut book: Xlsx<_> = open_workbook(&path).unwrap();
        let range = book.worksheet_range("申请").unwrap();
        let mut rows = range.rows();
        let head = rows.next().unwrap().iter().map(Data::to_string);
        head.zip(rows.next().unwrap().iter().map(Data::to_string))
            .collect()
    };
    let before = desk.audit_rows();
    export(&["--search", "王伟"]).expect(0);
    let masked = cells();
    assert_eq!(masked["姓名"], "王伟");
    assert!(masked["身份证号"].contains("********"));
    assert!(!masked["手机号码"].contains("13800000000"));
    assert_eq!(desk.audit_rows(), before);
    export(&["--reveal"]).expect(2);
    export(&["--reveal", "--reason", " "]).expect(2);
    export(&["--reveal", "--reason", "核对", "--search", "王伟"]).expect(0);
    assert_eq!(cells()["身份证号"], identity_number(2));
    assert_eq!(desk.audit_rows(), before + 1);
    let auditor = ["--officer", "auditor", "--reveal", "--reason", "核对"];
    assert_eq!(
        export(&auditor).expect(4).error_code(),
        "reveal-not-released"
    );
    assert_eq!(desk.audit_rows(), before + 1);
}

#[test]
fn a_form_is_printed_in_full_for_a_reason_and_blank_for_everyone() {
    let desk = Desk::new(0);
    desk.import("a.csv", csv(&[line(1, "𠮷田梓")]), &[])
        .expect(0);
    let path = desk.home.path.join("out/form.pdf");
    let file = path.to_str().unwrap();
    let number = desk.home.run(["request", "list"]).items()[0]["number"].clone();
    let number = number.as_str().unwrap();
    let before = desk.audit_rows();
    desk.home.run(["request", "form", number, file]).expect(2);
    assert!(!path.exists());
    desk.home
        .run(["request", "form", number, file, "--reason", "存档"])
        .expect(0);
    assert_eq!(desk.audit_rows(), before + 1);
    let text = |file: &str| must("pdftotext", &["-layout", file, "-"]);
    let printed = text(file);
    let id = identity_number(1);
    for word in [
        "全国教师管理信息系统用户实名制申请单",
        "𠮷田梓",
        &id,
        number,
        "办公室意见",
        "受理意见",
        UNIT,
    ] {
        assert!(printed.contains(word), "{word}\n{printed}");
    }
    let info = must("pdfinfo", &[file]);
    assert!(
        info.contains("A4") && info.contains("Pages:           1"),
        "{info}"
    );
    for (form, title) in [("1", "管理类用户注册申请单"), ("2", "实名制申请单")] {
        desk.home
            .run(["request", "form", "--blank", form, file])
            .expect(0);
        let blank = text(file);
        assert!(blank.contains(title) && !blank.contains(&id), "{blank}");
        assert!(must("pdfinfo", &[file]).contains("Pages:           1"));
    }
    assert_eq!(desk.audit_rows(), before + 1);
}

#[test]
fn a_printed_form_has_the_opinions_that_were_recorded() {
    let desk = Desk::new(0);
    let form1 = serde_json::json!({
        "unit": UNIT, "name": "李华", "id_number": identity_number(1),
        "office_phone": "0731-84402950", "email": "a@example.cn", "mobile": "13800000000",
        "post": "安全管理员", "address": "示例路 1 号",
    });
    let file = desk.file("form1.json", form1.to_string());
    desk.home
        .run(["request", "add", file.to_str().unwrap()])
        .expect(0);
    desk.import("a.csv", csv(&[line(1, "李华")]), &[]).expect(0);
    let words = ["--by", "王伟", "--on", "2026-11-20", "--note", "同意办理"];
    for (number, kind) in [("2026-0001", "department"), ("2026-0002", "acceptance")] {
        let opinion = ["request", "opinion", number, kind];
        desk.home.run(opinion.iter().chain(&words)).expect(0);
        let path = desk.home.path.join("out/form.pdf");
        let out = path.to_str().unwrap();
        desk.home
            .run(["request", "form", number, out, "--reason", "存档"])
            .expect(0);
        let text = must("pdftotext", &["-raw", out, "-"]);
        let text: String = text.split_whitespace().collect();
        let title = if number == "2026-0001" {
            "管理类用户注册申请单"
        } else {
            "全国教师管理信息系统用户实名制申请单"
        };
        for word in [title, "同意办理", "王伟", "2026年11月20日"] {
            assert!(text.contains(word), "{word}\n{text}");
        }
    }
}

#[test]
fn a_sheet_of_units_is_added_whole_or_its_good_rows_are() {
    let desk = Desk::new(0);
    let sheet = "单位名称,级别,代码,上级,省,地市,联系人,联系电话\n\
        一小,学校,2143000001,示例县,湖南省,示例市,李华,0731-84402950\n\
        示例县,县市区,124300004448800102,示例市,湖南省,示例市,,\n\
        示例市,市州,11430000006123458L,,湖南省,示例市,,\n\
        三小,学校,4.3E+9,示例县,湖南省,示例市,,\n\
        四小,学校,2143000004,没有的县,湖南省,示例市,,\n";
    let file = desk.file("units.csv", sheet);
    let import = |more: &[&str]| {
        let words = ["unit", "import", file.to_str().unwrap()];
        desk.home.run(words.iter().chain(more))
    };
    let units = || desk.home.run(["unit", "list"]).expect(0).items().len();
    let before = units();
    let bad = [
        (5, "code".to_owned(), "D-17".to_owned()),
        (6, "superior".to_owned(), "D-1".to_owned()),
    ];
    let refused = import(&["--all-or-nothing"]).expect(4);
    assert_eq!(faults(&refused), bad);
    assert_eq!((&refused.one()["imported"], units()), (&0.into(), before));
    let taken = import(&[]).expect(0);
    assert_eq!(faults(&taken), bad);
    assert_eq!((&taken.one()["imported"], units()), (&3.into(), before + 3));
    let school = desk.home.run(["unit", "show", "2143000001"]).expect(0);
    assert_eq!(school.one()["contacts"], "李华 0731-84402950");
}

#[test]
fn what_is_kept_otherwise_than_typed_is_told_masked() {
    let desk = Desk::new(0);
    let row = line(1, "买买提・艾力");
    let answer = desk.import("a.csv", csv(&[row]), &[]).expect(0);
    let notes = answer.one()["normalised"].as_array().unwrap();
    assert_eq!(notes.len(), 1, "{notes:?}");
    assert_eq!(
        (&notes[0]["cell"], &notes[0]["to"]),
        (&"B2".into(), &"买**·**".into())
    );
    assert_eq!(desk.names(), ["买买提·艾力"]);
}

#[test]
fn a_form_with_long_remarks_goes_on_on_the_next_page() {
    let desk = Desk::new(0);
    let long = "补充说明".repeat(200);
    let row = line(1, "李华").replace("示例路 1 号,", &format!("示例路 1 号,{long}"));
    desk.import("a.csv", csv(&[row]), &[]).expect(0);
    let path = desk.home.path.join("out/form.pdf");
    let number = desk.home.run(["request", "list"]).items()[0]["number"].clone();
    let words = [
        "request",
        "form",
        number.as_str().unwrap(),
        path.to_str().unwrap(),
    ];
    desk.home
        .run(words.iter().chain(&["--reason", "存档"]))
        .expect(0);
    let text = Command::new("pdftotext")
        .args(["-raw"])
        .arg(&path)
        .arg("-")
        .output()
        .unwrap();
    let text: String = String::from_utf8(text.stdout)
        .unwrap()
        .split_whitespace()
        .collect();
    assert_eq!(text.matches("补充说明").count(), 200 + 1);
    assert!(
        text.contains("第1页共2页") && text.contains("第2页共2页"),
        "{text}"
    );
}
