//! The page of applications: what is listed, opened, typed, decided and sent; what each post may do.

mod files;
mod form;
mod reveal;

use std::collections::BTreeMap;

use egui::{Key, Modifiers};

use super::door::Person as _;
use super::*;
use crate::domain::approval::{Commitment, Decision};
use crate::domain::opinion::{Opinion, OpinionKind};
use crate::domain::scan::{Scan, ScanKind};
use crate::station::ScanRow;
use crate::station::jobs::approvals::Refusal;
use crate::station::jobs::request_view::{Change, DecisionView, Details, Edit};
use crate::ui::requests_view::{
    EntryFacts, ListPicture, ListQuery, Look, OpenPicture, RequestsAct, RequestsDone,
    RequestsFacts, RequestsQuery, ReviewPicture, ScanSight, Seen, UnitChoice,
};

const ID_NUMBER: &str = "439900199003070046";

fn applied(number: &str, holder: &str, state: RequestState) -> RequestView {
    let mut view = request(number, holder);
    view.row.state = state;
    view.id_number = "439900********0046".to_owned();
    view
}

fn details(state: RequestState) -> Details {
    let fields = [
        ("name", "王晓雯"),
        ("id_number", "439900********0046"),
        ("mobile", "138****0000"),
        ("school_type", "211"),
        ("user_types", "信息管理员"),
    ];
    let fields = fields.map(|(field, value)| (field.to_owned(), value.to_owned()));
    let returned = DecisionView {
        revision: 1,
        decision: Decision::Returned,
        officer: OfficerName::parse("security").unwrap(),
        at: Timestamp::EPOCH,
        reason: Some("电话写错".to_owned()),
    };
    Details {
        fields: BTreeMap::from(fields),
        opinions: vec![Opinion {
            kind: OpinionKind::Applicant,
            by: "王晓雯".to_owned(),
            on: Timestamp::EPOCH.date(),
            note: None,
        }],
        scans: vec![ScanRow {
            scan: Scan {
                sha256: Commitment([7; 32]),
                kind: ScanKind::Png,
                bytes: 4096,
            },
            attached_by: OfficerName::parse("admin").unwrap(),
            attached_at: Timestamp::EPOCH,
        }],
        decisions: (state == RequestState::Returned)
            .then_some(returned)
            .into_iter()
            .collect(),
        warnings: Vec::new(),
    }
}

fn edit() -> Edit {
    Edit {
        revision: 2,
        by: OfficerName::parse("admin").unwrap(),
        at: Timestamp::EPOCH,
        changes: vec![Change {
            field: "mobile".to_owned(),
            from: Some("138****0001".to_owned()),
            to: Some("138****0000".to_owned()),
        }],
    }
}

fn listed() -> ListPicture {
    ListPicture {
        query: ListQuery::default(),
        rows: vec![
            applied("2026-0001", "王晓雯", RequestState::Draft),
            applied("2026-0002", "李志远", RequestState::Submitted),
            applied("2026-0003", "买买提·艾力", RequestState::Submitted),
        ],
        found: 3,
        counts: BTreeMap::from([(RequestState::Draft, 1), (RequestState::Submitted, 2)]),
    }
}

fn entry_facts() -> EntryFacts {
    let unit = |at: u128, name: &str, code: &str| UnitChoice {
        id: UnitId::new(uuid::Uuid::from_u128(at)),
        name: name.to_owned(),
        code: code.to_owned(),
    };
    EntryFacts {
        units: vec![
            unit(1, "示例市练习小学", "2143999999"),
            unit(2, "示例市第二小学", "2143999997"),
        ],
        user_types: vec!["信息管理员".to_owned(), "信息查询员".to_owned()],
    }
}

pub(super) fn facts() -> RequestsFacts {
    RequestsFacts {
        list: Some(Arc::new(listed())),
        entry: Some(Arc::new(entry_facts())),
        ..RequestsFacts::default()
    }
}

/// The list, as the desk has read it.
pub(super) fn listed_view(post: Post, facts: RequestsFacts) -> View {
    View {
        post: Some(post),
        officer: "admin".to_owned(),
        shown: Shown::Requests(RequestsQuery::default()),
        applications: facts,
        ..view()
    }
}

fn at_requests(language: Language, post: Post, facts: RequestsFacts) -> Bench {
    Bench::on(language, listed_view(post, facts), Page::Requests)
}

