//! Where no home is yet: practise first, restore a backup, or set a real desk up, card by card; what is refused is told where
//! it was typed, and nothing is made until everything fits.

pub(super) mod restore;

use eframe::egui::{self, RichText, Ui};

use super::first_run_view::{FirstRun, SetUp};
use super::parts::{card, edged, field, some_path, title, typed_path};
use super::passphrase::{self, Passphrase};
use super::view::View;
use super::{heading, post_word, theme, told};
use crate::domain::officer::{OfficerName, Post};
use crate::domain::unit::{Level, UnitDraft};
use crate::station::jobs::init::{CaKind, Filled, FilledTrust};
use crate::wording::{Language, Wording};

const WIDTH: f32 = 640.0;
/// People who keep the shares of the recovery kit.
const CUSTODIANS: usize = 3;

/// What a person did here so far.
#[derive(Debug, Default)]
pub(super) struct State {
    /// A real desk is set up.
    real: bool,
    unit: UnitDraft,
    level: Option<Level>,
    trust: [String; 4],
    officers: [Officer; Post::ALL.len()],
    ca: CaKind,
    ca_certificate: String,
    custodians: [String; CUSTODIANS],
    papers: String,
    backup: String,
    restore: restore::State,
}

/// One of the first officers, as typed.
#[derive(Debug, Default)]
struct Officer {
    name: String,
    first: Passphrase,
    again: Passphrase,
    form: String,
}

impl State {
    /// Forgets the passphrases that were typed.
    pub(super) fn forget(&mut self) {
        for officer in &mut self.officers {
            officer.first.wipe();
            officer.again.wipe();
        }
        self.restore.forget();
    }

    /// Why nothing can be made yet: a key.
    fn missing(&self) -> Option<&'static str> {
        let typed = |text: &String| !text.trim().is_empty();
        let named = |officer: &&Officer| !officer.name.trim().is_empty();
        let Some(level) = self.level else {
            return Some("ui-first-level-first");
        };
        if level != Level::Province && !self.trust.iter().all(typed) {
            return Some("ui-first-trust-first");
        }
        let mut officers = self.officers.iter().filter(named).peekable();
        if officers.peek().is_none() {
            return Some("ui-first-officers-first");
        }
        let fits = |officer: &Officer| {
            OfficerName::parse(officer.name.trim()).is_ok()
                && !officer.first.is_empty()
                && !officer.again.is_empty()
        };
        (!officers.all(fits)).then_some("ui-first-officers-whole")
    }

    fn set_up(&self) -> SetUp {
        let level = self.level.map(Level::word).unwrap_or_default();
        let [root, root_sha256, superior, superior_sha256] = &self.trust;
        let path = |text: &String| typed_path(text);
        let trust = FilledTrust {
            root: path(root),
            root_sha256: root_sha256.clone(),
            superior: path(superior),
            superior_sha256: superior_sha256.clone(),
        };
        let named = self.officers.iter().zip(Post::ALL);
        let named = named.filter_map(|(officer, post)| {
            let name = OfficerName::parse(officer.name.trim()).ok()?;
            Some((name, post, officer))
        });
        let (officers, passphrases) = named
            .map(|(name, post, officer)| {
                let twice = [officer.first.copy(), officer.again.copy()];
                (
                    (name.clone(), post, some_path(&officer.form)),
                    (name, twice),
                )
            })
            .unzip();
        let custodians: Vec<String> = self
            .custodians
            .iter()
            .map(|name| name.trim().to_owned())
            .collect();
        let embedded = self.ca == CaKind::Embedded;
        SetUp::Real {
            filled: Box::new(Filled {
                unit: UnitDraft {
                    level: level.to_owned(),
                    ..self.unit.clone()
                },
                trust: (self.level != Some(Level::Province)).then_some(trust),
                officers,
                ca: self.ca,
                ca_certificate: some_path(&self.ca_certificate).filter(|_path| !embedded),
                recovery: some_path(&self.papers).map(|papers| (custodians, papers)),
                backup: some_path(&self.backup),
            }),
            passphrases,
        }
    }
}

