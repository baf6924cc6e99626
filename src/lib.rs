//! disk2iso
pub mod domain;
pub mod filesystems;
pub mod optical;
