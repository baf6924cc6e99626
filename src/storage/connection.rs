//! One connection to either database, and how the pool makes it.
// The derive below writes public items that nobody can document.
#![allow(missing_docs)]

use super::url::{DatabaseUrl, Target};
use diesel::{
    connection::SimpleConnection,
    pg::PgConnection,
    prelude::*,
    r2d2::{Error, R2D2Connection},
    sqlite::SqliteConnection,
};

/// A connection to one of the two databases; the functions of the storage modules take it.
#[derive(diesel::MultiConnection)]
pub enum AnyConnection {
    /// PostgreSQL.
    Pg(PgConnection),
    /// SQLite.
    Sqlite(SqliteConnection),
}

/// Makes and checks connections for the pool. Diesel's own manager would try one database after the other.
pub(super) struct Manager(pub DatabaseUrl);

/// The waiting time comes first, because the others need locks themselves. `synchronous=FULL` makes a commit survive a power
/// failure, which NORMAL does not in WAL mode. The page cache is 1 MiB: there may be several connections.
const SQLITE_SETUP: &str = "PRAGMA busy_timeout = 10000;
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA foreign_keys = ON;
    PRAGMA cache_size = -1024;
    PRAGMA journal_size_limit = 16777216;";

/// A session that hangs inside a transaction would hold the writers' lock for every node, so the server ends it.
const POSTGRES_SETUP: &str = "SET TIME ZONE 'UTC'; SET synchronous_commit = 'on';
    SET application_name = 'disk2iso';
    SET client_min_messages = warning;
    SET statement_timeout = '30s';
    SET idle_in_transaction_session_timeout = '60s';";

impl r2d2::ManageConnection for Manager {
    type Connection = AnyConnection;
    type Error = Error;

    fn connect(&self) -> Result<AnyConnection, Error> {
        let mut connection = match &self.0.0 {
            Target::Sqlite(path) => AnyConnection::Sqlite(SqliteConnection::establish(path).map_err(Error::ConnectionError)?),
            Target::Postgres(url) => AnyConnection::Pg(PgConnection::establish(url).map_err(Error::ConnectionError)?),
        };
        let setup = if matches!(connection, AnyConnection::Sqlite(_)) { SQLITE_SETUP } else { POSTGRES_SETUP };
        connection.batch_execute(setup).map_err(Error::QueryError)?;
        Ok(connection)
    }

    fn is_valid(&self, connection: &mut AnyConnection) -> Result<(), Error> {
        connection.ping().map_err(Error::QueryError)
    }

    /// A panicking thread, an open transaction or a failed roll-back: such a connection is closed and not reused.
    fn has_broken(&self, connection: &mut AnyConnection) -> bool {
        std::thread::panicking() || connection.is_broken()
    }
}
