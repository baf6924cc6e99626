//! From read tracks to a named folder: files, hashes, verdict, name. Each step is durable before the next one relies on it.

use super::{
    Work,
    copy::{SUB, storage},
    digests::{Digests, pieces},
    files::{self, Named, Sheets},
    flac::Encoder,
    folder::TrackDone,
};
use crate::{
    domain::{
        accurate_rip::TrackSummer,
        disc::frame::FRAME,
        job::Phase,
        options::{AudioFormat, HashKind, OnLoss},
        result::{
            BadRange, Damage, FileRole, ImageDetails, MAX_POINTS, ReadStatistics, SpeedPoint, StoredFile, ToolRun, TrackResult,
        },
        verdict::{Judgement, Verdict, VerifyEvidence},
        verdict_cd::{CdEvidence, TrackEvidence, judge_cd},
    },
    imaging::{
        interrupt::Interruption,
        protocol::{Halt, ImageHashes, ImageResult},
    },
};
use std::{collections::BTreeMap, fs::File};

/// Checksums of a track as it is stored, from its index 1 on.
///
/// # Errors
/// Storage.
pub fn measure(work: &mut Work<'_>, index: usize) -> Result<TrackResult, Interruption> {
    let (part, parts) = (work.plan.parts[index], &work.plan.parts);
    let (start, sectors) = (part.track.start, part.to - part.track.start);
    let mut digests = Digests::new([HashKind::Crc32, HashKind::Sha256])?;
    let audio = |part: &&super::plan::Part| !part.track.data;
    let first = parts.iter().find(audio).is_some_and(|first| *first == part);
    let last = parts.iter().rfind(audio).is_some_and(|last| *last == part);
    let mut summer = (!part.track.data).then(|| TrackSummer::new(sectors, first, last));
    let from = part.bytes().start + (start - part.from) * FRAME as u64;
    let drive = &mut work.drive;
    pieces(&work.store.bin, from..part.bytes().end, &mut |bytes| {
        if let Some(summer) = &mut summer {
            summer.update(bytes);
        }
        drive.moved(0);
        digests.update(bytes);
        Ok(())
    })?;
    let mut hashes = digests.finish()?;
    let mut take = |kind| hashes.remove(&kind).unwrap_or_default();
    let isrc = if part.track.data { None } else { work.drive.device().isrc(part.track.number).ok().flatten() };
    Ok(TrackResult {
        number: part.track.number,
        data: part.track.data,
        start,
        sectors,
        crc32: take(HashKind::Crc32),
        sha256: take(HashKind::Sha256),
        accurate_rip: summer.map(|summer| summer.finish().to_hex()),
        test_matches: None,
        unsettled: 0,
        unreadable: 0,
        isrc: isrc.filter(|isrc| isrc.len() == 12 && isrc.bytes().all(|byte| byte.is_ascii_alphanumeric())),
    })
}

/// Makes everything that the folder shall hold, judges, and publishes.
///
/// # Errors
/// Storage, `name_taken`, a wish to stop, or [`Halt::Loss`] if a person shall decide. What was read is kept.
pub fn finish(work: &mut Work<'_>) -> Result<ImageResult, Interruption> {
    let lost: u64 = work.journal.tracks.iter().map(|done| done.finding.losses()).sum();
    let options = &work.task.options;
    if lost > 0 && options.on_loss == OnLoss::Ask && !options.accept_loss {
        return Err(Interruption::Halted(Halt::Loss { bad_sectors: lost }));
    }
    let all: u64 = work.plan.frames * FRAME as u64;
    let (bin_name, sub_name) = (format!("{}.bin", work.name), format!("{}.sub", work.name));
    work.drive.phase(Phase::Hashing, all, 0);
    let tracks: Vec<TrackResult> = work.journal.tracks.iter().map(|done| done.result.clone()).collect();
    let (others, tools) = make_files(work, &tracks)?;
    let wanted = [HashKind::Md5, HashKind::Sha256].into_iter().chain(options.hashes.iter().copied());
    let wanted: Vec<HashKind> = wanted.collect();
    let (mut stored, bin) = hash_files(work, &others, &wanted)?;
    let sub = work.store.sub.as_ref().map(File::metadata).transpose().map_err(|error| storage("inspect", error))?;
    if sub.is_some() {
        let (hashes, size) = hash_file(work, &sub_name, &wanted)?;
        stored.push(StoredFile { name: sub_name, role: FileRole::Sub, size, hashes });
    }
    let flac = work.task.format == AudioFormat::Flac;
    if !flac {
        stored.push(StoredFile { name: bin_name.clone(), role: FileRole::Bin, size: bin.1, hashes: bin.0.clone() });
    }
    stored.sort_by_key(|file| file.role != FileRole::Cue);
    let mut verify = VerifyEvidence { image_matches: None, disc_unsettled: None };
    if options.verify.image() {
        work.drive.phase(Phase::Verifying, all, 0);
        verify.image_matches = Some(compare(work, &stored, &wanted)?);
    }
    let unsettled = tracks.iter().filter(|track| !track.data).map(|track| track.unsettled).sum();
    verify.disc_unsettled = tracks.iter().any(|track| track.test_matches.is_some()).then_some(unsettled);
    let sub_channel = work.task.clone.then(|| (sub.map_or(0, |sub| sub.len()), work.plan.frames * SUB as u64));
    let judgement = judge(work, &bin, verify, sub_channel);
    work.drive.phase(Phase::Publishing, all, all);
    let result = report(work, stored, (bin, judgement, verify), (tracks, tools));
    publish(work, &result, flac.then_some(bin_name))?;
    Ok(result)
}

