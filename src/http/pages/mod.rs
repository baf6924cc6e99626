//! The pages for people: rendered here, complete without JavaScript.

pub mod dashboard;
mod disc;
pub mod drives;
pub mod errors;
mod fields;
pub mod forms;
pub mod frame;
pub mod language;
mod options;
mod places;
pub mod search;
mod sentences;
mod view;
