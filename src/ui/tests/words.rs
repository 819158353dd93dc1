//! What the window says to do is done in the window: it names no command for what one of its pages does.

use super::*;

/// Commands whose work a page does.
const ON_PAGES: &str = "waiver grant|waiver list|waiver receive|holder receive|ca backup|stock receive|\
    audit checkpoint|audit export|audit go-on|audit verify|ca unlock|\
    certificate export|certificate list|certificate renew|certificate revoke|clock confirm|config list|\
    config set|crl publish|doctor|evidence export|holder leave|holder transfer|officer list|personalise|\
    profile list|recovery kit|recovery use|request add|request attach|request list|request opinion|\
    request receive-review|request rekey|request renew|request send-up|request show|request submit|\
    request template|request withdraw|restore compare|resume|slip|stock check|stock discrepancy|\
    stock dispatch|stock intake|stock note|stock notes|stock report|ukey change-pin|ukey damaged|\
    ukey destroy|ukey found|ukey list|ukey losses|ukey lost|ukey return|ukey show|ukey suspend|\
    ukey unblock|ukey wipe|unit list|unit show";

/// Those that are English as well.
const PLAIN_ENGLISH: [&str; 5] = [
    "holder leave",
    "recovery kit",
    "resume",
    "slip",
    "stock check",
];

/// What only commands without a page tell.
const NEVER_SEEN: [&str; 12] = [
    "hint-ca-name-same",
    "hint-diagnostics-invalid",
    "hint-evidence-damaged",
    "hint-form-words",
    "hint-history-code-differs",
    "hint-officer-name-required",
    "hint-runs-wait-for-ca",
    "hint-stock-count-differs",
    "hint-stock-nothing-named",
    "hint-tally-scan-unknown",
    "hint-tally-unit-foreign",
    "hint-ukey-not-recognised",
];

/// Which say by themselves that they list commands, or what another desk does.
const FOR_THE_TERMINAL: [&str; 4] = [
    "ui-report-why",
    "ui-settings-backup-commands",
    "ui-settings-officers-commands",
    "ui-settings-units-commands",
];

fn names(text: &str, command: &str) -> bool {
    let part_of_word = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    text.match_indices(command).any(|(at, found)| {
        let before = text[..at].chars().next_back();
        let after = text[at + found.len()..].chars().next();
        !before.is_some_and(part_of_word) && !after.is_some_and(part_of_word)
    })
}

#[test]
fn what_a_page_does_is_never_told_as_a_command() {
    let advice = ["hint-", "cure-", "check-cure-", "fault-"].map(Wording::beginning);
    let advice = advice
        .into_iter()
        .flatten()
        .filter(|key| !NEVER_SEEN.contains(&key.as_str()));
    let own = Wording::beginning("ui-").into_iter();
    let own = own.filter(|key| !FOR_THE_TERMINAL.contains(&key.as_str()));
    let keys: Vec<String> = advice.chain(own).collect();
    assert!(keys.len() > 1000, "{} keys", keys.len());
    let mut wrong = Vec::new();
    for (language, terminal) in [(Language::Chinese, "终端"), (Language::English, "terminal")] {
        let wording = Wording::new(language);
        let english = language == Language::English;
        for key in &keys {
            let text = own_words(&wording, key).unwrap();
            let mut commands = ON_PAGES.split('|');
            let on_page = commands.any(|command| {
                names(&text, command) && !(english && PLAIN_ENGLISH.contains(&command))
            });
            let typed = [" --", "：--", "（--"]
                .iter()
                .any(|mark| text.contains(mark));
            if on_page || (typed && !text.contains(terminal)) {
                wrong.push(format!("{key}: {text}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_cure_names_the_page_in_the_window_and_the_command_at_the_terminal() {
    let wording = Wording::new(Language::Chinese);
    assert!(wording.text("check-cure-unknown").contains("stock intake"));
    let cure = own_words(&wording, "check-cure-unknown").unwrap();
    assert!(cure.contains("入库") && !cure.contains("stock"));
    // What has no words of its own is said alike.
    let same = own_words(&wording, "check-cure-found").unwrap();
    assert_eq!(same, wording.text("check-cure-found"));
}
