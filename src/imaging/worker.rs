//! Runs one task from start to its last word. The same code serves the `read-worker` process and `disk2iso image`.

use super::{
    buffers::Pool,
    engine::Engine,
    finish,
    hashing::{Hashes, hash_stored},
    interrupt::{Interruption, code},
    mapfile::MapHeader,
    pipeline::Pipeline,
    prepare::{self, Start},
    protocol::{Halt, ImageHashes, ImageResult, ImageTask, Outcome, WorkerMessage, WorkerProgress},
    reader::{Identify, Reader, StopFlag},
    reporter::Reporter,
    session::Session,
    sink::Sink,
    tuning::Tuning,
    verify,
};
use crate::{
    domain::{
        ids::SECTOR,
        job::Phase,
        options::OnLoss,
        sector_map::{BlockStatus, SectorMap},
        verdict::{VerifyEvidence, run_out_start},
    },
    optical::OpticalDevice,
};
use std::{sync::Arc, time::Instant};

/// Everything that a task needs from outside.
pub struct Workplace<'a> {
    /// The opened drive.
    pub device: &'a mut dyn OpticalDevice,
    /// Tells which disc is in it.
    pub identify: Identify<'a>,
    /// Where the image goes.
    pub sink: Arc<dyn Sink>,
    /// How the disc is read.
    pub engine: &'a dyn Engine,
    /// Raised when the run shall end.
    pub stop: StopFlag,
    /// Sizes and patience.
    pub tuning: Tuning,
    /// Where messages go.
    pub emit: &'a mut dyn FnMut(WorkerMessage),
}

/// Makes an image. The last message ([`WorkerMessage::Done`]) is left to the caller, who has the outcome.
pub fn image(task: &ImageTask, workplace: Workplace<'_>) -> Outcome {
    match run(task, workplace) {
        Ok(result) => Outcome::Imaged(result),
        Err(interruption) => interruption.into_outcome(),
    }
}

/// Hashes a stored image; `sink` has it under its final name.
pub fn verify_image(sink: &dyn Sink, stop: &StopFlag, tuning: Tuning, emit: &mut dyn FnMut(WorkerMessage)) -> Outcome {
    let mut reporter = Reporter::new(emit, tuning.progress_interval);
    reporter.phase(Phase::Verifying);
    match hash_whole(sink, stop, tuning, &mut reporter) {
        Ok(hashes) => Outcome::Hashed(hashes),
        Err(interruption) => interruption.into_outcome(),
    }
}

fn hash_whole(
    sink: &dyn Sink,
    stop: &StopFlag,
    tuning: Tuning,
    reporter: &mut Reporter<'_>,
) -> Result<ImageHashes, Interruption> {
    sink.open_published()?;
    sink.drop_cache();
    let size_total = sink.length()?;
    let pool = Pool::new(tuning.chunk, tuning.buffers);
    let mut hashes = Hashes::start(tuning.buffers, &[])?;
    hash_stored((&pool, sink), &mut hashes, size_total, &mut |size_processed| {
        reporter.moved(|| WorkerProgress { size_total, size_processed, ..WorkerProgress::default() });
        stop.check()
    })?;
    hashes.finish()
}

fn run(task: &ImageTask, workplace: Workplace<'_>) -> Result<ImageResult, Interruption> {
    let began = Instant::now();
    let Workplace { device, identify, sink, engine, stop, tuning, emit } = workplace;
    if task.medium.size.sectors == 0 {
        return Err(Interruption::failed(
            code::SIZE_UNKNOWN,
            "neither drive nor disc say how big the disc is; try another drive",
        ));
    }
    let mut reporter = Reporter::new(emit, tuning.progress_interval);
    reporter.phase(Phase::Analyzing);
    let expected = &task.medium.fingerprint;
    let reader =
        Reader::new(device, identify, (&task.medium, task.first_sector), stop.clone(), tuning, &mut || reporter.alive())?;
    let nothing = SectorMap::new(task.medium.size.sectors * SECTOR);
    let start = prepare::prepare(&*sink, task, &tuning, &stop, &mut || reporter.alive())
        .map_err(|interruption| with_missing_space(interruption, &*sink, &nothing))?;
    let (map, header) = match &start {
        Start::Image { map, header, .. } | Start::Published { map, header } => (map.clone(), header.clone()),
        Start::Unproven => (nothing, MapHeader::new(expected)),
    };
    let pipeline = Pipeline::start(Arc::clone(&sink), (map.clone(), header), &task.options.hashes, tuning)?;
    let mut session = Session::new(map, task, reader, pipeline, reporter, (stop, tuning));
    if task.options.speed_kbps.is_some() {
        session.reader.set_speed(task.options.speed_kbps);
    }
    let result = begin(&mut session, task, start, (&sink, engine), began);
    if task.options.speed_kbps.is_some() {
        // Whoever reads next does so at full speed.
        session.reader.set_speed(None);
    }
    result
}

