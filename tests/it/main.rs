//! Integration tests: one binary, modules mirror `src/`.
#![allow(clippy::unwrap_used, reason = "a test that cannot unwrap has failed")]
#![allow(missing_docs, reason = "a test's name is the sentence it proves")]

mod filesystems;
mod imaging;
mod optical;
