//! The schema, on both databases.

use crate::support::databases::Database;
use diesel::{prelude::*, sql_types::Text};
use disk2iso::storage::{Connection, DatabaseUrl, Db, StorageError};
use std::{collections::BTreeSet, path::Path};

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

fn lines(connection: &mut Connection, sql: &str) -> Result<BTreeSet<String>, StorageError> {
    let rows: Vec<Line> = diesel::sql_query(sql).load(connection)?;
    Ok(rows.into_iter().map(|row| row.line).collect())
}

/// Tables without those that the migrations and the search index keep for themselves.
const SQLITE_TABLES: &str = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!'
    AND name NOT LIKE '%!_search%' ESCAPE '!' AND name <> '__diesel_schema_migrations'";

/// One line per column, unique rule, index and foreign key, in the same words for both databases.
fn schema(db: &Db) -> BTreeSet<String> {
    let sqlite = [
        format!("SELECT name AS line FROM ({SQLITE_TABLES})"),
        format!(
            "SELECT t.name || '.' || c.name || ' ' || CASE c.type WHEN 'INTEGER' THEN 'bigint' WHEN 'TIMESTAMP' THEN
                'timestamp without time zone' WHEN 'DOUBLE' THEN 'double precision' ELSE lower(c.type) END ||
                CASE WHEN c.\"notnull\" THEN ' not null' ELSE '' END || CASE WHEN c.pk THEN ' primary key' ELSE '' END AS line
             FROM ({SQLITE_TABLES}) t, pragma_table_info(t.name) c"
        ),
        format!(
            "SELECT i.name || CASE WHEN i.\"unique\" THEN ' unique' ELSE '' END || CASE WHEN i.partial THEN ' partial' ELSE '' END
                || ' on ' || t.name || ' ' || (SELECT group_concat(name, ',') FROM (SELECT name FROM pragma_index_info(i.name)
                ORDER BY seqno)) AS line
             FROM ({SQLITE_TABLES}) t, pragma_index_list(t.name) i WHERE i.origin = 'c'"
        ),
        format!(
            "SELECT t.name || '.' || f.\"from\" || ' -> ' || f.\"table\" || '.' || f.\"to\" || ' ' || lower(f.on_delete) AS line
             FROM ({SQLITE_TABLES}) t, pragma_foreign_key_list(t.name) f"
        ),
    ];
    let postgres = [
        "SELECT table_name::text AS line FROM information_schema.tables WHERE table_schema = 'public'
            AND table_name <> '__diesel_schema_migrations'",
        "SELECT c.table_name || '.' || c.column_name || ' ' || c.data_type || CASE c.is_nullable WHEN 'NO' THEN ' not null'
            ELSE '' END || CASE WHEN k.column_name IS NOT NULL THEN ' primary key' ELSE '' END AS line
         FROM information_schema.columns c LEFT JOIN information_schema.key_column_usage k ON k.table_name = c.table_name
            AND k.column_name = c.column_name AND k.constraint_name LIKE '%\\_pkey'
         WHERE c.table_schema = 'public' AND c.table_name <> '__diesel_schema_migrations'",
        "SELECT i.relname || CASE WHEN x.indisunique THEN ' unique' ELSE '' END || CASE WHEN x.indpred IS NOT NULL THEN
            ' partial' ELSE '' END || ' on ' || t.relname || ' ' || (SELECT string_agg(a.attname, ',' ORDER BY k.n)
            FROM unnest(x.indkey) WITH ORDINALITY AS k(attnum, n) JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.attnum)
            AS line
         FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid
            JOIN pg_namespace n ON n.oid = t.relnamespace
         WHERE n.nspname = 'public' AND NOT x.indisprimary AND x.indexprs IS NULL",
        "SELECT t.relname || '.' || a.attname || ' -> ' || r.relname || '.' || b.attname || ' ' || CASE f.confdeltype WHEN 'n'
            THEN 'set null' WHEN 'c' THEN 'cascade' ELSE f.confdeltype::text END AS line
         FROM pg_constraint f JOIN pg_class t ON t.oid = f.conrelid JOIN pg_class r ON r.oid = f.confrelid
            JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = f.conkey[1]
            JOIN pg_attribute b ON b.attrelid = r.oid AND b.attnum = f.confkey[1] WHERE f.contype = 'f'",
    ]
    .map(str::to_owned);
    db.read_blocking(|connection| {
        let statements = if matches!(connection, Connection::Sqlite(_)) { sqlite } else { postgres };
        let mut all = BTreeSet::new();
        for statement in statements {
            all.extend(lines(connection, &statement)?);
        }
        Ok(all)
    })
    .unwrap()
}

