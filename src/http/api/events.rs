//! The log of events.

use super::State;
use crate::{
    domain::{
        access::Permission,
        event::{Event, Level},
        ids::{DriveId, IsoId, JobId},
    },
    error::{Code, Problem},
    http::{
        auth::{Look, May},
        params::Params,
        problem::ProblemDocument,
        wire::{EventBody, List},
    },
    storage::events::{self, EventFilter},
};
use actix_web::web;

const LEVELS: [&str; 3] = ["info", "warning", "error"];

/// Events after a number, oldest first.
///
/// Ask again with `since` = `next_cursor` until it is null; then the number of the last event seen is the place to go on from.
#[utoipa::path(get, path = "/api/v1/events", tag = "events", params(
    ("since" = Option<i64>, Query, description = "Events after this number; default 0, the beginning", example = 1041),
    ("level" = Option<String>, Query, description = "This level and those above it: `info`, `warning`, `error`"),
    ("kind" = Option<String>, Query, description = "Kinds that begin so", example = "job."),
    ("drive" = Option<String>, Query, description = "About this drive"),
    ("job" = Option<String>, Query, description = "About this job"),
    ("iso" = Option<String>, Query, description = "About this image"),
    ("until" = Option<String>, Query, description = "Before this time or date", example = "2026-11-20"),
    ("q" = Option<String>, Query, description = "Text in the message, at most 200 characters"),
    ("limit" = Option<u32>, Query, description = "1 to 200, default 50"),
), responses(
    (status = 200, description = "Events", body = List<EventBody>),
    (status = 400, description = "`invalid_query`", body = ProblemDocument, content_type = "application/problem+json"),
))]
pub async fn list(may: May<Look>, state: State, mut params: Params) -> Result<web::Json<List<EventBody>>, Problem> {
    let since = number(&mut params, "since")?.unwrap_or(0);
    let (filter, limit) = (filter(&mut params, may.may(Permission::Administer))?, params.limit()?);
    params.finish()?;
    let found = state.read(Code::NotFound, move |conn| events::since(conn, since, limit + 1, &filter)).await?;
    Ok(web::Json(page(&found, limit)))
}

/// One row more than asked for tells whether there is another page.
pub(super) fn page(found: &[Event], limit: u32) -> List<EventBody> {
    let items: Vec<_> = found.iter().take(limit as usize).map(EventBody::from).collect();
    let more = found.len() > items.len();
    let next_cursor = items.last().filter(|_| more).map(|event| event.seq.to_string());
    List { items, next_cursor }
}

/// The number of an event.
pub(in crate::http) fn number(params: &mut Params, name: &str) -> Result<Option<i64>, Problem> {
    let number: Option<i64> = params.parsed(name, "the number of an event, 0 or more")?;
    match number {
        Some(number) if number < 0 => {
            Err(Problem::new(Code::InvalidQuery, format!("{name}={number} is not allowed; 0 or more")).about(name))
        }
        number => Ok(number),
    }
}

/// `level`, `kind`, `drive`, `job`, `iso`, `until`, `q`.
///
/// `audit`: also what accounts did.
pub(super) fn filter(params: &mut Params, audit: bool) -> Result<EventFilter, Problem> {
    Ok(EventFilter {
        drive_id: params.text("drive").map(|id| DriveId::new(&id)),
        job_id: params.parsed::<JobId>("job", "the uuid of a job")?,
        iso_id: params.parsed::<IsoId>("iso", "the id of an image")?,
        level_at_least: params.word("level", &LEVELS)?.as_deref().and_then(Level::parse),
        kind_prefix: params.text("kind"),
        until: params.time("until")?,
        text: params.search()?,
        since: None,
        audit,
    })
}
