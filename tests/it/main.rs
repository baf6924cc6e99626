//! The integration tests: one binary, modules mirror `src/`.
#![allow(clippy::unwrap_used, missing_docs)]

mod storage;
mod support;
