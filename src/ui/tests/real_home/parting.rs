//! A holder who leaves or moves, in the window, on a home with real tokens and records.

use super::*;
use crate::domain::officer::Duty;
use crate::domain::request::RequestState;
use crate::domain::two_officers::TwoOfficerAct;
use crate::domain::unit::UnitDraft;
use crate::station::jobs::{requests, ukeys, units, waivers};
use crate::ui::loss_view::Parted;

const SCHOOL: &str = "示例县二小";

impl RealDesk {
    /// A practice county that makes for one of its schools, with so many ukeys handed to nobody yet.
    fn county(ukeys: u16) -> Self {
        let alone = alone();
        let dir = TempDir::with_prefix("ukey-").unwrap();
        let made = practice::new(&dir.path().join("home"), "softhsm2", ukeys, ukeys);
        let home = made.expect("the program is built: cargo build");
        make_for_a_school(home.path());
        let passphrases = Secrets::read(&home.secrets()).unwrap();
        let terms = OpenTerms::default();
        let desk = (home, passphrases);
        Self::open(Language::Chinese, desk, &terms, (dir, alone))
    }

    /// Every request is made; gives the serial of each.
    fn made(&mut self, count: usize) -> Vec<Serial> {
        self.until(|view| is_desk(view) && view.requests.len() == count);
        self.press("page-make");
        self.press("ui-make-all");
        self.until(|view| !view.busy && view.requests.is_empty() && !view.lanes.is_empty());
        self.press("page-loss");
        self.until(|view| {
            let page = view.losses.as_ref();
            page.is_some_and(|page| page.ukeys.len() == count)
        });
        let page = self.view().losses.unwrap();
        page.ukeys.iter().map(|row| row.serial.clone()).collect()
    }

    /// Opens the form for a ukey, and chooses how its holder parts.
    pub(super) fn part(&mut self, serial: &Serial, how: &str) {
        let choose = format!("{} {serial}", self.word("ui-loss-choose"));
        self.press_word(&choose);
        self.press("ui-part");
        let how = self.word(how);
        self.choose(&how);
    }

    fn write_in(&mut self, role: Role, key: &str, text: &str) {
        let word = self.word(key);
        self.harness.get_by_role_and_label(role, &word).focus();
        self.harness.step();
        self.type_text(text);
    }

    /// It came after all.
    fn take_back(&mut self, serial: &Serial) {
        let came = format!("{} {serial}", self.word("ui-take-back-open"));
        self.press_word(&came);
        self.write_in(Role::MultilineTextInput, "ui-reason", "家属送来");
        let why = self.word("reason-affiliationChanged");
        self.choose(&why);
        self.press("ui-take-back");
        let back = |view: &View| {
            let done = view.loss_done.as_ref();
            done.is_some_and(|done| done.done == "ui-take-back-done")
        };
        self.until(|view| !view.busy && (back(view) || view.error.is_some()));
        assert_eq!(self.view().error, None);
    }

    pub(super) fn parted(&self) -> Option<Parted> {
        self.view().loss_done.and_then(|done| done.parted)
    }
}

/// Two officers record and confirm the delegation, as at the terminal.
fn make_for_a_school(home: &std::path::Path) {
    let (desk, system) = practice::open(home, Duty::SetUp).unwrap();
    let all = units::list(&desk, &system, None).unwrap();
    let own = all.iter().find(|unit| unit.own).unwrap();
    let county = UnitDraft {
        name: own.name.clone(),
        level: "county".to_owned(),
        code: own.code.as_str().to_owned(),
        province: own.province.clone(),
        prefecture: own.prefecture.clone(),
        ..UnitDraft::default()
    };
    units::edit(&desk, &system, own, &county).unwrap();
    let school = UnitDraft {
        name: SCHOOL.to_owned(),
        level: "school".to_owned(),
        code: "2143000002".to_owned(),
        parent: own.code.as_str().to_owned(),
        ..county
    };
    let (school, _normalised) = units::add(&desk, &system, &school).unwrap();
    let scan = include_bytes!("../../../../tests/support/scan.png");
    let today = clock::now().date();
    let days = (today, clock::now().plus_months(6).date());
    let row = units::delegate(&desk, &system, &school, days, scan).unwrap();
    let (act, security) = (TwoOfficerAct::Delegate, name("security"));
    let second = waivers::confirm(&desk, &system, act, Some(&security), &NobodyToAsk).unwrap();
    units::confirm_delegation(&desk, &system, &second, &row).unwrap();
}

