//! Cursors: where a page ended. Opaque to clients, and checked, because clients send what they like.

use super::{error::StorageError, list::Sort};
use chrono::NaiveDateTime;

/// Format of times inside cursors.
const TIME: &str = "%Y-%m-%dT%H:%M:%S%.6f";
/// Longer texts are not ours.
const MAX: usize = 4096;

/// Value of the column that a list is sorted by.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Key {
    Text(String),
    Int(i64),
    Time(NaiveDateTime),
}

/// The last row of a page.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Cursor {
    pub key: Key,
    pub number: i64,
}

impl Cursor {
    /// `1.<sort>.<number>.<type><key in hex>`: only characters that need no escaping in a URL.
    pub(super) fn to_text(&self, sort: &Sort) -> String {
        let (tag, key) = match &self.key {
            Key::Text(text) => ('t', text.clone()),
            Key::Int(number) => ('i', number.to_string()),
            Key::Time(at) => ('d', at.format(TIME).to_string()),
        };
        let key: String = key.bytes().map(|byte| format!("{byte:02x}")).collect();
        format!("1.{sort}.{}.{tag}{key}", self.number)
    }

    /// Reads what [`Cursor::to_text`] wrote for the same order; `like` is any key of the right type.
    pub(super) fn parse(text: &str, sort: &Sort, like: &Key) -> Result<Self, StorageError> {
        let bad = || StorageError::Invalid("cursor is not one that this list gave out".to_owned());
        if text.len() > MAX {
            return Err(bad());
        }
        let rest = text.strip_prefix("1.").ok_or_else(bad)?;
        let (order, rest) = rest.split_once('.').ok_or_else(bad)?;
        if order != sort.to_string() {
            return Err(StorageError::Invalid(format!("cursor belongs to another order than {sort}")));
        }
        let (number, key) = rest.split_once('.').ok_or_else(bad)?;
        let number = number.parse().map_err(|_| bad())?;
        let mut chars = key.chars();
        let (tag, hex) = (chars.next(), chars.as_str());
        let key = text_from_hex(hex).ok_or_else(bad)?;
        let key = match (tag, like) {
            (Some('t'), Key::Text(_)) if !key.contains('\0') => Key::Text(key),
            (Some('i'), Key::Int(_)) => Key::Int(key.parse().map_err(|_| bad())?),
            (Some('d'), Key::Time(_)) => {
                let at = NaiveDateTime::parse_from_str(&key, TIME).map_err(|_| bad())?;
                Key::Time(super::convert::time(at.and_utc()))
            }
            _ => return Err(bad()),
        };
        Ok(Self { key, number })
    }
}

fn text_from_hex(hex: &str) -> Option<String> {
    let digits: Vec<u8> =
        hex.chars().map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok())).collect::<Option<_>>()?;
    let (pairs, []) = digits.as_chunks::<2>() else { return None };
    String::from_utf8(pairs.iter().map(|[high, low]| high << 4 | low).collect()).ok()
}
