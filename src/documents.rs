//! Paper and sheets: values in, bytes out.

mod font;
mod page;
mod record;
mod table;

pub mod calendar;
pub mod destruction;
pub mod dispatch_note;
pub mod evidence;
pub mod form;
pub mod loss_report;
pub mod manual;
pub mod pin_letter;
pub mod recovery_share;
pub mod sheet;
pub mod slip;
pub mod stock_check;

pub use font::Font;
pub use page::PaperError;
pub use record::moment;