/// With one application open.
fn at_one(post: Post, number: &str, state: RequestState) -> Bench {
    let open = OpenPicture {
        view: applied(number, "王晓雯", state),
        details: details(state),
        edits: vec![edit()],
    };
    let mut facts = facts();
    facts.open = Some(Arc::new(open));
    let mut bench = at_requests(Language::Chinese, post, facts);
    bench.open(number);
    bench
}

impl Bench {
    fn open(&mut self, number: &str) {
        let link = self.harness.get_by_role_and_label(Role::Link, number);
        link.click();
        self.harness.step();
        self.harness.step();
    }

    /// What the page asked the desk to read; the desk has read it.
    fn asked_to_read(&mut self) -> Vec<RequestsQuery> {
        let shown = self
            .commands
            .try_iter()
            .filter_map(|command| match command {
                Command::Show(Shown::Requests(query)) => Some(query),
                _ => None,
            });
        let shown: Vec<_> = shown.collect();
        if let Some(last) = shown.last() {
            lock(&self.harness.state().view).shown = Shown::Requests(last.clone());
        }
        shown
    }

    fn request_acts(&self) -> Vec<RequestsAct> {
        let acts = self.sent().into_iter().map(|command| match command {
            Command::Requests(act) => act,
            other => panic!("{other:?}"),
        });
        acts.collect()
    }

    /// The desk has done something.
    fn done(&mut self, done: RequestsDone) {
        {
            let mut view = lock(&self.harness.state().view);
            view.applications.turn += 1;
            view.applications.done = Some(Arc::new(done));
        }
        self.harness.step();
        self.harness.step();
    }

    fn tick_one(&mut self, number: &str) {
        let name = format!("{} {number}", self.word("ui-request-pick"));
        self.choose_named(Role::CheckBox, &name);
    }

    pub(super) fn press_key(&mut self, key: &str) {
        let word = self.word(key);
        self.press(&word);
    }

    pub(super) fn says(&self, text: &str) -> bool {
        self.harness
            .query_all_by_label_contains(text)
            .next()
            .is_some()
    }
}

#[test]
fn every_input_of_the_page_has_an_accessible_name() {
    for language in [Language::Chinese, Language::English] {
        let mut bench = at_requests(language, Post::System, facts());
        bench.tick_one("2026-0001");
        let unnamed = bench.harness.unnamed_widgets();
        assert!(unnamed.is_empty(), "{unnamed:?}");
        for key in ["ui-request-files", "ui-request-new"] {
            bench.press_key(key);
            let unnamed = bench.harness.unnamed_widgets();
            assert!(unnamed.is_empty(), "{key}: {unnamed:?}");
            let back = format!("← {}", bench.word("ui-request-back"));
            bench.press(&back);
        }
    }
    for post in Post::ALL {
        let bench = at_one(post, "2026-0001", RequestState::Draft);
        let unnamed = bench.harness.unnamed_widgets();
        assert!(unnamed.is_empty(), "{post:?}: {unnamed:?}");
    }
}

#[test]
fn an_empty_list_says_what_to_do_first_and_a_search_without_a_hit_what_to_change() {
    let empty = RequestsFacts {
        list: Some(Arc::new(ListPicture::default())),
        ..RequestsFacts::default()
    };
    for (post, key) in [
        (Post::System, "ui-request-empty"),
        (Post::Security, "ui-request-empty-others"),
        (Post::Auditor, "ui-request-empty-others"),
    ] {
        let bench = at_requests(Language::Chinese, post, empty.clone());
        bench.harness.get_by_label(&bench.word(key));
    }
    let nothing = RequestsFacts {
        list: Some(Arc::new(ListPicture {
            rows: Vec::new(),
            found: 0,
            ..listed()
        })),
        ..RequestsFacts::default()
    };
    let bench = at_requests(Language::English, Post::System, nothing);
    let word = bench.word("ui-request-found-none");
    bench.harness.get_by_label(&word);
}

#[test]
fn search_state_and_order_are_asked_of_the_desk_as_they_change() {
    let mut bench = at_requests(Language::Chinese, Post::System, facts());
    bench.type_into(Role::TextInput, "ui-request-search", "wxw");
    let asked = bench.asked_to_read();
    assert_eq!(asked.last().unwrap().list.search, "wxw");
    assert!(!format!("{asked:?}").contains("wxw"), "it may be a number");
    bench.press("已提交 2");
    let asked = bench.asked_to_read();
    assert_eq!(
        asked.last().unwrap().list.state,
        Some(RequestState::Submitted)
    );
    bench.press("按姓名排序");
    let asked = bench.asked_to_read();
    assert!(asked.last().unwrap().list.by_name);
    bench.press("全部 3");
    assert_eq!(bench.asked_to_read().last().unwrap().list.state, None);
    assert!(bench.sent().is_empty());
}

