//! What was typed into the form, and what is to be said of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::domain::officer::Post;
use crate::domain::request::{
    FieldFault, FieldProblem, FormKind, Known, Looked, RequestDraft, RequestForm, UnitFound,
};
use crate::station::clock;
use crate::station::jobs::request_import::RowFault;
use crate::ui::requests_view::{EntryFacts, StoredDraft, UnitChoice};

/// Before a user type that is not in the table (D-9).
const OTHER: &str = "其他:";

/// A form in the making. It stays until it is saved, or thrown away.
pub(in crate::ui::requests_page) struct Form {
    /// Who types it.
    officer: String,
    /// Number of the stored application that is edited.
    number: Option<String>,
    kind: FormKind,
    /// The unit as typed, and as it was chosen or found.
    pub(super) unit: String,
    pub(super) chosen: Option<UnitChoice>,
    pub(super) texts: BTreeMap<&'static str, String>,
    /// Those of the table, in the order in which they were ticked.
    pub(super) user_types: Vec<String>,
    /// The one that is not in the table.
    pub(super) other: String,
    pub(super) apply_certificate: Option<bool>,
    pub(super) post: Option<Post>,
    /// The edit only puts right what was entered wrongly from the same paper.
    pub(super) same_papers: bool,
    /// Fields that were left: what is wrong with them is told.
    left: BTreeSet<&'static str>,
    /// It was to be saved: everything is told.
    tried: bool,
    /// What the desk said, until the field changes.
    refused: Vec<FieldFault>,
    /// Cells of a pasted row that could not be taken, until the field changes.
    cells: Vec<RowFault>,
    /// The field to go to.
    pub(super) focus: Option<&'static str>,
    /// Throwing it away is asked for.
    pub(super) discarding: bool,
}

impl fmt::Debug for Form {
    /// It is personal data: logs do not get it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Form({:?})", self.number)
    }
}

impl Form {
    /// An empty one.
    pub(in crate::ui::requests_page) fn new(officer: &str) -> Self {
        Self {
            officer: officer.to_owned(),
            number: None,
            kind: FormKind::Account,
            unit: String::new(),
            chosen: None,
            texts: BTreeMap::new(),
            user_types: Vec::new(),
            other: String::new(),
            apply_certificate: None,
            post: None,
            same_papers: false,
            left: BTreeSet::new(),
            tried: false,
            refused: Vec::new(),
            cells: Vec::new(),
            focus: Some("unit"),
            discarding: false,
        }
    }

    /// One that holds a stored application.
    pub(in crate::ui::requests_page) fn edit(stored: &StoredDraft, officer: &str) -> Self {
        let mut form = Self {
            number: Some(stored.number.clone()),
            kind: stored.kind,
            focus: Some("name"),
            ..Self::new(officer)
        };
        form.set(&stored.draft);
        form.unit.clone_from(&stored.unit.name);
        form.chosen = Some(stored.unit.clone());
        form
    }

    pub(in crate::ui::requests_page) fn is_of(&self, officer: &str) -> bool {
        self.officer == officer
    }

    pub(in crate::ui::requests_page) fn number(&self) -> Option<&str> {
        self.number.as_deref()
    }

    pub(super) const fn kind(&self) -> FormKind {
        self.kind
    }

    pub(super) const fn is_tried(&self) -> bool {
        self.tried
    }

    /// Both papers share most fields: what was typed stays.
    pub(super) const fn choose_kind(&mut self, kind: FormKind) {
        self.kind = kind;
    }

    /// Takes the values of a pasted row.
    pub(super) fn fill(&mut self, draft: &RequestDraft, facts: &EntryFacts) {
        self.kind = draft.kind();
        self.set(draft);
        self.unit.clone_from(&draft.unit);
        self.find_unit(facts);
        // A whole row is there to be judged.
        self.left.extend(self.kind.fields());
        self.refused.clear();
    }

    pub(super) fn pasted(&mut self, faults: Vec<RowFault>) {
        self.cells = faults;
    }

    fn set(&mut self, draft: &RequestDraft) {
        let optional = |text: &Option<String>| text.clone().unwrap_or_default();
        self.texts = BTreeMap::from([
            ("name", draft.name.clone()),
            ("id_number", draft.id_number.clone()),
            ("office_phone", draft.office_phone.clone()),
            ("email", draft.email.clone()),
            ("mobile", draft.mobile.clone()),
            ("school_type", draft.school_type.clone()),
            ("existing_account", optional(&draft.existing_account)),
            ("address", draft.address.clone()),
            ("notes", optional(&draft.notes)),
        ]);
        let (other, known): (Vec<&String>, Vec<&String>) =
            draft.user_types.iter().partition(|one| is_other(one));
        self.user_types = known.into_iter().cloned().collect();
        let others = other.into_iter().map(|one| after_other(one));
        self.other = others.collect::<Vec<_>>().join("、");
        self.apply_certificate = draft.apply_certificate;
        let post = draft.post.as_deref();
        let mut posts = Post::ALL.into_iter();
        self.post = posts.find(|one| Some(one.chinese()) == post);
    }

