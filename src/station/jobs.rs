//! One file for each job of the desk.

pub mod approvals;
pub mod audit;
pub mod ca;
pub mod certificates;
pub mod doctor;
pub mod hand_out;
pub mod papers;
pub mod people;
pub mod personalise;
pub mod practice;
pub mod profiles;
pub mod request_import;
pub mod request_view;
pub mod requests;
pub mod slips;
pub mod ukeys;
pub mod units;
