//! Certificates that end, with a day to come for each (D-47): at the command line, as a sheet and as a
//! calendar.

mod support;

use std::fs;

use calamine::{Data, Reader as _, Xlsx, open_workbook};
use support::PracticeHome;

#[test]
fn who_is_to_come_is_listed_with_a_day_in_a_sheet_and_in_a_calendar() {
    let home = PracticeHome::new(3, 3);
    home.run(["practice", "run", home.path.to_str().unwrap()])
        .expect(0);
    let list = |args: &[&str]| home.run([&["certificate", "expiring"], args].concat());
    // Three years are beyond the usual ninety days; the months are told anyway.
    let near = list(&[]).expect(0);
    assert_eq!(near.one()["items"].as_array().unwrap().len(), 0);
    let months = near.one()["months"].as_array().unwrap();
    assert_eq!((months.len(), &months[0]["count"]), (1, &3.into()));
    let far = ["--within", "1200", "--per-day", "2"];
    let all = list(&far).expect(0);
    let items = all.one()["items"].as_array().unwrap();
    assert_eq!(items.len(), 3);
    let days: Vec<_> = items
        .iter()
        .map(|item| item["appointment"].as_str().unwrap())
        .collect();
    assert_eq!(days[0], days[1]);
    assert!(days[2] < days[0], "the day is full: {days:?}");
    assert!(
        items
            .iter()
            .all(|item| item["not_after"].as_str().unwrap() > days[0])
    );

    let out = |name: &str| home.path.join("out").join(name);
    let (sheet, calendar) = (out("due.xlsx"), out("due.ics"));
    for path in [&sheet, &calendar] {
        list(&[&far[..], &["--out", path.to_str().unwrap()]].concat()).expect(0);
    }
    let mut book: Xlsx<_> = open_workbook(&sheet).unwrap();
    let range = book.worksheet_range_at(0).unwrap().unwrap();
    let rows: Vec<&[Data]> = range.rows().collect();
    assert_eq!(rows.len(), 4);
    for (row, item) in rows[1..].iter().zip(items) {
        assert_eq!(row[0].to_string(), item["appointment"].as_str().unwrap());
        assert_eq!(row[1].to_string(), item["holder"].as_str().unwrap());
    }
    // RFC 5545: lines end with CRLF and are folded at 75 octets.
    let text = fs::read_to_string(&calendar).unwrap();
    assert!(
        text.split("\r\n")
            .all(|line| line.len() <= 75 && !line.contains('\n'))
    );
    let text = text.replace("\r\n ", "");
    assert!(
        text.starts_with("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n"),
        "{text}"
    );
    assert_eq!(text.matches("BEGIN:VEVENT").count(), 3);
    for item in items {
        let day = item["appointment"].as_str().unwrap().replace('-', "");
        assert!(
            text.contains(&format!("DTSTART;VALUE=DATE:{day}\r\n")),
            "{text}"
        );
        let holder = item["holder"].as_str().unwrap();
        assert!(
            text.contains(&format!("SUMMARY:更新证书：{holder} ")),
            "{text}"
        );
        let uid = format!("UID:{}@ukey-station\r\n", item["serial"].as_str().unwrap());
        assert!(text.contains(&uid), "{text}");
    }
    let wrong = out("due.doc");
    let refused = list(&["--out", wrong.to_str().unwrap()]).expect(2);
    assert_eq!(refused.error_code(), "file-ending");
    assert!(!wrong.exists());
}
