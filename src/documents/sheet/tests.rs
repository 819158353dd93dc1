//! What a file may hold, from kind words to hostile bytes.

use std::io::{Cursor, Read as _, Write as _};

use proptest::prelude::*;
use rust_xlsxwriter::{Format, Formula, Workbook, Worksheet};
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

use super::requests::{RequestSheet, headings, pasted, read, template};
use super::{CellProblem, SheetError};
use crate::domain::request::{FormKind, USER_TYPES};

/// One good row in the paper's order.
const ROW: [&str; 12] = [
    "示例市练习小学",
    "买买提·艾力",
    "439900199003070011",
    "0731-84402950",
    "a@example.cn",
    "13800000000",
    "211 小学",
    "信息管理员，信息查询员",
    "是",
    "",
    "示例路 1 号",
    "",
];

fn names() -> Vec<&'static str> {
    headings().map(|(_field, heading)| heading).collect()
}

/// A book with one sheet that `fill` fills in below the headings.
fn book(fill: impl FnOnce(&mut Worksheet)) -> Vec<u8> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (at, name) in (0..).zip(names()) {
        sheet.write_string(0, at, name).unwrap();
    }
    fill(sheet);
    book.save_to_buffer().unwrap()
}

fn good(sheet: &mut Worksheet, row: u32) {
    for (at, text) in (0..).zip(ROW) {
        sheet.write_string(row, at, text).unwrap();
    }
}

fn problems(sheet: &RequestSheet) -> Vec<(u32, &'static str, CellProblem)> {
    let rows = sheet.rows.iter();
    rows.flat_map(|row| {
        row.faults
            .iter()
            .map(|fault| (row.row, fault.field, fault.problem))
    })
    .collect()
}

fn csv(rows: &[&[&str]]) -> String {
    rows.iter().map(|row| row.join(",") + "\n").collect()
}

#[test]
fn the_sheet_has_the_fields_of_form_2_in_the_papers_order() {
    let fields: Vec<&str> = headings().map(|(field, _heading)| field).collect();
    assert_eq!(fields, FormKind::Account.fields());
}

#[test]
fn headings_are_found_by_name_in_any_order_below_a_title() {
    let mut names: Vec<String> = names().iter().map(|name| format!(" {name} ")).collect();
    names[0] = "申请人单位名称（盖章）".to_owned();
    names[2] = "*身份证 号".to_owned();
    names.reverse();
    let mut row = ROW.map(|text| text.replace(',', "、"));
    row.reverse();
    let text = format!(
        "某县 2026 年申请汇总\n\n{}\n{}\n",
        names.join(","),
        row.join(",")
    );
    let sheet = read(text.as_bytes()).unwrap();
    assert_eq!(sheet.rows.len(), 1);
    let draft = &sheet.rows[0].draft;
    assert_eq!(sheet.rows[0].row, 4);
    assert_eq!(draft.unit, "示例市练习小学");
    assert_eq!(draft.id_number, "439900199003070011");
    assert_eq!(draft.school_type, "211");
    assert_eq!(draft.user_types, ["信息管理员", "信息查询员"]);
    assert_eq!(draft.apply_certificate, Some(true));
    assert_eq!(
        (draft.existing_account.as_ref(), draft.notes.as_ref()),
        (None, None)
    );
    assert_eq!(sheet.columns.of("id_number"), Some(("身份证号", "J")));
}