#[test]
fn a_long_list_is_turned_page_by_page() {
    let mut list = listed();
    list.found = 1_203;
    let facts = RequestsFacts {
        list: Some(Arc::new(list)),
        ..RequestsFacts::default()
    };
    let mut bench = at_requests(Language::Chinese, Post::System, facts);
    assert!(bench.says("共 1203 条"));
    for page in [1, 2] {
        bench.press_key("ui-request-page-next");
        assert_eq!(bench.asked_to_read().last().unwrap().list.page, page);
        bench.harness.step();
    }
    bench.press_key("ui-request-page-next");
    assert!(bench.asked_to_read().is_empty(), "it is the last");
}

#[test]
fn the_keyboard_ticks_line_after_line_and_all_are_submitted_at_once() {
    let mut bench = at_requests(Language::Chinese, Post::System, facts());
    let first = format!("{} 2026-0001", bench.word("ui-request-pick"));
    bench
        .harness
        .get_by_role_and_label(Role::CheckBox, &first)
        .focus();
    bench.harness.step();
    bench.key(Modifiers::NONE, Key::Space);
    bench.key(Modifiers::NONE, Key::ArrowDown);
    bench.key(Modifiers::NONE, Key::Space);
    assert!(bench.says("已选 2 条"));
    bench.press_key("ui-request-submit");
    let acts = bench.request_acts();
    let [RequestsAct::Submit(numbers)] = acts.as_slice() else {
        panic!("{acts:?}")
    };
    assert_eq!(numbers, &["2026-0001"], "the other is submitted already");
    // What was done is ticked no more; what was refused is told and stays.
    bench.done(RequestsDone::Each {
        done: "ui-request-submitted",
        numbers: vec!["2026-0001".to_owned()],
        refused: vec![(
            "2026-0002".to_owned(),
            ("request-not-editable".to_owned(), "2026-0002".to_owned()),
        )],
    });
    assert!(bench.says("已提交 1 条") && bench.says("未办 1 条") && bench.says("已选 1 条"));
}

#[test]
fn security_sees_what_is_signed_and_each_is_approved() {
    let mut bench = at_requests(Language::Chinese, Post::Security, facts());
    let all = bench.word("ui-request-pick-all");
    bench.choose_named(Role::CheckBox, &all);
    bench.press_key("ui-request-approve");
    assert!(bench.request_acts().is_empty(), "it is asked once more");
    assert!(bench.says("批准并签名 2 条"));
    bench
        .harness
        .get_by_label(&bench.word("ui-request-approve-what"));
    bench.press("签名批准 2 条");
    let acts = bench.request_acts();
    let [RequestsAct::Approve(numbers)] = acts.as_slice() else {
        panic!("{acts:?}")
    };
    assert_eq!(numbers, &["2026-0002", "2026-0003"], "the draft is not");
    for key in ["ui-request-submit", "ui-request-withdraw"] {
        assert!(!bench.has(Role::Button, &bench.word(key)), "{key}");
    }
}

#[test]
fn a_return_and_a_rejection_need_a_reason() {
    for (key, now, expected) in [
        ("ui-request-return", "签名退回 1 条", Refusal::Return),
        ("ui-request-reject", "签名拒绝 1 条", Refusal::Reject),
    ] {
        let mut bench = at_one(Post::Security, "2026-0002", RequestState::Submitted);
        bench.press_key(key);
        bench.press(now);
        assert!(bench.request_acts().is_empty(), "no reason yet");
        bench.type_into(Role::MultilineTextInput, "ui-reason", "单位盖章不清");
        bench.press(now);
        let acts = bench.request_acts();
        let [
            RequestsAct::Refuse {
                numbers,
                refusal,
                reason,
            },
        ] = acts.as_slice()
        else {
            panic!("{acts:?}")
        };
        assert_eq!(numbers, &["2026-0002"]);
        assert_eq!((*refusal, reason.as_str()), (expected, "单位盖章不清"));
    }
}

