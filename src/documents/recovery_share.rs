//! One share of the recovery kit (D-46), or of a backup of the CA's key (D-60): A5, for its custodian alone.

use super::font::Font;
use super::page::{self, PaperError};
use crate::domain::certificate::Generation;

/// What two shares open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShareOf {
    /// The home, for a replacement officer.
    Kit,
    /// The backup of the key of this generation of the CA.
    CaKey(Generation),
}

impl ShareOf {
    fn title(self, number: u8, shares: u8) -> String {
        match self {
            Self::Kit => format!("恢复密钥 第 {number} 份（共 {shares} 份）"),
            Self::CaKey(generation) => {
                format!("CA 密钥 {generation} 备份 第 {number} 份（共 {shares} 份）")
            }
        }
    }

    const fn purpose(self) -> &'static str {
        match self {
            Self::Kit => {
                "任意两份可为本单位登记一名临时管理员，最长 72 小时；不能批准、制证，也不能取得 SO PIN。\
                 请密封后单独存放，不得复印、拍照，不得与另一份放在一起；保管人不得是本单位管理员，其中一份交上级单位。\
                 使用一次即作废；重新制作后，本份也作废，应当销毁。"
            }
            Self::CaKey(_) => {
                "任意两份与备份文件一起可恢复本单位 CA 的密钥，仅在其令牌损坏或遗失时使用。\
                 请密封后单独存放，不得复印、拍照，不得与另一份或备份文件放在一起；保管人不得是本单位管理员，其中一份交上级单位。\
                 该 CA 签发的证书全部到期后，应当与备份文件一并销毁。"
            }
        }
    }
}

/// What the paper says.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each is the line of that name on the paper")]
pub struct ShareSheet<'a> {
    pub of: ShareOf,
    pub unit: &'a str,
    pub custodian: &'a str,
    pub number: u8,
    pub shares: u8,
    pub made_on: String,
    /// The lines that are typed back.
    pub lines: &'a [&'a str],
    /// Short code of the audit checkpoint.
    pub checkpoint: String,
}

/// The share as PDF. The caller writes it once, and wipes the bytes.
///
/// # Errors
/// [`PaperError`].
pub fn pdf(share: &ShareSheet<'_>, font: &Font) -> Result<Vec<u8>, PaperError> {
    page::a5(font, |sheet| {
        let title = share.of.title(share.number, share.shares);
        sheet.title(24.0, 18.0, &title);
        let heads = [
            ("单位", share.unit),
            ("保管人", share.custodian),
            ("制作日期", &share.made_on),
        ];
        let mut y = 38.0;
        for (name, value) in heads {
            sheet.text(20.0, y, 11.0, name);
            sheet.text(46.0, y, 11.0, value);
            sheet.line(20.0, y + 2.0, 108.0);
            y += 8.6;
        }
        y += 6.0;
        for (number, line) in (1..).zip(share.lines) {
            sheet.text(24.0, y, 12.0, &format!("{number}."));
            sheet.text(36.0, y, 16.0, line);
            y += 11.0;
        }
        sheet.paragraph((20.0, y + 4.0), 108.0, 10.0, share.of.purpose());
        sheet.qr_code((98.0, 160.0), 32.0, &share.lines.join("\n"))?;
        sheet.text(20.0, 176.0, 11.0, "保管人签字");
        sheet.line(44.0, 177.0, 44.0);
        sheet.text(20.0, 184.0, 11.0, "日期");
        sheet.line(44.0, 185.0, 44.0);
        sheet.text(
            20.0,
            198.0,
            8.0,
            &format!("审计检查点 {}", share.checkpoint),
        );
        Ok(())
    })
}