#[test]
fn columns_that_do_not_fit_are_named_and_persons_in_their_place_are_masked() {
    let names = names();
    let with = |extra: &str| csv(&[&[&names[..], &[extra]].concat(), &ROW]);
    let refused = |text: &str| read(text.as_bytes()).unwrap_err();
    assert_eq!(
        refused(&with("民族")),
        SheetError::UnknownColumns(vec!["M 民族".to_owned()])
    );
    assert_eq!(
        refused(&with("439900199003070011")),
        SheetError::UnknownColumns(vec![format!("M {}", "*".repeat(18))])
    );
    assert_eq!(
        refused(&with("手机")),
        SheetError::DuplicateColumns(vec!["手机".to_owned()])
    );
    assert_eq!(
        refused(&csv(&[&names[2..11], &ROW[2..11]])),
        SheetError::MissingColumns(vec!["申请人单位名称(盖章)".to_owned(), "姓名".to_owned()])
    );
    // What only old users have, and remarks, may be left out.
    let kept: Vec<usize> = (0..12).filter(|at| ![9, 11].contains(at)).collect();
    let pick = |row: &[&'static str]| kept.iter().map(|at| row[*at]).collect::<Vec<_>>();
    assert!(read(csv(&[&pick(&names), &pick(&ROW)]).as_bytes()).is_ok());
    assert_eq!(
        refused("李华,439900199003070011\n王伟,1\n"),
        SheetError::NoHeadings
    );
    assert_eq!(refused(&csv(&[&names])), SheetError::Empty);
    assert_eq!(refused(""), SheetError::Empty);
}

#[test]
fn cells_that_lie_about_their_text_are_refused_where_they_stand() {
    let bytes = book(|sheet| {
        for row in 1..=6 {
            good(sheet, row);
        }
        sheet.write_number(1, 2, 4.301_021_990_030_70e17).unwrap();
        sheet.write_number(1, 5, 13_812_345_678.0).unwrap();
        sheet
            .write_formula(2, 1, Formula::new("=\"李\"&\"华\"").set_result("李华"))
            .unwrap();
        sheet.write_boolean(3, 8, true).unwrap();
        let date = Format::new().set_num_format("yyyy-mm-dd");
        sheet
            .write_number_with_format(4, 3, 45_000.0, &date)
            .unwrap();
        sheet.write_string(5, 20, "beside").unwrap();
        sheet
            .merge_range(6, 0, 7, 0, "示例市练习小学", &Format::new())
            .unwrap();
        sheet.write_string(7, 1, "李华").unwrap();
    });
    let sheet = read(&bytes).unwrap();
    assert_eq!(
        problems(&sheet),
        [
            (2, "id_number", CellProblem::DigitsLost),
            (3, "name", CellProblem::Formula),
            (4, "apply_certificate", CellProblem::Logical),
            (5, "office_phone", CellProblem::Date),
            (6, "", CellProblem::NoHeading),
            (7, "", CellProblem::Merged),
            (8, "", CellProblem::Merged),
        ]
    );
    assert_eq!(sheet.rows[0].draft.mobile, "13812345678");
    assert_eq!(sheet.rows[0].faults[0].rule, "D-14");
    let shown = sheet.rows[0].faults[0].value.as_deref().unwrap();
    assert!(shown.starts_with("430102**"), "{shown}");
}

#[test]
fn a_second_sheet_with_content_is_refused_and_the_templates_own_help_is_not() {
    let mut two = Workbook::new();
    for name in ["甲", "乙"] {
        let sheet = two.add_worksheet();
        sheet.set_name(name).unwrap();
        for (at, name) in (0..).zip(names()) {
            sheet.write_string(0, at, name).unwrap();
        }
        good(sheet, 1);
    }
    let refused = read(&two.save_to_buffer().unwrap()).unwrap_err();
    assert_eq!(refused, SheetError::SeveralSheets("乙".to_owned()));
    let template = template(
        &["示例市练习小学".to_owned()],
        &USER_TYPES.map(str::to_owned),
    )
    .unwrap();
    assert_eq!(read(&template).unwrap_err(), SheetError::Empty);
}

#[test]
fn merged_headings_are_refused_and_a_merged_title_is_not() {
    let title = |first: u32| {
        let mut book = Workbook::new();
        let sheet = book.add_worksheet();
        sheet
            .merge_range(0, 0, 0, 11, "申请汇总", &Format::new())
            .unwrap();
        for (at, name) in (0..).zip(names()) {
            sheet.write_string(first, at, name).unwrap();
        }
        good(sheet, first + 1);
        if first == 3 {
            sheet
                .merge_range(2, 0, 3, 0, names()[0], &Format::new())
                .unwrap();
            sheet.write_string(3, 0, names()[0]).unwrap();
        }
        read(&book.save_to_buffer().unwrap())
    };
    assert_eq!(title(1).unwrap().rows.len(), 1);
    assert_eq!(
        title(3).unwrap_err(),
        SheetError::MergedHeadings("A3:A4".to_owned())
    );
}

#[test]
fn a_lone_cell_in_the_last_corner_costs_nothing() {
    let bytes = book(|sheet| {
        good(sheet, 1);
        sheet.write_string(1_048_575, 16_383, "corner").unwrap();
    });
    let sheet = read(&bytes).unwrap();
    assert_eq!(problems(&sheet), [(1_048_576, "", CellProblem::NoHeading)]);
}

#[test]
fn files_that_are_no_sheets_are_told_apart() {
    let whole = book(|sheet| good(sheet, 1));
    let code = |bytes: &[u8]| read(bytes).map(|_sheet| ()).unwrap_err().code();
    assert_eq!(code(&whole[..whole.len() / 2]), "sheet-damaged");
    assert_eq!(code(b"PK\x03\x04"), "sheet-damaged");
    assert_eq!(code(b"%PDF-1.7 \xe2\xe3\xcf\xd3"), "sheet-unreadable");
    assert_eq!(code(b"\x89PNG\r\n\x1a\n\0\0\0"), "sheet-unreadable");
    assert_eq!(code(&[0; 100]), "sheet-unreadable");
    let compound = b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1";
    let wide = |text: &str| {
        text.encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        code(&[&compound[..], &wide("WordDocument")].concat()),
        "sheet-unreadable"
    );
    assert_eq!(
        code(&[&compound[..], &wide("EncryptedPackage")].concat()),
        "sheet-encrypted"
    );
    assert_eq!(
        code(&[&compound[..], &wide("Workbook")].concat()),
        "sheet-damaged"
    );
    assert_eq!(code(&bomb(&whole)), "sheet-too-large");
}

/// The same book with a sheet that is 300 MB of white space, packed into 300 kB.
fn bomb(book: &[u8]) -> Vec<u8> {
    let mut archive = ZipArchive::new(Cursor::new(book)).unwrap();
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for at in 0..archive.len() {
        let mut member = archive.by_index(at).unwrap();
        let name = String::from_utf8(member.name_raw().to_vec()).unwrap();
        writer
            .start_file(name.as_str(), SimpleFileOptions::default())
            .unwrap();
        let mut bytes = Vec::new();
        member.read_to_end(&mut bytes).unwrap();
        writer.write_all(&bytes).unwrap();
        if name == "xl/worksheets/sheet1.xml" {
            for _block in 0..300 {
                writer.write_all(&vec![b' '; 1 << 20]).unwrap();
            }
        }
    }
    writer.finish().unwrap().into_inner()
}

/// A cell of any kind.
#[derive(Clone, Debug)]
enum Any {
    Text(String),
    Number(f64),
    Logical(bool),
    Formula,
}

fn any_cell() -> impl Strategy<Value = Any> {
    prop_oneof![
        "\\PC{1,12}".prop_map(Any::Text),
        prop::sample::select(names()).prop_map(|name| Any::Text(name.to_owned())),
        any::<f64>()
            .prop_filter("a file has no others", |n| n.is_finite())
            .prop_map(Any::Number),
        any::<bool>().prop_map(Any::Logical),
        Just(Any::Formula),
    ]
}

fn any_grid() -> impl Strategy<Value = Vec<(u32, u16, Any)>> {
    prop::collection::vec((0..12_u32, 0..14_u16, any_cell()), 0..60)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_bytes_are_rows_or_a_named_refusal(
        start in prop::sample::select(vec![&b""[..], b"PK\x03\x04", b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"]),
        bytes in prop::collection::vec(any::<u8>(), 0..2000),
    ) {
        if let Err(error) = read(&[start, &bytes].concat()) {
            prop_assert!(error.code().starts_with("sheet-"));
        }
    }

    #[test]
    fn a_damaged_book_is_rows_or_a_named_refusal(
        at in any::<prop::sample::Index>(),
        bytes in prop::collection::vec(any::<u8>(), 1..20),
    ) {
        let mut book = book(|sheet| good(sheet, 1));
        let at = at.index(book.len() - bytes.len());
        book[at..at + bytes.len()].copy_from_slice(&bytes);
        if let Err(error) = read(&book) {
            prop_assert!(error.code().starts_with("sheet-"));
        }
    }

    /// No cell is lost without a word: each row with content below the headings is there.
    #[test]
    fn any_grid_gives_every_row_or_a_named_refusal(cells in any_grid()) {
        let mut rows: Vec<u32> = Vec::new();
        let bytes = book(|sheet| {
            good(sheet, 1);
            rows.push(2);
            for (row, column, cell) in &cells {
                let row = row + 2;
                let written = match cell {
                    Any::Text(text) if text.trim().is_empty() => continue,
                    Any::Text(text) => sheet.write_string(row, *column, text),
                    Any::Number(number) => sheet.write_number(row, *column, *number),
                    Any::Logical(yes) => sheet.write_boolean(row, *column, *yes),
                    Any::Formula => sheet.write_formula(row, *column, Formula::new("=1")),
                };
                written.unwrap();
                rows.push(row + 1);
            }
        });
        rows.sort_unstable();
        rows.dedup();
        let sheet = read(&bytes);
        prop_assert!(sheet.is_ok(), "{:?}", sheet.err());
        let found: Vec<u32> = sheet.unwrap().rows.iter().map(|row| row.row).collect();
        prop_assert_eq!(found, rows);
    }
}

#[test]
fn a_row_copied_from_a_sheet_is_read_as_the_file_is() {
    let bytes = book(|sheet| good(sheet, 1));
    let of_file = read(&bytes).unwrap().rows.remove(0).draft;
    let row = ROW.join("\t");
    let with_headings = format!("{}\n{row}\nsecond\trow", names().join("\t"));
    let quoted = row.replace("示例路 1 号", "\"示例路 1 号\"");
    for text in [row.clone(), format!("{row}\r\n"), with_headings, quoted] {
        let copied = pasted(&text).unwrap();
        assert!(copied.faults.is_empty(), "{:?}", copied.faults);
        let draft = copied.draft;
        assert_eq!(draft.unit, of_file.unit);
        assert_eq!(draft.id_number, of_file.id_number);
        assert_eq!(draft.school_type, "211");
        assert_eq!(draft.user_types, of_file.user_types);
        assert_eq!(draft.apply_certificate, Some(true));
        assert_eq!(draft.address, "示例路 1 号");
        assert_eq!((draft.existing_account, draft.notes), (None, None));
    }
    let short = pasted("示例市练习小学\t李华\t").unwrap().draft;
    assert_eq!((short.name.as_str(), short.mobile.as_str()), ("李华", ""));
    let odd = pasted(&row.replace("\t是\t", "\t也许\t")).unwrap();
    let problems: Vec<_> = odd.faults.iter().map(|fault| fault.problem).collect();
    assert_eq!(problems, [CellProblem::YesNo]);
    assert!(pasted(" \t \n").is_none() && pasted("").is_none());
}
