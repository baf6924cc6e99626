//! The pages for people: rendered here, complete without JavaScript.

pub mod dashboard;
pub mod drives;
mod fields;
pub mod forms;
pub mod frame;
mod options;
mod sentences;
mod view;
