//! The pages for people: rendered here, complete without JavaScript.

pub mod forms;
pub mod frame;
pub mod home;
pub mod library;
mod sentences;
mod view;
mod visible;