fn begin(
    session: &mut Session<'_>,
    task: &ImageTask,
    start: Start,
    (sink, engine): (&Arc<dyn Sink>, &dyn Engine),
    began: Instant,
) -> Result<ImageResult, Interruption> {
    match start {
        Start::Image { header, resumed, .. } => {
            let done = make(session, task, engine, resumed.then_some(header.verify), began);
            done.map_err(|interruption| keep(session, &**sink, interruption))
        }
        Start::Published { header, .. } => {
            sink.open_published()?;
            finish::report_again(session, task, header.verify, began)
        }
        Start::Unproven => {
            sink.open_published()?;
            session.phase(Phase::Verifying);
            let len = sink.length()?;
            verify::prove(session, len)?;
            finish::report_again(session, task, VerifyEvidence::default(), began)
        }
    }
}

fn make(
    session: &mut Session<'_>,
    task: &ImageTask,
    engine: &dyn Engine,
    earlier: Option<VerifyEvidence>,
    began: Instant,
) -> Result<ImageResult, Interruption> {
    prepare::check_space(session.pipeline.sink(), &session.map)?;
    let prefix = session.map.finished_prefix();
    if prefix > 0 {
        // What an earlier run read goes through the hashes first; new sectors then continue them.
        session.phase(Phase::Hashing);
        let Session { pipeline, reporter, stop, .. } = session;
        pipeline.hash_stored(prefix, |done| {
            reporter.moved(|| WorkerProgress { size_total: prefix, size_processed: done, ..WorkerProgress::default() });
            stop.check()
        })?;
    }
    if task.options.accept_loss {
        settle_for_less(session);
    } else {
        engine.image(session)?;
        ask_about_loss(session, task)?;
    }
    finish::finish(session, task, earlier, began)
}

/// A person has accepted the loss: what failed counts as unreadable. What was never tried does not, and the verdict says so.
fn settle_for_less(session: &mut Session<'_>) {
    for range in session.map.ranges(&[BlockStatus::NonTrimmed, BlockStatus::NonScraped]) {
        session.map.set(range.clone(), BlockStatus::Bad);
        session.pipeline.mark(range, BlockStatus::Bad);
    }
    session.report_bad();
}

/// # Errors
/// [`Halt::Loss`] if sectors are missing without an explanation and a person wants to be asked.
fn ask_about_loss(session: &Session<'_>, task: &ImageTask) -> Result<(), Interruption> {
    let missing = session.map.len() - session.map.bytes(BlockStatus::Finished);
    let explained = run_out_start(&session.map, &task.medium.size, task.medium.profile).is_some();
    if task.options.on_loss == OnLoss::Finish || missing == 0 || explained {
        return Ok(());
    }
    Err(Interruption::Halted(Halt::Loss { bad_sectors: missing.div_ceil(SECTOR) }))
}

/// Makes durable what was read before the run ended, and completes the reason.
fn keep(session: &mut Session<'_>, sink: &dyn Sink, interruption: Interruption) -> Interruption {
    session.flush();
    let written = session.pipeline.drain();
    if is_no_space(&written) {
        // The write that did not fit may have left half of itself, and the map needs room too.
        let claimed = session.pipeline.ledger().written_map().ranges(&[BlockStatus::Finished]);
        let _ = sink.set_len(claimed.last().map_or(0, |range| range.end));
    }
    let kept = session.pipeline.checkpoint();
    let reason = match (interruption, written.and(kept)) {
        (failed @ Interruption::Failed { .. }, _) => failed,
        // Saying "stopped, and everything is durable" would be untrue.
        (_, Err(failure)) => failure,
        (interruption, Ok(())) => interruption,
    };
    with_missing_space(reason, sink, &session.pipeline.ledger().written_map())
}

/// Storage says that there is no space; how much is missing depends on what is still to be read.
fn with_missing_space(interruption: Interruption, sink: &dyn Sink, map: &SectorMap) -> Interruption {
    match interruption {
        Interruption::Halted(Halt::NoSpace { missing }) => {
            Interruption::Halted(Halt::NoSpace { missing: prepare::missing_space(sink, map).unwrap_or(missing) })
        }
        other => other,
    }
}

fn is_no_space(result: &Result<(), Interruption>) -> bool {
    matches!(result, Err(Interruption::Halted(Halt::NoSpace { .. })))
}
