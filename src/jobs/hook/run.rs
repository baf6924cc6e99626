//! One run of the hook: its environment, its time, what is told of it.

use super::{HookDeps, rules::Moment};
use crate::{
    config::HOOK_VARIABLES,
    domain::{
        disc::clean_label,
        event::{Event, Level, NewEvent},
        ids::DriveId,
        options::JobOptions,
    },
    drives::DriveSnapshot,
    imaging::process::{WorkerEvent, WorkerEvents, WorkerHandle, start_hook},
    storage::{self, StorageError, isos::IsoRecord, jobs::JobRecord},
};
use futures_util::StreamExt as _;
use serde_json::json;
use std::time::Duration;

/// Time between SIGTERM and SIGKILL, and between SIGKILL and giving up.
const GRACE: Duration = Duration::from_secs(5);
/// Lines and characters of its output that are told.
const MAX_LINES: usize = 40;
const MAX_CHARACTERS: usize = 4_000;
/// Longest value in its environment.
const MAX_VALUE: usize = 4_096;
/// Where it finds programs if this service has no PATH.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// What became of a run.
pub struct Ran {
    /// Exit code 0 in time.
    pub well: bool,
    /// The tray shall be opened after a disc that was accepted.
    pub eject: bool,
    /// Discs that the drive had seen before.
    pub discs: u64,
    /// For the log.
    pub news: NewEvent,
}

enum End {
    Exited(Option<i32>, Option<i32>),
    TooLong,
}

/// Runs the hook and waits for its end, at most as long as it may take.
///
/// # Errors
/// If the database does not say what the disc was; a program that fails is no error.
pub async fn run(deps: &HookDeps, moment: Moment, drive: &DriveId, event: &Event) -> Result<Ran, StorageError> {
    let (job, iso) = match event.event.job_id {
        Some(id) => {
            deps.journal
                .db
                .read(move |conn| Ok((existing(storage::jobs::get(conn, id))?, storage::isos::by_job(conn, id)?)))
                .await?
        }
        None => (None, None),
    };
    let snapshot = deps.registry.get(drive);
    let environment = environment(moment, drive, snapshot.as_ref(), job.as_ref(), iso.as_ref());
    let service = deps.settings.get().eject_when_done;
    let eject = eject_wanted(job.as_ref(), snapshot.as_ref()).unwrap_or(service);
    let name = snapshot.as_ref().map_or_else(|| drive.to_string(), |drive| drive.name.clone());
    let (end, output) = match start_hook(&deps.program, &environment) {
        Ok((handle, events)) => listen(&handle, events, deps.limit).await,
        Err(error) => (End::Exited(None, None), vec![error.to_string()]),
    };
    let (well, how) = match end {
        End::Exited(Some(0), _) => (true, "done".to_owned()),
        End::Exited(Some(code), _) => (false, format!("exit code {code}")),
        End::Exited(None, Some(signal)) => (false, format!("ended by signal {signal}")),
        End::Exited(None, None) => (false, "could not be run".to_owned()),
        End::TooLong => (false, format!("not done after {} s, and stopped", deps.limit.as_secs())),
    };
    let last = output.last().filter(|_| !well).map(|line| format!(": {line}")).unwrap_or_default();
    let message = format!("{name}: hook {} {}, {how}{last}", deps.program.display(), moment.as_str());
    let (kind, level) = if well { ("hook.ran", Level::Info) } else { ("hook.failed", Level::Warning) };
    let code = if let End::Exited(code, _) = end { code } else { None };
    let payload = json!({ "event": moment.as_str(), "code": code, "output": bounded(&output) });
    let mut news = NewEvent::new(kind, level, message).drive(drive).payload(payload);
    news.job_id = event.event.job_id;
    let discs = snapshot.as_ref().map_or(0, |drive| drive.drive.session);
    Ok(Ran { well, eject, discs, news })
}

