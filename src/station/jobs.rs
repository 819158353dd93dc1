//! One file for each job of the desk.

pub mod approvals;
pub mod audit;
pub mod ca;
pub mod ca_certificate;
pub mod certificates;
pub mod change_pin;
pub mod clock_check;
pub mod doctor;
pub mod enrolment;
pub mod exchange;
pub mod hand_out;
pub mod init;
pub mod officers;
pub mod papers;
pub mod people;
pub mod personalise;
pub mod practice;
pub mod profiles;
pub mod purge;
pub mod request_view;
pub mod requests;
pub mod review;
pub mod slips;
pub mod trust;
pub mod ukeys;
pub mod units;
