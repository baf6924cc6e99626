//! Power cuts, full disks, failing storage, stopping and going on: nothing is claimed that is not on disk.

use super::{
    devices::{Disc, Event},
    failure_code, imaged, medium, run, run_with,
    sinks::{Call, Watched, io_error},
    small, task,
};
use disk2iso::{
    domain::{
        disc::MediaProfile,
        ids::SECTOR,
        sector_map::{BlockStatus, SectorMap},
        verdict::Verdict,
    },
    imaging::{
        FileSink, SinkError, Tuning,
        protocol::{Halt, ImageTask, Outcome},
    },
};
use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU64, Ordering},
};

const DVD: MediaProfile = MediaProfile::DVD_ROM;

fn setup(sectors: u64) -> (tempfile::TempDir, ImageTask) {
    let folder = tempfile::tempdir().unwrap();
    let task = task(medium(sectors, 0, DVD), folder.path());
    (folder, task)
}

/// Runs with a sink that fails from the n-th call of this kind on.
fn run_failing(task: &ImageTask, disc: &Disc, kind: Call, from: u64, error: &SinkError) -> Outcome {
    let (seen, error) = (AtomicU64::new(0), error.clone());
    let sink = Watched::new(&task.paths, move |call| {
        let fails = call == kind && seen.fetch_add(1, Ordering::Relaxed) + 1 >= from;
        if fails { Err(error.clone()) } else { Ok(()) }
    });
    run_with(task, disc, Arc::new(sink), small(), &mut |_, _| {})
}

#[test]
fn data_is_synced_before_the_map_and_names_are_synced_before_done() {
    let (_folder, task) = setup(500);
    let calls = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&calls);
    let sink = Watched::new(&task.paths, move |call| {
        heard.lock().unwrap().push(call);
        Ok(())
    });
    imaged(run_with(&task, &Disc::new(500), Arc::new(sink), small(), &mut |_, _| {}));
    let calls = calls.lock().unwrap();
    // Before anything else: an empty map under its name, then the .part.
    assert_eq!(calls[..4], [Call::WriteMap, Call::SyncFolder, Call::Create, Call::SyncFolder]);
    // Each later map is written by the thread that synced the data right before.
    let checkpoints: Vec<Call> = calls[4..].iter().copied().filter(|call| matches!(call, Call::Sync | Call::WriteMap)).collect();
    assert!(checkpoints.len() > 10 && checkpoints.chunks(2).all(|pair| pair == [Call::Sync, Call::WriteMap]), "{checkpoints:?}");
    // The end: last map, its name, the image's name, and only then the map goes.
    assert_eq!(calls[calls.len() - 4..], [Call::WriteMap, Call::SyncFolder, Call::Publish, Call::RemoveMap]);
}

#[test]
fn the_map_never_claims_a_byte_that_was_not_synced() {
    let (_folder, task) = setup(600);
    let disc = Disc::new(600).bad(50..60);
    let content = disc.content_with_holes();
    let paths = task.paths.clone();
    // At each sync the file as it is then is on disk; the next map may claim nothing beyond that.
    let synced: Arc<Mutex<Vec<u8>>> = Arc::default();
    let sink = Watched::new(&task.paths, move |call| {
        match call {
            Call::Sync => *synced.lock().unwrap() = std::fs::read(&paths.part).unwrap_or_default(),
            Call::SyncFolder | Call::Write => {
                let Ok(text) = std::fs::read_to_string(&paths.map) else { return Ok(()) };
                let synced = synced.lock().unwrap();
                for range in SectorMap::parse(&text).unwrap().ranges(&[BlockStatus::Finished]) {
                    let range = range.start as usize..range.end as usize;
                    assert!(synced.get(range.clone()) == Some(&content[range]), "claimed but not synced");
                }
            }
            _ => {}
        }
        Ok(())
    });
    imaged(run_with(&task, &disc, Arc::new(sink), small(), &mut |_, _| {}));
}

