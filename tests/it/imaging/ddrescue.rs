//! GNU ddrescue as an engine: real runs on image files with simulated read errors, and impostors that lie.

use super::{
    devices::{self, Disc},
    imaged, medium, run, run_engine, small, task,
    tools::launcher,
};
use disk2iso::{
    domain::{
        disc::{Fingerprint, MediaProfile},
        ids::SECTOR,
        job::Phase,
        sector_map::{BlockStatus, SectorMap},
        verdict::Verdict,
    },
    imaging::{
        Ddrescue, FileSink, StopFlag,
        ddrescue::Handover,
        mapfile::MapHeader,
        protocol::{Halt, ImageTask, Outcome, WorkerMessage},
    },
};
use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    sync::Arc,
};

/// A disc of so many sectors as a file, with ddrescue told to find some of them unreadable. Needs the program `ddrescue`.
pub struct Story {
    pub folder: tempfile::TempDir,
    pub disc: Disc,
    pub task: ImageTask,
}

impl Story {
    /// `bad` are first sectors and the sectors after the last.
    pub fn new(sectors: u64, bad: &[(u64, u64)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let disc = bad.iter().fold(Disc::new(sectors), |disc, (start, end)| disc.bad(*start..*end));
        fs::write(folder.path().join("source.img"), disc.content()).unwrap();
        let mut map = SectorMap::new(sectors * SECTOR);
        map.set(0..sectors * SECTOR, BlockStatus::Finished);
        for (start, end) in bad {
            map.set(start * SECTOR..end * SECTOR, BlockStatus::Bad);
        }
        fs::write(folder.path().join("faults.map"), map.to_mapfile()).unwrap();
        let task = task(medium(sectors, 0, MediaProfile::DVD_ROM), folder.path());
        Self { folder, disc, task }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The real program, for which the faults are what `faults.map` says.
    pub fn real(&self) -> Ddrescue {
        let faults = self.path("faults.map");
        self.impostor(&format!("exec ddrescue --test-mode='{}' \"$@\"", faults.display()))
    }

    /// A shell script in its place.
    pub fn impostor(&self, script: &str) -> Ddrescue {
        let program = self.path("ddrescue.sh");
        fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        let source = self.path("source.img");
        Ddrescue { launcher: launcher(), program, version: "GNU ddrescue".to_owned(), source, direct: false }
    }

    pub fn run(&self, ddrescue: Ddrescue, hear: &mut dyn FnMut(&WorkerMessage, &StopFlag)) -> Outcome {
        let sink = Arc::new(FileSink::new(self.task.paths.clone()));
        run_engine(&ddrescue, &self.task, &self.disc, (sink, small()), hear)
    }

    fn map(&self) -> (SectorMap, MapHeader) {
        let text = fs::read_to_string(&self.task.paths.map).unwrap();
        (SectorMap::parse(&text).unwrap(), MapHeader::parse(&text))
    }

    fn assert_all_good_bytes(&self) {
        assert!(fs::read(&self.task.paths.image).unwrap() == self.disc.content_with_holes());
    }
}

fn failed(outcome: &Outcome) -> (&str, &str) {
    match outcome {
        Outcome::Failed { code, message } => (code, message),
        other => panic!("expected a failure, got {other:?}"),
    }
}

#[test]
fn a_damaged_disc_goes_through_all_passes_and_exactly_the_bad_sectors_are_missing() {
    let mut story = Story::new(3000, &[(100, 103), (700, 790), (2990, 2991)]);
    story.task.options.retries = 2;
    let (mut phases, mut ranges) = (Vec::new(), Vec::new());
    let result = imaged(story.run(story.real(), &mut |message, _| match message {
        WorkerMessage::Phase { phase } => phases.push(*phase),
        WorkerMessage::BadRange { start, count, .. } => ranges.push((start.0, *count)),
        _ => {}
    }));
    assert_eq!((result.judgement.verdict, result.judgement.bad_sectors), (Verdict::Degraded, 94));
    assert_eq!(ranges, [(100, 3), (700, 90), (2990, 1)]);
    assert_eq!(phases, [Phase::Analyzing, Phase::Reading, Phase::Rescuing, Phase::Hashing, Phase::Publishing]);
    story.assert_all_good_bytes();
    assert_eq!((result.hashes.md5, result.hashes.sha256), devices::hashes(&story.disc.content_with_holes()));
    // Our map knows its disc as before, and nothing of ddrescue's is left behind.
    assert_eq!(story.map().1.fingerprint, Some(story.task.medium.fingerprint.clone()));
    let mut names: Vec<_> = fs::read_dir(story.folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["TEST.iso", "TEST.map", "ddrescue.sh", "faults.map", "source.img"]);
    // What was run, pass by pass, with the exact size.
    let passes: Vec<Vec<String>> = result.details.tools.iter().skip(1).map(|tool| tool.command[1..].to_vec()).collect();
    assert!(passes.iter().all(|words| words[..4] == ["-q", "-b2048", "--mapfile-interval=1,3600", "-s6144000"]), "{passes:?}");
    let how: Vec<&[String]> = passes.iter().map(|words| &words[4..words.len() - 4]).collect();
    assert_eq!(how, [&["-n", "-N"][..], &["-n"], &[], &["-r1"], &["-r1", "-R"]]);
    assert_eq!(result.details.damage.unwrap().ranges.len(), 3);
}

#[test]
fn an_end_that_only_the_kernel_sees_is_no_end() {
    // ddrescue's test mode ends the source where its last good sector ends, as the kernel does after errors near the end.
    let story = Story::new(3000, &[(100, 103), (2940, 3000)]);
    story.disc.heal(2940..2998);
    let result = imaged(story.run(story.real(), &mut |_, _| {}));
    assert_eq!((result.judgement.verdict, result.judgement.bad_sectors), (Verdict::Degraded, 5));
    story.assert_all_good_bytes();
}

#[test]
fn what_the_native_engine_began_ddrescue_finishes() {
    let mut story = Story::new(3000, &[(700, 790)]);
    story.task.options.rescue = false;
    let outcome = run(&story.task, &story.disc);
    // Nothing was tried sector by sector, and the verdict says so.
    let first = imaged(outcome);
    assert_eq!(first.judgement.verdict, Verdict::Incomplete);
    assert!(story.map().0.bytes(BlockStatus::NonTrimmed) >= 90 * SECTOR);
    let read = story.disc.bytes_read();
    story.task.options.rescue = true;
    let result = imaged(story.run(story.real(), &mut |_, _| {}));
    assert_eq!((result.judgement.verdict, result.judgement.bad_sectors), (Verdict::Degraded, 90));
    assert_eq!(story.disc.bytes_read(), read, "our own handle read nothing");
    // No fast pass: there was nothing that had not been tried.
    assert_eq!(result.details.tools.len(), 1 + 3);
    story.assert_all_good_bytes();
}

#[test]
fn what_ddrescue_began_the_native_engine_finishes() {
    let mut story = Story::new(6000, &[(700, 790)]);
    story.task.options.speed_kbps = Some(1_000);
    let outcome = story.run(story.real(), &mut |message, stop| {
        if matches!(message, WorkerMessage::Progress(progress) if progress.size_processed > 0) {
            stop.raise();
        }
    });
    assert_eq!(outcome, Outcome::Stopped);
    let (map, header) = story.map();
    assert_eq!(header.fingerprint, Some(story.task.medium.fingerprint.clone()));
    let finished = map.bytes(BlockStatus::Finished);
    assert!(finished > 0 && map.bytes(BlockStatus::NonTried) > 0, "{map:?}");
    // What it claims is there.
    let (part, content) = (fs::read(&story.task.paths.part).unwrap(), story.disc.content());
    for range in map.ranges(&[BlockStatus::Finished]) {
        let range = range.start as usize..range.end as usize;
        assert!(part[range.clone()] == content[range]);
    }
    story.task.options.speed_kbps = None;
    let result = imaged(run(&story.task, &story.disc));
    assert_eq!((result.judgement.verdict, result.judgement.bad_sectors), (Verdict::Degraded, 90));
    story.assert_all_good_bytes();
}

#[test]
fn the_native_engine_hands_its_holes_over() {
    let story = Story::new(3000, &[(700, 790)]);
    let sink = Arc::new(FileSink::new(story.task.paths.clone()));
    let mut reads = Vec::new();
    let result = imaged(run_engine(&Handover(story.real()), &story.task, &story.disc, (sink, small()), &mut |message, _| {
        if let WorkerMessage::Phase { phase } = message {
            reads.push((*phase, story.disc.reads()));
        }
    }));
    assert_eq!((result.judgement.verdict, result.judgement.bad_sectors), (Verdict::Degraded, 90));
    let rescuing = reads.iter().find(|(phase, _)| *phase == Phase::Rescuing).unwrap().1;
    assert_eq!(story.disc.reads(), rescuing, "after the sweep only ddrescue reads");
    story.assert_all_good_bytes();
}

#[test]
fn a_clean_disc_needs_one_pass_and_no_holes_need_none() {
    let story = Story::new(3000, &[]);
    let result = imaged(story.run(story.real(), &mut |_, _| {}));
    assert_eq!((result.judgement.verdict, result.details.tools.len()), (Verdict::Complete, 2));
    assert!(!story.task.paths.map.exists());
    let story = Story::new(3000, &[]);
    let sink = Arc::new(FileSink::new(story.task.paths.clone()));
    let result = imaged(run_engine(&Handover(story.real()), &story.task, &story.disc, (sink, small()), &mut |_, _| {}));
    assert_eq!((result.judgement.verdict, result.details.tools.len()), (Verdict::Complete, 1));
}

#[test]
fn the_error_budget_ends_rescue_and_what_was_not_tried_is_said() {
    let mut story = Story::new(3000, &[(700, 790), (1500, 1600)]);
    story.task.options.rescue = false;
    imaged(run(&story.task, &story.disc));
    // A ddrescue that has given up one sector and works on: the real one may be through before anybody looks.
    let mut said = story.map().0;
    said.set(700 * SECTOR..701 * SECTOR, BlockStatus::Bad);
    fs::write(story.path("said.map"), said.to_mapfile()).unwrap();
    (story.task.options.rescue, story.task.options.max_bad_sectors) = (true, Some(0));
    let script = format!(
        "for m; do :; done; cp '{}' \"$m\"; exec python3 -c 'import signal; signal.pause()'",
        story.path("said.map").display()
    );
    let result = imaged(story.run(story.impostor(&script), &mut |_, _| {}));
    assert_eq!(result.judgement.verdict, Verdict::Incomplete);
    assert_eq!(result.path, story.task.paths.part);
    // A person accepts it: finished as it is, without reading.
    story.task.options.accept_loss = true;
    let reads = story.disc.reads();
    let result = imaged(story.run(story.impostor("exit 1"), &mut |_, _| {}));
    assert_eq!((result.judgement.verdict, story.disc.reads()), (Verdict::Degraded, reads));
    let holes = result.judgement.bad_sectors;
    assert!(holes >= 190, "{holes}");
    assert_eq!(result.path, story.task.paths.image);
}

#[test]
fn a_program_that_lies_fails_or_ends_early_never_makes_an_image() {
    let whole = 300 * SECTOR;
    let claim = |size: u64, status: char| format!("for m; do :; done; printf '0 + 1\\n0 {size} {status}\\n' > \"$m\"");
    for (script, part_of_message) in [
        ("exit 0".to_owned(), "had not tried"),
        ("echo 'cannot open input' >&2; exit 1".to_owned(), "cannot open input"),
        // Finished without a byte in the file.
        (claim(whole, '+'), "claims 614400 bytes of a file that has 0"),
        (claim(whole / 2, '-'), "covers 307200 bytes instead of 614400"),
        ("for m; do :; done; head -c 9999 /dev/urandom > \"$m\"".to_owned(), "its mapfile cannot be used"),
        ("for m; do :; done; rm \"$m\"".to_owned(), "its mapfile cannot be used"),
        ("kill -9 $$".to_owned(), "had not tried"),
    ] {
        let story = Story::new(300, &[]);
        let outcome = story.run(story.impostor(&script), &mut |_, _| {});
        let (code, message) = failed(&outcome);
        assert_eq!(code, "read_failed", "{script}");
        assert!(message.contains(part_of_message), "{script}: {message}");
        assert!(!story.task.paths.image.exists());
        assert_eq!(story.map().0.bytes(BlockStatus::Finished), 0, "{script}");
        // And an honest engine can go on.
        assert_eq!(imaged(run(&story.task, &story.disc)).judgement.verdict, Verdict::Complete);
        story.assert_all_good_bytes();
    }
}

#[test]
fn a_program_that_is_not_there_is_said() {
    let story = Story::new(100, &[]);
    let mut ddrescue = story.impostor("");
    ddrescue.program = Path::new("/nowhere/ddrescue").to_owned();
    let outcome = story.run(ddrescue, &mut |_, _| {});
    assert!(failed(&outcome).1.contains("cannot start /nowhere/ddrescue"), "{outcome:?}");
}

#[test]
fn one_that_does_not_listen_is_killed_and_what_its_map_said_is_kept() {
    let story = Story::new(100, &[]);
    let half = 50 * SECTOR;
    // Writes half of the image, says so, and then hangs.
    let script = format!(
        "trap '' INT\nfor m; do i=\"$o\"; o=\"$p\"; p=\"$m\"; done\nhead -c {half} \"$i\" | dd of=\"$o\" conv=notrunc 2>/dev/null\nprintf '{half} ? 1\\n0 {half} +\\n{half} {half} ?\\n' > \"$m\"\nsleep 1000"
    );
    let outcome = story.run(story.impostor(&script), &mut |message, stop| {
        if matches!(message, WorkerMessage::Progress(progress) if progress.size_processed > 0) {
            stop.raise();
        }
    });
    assert_eq!(outcome, Outcome::Stopped);
    assert_eq!(story.map().0.bytes(BlockStatus::Finished), half);
    let read = story.disc.bytes_read();
    assert_eq!(imaged(run(&story.task, &story.disc)).judgement.verdict, Verdict::Complete);
    assert_eq!(story.disc.bytes_read() - read, half);
    story.assert_all_good_bytes();
}

#[test]
fn what_came_from_a_disc_that_was_exchanged_meanwhile_is_not_claimed() {
    let story = Story::new(3000, &[]);
    let disc = story.disc.clone();
    let outcome = story.run(story.real(), &mut |message, _| {
        if matches!(message, WorkerMessage::Phase { phase: Phase::Reading }) {
            disc.exchange();
        }
    });
    assert_eq!(outcome, Outcome::Halted(Halt::WrongDisc { found: Fingerprint("00".repeat(16)) }));
    assert_eq!(story.map().0.bytes(BlockStatus::Finished), 0);
    story.disc.put_back();
    assert_eq!(imaged(run(&story.task, &story.disc)).judgement.verdict, Verdict::Complete);
    story.assert_all_good_bytes();
}
