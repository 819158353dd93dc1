//! The second officer's card: what it shows, what it sends, and how a refused try is told.

use egui::{Key, Modifiers};

use super::door::{Person as _, name};
use super::*;
use crate::domain::officer::Post;
use crate::station::door::AtDoor;
use crate::ui::second_view::{Confirmed, Proposed, SecondTried};
use crate::ui::stock_view::{StockPicture, StockRow, Stranger};

const DAMAGED: &str = "8f5c00005f1b0001";
const STRANGER: &str = "8f5c00005f1b0009";

fn security(text: &str, wait_secs: Option<i64>) -> AtDoor {
    AtDoor {
        name: name(text),
        post: Post::Security,
        wait_secs,
        by_secrets: false,
    }
}

/// Security, whom the secrets of a practice home sign in.
pub(super) fn security_beside() -> Vec<AtDoor> {
    let by_secrets = true;
    vec![AtDoor {
        by_secrets,
        ..security("zhao", None)
    }]
}

impl Bench {
    /// The second officer confirms in the card; gives what was sent.
    pub(super) fn confirm(&mut self) -> Proposed {
        self.press_key("ui-second-confirm");
        let sent = self.sent();
        let [Command::Confirmed(confirmed)] = sent.as_slice() else {
            panic!("{sent:?}")
        };
        confirmed.act.clone()
    }
}

fn row(text: &str, state: UkeyState) -> StockRow {
    StockRow {
        serial: serial(text),
        model: "SoftHSM v2".to_owned(),
        box_of: None,
        state,
        request: None,
    }
}

fn stock_view(seconds: Vec<AtDoor>) -> View {
    let picture = StockPicture {
        summary: Arc::default(),
        rows: vec![row(DAMAGED, UkeyState::Damaged)],
        outlook: None,
    };
    View {
        shown: Shown::Stock(stock_view::StockQuery::default()),
        stock: Some(Arc::new(picture)),
        seconds,
        strangers: Some(vec![Stranger {
            serial: serial(STRANGER),
            model: "SoftHSM v2".to_owned(),
        }]),
        ..view()
    }
}

impl Bench {
    /// At the stock, the damaged ukey proposed for destruction.
    fn proposing(language: Language, seconds: Vec<AtDoor>) -> Self {
        let mut bench = Self::on(language, stock_view(seconds), Page::Stock);
        bench.press("8f5c 0000 5f1b 0001");
        bench.type_into(Role::MultilineTextInput, "ui-reason", "外壳破裂");
        let destroy = bench.word("ui-card-destroy");
        bench.press(&destroy);
        bench
    }

    fn title(&self, key: &str) -> String {
        let act = [("act", self.word(key))];
        self.harness.state().wording.with("ui-second-title", act)
    }

    fn sees(&self, text: &str) -> bool {
        self.harness.query_all_by_label_contains(text).count() > 0
    }

    fn confirmed(&self) -> Vec<Confirmed> {
        let sent = self.sent().into_iter().map(|command| match command {
            Command::Confirmed(confirmed) => confirmed,
            other => panic!("{other:?}"),
        });
        sent.collect()
    }

    fn tried(&mut self, turn: u64, refused: Option<(&str, &str)>) {
        let refused = refused.map(|(code, subject)| (code.to_owned(), subject.to_owned()));
        lock(&self.harness.state().view).second_tried = Some(SecondTried { turn, refused });
        self.harness.step();
        self.harness.step();
    }
}

#[test]
fn the_card_shows_exactly_what_is_confirmed_and_sends_it_once() {
    for language in [Language::Chinese, Language::English] {
        let seconds = vec![security("zhao", None), security("sun", None)];
        let mut bench = Bench::proposing(language, seconds);
        assert!(bench.sent().is_empty(), "nobody has confirmed");
        let title = bench.title("ui-second-destroy");
        for seen in [title.as_str(), "admin", "外壳破裂"] {
            assert!(bench.sees(seen), "{seen}");
        }
        let unnamed = bench.harness.unnamed_widgets();
        assert!(unnamed.is_empty(), "{unnamed:?}");
        let confirm = bench.word("ui-second-confirm");
        bench.press(&confirm);
        assert!(bench.sent().is_empty(), "no passphrase yet");
        bench.choose_named(Role::RadioButton, "sun");
        bench.type_text("quiet river stone 92");
        bench.key(Modifiers::NONE, Key::Enter);
        let sent = bench.confirmed();
        let [confirmed] = sent.as_slice() else {
            panic!("{sent:?}")
        };
        let expected = Proposed::Destroy {
            serial: serial(DAMAGED),
            reason: "外壳破裂".to_owned(),
        };
        assert_eq!(confirmed.act, expected);
        assert_eq!(confirmed.named, Some(name("sun")));
        let typed = confirmed.passphrase.as_ref().unwrap();
        assert_eq!(typed.expose(), "quiet river stone 92");
        assert!(!format!("{sent:?}").contains("quiet"));
        bench.key(Modifiers::NONE, Key::Enter);
        bench.press(&confirm);
        assert!(bench.confirmed().is_empty(), "it is on its way");
        bench.tried(confirmed.turn, None);
        assert!(!bench.sees(&title), "the second officer came in");
    }
}

