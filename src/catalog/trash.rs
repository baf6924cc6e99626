//! The trash: what people delete is out of sight at once, and can be taken back until its time is over. Its files stay where they
//! are, and so do their names; they are removed for good when the time is over, or when a person says so.

use super::{Catalog, DeleteIso, Writing, delete, problem, rename};
use crate::{
    bus::Journal,
    domain::{
        event::{Level, NewEvent},
        ids::IsoId,
    },
    error::Problem,
    storage::{self, isos::IsoRecord},
};
use actix::prelude::*;
use chrono::{DateTime, TimeDelta, Utc};
use std::{sync::Arc, time::Duration};

/// How often the catalogue looks for what has been in the trash for long enough.
pub const SWEEP: Duration = Duration::from_secs(3600);
/// Images that are removed in one go.
const BATCH: u32 = 100;

/// Put images into the trash, all or none; those that lie there already stay there. Answers with the moment that
/// [`RestoreAll`] takes back.
#[derive(Debug, Clone, Message)]
#[rtype(result = "Result<DateTime<Utc>, Problem>")]
pub struct TrashIsos {
    /// The images.
    pub ids: Vec<IsoId>,
    /// Who wants it, for the log.
    pub who: String,
}

/// Take an image back out of the trash.
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "Result<IsoRecord, Problem>")]
pub struct RestoreIso(pub IsoId);

/// Take everything back that was deleted at this moment; answers how many images that were.
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "Result<usize, Problem>")]
pub struct RestoreAll(pub DateTime<Utc>);

/// Look whether something has been in the trash for long enough, and whether a renaming can go on.
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "()")]
pub(super) struct Sweep;

impl Handler<TrashIsos> for Catalog {
    type Result = ResponseFuture<Result<DateTime<Utc>, Problem>>;

    fn handle(&mut self, TrashIsos { ids, who }: TrashIsos, ctx: &mut Self::Context) -> Self::Result {
        let (journal, days) = (self.journal.clone(), self.trash_days);
        let catalog = ctx.address();
        Box::pin(async move {
            let put = journal.commit(move |tx| {
                for id in ids {
                    if !storage::isos::trash(tx.conn, id, tx.now)? {
                        continue;
                    }
                    let iso = storage::isos::get(tx.conn, id)?;
                    let message = format!("Image {} was put into the trash", iso.filename);
                    let payload = serde_json::json!({ "filepath": iso.filepath, "size": iso.size, "days": days, "by": who });
                    tx.event(&NewEvent::new("iso.trashed", Level::Info, message).iso(id).payload(payload))?;
                }
                Ok(tx.now)
            });
            let at = put.await.map_err(|error| problem(&error))?;
            if days == 0 {
                catalog.do_send(Sweep);
            }
            Ok(at)
        })
    }
}

impl Handler<RestoreIso> for Catalog {
    type Result = ResponseFuture<Result<IsoRecord, Problem>>;

    fn handle(&mut self, RestoreIso(id): RestoreIso, _: &mut Self::Context) -> Self::Result {
        let journal = self.journal.clone();
        Box::pin(async move {
            let take = journal.commit(move |tx| {
                if storage::isos::restore(tx.conn, id)? {
                    tell_restored(tx, id)?;
                }
                storage::isos::get(tx.conn, id)
            });
            take.await.map_err(|error| problem(&error))
        })
    }
}

impl Handler<RestoreAll> for Catalog {
    type Result = ResponseFuture<Result<usize, Problem>>;

    fn handle(&mut self, RestoreAll(at): RestoreAll, _: &mut Self::Context) -> Self::Result {
        let journal = self.journal.clone();
        Box::pin(async move {
            let take = journal.commit(move |tx| {
                let ids = storage::isos::restore_all(tx.conn, at)?;
                ids.iter().try_for_each(|id| tell_restored(tx, *id))?;
                Ok(ids.len())
            });
            take.await.map_err(|error| problem(&error))
        })
    }
}

fn tell_restored(tx: &mut crate::bus::Tx<'_>, id: IsoId) -> Result<(), storage::StorageError> {
    let iso = storage::isos::get(tx.conn, id)?;
    let message = format!("Image {} was taken out of the trash", iso.filename);
    tx.event(&NewEvent::new("iso.restored", Level::Info, message).iso(id))?;
    Ok(())
}

impl Handler<Sweep> for Catalog {
    type Result = ResponseFuture<()>;

    fn handle(&mut self, _: Sweep, _: &mut Self::Context) -> Self::Result {
        let (journal, writing, days) = (self.journal.clone(), Arc::clone(&self.writing), self.trash_days);
        Box::pin(async move {
            rename::resume(&journal, &writing).await;
            empty(&journal, &writing, days).await;
        })
    }
}

/// Removes what has been in the trash for so many days. What cannot be removed now is tried again in an hour.
pub(super) async fn empty(journal: &Journal, writing: &Writing, days: u32) {
    let before = journal.clock.now() - TimeDelta::days(i64::from(days));
    loop {
        let ids = match journal.db.read(move |conn| storage::isos::outdated(conn, before, BATCH)).await {
            Ok(ids) => ids,
            Err(error) => return tracing::warn!(%error, "the trash could not be looked at"),
        };
        let mut gone = 0;
        for id in &ids {
            match delete(journal, writing, DeleteIso { id: *id, only_trashed: true }).await {
                Ok(()) => gone += 1,
                Err(problem) => tracing::warn!(image = %id, %problem, "an image in the trash was not removed"),
            }
        }
        if gone == 0 || ids.len() < BATCH as usize {
            return;
        }
    }
}
