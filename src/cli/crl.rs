//! `crl …`.

use serde_json::{Value, json};

use super::args::Crl;
use super::commands::Cli;
use crate::domain::destination::Destination;
use crate::domain::officer::Duty;
use crate::station::Error;
use crate::station::desk::Access;
use crate::station::jobs::crl::{self, CrlView, Published};

impl Cli<'_> {
    pub(super) fn crl(&self, command: &Crl) -> Result<u8, Error> {
        match command {
            Crl::Show => {
                let (desk, officer) = self.read()?;
                let view = crl::show(&desk, &officer)?;
                let former = crl::show_former(&desk, &officer)?;
                Ok(self.show(&crl_value(&view, &former)))
            }
            Crl::Publish { to } => {
                let to = to.as_deref().map(destination).transpose()?;
                // Security's own, unless somebody is named: system gives on the newest.
                let duty = match self.global.officer {
                    None => Duty::Revoke,
                    Some(_) => Duty::ReadRecords,
                };
                let (desk, officer) = self.open(Access::Change, duty)?;
                let published = crl::publish(&desk, &officer, to.as_ref())?;
                Ok(self.published(&published))
            }
        }
    }

    /// Every place and what became of it; 1 where any has not got the list.
    fn published(&self, published: &Published) -> u8 {
        let places = published.places.iter().map(|place| {
            let error = place.outcome.as_ref().err();
            json!({
                "to": place.to.to_string(),
                "ok": error.is_none(),
                "error": error.map(|error| self.output.error_of(error)),
            })
        });
        let mut value = crl_value(&published.view, &published.former);
        let failed = published
            .places
            .iter()
            .find_map(|place| place.outcome.as_ref().err());
        if let Some(object) = value.as_object_mut() {
            object.insert("places".to_owned(), places.collect());
            object.insert("confirmed".to_owned(), json!(published.confirmed));
            object.insert("open_losses".to_owned(), json!(published.open));
            if let Some(error) = failed {
                object.insert("error".to_owned(), self.output.error_of(error));
            }
        }
        self.show(&value);
        let words = self.output.wording();
        for error in published
            .places
            .iter()
            .filter_map(|place| place.outcome.as_ref().err())
        {
            let (headline, hints) = words.error(error.code, &error.subject);
            self.output
                .say(&[&[headline], &hints[..]].concat().join("\n  "));
        }
        if published.places.is_empty() && published.open > 0 {
            self.output.say(&words.text("crl-nowhere"));
        }
        u8::from(failed.is_some())
    }
}

fn destination(typed: &str) -> Result<Destination, Error> {
    Destination::parse(typed)
        .map_err(|error| Error::usage("crl-destination-invalid", typed).because(error))
}

/// The present list, and those of CAs before.
fn crl_value(view: &CrlView, former: &[CrlView]) -> Value {
    let mut value = list_value(view);
    if let Some(object) = value.as_object_mut() {
        object.insert("former".to_owned(), former.iter().map(list_value).collect());
    }
    value
}

fn list_value(view: &CrlView) -> Value {
    let list = &view.list;
    let revoked = list.revoked.iter().map(|entry| {
        json!({
            "serial": entry.serial,
            "reason": entry.reason.word(),
            "revoked_at": entry.at,
        })
    });
    json!({
        "generation": view.generation.to_string(),
        "number": list.number,
        "this_update": list.this_update,
        "next_update": list.next_update,
        "due": view.due,
        "revoked": revoked.collect::<Vec<_>>(),
        "files": view.files,
    })
}
