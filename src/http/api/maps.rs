//! Sector maps as people see them: of an image, of a job under way.

use super::State;
use crate::{
    domain::{
        ids::{IsoId, JobId, SECTOR},
        result::{BadRange, Damage, MAX_POINTS},
        sector_map::{BlockStatus, SectorMap},
    },
    error::{Code, Problem},
    http::{
        auth::{Look, May},
        mapfile::load,
        params::{Params, id},
        problem::ProblemDocument,
        wire::{DamageDocument, MapBody, MapDocument},
    },
    jobs::map_file,
    storage::{isos, isos::IsoRecord, jobs},
};
use actix_web::web;
use std::{io, path::PathBuf};

/// Most cells of a drawing.
const MAX_CELLS: usize = 4_096;

/// What is missing of an image: ranges, files, and a map to draw.
#[utoipa::path(get, path = "/api/v1/isos/{id}/damage", tag = "isos", params(("id" = String, Path, description = "Id of the image")), responses(
    (status = 200, description = "The damage; empty lists for a complete image", body = DamageDocument),
    (status = 404, description = "`iso_unknown`", body = ProblemDocument, content_type = "application/problem+json"),
))]
pub async fn damage(
    _: May<Look>,
    state: State,
    iso: web::Path<String>,
    params: Params,
) -> Result<web::Json<DamageDocument>, Problem> {
    params.finish()?;
    let iso: IsoId = id(&iso, Code::IsoUnknown)?;
    let read = state.read(Code::IsoUnknown, move |conn| Ok((isos::get(conn, iso)?, isos::facts(conn, iso)?)));
    let (record, facts) = read.await?;
    let known = facts.details.damage;
    let document = blocking(move || {
        let map = stored_map(&record, known.as_ref());
        let damage = known.unwrap_or_else(|| from_map(map.as_ref(), record.verdict.is_good()));
        // What is cut off at the end is run-out, not damage.
        let end = if record.verdict.is_good() { record.size } else { u64::MAX };
        DamageDocument::new(damage, map.as_ref().map(|map| draw(map, end)))
    });
    Ok(web::Json(document.await?))
}

/// Where a job's image stands: what was read, what not yet, what cannot be.
#[utoipa::path(get, path = "/api/v1/jobs/{uuid}/map", tag = "jobs", params(("uuid" = String, Path, description = "Id of the job")), responses(
    (status = 200, description = "The map as it is on disk; while the job runs it is some seconds behind", body = MapDocument),
    (status = 404, description = "`job_unknown`, or `no_map`: nothing was read yet, the image is complete, or the job makes none", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 409, description = "`map_unusable`", body = ProblemDocument, content_type = "application/problem+json"),
))]
pub async fn job(_: May<Look>, state: State, uuid: web::Path<String>, params: Params) -> Result<web::Json<MapDocument>, Problem> {
    params.finish()?;
    let uuid: JobId = id(&uuid, Code::JobUnknown)?;
    let job = state.read(Code::JobUnknown, move |conn| jobs::get(conn, uuid)).await?;
    let none = || Problem::new(Code::NoMap, format!("Job {uuid} has no sector map: nothing was read yet, or all of it"));
    let path = map_file(&job).ok_or_else(none)?;
    let read = blocking(move || load(&path)).await?;
    let map = read.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => none(),
        _ => Problem::new(Code::MapUnusable, format!("the sector map of job {uuid} cannot be read: {error}")),
    })?;
    let (finished, bad) = (map.bytes(BlockStatus::Finished), map.bytes(BlockStatus::Bad));
    let open = map.len().saturating_sub(finished).saturating_sub(bad);
    Ok(web::Json(MapDocument { finished, bad, open, map: draw(&map, u64::MAX) }))
}

fn draw(map: &SectorMap, end: u64) -> MapBody {
    MapBody::new(map.len(), &map.cells(MAX_CELLS, SECTOR, end))
}

/// The map of an image: the file if it is still there, otherwise what is known without it.
fn stored_map(record: &IsoRecord, damage: Option<&Damage>) -> Option<SectorMap> {
    let file: Option<PathBuf> = record.map_path.as_ref().map(PathBuf::from);
    if let Some(map) = file.and_then(|path| load(&path).ok()) {
        return Some(map);
    }
    let good = record.verdict.is_good();
    if damage.is_none() && !good {
        return None;
    }
    let sectors = record.medium.as_ref().map_or(record.size.div_ceil(SECTOR), |medium| medium.size.sectors);
    let len = sectors.checked_mul(SECTOR)?;
    let mut map = SectorMap::new(len);
    map.set(0..len, BlockStatus::Finished);
    for range in damage.iter().flat_map(|damage| &damage.ranges) {
        let start = range.start.saturating_mul(SECTOR);
        map.set(start..start.saturating_add(range.count.saturating_mul(SECTOR)), BlockStatus::Bad);
    }
    Some(map)
}

/// Damage where only a map tells of it: ranges, but no names.
fn from_map(map: Option<&SectorMap>, good: bool) -> Damage {
    let missing = [BlockStatus::Bad, BlockStatus::NonTried, BlockStatus::NonTrimmed, BlockStatus::NonScraped];
    let ranges = map.filter(|_| !good).map(|map| map.ranges(&missing)).unwrap_or_default();
    let sectors = |range: std::ops::Range<u64>| BadRange {
        start: range.start / SECTOR,
        count: range.end.div_ceil(SECTOR) - range.start / SECTOR,
    };
    Damage { ranges: ranges.into_iter().take(MAX_POINTS).map(sectors).collect(), listing_complete: good, ..Damage::default() }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
    tokio::task::spawn_blocking(work).await.map_err(|error| Problem::new(Code::Internal, error.to_string()))
}
