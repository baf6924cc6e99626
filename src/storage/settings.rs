//! Settings that people change while the service runs: JSON values by key.

use super::{Connection, StorageError, convert, schema::settings::dsl};
use diesel::prelude::*;
use serde_json::Value;
use std::collections::BTreeMap;

/// The value of a setting, if it was ever set.
///
/// # Errors
/// [`StorageError`] if the database fails.
pub fn get(connection: &mut Connection, key: &str) -> Result<Option<Value>, StorageError> {
    let text: Option<String> = dsl::settings.filter(dsl::key.eq(key)).select(dsl::value).first(connection).optional()?;
    text.map(|text| convert::from_json("setting", &text)).transpose()
}

/// Sets a setting. Inside [`super::Db::write`].
///
/// # Errors
/// [`StorageError`] if the database fails.
pub fn set(connection: &mut Connection, key: &str, value: &Value) -> Result<(), StorageError> {
    let text = convert::json("setting", value)?;
    // Writers never overlap, so "update, else insert" is safe, and it is the same on both databases.
    let changed = diesel::update(dsl::settings.filter(dsl::key.eq(key))).set(dsl::value.eq(&text)).execute(connection)?;
    if changed == 0 {
        diesel::insert_into(dsl::settings).values((dsl::key.eq(key), dsl::value.eq(&text))).execute(connection)?;
    }
    Ok(())
}

/// All settings.
///
/// # Errors
/// [`StorageError`] if the database fails.
pub fn all(connection: &mut Connection) -> Result<BTreeMap<String, Value>, StorageError> {
    let rows: Vec<(String, String)> = dsl::settings.select((dsl::key, dsl::value)).load(connection)?;
    rows.into_iter().map(|(key, text)| Ok((key, convert::from_json("setting", &text)?))).collect()
}
