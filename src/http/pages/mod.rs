//! The pages for people: rendered here, complete without JavaScript.

pub mod account;
pub mod assistant;
pub mod batches;
pub mod dashboard;
mod disc;
pub mod drives;
pub mod errors;
mod fields;
pub mod forms;
pub mod frame;
pub mod job;
pub mod language;
pub mod new_job;
mod options;
mod places;
mod reasons;
pub mod search;
mod sentences;
pub mod set_up;
pub mod settings;
pub mod sign_in;
pub mod system;
pub mod users;
mod view;
