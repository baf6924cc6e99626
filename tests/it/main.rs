//! One binary for all integration tests: linking several would cost more than running them. Modules mirror `src/`.
#![allow(clippy::unwrap_used, reason = "a test that cannot unwrap has failed")]
#![allow(missing_docs, reason = "a test's name is the sentence it proves")]

#[path = "../architecture.rs"]
mod architecture;
mod cli;
mod drives;
mod filesystems;
mod http;
mod imaging;
mod imaging_cd;
mod optical;
mod promises;
mod storage;
mod supervision;
mod support;
