//! Jobs: the queue, one actor per running job, recovery.
//!
//! The [`Dispatcher`] owns the queue: it creates, starts, pauses, resumes and removes jobs, and asks
//! [`scheduling`](crate::domain::scheduling) which may start. A `JobActor` owns one running job and its worker
//! process; its death is an event for the dispatcher. Both decide with [`domain::job`](crate::domain::job), store state and
//! event in one transaction, then act.

mod actor;
pub mod batches;
mod bulk;
mod commit;
mod continuing;
mod create;
mod deletion;
mod dispatcher;
mod hook;
mod image;
mod live;
mod messages;
mod moving;
mod names;
mod outcome;
mod preview;
mod provenance;
mod queue;
mod recovery;
mod verify;
mod wishes;

pub use actor::JobDeps;
pub use batches::{BatchDeps, Batches, TakeDisc, change as change_batch, create as create_batch};
pub use deletion::KEEP as KEEP_DELETED;
pub use dispatcher::Dispatcher;
pub use hook::{Hook, HookDeps};
pub use image::{image_file, map_file};
pub use live::{LiveJob, LiveJobs};
pub use messages::{
    BulkCommand, BulkDone, BulkOutcome, Continue, CreateJob, JobAction, JobChange, JobCommand, MoveJob, UndoBulk, VerifyIso,
};
pub use preview::{NamePreview, preview_name, proposed_name};
pub use recovery::recover;
