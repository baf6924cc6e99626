//! One binary for all integration tests: linking several would cost more than running them.

#[path = "../architecture.rs"]
mod architecture;
mod filesystems;
mod http;
mod optical;
mod promises;
mod storage;
mod supervision;
mod support;
