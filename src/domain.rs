//! The words of the trade: pure data and rules. No I/O, clock, randomness or threads; text is
//! parsed at the edge into types that cannot hold a wrong value.

pub mod approval;
pub mod audit;
pub mod certificate;
pub mod certificate_order;
pub mod contact;
pub mod fault;
pub mod id;
pub mod identity_number;
pub mod key;
pub mod label;
pub mod officer;
pub mod person;
pub mod pin;
pub mod request;
pub mod superior;
pub mod timestamp;
pub mod token_profile;
pub mod ukey;
pub mod unit;
