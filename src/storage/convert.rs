//! Between the domain's types and the few types that columns have.

use super::error::StorageError;
use chrono::{DateTime, NaiveDateTime, SubsecRound, TimeZone, Utc};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use std::str::FromStr;

/// A time as stored: UTC, cut to microseconds, and within the years that both databases write with four digits.
pub(super) fn time(at: DateTime<Utc>) -> NaiveDateTime {
    let first = Utc.with_ymd_and_hms(1, 1, 1, 0, 0, 0).single().unwrap_or(DateTime::UNIX_EPOCH);
    let last = Utc.with_ymd_and_hms(9999, 12, 31, 23, 59, 59).single().unwrap_or(DateTime::UNIX_EPOCH);
    at.clamp(first, last).trunc_subsecs(6).naive_utc()
}

/// A stored time.
pub(super) fn utc(at: NaiveDateTime) -> DateTime<Utc> {
    at.and_utc()
}

/// A size or counter as stored.
pub(super) fn signed(what: &str, number: u64) -> Result<i64, StorageError> {
    i64::try_from(number).map_err(|_| StorageError::Invalid(format!("{what} {number} is beyond 63 bits")))
}

/// A stored size or counter.
pub(super) fn unsigned<T: TryFrom<i64>>(what: &str, number: i64) -> Result<T, StorageError> {
    T::try_from(number).map_err(|_| StorageError::Corrupt(format!("{what} is {number}")))
}

/// An id as stored, back from its text.
pub(super) fn parsed<T: FromStr>(what: &str, text: &str) -> Result<T, StorageError> {
    text.parse().map_err(|_| StorageError::Corrupt(format!("{what} is {text:?}")))
}

/// JSON text of a value.
pub(super) fn json<T: Serialize>(what: &str, value: &T) -> Result<String, StorageError> {
    serde_json::to_string(value).map_err(|error| StorageError::Invalid(format!("{what}: {error}")))
}

/// A value from its JSON text.
pub(super) fn from_json<T: DeserializeOwned>(what: &str, text: &str) -> Result<T, StorageError> {
    serde_json::from_str(text).map_err(|error| StorageError::Corrupt(format!("{what}: {error}")))
}

/// The fields of a state, one per column. Serde already knows their words, so no second list of them can drift away.
pub(super) fn fields<T: Serialize>(what: &str, state: &T) -> Result<Value, StorageError> {
    serde_json::to_value(state).map_err(|error| StorageError::Invalid(format!("{what}: {error}")))
}

/// One of those fields, as text.
pub(super) fn field(fields: &Value, name: &str) -> Option<String> {
    fields.get(name).and_then(Value::as_str).map(str::to_owned)
}

/// A state from its fields.
pub(super) fn from_fields<T: DeserializeOwned>(what: &str, fields: Value) -> Result<T, StorageError> {
    serde_json::from_value(fields).map_err(|error| StorageError::Corrupt(format!("{what}: {error}")))
}

/// An enum from its word.
pub(super) fn from_word<T: DeserializeOwned>(what: &str, word: &str) -> Result<T, StorageError> {
    from_fields(what, Value::String(word.to_owned()))
}

/// Text as stored: PostgreSQL has no NUL character in text.
pub(super) fn text(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

/// A key to sort by: lower case, and short enough for every index and cursor.
pub(super) fn sort_key(raw: &str) -> String {
    normalised(&raw.chars().take(200).collect::<String>())
}

/// Text as it is searched and sorted: lower case by Unicode's rules (SQLite's own `lower` knows ASCII only).
pub(super) fn normalised(raw: &str) -> String {
    text(raw).to_lowercase()
}