fn migration_names(folder: &str) -> BTreeSet<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(folder);
    let entries = std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap());
    entries
        .map(|entry| {
            assert!(entry.path().join("up.sql").is_file() && entry.path().join("down.sql").is_file(), "{:?}", entry.path());
            entry.file_name().into_string().unwrap()
        })
        .collect()
}

#[test]
fn both_folders_hold_the_same_migrations_and_all_of_them_are_embedded() {
    assert_eq!(migration_names("sqlite"), migration_names("postgres"));
    for database in Database::both() {
        let pending: BTreeSet<String> = database.open().pending_migrations().unwrap().into_iter().collect();
        assert_eq!(pending, migration_names("sqlite"));
    }
}

#[test]
fn migrations_go_up_down_and_up_again() {
    for database in Database::both() {
        let db = database.open();
        let applied = db.migrate().unwrap();
        assert!(!applied.is_empty());
        assert_eq!(db.migrate().unwrap(), Vec::<String>::new());
        assert_eq!(db.pending_migrations().unwrap(), Vec::<String>::new());
        let up = schema(&db);
        assert_eq!(db.undo_migrations().unwrap(), applied.len());
        assert_eq!(schema(&db), BTreeSet::new(), "nothing is left over");
        assert_eq!(db.migrate().unwrap(), applied);
        assert_eq!(schema(&db), up);
    }
}

#[test]
fn both_databases_have_the_same_tables_columns_rules_and_indexes() {
    let [sqlite, postgres] = Database::both();
    let (sqlite, postgres) = (schema(&sqlite.migrated()), schema(&postgres.migrated()));
    assert!(sqlite.len() > 100, "{sqlite:#?}");
    assert!(sqlite.contains("isos.job_id -> jobs.id set null"));
    assert!(sqlite.contains("jobs_media_session_unique unique partial on jobs drive_id,media_session"));
    let only = |a: &BTreeSet<String>, b: &BTreeSet<String>| a.difference(b).cloned().collect::<Vec<_>>();
    assert_eq!(only(&sqlite, &postgres), Vec::<String>::new(), "on SQLite only");
    assert_eq!(only(&postgres, &sqlite), Vec::<String>::new(), "on PostgreSQL only");
}

#[test]
fn two_processes_that_start_together_migrate_once() {
    for database in Database::both() {
        let applied: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..2).map(|_| scope.spawn(|| database.open().migrate().unwrap())).collect();
            threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(applied.len(), migration_names("sqlite").len());
    }
}

#[test]
fn a_database_that_cannot_be_opened_says_why_and_shows_no_password() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("postgres://user:geheim@{}/none", folder.path().display().to_string().replace('/', "%2F"));
    let error = Db::open(&DatabaseUrl::parse(&url).unwrap(), 2).map(drop).unwrap_err();
    assert!(matches!(&error, StorageError::Unavailable(text) if text.contains("No such file")), "{error}");
    assert!(!error.to_string().contains("geheim"));

    let url = format!("sqlite://{}/missing/x.db", folder.path().display());
    let error = Db::open(&DatabaseUrl::parse(&url).unwrap(), 2).map(drop).unwrap_err();
    assert!(matches!(&error, StorageError::Unavailable(text) if text.contains("missing/x.db")), "{error}");

    let file = folder.path().join("text.db");
    std::fs::write(&file, "this is no database, but long enough to be looked at ".repeat(30)).unwrap();
    let error = Db::open(&DatabaseUrl::parse(&format!("sqlite://{}", file.display())).unwrap(), 2).map(drop).unwrap_err();
    assert!(error.to_string().contains("not a database"), "{error}");
}
