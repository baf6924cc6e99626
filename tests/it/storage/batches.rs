//! Batches, on both databases.

use super::fixtures::minute;
use crate::support::databases::each_database;
use disk2iso::{
    domain::{
        batch::{Batch, BatchEvent, Insertion},
        ids::{BatchId, DriveId, JobId},
    },
    storage::{StorageError, batches},
};
use std::collections::BTreeSet;

#[test]
fn a_batch_comes_back_as_it_was_stored_and_is_listed_while_it_has_work() {
    each_database(|db, _| {
        let (old, new) = (BatchId(uuid::Uuid::from_u128(1)), BatchId(uuid::Uuid::from_u128(2)));
        let drives = BTreeSet::from([DriveId::new("a")]);
        let marks = BatchEvent::Add(vec!["BOX-3/1".to_owned(), "Größe \"2\"; 📀".to_owned()]);
        let batch = Batch::new("Kiste 'drei'".to_owned(), true, drives).step(marks, minute(0)).unwrap();
        db.write_blocking(|conn| {
            batches::insert(conn, old, &batch, minute(1))?;
            batches::insert(conn, new, &batch, minute(2))
        })
        .unwrap();
        let stored = db.read_blocking(|conn| batches::get(conn, old)).unwrap();
        assert_eq!((&stored.batch, stored.created_at, stored.updated_at), (&batch, minute(1), minute(1)));
        let disc = Insertion { drive: DriveId::new("a"), session: 7 };
        let reading = [BatchEvent::Claim(disc, None), BatchEvent::Started(0, JobId(uuid::Uuid::from_u128(9))), BatchEvent::Close]
            .into_iter()
            .fold(batch.clone(), |batch, event| batch.step(event, minute(3)).unwrap());
        let closed = batch.step(BatchEvent::Close, minute(3)).unwrap();
        db.write_blocking(|conn| {
            batches::update(conn, old, &reading, minute(4))?;
            batches::update(conn, new, &closed, minute(4))
        })
        .unwrap();
        let ids = |only_active| {
            let found = db.read_blocking(|conn| batches::list(conn, only_active, 10)).unwrap();
            found.into_iter().map(|record| record.id).collect::<Vec<_>>()
        };
        assert_eq!((ids(false), ids(true)), (vec![new, old], vec![old]), "closed, but a disc is still being read");
        let missing = BatchId(uuid::Uuid::from_u128(3));
        assert_eq!(db.read_blocking(|conn| batches::get(conn, missing)), Err(StorageError::NotFound));
        assert_eq!(db.write_blocking(|conn| batches::update(conn, missing, &batch, minute(5))), Err(StorageError::NotFound));
    });
}
