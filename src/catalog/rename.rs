//! Renaming an image with everything that bears its name.
//!
//! The wish is stored before a file is touched. Then the files move, each at most once, and nothing is replaced. Entry, reserved
//! name and event change in one transaction, which also takes the wish out. What a crash interrupts is gone on with at the next
//! start, and looked at again every hour: a folder may not be mounted yet.

use super::{
    Catalog, Writing, beside, files,
    moving::{Renaming, Stopped},
    names, problem,
};
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
};
use actix::prelude::*;
use std::sync::Arc;

/// Give an image another name: its files, its map and what lies beside it.
#[derive(Debug, Clone, Message)]
#[rtype(result = "Result<IsoRecord, Problem>")]
pub struct RenameIso {
    /// The image.
    pub id: IsoId,
    /// The wished name, with or without `.iso`.
    pub name: String,
}

impl Handler<RenameIso> for Catalog {
    type Result = ResponseFuture<Result<IsoRecord, Problem>>;

    fn handle(&mut self, RenameIso { id, name }: RenameIso, _: &mut Self::Context) -> Self::Result {
        let (journal, writing) = (self.journal.clone(), Arc::clone(&self.writing));
        Box::pin(async move {
            let name = names::wished_name(&name)?;
            let renamed = {
                let _held = writing.lock().await;
                let (record, facts) = read(&journal, id).await?;
                let renaming = begin(&journal, record.clone(), facts, name).await?;
                carry_out(&journal, record, renaming).await?
            };
            tell_beside(&journal, &writing, id).await;
            Ok(renamed)
        })
    }
}

async fn tell_beside(journal: &Journal, writing: &Writing, id: IsoId) {
    if let Err(problem) = beside(journal, writing, id).await {
        tracing::warn!(image = %id, %problem, "the files beside a renamed image were not written");
    }
}

async fn read(journal: &Journal, id: IsoId) -> Result<(IsoRecord, IsoFacts), Problem> {
    let read = journal.db.read(move |conn| Ok((storage::isos::get(conn, id)?, storage::isos::facts(conn, id)?)));
    read.await.map_err(|error| problem(&error))
}

/// Checks what can be known before, and stores the wish.
async fn begin(journal: &Journal, record: IsoRecord, facts: IsoFacts, name: String) -> Result<Renaming, Problem> {
    if record.trashed_at.is_some() {
        return Err(Problem::new(Code::IsoTrashed, format!("{} is in the trash; take it out first", record.filename)));
    }
    let renaming = Renaming::plan(&record, &facts, &name)?;
    let looked = renaming.clone();
    let look = tokio::task::spawn_blocking(move || {
        let source = looked.source();
        if source.symlink_metadata().is_err() {
            return Err(Problem::new(Code::FileMissing, format!("{} is not there", source.display())));
        }
        if names::is_taken(&looked.stem) {
            let taken = format!("{} or what would lie beside it exists already", looked.stem.display());
            return Err(Problem::new(Code::NameTaken, taken).about("filename"));
        }
        looked.check_sheets()
    });
    look.await.map_err(internal)??;
    let (id, path, wish) = (record.id, renaming.job_paths.1.clone(), renaming.stem.display().to_string());
    let store = journal.commit(move |tx| {
        let now = storage::isos::get(tx.conn, id)?;
        if storage::isos::is_in_use(tx.conn, &now)? {
            return Ok(Err(Problem::new(Code::ImageBusy, "a job works with this image; rename it when that is over")));
        }
        if storage::isos::under_way(tx.conn)?.iter().any(|(other, _)| *other == id) {
            return Ok(Err(Problem::new(Code::ImageBusy, "the image is still being renamed; its folder may not be mounted")));
        }
        for path in [wish.clone(), format!("{wish}.iso")] {
            if storage::jobs::is_reserved(tx.conn, &path)? {
                return Err(StorageError::Unique("output_path".to_owned()));
            }
        }
        storage::isos::begin(tx.conn, id, &name, &path)?;
        Ok(Ok(()))
    });
    match store.await {
        Ok(answer) => answer.map(|()| renaming),
        Err(StorageError::Unique(_)) => Err(taken_by_job()),
        Err(error) => Err(problem(&error)),
    }
}

fn taken_by_job() -> Problem {
    Problem::new(Code::NameTaken, "another job or image has this name").about("filename")
}

