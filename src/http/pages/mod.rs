//! The pages for people: rendered here, complete without JavaScript.

pub mod assistant;
pub mod account;
pub mod dashboard;
mod disc;
pub mod drives;
pub mod errors;
mod fields;
pub mod forms;
pub mod frame;
pub mod job;
pub mod language;
mod options;
mod places;
pub mod search;
mod sentences;
pub mod settings;
pub mod system;
pub mod set_up;
pub mod sign_in;
pub mod users;
mod reasons;
mod view;
