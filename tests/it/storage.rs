//! The database layer, every test on SQLite and on PostgreSQL.

mod access;
mod batches;
mod event_log;
mod fixtures;
mod library;
mod lists;
mod migrations;
mod queue;
mod records;
mod results;
mod scale;
mod transactions;
