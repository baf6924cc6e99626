//! The page for people: rendered here, complete without JavaScript.

pub mod forms;
pub mod home;
mod sentences;
mod view;
