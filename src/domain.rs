//! The words of the trade: pure data and rules. No I/O, clock, randomness or threads; text is
//! parsed at the edge into types that cannot hold a wrong value.

pub mod approval;
pub mod atr;
pub mod audit;
pub mod backup;
pub mod certificate;
pub mod certificate_order;
pub mod checkpoint;
pub mod contact;
pub mod fault;
pub mod field_fault;
pub mod forecast;
pub mod id;
pub mod identity_number;
pub mod key;
pub mod label;
pub mod name_index;
pub mod officer;
pub mod opinion;
pub mod person;
pub mod pin;
pub mod region;
pub mod request;
pub mod request_draft;
pub mod request_state;
pub mod retention;
pub mod revocation_order;
pub mod scan;
pub mod school_type;
pub mod setting;
pub mod sign_in_proof;
pub mod stock;
pub mod stock_check;
pub mod superior;
pub mod tally;
pub mod text;
pub mod timestamp;
pub mod token_profile;
pub mod two_officers;
pub mod ukey;
pub mod unit;
pub mod unit_code;

mod table;
