//! CDs read raw: audio, mixed discs, clones. The image is a folder that one rename publishes.
//!
//! ```text
//! plan ─ for each track: copy ─ test ─ settle (votes) ─ sync ─ measure ─ journal ─┐
//!                                                  files ─ hashes ─ verdict ─ journal ─ rename
//! ```
//! A run that ends early goes on with the first track that the journal does not have.

mod copy;
mod digests;
mod drive;
mod files;
mod finish;
mod flac;
mod folder;
mod plan;
mod pregap;
mod programs;
mod remote;
mod tools;
mod votes;

pub use self::programs::Programs;
use self::{
    copy::{Manner, Store, TrackCopy, storage},
    drive::Drive,
    folder::{Folder, Journal, Start, TrackDone},
    plan::Plan,
    programs::Engine,
};
use super::{
    interrupt::{Interruption, code},
    process::WorkerProgram,
    protocol::{CdTask, Halt, ImageResult, Outcome, WorkerMessage},
    reader::{Identify, Reader, StopFlag},
    reporter::Reporter,
    tuning::Tuning,
};
use crate::{
    domain::{
        disc::frame::FRAME,
        job::Phase,
        options::{AudioFormat, OnLoss},
    },
    optical::{OpticalDevice, RawLayout},
};
use std::time::Instant;

/// Room for sheets, journal and the file system's own needs.
const SPARE: u64 = 2 << 20;

/// Everything that a task needs from outside.
pub struct CdWorkplace<'a> {
    /// The opened drive.
    pub device: &'a mut dyn OpticalDevice,
    /// Tells which disc is in it.
    pub identify: Identify<'a>,
    /// Starts programs that help.
    pub launcher: &'a WorkerProgram,
    /// Names of programs that read.
    pub programs: Programs,
    /// Raised when the run shall end.
    pub stop: StopFlag,
    /// Patience and intervals.
    pub tuning: Tuning,
    /// Where messages go.
    pub emit: &'a mut dyn FnMut(WorkerMessage),
}

/// A CD being read.
struct Work<'a> {
    task: &'a CdTask,
    name: String,
    plan: Plan,
    drive: Drive<'a>,
    store: Store,
    folder: Folder,
    journal: Journal,
    launcher: &'a WorkerProgram,
    programs: Programs,
    stop: StopFlag,
    /// Version of the encoder if there is something to encode.
    flac: Option<String>,
    began: Instant,
}

/// Makes the image of a CD. The last message is left to the caller, who has the outcome.
pub fn image(task: &CdTask, workplace: CdWorkplace<'_>) -> Outcome {
    match run(task, workplace) {
        Ok(result) => Outcome::Imaged(result),
        Err(interruption) => interruption.into_outcome(),
    }
}

fn run(task: &CdTask, workplace: CdWorkplace<'_>) -> Result<ImageResult, Interruption> {
    let began = Instant::now();
    let CdWorkplace { device, identify, launcher, programs, stop, tuning, emit } = workplace;
    let toc = task.medium.toc.as_ref().ok_or_else(|| unplannable("the drive tells no table of contents"))?;
    let plan = Plan::new(toc).map_err(|problem| unplannable(&problem))?;
    let name = task.paths.image.file_name().and_then(|name| name.to_str()).map(str::to_owned);
    let name = name.ok_or_else(|| Interruption::failed(code::BAD_TASK, "the image's name is no text"))?;
    let audio = plan.parts.iter().any(|part| !part.track.data);
    let flac = if task.format == AudioFormat::Flac && audio && !task.clone { Some(flac::version()?) } else { None };
    let mut reporter = Reporter::new(emit, tuning.progress_interval);
    reporter.phase(Phase::Analyzing);
    let reader = Reader::new(device, identify, (&task.medium, 0), stop.clone(), tuning, &mut || reporter.alive())?;
    let start = folder::prepare(task, &tuning, &stop, &mut || reporter.alive())?;
    let (folder, mut journal) = match start {
        Start::Work(folder, journal) => (folder, *journal),
        Start::Published(result, folder) => {
            if result.judgement.verdict.is_good() && !task.options.keep_map {
                folder.remove_journal()?;
            }
            return Ok(*result);
        }
    };
    let mut drive = Drive::new(reader, reporter, stop.clone(), &task.options);
    if task.options.again && journal.result.as_ref().is_some_and(|result| !result.judgement.verdict.is_good()) {
        journal.result = None;
        if !folder.path.join(format!("{name}.bin")).exists() {
            // The frames are in the files of the tracks only, in which nothing can be repaired.
            journal = Journal::new(task);
        }
        folder.write_journal(&journal)?;
    }
    // A crash hit between the last journal and the new name.
    if let Some(result) = journal.result.clone() {
        let store = Store { bin: folder.open("journal.json")?, sub: None };
        let superfluous = flac.is_some().then(|| format!("{name}.bin"));
        let mut work = Work { task, name, plan, drive, store, folder, journal, launcher, programs, stop, flac, began };
        finish::publish(&mut work, &result, superfluous)?;
        return Ok(result);
    }
    let store = open_store(&folder, &name, &plan, &mut drive, task)?;
    let mut work = Work { task, name, plan, drive, store, folder, journal, launcher, programs, stop, flac, began };
    let made = read(&mut work).and_then(|()| finish::finish(&mut work));
    made.map_err(|interruption| with_missing_space(interruption, &work))
}

fn unplannable(problem: &str) -> Interruption {
    let message = format!("cannot tell what is on this disc: {problem}; try another drive");
    Interruption::failed(code::SIZE_UNKNOWN, message)
}

