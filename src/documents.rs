//! Paper: values in, bytes out.

mod page;

pub mod pin_letter;
pub mod slip;

pub use page::{Font, PaperError};
