//! Appointments as a calendar file (iCalendar, RFC 5545): a whole-day entry each.

use icalendar::{Calendar, Component as _, Event, Property};

use super::sheet::renewals::Renewal;
use crate::domain::timestamp::Timestamp;

/// The calendar. `name` is what a calendar program shows, `subject` what stands before each holder.
pub fn write(renewals: &[Renewal], (name, subject): (&str, &str), made: Timestamp) -> String {
    let mut calendar = Calendar::new();
    calendar.name(name);
    let stamp = compact(&made.to_string());
    for renewal in renewals {
        let mut event = Event::new();
        // The same entry again replaces the one before.
        event
            .uid(&format!("{}@ukey-station", renewal.certificate))
            .append_property(Property::new("DTSTAMP", &stamp))
            .append_property(day("DTSTART", &renewal.appointment))
            .summary(&format!("{subject}{} {}", renewal.holder, renewal.unit))
            .description(&format!(
                "{}\nukey {}\n{}",
                renewal.number, renewal.ukey, renewal.ends
            ));
        calendar.push(event.done());
    }
    calendar.to_string()
}

/// `2027-01-06` as the DATE of RFC 5545: `20270106`.
fn day(name: &str, date: &str) -> Property {
    let mut property = Property::new(name, compact(date));
    property.add_parameter("VALUE", "DATE");
    property.done()
}

fn compact(text: &str) -> String {
    text.chars().filter(|c| !"-:".contains(*c)).collect()
}
