//! `Post`, `Duty` and who may do what: the table of D-7, typed.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The three posts of 三员分立 (D-7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Post {
    /// 系统管理员.
    System,
    /// 安全管理员.
    Security,
    /// 安全审计员.
    Auditor,
}

impl Post {
    /// Every post, in the order in which one is chosen when nobody is named (interface.md).
    pub const ALL: [Self; 3] = [Self::System, Self::Security, Self::Auditor];

    /// The word of JSON and of the store.
    pub const fn word(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Security => "security",
            Self::Auditor => "auditor",
        }
    }

    /// Reads [`Self::word`] back.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|post| post.word() == word)
    }

    /// As form 1 names it.
    pub const fn chinese(self) -> &'static str {
        match self {
            Self::System => "系统管理员",
            Self::Security => "安全管理员",
            Self::Auditor => "安全审计员",
        }
    }
}

impl fmt::Display for Post {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// What a job of the desk demands of who does it (D-7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Duty {
    /// Set up station, profiles, CA connection.
    SetUp,
    /// Enter and submit applications.
    EnterRequest,
    /// Approve, return, reject.
    DecideRequest,
    /// Receive, count and move ukeys.
    ManageStock,
    /// Make a ukey, finish an open run.
    Personalise,
    /// Give a ukey to its holder.
    HandOut,
    /// Confirm, as the second officer, an act that another proposes.
    ConfirmAct,
    /// Propose and disable officers; certify those of the subordinates.
    ManageOfficers,
    /// Unlock the CA key.
    UnlockCa,
    /// Hold, revoke, sign the CRL.
    Revoke,
    /// Report a loss.
    ReportLoss,
    /// Read requests, ukeys and certificates.
    ReadRecords,
    /// Read, search, verify and export the audit log.
    Audit,
}

impl Duty {
    /// Every duty, in the order of the printed table.
    pub const ALL: [Self; 13] = [
        Self::SetUp,
        Self::EnterRequest,
        Self::DecideRequest,
        Self::ManageStock,
        Self::Personalise,
        Self::HandOut,
        Self::ConfirmAct,
        Self::ManageOfficers,
        Self::UnlockCa,
        Self::Revoke,
        Self::ReportLoss,
        Self::ReadRecords,
        Self::Audit,
    ];

    /// Whether `post` has this duty: D-7's table.
    pub const fn belongs_to(self, post: Post) -> bool {
        match self {
            Self::SetUp
            | Self::EnterRequest
            | Self::ManageStock
            | Self::Personalise
            | Self::HandOut => matches!(post, Post::System),
            Self::DecideRequest
            | Self::ConfirmAct
            | Self::ManageOfficers
            | Self::UnlockCa
            | Self::Revoke => matches!(post, Post::Security),
            Self::ReportLoss | Self::ReadRecords => true,
            Self::Audit => matches!(post, Post::Auditor),
        }
    }
}

/// How long two shares of the recovery kit make somebody an officer (D-46).
pub const TEMPORARY_SECS: i64 = 72 * 3600;

impl Duty {
    /// Whether an officer may do it whom the recovery kit enrolled, before the superior has certified
    /// them: nothing that approves, confirms, issues, hands out, or leads to an SO PIN (D-46). Saying whose
    /// form 1 is whose belongs to it: their own goes up by it.
    pub const fn is_temporary_s(self) -> bool {
        match self {
            Self::SetUp
            | Self::EnterRequest
            | Self::ManageStock
            | Self::ManageOfficers
            | Self::ReportLoss
            | Self::ReadRecords
            | Self::Audit => true,
            Self::DecideRequest
            | Self::Personalise
            | Self::HandOut
            | Self::ConfirmAct
            | Self::UnlockCa
            | Self::Revoke => false,
        }
    }

