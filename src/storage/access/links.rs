//! One-time links: the one that makes the first account, and those with which people choose a password.

use crate::storage::{Connection, StorageError, convert, schema::links};
use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;

/// What a link is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Purpose {
    /// Making the first account.
    SetUp,
    /// Choosing the password of this account.
    Password(String),
}

/// Makes a link, the only one for its purpose: those before it end. Inside [`crate::storage::Db::write`].
///
/// # Errors
/// [`StorageError`] if the database fails.
pub fn replace(
    connection: &mut Connection,
    secret: &str,
    purpose: &Purpose,
    now: DateTime<Utc>,
    expires: Option<DateTime<Utc>>,
) -> Result<(), StorageError> {
    end(connection, purpose)?;
    let user = match purpose {
        Purpose::SetUp => None,
        Purpose::Password(user) => Some(user),
    };
    let values = (
        links::secret.eq(secret),
        links::user_id.eq(user),
        links::created_at.eq(convert::time(now)),
        links::expires_at.eq(expires.map(convert::time)),
    );
    diesel::insert_into(links::table).values(values).execute(connection)?;
    Ok(())
}

/// What the link with this hash is for; none: there is no such link, or not any more.
///
/// # Errors
/// [`StorageError`] if the database fails.
pub fn find(connection: &mut Connection, secret: &str, now: DateTime<Utc>) -> Result<Option<Purpose>, StorageError> {
    let query = links::table.filter(links::secret.eq(secret)).select((links::user_id, links::expires_at));
    let found: Option<(Option<String>, Option<NaiveDateTime>)> = query.first(connection).optional()?;
    let good = found.filter(|(_, expires)| expires.is_none_or(|expires| convert::utc(expires) > now));
    Ok(good.map(|(user, _)| user.map_or(Purpose::SetUp, Purpose::Password)))
}

/// Ends the links for a purpose. Inside [`crate::storage::Db::write`].
///
/// # Errors
/// [`StorageError`] if the database fails.
pub fn end(connection: &mut Connection, purpose: &Purpose) -> Result<(), StorageError> {
    match purpose {
        Purpose::SetUp => diesel::delete(links::table.filter(links::user_id.is_null())).execute(connection)?,
        Purpose::Password(user) => diesel::delete(links::table.filter(links::user_id.eq(user))).execute(connection)?,
    };
    Ok(())
}