/// Draws the page; gives what was asked for.
pub(super) fn show(
    ui: &mut Ui,
    wording: &Wording,
    (view, first): (&View, &FirstRun),
    page: &mut State,
) -> Option<SetUp> {
    let mut asked = None;
    egui::ScrollArea::vertical().show(ui, |ui| {
        ui.vertical_centered(|ui| {
            ui.set_max_width(WIDTH.min(ui.available_width()));
            ui.with_layout(egui::Layout::top_down(egui::Align::Min), |ui| {
                heading(ui, &wording.text("ui-first"));
                ui.label(wording.text("ui-first-what"));
                ui.weak(wording.with("ui-first-where", [("path", view.home.clone())]));
                ui.add_space(8.0);
                let practice = card(ui, |ui| practice_card(ui, wording, (view, first)));
                let restored = restore::show(ui, wording, view, &mut page.restore);
                let real = real(ui, wording, (view, first), page);
                if practice.is_some() || real.is_some() {
                    page.restore.is_past();
                }
                asked = practice.or(restored).or(real);
            });
        });
    });
    asked
}

fn practice_card(
    ui: &mut Ui,
    wording: &Wording,
    (view, first): (&View, &FirstRun),
) -> Option<SetUp> {
    title(ui, wording.text("ui-first-practice"));
    ui.label(wording.text("ui-first-practice-what"));
    ui.weak(first.practice.display().to_string());
    let key = if first.practice_is_there {
        "ui-first-practice-open"
    } else {
        "ui-first-practice-make"
    };
    let button = theme::primary(ui, wording.text(key));
    ui.add_enabled(!view.busy, button)
        .on_disabled_hover_text(wording.text("ui-first-making"))
        .clicked()
        .then_some(SetUp::Practice)
}

fn real(
    ui: &mut Ui,
    wording: &Wording,
    (view, first): (&View, &FirstRun),
    page: &mut State,
) -> Option<SetUp> {
    card(ui, |ui| {
        title(ui, wording.text("ui-first-real"));
        ui.label(wording.text("ui-first-real-what"));
        if !page.real && ui.button(wording.text("ui-first-real-begin")).clicked() {
            page.real = true;
        }
    });
    let elsewhere = page.restore.is_asked();
    if !page.real {
        trouble(ui, wording, view, elsewhere);
        return None;
    }
    card(ui, |ui| unit(ui, wording, first, page));
    if page.level.is_some_and(|level| level != Level::Province) {
        card(ui, |ui| trust(ui, wording, &mut page.trust));
    }
    card(ui, |ui| officers(ui, wording, first, &mut page.officers));
    card(ui, |ui| ca(ui, wording, page));
    card(ui, |ui| ending(ui, wording, page));
    trouble(ui, wording, view, elsewhere);
    let why_not = page.missing();
    let able = why_not.is_none() && !view.busy;
    let button = theme::primary(ui, wording.text("ui-first-make"));
    let hint = if view.busy {
        Some("ui-first-making")
    } else {
        why_not
    };
    let response = ui.add_enabled(able, button);
    if let Some(hint) = hint {
        ui.weak(wording.text(hint));
    }
    ui.add_space(24.0);
    response.clicked().then(|| page.set_up())
}

/// What goes on, or went wrong; nothing where that is told elsewhere.
fn trouble(ui: &mut Ui, wording: &Wording, view: &View, elsewhere: bool) {
    if elsewhere {
        return;
    }
    if view.busy {
        ui.horizontal(|ui| {
            ui.spinner();
            ui.label(wording.text("ui-first-making"));
        });
    }
    if let Some((code, subject)) = &view.error {
        told(ui, wording, code, subject);
    }
}

fn text(ui: &mut Ui, word: &str, (salt, text): (&str, &mut String)) {
    let edit = egui::TextEdit::singleline(text)
        .id_salt(salt)
        .char_limit(4096)
        .desired_width(f32::INFINITY);
    field(ui, word, edit);
}

fn unit(ui: &mut Ui, wording: &Wording, first: &FirstRun, page: &mut State) {
    title(ui, wording.text("ui-first-unit"));
    ui.label(wording.text("field-level"));
    ui.horizontal_wrapped(|ui| {
        for level in Level::ALL {
            let word = match wording.language() {
                Language::Chinese => level.chinese().to_owned(),
                Language::English => wording.text(&format!("level-{}", level.word())),
            };
            let chosen = page.level == Some(level);
            if edged(ui, |ui| ui.radio(chosen, word)).clicked() {
                page.level = Some(level);
            }
        }
    });
    faults(ui, wording, first, "level");
    let school = page.level == Some(Level::School);
    let unit = &mut page.unit;
    let fields = [
        ("name", "ui-first-unit-name", &mut unit.name),
        ("code", "field-code", &mut unit.code),
        ("province", "field-province", &mut unit.province),
        ("prefecture", "field-prefecture", &mut unit.prefecture),
    ];
    for (name, key, value) in fields {
        text(ui, &wording.text(key), (name, value));
        faults(ui, wording, first, name);
    }
    if school {
        let word = wording.text("field-school-type");
        text(ui, &word, ("school_type", &mut unit.school_type));
        faults(ui, wording, first, "school_type");
    }
}

