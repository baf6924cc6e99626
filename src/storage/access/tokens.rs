//! API tokens.

use crate::{
    domain::access::Scope,
    storage::{Connection, StorageError, convert, schema::tokens},
};
use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;

/// A token as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Public.
    pub id: String,
    /// Account that it speaks for.
    pub user_id: String,
    /// What its owner calls it.
    pub name: String,
    /// SHA-256 of the token.
    pub secret: String,
    /// What it may do at most.
    pub scope: Scope,
    /// Made.
    pub created_at: DateTime<Utc>,
    /// Over at this time; none: never.
    pub expires_at: Option<DateTime<Utc>>,
    /// Used last, give or take a minute.
    pub used_at: Option<DateTime<Utc>>,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = tokens)]
struct Row {
    id: String,
    user_id: String,
    name: String,
    secret: String,
    scope: String,
    created_at: NaiveDateTime,
    expires_at: Option<NaiveDateTime>,
    used_at: Option<NaiveDateTime>,
}

/// The token with this hash.
///
/// # Errors
/// [`StorageError`] if the database fails.
pub fn by_secret(connection: &mut Connection, secret: &str) -> Result<Option<Token>, StorageError> {
    let row: Option<Row> =
        tokens::table.filter(tokens::secret.eq(secret)).select(Row::as_select()).first(connection).optional()?;
    row.map(Token::try_from).transpose()
}

/// One token.
///
/// # Errors
/// [`StorageError::NotFound`], or another if the database fails.
pub fn get(connection: &mut Connection, id: &str) -> Result<Token, StorageError> {
    let row: Row = tokens::table.filter(tokens::id.eq(id)).select(Row::as_select()).first(connection)?;
    Token::try_from(row)
}

/// The tokens of an account, newest first.
///
/// # Errors
/// [`StorageError`] if the database fails.
pub fn of_user(connection: &mut Connection, user: &str) -> Result<Vec<Token>, StorageError> {
    let query = tokens::table.filter(tokens::user_id.eq(user)).order((tokens::created_at.desc(), tokens::id));
    let rows: Vec<Row> = query.select(Row::as_select()).load(connection)?;
    rows.into_iter().map(Token::try_from).collect()
}

/// Stores a new token. Inside [`crate::storage::Db::write`].
///
/// # Errors
/// [`StorageError`] if the database fails.
pub fn insert(connection: &mut Connection, token: &Token) -> Result<(), StorageError> {
    let row = Row {
        id: token.id.clone(),
        user_id: token.user_id.clone(),
        name: convert::text(&token.name),
        secret: token.secret.clone(),
        scope: token.scope.as_str().to_owned(),
        created_at: convert::time(token.created_at),
        expires_at: token.expires_at.map(convert::time),
        used_at: token.used_at.map(convert::time),
    };
    diesel::insert_into(tokens::table).values(&row).execute(connection)?;
    Ok(())
}

/// Says that a token was used. Inside [`crate::storage::Db::write`].
///
/// # Errors
/// [`StorageError`] if the database fails.
pub fn used(connection: &mut Connection, id: &str, at: DateTime<Utc>) -> Result<(), StorageError> {
    diesel::update(tokens::table.filter(tokens::id.eq(id))).set(tokens::used_at.eq(convert::time(at))).execute(connection)?;
    Ok(())
}

/// Revokes a token of an account. Inside [`crate::storage::Db::write`].
///
/// # Errors
/// [`StorageError::NotFound`], or another if the database fails.
pub fn delete(connection: &mut Connection, user: &str, id: &str) -> Result<(), StorageError> {
    let one = tokens::table.filter(tokens::id.eq(id)).filter(tokens::user_id.eq(user));
    match diesel::delete(one).execute(connection)? {
        0 => Err(StorageError::NotFound),
        _ => Ok(()),
    }
}

impl TryFrom<Row> for Token {
    type Error = StorageError;
    fn try_from(row: Row) -> Result<Self, StorageError> {
        Ok(Self {
            id: row.id,
            user_id: row.user_id,
            name: row.name,
            secret: row.secret,
            scope: convert::from_word("scope", &row.scope)?,
            created_at: convert::utc(row.created_at),
            expires_at: row.expires_at.map(convert::utc),
            used_at: row.used_at.map(convert::utc),
        })
    }
}
