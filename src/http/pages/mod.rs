//! The pages for people: rendered here, complete without JavaScript.

pub mod assistant;
pub mod dashboard;
mod disc;
pub mod errors;
pub mod forms;
pub mod frame;
pub mod language;
mod places;
pub mod search;
mod sentences;
pub mod settings;
pub mod system;
mod view;