#[test]
fn storage_that_fails_anywhere_never_ends_in_an_image() {
    for kind in [Call::Create, Call::Write, Call::Sync, Call::WriteMap, Call::SyncFolder, Call::Publish, Call::SetLen] {
        for from in [1, 2, 3, 7] {
            let (_folder, task) = setup(200);
            let disc = Disc::new(200).bad(20..22);
            let outcome = run_failing(&task, &disc, kind, from, &io_error("reach"));
            let fails_at_all = match kind {
                Call::Create | Call::Publish | Call::SetLen => from == 1,
                Call::SyncFolder => from <= 3,
                _ => true,
            };
            if fails_at_all {
                assert_eq!(failure_code(&outcome), "storage_failed", "{kind:?} from call {from}");
                assert!(!task.paths.image.exists(), "{kind:?} from call {from}");
            }
            // And the next run on healthy storage goes on from what is there.
            if !matches!(outcome, Outcome::Imaged(_)) {
                assert_eq!(imaged(run(&task, &disc)).judgement.verdict, Verdict::Degraded, "{kind:?} from call {from}");
            }
            assert_eq!(std::fs::read(&task.paths.image).unwrap(), disc.content_with_holes());
        }
    }
}

#[test]
fn a_map_that_cannot_be_removed_is_no_completed_image_yet_and_the_next_run_reports_it() {
    let (_folder, task) = setup(100);
    let disc = Disc::new(100);
    let outcome = run_failing(&task, &disc, Call::RemoveMap, 1, &io_error("remove"));
    assert_eq!(failure_code(&outcome), "storage_failed");
    let reads = disc.bytes_read();
    assert_eq!(imaged(run(&task, &disc)).judgement.verdict, Verdict::Complete);
    assert_eq!(disc.bytes_read(), reads, "its map proves it, no sector is read again");
}

#[test]
fn a_full_disk_halts_with_the_missing_bytes_and_goes_on_when_there_is_room() {
    let (_folder, task) = setup(500);
    let disc = Disc::new(500);
    let Outcome::Halted(Halt::NoSpace { .. }) = run_failing(&task, &disc, Call::Write, 20, &SinkError::NoSpace) else { panic!() };
    let map = SectorMap::parse(&std::fs::read_to_string(&task.paths.map).unwrap()).unwrap();
    let finished = map.bytes(BlockStatus::Finished);
    assert!(finished > 100 * SECTOR, "everything written before is durable and claimed, {finished} bytes are");
    assert_eq!(task.paths.part.metadata().unwrap().len(), finished, "nothing but what is claimed takes space");
    let before = disc.bytes_read();
    let result = imaged(run(&task, &disc));
    assert_eq!((result.judgement.verdict, disc.bytes_read() - before), (Verdict::Complete, 500 * SECTOR - finished));
    assert_eq!(std::fs::read(&task.paths.image).unwrap(), disc.content());
}

#[test]
fn too_little_space_is_known_before_the_first_read() {
    let (_folder, task) = setup(500);
    let disc = Disc::new(500);
    let mut sink = Watched::new(&task.paths, |_| Ok(()));
    sink.free = Some(100 * SECTOR);
    let outcome = run_with(&task, &disc, Arc::new(sink), small(), &mut |_, _| {});
    assert_eq!(outcome, Outcome::Halted(Halt::NoSpace { missing: 400 * SECTOR + (1 << 20) }));
    assert_eq!(disc.reads(), 0);
}

