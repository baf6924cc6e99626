//! The pages `/drives` and `/drives/{id}`: every drive with its state, its disc, its settings and its life.

mod files;
pub mod forms;
mod settings;

use super::{
    fields::{Field, Mistakes},
    frame::{self, Frame, Place},
    view::{self, DriveCard, Fact, JobRow, RingChart, SpeedChart},
};
use crate::{
    domain::ids::{DriveId, JobId},
    drives::DriveSnapshot,
    error::{Code, Problem},
    http::{
        AppState,
        auth::{Look, May},
        params::drive_id,
        wire::{Disk, DiskStatistics, Job, ReadElsewhereBody},
        words::{self, Language},
    },
    storage::{self, Connection, Page, StorageError, drive_stats, jobs::JobFilter, jobs::JobRecord},
};
use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{self, Data, Path},
};
use askama::Template;
use files::DiscFile;
use settings::Shown;

/// Jobs of a drive on its page; the list of jobs has all of them.
const JOBS: u32 = 5;

/// The list.
#[derive(Template)]
#[template(path = "drives.html")]
struct Drives {
    frame: Frame,
    drives: Vec<DriveCard>,
}

/// One drive.
#[derive(Template)]
#[template(path = "drive.html")]
struct DrivePage {
    frame: Frame,
    drive: DriveCard,
    disc: Vec<Fact>,
    hardware: Vec<Fact>,
    speed: Option<SpeedChart>,
    jobs: Vec<JobRow>,
    jobs_url: String,
    insert: Option<Insert>,
    settings: Vec<Field>,
    options: Vec<Field>,
    unfold: bool,
    life: Vec<Fact>,
    rings: Vec<RingChart>,
    elsewhere: Vec<Elsewhere>,
}

/// How a disc gets into a virtual drive.
struct Insert {
    folder: String,
    files: Vec<DiscFile>,
    path: String,
    error: Option<String>,
}

/// A disc that this drive has failed and another one has read.
struct Elsewhere {
    label: String,
    job: String,
    verdict: &'static str,
    other: String,
    other_job: String,
}

/// What a form has left: what was filled in, and what is wrong with it.
#[derive(Default)]
struct Left {
    shown: Option<Shown>,
    mistakes: Mistakes,
    path: String,
}

/// All drives.
///
/// # Errors
/// `unavailable` without a database.
pub async fn list(_: May<Look>, state: Data<AppState>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let mut frame = Frame::new(&request, Place::Drives, "").refreshed(5);
    frame.title = frame.t("Drives", "Laufwerke").to_owned();
    let disks: Vec<Disk> = state.registry.all().iter().map(Disk::from).collect();
    let devices: Vec<String> = disks.iter().map(|disk| disk.path.clone()).collect();
    let last = state.read(Code::NotFound, move |conn| last_jobs(conn, &devices)).await?;
    let pictures = state.pictures.of_jobs(&last).await?;
    let jobs: Vec<Job> = last.into_iter().map(|job| Job::new(job, &state.live)).collect();
    let card = |disk: &Disk| {
        let job = job_of(disk, &jobs);
        view::drive(disk, job, &disks, frame.language).showing(job.and_then(|job| pictures.get(&job.uuid)))
    };
    let page = Drives { drives: disks.iter().map(card).collect(), frame };
    Ok(frame::show(StatusCode::OK, &page.frame, &page))
}

/// The last job of each drive.
fn last_jobs(conn: &mut Connection, devices: &[String]) -> Result<Vec<JobRecord>, StorageError> {
    let mut found = Vec::new();
    for device in devices {
        found.extend(jobs_of(conn, device, 1, &["running"])?);
        found.extend(jobs_of(conn, device, 1, &["completed"])?);
    }
    Ok(found)
}

fn jobs_of(conn: &mut Connection, device: &str, limit: u32, status: &[&str]) -> Result<Vec<JobRecord>, StorageError> {
    let status = status.iter().map(|word| (*word).to_owned()).collect();
    let filter = JobFilter { device: Some(device.to_owned()), status, ..JobFilter::default() };
    Ok(storage::jobs::list(conn, &filter, &Page { limit, ..Page::default() })?.items)
}

/// The job that reads in the drive, else the last one that did.
fn job_of<'a>(disk: &Disk, jobs: &'a [Job]) -> Option<&'a Job> {
    let reading = jobs.iter().find(|job| disk.job_uuid.as_deref() == Some(job.uuid.as_str()));
    reading.or_else(|| jobs.iter().find(|job| job.device == disk.path && job.status == "completed"))
}

/// One drive.
///
/// # Errors
/// `drive_unknown`, or `unavailable` without a database.
pub async fn one(_: May<Look>, state: Data<AppState>, id: Path<String>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    show(&state, &drive_id(&id)?, &request, StatusCode::OK, Left::default()).await
}

async fn show(
    state: &Data<AppState>,
    id: &DriveId,
    request: &HttpRequest,
    status: StatusCode,
    left: Left,
) -> Result<HttpResponse, Problem> {
    let drive = find(state, id)?;
    let frame = Frame::new(request, Place::Drives, drive.name.clone()).refreshed(if left.mistakes.is_empty() { 15 } else { 0 });
    let page = gather(state, &drive, frame, left).await?;
    Ok(frame::show(status, &page.frame, &page))
}