    /// What it is, in a few words: Chinese and English.
    pub const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::SetUp => (
                "设置制证台、型号文件和 CA 连接",
                "set up station, profiles, CA connection",
            ),
            Self::EnterRequest => ("录入、提交申请", "enter and submit applications"),
            Self::DecideRequest => ("批准、退回、驳回", "approve, return, reject"),
            Self::ManageStock => ("收发、清点 ukey", "receive, count and move ukeys"),
            Self::Personalise => ("制证", "make ukeys"),
            Self::HandOut => ("发放", "hand out"),
            Self::ConfirmAct => ("确认须两人办理的事", "confirm acts of two officers"),
            Self::ManageOfficers => (
                "登记、停用管理员，签发下级证书",
                "propose and disable officers, certify subordinates",
            ),
            Self::UnlockCa => ("解锁 CA 密钥", "unlock the CA key"),
            Self::Revoke => ("冻结、吊销、签发 CRL", "hold, revoke, sign the CRL"),
            Self::ReportLoss => ("挂失", "report a loss"),
            Self::ReadRecords => ("查看记录", "read records"),
            Self::Audit => (
                "查验、导出全部审计日志",
                "read, verify and export the whole log",
            ),
        }
    }
}

/// The table of D-7 as a page of Markdown: `docs/duties.md`.
pub fn documentation() -> String {
    use std::fmt::Write as _;
    let mut text =
        "# Who may do what (D-7)\n\nPrinted from the table in `src/domain/officer.rs` by a \
                    test; do not edit.\n\n| duty | 职责 |"
            .to_owned();
    for post in Post::ALL {
        // Writing to a String does not fail.
        write!(text, " {} |", post.chinese()).ok();
    }
    text.push_str("\n| --- | --- | --- | --- | --- |\n");
    for duty in Duty::ALL {
        let (chinese, english) = duty.words();
        write!(text, "| {english} | {chinese} |").ok();
        for post in Post::ALL {
            let mark = if duty.belongs_to(post) { "✓" } else { "" };
            write!(text, " {mark} |").ok();
        }
        text.push('\n');
    }
    text
}

/// Seconds to wait after so many wrong passphrases in a row: two are free, then 15 s, doubled each
/// time, at most 15 minutes.
pub const fn sign_in_wait_secs(failures: u32) -> i64 {
    match failures {
        0..=2 => 0,
        3..=8 => 15 << (failures - 3),
        _ => 900,
    }
}

/// The name by which an officer signs in: 1 to 64 characters, no control characters, no `/`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct OfficerName(String);

/// A text that cannot be an officer's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an officer's name has 1 to 64 characters without control characters and `/`")]
pub struct OfficerNameError;

impl OfficerName {
    /// Trims and takes a name.
    ///
    /// # Errors
    /// [`OfficerNameError`] as described there.
    pub fn parse(text: &str) -> Result<Self, OfficerNameError> {
        let text = text.trim();
        let allowed = text
            .chars()
            .all(|c| !c.is_control() && c != '/' && c != '\\');
        if text.is_empty() || text.chars().count() > 64 || !allowed || text.starts_with('.') {
            return Err(OfficerNameError);
        }
        Ok(Self(text.to_owned()))
    }

    /// The text of the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for OfficerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for OfficerName {
    type Error = OfficerNameError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<OfficerName> for String {
    fn from(name: OfficerName) -> Self {
        name.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `INSTA_UPDATE=always` writes the page; without it the test compares.
    #[test]
    fn the_page_says_what_the_table_says() {
        let page = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/duties.md");
        if std::env::var("INSTA_UPDATE").is_ok_and(|value| value == "always") {
            std::fs::write(&page, documentation()).unwrap();
        }
        assert_eq!(std::fs::read_to_string(page).unwrap(), documentation());
    }

    #[test]
    fn an_officer_by_the_recovery_kit_neither_approves_nor_issues() {
        let may: Vec<_> = Duty::ALL
            .into_iter()
            .filter(|duty| duty.is_temporary_s())
            .collect();
        let expected = [
            Duty::SetUp,
            Duty::EnterRequest,
            Duty::ManageStock,
            Duty::ManageOfficers,
            Duty::ReportLoss,
            Duty::ReadRecords,
            Duty::Audit,
        ];
        assert_eq!(may, expected);
    }

    #[test]
    fn nobody_both_enters_and_approves_and_the_auditor_changes_nothing() {
        for post in Post::ALL {
            assert!(!(Duty::EnterRequest.belongs_to(post) && Duty::DecideRequest.belongs_to(post)));
            assert!(!(Duty::Personalise.belongs_to(post) && Duty::DecideRequest.belongs_to(post)));
        }
        let auditor: Vec<_> = Duty::ALL
            .into_iter()
            .filter(|duty| duty.belongs_to(Post::Auditor))
            .collect();
        assert_eq!(auditor, [Duty::ReportLoss, Duty::ReadRecords, Duty::Audit]);
    }
}
