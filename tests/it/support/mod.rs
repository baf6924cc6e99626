//! What tests share.

pub mod databases;
pub mod disc;
pub mod service;
