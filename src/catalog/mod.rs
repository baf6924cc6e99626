//! The catalogue of images. Its actor is the only writer of the table `isos` and of the files beside images; others send messages
//! and read. Files beside an image follow its entry: they are written after the entry is committed, and what a crash leaves out is
//! written at the next start.

pub mod contents;
mod files;
mod moving;
#[cfg(test)]
mod moving_tests;
pub mod names;
mod rename;
pub mod sidecar;
mod trash;

pub use rename::RenameIso;
pub use trash::{RestoreAll, RestoreIso, TrashIsos};

use crate::{
    bus::Journal,
    domain::{
        event::{Level, NewEvent},
        ids::IsoId,
    },
    error::{Code, Problem},
    storage::{
        self, StorageError,
        isos::{IsoFacts, IsoRecord},
    },
    supervision::SupervisedActor,
};
use actix::prelude::*;
use files::Written;
use std::sync::Arc;
use trash::{SWEEP, Sweep};

/// Enter a finished image. Repeating it for the same job changes nothing but facts.
#[derive(Debug, Clone, Message)]
#[rtype(result = "Result<IsoRecord, Problem>")]
pub struct Publish(pub IsoRecord, pub IsoFacts);

/// Remove an image for good: its entry, its files, its map and what lies beside it.
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "Result<(), Problem>")]
pub struct DeleteIso {
    /// The image.
    pub id: IsoId,
    /// Only if it is in the trash (still).
    pub only_trashed: bool,
}

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
    /// Held while files beside an image are written, so that an older state never replaces a newer one.
    writing: Writing,
    /// How long deleted images can be taken back.
    trash_days: u32,
}

type Writing = Arc<tokio::sync::Mutex<()>>;

impl Catalog {
    /// A catalogue in this journal; what is deleted can be taken back for so many days.
    pub fn new(journal: Journal, trash_days: u32) -> Self {
        Self { journal, writing: Writing::default(), trash_days }
    }
}

impl Actor for Catalog {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        let (journal, writing, days) = (self.journal.clone(), Arc::clone(&self.writing), self.trash_days);
        let caught_up = async move {
            rename::resume(&journal, &writing).await;
            catch_up(&journal, &writing).await;
            trash::empty(&journal, &writing, days).await;
        };
        ctx.spawn(caught_up.into_actor(self));
        ctx.run_interval(SWEEP, |_, ctx| ctx.notify(Sweep));
    }
}

impl SupervisedActor for Catalog {}

impl Handler<Publish> for Catalog {
    type Result = ResponseFuture<Result<IsoRecord, Problem>>;

    fn handle(&mut self, Publish(record, facts): Publish, _: &mut Self::Context) -> Self::Result {
        let (journal, writing) = (self.journal.clone(), Arc::clone(&self.writing));
        Box::pin(async move {
            let publish = journal.commit(move |tx| {
                let known = record.job_id.map(|job| storage::isos::by_job(tx.conn, job)).transpose()?.flatten();
                let iso = storage::isos::publish(tx.conn, &record, &facts)?;
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
            let iso = publish.await.map_err(|error| problem(&error))?;
            // The image is safe whatever becomes of these; what is not written now is written at the next start.
            match beside(&journal, &writing, iso.id).await {
                Ok(Written::All | Written::NoImage) => {}
                Ok(Written::Foreign(paths)) => {
                    let names = paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>();
                    let message = format!("{} exist already and are not ours; they were left alone", names.join(", "));
                    let event = NewEvent::new("iso.sidecar_refused", Level::Warning, message)
                        .iso(iso.id)
                        .payload(serde_json::json!({ "files": names }));
                    let told = journal.commit(move |tx| tx.event(&event)).await;
                    told.map_err(|error| problem(&error))?;
                }
                Err(problem) => tracing::warn!(image = %iso.filepath, %problem, "the files beside the image were not written"),
            }
            Ok(iso)
        })
    }
}

/// Images whose files beside them are looked at in one go at the start.
const BATCH: u32 = 100;

/// Writes the files beside images that a crash, or an earlier version, left without them; each image once per start.
async fn catch_up(journal: &Journal, writing: &Writing) {
    let mut after = 0;
    loop {
        let open = journal.db.read(move |conn| storage::isos::without_sidecars(conn, after, BATCH)).await;
        let open = match open {
            Ok(open) => open,
            Err(error) => return tracing::warn!(%error, "images without files beside them could not be looked up"),
        };
        let Some((last, _)) = open.last() else { return };
        after = *last;
        for (_, id) in open {
            match beside(journal, writing, id).await {
                Ok(Written::All) => {}
                Ok(left) => tracing::info!(image = %id, ?left, "the files beside an image were not written"),
                Err(problem) => tracing::warn!(image = %id, %problem, "the files beside an image were not written"),
            }
        }
    }
}

/// Writes the files beside one image and notes that they are written.
async fn beside(journal: &Journal, writing: &Writing, id: IsoId) -> Result<Written, Problem> {
    let _held = writing.lock().await;
    let read = journal.db.read(move |conn| Ok((storage::isos::get(conn, id)?, storage::isos::facts(conn, id)?)));
    let (record, facts) = read.await.map_err(|error| problem(&error))?;
    let entered = record.created_at;
    let written = tokio::task::spawn_blocking(move || files::write_sidecars(&record, &facts)).await;
    let written = written
        .map_err(|error| Problem::new(Code::Internal, error.to_string()))?
        .map_err(|error| Problem::new(Code::StorageFailed, error.to_string()))?;
    if written == Written::All {
        let note = journal.db.write(move |conn| storage::isos::sidecars_written(conn, id, entered));
        note.await.map_err(|error| problem(&error))?;
    }
    Ok(written)
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

    fn handle(&mut self, wish: DeleteIso, _: &mut Self::Context) -> Self::Result {
        let (journal, writing) = (self.journal.clone(), Arc::clone(&self.writing));
        Box::pin(async move { delete(&journal, &writing, wish).await })
    }
}

async fn delete(journal: &Journal, writing: &Writing, DeleteIso { id, only_trashed }: DeleteIso) -> Result<(), Problem> {
    // Nobody renames or writes beside it meanwhile.
    let _held = writing.lock().await;
    let read = journal.db.read(move |conn| {
        let iso = storage::isos::get(conn, id)?;
        let renaming = storage::isos::under_way(conn)?.iter().any(|(other, _)| *other == id);
        let in_use = renaming || only_trashed && storage::isos::is_in_use(conn, &iso)?;
        Ok((iso, storage::isos::facts(conn, id)?, in_use))
    });
    let (iso, facts, in_use) = read.await.map_err(|error| problem(&error))?;
    if in_use {
        return Err(Problem::new(Code::ImageBusy, format!("{} is in use; delete it when that is over", iso.filename)));
    }
    if only_trashed && iso.trashed_at.is_none() {
        return Err(Problem::new(Code::Conflict, format!("{} is not in the trash", iso.filename)));
    }
    // Files first: an entry without its file is seen and can be deleted again, a file without entry would be forgotten.
    let record = iso.clone();
    let removed = tokio::task::spawn_blocking(move || files::remove_image(&record, &facts)).await;
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
}

fn problem(error: &StorageError) -> Problem {
    match error {
        StorageError::NotFound => Problem::new(Code::IsoUnknown, Code::IsoUnknown.title()),
        other => Problem::new(Code::Unavailable, format!("the database: {other}")),
    }
}