#[test]
fn an_auditor_reads_and_is_told_who_enters_and_decides() {
    let mut bench = at_requests(Language::Chinese, Post::Auditor, facts());
    assert!(bench.says("录入由系统管理员办理，审核由安全管理员办理"));
    bench.press_key("ui-request-new");
    assert!(bench.harness.state().requests.query().open.is_none());
    assert!(!bench.harness.state().requests.query().entry);
    bench.tick_one("2026-0002");
    for key in ["ui-request-approve", "ui-request-submit"] {
        assert!(!bench.has(Role::Button, &bench.word(key)), "{key}");
    }
}

#[test]
fn one_opens_in_the_papers_order_with_what_was_decided_and_edited() {
    let mut bench = at_one(Post::System, "2026-0001", RequestState::Returned);
    let asked = bench.asked_to_read();
    assert_eq!(asked.last().unwrap().open.as_deref(), Some("2026-0001"));
    for text in [
        "439900********0046",
        "211 小学",
        "电话写错",
        "138****0001 → 138****0000",
    ] {
        bench.harness.get_by_label(text);
    }
    assert!(bench.says("批准前还缺：部门意见"));
    let tops = [
        "field-name",
        "field-id-number",
        "field-mobile",
        "field-school-type",
    ]
    .map(|key| {
        let word = bench.word(key);
        let mut nodes = bench.harness.get_all_by_label(&word);
        nodes.next().unwrap().rect().top()
    });
    assert!(tops.is_sorted(), "{tops:?}");
}

#[test]
fn numbers_and_scans_are_seen_for_a_reason_only_and_masked_again_elsewhere() {
    let mut bench = at_one(Post::Security, "2026-0001", RequestState::Submitted);
    for key in [
        "ui-request-reveal",
        "ui-request-scan-open",
        "ui-request-print",
    ] {
        bench.press_key(key);
        assert!(bench.request_acts().is_empty(), "{key} without a reason");
    }
    bench.type_into(Role::TextInput, "ui-request-reveal-reason", "与身份证核对");
    for key in [
        "ui-request-reveal",
        "ui-request-scan-open",
        "ui-request-print",
    ] {
        bench.press_key(key);
    }
    let acts = bench.request_acts();
    let [
        RequestsAct::Reveal(fields),
        RequestsAct::Reveal(scan),
        RequestsAct::Reveal(form),
    ] = acts.as_slice()
    else {
        panic!("{acts:?}")
    };
    let reason = fields.reason.as_str();
    assert_eq!((&fields.what, reason), (&Look::Fields, "与身份证核对"));
    assert_eq!(scan.what, Look::Scan("07".repeat(32)));
    assert_eq!(form.what, Look::Form(None));
    let seen = Seen {
        number: "2026-0001".to_owned(),
        revision: 1,
        fields: Some(BTreeMap::from([(
            "id_number".to_owned(),
            ID_NUMBER.to_owned(),
        )])),
        scan: Some(ScanSight {
            sha256: "07".repeat(32),
            picture: None,
        }),
    };
    lock(&bench.harness.state().view).applications.seen = Some(Arc::new(seen));
    bench.harness.step();
    bench.harness.get_by_label(ID_NUMBER);
    bench
        .harness
        .get_by_label(&bench.word("ui-request-scan-undrawn"));
    let debug = format!("{:?}", lock(&bench.harness.state().view));
    assert!(!debug.contains(ID_NUMBER), "logs do not get it");
}

#[test]
fn scans_and_opinions_are_added_by_who_enters() {
    let mut bench = at_one(Post::System, "2026-0001", RequestState::Draft);
    bench.press_key("ui-request-attach");
    bench.press_key("ui-request-record");
    assert!(bench.request_acts().is_empty(), "nothing is typed yet");
    bench.type_into(Role::TextInput, "ui-request-scan-file", "/tmp/scan.png");
    bench.press_key("ui-request-attach");
    bench.type_into(Role::TextInput, "field-by", "李校长");
    bench.press_key("ui-request-record");
    let acts = bench.request_acts();
    let [
        RequestsAct::Attach { number, scan },
        RequestsAct::Record { opinion, .. },
    ] = acts.as_slice()
    else {
        panic!("{acts:?}")
    };
    assert_eq!(
        (number.as_str(), scan),
        ("2026-0001", &PathBuf::from("/tmp/scan.png"))
    );
    assert_eq!(
        (opinion.kind, opinion.by.as_str(), opinion.on),
        (OpinionKind::Department, "李校长", clock::now().date()),
        "the first that is missing, today"
    );
    let bench = at_one(Post::Security, "2026-0001", RequestState::Submitted);
    assert!(!bench.has(Role::Button, &bench.word("ui-request-attach")));
}
