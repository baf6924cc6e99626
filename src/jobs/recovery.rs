//! What happens to jobs when the service starts: replay through the same `step` as everything else.

use super::commit::{Details, step};
use crate::{
    bus::Journal,
    domain::job::{JobEvent, JobState},
    error::Problem,
    storage,
};

/// Puts every job that was running on this host when the service ended back where it belongs. Run before any actor starts.
///
/// # Errors
/// Trouble with the database.
pub async fn recover(journal: &Journal) -> Result<usize, Problem> {
    let node = journal.node.to_string();
    let running = journal.db.read(move |conn| {
        let jobs = storage::jobs::unfinished(conn)?;
        Ok(jobs
            .into_iter()
            .filter(|job| {
                matches!(job.state, JobState::Running { .. }) && job.lease_owner.as_deref().is_none_or(|owner| owner == node)
            })
            .collect::<Vec<_>>())
    });
    let running = running.await.map_err(|error| super::commit::problem(&error))?;
    for job in &running {
        let details = Details {
            message: Some("the service was restarted; it goes on from what is on disk".to_owned()),
            ..Details::default()
        };
        let stored = step(journal, job.id, JobEvent::Recovered, details).await?;
        tracing::info!(job = %job.id, status = stored.job.state.status(), "job recovered");
    }
    Ok(running.len())
}
