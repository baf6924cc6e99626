//! For machines that watch over the service.

use super::{State, system::all_statuses};
use crate::{
    error::{Code, Problem},
    http::auth::{Look, May, Open},
    http::wire::{Live, Ready},
    storage,
    supervision::{ChildState, GetHealth, HealthSnapshot},
};
use actix_web::{HttpResponse, http::header, web};
use std::time::Duration;

/// How long the tree may take to answer.
const TREE_LIMIT: Duration = Duration::from_secs(1);
/// How long the database may take to answer.
const DATABASE_LIMIT: Duration = Duration::from_secs(2);

/// The process answers. Nothing else is looked at: whoever restarts on failure of this shall not restart because of a database.
#[utoipa::path(get, path = "/health/live", tag = "health", responses((status = 200, description = "Alive", body = Live)))]
pub async fn live(_: May<Open>) -> web::Json<Live> {
    web::Json(Live { status: "alive".to_owned() })
}

/// Whether the service can do its work: every part of the supervision tree and the database are asked now.
#[utoipa::path(get, path = "/health/ready", tag = "health", responses(
    (status = 200, description = "Ready; a drive or job that is being restarted is told in `degraded`", body = Ready),
    (status = 503, description = "Not ready, with what is wrong", body = Ready),
))]
pub async fn ready(_: May<Open>, state: State) -> HttpResponse {
    let ping = tokio::time::timeout(DATABASE_LIMIT, state.journal.db.read(storage::events::last_seq));
    let (tree, ping) = futures_util::join!(tree(&state), ping);
    let (mut failing, mut degraded) = (Vec::new(), Vec::new());
    match &tree {
        Some(tree) => sort_out(tree, true, &mut failing, &mut degraded),
        None => failing.push("root: does not answer".to_owned()),
    }
    let database = match ping {
        Ok(Ok(_)) => "ok".to_owned(),
        Ok(Err(error)) => error.to_string(),
        Err(_) => format!("no answer within {DATABASE_LIMIT:?}"),
    };
    if database != "ok" {
        failing.push(format!("database: {database}"));
    }
    let ready = failing.is_empty();
    let status = if ready { "ready" } else { "not_ready" }.to_owned();
    let body = Ready { status, failing, degraded, database, tree: tree.and_then(|tree| serde_json::to_value(tree).ok()) };
    let mut response = if ready { HttpResponse::Ok() } else { HttpResponse::ServiceUnavailable() };
    response.insert_header((header::CACHE_CONTROL, "no-store")).json(body)
}

/// Measures the supervision tree; `None` if it does not answer.
pub(super) async fn tree(state: &State) -> Option<HealthSnapshot> {
    let asked = state.root.send(GetHealth { limit: TREE_LIMIT });
    tokio::time::timeout(TREE_LIMIT * 2, asked).await.ok()?.ok()
}

/// One drive, one job or one integration that is down takes nothing else down; anything else does.
fn sort_out(node: &HealthSnapshot, critical: bool, failing: &mut Vec<String>, degraded: &mut Vec<String>) {
    let critical = critical
        && !node.name.starts_with("drive:")
        && !node.name.starts_with("job:")
        && !["batches", "integrations", "machine"].contains(&node.name.as_str());
    if node.state != ChildState::Running {
        let state = crate::http::wire::word(&node.state).unwrap_or_default();
        let exit = node.last_exit.as_ref().map(|exit| format!(" ({exit})")).unwrap_or_default();
        let list = if critical { &mut *failing } else { &mut *degraded };
        list.push(format!("{}: {state}{exit}", node.name));
    }
    for child in &node.children {
        sort_out(child, critical, failing, degraded);
    }
}

/// Metrics for Prometheus.
#[utoipa::path(get, path = "/metrics", tag = "health", responses(
    (status = 200, description = "Prometheus text format", body = String, content_type = "text/plain; version=0.0.4"),
))]
pub async fn metrics(_: May<Look>, state: State) -> Result<HttpResponse, Problem> {
    let counted = state.read(Code::NotFound, storage::jobs::counts_by_status).await?;
    let counts = all_statuses(&counted);
    state.metrics.jobs_now(counts.iter().map(|(status, count)| (status.as_str(), *count)));
    state.metrics.drives_now(state.registry.all().iter().map(|drive| drive.drive.state.name()));
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8"))
        .body(state.metrics.render()))
}