fn find(state: &AppState, id: &DriveId) -> Result<DriveSnapshot, Problem> {
    state.registry.get(id).ok_or_else(|| Problem::new(Code::DriveUnknown, format!("There is no drive {id}")))
}

async fn gather(state: &Data<AppState>, drive: &DriveSnapshot, mut frame: Frame, left: Left) -> Result<DrivePage, Problem> {
    let language = frame.language;
    // A form that is shown again leads back to the drive, not to where it was sent.
    frame.here = format!("/drives/{}", drive.id);
    let (id, device) = (drive.id.clone(), drive.path());
    let read = state.read(Code::DriveUnknown, move |conn| {
        let mut jobs = jobs_of(conn, &device, 1, &["running"])?;
        jobs.extend(jobs_of(conn, &device, JOBS, &["queued", "paused", "completed", "failed", "cancelled"])?);
        Ok((drive_stats::get(conn, &id)?, drive_stats::read_elsewhere(conn, &id)?, jobs))
    });
    let (life, elsewhere, jobs) = read.await?;
    let life = DiskStatistics::from(life);
    let disks: Vec<Disk> = state.registry.all().iter().map(Disk::from).collect();
    let disk = Disk::from(drive);
    let jobs: Vec<Job> = jobs.into_iter().map(|job| Job::new(job, &state.live)).collect();
    let speed = disk.job_uuid.as_deref().and_then(|uuid| uuid.parse().ok()).map(|uuid| state.live.history(JobId(uuid)));
    let insert = if drive.is_virtual() { Some(insert(drive, &left).await?) } else { None };
    let unfold = left.shown.is_some();
    let shown = left.shown.unwrap_or_else(|| Shown::stored(&drive.settings));
    let model = format!("{} {}", drive.identity.vendor, drive.identity.model);
    let auto = state.settings.get().auto;
    let device = percent_encoding::utf8_percent_encode(&disk.path, percent_encoding::NON_ALPHANUMERIC).to_string();
    Ok(DrivePage {
        disc: drive.medium.as_ref().map(|medium| view::medium(medium, drive.drive.session, language)).unwrap_or_default(),
        hardware: hardware(&disk, language),
        speed: speed.and_then(|samples| view::speed(&samples, language)),
        jobs: jobs.iter().take(JOBS as usize).map(|job| view::job(job, &disks, language)).collect(),
        jobs_url: format!("/jobs?device={device}"),
        insert,
        settings: settings::fields(&shown, model.trim(), auto, &left.mistakes, language),
        options: settings::option_fields(&shown, &left.mistakes, language),
        unfold,
        rings: view::rings(&life, language),
        life: view::life(&life, language),
        elsewhere: elsewhere.into_iter().map(|disc| elsewhere_row(disc.into(), state, language)).collect(),
        drive: view::drive(&disk, job_of(&disk, &jobs), &disks, language),
        frame,
    })
}

async fn insert(drive: &DriveSnapshot, left: &Left) -> Result<Insert, Problem> {
    let folder = drive.path();
    let place = std::path::PathBuf::from(&folder);
    let looked = web::block(move || files::list(&place)).await;
    let files = looked.map_err(|error| Problem::new(Code::Internal, error.to_string()))?;
    Ok(Insert { folder, files, path: left.path.clone(), error: left.mistakes.get("image").cloned() })
}

fn elsewhere_row(disc: ReadElsewhereBody, state: &AppState, language: Language) -> Elsewhere {
    let other = state.registry.all().into_iter().find(|drive| drive.id.as_str() == disc.other_drive);
    Elsewhere {
        label: if disc.label.is_empty() { disc.fingerprint.chars().take(12).collect() } else { disc.label },
        job: disc.job_uuid,
        verdict: words::find(words::VERDICTS, &disc.verdict, None).word(language),
        other: other.map_or(disc.other_drive, |drive| drive.name),
        other_job: disc.other_job_uuid,
    }
}

/// What it is and where it is.
fn hardware(disk: &Disk, language: Language) -> Vec<Fact> {
    let pick = |en, de| language.pick(en, de);
    let known = |label, value: &str| (!value.is_empty()).then(|| Fact::new(label, value));
    let model = format!("{} {}", disk.identity.vendor, disk.identity.model);
    let bridge = disk.bridge.as_ref().map(|bridge| {
        let advice = bridge.advice.as_deref().map(|advice| format!("; {advice}")).unwrap_or_default();
        format!("{} ({}){advice}", bridge.name, bridge.id)
    });
    [
        known(pick("Model", "Modell"), model.trim()),
        known(pick("Firmware", "Firmware"), &disk.identity.firmware),
        known(pick("Serial number", "Seriennummer"), &disk.identity.serial),
        known(pick("Place", "Ort"), &disk.path),
        known(pick("USB bridge", "USB-Brücke"), bridge.as_deref().unwrap_or_default()),
        known(pick("Id", "Kennung"), &disk.id),
    ]
    .into_iter()
    .flatten()
    .collect()
}
