//! Tallies (汇总, D-33) and what is reckoned from the same numbers: the forecast (D-32) and the
//! countdown to the deadlines (D-5).

mod deadlines;
mod forecast;
mod receive;
mod scans;
mod send;
mod view;

pub(super) use self::deadlines::countdown;
pub use self::deadlines::{Deadline, Deadlines, PersonWithout, deadlines};
pub use self::forecast::{Forecast, UnitForecast, forecast};
pub use self::receive::{Received, receive};
pub use self::scans::{DueScan, due_scans, purge_scans, scans, write_scan};
pub use self::send::{Sent, send};
pub use self::view::{Merged, MergedUnit, merged, write_sheet};
