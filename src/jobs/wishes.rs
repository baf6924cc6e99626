//! What people want of existing jobs.

use super::{
    actor::{JobDeps, JobSignal},
    commit::{Details, Stored, problem, step},
    continuing, create, deletion, image,
    messages::{JobAction, JobChange, JobCommand},
    names,
};
use crate::{
    domain::{
        event::{Level, NewEvent},
        ids::JobId,
        job::{JobEvent, JobState},
    },
    error::{Code, Problem},
    storage::{self, jobs::JobRecord},
};

/// Carries out what a person wants of a job: through its actor if it has one, in the database otherwise.
pub(super) async fn obey(deps: &JobDeps, JobCommand { id, action }: JobCommand) -> Result<JobRecord, Problem> {
    let act = |event| step(&deps.journal, id, event, Details::default());
    let stored = match action {
        JobAction::Pause => act(JobEvent::PauseRequested).await?,
        JobAction::Resume => act(JobEvent::ResumeRequested).await?,
        JobAction::Cancel => act(JobEvent::CancelRequested).await?,
        JobAction::Retry => act(JobEvent::RetryRequested).await?,
        JobAction::Continue(wish) => continuing::go_on(deps, id, wish).await?,
        JobAction::Decide { decision, device } => continuing::decide(deps, id, decision, device).await?,
        JobAction::Uncancel(reason) => act(JobEvent::CancelUndone(reason)).await?,
        JobAction::Delete => return delete(deps, id, true).await,
        JobAction::Purge => return delete(deps, id, false).await,
        JobAction::Restore => return deletion::restore(deps, id).await,
        JobAction::Change(change) => return apply_change(deps, id, change).await,
    };
    let Stored { job, effects } = stored;
    if let Some(live) = deps.live.get(id) {
        // The state is stored; an actor that just died has no worker to stop any more.
        let _ = live.actor.tell(JobSignal { state: job.state, effects });
    }
    if job.state.is_terminal() {
        deps.metrics.job_ended(job.kind.as_str(), "cancelled", None);
    }
    Ok(job)
}

/// A job that is over goes; one that is not is cancelled.
async fn delete(deps: &JobDeps, id: JobId, keep: bool) -> Result<JobRecord, Problem> {
    let job = deps.journal.db.read(move |conn| storage::jobs::get(conn, id)).await.map_err(|error| problem(&error))?;
    if job.state.is_terminal() {
        return deletion::delete(deps, job, keep).await;
    }
    Box::pin(obey(deps, JobCommand { id, action: JobAction::Cancel })).await
}

async fn apply_change(deps: &JobDeps, id: JobId, change: JobChange) -> Result<JobRecord, Problem> {
    if let Some(priority) = change.priority {
        create::check_priority(priority)?;
    }
    change.options.as_ref().map_or(Ok(()), create::check_options)?;
    let name = change.filename.as_deref().map(names::wished_name).transpose()?;
    let store = deps.journal.commit(move |tx| {
        let mut job = storage::jobs::get(tx.conn, id)?;
        if job.state.is_terminal() {
            return Ok(Err(Problem::new(Code::JobFinished, format!("Job {id} is {}", job.state.status()))));
        }
        let begun = job.output_path.is_some() || matches!(job.state, JobState::Running { .. });
        if begun && (name.is_some() || change.options.is_some()) {
            return Ok(Err(Problem::new(Code::Conflict, "the job has begun to write; only its priority can be changed now")));
        }
        job.priority = change.priority.unwrap_or(job.priority);
        job.requested_name = name.or(job.requested_name);
        if let Some(options) = change.options {
            match create::stored_options(&options.or(&image::options(&job))) {
                Ok(options) => job.options = options,
                Err(problem) => return Ok(Err(problem)),
            }
        }
        job.updated_at = tx.now;
        storage::jobs::update(tx.conn, &job)?;
        tx.event(
            &NewEvent::new("job.changed", Level::Info, format!("Job {id} was changed"))
                .job(id)
                .payload(serde_json::json!({ "priority": job.priority })),
        )?;
        Ok(Ok(storage::jobs::get(tx.conn, id)?))
    });
    store.await.map_err(|error| problem(&error))?
}