/// What was refused in a field.
fn faults(ui: &mut Ui, wording: &Wording, first: &FirstRun, name: &str) {
    for fault in first.faults.iter().filter(|fault| fault.field == name) {
        let word = wording.text(&format!("fault-{}", fault.problem.word()));
        ui.colored_label(theme::colors(ui).stopped, format!("✕ {word}"));
    }
}

fn trust(ui: &mut Ui, wording: &Wording, trust: &mut [String; 4]) {
    title(ui, wording.text("ui-first-trust"));
    ui.weak(wording.text("ui-first-trust-what"));
    let keys = [
        "ui-first-root",
        "ui-first-root-sha256",
        "ui-first-superior",
        "ui-first-superior-sha256",
    ];
    for (value, key) in trust.iter_mut().zip(keys) {
        text(ui, &wording.text(key), (key, value));
    }
}

fn officers(ui: &mut Ui, wording: &Wording, first: &FirstRun, officers: &mut [Officer]) {
    title(ui, wording.text("ui-first-officers"));
    ui.weak(wording.text("ui-first-officers-what"));
    for (officer, post) in officers.iter_mut().zip(Post::ALL) {
        ui.add_space(8.0);
        let post_word = post_word(wording, post);
        ui.label(RichText::new(&post_word).strong());
        let of = |key: &str| wording.with(key, [("post", post_word.clone())]);
        let salt = |what: &str| format!("{what} {}", post.word());
        let name = of("ui-first-officer-name");
        text(ui, &name, (&salt("name"), &mut officer.name));
        secret(
            ui,
            &of("ui-first-passphrase"),
            (&salt("first"), &mut officer.first),
        );
        secret(
            ui,
            &of("ui-first-again"),
            (&salt("again"), &mut officer.again),
        );
        let refused = first.refused.as_ref();
        let refused = refused.filter(|(name, _key)| name.as_str() == officer.name.trim());
        if let Some((_name, key)) = refused {
            let word = wording.text(key);
            ui.colored_label(theme::colors(ui).stopped, format!("✕ {word}"));
        }
        if post == Post::Security {
            let form = of("ui-first-form");
            text(ui, &form, (&salt("form"), &mut officer.form));
        }
    }
}

fn secret(ui: &mut Ui, word: &str, (salt, secret): (&str, &mut Passphrase)) {
    let edit = egui::TextEdit::singleline(secret)
        .id_salt(salt)
        .password(true)
        .char_limit(passphrase::MOST)
        .desired_width(f32::INFINITY);
    field(ui, word, edit);
}

fn ca(ui: &mut Ui, wording: &Wording, page: &mut State) {
    title(ui, wording.text("ui-first-ca"));
    for (kind, key) in [
        (CaKind::Exchange, "ui-first-ca-exchange"),
        (CaKind::Embedded, "ui-first-ca-embedded"),
    ] {
        if edged(ui, |ui| ui.radio(page.ca == kind, wording.text(key))).clicked() {
            page.ca = kind;
        }
    }
    if page.ca == CaKind::Exchange {
        let word = wording.text("ui-first-ca-certificate");
        text(ui, &word, ("ca", &mut page.ca_certificate));
    }
}

fn ending(ui: &mut Ui, wording: &Wording, page: &mut State) {
    title(ui, wording.text("ui-first-ending"));
    ui.weak(wording.text("ui-first-ending-what"));
    for (at, value) in page.custodians.iter_mut().enumerate() {
        let number = (at + 1).to_string();
        let word = wording.with("ui-first-custodian", [("number", number.clone())]);
        text(ui, &word, (&number, value));
    }
    text(
        ui,
        &wording.text("ui-first-papers"),
        ("papers", &mut page.papers),
    );
    text(
        ui,
        &wording.text("ui-first-backup"),
        ("backup", &mut page.backup),
    );
}