/// Moves the files and stores that they have moved; or the other way round, if that cannot be.
async fn carry_out(journal: &Journal, record: IsoRecord, renaming: Renaming) -> Result<IsoRecord, Problem> {
    let (old, mut moving) = (record.clone(), renaming.clone());
    let moved = tokio::task::spawn_blocking(move || {
        let beside = files::remove_sidecars(&old).map_err(|error| Stopped::Failed(old.filepath.clone().into(), error));
        beside.and_then(|()| moving.there(&mut || Ok(()))).map(|()| moving)
    });
    let stopped = match moved.await.map_err(internal)? {
        Ok(moved) => match finish(journal, &record, moved).await {
            Ok(renamed) => return Ok(renamed),
            // Another image is entered with this very path, without a file: then the files go back.
            Err(StorageError::Unique(_)) => taken_by_job(),
            Err(error) => return Err(problem(&error)),
        },
        Err(Stopped::Taken(path)) => {
            Problem::new(Code::NameTaken, format!("{} exists already", path.display())).about("filename")
        }
        Err(Stopped::Missing(path)) => Problem::new(Code::FileMissing, format!("{} is not there", path.display())),
        Err(Stopped::Failed(path, error)) => {
            Problem::new(Code::StorageFailed, format!("{} was not renamed: {error}", path.display()))
        }
    };
    // Where nothing is, nothing can be undone: it is looked at again.
    if stopped.code != Code::FileMissing {
        undo(journal, &record, renaming).await?;
    }
    Err(stopped)
}

async fn finish(journal: &Journal, record: &IsoRecord, renaming: Renaming) -> Result<IsoRecord, StorageError> {
    let (id, old, before) = (record.id, record.filename.clone(), record.filepath.clone());
    let store = journal.commit(move |tx| {
        let renamed = storage::isos::finish(tx.conn, id, &renaming.new)?;
        let payload = serde_json::json!({ "from": before, "filepath": renamed.filepath });
        let message = format!("Image {old} is called {} now", renamed.filename);
        let mut event = NewEvent::new("iso.renamed", Level::Info, message).iso(id).payload(payload);
        event.job_id = renamed.job_id;
        tx.event(&event)?;
        Ok(renamed)
    });
    store.await
}

async fn undo(journal: &Journal, record: &IsoRecord, renaming: Renaming) -> Result<(), Problem> {
    let (id, path) = (record.id, renaming.job_paths.0.clone());
    let back = tokio::task::spawn_blocking(move || renaming.back(&mut || Ok(())));
    if let Err(stopped) = back.await.map_err(internal)? {
        let why = format!("{} could be neither renamed nor left as it was: {stopped:?}", record.filepath);
        return Err(Problem::new(Code::StorageFailed, why));
    }
    let store = journal.commit(move |tx| storage::isos::abandon(tx.conn, id, &path));
    store.await.map_err(|error| problem(&error))
}

/// Goes on with what was interrupted.
pub(super) async fn resume(journal: &Journal, writing: &Writing) {
    let open = match journal.db.read(storage::isos::under_way).await {
        Ok(open) => open,
        Err(error) => return tracing::warn!(%error, "images that were being renamed could not be looked up"),
    };
    for (id, name) in open {
        let outcome = {
            let _held = writing.lock().await;
            again(journal, id, &name).await
        };
        match outcome {
            Ok(renamed) => tracing::info!(image = %renamed.filepath, "an interrupted renaming is done"),
            Err(problem) => tracing::warn!(image = %id, %problem, "an interrupted renaming could not be finished"),
        }
        tell_beside(journal, writing, id).await;
    }
}

async fn again(journal: &Journal, id: IsoId, name: &str) -> Result<IsoRecord, Problem> {
    let (record, facts) = read(journal, id).await?;
    let open = journal.db.read(storage::isos::under_way).await.map_err(|error| problem(&error))?;
    if !open.iter().any(|(other, _)| *other == id) {
        // Somebody else was faster.
        return Ok(record);
    }
    let renaming = Renaming::plan(&record, &facts, name)?;
    carry_out(journal, record, renaming).await
}

fn internal(error: tokio::task::JoinError) -> Problem {
    Problem::new(Code::Internal, error.to_string())
}