/// Puts an image whose report is in the journal under its final name. Also where a crash hit right before.
///
/// # Errors
/// Storage, or `name_taken`.
pub fn publish(work: &mut Work<'_>, result: &ImageResult, superfluous: Option<String>) -> Result<(), Interruption> {
    if matches!(result.judgement.verdict, Verdict::Incomplete | Verdict::Failed) {
        return Ok(());
    }
    work.journal.result = Some(result.clone());
    work.folder.write_journal(&work.journal)?;
    if let Some(name) = superfluous {
        // The same frames are in the files of the tracks, which were decoded and compared.
        work.folder.remove(&name)?;
    }
    work.folder.publish()?;
    if result.judgement.verdict.is_good() && !work.task.options.keep_map {
        work.folder.remove_journal()?;
    }
    Ok(())
}

fn make_files(work: &mut Work<'_>, tracks: &[TrackResult]) -> Result<(Vec<Named>, Vec<ToolRun>), Interruption> {
    let mut named = Vec::new();
    let mut tools = vec![ToolRun::own()];
    tools.extend(work.journal.tools.iter().cloned());
    let kinds = |data| work.plan.parts.iter().any(|part| part.track.data == data);
    if !work.task.clone && kinds(true) && kinds(false) {
        named.extend(files::isos(&work.folder, &work.name, &work.plan, &work.store.bin)?);
    }
    if let Some(version) = work.flac.clone() {
        let (name, folder, launcher) = (&work.name, &work.folder, work.launcher);
        let (stop, medium) = (&work.stop, &work.task.medium);
        let encoder = Encoder { name, folder, launcher, stop, version, medium };
        let (files, runs) = encoder.run(&mut work.drive, &work.plan, &work.store.bin, tracks)?;
        named.extend(files);
        tools.extend(runs);
    }
    let packs = work.drive.device().cd_text().unwrap_or_default();
    // Eight blocks of 256 packs are all that a lead-in can hold.
    if !packs.is_empty() && packs.len() <= 8 * 256 * 18 {
        let name = format!("{}.cdt", work.name);
        work.folder.write(&name, &packs)?;
        named.push((name, FileRole::CdText));
    }
    let (name, plan, medium, format) = (work.name.as_str(), &work.plan, &work.task.medium, work.task.format);
    let pregaps: Vec<u64> = work.journal.tracks.iter().map(|done| done.pregap).collect();
    let sheets = Sheets { name, plan, medium, tracks, pregaps: &pregaps, format, bin: &work.store.bin };
    named.extend(sheets.write(&work.folder)?);
    work.folder.sync()?;
    Ok((named, tools))
}

type Hashed = (BTreeMap<HashKind, String>, u64);

/// Hashes every file, and the raw frames even if they are not kept: FLAC and `.bin` of one disc have the same hashes.
fn hash_files(work: &mut Work<'_>, named: &[Named], wanted: &[HashKind]) -> Result<(Vec<StoredFile>, Hashed), Interruption> {
    let bin = hash_file(work, &format!("{}.bin", work.name), wanted)?;
    let mut stored = Vec::new();
    for (name, role) in named {
        let (hashes, size) = hash_file(work, name, wanted)?;
        stored.push(StoredFile { name: name.clone(), role: *role, size, hashes });
    }
    Ok((stored, bin))
}

