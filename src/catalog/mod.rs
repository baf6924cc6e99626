//! The catalogue of images. Its actor is the only writer of the table `isos`; others send messages and read.

use crate::{
    bus::Journal,
    domain::{
        event::{Level, NewEvent},
        ids::IsoId,
    },
    error::{Code, Problem},
    storage::{self, StorageError, isos::IsoRecord},
    supervision::SupervisedActor,
};
use actix::prelude::*;
use std::path::PathBuf;

/// Enter a finished image. Repeating it for the same job changes nothing but facts.
#[derive(Debug, Clone, Message)]
#[rtype(result = "Result<IsoRecord, Problem>")]
pub struct Publish(pub IsoRecord);

/// Remove an image: its entry, its file and its map.
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "Result<(), Problem>")]
pub struct DeleteIso(pub IsoId);

/// Write down how a comparison with the stored hashes ended.
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "Result<(), Problem>")]
pub struct Verified {
    /// The image.
    pub iso: IsoId,
    /// Whether it is what it was.
    pub ok: bool,
}

/// The actor that owns the catalogue.
pub struct Catalog {
    journal: Journal,
}

impl Catalog {
    /// A catalogue in this journal.
    pub fn new(journal: Journal) -> Self {
        Self { journal }
    }
}

impl Actor for Catalog {
    type Context = Context<Self>;
}

impl SupervisedActor for Catalog {}

impl Handler<Publish> for Catalog {
    type Result = ResponseFuture<Result<IsoRecord, Problem>>;

    fn handle(&mut self, Publish(record): Publish, _: &mut Self::Context) -> Self::Result {
        let journal = self.journal.clone();
        Box::pin(async move {
            let publish = journal.commit(move |tx| {
                let known = record.job_id.map(|job| storage::isos::by_job(tx.conn, job)).transpose()?.flatten();
                let iso = storage::isos::publish(tx.conn, &record)?;
                if known.is_none_or(|known| known.sha256sum != iso.sha256sum || known.verdict != iso.verdict) {
                    let level = if iso.verdict.is_good() { Level::Info } else { Level::Warning };
                    let message = format!("Image {} is in the catalogue: {}", iso.filename, iso.verdict.as_str());
                    let payload = serde_json::json!({ "filepath": iso.filepath, "size": iso.size, "verdict": iso.verdict, "sha256sum": iso.sha256sum });
                    let mut event = NewEvent::new("iso.published", level, message).iso(iso.id).payload(payload);
                    event.job_id = iso.job_id;
                    tx.event(&event)?;
                }
                Ok(iso)
            });
            publish.await.map_err(|error| problem(&error))
        })
    }
}

impl Handler<Verified> for Catalog {
    type Result = ResponseFuture<Result<(), Problem>>;

    fn handle(&mut self, Verified { iso, ok }: Verified, _: &mut Self::Context) -> Self::Result {
        let journal = self.journal.clone();
        Box::pin(async move {
            let store = journal.commit(move |tx| {
                storage::isos::set_verified(tx.conn, iso, ok, tx.now)?;
                let (level, word) = if ok { (Level::Info, "is unchanged") } else { (Level::Error, "is not what was stored") };
                tx.event(
                    &NewEvent::new("iso.verified", level, format!("Image {iso} {word}"))
                        .iso(iso)
                        .payload(serde_json::json!({ "ok": ok })),
                )?;
                Ok(())
            });
            store.await.map_err(|error| problem(&error))
        })
    }
}

impl Handler<DeleteIso> for Catalog {
    type Result = ResponseFuture<Result<(), Problem>>;

    fn handle(&mut self, DeleteIso(id): DeleteIso, _: &mut Self::Context) -> Self::Result {
        let journal = self.journal.clone();
        Box::pin(async move {
            let iso = journal.db.read(move |conn| storage::isos::get(conn, id)).await.map_err(|error| problem(&error))?;
            // Files first: an entry without its file is seen and can be deleted again, a file without entry would be forgotten.
            let files: Vec<PathBuf> =
                [Some(iso.filepath.clone()), iso.map_path.clone()].into_iter().flatten().map(PathBuf::from).collect();
            let removed = tokio::task::spawn_blocking(move || files.iter().try_for_each(|file| remove(file))).await;
            match removed {
                Ok(Ok(())) => {}
                Ok(Err(error)) => {
                    return Err(Problem::new(Code::StorageFailed, format!("{} was not deleted: {error}", iso.filepath)));
                }
                Err(error) => return Err(Problem::new(Code::Internal, error.to_string())),
            }
            let forget = journal.commit(move |tx| {
                storage::isos::delete(tx.conn, id)?;
                tx.event(
                    &NewEvent::new("iso.deleted", Level::Info, format!("Image {} was deleted", iso.filename))
                        .iso(id)
                        .payload(serde_json::json!({ "filepath": iso.filepath })),
                )?;
                Ok(())
            });
            forget.await.map_err(|error| problem(&error))
        })
    }
}

fn remove(file: &std::path::Path) -> std::io::Result<()> {
    match std::fs::remove_file(file) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn problem(error: &StorageError) -> Problem {
    match error {
        StorageError::NotFound => Problem::new(Code::IsoUnknown, Code::IsoUnknown.title()),
        other => Problem::new(Code::Unavailable, format!("the database: {other}")),
    }
}
