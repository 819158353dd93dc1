//! Form 1 of the first officers, where `init` is given them: from then on the home knows who they are,
//! and holder ≠ approver holds for them, too (D-7, D-8).

use std::path::Path;

use super::{Config, NewOfficer, OfficerTable};
use crate::domain::id::RequestId;
use crate::domain::officer::Post;
use crate::domain::request::{Asks, Known, RequestDraft, RequestForm, RequestState, UnitFound};
use crate::domain::unit::Unit;
use crate::station::clock;
use crate::station::error::Error;
use crate::station::foundation::{self, Foundation, Identity};
use crate::station::jobs::people;
use crate::store::RequestRow;

/// The forms in the order of the officers, every rule checked.
///
/// # Errors
/// `config-invalid`, `request-invalid` with every fault, `person-has-post`.
pub(super) fn forms(unit: &Unit, config: &Config) -> Result<Vec<Option<RequestForm>>, Error> {
    let mut forms: Vec<Option<RequestForm>> = Vec::new();
    for officer in &config.officers {
        let form = officer.form.as_deref();
        let form = form.map(|path| checked(unit, officer, path)).transpose()?;
        let mut known = forms.iter().flatten();
        if let Some(form) = &form
            && known.any(|other| other.id_number == form.id_number)
        {
            return Err(Error::refused("person-has-post", officer.name.as_str()));
        }
        forms.push(form);
    }
    Ok(forms)
}

fn checked(unit: &Unit, officer: &OfficerTable, path: &Path) -> Result<RequestForm, Error> {
    let at = |what: &str| Error::usage("config-invalid", format!("{}: {what}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|error| Error::io(path, error))?;
    // Its message alone: the line might hold a person's number.
    let draft: RequestDraft = toml::from_str(&text).map_err(|error| at(error.message()))?;
    let named = draft.unit.trim();
    let own = named.is_empty() || named == unit.name || named == unit.code.as_str();
    let known = Known {
        unit: if own {
            UnitFound::One(unit.id)
        } else {
            UnitFound::None
        },
        user_types: &[],
        today: clock::now().date(),
    };
    let form = RequestForm::check(&draft, known)
        .map_err(Error::invalid)?
        .form;
    match form.asks {
        Asks::Officer { post } if post == officer.post => Ok(form),
        Asks::Officer { .. } | Asks::Account { .. } => Err(at("post")),
    }
}

/// Stores an officer's form as a submitted request.
pub(super) fn record(
    base: &mut Foundation<'_>,
    all: &[NewOfficer],
    officer: &NewOfficer,
) -> Result<Identity, Error> {
    let Some(form) = &officer.form else {
        return Ok(Identity::default());
    };
    let person = people::person_hash_in(&base.store, &form.id_number)?;
    let (id, now) = (RequestId::new(clock::new_uuid()), clock::now());
    // Entering is system's duty; where there is none yet, the officer's own.
    let enterer = all.iter().find(|other| other.post == Post::System);
    let mut audit = foundation::row("request-entered");
    audit.request = Some(id.to_string());
    base.store.act(&audit, |writing| {
        let row = RequestRow {
            id,
            number: writing.next_number(now.date().year())?,
            revision: 1,
            state: RequestState::Submitted,
            unit: form.unit,
            holder_name: form.name.as_str().to_owned(),
            user_types: String::new(),
            apply_certificate: false,
            form: form.kind(),
            post: Some(officer.post),
            entered_by: enterer.unwrap_or(officer).name.clone(),
            entered_at: now,
            approved_by: None,
            approved_at: None,
            expires_at: None,
        };
        writing.insert_request(&row, &person, &form.fields())
    })?;
    Ok(Identity {
        request: Some(id),
        person: Some(person),
    })
}
