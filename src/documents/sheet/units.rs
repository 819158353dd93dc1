//! Units of the hierarchy as a sheet: one unit a row (D-1, D-2).

use super::codes::school_type;
use super::error::SheetError;
use super::table::{self, CellFault, Column};
use crate::domain::unit::Level;

const fn column(
    field: &'static str,
    heading: &'static str,
    names: &'static [&'static str],
    needed: bool,
) -> Column {
    Column {
        field,
        heading,
        names,
        rule: "D-2",
        digits: false,
        needed,
    }
}

const fn digits(column: Column, rule: &'static str) -> Column {
    Column {
        digits: true,
        rule,
        ..column
    }
}

const COLUMNS: [Column; 10] = [
    column("name", "单位名称", &["名称", "单位"], true),
    column("level", "级别", &["单位级别"], true),
    digits(
        column(
            "code",
            "代码",
            &["单位代码", "统一社会信用代码", "学校标识码"],
            true,
        ),
        "D-17",
    ),
    column("superior", "上级", &["上级单位", "上级代码"], false),
    column("province", "省", &["省份", "所在省"], false),
    column("prefecture", "地市", &["市州", "所在地市"], false),
    column("address", "地址", &["通讯地址", "单位地址"], false),
    digits(column("school_type", "办学类型", &[], false), "D-18"),
    column("contact", "联系人", &[], false),
    digits(column("phone", "联系电话", &["电话"], false), "D-16"),
];

/// One unit as it was typed: nothing checked but the level's word.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the column of that name")]
pub struct UnitDraft {
    pub name: String,
    pub level: Option<Level>,
    /// The level as it stands there, where it is none.
    pub level_text: String,
    pub code: String,
    /// Name or code of the superior.
    pub superior: String,
    pub province: String,
    pub prefecture: String,
    pub address: String,
    pub school_type: String,
    pub contact: String,
    pub phone: String,
}

/// One row of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SheetUnit {
    /// As table programs count.
    pub row: u32,
    /// Its fields; a cell with a fault is empty.
    pub draft: UnitDraft,
    /// Cells that cannot be taken.
    pub faults: Vec<CellFault>,
}

/// Reads a file.
///
/// # Errors
/// [`SheetError`] when it has no rows under these headings.
pub fn read(bytes: &[u8]) -> Result<Vec<SheetUnit>, SheetError> {
    let mut units = Vec::new();
    table::read(bytes, &COLUMNS, |_letters, row| {
        let mut texts = row.texts.into_iter().map(|text| text.trim().to_owned());
        let mut next = || texts.next().unwrap_or_default();
        let (name, level_text) = (next(), next());
        let draft = UnitDraft {
            name,
            level: level(&level_text),
            level_text,
            code: next(),
            superior: next(),
            province: next(),
            prefecture: next(),
            address: next(),
            school_type: school_type(&next()),
            contact: next(),
            phone: next(),
        };
        units.push(SheetUnit {
            row: row.number,
            draft,
            faults: row.faults,
        });
    })?;
    Ok(units)
}

/// The heading of a field.
pub fn heading(field: &str) -> Option<&'static str> {
    let found = COLUMNS.iter().find(|column| column.field == field);
    found.map(|column| column.heading)
}

/// A level by the notice's words (D-1), by what people write for them, or by its word in JSON.
fn level(text: &str) -> Option<Level> {
    let level = match text {
        "省" | "省级" => Level::Province,
        "市州" | "市" | "市级" | "地市" | "市州级" => Level::Prefecture,
        "县市区" | "县" | "区" | "县级" | "区县" | "县市区级" => Level::County,
        "学校" | "校" | "校级" => Level::School,
        "高校" | "高等学校" => Level::College,
        "直属单位" | "直属" => Level::Affiliated,
        other => return Level::parse(other),
    };
    Some(level)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_read_in_any_order_of_columns() {
        let sheet = "代码,单位名称,上级单位,级别,办学类型\n\
                     2143000001,示例小学,示例县教育局,学校,211 小学\n\
                     4.3E+17,示例县教育局,示例市教育局,县市区,\n";
        let rows = read(sheet.as_bytes()).unwrap();
        let draft = &rows[0].draft;
        assert_eq!(
            (rows[0].row, draft.name.as_str(), draft.level),
            (2, "示例小学", Some(Level::School))
        );
        assert_eq!(
            (draft.code.as_str(), draft.school_type.as_str()),
            ("2143000001", "211")
        );
        assert_eq!(draft.superior, "示例县教育局");
        assert!(rows[0].faults.is_empty());
        assert_eq!(rows[1].faults[0].field, "code");
        assert_eq!(rows[1].draft.level, Some(Level::County));
        let missing = read("单位名称,级别\na,学校\n".as_bytes()).unwrap_err();
        assert_eq!(missing, SheetError::MissingColumns(vec!["代码".to_owned()]));
    }
}
