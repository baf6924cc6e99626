//! The pages for people: rendered here, complete without JavaScript.

pub mod account;
pub mod api_docs;
pub mod assistant;
pub mod batches;
pub mod dashboard;
mod disc;
pub mod drives;
pub mod errors;
mod fields;
pub mod frame;
pub mod job;
pub mod jobs;
pub mod language;
pub mod library;
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
mod visible;
