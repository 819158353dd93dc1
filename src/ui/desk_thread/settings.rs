//! What the desk's thread does for the page of settings.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use super::{AtWork, Typed};
use crate::domain::destination::Destination;
use crate::domain::id::UnitId;
use crate::domain::setting::CRL_DESTINATIONS;
use crate::domain::two_officers::TwoOfficerAct;
use crate::domain::unit::Unit;
use crate::station::jobs::backup::{self, Progress};
use crate::station::jobs::restore::compare::{self, Lists, Outside};
use crate::station::jobs::{
    ca_backup, doctor, officers, profiles, recovery, restore, settings, units, waivers,
};
use crate::station::{CaKeyHolder, Error, clock};
use crate::ui::lock;
use crate::ui::second_view::Confirmed;
use crate::ui::settings_view::{
    CaBackupOrder, CompareOrder, Examined, KitOrder, ModelLine, Newest, OfficerLine, OwnUkey,
    SettingsAct, SettingsDone, SettingsPicture, UnitLine,
};
use crate::ui::view::on_list;

impl AtWork<'_> {
    pub(super) fn settings_picture(&self) -> Result<(), Error> {
        let (desk, officer) = (&self.desk, &self.officer);
        let settings = settings::list(desk, officer)?;
        let mut named = settings.iter();
        let destinations = named.find(|set| set.setting == CRL_DESTINATIONS);
        // A value that names none was never taken.
        let destinations = destinations.and_then(|set| Destination::list(&set.value).ok());
        let destinations = destinations.unwrap_or_default();
        let models = profiles::list(desk.home().path())?.into_iter();
        let picture = SettingsPicture {
            settings,
            destinations: destinations.iter().map(ToString::to_string).collect(),
            officers: self.officer_lines()?,
            units: tree(&units::list(desk, officer, None)?),
            models: models
                .map(|view| ModelLine {
                    name: view.profile.name,
                    vendor: view.profile.vendor,
                    tested: view.profile.tested,
                    module: view.module,
                })
                .collect(),
            kit_made_at: recovery::state(desk, officer)?.0,
            waivers: waivers::list(desk, officer)?,
            origin: restore::origin(desk, officer)?,
            unknown: compare::unknown(desk, officer)?,
        };
        lock(self.view).settings = Some(Arc::new(picture));
        Ok(())
    }

    fn officer_lines(&self) -> Result<Vec<OfficerLine>, Error> {
        let (desk, officer) = (&self.desk, &self.officer);
        let waiting: BTreeMap<_, _> = officers::waiting_ukeys(desk, officer)?
            .into_iter()
            .collect();
        let rows = officers::list(desk, officer)?.into_iter().map(|row| {
            let ukey = match (row.bound_ukey(), waiting.get(&row.name)) {
                (_, Some(serial)) => OwnUkey::Waiting(serial.as_str().to_owned()),
                (Some(token), None) => OwnUkey::Bound(token.identity.serial.as_str().to_owned()),
                (None, None) => OwnUkey::None,
            };
            OfficerLine {
                name: row.name.as_str().to_owned(),
                post: row.post,
                enabled: row.enabled,
                certified: !row.chain.is_empty(),
                identified: row.person.is_some(),
                ukey,
            }
        });
        Ok(rows.collect())
    }

    pub(super) fn settings_act(&self, act: &SettingsAct) -> Result<(), Error> {
        let (desk, officer) = (&self.desk, &self.officer);
        lock(self.view).settings_done = None;
        let done = match act {
            SettingsAct::Set { name, value } => {
                let set = settings::set(desk, officer, name, value)?;
                SettingsDone::Set(set.setting.name)
            }
            SettingsAct::Examine => {
                let findings = doctor::examine(desk, officer)?;
                lock(self.view).examined = Some(Examined {
                    at: clock::now(),
                    findings: Arc::new(findings),
                });
                return Ok(());
            }
            SettingsAct::Report(path) => {
                doctor::report(desk, officer, path)?;
                SettingsDone::Reported(path.clone())
            }
            SettingsAct::BackUp(folder) => self.back_up(folder)?,
            SettingsAct::GrantWaiver {
                unit,
                until,
                reason,
            } => {
                let unit = units::find(desk, officer, unit)?;
                let terms = (&unit, *until, reason.as_str());
                let (_waiver, file) = waivers::grant(desk, officer, terms, None)?;
                SettingsDone::WaiverGranted(file)
            }
            SettingsAct::ReceiveWaiver(file) => {
                let (_waiver, replayed) = waivers::receive(desk, officer, file)?;
                SettingsDone::WaiverReceived { replayed }
            }
        };
        lock(self.view).settings_done = Some(done);
        Ok(())
    }

    pub(super) fn kit_confirmed(
        &self,
        by: (&Confirmed, &Typed),
        order: &KitOrder,
    ) -> Result<(), Error> {
        let Some(second) = self.second(by, TwoOfficerAct::RecoveryKit) else {
            return Ok(());
        };
        lock(self.view).settings_done = None;
        let kit = (order.folder.as_path(), order.custodians.as_slice());
        let papers = recovery::make_kit(&self.desk, &self.officer, &second, kit)?;
        lock(self.view).settings_done = Some(SettingsDone::KitMade(papers));
        Ok(())
    }

    pub(super) fn back_up_ca(
        &self,
        security: &CaKeyHolder,
        order: &CaBackupOrder,
    ) -> Result<(), Error> {
        lock(self.view).settings_done = None;
        let KitOrder { folder, custodians } = &order.shares;
        let wanted = (
            order.file.as_path(),
            folder.as_path(),
            custodians.as_slice(),
        );
        let made = ca_backup::make(&self.desk, &self.officer, security, wanted)?;
        lock(self.view).settings_done = Some(SettingsDone::CaBackedUp {
            file: order.file.clone(),
            papers: made.papers,
        });
        Ok(())
    }

    pub(super) fn compare_confirmed(
        &self,
        by: (&Confirmed, &Typed),
        order: &CompareOrder,
    ) -> Result<(), Error> {
        let Some(second) = self.second(by, TwoOfficerAct::OlderRecords) else {
            return Ok(());
        };
        lock(self.view).settings_done = None;
        let newest = match &order.newest {
            Newest::File(path) => Outside::File(path),
            Newest::Code(code) => Outside::Code(code),
            Newest::Nothing => Outside::Nothing,
        };
        let lists = Lists {
            files: &order.lists,
            no_other: order.no_other,
        };
        let known = (newest, lists);
        let (found, list) = compare::compare(&self.desk, &self.officer, &second, known)?;
        let (crl, crl_error) = on_list(list.as_ref());
        lock(self.view).settings_done = Some(SettingsDone::Compared {
            found,
            crl,
            crl_error,
        });
        Ok(())
    }

    fn back_up(&self, folder: &Path) -> Result<SettingsDone, Error> {
        let (desk, officer) = (&self.desk, &self.officer);
        let units = units::list(desk, officer, None)?;
        let own = units.iter().find(|unit| unit.own);
        let code = own.map_or("unit", |unit| unit.code.as_str());
        let now = clock::now().to_string().replace([':', 'Z'], "");
        let path = folder.join(format!("{code}-{now}.ukey-backup"));
        let tell = |progress: Progress| {
            lock(self.view).backing_up = Some(progress);
            (self.repaint)();
        };
        let made = backup::make(desk, officer, &path, &tell);
        lock(self.view).backing_up = None;
        Ok(SettingsDone::BackedUp { path, made: made? })
    }
}

