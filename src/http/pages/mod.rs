//! The pages for people: rendered here, complete without JavaScript.

pub mod dashboard;
mod disc;
pub mod errors;
pub mod forms;
pub mod frame;
pub mod job;
pub mod language;
mod places;
pub mod search;
mod sentences;
mod view;
