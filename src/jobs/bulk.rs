//! The same with several jobs, and taking that back.

use super::{
    actor::JobDeps,
    commit::problem,
    deletion::KEEP,
    messages::{BulkCommand, BulkDone, BulkOutcome, JobAction, JobCommand, UndoBulk},
    wishes::obey,
};
use crate::{
    domain::{
        event::{Event, Level, NewEvent},
        ids::JobId,
    },
    error::{Code, Problem},
    storage::{
        self,
        events::{EventFilter, since},
    },
};
use serde_json::json;

/// Kind of the event that tells what was done and how it is taken back.
const KIND: &str = "job.bulk";

/// Does the same with several jobs, one after the other: what is not possible with one does not keep the others from it.
pub(super) async fn all(deps: &JobDeps, BulkCommand { ids, action }: BulkCommand) -> Result<BulkDone, Problem> {
    let count = ids.len();
    let outcomes = each(deps, ids.into_iter().map(|id| (id, action.clone())).collect()).await;
    // One job has its own event, and its own way back.
    let event = if count > 1 { tell(deps, &action, &outcomes).await? } else { None };
    Ok(BulkDone { outcomes, event })
}

/// Takes back what an event tells, job by job; what was changed otherwise since then is left alone and told.
///
/// # Errors
/// `not_found` if there is no such event, or it is too old.
pub(super) async fn undo(deps: &JobDeps, UndoBulk { event }: UndoBulk) -> Result<BulkDone, Problem> {
    let filter = EventFilter { kind_prefix: Some(KIND.to_owned()), ..EventFilter::default() };
    let found = deps.journal.db.read(move |conn| since(conn, event.saturating_sub(1), 1, &filter)).await;
    let oldest = deps.journal.clock.now() - KEEP;
    let told = found.map_err(|error| problem(&error))?.pop().filter(|told| told.seq == event && told.at > oldest);
    let told = told.ok_or_else(|| Problem::new(Code::NotFound, "This is too long ago to be taken back"))?;
    Ok(BulkDone { outcomes: each(deps, steps(&told)).await, event: None })
}

async fn each(deps: &JobDeps, steps: Vec<(JobId, JobAction)>) -> Vec<BulkOutcome> {
    let mut outcomes = Vec::with_capacity(steps.len());
    for (id, action) in steps {
        let before = deps.journal.db.read(move |conn| storage::jobs::get(conn, id)).await.ok().map(|job| job.state);
        let result = obey(deps, JobCommand { id, action }).await;
        outcomes.push(BulkOutcome { id, before, result });
    }
    outcomes
}

/// Writes down what takes it back; nothing if nothing does.
async fn tell(deps: &JobDeps, action: &JobAction, outcomes: &[BulkOutcome]) -> Result<Option<i64>, Problem> {
    let done = outcomes.iter().filter(|outcome| outcome.result.is_ok());
    let changed = done.filter(|outcome| outcome.before != outcome.result.as_ref().ok().map(|job| job.state) || deletes(action));
    let inverse = |outcome: &BulkOutcome| Some(json!([outcome.id, action.inverse(outcome.before?)?.as_str()]));
    let undo: Vec<serde_json::Value> = changed.filter_map(inverse).collect();
    if undo.is_empty() {
        return Ok(None);
    }
    let message = format!("{}: {} jobs at once", action.as_str(), undo.len());
    let event = NewEvent::new(KIND, Level::Info, message).payload(json!({ "action": action.as_str(), "undo": undo }));
    let event = deps.journal.commit(move |tx| tx.event(&event)).await.map_err(|error| problem(&error))?;
    Ok(Some(event.seq))
}

fn deletes(action: &JobAction) -> bool {
    matches!(action, JobAction::Delete | JobAction::Restore)
}

fn steps(event: &Event) -> Vec<(JobId, JobAction)> {
    let entry =
        |entry: &serde_json::Value| Some((entry.get(0)?.as_str()?.parse().ok()?, JobAction::parse(entry.get(1)?.as_str()?)?));
    event.event.payload["undo"].as_array().into_iter().flatten().filter_map(entry).collect()
}