#[test]
fn a_holder_leaves_with_the_ukey_by_one_officer_and_without_it_by_two() {
    let mut desk = RealDesk::new(Language::Chinese, &SecretsFile::There, 2);
    let serials = desk.made(2);
    desk.part(&serials[0], "ui-part-left");
    desk.write_in(Role::MultilineTextInput, "ui-reason", "退休");
    desk.press("ui-part-look");
    desk.until(|view| !view.busy && view.parting.is_some());
    assert_eq!(desk.view().parting.unwrap().absent, 0, "it is plugged in");
    // It is pulled out before the button is pressed: nobody revokes alone, and what is seen says so.
    practice::pull(desk.home.path(), serials[0].as_str()).unwrap();
    desk.press("ui-part-leave");
    desk.until(|view| !view.busy && view.error.is_some());
    assert_eq!(desk.view().error.unwrap().0, "second-officer-required");
    assert!(desk.parted().is_none());
    assert_eq!(desk.view().parting.unwrap().absent, 1);
    practice::insert(desk.home.path(), serials[0].as_str()).unwrap();
    desk.press("ui-part-look-again");
    desk.until(|view| {
        view.parting
            .as_ref()
            .is_some_and(|looked| looked.absent == 0)
    });
    desk.press("ui-part-leave");
    desk.until(|view| !view.busy && view.loss_done.is_some());
    let parted = desk.parted().unwrap();
    assert_eq!((parted.all, parted.returned), (1, 1));
    // What came back is with nobody.
    desk.until(|view| {
        let page = view.losses.as_ref();
        page.is_some_and(|page| page.ukeys.len() == 1)
    });

    practice::pull(desk.home.path(), serials[1].as_str()).unwrap();
    desk.part(&serials[1], "ui-part-left");
    desk.write_in(Role::MultilineTextInput, "ui-reason", "失去联系");
    desk.press("ui-part-look");
    desk.until(|view| !view.busy && view.parting.is_some());
    desk.press("ui-part-propose");
    desk.press("ui-second-confirm");
    desk.until(|view| !view.busy && view.loss_done.is_some());
    let parted = desk.parted().unwrap();
    assert_eq!((parted.all, parted.returned), (1, 0));
    let due = |view: &View| view.losses.as_ref().map_or(0, |page| page.due.len());
    desk.until(|view| due(view) == 1);
    desk.take_back(&serials[1]);
    desk.until(|view| due(view) == 0);
    desk.press("ui-sign-out");
    desk.until(|view| is_door(view, Some(Left::SignedOut)));
    assert!(desk.view().parting.is_none() && desk.parted().is_none());

    let (books, officer) = practice::open(desk.home.path(), Duty::ReadRecords).unwrap();
    let state = |serial: &Serial| {
        let row = ukeys::named(&books, &officer, serial.as_str()).unwrap();
        row.state
    };
    assert_eq!(state(&serials[0]), UkeyState::Returned);
    assert_eq!(state(&serials[1]), UkeyState::Returned);
}

#[test]
fn a_holder_moves_to_a_school_that_the_desk_makes_for_and_stands_there_with_a_draft() {
    let mut desk = RealDesk::county(1);
    let serials = desk.made(1);
    desk.part(&serials[0], "ui-part-moved");
    desk.write_in(Role::TextInput, "ui-part-to", "示例第九小学");
    desk.write_in(Role::MultilineTextInput, "ui-reason", "调动");
    desk.press("ui-part-look");
    desk.until(|view| !view.busy && view.error.is_some());
    assert_eq!(desk.view().error.unwrap().0, "unit-certificate-missing");
    let hint = desk.word("ui-hint-unit-certificate-missing");
    desk.harness.get_by_label(&hint);
    desk.write_in(Role::TextInput, "ui-part-to", "");
    desk.key(Modifiers::COMMAND, Key::A);
    desk.type_text(SCHOOL);
    desk.press("ui-part-look");
    desk.until(|view| !view.busy && view.parting.is_some());
    let to = desk.view().parting.unwrap().to.unwrap();
    assert_eq!((to.name.as_str(), to.has_a_desk), (SCHOOL, false));
    desk.press("ui-part-move");
    desk.until(|view| !view.busy && view.loss_done.is_some());
    let parted = desk.parted().unwrap();
    let [number] = parted.successors.as_slice() else {
        panic!("{parted:?}")
    };
    assert!(parted.file.is_none());
    desk.harness.get_by_label_contains(number);
    desk.press("ui-sign-out");
    desk.until(|view| is_door(view, Some(Left::SignedOut)));
    let (books, officer) = practice::open(desk.home.path(), Duty::ReadRecords).unwrap();
    let there = requests::find(&books, &officer, number).unwrap();
    assert_eq!(there.row.state, RequestState::Draft);
    assert_eq!(there.unit.name, SCHOOL);
}