fn hash_file(work: &mut Work<'_>, name: &str, wanted: &[HashKind]) -> Result<Hashed, Interruption> {
    use nix::fcntl::{PosixFadviseAdvice, posix_fadvise};
    let file = File::open(work.folder.file(name)).map_err(|error| storage("open", error))?;
    // Advice only: what is read next comes from storage where the system allows it.
    let _ = posix_fadvise(&file, 0, 0, PosixFadviseAdvice::POSIX_FADV_DONTNEED);
    let len = file.metadata().map_err(|error| storage("inspect", error))?.len();
    let mut digests = Digests::new(wanted.iter().copied())?;
    let drive = &mut work.drive;
    pieces(&file, 0..len, &mut |bytes| {
        drive.check()?;
        drive.moved(bytes.len() as u64);
        digests.update(bytes);
        Ok(())
    })?;
    Ok((digests.finish()?, len))
}

/// Reads every file back and compares it with its hashes.
fn compare(work: &mut Work<'_>, stored: &[StoredFile], wanted: &[HashKind]) -> Result<bool, Interruption> {
    let mut equal = true;
    for file in stored {
        equal &= hash_file(work, &file.name, wanted)? == (file.hashes.clone(), file.size);
    }
    Ok(equal)
}

fn judge(work: &Work<'_>, bin: &Hashed, verify: VerifyEvidence, sub_channel: Option<(u64, u64)>) -> Judgement {
    let evidence = |(part, done): (&super::plan::Part, &TrackDone)| TrackEvidence {
        data: part.track.data,
        sectors: part.frames(),
        unreadable: done.finding.unreadable,
        run_out: done.finding.run_out,
        unsettled: done.finding.unsettled,
        read_twice: done.finding.test_matches.is_some(),
    };
    let tracks: Vec<TrackEvidence> = work.plan.parts.iter().zip(&work.journal.tracks).map(evidence).collect();
    judge_cd(&CdEvidence {
        tracks: &tracks,
        tracks_planned: work.plan.parts.len(),
        sectors_planned: work.plan.frames,
        stored: bin.1,
        hashed: bin.1,
        image_matches: verify.image_matches,
        sub_channel,
    })
}

fn report(
    work: &Work<'_>,
    files: Vec<StoredFile>,
    (bin, judgement, verify): (Hashed, Judgement, VerifyEvidence),
    (tracks, tools): (Vec<TrackResult>, Vec<ToolRun>),
) -> ImageResult {
    let publishable = !matches!(judgement.verdict, Verdict::Incomplete | Verdict::Failed);
    let folder = if publishable { &work.task.paths.image } else { &work.task.paths.part };
    let seconds = work.began.elapsed().as_secs_f64();
    let (mut hashes, bytes) = bin;
    let mut take = |kind| hashes.remove(&kind).unwrap_or_default();
    let (md5, sha256) = (take(HashKind::Md5), take(HashKind::Sha256));
    ImageResult {
        path: folder.join(format!("{}.cue", work.name)),
        size: files.iter().map(|file| file.size).sum(),
        sectors_total: work.plan.frames,
        hashes: ImageHashes { md5, sha256, bytes, more: hashes },
        seconds,
        bytes_per_second: rate(work.drive.bytes(), seconds),
        details: ImageDetails {
            damage: damage(work, &judgement),
            statistics: statistics(work),
            form: Some(files::form(work.task.clone, &work.plan).to_owned()),
            files,
            tracks,
            tools,
        },
        judgement,
        verify,
    }
}

fn damage(work: &Work<'_>, judgement: &Judgement) -> Option<Damage> {
    let ranges: Vec<BadRange> =
        work.journal.tracks.iter().flat_map(|done| done.finding.ranges.clone()).take(MAX_POINTS).collect();
    (judgement.bad_sectors > 0).then(|| Damage { ranges, ..Damage::default() })
}

fn statistics(work: &Work<'_>) -> ReadStatistics {
    let point = |done: &TrackDone| SpeedPoint {
        start: done.result.start,
        sectors: done.result.sectors,
        bytes_per_second: rate(done.result.sectors * FRAME as u64, done.seconds),
        bad: done.finding.unreadable,
    };
    ReadStatistics {
        sectors: work.drive.frames_read,
        recovered: work.drive.recovered(),
        unreadable: work.journal.tracks.iter().map(|done| done.finding.unreadable).sum(),
        resets: 0,
        curve: work.journal.tracks.iter().map(point).collect(),
    }
}

#[allow(clippy::cast_precision_loss)]
fn rate(bytes: u64, seconds: f64) -> f64 {
    if seconds > 0.0 { bytes as f64 / seconds } else { 0.0 }
}