/// Opens the files for frames and finds out what the drive offers.
fn open_store(folder: &Folder, name: &str, plan: &Plan, drive: &mut Drive<'_>, task: &CdTask) -> Result<Store, Interruption> {
    let audio = plan.parts.iter().find(|part| !part.track.data);
    let at = audio.or(plan.parts.first()).map_or(0, |part| part.track.start);
    if !drive.offers(at, RawLayout::Main)? {
        let message = "this drive does not give raw frames of this disc; try another drive";
        return Err(Interruption::failed(code::DISC_UNIDENTIFIED, message));
    }
    drive.c2 = audio.is_some() && drive.offers(at, RawLayout::MainC2)?;
    drive.sub = drive.offers(at, RawLayout::MainSub)?;
    let sub = if task.clone && drive.sub { Some(folder.open(&format!("{name}.sub"))?) } else { None };
    Ok(Store { bin: folder.open(&format!("{name}.bin"))?, sub })
}

/// Reads the tracks that are not read yet.
fn read(work: &mut Work<'_>) -> Result<(), Interruption> {
    if let Some(speed) = work.task.options.speed_kbps {
        // A drive that has one speed only reads at that speed.
        let _ = work.drive.device().set_speed(Some(speed));
    }
    let begun: u64 = work.journal.tracks.len() as u64;
    work.folder.check_space(needed(work))?;
    let options = &work.task.options;
    let manner = Manner {
        read_offset: work.task.read_offset,
        retries: if options.rescue { options.retries } else { 0 },
        data_twice: options.verify.disc(),
    };
    let cost = |part: &plan::Part| part.frames() * FRAME as u64 * if part.track.data && !manner.data_twice { 1 } else { 2 };
    let total = work.plan.parts.iter().map(cost).sum();
    let done = work.plan.parts.iter().zip(0..begun).map(|(part, _)| cost(part)).sum();
    work.drive.phase(Phase::Reading, total, done);
    // Whoever was asked about losses and did not accept them wants one more pass.
    let repeat = (options.on_loss == OnLoss::Ask || options.again) && !options.accept_loss;
    let engine = engine(work)?;
    // What cdrdao has read of the session under way.
    let mut session = (0, Vec::new());
    for index in 0..work.plan.parts.len() {
        let (began, part) = (Instant::now(), work.plan.parts[index]);
        let earlier = work.journal.tracks.get(index).cloned();
        let filled = match engine {
            _ if earlier.is_some() => Vec::new(),
            Engine::Cdrdao => {
                if session.0 != part.track.session {
                    session = (part.track.session, programs::cdrdao(work, part.track.session, manner)?);
                }
                session.1.clone()
            }
            Engine::CdParanoia if !part.track.data => programs::cd_paranoia(work, &part, manner)?,
            Engine::CdParanoia | Engine::Native => Vec::new(),
        };
        let copy = TrackCopy::new(&mut work.drive, &work.store, &work.plan, part, manner);
        let finding = match &earlier {
            None => copy.run(&filled)?,
            Some(done) if repeat && done.finding.losses() > 0 => copy.repair(&done.finding)?,
            Some(_) => continue,
        };
        sync(&work.store)?;
        let mut result = finish::measure(work, index)?;
        (result.test_matches, result.unsettled, result.unreadable) =
            (finding.test_matches, finding.unsettled, finding.unreadable);
        let seconds = began.elapsed().as_secs_f64() + earlier.as_ref().map_or(0.0, |done| done.seconds);
        let previous = index.checked_sub(1).map(|index| work.plan.parts[index]);
        let pregap = previous.map_or(Ok(0), |previous| pregap::length(&mut work.drive, &part, &previous))?;
        let done = TrackDone { result, finding, pregap, seconds };
        match work.journal.tracks.get_mut(index) {
            Some(place) => *place = done,
            None => work.journal.tracks.push(done),
        }
        work.folder.write_journal(&work.journal)?;
    }
    Ok(())
}

/// Who makes the first reading.
fn engine(work: &Work<'_>) -> Result<Engine, Interruption> {
    let task = work.task;
    let installed = |engine| programs::check(engine, &work.programs).is_ok();
    let engine = programs::choose(task.options.engine, task.clone, &task.device, installed);
    programs::check(engine, &work.programs)?;
    Ok(engine)
}

fn sync(store: &Store) -> Result<(), Interruption> {
    store.bin.sync_data().map_err(|error| storage("sync", error))?;
    store.sub.as_ref().map_or(Ok(()), |sub| sub.sync_data().map_err(|error| storage("sync", error)))
}

/// Bytes that are still to be written.
fn needed(work: &Work<'_>) -> u64 {
    let parts = &work.plan.parts;
    let rest: u64 = parts.iter().skip(work.journal.tracks.len()).map(plan::Part::frames).sum();
    let frames = |data: bool| parts.iter().filter(|part| part.track.data == data).map(plan::Part::frames).sum::<u64>();
    let raw = FRAME as u64 + if work.store.sub.is_some() { copy::SUB as u64 } else { 0 };
    let iso = if work.task.clone || frames(false) == 0 { 0 } else { frames(true) * crate::domain::ids::SECTOR };
    // Compressed audio may be as large as it was, and beside it lies one decoded track at a time.
    let longest = parts.iter().map(plan::Part::frames).max().unwrap_or(0);
    let flac = if work.flac.is_some() { (work.plan.frames + longest) * FRAME as u64 } else { 0 };
    rest * raw + iso + flac + SPARE
}

/// Storage says that there is no space; how much is missing depends on what is still to be written.
fn with_missing_space(interruption: Interruption, work: &Work<'_>) -> Interruption {
    match interruption {
        Interruption::Halted(Halt::NoSpace { missing: 0 }) => {
            let missing = work.folder.missing(needed(work)).unwrap_or(0).max(1);
            Interruption::Halted(Halt::NoSpace { missing })
        }
        other => other,
    }
}
