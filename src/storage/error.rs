//! What can go wrong in the database, in terms that decide what to do about it.

use diesel::result::{DatabaseErrorKind, Error as DieselError};

/// Why a database operation failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StorageError {
    /// There is no such row.
    #[error("not found")]
    NotFound,
    /// Somebody else changed it meanwhile: read it again and decide again.
    #[error("conflict: {0}")]
    Conflict(String),
    /// The value of this column is taken by another row.
    #[error("{0} is taken already")]
    Unique(String),
    /// The caller asked for something impossible (a cursor nobody gave out, an unknown sort order, a number beyond 63 bits).
    #[error("{0}")]
    Invalid(String),
    /// The database cannot be reached, is busy, full or read-only; may pass.
    #[error("database unavailable: {0}")]
    Unavailable(String),
    /// The database holds something this program cannot have written.
    #[error("database corrupt: {0}")]
    Corrupt(String),
    /// The closure panicked; its transaction was rolled back.
    #[error("database operation panicked: {0}")]
    Panicked(String),
    /// Anything else.
    #[error("database error: {0}")]
    Other(String),
}

/// Columns with a unique rule, and the word that their rule carries on either database (PostgreSQL tells the index, SQLite
/// tells table and columns).
const UNIQUE: [&str; 6] = ["name_key", "media_session", "output_path", "filepath", "job_id", "id"];

impl From<DieselError> for StorageError {
    fn from(error: DieselError) -> Self {
        match error {
            DieselError::NotFound => Self::NotFound,
            DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, info) => {
                let rule = info.constraint_name().unwrap_or_else(|| info.message()).to_owned();
                let column = UNIQUE.iter().find(|column| rule.contains(*column));
                column.map_or_else(|| Self::Other(rule.clone()), |column| Self::Unique((*column).to_owned()))
            }
            DieselError::DatabaseError(DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand, info) => {
                Self::Unavailable(info.message().to_owned())
            }
            DieselError::DatabaseError(DatabaseErrorKind::SerializationFailure, info) => {
                Self::Conflict(info.message().to_owned())
            }
            DieselError::DatabaseError(_, info) => classify(info.message()),
            DieselError::DeserializationError(cause) => Self::Corrupt(cause.to_string()),
            DieselError::BrokenTransactionManager => Self::Unavailable("the connection is in an unknown state".to_owned()),
            other => Self::Other(other.to_string()),
        }
    }
}

/// Neither database gives a class for these, so their fixed texts decide.
fn classify(message: &str) -> StorageError {
    const PASSING: [&str; 9] = [
        "is locked",
        "disk is full",
        "disk I/O error",
        "readonly database",
        "unable to open database",
        "terminating connection",
        "No space left",
        "statement timeout",
        "lock timeout",
    ];
    const CORRUPT: [&str; 3] = ["malformed", "not a database", "invalid page"];
    if PASSING.iter().any(|text| message.contains(text)) {
        StorageError::Unavailable(message.to_owned())
    } else if CORRUPT.iter().any(|text| message.contains(text)) {
        StorageError::Corrupt(message.to_owned())
    } else {
        StorageError::Other(message.to_owned())
    }
}

impl From<r2d2::Error> for StorageError {
    fn from(error: r2d2::Error) -> Self {
        Self::Unavailable(error.to_string())
    }
}