#[test]
fn a_wrong_passphrase_stays_in_the_card_and_the_wait_is_told() {
    let mut bench = Bench::proposing(Language::Chinese, vec![security("zhao", None)]);
    bench.type_text("wrong horse 12");
    bench.key(Modifiers::NONE, Key::Enter);
    let turn = bench.confirmed()[0].turn;
    bench.tried(turn, Some(("passphrase-wrong", "zhao")));
    let (headline, _hints) = Wording::new(Language::Chinese).error("passphrase-wrong", "zhao");
    assert!(bench.sees(&headline));
    assert!(bench.sees(&bench.title("ui-second-destroy")));
    // The next one is typed at once.
    bench.type_text("quiet river stone 92");
    lock(&bench.harness.state().view).seconds = vec![security("zhao", Some(17))];
    bench.harness.step();
    assert!(bench.sees("17"));
    bench.key(Modifiers::NONE, Key::Enter);
    assert!(bench.confirmed().is_empty(), "they have to wait");
    lock(&bench.harness.state().view).seconds = vec![security("zhao", None)];
    bench.harness.step();
    let confirm = bench.word("ui-second-confirm");
    bench.press(&confirm);
    assert_eq!(bench.confirmed().len(), 1);
}

#[test]
fn escape_closes_the_card_and_forgets_what_was_typed() {
    let mut bench = Bench::proposing(Language::English, vec![security("zhao", None)]);
    let title = bench.title("ui-second-destroy");
    bench.type_text("quiet river stone 92");
    bench.key(Modifiers::NONE, Key::Escape);
    assert!(!bench.sees(&title));
    let destroy = bench.word("ui-card-destroy");
    bench.press(&destroy);
    bench.key(Modifiers::NONE, Key::Enter);
    assert!(bench.confirmed().is_empty(), "nothing is typed");
}

#[test]
fn a_waiver_stands_in_only_where_the_rules_let_it() {
    let mut bench = Bench::proposing(Language::Chinese, Vec::new());
    let waived = bench.word("ui-second-waived");
    assert!(!bench.sees(&waived), "never for a destruction");
    assert!(bench.sees(&bench.word("ui-second-nobody")));
    bench.key(Modifiers::NONE, Key::Escape);
    let take_in = bench.word("ui-card-take-in");
    bench.press(&take_in);
    let reason = bench.word("ui-reason");
    let fields = bench
        .harness
        .get_all_by_role_and_label(Role::MultilineTextInput, &reason);
    fields.last().unwrap().focus();
    bench.harness.step();
    bench.type_text("抽屉里找到的");
    let sure = bench.word("ui-card-take-in-sure");
    bench.press(&sure);
    bench.choose_named(Role::RadioButton, &waived);
    let confirm = bench.word("ui-second-confirm");
    bench.press(&confirm);
    let sent = bench.confirmed();
    let [confirmed] = sent.as_slice() else {
        panic!("{sent:?}")
    };
    let expected = Proposed::TakeIn {
        serial: serial(STRANGER),
        reason: "抽屉里找到的".to_owned(),
    };
    assert_eq!(confirmed.act, expected);
    assert!(confirmed.named.is_none() && confirmed.passphrase.is_none());
}

#[test]
fn what_belongs_to_another_post_is_not_proposed() {
    let mut view = stock_view(vec![security("zhao", None)]);
    view.post = Some(Post::Auditor);
    let mut bench = Bench::on(Language::Chinese, view, Page::Stock);
    bench.press("8f5c 0000 5f1b 0001");
    bench.type_into(Role::MultilineTextInput, "ui-reason", "外壳破裂");
    for key in ["ui-card-destroy", "ui-card-take-in", "ui-strangers-look"] {
        let word = bench.word(key);
        bench.press(&word);
    }
    assert!(!bench.sees(&bench.title("ui-second-destroy")));
    assert!(bench.sent().is_empty());
}
