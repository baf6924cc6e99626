//! Every statement that is not the same on both databases.

use super::{
    connection::{AnyConnection, MultiBackend},
    error::StorageError,
};
use diesel::{
    connection::{AnsiTransactionManager, SimpleConnection, TransactionManager},
    prelude::*,
    query_builder::{BoxedSqlQuery, SqlQuery},
    sql_types::Text,
};

type Manager = <AnyConnection as Connection>::TransactionManager;

/// Key of the advisory locks ("d2i" and a number); they are local to a database.
const WRITE_LOCK: i64 = 0x6432_6900_0000_0001;
/// Held while migrations run.
const MIGRATION_LOCK: i64 = 0x6432_6900_0000_0002;

/// Begins a transaction that no other writer overlaps.
///
/// SQLite: a deferred transaction that reads and then writes fails with "database is locked" at once, whatever the waiting
/// time; an immediate one waits. PostgreSQL: the lock makes the order of event numbers the order of commits (it is released
/// after the commit has become visible), also between nodes.
pub(super) fn begin_write(connection: &mut AnyConnection) -> Result<(), StorageError> {
    match connection {
        AnyConnection::Sqlite(sqlite) => AnsiTransactionManager::begin_transaction_sql(sqlite, "BEGIN IMMEDIATE")?,
        AnyConnection::Pg(pg) => {
            AnsiTransactionManager::begin_transaction(pg)?;
            if let Err(error) = pg.batch_execute(&format!("SELECT pg_advisory_xact_lock({WRITE_LOCK})")) {
                // The lock's error is the one to tell; a connection that cannot roll back is thrown away by the pool.
                let _ = AnsiTransactionManager::rollback_transaction(pg);
                return Err(error.into());
            }
        }
    }
    Ok(())
}

/// Begins a transaction that sees one state of the database and cannot change it.
pub(super) fn begin_read(connection: &mut AnyConnection) -> Result<(), StorageError> {
    match connection {
        AnyConnection::Sqlite(sqlite) => {
            AnsiTransactionManager::begin_transaction_sql(sqlite, "BEGIN")?;
            // Switched inside the transaction: if it fails, the transaction stays open and the pool closes the connection.
            sqlite.batch_execute("PRAGMA query_only = ON")?;
        }
        AnyConnection::Pg(pg) => {
            AnsiTransactionManager::begin_transaction_sql(pg, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")?;
        }
    }
    Ok(())
}

/// Ends what [`begin_read`] began.
pub(super) fn end_read(connection: &mut AnyConnection) -> Result<(), StorageError> {
    if let AnyConnection::Sqlite(sqlite) = connection {
        sqlite.batch_execute("PRAGMA query_only = OFF")?;
    }
    Ok(Manager::rollback_transaction(connection)?)
}

/// Ends what [`begin_write`] began.
pub(super) fn commit(connection: &mut AnyConnection) -> Result<(), StorageError> {
    Ok(Manager::commit_transaction(connection)?)
}

/// Undoes what [`begin_write`] began.
pub(super) fn rollback(connection: &mut AnyConnection) -> Result<(), StorageError> {
    Ok(Manager::rollback_transaction(connection)?)
}

/// Keeps other processes from migrating the same PostgreSQL database; SQLite migrates inside an immediate transaction.
pub(super) fn lock_migrations(connection: &mut AnyConnection) -> Result<(), StorageError> {
    if let AnyConnection::Pg(pg) = connection {
        pg.batch_execute(&format!("SET statement_timeout = 0; SELECT pg_advisory_lock({MIGRATION_LOCK})"))?;
    }
    Ok(())
}

/// Ends what [`lock_migrations`] began.
pub(super) fn unlock_migrations(connection: &mut AnyConnection) -> Result<(), StorageError> {
    if let AnyConnection::Pg(pg) = connection {
        pg.batch_execute(&format!("SELECT pg_advisory_unlock({MIGRATION_LOCK}); SET statement_timeout = '30s'"))?;
    }
    Ok(())
}

/// The rows of `table` that the trigram index says may contain a text.
pub(super) struct Hits {
    /// For FROM, with the placeholder or without.
    pub from: String,
    /// For WHERE, with the placeholder if FROM has it not.
    pub condition: Option<String>,
    /// Value of the placeholder.
    pub value: String,
}

/// In both forms the hits are collected first: a planner that walks the list in order and tests each row would be slow exactly
/// when hits are rare. SQLite never reorders CROSS JOIN; PostgreSQL evaluates the array before the query begins.
pub(super) fn hits(connection: &AnyConnection, table: &str, placeholder: usize, text: &str) -> Hits {
    match connection {
        AnyConnection::Sqlite(_) => Hits {
            from: format!(
                "(SELECT rowid AS hit FROM {table}_search WHERE {table}_search MATCH ${placeholder}) AS hits
                 CROSS JOIN {table} ON number = hit"
            ),
            condition: None,
            value: format!("\"{}\"", text.replace('"', "\"\"")),
        },
        AnyConnection::Pg(_) => Hits {
            from: table.to_owned(),
            condition: Some(format!(
                "number = ANY (ARRAY(SELECT number FROM {table}
                 WHERE disk2iso_trigrams(search) @> disk2iso_trigrams(${placeholder})))"
            )),
            value: text.to_owned(),
        },
    }
}

/// How to ask for a plan.
pub(super) fn explain(connection: &AnyConnection) -> &'static str {
    match connection {
        AnyConnection::Sqlite(_) => "EXPLAIN QUERY PLAN ",
        AnyConnection::Pg(_) => "EXPLAIN ",
    }
}

#[derive(QueryableByName)]
struct SqlitePlan {
    #[diesel(sql_type = Text)]
    detail: String,
}

#[derive(QueryableByName)]
struct PostgresPlan {
    #[diesel(sql_type = Text, column_name = "QUERY PLAN")]
    line: String,
}

/// Runs a statement that begins with [`explain`]'s words.
pub(super) fn plan_text(
    connection: &mut AnyConnection,
    query: BoxedSqlQuery<'static, MultiBackend, SqlQuery>,
) -> Result<String, StorageError> {
    let lines: Vec<String> = match connection {
        AnyConnection::Sqlite(_) => query.load::<SqlitePlan>(connection)?.into_iter().map(|row| row.detail).collect(),
        AnyConnection::Pg(_) => query.load::<PostgresPlan>(connection)?.into_iter().map(|row| row.line).collect(),
    };
    Ok(lines.join("\n"))
}
