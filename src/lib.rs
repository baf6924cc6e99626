//! disk2iso
pub mod cli;
pub mod domain;
pub mod filesystems;
pub mod imaging;
pub mod optical;
