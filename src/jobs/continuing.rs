//! Going on in another drive or with a second copy of the disc, and decisions about sectors that stayed unreadable.

use super::{
    actor::JobDeps,
    commit::{Details, Moved, Stored, problem, step},
    create, image,
    messages::Continue,
};
use crate::{
    domain::{
        ids::JobId,
        job::{Decision, JobEvent},
        options::JobOptions,
        plan::Plan,
    },
    drives::DriveSnapshot,
    error::{Code, Problem},
    storage::{
        self,
        jobs::{JobKind, JobRecord},
    },
};

/// A job goes on: in this drive or another one, with its disc or a second copy of it.
///
/// # Errors
/// `not_a_drive`, `wrong_disc` if another disc lies in that drive, `invalid_field` for options, `job_active` while its worker
/// runs, `job_not_retryable` for a good image or a job that makes none. Nothing is changed then.
pub(super) async fn go_on(deps: &JobDeps, id: JobId, wish: Continue) -> Result<Stored, Problem> {
    let moved = check(deps, id, wish).await?;
    step(&deps.journal, id, JobEvent::ContinueRequested, Details { moved: Some(moved), ..Details::default() }).await
}

/// A person says what shall become of an image with unreadable sectors. Stored before anything is done about it.
///
/// # Errors
/// `no_decision_needed` unless the job asks; for another drive as [`go_on`].
pub(super) async fn decide(deps: &JobDeps, id: JobId, decision: Decision, device: Option<String>) -> Result<Stored, Problem> {
    let moved = match (decision, device) {
        (Decision::OtherDrive, None) => {
            return Err(Problem::field("device", "which drive? Name one, or use /continue to go on in the same one"));
        }
        (Decision::OtherDrive, device) => {
            asks(deps, id).await?;
            Some(check(deps, id, Continue { device, ..Continue::default() }).await?)
        }
        (_, Some(_)) => return Err(Problem::field("device", "is only for the decision \"other_drive\"")),
        (_, None) => None,
    };
    step(&deps.journal, id, JobEvent::Decided(decision), Details { moved, ..Details::default() }).await
}

/// A job that does not ask is told so before it is told anything about drives.
async fn asks(deps: &JobDeps, id: JobId) -> Result<(), Problem> {
    let job = read(deps, id).await?;
    let answer = job.state.step(JobEvent::Decided(Decision::OtherDrive), &Default::default());
    answer
        .map(drop)
        .map_err(|_| Problem::new(Code::NoDecisionNeeded, format!("Job {id} is {} and asks nothing", job.state.status())))
}

async fn read(deps: &JobDeps, id: JobId) -> Result<JobRecord, Problem> {
    deps.journal.db.read(move |conn| storage::jobs::get(conn, id)).await.map_err(|error| problem(&error))
}

/// Everything that can be told at once.
async fn check(deps: &JobDeps, id: JobId, wish: Continue) -> Result<Moved, Problem> {
    let job = read(deps, id).await?;
    if job.kind != JobKind::Image {
        return Err(Problem::new(Code::JobNotRetryable, "Only a job that makes an image can go on in another drive"));
    }
    // The rules first: whoever may not go on at all is not told about drives.
    job.state.step(JobEvent::ContinueRequested, &Default::default()).map_err(|denied| {
        let code = Code::parse(&denied.to_string()).unwrap_or(Code::Conflict);
        Problem::new(code, format!("Job {id} is {}", job.state.status()))
    })?;
    let device = wish.device.clone().unwrap_or_else(|| job.device.clone());
    let drive = create::find_drive(&deps.registry, &device)?;
    let before = job.drive_id.as_ref().and_then(|id| deps.registry.get(id));
    let options = merged(&job, before.as_ref(), &drive, wish.options)?;
    same_disc(&job, &drive)?;
    let planned = JobRecord { options: create::stored_options(&options)?, ..job };
    if let Some(Plan::Refused(refusal)) = planned.medium.as_ref().map(|medium| image::plan_for(&planned, medium)) {
        return Err(create::refused(&drive.name, refusal));
    }
    Ok(Moved { drive: drive.id.clone(), device: drive.path(), options: planned.options })
}

fn merged(job: &JobRecord, old: Option<&DriveSnapshot>, new: &DriveSnapshot, wish: JobOptions) -> Result<JobOptions, Problem> {
    create::check_options(&wish)?;
    let mut before = image::options(job);
    if let Some(old) = old.filter(|old| old.id != new.id) {
        // What the old drive needs is not what the new one needs; what a person asked for stays.
        let (old, new) = (old.settings.job_defaults(), new.settings.job_defaults());
        let leave = |now: &mut Option<u32>, old: Option<u32>, new| *now = if *now == old { new } else { *now };
        leave(&mut before.speed_kbps, old.speed_kbps, new.speed_kbps);
        leave(&mut before.block_sectors, old.block_sectors, new.block_sectors);
        if before.read_offset == old.read_offset {
            before.read_offset = new.read_offset;
        }
    }
    if job.output_path.is_some() && wish.format.is_some() && wish.format.unwrap_or_default() != before.format.unwrap_or_default()
    {
        return Err(Problem::field("options.format", "the job has begun to write in another format"));
    }
    Ok(wish.or(&before))
}

/// Another disc is refused at once where it is known; otherwise the worker looks before it reads a sector.
fn same_disc(job: &JobRecord, drive: &DriveSnapshot) -> Result<(), Problem> {
    let (Some(wanted), Some(found)) = (&job.medium, &drive.medium) else { return Ok(()) };
    if found.is_same_disc(wanted) {
        return Ok(());
    }
    let label = if found.label.is_empty() { "without a label" } else { &found.label };
    let detail = if found.label == wanted.label {
        format!("{} holds another disc that is also called {label:?}; its contents or layers differ", drive.name)
    } else {
        format!("{} holds {label:?}, the job wants {:?}", drive.name, wanted.label)
    };
    Err(Problem::new(Code::WrongDisc, detail).about("device"))
}
