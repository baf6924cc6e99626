//! Where an image comes from, put together when it is published.

use super::image;
use crate::{
    bus::Journal,
    domain::{
        job::Decision,
        provenance::{DriveFacts, Provenance},
    },
    error::Problem,
    imaging::ImageResult,
    optical::DeviceIdentity,
    storage::{
        self, StorageError,
        events::EventFilter,
        jobs::{JobOrigin, JobRecord},
    },
};

/// Starts of a job that are looked at: more drives than that have no part in one image.
const MAX_STARTS: u32 = 1_000;

/// Everything about the making of this result that neither the result nor the disc tells.
///
/// # Errors
/// Trouble with the database.
pub(super) async fn provenance(journal: &Journal, job: &JobRecord, result: &ImageResult) -> Result<Provenance, Problem> {
    let id = job.id;
    let read = journal.db.read(move |conn| {
        let filter = EventFilter { job_id: Some(id), kind_prefix: Some("job.created".to_owned()), ..EventFilter::default() };
        let created = storage::events::since(conn, 0, 1, &filter)?;
        let by = created.first().and_then(|event| event.event.payload.get("by")?.as_str().map(str::to_owned));
        let filter = EventFilter { job_id: Some(id), kind_prefix: Some("job.started".to_owned()), ..EventFilter::default() };
        let mut drives: Vec<DriveFacts> = Vec::new();
        for event in storage::events::since(conn, 0, MAX_STARTS, &filter)? {
            let Some(drive) = event.event.drive_id else { continue };
            // The last one finished it, so a drive that comes back moves to the end.
            drives.retain(|known| known.id != drive.as_str());
            match storage::drives::get(conn, &drive) {
                Ok(record) => drives.push(facts(record)),
                Err(StorageError::NotFound) => drives.push(DriveFacts { id: drive.to_string(), ..DriveFacts::default() }),
                Err(error) => return Err(error),
            }
        }
        Ok((drives, by))
    });
    let (drives, by) = read.await.map_err(|error| super::commit::problem(&error))?;
    let operator = match job.origin {
        JobOrigin::Auto => "automatic".to_owned(),
        JobOrigin::Person => by.unwrap_or_else(|| "person".to_owned()),
    };
    Ok(Provenance {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        host: journal.node.to_string(),
        operator,
        drives,
        created_at: Some(job.created_at),
        started_at: job.started_at,
        finished_at: Some(journal.clock.now()),
        seconds: result.seconds,
        bytes_per_second: result.bytes_per_second,
        sectors_total: result.sectors_total,
        options: image::options(job),
        verify: result.verify,
        loss_accepted: job.decision == Some(Decision::Accept),
    })
}

fn facts(record: storage::drives::DriveRecord) -> DriveFacts {
    let identity: DeviceIdentity = serde_json::from_value(record.identity).unwrap_or_default();
    DriveFacts {
        id: record.id.to_string(),
        path: record.path,
        name: record.name,
        vendor: identity.vendor,
        model: identity.model,
        firmware: identity.firmware,
        serial: identity.serial,
    }
}
