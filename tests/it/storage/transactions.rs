//! Reads, writes, panics and many of them at once.

use super::fixtures::{job, minute};
use crate::support::databases::{Database, each_database, each_database_async};
use diesel::{
    connection::SimpleConnection,
    prelude::*,
    sql_types::{BigInt, Text},
};
use disk2iso::{
    domain::event::{Level, NewEvent},
    storage::{
        Connection, Db, StorageError,
        events::{self, EventFilter},
        jobs, settings,
    },
};
use serde_json::json;
use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

fn event(message: &str) -> NewEvent {
    NewEvent::new("test.event", Level::Info, message)
}

#[test]
fn an_error_undoes_the_whole_transaction() {
    each_database(|db, _| {
        let failed = db.write_blocking(|conn| {
            settings::set(conn, "a", &json!(1))?;
            jobs::insert(conn, &job("x"))?;
            Err::<(), _>(StorageError::NotFound)
        });
        assert_eq!(failed, Err(StorageError::NotFound));
        assert_eq!(db.read_blocking(settings::all).unwrap().len(), 0);
        assert_eq!(db.read_blocking(jobs::unfinished).unwrap(), Vec::new());
    });
}

#[test]
fn a_panic_is_an_error_and_neither_its_changes_nor_its_connection_survive() {
    each_database(|db, _| {
        for round in 0..10 {
            let failed = db.write_blocking(|conn| {
                settings::set(conn, "panicked", &json!(round))?;
                if round >= 0 {
                    panic!("in round {round}");
                }
                Ok(())
            });
            assert_eq!(failed, Err(StorageError::Panicked(format!("in round {round}"))));
            let failed: Result<(), _> = db.read_blocking(|_| panic!("while reading"));
            assert!(matches!(failed, Err(StorageError::Panicked(_))));
        }
        // A lock that is left over would make these fail, by SQLite's busy timeout or PostgreSQL's statement timeout.
        for round in 0..10 {
            db.write_blocking(|conn| settings::set(conn, "after", &json!(round))).unwrap();
        }
        let all = db.read_blocking(settings::all).unwrap();
        assert_eq!(all.into_iter().collect::<Vec<_>>(), vec![("after".to_owned(), json!(9))]);
    });
}

#[tokio::test]
async fn async_callers_get_the_same() {
    each_database_async(async |db, _| {
        let failed: Result<(), _> = db.write(|_| panic!("boom")).await;
        assert_eq!(failed, Err(StorageError::Panicked("boom".to_owned())));
        // More than the pool has connections.
        let tasks: Vec<_> = (0..40)
            .map(|i| {
                let db = db.clone();
                tokio::spawn(async move {
                    db.write(move |conn| settings::set(conn, &i.to_string(), &json!(i))).await?;
                    db.read(move |conn| settings::get(conn, &i.to_string())).await
                })
            })
            .collect();
        for (i, task) in tasks.into_iter().enumerate() {
            assert_eq!(task.await.unwrap(), Ok(Some(json!(i))));
        }
        db.ping().unwrap();
    })
    .await;
}

#[test]
fn a_read_cannot_write_and_sees_one_state() {
    each_database(|db, _| {
        let failed = db.read_blocking(|conn| settings::set(conn, "a", &json!(1)));
        assert!(failed.is_err(), "{failed:?}");
        db.write_blocking(|conn| settings::set(conn, "a", &json!(2))).expect("the connection writes again");
        let (before, after) = db
            .read_blocking(|conn| {
                let before = settings::get(conn, "a")?;
                std::thread::scope(|scope| {
                    scope.spawn(|| db.write_blocking(|conn| settings::set(conn, "a", &json!(3)))).join().unwrap()
                })?;
                Ok((before, settings::get(conn, "a")?))
            })
            .unwrap();
        assert_eq!((before, after), (Some(json!(2)), Some(json!(2))));
        assert_eq!(db.read_blocking(|conn| settings::get(conn, "a")), Ok(Some(json!(3))));
    });
}

#[test]
fn concurrent_writers_lose_no_update() {
    for database in Database::both() {
        // Two pools, as two processes would have.
        let pools = [database.migrated(), database.open()];
        let count = |db: &Db| {
            db.write_blocking(|conn| {
                let value = settings::get(conn, "counter")?.and_then(|value| value.as_i64()).unwrap_or(0);
                settings::set(conn, "counter", &json!(value + 1))
            })
        };
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let db = &pools[thread % 2];
                scope.spawn(move || (0..50).for_each(|_| count(db).unwrap()));
            }
        });
        assert_eq!(pools[0].read_blocking(|conn| settings::get(conn, "counter")), Ok(Some(json!(200))));
    }
}

