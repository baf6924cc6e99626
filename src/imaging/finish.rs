//! From a read disc to a named image: hashes, comparisons, verdict, name. In this order, each step durable before the next.

use super::{
    damage,
    hashing::hash_bytes,
    interrupt::Interruption,
    mapfile::MapHeader,
    protocol::{ImageHashes, ImageResult, ImageTask, WorkerProgress},
    session::Session,
    verify,
};
use crate::domain::{
    ids::SECTOR,
    job::Phase,
    options::HashKind,
    result::{FileRole, ImageDetails, StoredFile},
    sector_map::BlockStatus,
    verdict::{Evidence, Judgement, Verdict, VerifyEvidence, judge, run_out_start},
};
use std::{path::Path, time::Instant};

/// What is known when an image is finished.
struct Finished {
    size: u64,
    hashes: ImageHashes,
    verify: VerifyEvidence,
    judgement: Judgement,
}

/// Completes an image whose map is settled. `earlier` is there if another run began it: then the file may hold bytes that were
/// never claimed, and what that run could not settle stays unsettled until the disc is compared again.
///
/// # Errors
/// Storage that fails, `name_taken`, or a request to stop; the `.part` and its map are kept then.
pub fn finish(
    session: &mut Session<'_>,
    task: &ImageTask,
    earlier: Option<VerifyEvidence>,
    began: Instant,
) -> Result<ImageResult, Interruption> {
    let end = settle_length(session, task, earlier.is_some())?;
    let finished = examine(session, task, end, earlier.unwrap_or_default())?;
    session.phase(Phase::Publishing);
    let header = MapHeader { fingerprint: Some(task.medium.fingerprint.clone()), verify: finished.verify };
    session.pipeline.ledger().set_header(header);
    session.pipeline.checkpoint()?;
    // The map's name must be on disk before the image's: whoever finds an image must find what it is worth.
    session.pipeline.sink().sync_folder()?;
    let publishable = !matches!(finished.judgement.verdict, Verdict::Incomplete | Verdict::Failed);
    if publishable {
        session.pipeline.sink().publish()?;
    }
    let path = if publishable { &task.paths.image } else { &task.paths.part };
    if finished.judgement.verdict.is_good() && !task.options.keep_map {
        session.pipeline.sink().remove_map()?;
    }
    let details = details(session, task, path, &finished)?;
    Ok(result(session, path, finished, details, began))
}

/// Reports an image again that was published before a crash. Its verdict comes from its map, its hashes from the file.
///
/// # Errors
/// Storage that fails, or a request to stop.
pub fn report_again(
    session: &mut Session<'_>,
    task: &ImageTask,
    verify: VerifyEvidence,
    began: Instant,
) -> Result<ImageResult, Interruption> {
    let end = session.pipeline.sink().length()?;
    session.phase(Phase::Hashing);
    let hashes = verify::hash_from_storage(session, end)?;
    let judgement = judgement(session, task, end, hashes.bytes, verify);
    if judgement.verdict.is_good() {
        session.pipeline.sink().sync_folder()?;
        if !task.options.keep_map {
            session.pipeline.sink().remove_map()?;
        }
    }
    let finished = Finished { size: end, hashes, verify, judgement };
    let details = details(session, task, &task.paths.image, &finished)?;
    Ok(result(session, &task.paths.image, finished, details, began))
}

/// Gives the file its length and makes data and map durable. Returns the length.
fn settle_length(session: &mut Session<'_>, task: &ImageTask, resumed: bool) -> Result<u64, Interruption> {
    session.flush();
    session.pipeline.drain()?;
    if resumed {
        for range in session.map.ranges(&[BlockStatus::Bad]) {
            zero(session, range)?;
        }
    }
    let end = run_out_start(&session.map, &task.medium.size, task.medium.profile).unwrap_or(session.map.len());
    session.pipeline.sink().set_len(end)?;
    session.pipeline.checkpoint()?;
    Ok(end)
}

