//! Paper and sheets: values in, bytes out.

#[cfg(not(fuzzing))]
mod font;
#[cfg(not(fuzzing))]
mod page;
#[cfg(not(fuzzing))]
mod table;

#[cfg(not(fuzzing))]
pub mod form;
#[cfg(not(fuzzing))]
pub mod pin_letter;
pub mod sheet;
#[cfg(not(fuzzing))]
pub mod slip;

#[cfg(not(fuzzing))]
pub use font::Font;
#[cfg(not(fuzzing))]
pub use page::PaperError;
