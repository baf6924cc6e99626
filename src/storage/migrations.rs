//! The embedded migrations: two folders with the same names, one per database.

use super::{connection::AnyConnection, dialect, error::StorageError};
use diesel::{Connection, backend::Backend, migration::MigrationSource};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use std::error::Error;

const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// Names of the migrations that are not applied yet, oldest first.
pub(super) fn pending(connection: &mut AnyConnection) -> Result<Vec<String>, StorageError> {
    match connection {
        AnyConnection::Sqlite(sqlite) => names(sqlite, SQLITE),
        AnyConnection::Pg(pg) => names(pg, POSTGRES),
    }
}

/// Applies what is pending, all or nothing on SQLite, one by one on PostgreSQL; returns the names.
pub(super) fn run(connection: &mut AnyConnection) -> Result<Vec<String>, StorageError> {
    locked(connection, |connection| {
        let names = pending(connection)?;
        match connection {
            AnyConnection::Sqlite(sqlite) => sqlite.run_pending_migrations(SQLITE).map(drop),
            AnyConnection::Pg(pg) => pg.run_pending_migrations(POSTGRES).map(drop),
        }
        .map_err(|error| failed(error.as_ref()))?;
        Ok(names)
    })
}

/// Undoes every migration, newest first; returns how many.
pub(super) fn undo(connection: &mut AnyConnection) -> Result<usize, StorageError> {
    locked(connection, |connection| {
        match connection {
            AnyConnection::Sqlite(sqlite) => sqlite.revert_all_migrations(SQLITE).map(|undone| undone.len()),
            AnyConnection::Pg(pg) => pg.revert_all_migrations(POSTGRES).map(|undone| undone.len()),
        }
        .map_err(|error| failed(error.as_ref()))
    })
}

fn locked<T>(
    connection: &mut AnyConnection,
    work: impl FnOnce(&mut AnyConnection) -> Result<T, StorageError>,
) -> Result<T, StorageError> {
    dialect::lock_migrations(connection)?;
    let result = match connection {
        AnyConnection::Sqlite(_) => {
            dialect::begin_write(connection)?;
            match work(connection) {
                Ok(value) => dialect::commit(connection).map(|()| value),
                Err(error) => dialect::rollback(connection).and(Err(error)),
            }
        }
        AnyConnection::Pg(_) => work(connection),
    };
    dialect::unlock_migrations(connection)?;
    result
}

fn names<C>(connection: &mut C, source: EmbeddedMigrations) -> Result<Vec<String>, StorageError>
where
    C: Connection + MigrationHarness<C::Backend>,
    C::Backend: Backend + 'static,
    EmbeddedMigrations: MigrationSource<C::Backend>,
{
    let pending = connection.pending_migrations(source).map_err(|error| failed(error.as_ref()))?;
    Ok(pending.iter().map(|migration| migration.name().to_string()).collect())
}

fn failed(error: &(dyn Error + Send + Sync)) -> StorageError {
    StorageError::Other(format!("migration: {error}"))
}
