//! What people want of existing jobs.

use super::{
    actor::{JobDeps, JobSignal},
    commit::{Details, Stored, problem, step},
    create,
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
    imaging::ImagePaths,
    storage::{self, jobs::JobRecord},
};
use std::path::Path;

/// Carries out what a person wants of a job: through its actor if it has one, in the database otherwise.
pub(super) async fn obey(deps: &JobDeps, JobCommand { id, action }: JobCommand) -> Result<JobRecord, Problem> {
    let event = match action {
        JobAction::Pause => JobEvent::PauseRequested,
        JobAction::Resume => JobEvent::ResumeRequested,
        JobAction::Cancel => JobEvent::CancelRequested,
        JobAction::Retry => JobEvent::RetryRequested,
        JobAction::Delete => return delete(deps, id).await,
        JobAction::Change(change) => return apply_change(deps, id, change).await,
    };
    let Stored { job, effects } = step(&deps.journal, id, event, Details::default()).await?;
    if let Some(live) = deps.live.get(id) {
        // The state is stored; an actor that just died has no worker to stop any more.
        let _ = live.actor.tell(JobSignal { state: job.state, effects });
    }
    if job.state.is_terminal() {
        deps.metrics.job_ended(job.kind.as_str(), "cancelled", None);
    }
    Ok(job)
}

async fn delete(deps: &JobDeps, id: JobId) -> Result<JobRecord, Problem> {
    let job = deps.journal.db.read(move |conn| storage::jobs::get(conn, id)).await.map_err(|error| problem(&error))?;
    if !job.state.is_terminal() {
        return Box::pin(obey(deps, JobCommand { id, action: JobAction::Cancel })).await;
    }
    if deps.live.get(id).is_some() {
        return Err(Problem::new(
            Code::JobActive,
            "the job's reading process is still being stopped; try again in a few seconds",
        ));
    }
    let catalogued =
        deps.journal.db.read(move |conn| storage::isos::by_job(conn, id)).await.map_err(|error| problem(&error))?.is_some();
    if let (false, Some(path)) = (catalogued, job.output_path.clone()) {
        // Only what was never finished: a finished image belongs to the catalogue.
        let paths = ImagePaths::new(Path::new(&path));
        let removal =
            tokio::task::spawn_blocking(move || [paths.part, paths.map].iter().for_each(|file| drop(std::fs::remove_file(file))));
        removal.await.map_err(|error| Problem::new(Code::Internal, error.to_string()))?;
    }
    let forget = deps.journal.commit(move |tx| {
        storage::jobs::delete(tx.conn, id)?;
        tx.event(
            &NewEvent::new("job.deleted", Level::Info, format!("Job {id} was deleted")).payload(serde_json::json!({ "job": id })),
        )?;
        Ok(())
    });
    forget.await.map_err(|error| problem(&error))?;
    Ok(job)
}

async fn apply_change(deps: &JobDeps, id: JobId, change: JobChange) -> Result<JobRecord, Problem> {
    if let Some(priority) = change.priority {
        create::check_priority(priority)?;
    }
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
            job.options = serde_json::json!({ "verify": options.verify, "retries": options.retries.unwrap_or(1) });
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