#[test]
fn stopping_loses_nothing_and_going_on_reads_nothing_twice() {
    let (_folder, task) = setup(600);
    let disc = Disc::new(600).bad(100..104).event(20, Event::Stop).event(60, Event::Stop);
    assert_eq!(run(&task, &disc), Outcome::Stopped);
    let first = SectorMap::parse(&std::fs::read_to_string(&task.paths.map).unwrap()).unwrap();
    assert_eq!(
        first.bytes(BlockStatus::Finished),
        task.paths.part.metadata().unwrap().len() - first.bytes(BlockStatus::NonTrimmed)
    );
    assert_eq!(run(&task, &disc), Outcome::Stopped);
    let result = imaged(run(&task, &disc));
    assert_eq!((result.judgement.verdict, result.judgement.bad_sectors), (Verdict::Degraded, 4));
    let content = std::fs::read(&task.paths.image).unwrap();
    assert_eq!(content, disc.content_with_holes());
    assert_eq!((result.hashes.md5, result.hashes.sha256), super::devices::hashes(&content));
}

#[test]
fn what_was_written_but_never_claimed_and_cannot_be_read_now_becomes_zeros() {
    let (_folder, task) = setup(60);
    let disc = Disc::new(60).bad(20..22);
    // All was written, but a crash left a map without sectors 20 to 25.
    std::fs::write(&task.paths.part, disc.content()).unwrap();
    let mut map = SectorMap::new(60 * SECTOR);
    map.set(0..20 * SECTOR, BlockStatus::Finished);
    map.set(26 * SECTOR..60 * SECTOR, BlockStatus::Finished);
    std::fs::write(&task.paths.map, map.to_mapfile()).unwrap();
    assert_eq!(imaged(run(&task, &disc)).judgement.bad_sectors, 2);
    assert!(std::fs::read(&task.paths.image).unwrap() == disc.content_with_holes());
}

#[test]
fn a_disc_that_is_pulled_out_is_waited_for_and_another_one_is_refused() {
    let (_folder, task) = setup(400);
    let disc =
        Disc::new(400).event(5, Event::Remove).event(20, Event::Exchange).event(30, Event::Change).event(35, Event::Vanish);
    assert_eq!(run(&task, &disc), Outcome::Halted(Halt::MediumRemoved));
    assert!(matches!(run(&task, &disc), Outcome::Halted(Halt::WrongDisc { .. })));
    // Still in there: refused before a sector is read.
    let reads = disc.reads();
    assert!(matches!(run(&task, &disc), Outcome::Halted(Halt::WrongDisc { .. })));
    assert_eq!(disc.reads(), reads);
    disc.put_back();
    assert_eq!(run(&task, &disc), Outcome::Halted(Halt::DriveGone));
    assert_eq!(imaged(run(&task, &disc)).judgement.verdict, Verdict::Complete);
    assert_eq!(std::fs::read(&task.paths.image).unwrap(), disc.content());
}

#[test]
fn a_crash_costs_at_most_64_mib_of_reading() {
    const SECTORS: u64 = (200 << 20) / SECTOR;
    let (_folder, task) = setup(SECTORS);
    let disc = Disc::new(SECTORS).max_transfer(128);
    // Storage that is slow at syncing is the worst case: reading runs ahead as far as it may. Then it dies in one call.
    let written = AtomicU64::new(0);
    let sink = Watched::new(&task.paths, move |call| match call {
        Call::Sync => {
            std::thread::sleep(std::time::Duration::from_millis(100));
            if written.load(Ordering::Relaxed) > 300 { Err(io_error("reach")) } else { Ok(()) }
        }
        Call::Write => {
            written.fetch_add(1, Ordering::Relaxed);
            Ok(())
        }
        _ => Ok(()),
    });
    let outcome = run_with(&task, &disc, Arc::new(sink), Tuning::default(), &mut |_, _| {});
    assert_eq!(failure_code(&outcome), "storage_failed");
    assert!(disc.bytes_read() > 100 << 20);
    let sink = Arc::new(FileSink::new(task.paths.clone()));
    let result = imaged(run_with(&task, &disc, sink, Tuning::default(), &mut |_, _| {}));
    assert_eq!(result.judgement.verdict, Verdict::Complete);
    let again = disc.bytes_read() - SECTORS * SECTOR;
    assert!(again <= 64 << 20, "{} MiB were read twice", again >> 20);
}
