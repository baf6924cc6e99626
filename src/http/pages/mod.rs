//! The pages for people: rendered here, complete without JavaScript.

mod disc;
pub mod errors;
pub mod forms;
pub mod frame;
pub mod home;
pub mod language;
pub mod library;
mod places;
pub mod search;
mod sentences;
mod view;
mod visible;