#[test]
fn a_reader_that_follows_the_numbers_misses_no_event() {
    for database in Database::both() {
        let pools = [database.migrated(), database.open()];
        let (writers, each) = (4, 40);
        let done = AtomicUsize::new(0);
        let seen = std::thread::scope(|scope| {
            for writer in 0..writers {
                let (db, done) = (&pools[writer % 2], &done);
                scope.spawn(move || {
                    for i in 0..each {
                        let outcome = db.write_blocking(|conn| {
                            events::append(conn, "node", minute(0), &event(&format!("{writer}/{i}/first")))?;
                            // The number is taken, the commit comes later: that is when a reader could overtake.
                            std::thread::sleep(Duration::from_micros(300));
                            events::append(conn, "node", minute(0), &event(&format!("{writer}/{i}/second")))?;
                            if i % 5 == 4 { Err(StorageError::NotFound) } else { Ok(()) }
                        });
                        assert_eq!(outcome.is_ok(), i % 5 != 4, "{outcome:?}");
                    }
                    done.fetch_add(1, Ordering::SeqCst);
                });
            }
            let mut seen: Vec<(i64, String)> = Vec::new();
            loop {
                let finished = done.load(Ordering::SeqCst) == writers;
                let after = seen.last().map_or(0, |(seq, _)| *seq);
                let new = pools[0].read_blocking(|conn| events::since(conn, after, 7, &EventFilter::default())).unwrap();
                if finished && new.is_empty() {
                    break seen;
                }
                seen.extend(new.into_iter().map(|event| (event.seq, event.event.message)));
            }
        });
        let stored = pools[0].read_blocking(|conn| events::since(conn, 0, 10_000, &EventFilter::default())).unwrap();
        assert_eq!(stored.len(), writers * each / 5 * 4 * 2);
        assert_eq!(seen, stored.iter().map(|event| (event.seq, event.event.message.clone())).collect::<Vec<_>>());
        for pair in stored.chunks(2) {
            assert!(pair[0].event.message.ends_with("first"), "transactions do not interleave");
            assert_eq!(pair[1].event.message, pair[0].event.message.replace("first", "second"));
        }
    }
}

#[derive(QueryableByName)]
struct Setting {
    #[diesel(sql_type = Text)]
    value: String,
}

fn value(db: &Db, sql: &'static str) -> String {
    db.read_blocking(|conn| Ok(diesel::sql_query(sql).get_result::<Setting>(conn)?.value)).unwrap()
}

#[test]
fn every_connection_is_set_up_for_power_failures() {
    let sqlite = Database::sqlite();
    let db = sqlite.migrated();
    // One broken connection after the other, so that new ones are made.
    for _ in 0..5 {
        let _: Result<(), _> = db.read_blocking(|_| panic!("next, please"));
        let text = value(
            &db,
            "SELECT (SELECT journal_mode FROM pragma_journal_mode) || ' ' || (SELECT synchronous FROM pragma_synchronous) || ' ' ||
                (SELECT foreign_keys FROM pragma_foreign_keys) || ' ' || (SELECT timeout FROM pragma_busy_timeout) AS value",
        );
        assert_eq!(text, "wal 2 1 10000");
    }
    let postgres = Database::postgres();
    let db = postgres.migrated();
    assert_eq!(
        value(&db, "SELECT current_setting('TimeZone') || ' ' || current_setting('synchronous_commit') AS value"),
        "UTC on"
    );
}

#[derive(QueryableByName)]
struct Pid {
    #[diesel(sql_type = BigInt)]
    pid: i64,
}

#[test]
fn connections_that_the_server_closed_are_replaced() {
    let database = Database::postgres();
    let db = database.migrated();
    let other = database.open();
    for _ in 0..3 {
        let pid =
            db.read_blocking(|conn| Ok(diesel::sql_query("SELECT pg_backend_pid()::bigint AS pid").get_result::<Pid>(conn)?.pid));
        let kill = format!("SELECT pg_terminate_backend({})", pid.unwrap());
        other.write_blocking(|conn: &mut Connection| Ok(conn.batch_execute(&kill)?)).unwrap();
        std::thread::sleep(Duration::from_millis(50));
        db.write_blocking(|conn| settings::set(conn, "a", &json!(1))).unwrap();
    }
}
