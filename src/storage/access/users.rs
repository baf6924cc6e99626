//! Accounts.

use crate::{
    domain::access::{Role, name_key},
    storage::{Connection, StorageError, convert, schema::users},
};
use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;

/// An account as stored.
#[derive(Debug, Clone, PartialEq)]
pub struct User {
    /// UUIDv7.
    pub id: String,
    /// As its owner writes it.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// Argon2id as PHC text; none: the owner has not chosen a password yet.
    pub password: Option<String>,
    /// Seed of the one-time codes in base 32.
    pub totp: Option<String>,
    /// The last step whose code was used.
    pub totp_step: i64,
    /// Hashes of the recovery codes that are left.
    pub recovery: Vec<String>,
    /// What forms carry where a proxy signs people in.
    pub stamp: String,
    /// `en`, `de`, or as the browser prefers.
    pub language: Option<String>,
    /// Cannot sign in, and nothing of it opens the door.
    pub blocked: bool,
    /// Wrong passwords and codes since the last time that it worked.
    pub failures: u32,
    /// Nothing is tried before.
    pub locked_until: Option<DateTime<Utc>>,
    /// Made.
    pub created_at: DateTime<Utc>,
    /// Changed.
    pub updated_at: DateTime<Utc>,
    /// Signed in last.
    pub seen_at: Option<DateTime<Utc>>,
}

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = users, treat_none_as_null = true)]
struct Row {
    id: String,
    name: String,
    name_key: String,
    role: String,
    password: Option<String>,
    totp: Option<String>,
    totp_step: i64,
    recovery: String,
    stamp: String,
    language: Option<String>,
    blocked: bool,
    failures: i64,
    locked_until: Option<NaiveDateTime>,
    created_at: NaiveDateTime,
    updated_at: NaiveDateTime,
    seen_at: Option<NaiveDateTime>,
}

/// All accounts, by name.
///
/// # Errors
/// [`StorageError`] if the database fails.
pub fn list(connection: &mut Connection) -> Result<Vec<User>, StorageError> {
    let rows: Vec<Row> = users::table.order(users::name_key).select(Row::as_select()).load(connection)?;
    rows.into_iter().map(User::try_from).collect()
}

/// Whether there is any account.
///
/// # Errors
/// [`StorageError`] if the database fails.
pub fn any(connection: &mut Connection) -> Result<bool, StorageError> {
    let first: Option<String> = users::table.select(users::id).first(connection).optional()?;
    Ok(first.is_some())
}

/// One account.
///
/// # Errors
/// [`StorageError::NotFound`], or another if the database fails.
pub fn get(connection: &mut Connection, id: &str) -> Result<User, StorageError> {
    let row: Row = users::table.filter(users::id.eq(id)).select(Row::as_select()).first(connection)?;
    User::try_from(row)
}

/// The account of this name, in whatever case it is written.
///
/// # Errors
/// [`StorageError`] if the database fails.
pub fn by_name(connection: &mut Connection, name: &str) -> Result<Option<User>, StorageError> {
    let key = name_key(name);
    let row: Option<Row> = users::table.filter(users::name_key.eq(key)).select(Row::as_select()).first(connection).optional()?;
    row.map(User::try_from).transpose()
}

/// Stores a new account. Inside [`crate::storage::Db::write`].
///
/// # Errors
/// [`StorageError::Unique`] if the name is taken, or another if the database fails.
pub fn insert(connection: &mut Connection, user: &User) -> Result<(), StorageError> {
    diesel::insert_into(users::table).values(&Row::try_from(user)?).execute(connection)?;
    Ok(())
}

/// Stores a known account. Inside [`crate::storage::Db::write`].
///
/// # Errors
/// [`StorageError::NotFound`], [`StorageError::Unique`] if the name is taken, or another if the database fails.
pub fn update(connection: &mut Connection, user: &User) -> Result<(), StorageError> {
    let row = Row::try_from(user)?;
    match diesel::update(users::table.filter(users::id.eq(&user.id))).set(&row).execute(connection)? {
        0 => Err(StorageError::NotFound),
        _ => Ok(()),
    }
}

/// Removes an account with its sessions, tokens and links. Inside [`crate::storage::Db::write`].
///
/// # Errors
/// [`StorageError::NotFound`], or another if the database fails.
pub fn delete(connection: &mut Connection, id: &str) -> Result<(), StorageError> {
    match diesel::delete(users::table.filter(users::id.eq(id))).execute(connection)? {
        0 => Err(StorageError::NotFound),
        _ => Ok(()),
    }
}

/// How many administrators can sign in, not counting this account.
///
/// # Errors
/// [`StorageError`] if the database fails.
pub fn other_admins(connection: &mut Connection, id: &str) -> Result<i64, StorageError> {
    let admins = users::table.filter(users::role.eq(Role::Admin.as_str())).filter(users::blocked.eq(false));
    Ok(admins.filter(users::id.ne(id)).filter(users::password.is_not_null()).count().get_result(connection)?)
}

impl TryFrom<&User> for Row {
    type Error = StorageError;
    fn try_from(user: &User) -> Result<Self, StorageError> {
        Ok(Self {
            id: user.id.clone(),
            name: convert::text(&user.name),
            name_key: name_key(&user.name),
            role: user.role.as_str().to_owned(),
            password: user.password.clone(),
            totp: user.totp.clone(),
            totp_step: user.totp_step,
            recovery: convert::json("recovery codes", &user.recovery)?,
            stamp: user.stamp.clone(),
            language: user.language.clone(),
            blocked: user.blocked,
            failures: i64::from(user.failures),
            locked_until: user.locked_until.map(convert::time),
            created_at: convert::time(user.created_at),
            updated_at: convert::time(user.updated_at),
            seen_at: user.seen_at.map(convert::time),
        })
    }
}

impl TryFrom<Row> for User {
    type Error = StorageError;
    fn try_from(row: Row) -> Result<Self, StorageError> {
        Ok(Self {
            id: row.id,
            name: row.name,
            role: convert::from_word("role", &row.role)?,
            password: row.password,
            totp: row.totp,
            totp_step: row.totp_step,
            recovery: convert::from_json("recovery codes", &row.recovery)?,
            stamp: row.stamp,
            language: row.language,
            blocked: row.blocked,
            failures: convert::unsigned("failures", row.failures)?,
            locked_until: row.locked_until.map(convert::utc),
            created_at: convert::utc(row.created_at),
            updated_at: convert::utc(row.updated_at),
            seen_at: row.seen_at.map(convert::utc),
        })
    }
}
