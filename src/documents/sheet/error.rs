//! `SheetError`: why nothing of a file can be read.

/// Why a file gives no rows at all. Names of columns and sheets are told with long numbers masked:
/// where a heading is missing, the first row of people stands in its place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SheetError {
    /// Neither XLSX nor XLS nor text.
    #[error("the file is no sheet: XLSX, XLS or CSV is read")]
    NoSheet,
    /// Cut short or damaged.
    #[error("the file is damaged or was cut short: {0}")]
    Damaged(String),
    /// Protected by a password.
    #[error("the file is encrypted: save it without a password")]
    Encrypted,
    /// It would take more room than any sheet of people does.
    #[error("the file is too large: {0}")]
    TooLarge(&'static str),
    /// Text in an unknown encoding.
    #[error("the text is neither UTF-8 nor GB18030")]
    Encoding,
    /// No cell with content below the headings.
    #[error("the sheet has no rows")]
    Empty,
    /// More than one sheet has content.
    #[error("more than one sheet has content: {0}")]
    SeveralSheets(String),
    /// No row with the headings.
    #[error("no row has the headings of the form")]
    NoHeadings,
    /// Headings that are not on the form.
    #[error("columns that the form does not have: {}", .0.join(", "))]
    UnknownColumns(Vec<String>),
    /// Headings that are not there.
    #[error("columns are missing: {}", .0.join(", "))]
    MissingColumns(Vec<String>),
    /// Headings that are there twice.
    #[error("columns that are there twice: {}", .0.join(", "))]
    DuplicateColumns(Vec<String>),
    /// Headings that are merged.
    #[error("the headings are merged: {0}")]
    MergedHeadings(String),
}

impl SheetError {
    /// A stable word: the code of the error and the key of its wording.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoSheet => "sheet-unreadable",
            Self::Damaged(_) => "sheet-damaged",
            Self::Encrypted => "sheet-encrypted",
            Self::TooLarge(_) => "sheet-too-large",
            Self::Encoding => "sheet-encoding",
            Self::Empty => "sheet-empty",
            Self::SeveralSheets(_) => "sheet-several",
            Self::NoHeadings => "sheet-headings-missing",
            Self::UnknownColumns(_) => "sheet-columns-unknown",
            Self::MissingColumns(_) => "sheet-columns-missing",
            Self::DuplicateColumns(_) => "sheet-columns-twice",
            Self::MergedHeadings(_) => "sheet-headings-merged",
        }
    }

    /// What it is about, for the headline.
    pub fn subject(&self) -> String {
        match self {
            Self::NoSheet | Self::Encrypted | Self::Encoding | Self::Empty | Self::NoHeadings => {
                String::new()
            }
            Self::Damaged(text) | Self::SeveralSheets(text) | Self::MergedHeadings(text) => {
                text.clone()
            }
            Self::TooLarge(what) => (*what).to_owned(),
            Self::UnknownColumns(names)
            | Self::MissingColumns(names)
            | Self::DuplicateColumns(names) => names.join("、"),
        }
    }
}
