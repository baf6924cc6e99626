//! The machine and the service: status and log.

use super::{
    State,
    events::{filter, number, page},
    health, jobs,
};
use crate::{
    domain::access::Permission,
    error::{Code, Problem},
    http::{
        auth::{Look, May},
        machine,
        params::Params,
        probe::{self, Probe},
        problem::ProblemDocument,
        wire::{Disk, DriveSummary, EventBody, List, MachineDocument, Status},
    },
    storage::{self, events::EventFilter},
};
use actix_web::web;
use std::collections::BTreeMap;

/// The machine, the queue and the service's parts at a glance.
#[utoipa::path(get, path = "/api/v1/system/status", tag = "system", responses(
    (status = 200, description = "Status", body = Status),
    (status = 503, description = "`unavailable`: the database does not answer", body = ProblemDocument, content_type = "application/problem+json"),
))]
pub async fn status(_: May<Look>, state: State, probe: web::Data<Probe>, params: Params) -> Result<web::Json<Status>, Problem> {
    params.finish()?;
    Ok(web::Json(measure(&state, &probe).await?))
}

/// Measures the status; also for the live channels.
///
/// # Errors
/// `unavailable` without a database.
pub async fn measure(state: &State, probe: &web::Data<Probe>) -> Result<Status, Problem> {
    let (machine, folder) = (web::Data::clone(probe), state.config.output_dir.clone());
    let looked = web::block(move || (machine.machine(), probe::space(&folder)));
    let read = state.read(Code::NotFound, |conn| Ok((storage::jobs::counts_by_status(conn)?, storage::events::last_seq(conn)?)));
    let (looked, read, tree) = futures_util::join!(looked, read, health::tree(state));
    let ((cpu, memory), disk) = looked.map_err(|error| Problem::new(Code::Internal, error.to_string()))?;
    let (counted, last_event) = read?;
    let drives: Vec<_> = state.registry.all().iter().map(|drive| DriveSummary::from(Disk::from(drive))).collect();
    Ok(Status {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        node: state.journal.node.to_string(),
        started_at: probe.started_at,
        uptime_seconds: probe.uptime_seconds(),
        cpu,
        memory,
        disk,
        jobs: all_statuses(&counted),
        drives,
        hotplug: state.registry.source().map(|source| source.as_str().to_owned()),
        last_event,
        live_clients: state.metrics.client_count(),
        healthy: tree.as_ref().is_some_and(crate::supervision::HealthSnapshot::is_healthy),
        tree: serde_json::to_value(tree).unwrap_or_default(),
    })
}

/// Every status with its number, also those that no job has.
pub(super) fn all_statuses(counted: &BTreeMap<String, u64>) -> BTreeMap<String, i64> {
    let count = |status: &str| i64::try_from(counted.get(status).copied().unwrap_or(0)).unwrap_or(i64::MAX);
    jobs::STATUSES.iter().map(|status| ((*status).to_owned(), count(status))).collect()
}

/// The machine over the last ten minutes: load, memory, disks, space.
#[utoipa::path(get, path = "/api/v1/system/history", tag = "system", responses(
    (status = 200, description = "Samples, oldest first; kept in memory", body = MachineDocument),
    (status = 400, description = "Unknown parameter", body = ProblemDocument, content_type = "application/problem+json"),
))]
pub async fn history(_: May<Look>, state: State, params: Params) -> Result<web::Json<MachineDocument>, Problem> {
    params.finish()?;
    Ok(web::Json(MachineDocument { every_seconds: machine::EVERY.as_secs(), samples: state.machine.samples() }))
}

/// The log, newest first.
#[utoipa::path(get, path = "/api/v1/system/logs", tag = "system", params(
    ("level" = Option<String>, Query, description = "This level and those above it: `info`, `warning`, `error`"),
    ("kind" = Option<String>, Query, description = "Kinds that begin so", example = "drive."),
    ("drive" = Option<String>, Query, description = "About this drive"),
    ("job" = Option<String>, Query, description = "About this job"),
    ("iso" = Option<String>, Query, description = "About this image"),
    ("since" = Option<String>, Query, description = "Not before this time or date", example = "2026-11-20"),
    ("until" = Option<String>, Query, description = "Before this time or date", example = "2026-11-21"),
    ("q" = Option<String>, Query, description = "Text in the message, at most 200 characters"),
    ("limit" = Option<u32>, Query, description = "1 to 200, default 50"),
    ("before" = Option<i64>, Query, description = "Events before this number"),
    ("cursor" = Option<i64>, Query, description = "`next_cursor` of the page before; the same as `before`"),
), responses(
    (status = 200, description = "Events", body = List<EventBody>),
    (status = 400, description = "`invalid_query`", body = ProblemDocument, content_type = "application/problem+json"),
))]
pub async fn logs(may: May<Look>, state: State, mut params: Params) -> Result<web::Json<List<EventBody>>, Problem> {
    let (before, cursor) = (number(&mut params, "before")?, number(&mut params, "cursor")?);
    let since = params.time("since")?;
    let filter = EventFilter { since, ..filter(&mut params, may.may(Permission::Administer))? };
    let limit = params.limit()?;
    params.finish()?;
    let before = cursor.or(before);
    let found = state.read(Code::NotFound, move |conn| storage::events::latest(conn, limit + 1, before, &filter)).await?;
    Ok(web::Json(page(&found, limit)))
}
