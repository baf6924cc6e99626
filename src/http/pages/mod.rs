//! The pages for people: rendered here, complete without JavaScript.

pub mod forms;
pub mod frame;
pub mod home;
mod sentences;
pub mod set_up;
pub mod sign_in;
mod view;
