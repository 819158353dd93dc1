//! What of an application is looked at in full, each time for a reason that is kept (D-39); an auditor's look
//! is released by security.

use std::path::PathBuf;
use std::sync::Arc;

use super::super::{AtWork, Typed};
use super::scan_picture;
use crate::domain::two_officers::TwoOfficerAct;
use crate::station::jobs::people::{self, Revealed, Sight};
use crate::station::jobs::{forms, papers, request_view};
use crate::station::{Error, RequestRow, SecondOfficer};
use crate::ui::lock;
use crate::ui::requests_view::{InFull, Look, RequestsDone, ScanSight, Seen};
use crate::ui::second_view::Confirmed;

impl AtWork<'_> {
    /// An auditor's look, which security releases.
    pub(in crate::ui::desk_thread) fn see_confirmed(
        &self,
        by: (&Confirmed, &Typed),
        sight: &InFull,
    ) -> Result<(), Error> {
        let Some(second) = self.second(by, TwoOfficerAct::Reveal) else {
            return Ok(());
        };
        self.told(|| self.see(sight, Some(&second)))
    }

    /// Writes the look down, then shows what is looked at, or writes it to its file.
    pub(super) fn see(
        &self,
        sight: &InFull,
        release: Option<&SecondOfficer>,
    ) -> Result<Option<RequestsDone>, Error> {
        let row = self.row(&sight.number)?;
        let terms = (&row, release);
        let written = match &sight.what {
            Look::Fields => {
                self.see_fields(terms, &sight.reason)?;
                return Ok(None);
            }
            Look::Scan(sha256) => {
                self.see_scan(terms, (sha256, &sight.reason))?;
                return Ok(None);
            }
            Look::Form(out) => {
                let out = self.out(out.clone(), &format!("form-{}.pdf", row.number));
                let revealed = self.revealed("form", terms, &sight.reason)?;
                forms::write(&self.desk, &self.officer, &row, &revealed, &out)?;
                out
            }
            Look::ScanFile { sha256, out } => {
                self.write_scan(terms, (sha256, out.clone()), &sight.reason)?
            }
        };
        Ok(Some(RequestsDone::Written(written)))
    }

    pub(super) fn revealed(
        &self,
        what: &str,
        (row, release): (&RequestRow, Option<&SecondOfficer>),
        reason: &str,
    ) -> Result<Revealed, Error> {
        let who = (&self.officer, release);
        people::reveal(&self.desk, who, what, Some(row.id), reason)
    }

    fn see_fields(
        &self,
        (row, release): (&RequestRow, Option<&SecondOfficer>),
        reason: &str,
    ) -> Result<(), Error> {
        let revealed = self.revealed("fields", (row, release), reason)?;
        let sight = Sight::Full(&revealed);
        let details = request_view::details(&self.desk, &self.officer, row, sight)?;
        self.add_to_seen(row, |seen| seen.fields = Some(details.fields));
        Ok(())
    }

    fn see_scan(
        &self,
        (row, release): (&RequestRow, Option<&SecondOfficer>),
        (sha256, reason): (&str, &str),
    ) -> Result<(), Error> {
        let revealed = self.revealed("scan", (row, release), reason)?;
        let (scan, content) = papers::read_scan(&self.desk, row, Some(sha256), &revealed)?;
        let sight = ScanSight {
            sha256: hex::encode(scan.scan.sha256.0),
            picture: scan_picture::decode(scan.scan.kind, &content).map(Arc::new),
        };
        self.add_to_seen(row, |seen| seen.scan = Some(sight));
        Ok(())
    }

    /// What was seen of the same revision stays.
    fn add_to_seen(&self, row: &RequestRow, add: impl FnOnce(&mut Seen)) {
        let mut view = lock(self.view);
        let seen = view.applications.seen.take();
        let of_this =
            |seen: &Arc<Seen>| (&seen.number, seen.revision) == (&row.number, row.revision);
        let mut seen = seen.filter(of_this).map_or_else(
            || Seen {
                number: row.number.clone(),
                revision: row.revision,
                fields: None,
                scan: None,
            },
            |seen| (*seen).clone(),
        );
        add(&mut seen);
        view.applications.seen = Some(Arc::new(seen));
    }

    fn write_scan(
        &self,
        (row, release): (&RequestRow, Option<&SecondOfficer>),
        (sha256, out): (&str, Option<PathBuf>),
        reason: &str,
    ) -> Result<PathBuf, Error> {
        let scans = request_view::details(&self.desk, &self.officer, row, Sight::Masked)?.scans;
        let hash = |scan: &crate::station::ScanRow| hex::encode(scan.scan.sha256.0);
        let scan = scans.iter().find(|scan| hash(scan) == sha256);
        let ending = scan.map_or("bin", |scan| scan.scan.kind.word());
        let short: String = sha256.chars().take(8).collect();
        let out = self.out(out, &format!("scan-{}-{short}.{ending}", row.number));
        let revealed = self.revealed("scan", (row, release), reason)?;
        papers::write_scan(&self.desk, row, (Some(sha256), &out), &revealed)?;
        Ok(out)
    }
}
