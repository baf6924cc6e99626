//! Who is signed in, and where.

use crate::storage::{Connection, StorageError, convert, schema::sessions};
use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;

/// A browser that is signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Public; the owner sees it in the list.
    pub id: String,
    /// Account.
    pub user_id: String,
    /// SHA-256 of the cookie's secret.
    pub secret: String,
    /// The one before the last rotation, while requests may still carry it.
    pub previous: Option<String>,
    /// Last rotation.
    pub rotated_at: DateTime<Utc>,
    /// What forms of this session carry.
    pub csrf: String,
    /// Signed in.
    pub created_at: DateTime<Utc>,
    /// Last request, give or take a minute.
    pub seen_at: DateTime<Utc>,
    /// Over at this time unless it is used before.
    pub expires_at: DateTime<Utc>,
    /// Where from, when it was seen last.
    pub address: String,
    /// What the browser calls itself.
    pub agent: String,
}

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = sessions, treat_none_as_null = true)]
struct Row {
    id: String,
    user_id: String,
    secret: String,
    previous: Option<String>,
    rotated_at: NaiveDateTime,
    csrf: String,
    created_at: NaiveDateTime,
    seen_at: NaiveDateTime,
    expires_at: NaiveDateTime,
    address: String,
    agent: String,
}

/// One session.
///
/// # Errors
/// [`StorageError::NotFound`], or another if the database fails.
pub fn get(connection: &mut Connection, id: &str) -> Result<Session, StorageError> {
    let row: Row = sessions::table.filter(sessions::id.eq(id)).select(Row::as_select()).first(connection)?;
    Ok(row.into())
}

/// The sessions of an account, the one that was used last first.
///
/// # Errors
/// [`StorageError`] if the database fails.
pub fn of_user(connection: &mut Connection, user: &str, now: DateTime<Utc>) -> Result<Vec<Session>, StorageError> {
    let query = sessions::table.filter(sessions::user_id.eq(user)).filter(sessions::expires_at.gt(convert::time(now)));
    let rows: Vec<Row> = query.order((sessions::seen_at.desc(), sessions::id)).select(Row::as_select()).load(connection)?;
    Ok(rows.into_iter().map(Session::from).collect())
}

/// Stores a new session and forgets those that are over. Inside [`crate::storage::Db::write`].
///
/// # Errors
/// [`StorageError`] if the database fails.
pub fn insert(connection: &mut Connection, session: &Session) -> Result<(), StorageError> {
    let over = sessions::table.filter(sessions::expires_at.le(convert::time(session.created_at)));
    diesel::delete(over).execute(connection)?;
    diesel::insert_into(sessions::table).values(&Row::from(session)).execute(connection)?;
    Ok(())
}

/// Stores a known session. Inside [`crate::storage::Db::write`].
///
/// # Errors
/// [`StorageError::NotFound`] if it was revoked meanwhile, or another if the database fails.
pub fn update(connection: &mut Connection, session: &Session) -> Result<(), StorageError> {
    let known = sessions::table.filter(sessions::id.eq(&session.id));
    match diesel::update(known).set(&Row::from(session)).execute(connection)? {
        0 => Err(StorageError::NotFound),
        _ => Ok(()),
    }
}

/// Ends a session of an account. Inside [`crate::storage::Db::write`].
///
/// # Errors
/// [`StorageError::NotFound`], or another if the database fails.
pub fn delete(connection: &mut Connection, user: &str, id: &str) -> Result<(), StorageError> {
    let one = sessions::table.filter(sessions::id.eq(id)).filter(sessions::user_id.eq(user));
    match diesel::delete(one).execute(connection)? {
        0 => Err(StorageError::NotFound),
        _ => Ok(()),
    }
}

/// Ends all sessions of an account but this one; how many. Inside [`crate::storage::Db::write`].
///
/// # Errors
/// [`StorageError`] if the database fails.
pub fn delete_others(connection: &mut Connection, user: &str, but: Option<&str>) -> Result<usize, StorageError> {
    let all = sessions::table.filter(sessions::user_id.eq(user)).filter(sessions::id.ne(but.unwrap_or_default()));
    Ok(diesel::delete(all).execute(connection)?)
}

/// Makes every session of an account get a new secret at its next request. Inside [`crate::storage::Db::write`].
///
/// # Errors
/// [`StorageError`] if the database fails.
pub fn rotate(connection: &mut Connection, user: &str) -> Result<(), StorageError> {
    let all = sessions::table.filter(sessions::user_id.eq(user));
    let values = (sessions::rotated_at.eq(convert::time(DateTime::UNIX_EPOCH)), sessions::previous.eq(None::<String>));
    diesel::update(all).set(values).execute(connection)?;
    Ok(())
}

impl From<&Session> for Row {
    fn from(session: &Session) -> Self {
        Self {
            id: session.id.clone(),
            user_id: session.user_id.clone(),
            secret: session.secret.clone(),
            previous: session.previous.clone(),
            rotated_at: convert::time(session.rotated_at),
            csrf: session.csrf.clone(),
            created_at: convert::time(session.created_at),
            seen_at: convert::time(session.seen_at),
            expires_at: convert::time(session.expires_at),
            address: convert::text(&session.address),
            agent: convert::text(&session.agent),
        }
    }
}

impl From<Row> for Session {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            user_id: row.user_id,
            secret: row.secret,
            previous: row.previous,
            rotated_at: convert::utc(row.rotated_at),
            csrf: row.csrf,
            created_at: convert::utc(row.created_at),
            seen_at: convert::utc(row.seen_at),
            expires_at: convert::utc(row.expires_at),
            address: row.address,
            agent: row.agent,
        }
    }
}
