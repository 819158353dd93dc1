//! The report of a loss on paper, to be signed and filed (D-41).

use std::path::Path;

use super::LossView;
use crate::documents::loss_report::{self, LossReport};
use crate::documents::moment;
use crate::domain::loss::{LossEnding, TARGET_SECS};
use crate::domain::officer::Duty;
use crate::keys::file;
use crate::station::ActingOfficer;
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::station::fonts::{self, Face};
use crate::station::jobs::people::Revealed;
use crate::station::jobs::{losses, ukeys};
use crate::store::UkeyRow;

/// Writes the newest report of a ukey as PDF: one page, with the clock from the report to the list.
///
/// # Errors
/// `ukey-unknown`, `loss-none`, or what the file system says.
pub fn print(desk: &Desk, officer: &ActingOfficer, serial: &str, out: &Path) -> Result<(), Error> {
    officer.demand(Duty::ReadRecords)?;
    let ukey = ukeys::named(desk, officer, serial)?;
    let none = || Error::refused("loss-none", ukey.identity.serial.as_str());
    let views = losses::of_ukey(desk, officer, &ukey.identity.serial)?;
    let view = views.last().ok_or_else(none)?;
    let facts = facts(desk, &ukey, view)?;
    let texts = [&facts.holder, &facts.unit, &facts.reason];
    let font = fonts::with(Face::Sans, texts.map(String::as_str))?;
    let pdf = loss_report::pdf(&facts, &font).map_err(fonts::paper)?;
    file::replace(out, &pdf).map_err(|error| Error::io(out, error))
}

/// Writes the holder's signed statement that ended a suspension, the newest of the ukey. Whoever calls it
/// has revealed it (D-39).
///
/// # Errors
/// `scan-missing`, or what the file system says.
pub fn write_statement(
    desk: &Desk,
    ukey: &UkeyRow,
    out: &Path,
    _revealed: &Revealed,
) -> Result<(), Error> {
    let serial = &ukey.identity.serial;
    let missing = || Error::refused("scan-missing", serial.as_str());
    let content = {
        let store = desk.store();
        let reading = store.read();
        let mut newest = None;
        for row in reading.losses_of(serial)? {
            newest = reading.loss_statement(&row.id)?.or(newest);
        }
        newest
    };
    let (_kind, content) = content.ok_or_else(missing)?;
    file::replace(out, &content).map_err(|error| Error::io(out, error))
}

fn facts(desk: &Desk, ukey: &UkeyRow, view: &LossView) -> Result<LossReport, Error> {
    let store = desk.store();
    let reading = store.read();
    let certificate = reading.certificate(&view.row.certificate)?;
    let request = certificate.map(|row| reading.request(row.request));
    let request = request.transpose()?;
    let unit = match &request {
        Some(request) => reading.unit(request.unit)?.name,
        None => reading.own_unit()?.name,
    };
    let position = reading.audit_position(desk.id())?;
    let row = &view.row;
    let confirmed = row.crl_confirmed_at.zip(row.crl_number);
    let clock = view.clock.hours_minutes();
    Ok(LossReport {
        id: row.id.clone(),
        unit,
        holder: request.map(|row| row.holder_name).unwrap_or_default(),
        ukey_serial: ukey.identity.serial.to_string(),
        ukey_model: ukey.identity.model.clone(),
        certificate_serial: row.certificate.to_string(),
        kind: row.kind.chinese(),
        reason: row.reason.clone(),
        reported: format!("{} {}", moment(row.reported_at), row.reported_by),
        confirmed: match confirmed {
            Some((at, number)) => format!("{}（CRL 第 {number} 期）", moment(at)),
            None if !view.clock.runs => "此前已找回".to_owned(),
            None => "尚未进入 CRL".to_owned(),
        },
        clock: if view.clock.is_overdue() {
            format!("{clock}（已超时）")
        } else {
            clock
        },
        target: format!("{}:00", TARGET_SECS / 3600),
        ending: row.end.as_ref().map(|end| {
            let how = match end.ending {
                LossEnding::Found => "凭持有人签字的说明找回，解除冻结",
                LossEnding::Lost => "转为遗失",
                LossEnding::HoldOver => "冻结满 24 小时，转为吊销",
                LossEnding::Revoked => "证书已由安全管理员吊销",
                LossEnding::Returned => "ukey 已收回",
            };
            format!("{} {} {how}", moment(end.at), end.by)
        }),
        statement: row
            .end
            .as_ref()
            .and_then(|end| end.statement.map(|hash| hex::encode(hash.0))),
        checkpoint: position.code().to_string(),
    })
}
