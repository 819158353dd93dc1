//! Card readers through PC/SC: tells who comes and goes. Connects to no card, so that looking changes
//! nothing (D-28); which ukey a card is, its module says.

mod ledger;
mod watch;

pub use ledger::{CardTrouble, ReaderEvent};
pub use watch::{ReaderWatch, Standing, standing};
