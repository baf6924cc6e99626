//! What people want of existing jobs.

use super::{
    actor::{JobDeps, JobSignal},
    commit::{Details, Stored, problem, step},
    continuing, create, image,
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
        JobAction::Delete => return delete(deps, id).await,
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
    if let (false, Some(paths)) = (catalogued, image::paths(&job)) {
        // Only what was never finished: a finished image belongs to the catalogue.
        let removal = tokio::task::spawn_blocking(move || remove_unfinished(&paths));
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

/// The unfinished image of a raw CD is a folder that its worker made.
fn remove_unfinished(paths: &ImagePaths) {
    if paths.part.symlink_metadata().is_ok_and(|meta| meta.is_dir()) {
        let _ = std::fs::remove_dir_all(&paths.part);
    } else {
        let _ = std::fs::remove_file(&paths.part);
    }
    let _ = std::fs::remove_file(&paths.map);
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
