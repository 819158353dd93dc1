//! Paper and sheets: values in, bytes out.

mod font;
mod page;
mod table;

pub mod dispatch_note;
pub mod form;
pub mod loss_report;
pub mod pin_letter;
pub mod sheet;
pub mod slip;
pub mod stock_check;

pub use font::Font;
pub use page::PaperError;
