//! An application in the window, on a home with real tokens and records: from the form to its approval.

use super::*;
use crate::domain::request::RequestState;

const ROW: &str = "示例市练习小学\t王晓雯\t439900199003070046\t0731-84402950\twang@example.cn\t\
    138 0000 0000\t211 小学\t信息管理员\t是\t\t示例路 1 号\t";

const HEADS: &str = "单位名称,姓名,身份证号,办公电话,电子邮箱,手机号码,办学类型,用户类型,申请数字证书,登录账号,\
    单位地址,备注";

#[test]
fn an_application_is_entered_proven_on_paper_returned_edited_and_approved_in_the_window() {
    let mut desk = RealDesk::new(Language::Chinese, &SecretsFile::There, 0);
    desk.until(|view| is_desk(view) && view.post == Some(Post::System));
    desk.press("page-requests");
    desk.until(|view| view.applications.list.is_some());
    desk.harness.get_by_label(&desk.word("ui-request-empty"));
    desk.press("ui-request-new");
    desk.until(|view| view.applications.entry.is_some());
    desk.harness.event(egui::Event::Paste(ROW.to_owned()));
    desk.harness.step();
    desk.press("ui-request-save-submit");
    desk.until(|view| !view.busy && is_open(view, RequestState::Submitted));
    assert!(desk.view().error.is_none(), "{:?}", desk.view().error);
    desk.harness.get_by_label_contains("已存为 138****0000");

    // The same person once more: refused, and what was typed is still there.
    let back = format!("← {}", desk.word("ui-request-back"));
    desk.press_word(&back);
    desk.press("ui-request-new");
    desk.until(|view| view.applications.entry.is_some());
    desk.harness.event(egui::Event::Paste(ROW.to_owned()));
    desk.harness.step();
    desk.press("ui-request-save");
    desk.until(|view| !view.busy && view.error.is_some());
    assert_eq!(desk.view().error.unwrap().0, "request-duplicate");
    assert!(desk.holds("王晓雯"));
    desk.press("ui-request-discard");
    desk.press("ui-request-discard-now");

    // Security cannot approve without papers; returns it with a reason.
    let number = desk.number();
    desk.sign_in_as("security");
    desk.open_one(&number);
    desk.press("ui-request-approve");
    desk.press_word("签名批准 1 条");
    desk.until(|view| !view.busy && view.applications.turn == 1);
    desk.harness.get_by_label_contains("未办 1 条");
    desk.press("ui-request-return");
    desk.fill(Role::MultilineTextInput, "ui-reason", "缺扫描件");
    desk.press_word("签名退回 1 条");
    desk.until(|view| !view.busy && is_open(view, RequestState::Returned));

    // System edits it, attaches the scan and records what stands on the paper.
    desk.sign_in_as("admin");
    desk.open_one(&number);
    desk.harness.get_by_label("缺扫描件");
    desk.press("ui-request-edit");
    desk.until(|view| !view.busy && view.applications.entry.is_some());
    assert!(desk.holds("439900199003070046"));
    desk.fill(Role::TextInput, "field-existing-account", "wangxw");
    desk.press("ui-request-save-submit");
    desk.until(|view| !view.busy && is_open(view, RequestState::Submitted));
    let scan = desk.home.path().join("scan.png");
    fs::write(&scan, include_bytes!("../../../../tests/support/scan.png")).unwrap();
    let path = scan.display().to_string();
    desk.fill(Role::TextInput, "ui-request-scan-file", &path);
    desk.press_below("ui-request-attach");
    desk.until(|view| {
        !view.busy
            && view
                .applications
                .open
                .as_ref()
                .is_some_and(|open| open.details.scans.len() == 1)
    });
    for given in 1..=4 {
        desk.fill(Role::TextInput, "field-by", "李校长");
        desk.press_below("ui-request-record");
        desk.until(|view| {
            !view.busy
                && view
                    .applications
                    .open
                    .as_ref()
                    .is_some_and(|open| open.details.opinions.len() == given)
        });
    }
    let edits = desk.view().applications.open.unwrap().edits.len();
    assert_eq!(edits, 1);

    // Security looks at the scan for a reason, and approves.
    desk.sign_in_as("security");
    desk.open_one(&number);
    desk.fill(Role::TextInput, "ui-request-reveal-reason", "审核");
    desk.press("ui-request-reveal");
    desk.until(|view| !view.busy && view.applications.seen.is_some());
    desk.harness.get_by_label("439900199003070046");
    desk.press("ui-request-scan-open");
    desk.until(|view| {
        !view.busy
            && view.applications.seen.as_ref().is_some_and(|seen| {
                seen.scan
                    .as_ref()
                    .is_some_and(|scan| scan.picture.is_some())
            })
    });
    desk.press("ui-request-approve");
    desk.press_word("签名批准 1 条");
    desk.until(|view| !view.busy && is_open(view, RequestState::Approved));
    desk.press("page-stock");
    desk.until(|view| view.stock.is_some());
    assert!(desk.view().applications.seen.is_none(), "masked again");
}

