//! What a command that shows one record prints for people: the catalogue's words, not the names that
//! programs read.

mod support;

use support::PracticeHome;

#[test]
fn a_record_is_told_in_words_and_not_in_the_names_that_programs_read() {
    let home = PracticeHome::new(1, 1);
    home.run(["personalise", "--all"]).expect(0);
    home.run(["--officer", "security", "crl", "publish"])
        .expect(0);
    let first = |list: &str, field: &str| {
        let items = home.run([list, "list"]).expect(0);
        items.items()[0][field].as_str().unwrap().to_owned()
    };
    let (ukey, unit) = (first("ukey", "serial"), first("unit", "name"));
    let certificate = first("certificate", "serial");
    let shown: [&[&str]; 7] = [
        &["ca", "show"],
        &["crl", "show"],
        &["clock", "show"],
        &["config", "get", "idle_lock_minutes"],
        &["ukey", "show", &ukey],
        &["certificate", "show", &certificate],
        &["unit", "show", &unit],
    ];
    for command in shown {
        let facts = home.run(command).expect(0).one().clone();
        let told = support::program()
            .args(["--lang", "zh", "--home"])
            .arg(&home.path)
            .args(command)
            .output()
            .unwrap();
        let told = String::from_utf8(told.stdout).unwrap();
        let labels = told.lines().filter_map(|line| line.split_once(": "));
        let labels: Vec<_> = labels.map(|(label, _fact)| label).collect();
        assert!(labels.len() >= 2, "{command:?}: {told}");
        for label in labels {
            let raw = label != "ukey" && facts.get(label).is_some();
            assert!(!raw, "{command:?} tells {label}: {told}");
        }
        assert!(
            !told.contains("null") && !told.contains('{'),
            "{command:?}: {told}"
        );
    }
}