    /// The unit that was typed, where that is the whole name or code of one.
    pub(super) fn find_unit(&mut self, facts: &EntryFacts) {
        let typed = self.unit.trim();
        let mut found = facts.units.iter().filter(|unit| {
            !typed.is_empty() && (unit.name == typed || unit.code.eq_ignore_ascii_case(typed))
        });
        self.chosen = match (found.next(), found.next()) {
            (Some(one), None) => Some(one.clone()),
            _ => None,
        };
    }

    fn unit_found(&self, facts: &EntryFacts) -> UnitFound {
        let typed = self.unit.trim();
        let same = facts.units.iter().filter(|unit| unit.name == typed);
        match &self.chosen {
            Some(unit) => UnitFound::One(unit.id),
            None if same.count() > 1 => UnitFound::Several,
            None => UnitFound::None,
        }
    }

    pub(super) fn text(&mut self, field: &'static str) -> &mut String {
        self.texts.entry(field).or_default()
    }

    /// The form as it is sent.
    pub(super) fn draft(&self) -> RequestDraft {
        let text = |field| self.texts.get(field).cloned().unwrap_or_default();
        let optional = |field| Some(text(field)).filter(|text| !text.trim().is_empty());
        let code = self.chosen.as_ref().map(|unit| unit.code.clone());
        let draft = RequestDraft {
            unit: code.unwrap_or_else(|| self.unit.clone()),
            name: text("name"),
            id_number: text("id_number"),
            office_phone: text("office_phone"),
            email: text("email"),
            mobile: text("mobile"),
            address: text("address"),
            notes: optional("notes"),
            ..RequestDraft::default()
        };
        match self.kind {
            FormKind::Officer => RequestDraft {
                post: self.post.map(|post| post.chinese().to_owned()),
                ..draft
            },
            FormKind::Account => {
                let other = Some(self.other.trim()).filter(|text| !text.is_empty());
                let mut user_types = self.user_types.clone();
                user_types.extend(other.map(|text| format!("{OTHER}{text}")));
                RequestDraft {
                    school_type: text("school_type"),
                    user_types,
                    apply_certificate: self.apply_certificate,
                    existing_account: optional("existing_account"),
                    ..draft
                }
            }
        }
    }

    /// What is to be said of it now.
    pub(super) fn look(&self, facts: &EntryFacts) -> Looked {
        let mut draft = self.draft();
        let without_post = self.kind == FormKind::Officer && self.post.is_none();
        if without_post {
            // Without one it would be judged as the other form.
            draft.post = Some(Post::System.chinese().to_owned());
        }
        let known = Known {
            unit: self.unit_found(facts),
            user_types: &facts.user_types,
            today: clock::now().date(),
        };
        let mut looked = RequestForm::look(&draft, known);
        if without_post {
            looked.faults.push(FieldFault {
                field: "post",
                rule: "D-11",
                value: None,
                problem: FieldProblem::Missing,
            });
        }
        looked
    }

    /// A field was left: what is wrong with it is told from now on.
    pub(super) fn leave(&mut self, field: &'static str) {
        self.left.insert(field);
    }

    /// A field was changed: what was said of it before is past.
    pub(super) fn change(&mut self, field: &'static str) {
        self.refused.retain(|fault| fault.field != field);
        self.cells.retain(|fault| fault.place.field != field);
    }

    pub(super) fn is_told(&self, field: &str) -> bool {
        self.tried || self.left.contains(field)
    }

    /// What is wrong with a field: rule, key of the words after `fault-`, what was typed, masked.
    pub(super) fn fault(&self, field: &str, looked: &Looked) -> Option<Told> {
        let cell = self.cells.iter().find(|fault| fault.place.field == field);
        if let Some(fault) = cell {
            return Some((fault.rule, fault.word, fault.value.clone()));
        }
        let mut faults = looked.faults.iter().chain(&self.refused);
        let fault = faults.find(|fault| fault.field == field)?;
        let told = self.is_told(field) || self.refused.contains(fault);
        told.then(|| (fault.rule, fault.problem.word(), fault.value.clone()))
    }

    /// How many fields have a fault that is told.
    pub(super) fn shown_faults(&self, looked: &Looked) -> usize {
        let fields = self.kind.fields().iter();
        fields
            .filter(|field| self.fault(field, looked).is_some())
            .count()
    }

    /// Whether it can be sent. If not, everything is told, and the first fault is gone to.
    pub(super) fn may_be_saved(&mut self, looked: &Looked) -> bool {
        self.tried = true;
        self.refused.clear();
        self.go_to_first(looked);
        self.focus.is_none()
    }

    /// The desk refused it.
    pub(in crate::ui::requests_page) fn refused(&mut self, faults: &[FieldFault]) {
        self.refused = faults.to_vec();
        self.go_to_first(&Looked::default());
    }

    fn go_to_first(&mut self, looked: &Looked) {
        let mut fields = self.kind.fields().iter();
        self.focus = fields
            .find(|field| self.fault(field, looked).is_some())
            .copied();
    }
}

/// Rule, key of the words after `fault-`, and what was typed, masked.
pub(super) type Told = (&'static str, &'static str, Option<String>);

fn is_other(user_type: &str) -> bool {
    user_type.starts_with(OTHER) || user_type.starts_with("其他：")
}

fn after_other(user_type: &str) -> &str {
    let rest = user_type.strip_prefix(OTHER);
    rest.or_else(|| user_type.strip_prefix("其他："))
        .unwrap_or(user_type)
}
