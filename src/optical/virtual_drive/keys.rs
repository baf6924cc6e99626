//! Keys of a TOML table, with messages that name key, value and what is allowed.

use toml::{Table, Value};

/// A table and where it stands in the file, for messages.
pub(super) struct Keys<'a> {
    /// The table.
    pub(super) table: &'a Table,
    /// What stands before its keys in messages, for example `fault[0].`.
    pub(super) place: &'a str,
}

impl Keys<'_> {
    /// Refuses keys that are not `allowed`.
    pub(super) fn only(&self, allowed: &[&str]) -> Result<(), String> {
        match self.table.iter().find(|(key, _)| !allowed.contains(&key.as_str())) {
            Some((key, value)) => {
                Err(format!("unknown key {}{key} = {}: allowed are {}", self.place, short(value), allowed.join(", ")))
            }
            None => Ok(()),
        }
    }

    /// A whole number, if the key is there.
    pub(super) fn number(&self, key: &str, min: i64, max: i64) -> Result<Option<u64>, String> {
        match self.table.get(key) {
            None => Ok(None),
            Some(Value::Integer(number)) if (min..=max).contains(number) => Ok(u64::try_from(*number).ok()),
            Some(other) => Err(format!("{}{key} = {}: allowed are whole numbers from {min} to {max}", self.place, short(other))),
        }
    }

    /// `true` or `false`; a key that is not there is `false`.
    pub(super) fn flag(&self, key: &str) -> Result<bool, String> {
        match self.table.get(key) {
            None => Ok(false),
            Some(Value::Boolean(flag)) => Ok(*flag),
            Some(other) => Err(format!("{}{key} = {}: allowed are true and false", self.place, short(other))),
        }
    }
}

/// A value as it may stand in a one-line message.
pub(super) fn short(value: &Value) -> String {
    let text: String = value.to_string().chars().filter(|c| !c.is_control()).take(60).collect();
    text
}