#[test]
fn a_sheet_is_written_filled_and_taken_in_the_window() {
    let mut desk = RealDesk::new(Language::English, &SecretsFile::There, 0);
    desk.until(|view| is_desk(view) && view.post == Some(Post::System));
    desk.press("page-requests");
    desk.until(|view| view.applications.list.is_some());
    desk.press("ui-request-files");
    desk.press("ui-request-template");
    desk.until(|view| !view.busy && view.applications.turn == 1);
    let template = desk.home.out().join("requests-template.xlsx");
    assert!(template.is_file(), "{:?}", desk.view().error);
    let sheet = desk.home.path().join("rows.csv");
    let csv = |row: &str| row.replace('\t', ",");
    let bad = ROW
        .replace("13800000000", "138")
        .replace("138 0000 0000", "12");
    let text = format!("{HEADS}\n{}\n{}\n", csv(ROW), csv(&bad));
    fs::write(&sheet, text).unwrap();
    let path = sheet.display().to_string();
    desk.fill(Role::TextInput, "ui-request-sheet", &path);
    desk.press("ui-request-import");
    desk.until(|view| !view.busy && view.applications.turn == 2);
    desk.harness.get_by_label("F3");
    let listed = |view: &View| {
        let list = view.applications.list.as_ref();
        list.map(|list| (list.found, list.rows.len()))
    };
    desk.until(|view| listed(view) == Some((1, 1)));
    desk.press("ui-request-export");
    desk.until(|view| !view.busy && view.applications.turn == 3);
    assert!(desk.view().error.is_none());
    let written = fs::read_dir(desk.home.out()).unwrap();
    assert_eq!(written.count(), 2, "the template and the list");
}

fn is_open(view: &View, state: RequestState) -> bool {
    let open = view.applications.open.as_ref();
    open.is_some_and(|open| open.view.row.state == state)
}

impl RealDesk {
    fn number(&self) -> String {
        let list = self.view().applications.list.unwrap();
        list.rows[0].row.number.clone()
    }

    fn holds(&self, text: &str) -> bool {
        self.harness.query_all_by_value(text).next().is_some()
    }

    fn sign_in_as(&mut self, officer: &str) {
        self.press("ui-sign-out");
        self.until(|view| is_door(view, Some(Left::SignedOut)));
        self.choose(officer);
        self.press("ui-sign-in");
        let officer = officer.to_owned();
        self.until(move |view| is_desk(view) && view.officer == officer);
    }

    fn open_one(&mut self, number: &str) {
        self.press("page-requests");
        self.until(|view| view.applications.list.is_some());
        self.harness
            .get_by_role_and_label(Role::Link, number)
            .click();
        self.harness.step();
        let number = number.to_owned();
        self.until(move |view| {
            let open = view.applications.open.as_ref();
            open.is_some_and(|open| open.view.row.number == number)
        });
    }
}
