//! disk2iso
pub mod domain;
pub mod optical;
