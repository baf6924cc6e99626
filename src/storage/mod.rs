//! The database: SQLite or PostgreSQL, chosen by URL at run time. The only place that knows Diesel and SQL.
//!
//! * [`Db`] is the pool. [`Db::read`] gives a closure one consistent, read-only snapshot; [`Db::write`] one transaction that
//!   no other writer overlaps. A state and its event belong into one `write`.
//! * [`jobs`], [`isos`], [`drives`], [`drive_settings`], [`drive_stats`], [`media`], [`settings`], [`access`] hold one aggregate each: a record, and functions that take the
//!   [`Connection`] the closure was given.
//! * [`events`] is the log. It is also the system log and audit trail of the original plan: its `logs` table's columns are
//!   `id` → `seq`, `job_uuid` → `job_id`, `level`, `message`, `details` → `payload`, `timestamp` → `at`.
//! * What differs between the databases is in `dialect.rs` and in the two folders below `migrations/`, nowhere else.
//!
//! Ids are UUIDv7 text, times UTC cut to microseconds, JSON is text, sizes are 64-bit. Nothing here reads the clock.

mod connection;
mod convert;
mod cursor;
mod db;
mod dialect;
mod error;
mod list;
mod migrations;
mod queue;
mod schema;
mod url;

pub mod access;
pub mod batches;
pub mod drive_settings;
pub mod drive_stats;
pub mod drives;
pub mod events;
pub mod isos;
pub mod jobs;
pub mod media;
pub mod settings;

pub use connection::AnyConnection as Connection;
pub use db::Db;
pub use error::StorageError;
pub use list::{MAX_LIMIT, Page, Sort};
pub use url::{DatabaseUrl, DatabaseUrlError};
