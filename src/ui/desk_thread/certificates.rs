//! What the desk's thread does for the page of certificates.

use std::sync::Arc;

use super::AtWork;
use crate::station::Error;
use crate::station::jobs::crl::Published;
use crate::station::jobs::expiring::{Plan, expiring, write};
use crate::station::jobs::{certificates, crl, evidence, revoke, ukeys};
use crate::ui::certificates_view::{
    CertificateAct, CertificateDone, CertificatePicture, CertificateQuery, ListFacts,
};
use crate::ui::lock;
use crate::ui::view::on_list;
use crate::wording::Wording;

/// So many certificates are listed; a search finds the others.
const MOST: usize = 200;
/// Appointments of one working day, as the command line has them.
const A_DAY: usize = 20;

impl AtWork<'_> {
    pub(super) fn certificate_picture(&self, query: &CertificateQuery) -> Result<(), Error> {
        let (desk, officer) = (&self.desk, &self.officer);
        let mut rows = certificates::page(desk, officer, (&query.wanted, MOST + 1))?;
        let more = rows.len() > MOST;
        rows.truncate(MOST);
        let card = query.open.as_ref();
        let card = card.map(|serial| certificates::card(desk, officer, serial));
        // There may be none: the page says so.
        let list = crl::show(desk, officer).ok().map(|view| ListFacts {
            generation: view.generation,
            number: view.list.number,
            until: view.list.next_update,
            due: view.due,
            revoked: view.list.revoked.len(),
        });
        let picture = CertificatePicture {
            rows,
            more,
            card: card.transpose()?.map(Arc::new),
            list,
        };
        lock(self.view).certificates = Some(Arc::new(picture));
        Ok(())
    }

    pub(super) fn certificate_act(&self, act: CertificateAct) -> Result<(), Error> {
        let (desk, officer) = (&self.desk, &self.officer);
        lock(self.view).certificate_done = None;
        let done = match act {
            CertificateAct::Export { serial, dir } => {
                let files = match serial {
                    Some(serial) => certificates::export_one(desk, officer, (&serial, &dir))?,
                    None => certificates::export(desk, officer, &dir)?,
                };
                CertificateDone::Written {
                    files: files.len(),
                    path: dir,
                }
            }
            CertificateAct::Evidence { ukey, out } => {
                let row = ukeys::named(desk, officer, ukey.as_str())?;
                evidence::export(desk, officer, (&row, &[]), &out)?;
                CertificateDone::Written {
                    files: 1,
                    path: out,
                }
            }
            CertificateAct::Revoke { serial, reason } => {
                let revoked = revoke::one(desk, officer, &serial.to_string(), reason)?;
                let (crl, crl_error) = on_list(Some(&revoked.crl));
                CertificateDone::Revoked {
                    serial,
                    crl,
                    crl_error,
                }
            }
            CertificateAct::Expiring {
                within_days,
                out,
                language,
            } => {
                let plan = Plan {
                    within_days,
                    per_day: A_DAY,
                };
                let found = expiring(desk, officer, plan)?;
                write(&found, &Wording::new(language), &out)?;
                CertificateDone::Written {
                    files: 1,
                    path: out,
                }
            }
            CertificateAct::PublishList => published(crl::publish(desk, officer, None)?),
        };
        lock(self.view).certificate_done = Some(done);
        Ok(())
    }
}

fn published(published: Published) -> CertificateDone {
    let all = published.places.len();
    let outcomes = published.places.into_iter().map(|place| place.outcome);
    let mut failed: Vec<Error> = outcomes.filter_map(Result::err).collect();
    CertificateDone::Published {
        number: published.view.list.number,
        losses: (published.confirmed, published.open),
        places: (all - failed.len(), all),
        failed: (!failed.is_empty()).then(|| told(failed.swap_remove(0))),
    }
}

fn told(error: Error) -> (String, String) {
    (error.code.to_owned(), error.subject)
}
