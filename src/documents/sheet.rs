//! Sheets in and out: XLSX, XLS and CSV. Bytes in, typed rows and faults out, and back; opens no
//! file and knows no records.

mod cell;
mod codes;
mod csv_text;
mod error;
mod grid;
mod guard;
mod read;
mod table;
mod write;

pub mod renewals;
pub mod requests;
pub mod stock;
pub mod tally;
pub mod units;

pub use cell::CellProblem;
pub use error::SheetError;
pub use table::CellFault;
pub use write::{Heading, NotWritten, list};

#[cfg(test)]
mod tests;