/// Unreadable sectors are zeros in the image, also where a crash left something else.
fn zero(session: &Session<'_>, range: std::ops::Range<u64>) -> Result<(), Interruption> {
    let sink = session.pipeline.sink();
    let zeros = vec![0; 64 << 10];
    let mut position = range.start;
    // Beyond the end of the file there is nothing to overwrite: extending it makes a hole, which reads as zeros.
    let end = range.end.min(sink.length()?);
    while position < end {
        #[allow(clippy::cast_possible_truncation)] // at most zeros.len()
        let count = (end - position).min(zeros.len() as u64) as usize;
        sink.write_at(position, &zeros[..count])?;
        position += count as u64;
    }
    Ok(())
}

/// Hashes what did not pass through the hashes in order, compares what shall be compared, and judges.
fn examine(session: &mut Session<'_>, task: &ImageTask, end: u64, earlier: VerifyEvidence) -> Result<Finished, Interruption> {
    if session.pipeline.hashed() < end {
        session.phase(Phase::Hashing);
        let Session { pipeline, reporter, stop, .. } = session;
        pipeline.hash_stored(end, |done| {
            reporter.moved(|| WorkerProgress { size_total: end, size_processed: done, ..WorkerProgress::default() });
            stop.check()
        })?;
    }
    let mut hashes = session.pipeline.finish_hashes()?;
    let mut verify = VerifyEvidence { image_matches: None, ..earlier };
    if task.options.verify.image() {
        session.phase(Phase::Verifying);
        verify.image_matches = Some(verify::hash_from_storage(session, end)? == hashes);
    }
    if task.options.verify.disc() {
        session.phase(Phase::Verifying);
        let check = verify::compare_disc(session)?;
        verify.disc_unsettled = Some(check.unsettled);
        if check.patched > 0 {
            hashes = verify::hash_from_storage(session, end)?;
        }
    }
    let size = session.pipeline.sink().length()?;
    let judgement = judgement(session, task, size, hashes.bytes, verify);
    Ok(Finished { size, hashes, verify, judgement })
}

fn judgement(session: &Session<'_>, task: &ImageTask, image_len: u64, hashed: u64, verify: VerifyEvidence) -> Judgement {
    judge(&Evidence { map: &session.map, size: &task.medium.size, profile: task.medium.profile, image_len, hashed, verify })
}

/// Files, damage, statistics and programs. Whoever looks at the sink finds the files as they are now.
fn details(session: &mut Session<'_>, task: &ImageTask, path: &Path, finished: &Finished) -> Result<ImageDetails, Interruption> {
    let name = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let ImageHashes { md5, sha256, more, .. } = finished.hashes.clone();
    let mut hashes = more;
    hashes.extend([(HashKind::Md5, md5), (HashKind::Sha256, sha256)]);
    let mut files = vec![StoredFile { name: name(path), role: FileRole::Iso, size: finished.size, hashes }];
    if let Some(text) = session.pipeline.sink().look()?.map {
        let hashes = hash_bytes(text.as_bytes())?;
        files.push(StoredFile { name: name(&task.paths.map), role: FileRole::Map, size: text.len() as u64, hashes });
    }
    Ok(ImageDetails {
        files,
        damage: damage::of(session, task, finished.judgement.verdict),
        statistics: session.reader.statistics(&session.map),
        tools: std::mem::take(&mut session.tools),
        ..ImageDetails::default()
    })
}

fn result(session: &Session<'_>, path: &Path, finished: Finished, details: ImageDetails, began: Instant) -> ImageResult {
    let seconds = began.elapsed().as_secs_f64();
    #[allow(clippy::cast_precision_loss)]
    let bytes_per_second = if seconds > 0.0 { session.reader.bytes() as f64 / seconds } else { 0.0 };
    ImageResult {
        path: path.to_owned(),
        size: finished.size,
        sectors_total: session.map.len() / SECTOR,
        judgement: finished.judgement,
        verify: finished.verify,
        hashes: finished.hashes,
        seconds,
        bytes_per_second,
        details,
    }
}
