//! Putting the queue in order.

use super::{actor::JobDeps, commit::problem, messages::MoveJob};
use crate::{
    domain::{
        event::{Level, NewEvent},
        queue_order::{NotThere, changes},
    },
    error::{Code, Problem},
    storage::{self, jobs::JobRecord},
};
use serde_json::json;

/// Gives a job its new place; the places of all jobs are read, decided about and stored in one transaction.
///
/// # Errors
/// `job_unknown`, `job_not_queued`, or `conflict` if the queue is not what the person saw. Nothing is changed then.
pub(super) async fn put(deps: &JobDeps, MoveJob { id, target }: MoveJob) -> Result<JobRecord, Problem> {
    let store = deps.journal.commit(move |tx| {
        let job = storage::jobs::get(tx.conn, id)?;
        let queue = storage::jobs::places(tx.conn)?;
        let changed = match changes(&queue, id, target, tx.now.timestamp_micros()) {
            Ok(changed) => changed,
            Err(refusal) => return Ok(Err(refused(&job, refusal))),
        };
        for place in &changed {
            storage::jobs::set_place(tx.conn, place, tx.now)?;
        }
        let Some(place) = changed.iter().find(|place| place.job == id) else { return Ok(Ok(job)) };
        let label = if job.disk_label.is_empty() { &job.device } else { &job.disk_label };
        let mut event = NewEvent::new("job.moved", Level::Info, format!("Job on {label} has another place in the queue"))
            .job(id)
            .payload(json!({ "target": target, "priority": place.priority, "position": place.position, "rows": changed.len() }));
        event.drive_id.clone_from(&job.drive_id);
        tx.event(&event)?;
        Ok(Ok(storage::jobs::get(tx.conn, id)?))
    });
    store.await.map_err(|error| problem(&error))?
}

fn refused(job: &JobRecord, refusal: NotThere) -> Problem {
    match refusal {
        NotThere::NotQueued => {
            Problem::new(Code::JobNotQueued, format!("Job {} is {} and has no place in the queue", job.id, job.state.status()))
        }
        NotThere::NeighbourGone | NotThere::Parted => {
            Problem::new(Code::Conflict, format!("The job was not moved: {refusal}. Look at the queue again"))
        }
    }
}