/// Hears the program to its end, or makes it end.
async fn listen(handle: &WorkerHandle, mut events: WorkerEvents, limit: Duration) -> (End, Vec<String>) {
    let mut output = Vec::new();
    if let Ok(end) = tokio::time::timeout(limit, to_end(&mut events, &mut output)).await {
        return (end, output);
    }
    handle.stop();
    if tokio::time::timeout(GRACE, to_end(&mut events, &mut output)).await.is_err() {
        handle.kill();
        // What hangs in the kernel is left alone; its output goes nowhere.
        let _ = tokio::time::timeout(GRACE, to_end(&mut events, &mut output)).await;
    }
    (End::TooLong, output)
}

async fn to_end(events: &mut WorkerEvents, output: &mut Vec<String>) -> End {
    while let Some(event) = events.next().await {
        match event {
            WorkerEvent::Log(line) => {
                tracing::info!(line, "hook");
                if output.len() == MAX_LINES {
                    output.remove(0);
                }
                output.push(line);
            }
            // Only a worker is asked for these.
            WorkerEvent::Message(_) => {}
            WorkerEvent::Exited { code, signal } => return End::Exited(code, signal),
        }
    }
    End::Exited(None, None)
}

/// The end of the output.
fn bounded(lines: &[String]) -> String {
    let text = lines.join("\n");
    let skip = text.chars().count().saturating_sub(MAX_CHARACTERS);
    text.chars().skip(skip).collect()
}

/// What the job says of its tray, else the drive.
fn eject_wanted(job: Option<&JobRecord>, drive: Option<&DriveSnapshot>) -> Option<bool> {
    let job = job.and_then(|job| serde_json::from_value::<JobOptions>(job.options.clone()).ok());
    job.and_then(|options| options.eject).or(drive.and_then(|drive| drive.settings.options.eject))
}

/// Its whole environment. Every variable is there; one that is not known is empty.
fn environment(
    moment: Moment,
    drive: &DriveId,
    snapshot: Option<&DriveSnapshot>,
    job: Option<&JobRecord>,
    iso: Option<&IsoRecord>,
) -> Vec<(String, String)> {
    let verdict = job.map(|job| match job.state {
        crate::domain::job::JobState::Completed { verdict } => verdict.as_str().to_owned(),
        other => other.status().to_owned(),
    });
    let image = iso.map(|iso| iso.filepath.clone()).or_else(|| job.and_then(|job| job.output_path.clone()));
    let value = |name: &str| -> Option<String> {
        match name.trim_start_matches("DISK2ISO_") {
            "EVENT" => Some(moment.as_str().to_owned()),
            "DRIVE" => Some(drive.to_string()),
            "DRIVE_NAME" => snapshot.map(|drive| drive.name.clone()),
            "DEVICE" => snapshot.map(DriveSnapshot::path),
            "JOB" => job.map(|job| job.id.to_string()),
            "VERDICT" => verdict.clone(),
            "LABEL" => job.map(|job| clean_label(&job.disk_label)),
            "DISK_TYPE" => job.map(|job| job.disk_type.clone()),
            "FINGERPRINT" => job.and_then(|job| job.fingerprint.as_ref()).map(ToString::to_string),
            "PATH" => image.clone(),
            "BAD_SECTORS" => job.map(|job| iso.map_or(job.progress.error_count, |iso| iso.bad_sectors).to_string()),
            "MD5" => job.and_then(|job| job.md5.clone()),
            "SHA256" => job.and_then(|job| job.sha256.clone()),
            _ => None,
        }
    };
    let clean = |text: String| -> String { text.chars().filter(|c| !c.is_control()).take(MAX_VALUE).collect() };
    let path = std::env::var("PATH").unwrap_or_else(|_| PATH.to_owned());
    let ours = HOOK_VARIABLES.iter().map(|name| ((*name).to_owned(), clean(value(name).unwrap_or_default())));
    [("PATH".to_owned(), path), ("LC_ALL".to_owned(), "C.UTF-8".to_owned())].into_iter().chain(ours).collect()
}

/// A job that was deleted meanwhile is no error.
fn existing<T>(found: Result<T, StorageError>) -> Result<Option<T>, StorageError> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(StorageError::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}
