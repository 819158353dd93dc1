//! One file for each job of the desk.

pub mod approvals;
pub mod audit;
pub mod ca;
pub mod certificates;
pub mod doctor;
pub mod forms;
pub mod hand_out;
pub mod people;
pub mod personalise;
pub mod practice;
pub mod profiles;
pub mod requests;
pub mod sheets;
pub mod slips;
pub mod ukeys;
