//! disk2iso
pub mod domain;
