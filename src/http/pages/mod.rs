//! The pages for people: rendered here, complete without JavaScript.

pub mod dashboard;
pub mod forms;
pub mod frame;
mod sentences;
mod view;
