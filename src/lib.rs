//! disk2iso
pub mod supervision;