/// The units as a tree: each behind its superior, those without one first.
fn tree(units: &[Unit]) -> Vec<UnitLine> {
    let known: BTreeSet<UnitId> = units.iter().map(|unit| unit.id).collect();
    let mut below: BTreeMap<Option<UnitId>, Vec<&Unit>> = BTreeMap::new();
    for unit in units {
        let parent = unit.parent.filter(|id| known.contains(id));
        below.entry(parent).or_default().push(unit);
    }
    let mut lines = Vec::with_capacity(units.len());
    let mut open: Vec<(&Unit, u8)> = Vec::new();
    let push = |open: &mut Vec<_>, parent, depth| {
        let units = below.get(&parent).into_iter().flatten().rev();
        open.extend(units.map(|unit| (*unit, depth)));
    };
    push(&mut open, None, 0);
    while let Some((unit, depth)) = open.pop() {
        lines.push(UnitLine {
            name: unit.name.clone(),
            code: unit.code.as_str().to_owned(),
            level: unit.level,
            depth,
            own: unit.own,
            closed: unit.closed_at.is_some(),
        });
        push(&mut open, Some(unit.id), depth.saturating_add(1));
    }
    lines
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::unit::Level;
    use crate::domain::unit_code::UnitCode;

    fn unit(id: u128, parent: Option<u128>) -> Unit {
        let id_of = |id| UnitId::new(Uuid::from_u128(id));
        Unit {
            id: id_of(id),
            name: id.to_string(),
            level: Level::School,
            code: UnitCode::parse("2143999999").unwrap(),
            province: "示例省".to_owned(),
            prefecture: "示例市".to_owned(),
            own: id == 1,
            parent: parent.map(id_of),
            school_type: None,
            address: None,
            contacts: None,
            closed_at: None,
        }
    }

    #[test]
    fn each_unit_stands_behind_its_superior_and_none_is_left_out() {
        let units = [
            unit(5, Some(2)),
            unit(1, None),
            unit(3, Some(1)),
            unit(2, Some(1)),
            unit(9, Some(77)), // Its superior is not known here.
            unit(4, Some(3)),
        ];
        let lines = tree(&units);
        let order: Vec<(&str, u8)> = lines
            .iter()
            .map(|line| (line.name.as_str(), line.depth))
            .collect();
        let expected = [("1", 0), ("3", 1), ("4", 2), ("2", 1), ("5", 2), ("9", 0)];
        assert_eq!(order, expected);
    }
}
