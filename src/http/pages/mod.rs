//! The pages for people: rendered here, complete without JavaScript.

mod disc;
pub mod forms;
pub mod frame;
pub mod home;
mod sentences;
mod view;
