//! Places in the queue, and deleted jobs, on both databases.

use super::fixtures::{job, minute};
use crate::support::databases::each_database;
use disk2iso::{
    domain::{
        ids::JobId,
        job::{JobState, PauseReason},
        queue_order::{Place, Target, changes},
    },
    storage::{
        Db, Page, StorageError,
        jobs::{self, JobFilter, JobRecord},
    },
};

fn insert(db: &Db, record: &JobRecord) {
    db.write_blocking(|conn| jobs::insert(conn, record)).unwrap();
}

fn labels(records: Vec<JobRecord>) -> String {
    records.into_iter().map(|record| record.disk_label).collect()
}

fn queued(db: &Db) -> String {
    labels(db.read_blocking(jobs::queued).unwrap())
}

#[test]
fn a_moved_job_stands_where_it_was_put() {
    each_database(|db, _| {
        let made: Vec<JobRecord> = ["a", "b", "c", "d"]
            .iter()
            .zip(0..)
            .map(|(label, number)| JobRecord {
                position: minute(number).timestamp_micros(),
                priority: i32::from(*label == "d") * 5,
                ..job(label)
            })
            .collect();
        made.iter().for_each(|record| insert(&db, record));
        insert(&db, &JobRecord { state: JobState::Paused { reason: PauseReason::User }, ..job("p") });
        assert_eq!(queued(&db), "dabc");
        let id = |label: &str| made.iter().find(|record| record.disk_label == label).unwrap().id;
        for (label, target, order) in [
            ("c", Target::Top, "cdab"),
            ("a", Target::Before(id("d")), "cadb"),
            ("d", Target::Bottom, "cabd"),
            ("b", Target::Between(id("c"), id("a")), "cbad"),
        ] {
            db.write_blocking(|conn| {
                let queue = jobs::places(conn)?;
                for place in changes(&queue, id(label), target, minute(60).timestamp_micros()).unwrap() {
                    jobs::set_place(conn, &place, minute(60))?;
                }
                Ok(())
            })
            .unwrap();
            assert_eq!(queued(&db), order, "{label} {target:?}");
        }
        let moved = db.read_blocking(|conn| jobs::get(conn, id("c"))).unwrap();
        assert_eq!((moved.priority, moved.updated_at, moved.revision), (5, minute(60), 1));
    });
}

#[test]
fn what_does_not_wait_has_no_place() {
    each_database(|db, _| {
        let record = JobRecord { state: JobState::Failed, ..job("over") };
        insert(&db, &record);
        for id in [record.id, JobId(uuid::Uuid::nil())] {
            let place = Place { job: id, priority: 1, position: 2 };
            let answer = db.write_blocking(|conn| jobs::set_place(conn, &place, minute(1)));
            assert!(matches!(answer, Err(StorageError::Conflict(_))), "{answer:?}");
        }
        assert_eq!(db.read_blocking(jobs::places).unwrap(), []);
        assert_eq!(db.read_blocking(|conn| jobs::get(conn, record.id)).unwrap(), record);
    });
}

#[test]
fn a_deleted_job_is_nowhere_and_comes_back_as_it_was() {
    each_database(|db, _| {
        let (gone, stays) =
            (JobRecord { state: JobState::Failed, ..job("gone") }, JobRecord { state: JobState::Failed, ..job("stays") });
        insert(&db, &gone);
        insert(&db, &stays);
        db.write_blocking(|conn| jobs::hide(conn, gone.id, minute(10))).unwrap();
        let listed = |filter: &JobFilter, sort: &str| {
            let page = Page { sort: Some(sort.parse().unwrap()), ..Page::default() };
            labels(db.read_blocking(|conn| jobs::list(conn, filter, &page)).unwrap().items)
        };
        let failed = JobFilter { status: vec!["failed".to_owned()], ..JobFilter::default() };
        let found = |q: &str| JobFilter { q: Some(q.to_owned()), ..JobFilter::default() };
        for sort in ["-created_at", "label", "status"] {
            assert_eq!((listed(&JobFilter::default(), sort), listed(&failed, sort)), ("stays".to_owned(), "stays".to_owned()));
            assert_eq!((listed(&found("gone"), sort), listed(&found("go"), sort)), (String::new(), String::new()));
        }
        assert_eq!(db.read_blocking(jobs::counts_by_status).unwrap().get("failed"), Some(&1));
        assert_eq!(db.read_blocking(|conn| jobs::get(conn, gone.id)), Err(StorageError::NotFound));
        assert!(matches!(db.write_blocking(|conn| jobs::update(conn, &gone)), Err(StorageError::Conflict(_))));
        assert_eq!(db.write_blocking(|conn| jobs::hide(conn, gone.id, minute(11))), Err(StorageError::NotFound));
        // Restoring ends exactly where removing begins.
        assert_eq!(db.write_blocking(|conn| jobs::restore(conn, gone.id, minute(10))), Err(StorageError::NotFound));
        assert_eq!(labels(db.read_blocking(|conn| jobs::expired(conn, minute(10), 9)).unwrap()), "gone");
        assert_eq!(labels(db.read_blocking(|conn| jobs::expired(conn, minute(9), 9)).unwrap()), "");
        db.write_blocking(|conn| jobs::restore(conn, gone.id, minute(9))).unwrap();
        let back = db.read_blocking(|conn| jobs::get(conn, gone.id)).unwrap();
        assert_eq!(JobRecord { revision: gone.revision, ..back }, gone);
        assert_eq!(db.write_blocking(|conn| jobs::restore(conn, stays.id, minute(0))), Err(StorageError::NotFound));
        assert_eq!(db.read_blocking(jobs::counts_by_status).unwrap().get("failed"), Some(&2));
    });
}
