//! What people can ask of a reading, and what is known about a disc before it begins.

use super::{
    devices::{Disc, Event},
    imaged, medium, run, run_with, small, task,
};
use disk2iso::{
    domain::{
        disc::{MediaProfile, Medium, PhysicalStructure},
        ids::SECTOR,
        options::{HashKind, OnLoss},
        result::{BadRange, FileRole},
        sector_map::{BlockStatus, SectorMap},
        verdict::{Reason, Verdict},
    },
    imaging::{
        FileSink, StopFlag,
        protocol::{Halt, ImageTask, Outcome, ReadOptions, ScanTask},
        scan::{self, ScanPlace},
    },
    optical::DeviceAddress,
};
use std::{fs, sync::Arc};

const DVD: MediaProfile = MediaProfile::DVD_ROM;

fn setup(medium: Medium) -> (tempfile::TempDir, ImageTask) {
    let folder = tempfile::tempdir().unwrap();
    let task = task(medium, folder.path());
    (folder, task)
}

#[test]
fn hashes_that_were_asked_for_come_with_the_others() {
    let (_folder, mut task) = setup(medium(200, 0, DVD));
    task.options.hashes = vec![HashKind::Crc32, HashKind::Sha1, HashKind::Sha512, HashKind::Blake3];
    task.options.keep_map = true;
    let disc = Disc::new(200);
    let result = imaged(run(&task, &disc));
    let content = disc.content();
    let expected = [
        (HashKind::Crc32, format!("{:08x}", crc32fast::hash(&content))),
        (HashKind::Sha1, hex(&openssl::sha::sha1(&content))),
        (HashKind::Sha512, hex(&openssl::sha::sha512(&content))),
        (HashKind::Blake3, blake3::hash(&content).to_string()),
    ];
    assert_eq!(result.hashes.more, expected.into_iter().collect());
    // The files of the image with all of their hashes; the map's are those of the file.
    let files = &result.details.files;
    assert_eq!(
        files.iter().map(|file| (file.name.as_str(), file.role)).collect::<Vec<_>>(),
        [("TEST.iso", FileRole::Iso), ("TEST.map", FileRole::Map)]
    );
    assert_eq!((files[0].size, files[0].hashes.len(), &files[0].hashes[&HashKind::Md5]), (200 * SECTOR, 6, &result.hashes.md5));
    let map = fs::read(&task.paths.map).unwrap();
    assert_eq!((files[1].size, &files[1].hashes[&HashKind::Sha256]), (map.len() as u64, &super::devices::hashes(&map).1));
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn without_rescue_holes_stay_and_the_verdict_says_so() {
    let (_folder, mut task) = setup(medium(600, 0, DVD));
    task.options.rescue = false;
    let disc = Disc::new(600).bad(200..203);
    let result = imaged(run(&task, &disc));
    assert_eq!((result.judgement.verdict, result.judgement.reasons), (Verdict::Incomplete, vec![Reason::NotAllTried]));
    assert_eq!(result.path, task.paths.part);
    // One more run that may rescue needs only the hole.
    task.options.rescue = true;
    let before = disc.bytes_read();
    let result = imaged(run(&task, &disc));
    assert_eq!((result.judgement.verdict, result.judgement.bad_sectors), (Verdict::Degraded, 3));
    assert!(disc.bytes_read() - before < 64 * SECTOR);
}

#[test]
fn a_person_is_asked_about_the_loss_and_accepts_it() {
    let (_folder, mut task) = setup(medium(600, 0, DVD));
    task.options.on_loss = OnLoss::Ask;
    task.options.retries = 0;
    let disc = Disc::new(600).bad(200..203);
    assert_eq!(run(&task, &disc), Outcome::Halted(Halt::Loss { bad_sectors: 3 }));
    assert!(task.paths.part.exists() && task.paths.map.exists() && !task.paths.image.exists());
    // Asked again without anything new: the same answer without a read. With one more pass: the bad sectors only.
    let reads = disc.reads();
    assert_eq!(run(&task, &disc), Outcome::Halted(Halt::Loss { bad_sectors: 3 }));
    assert_eq!(disc.reads(), reads);
    task.options.retries = 1;
    assert_eq!(run(&task, &disc), Outcome::Halted(Halt::Loss { bad_sectors: 3 }));
    assert_eq!(disc.reads(), reads + 3);
    task.options.accept_loss = true;
    let result = imaged(run(&task, &disc));
    assert_eq!((result.judgement.verdict, result.judgement.bad_sectors, disc.reads()), (Verdict::Degraded, 3, reads + 3));
    assert!(fs::read(&task.paths.image).unwrap() == disc.content_with_holes());
    assert_eq!(result.details.damage.unwrap().ranges, [BadRange { start: 200, count: 3 }]);
}

#[test]
fn an_accepted_loss_does_not_hide_what_was_never_tried() {
    let (_folder, mut task) = setup(medium(600, 0, DVD));
    let disc = Disc::new(600).event(5, Event::Stop);
    assert_eq!(run(&task, &disc), Outcome::Stopped);
    task.options.accept_loss = true;
    let reads = disc.reads();
    let result = imaged(run(&task, &disc));
    assert_eq!((result.judgement.verdict, disc.reads()), (Verdict::Incomplete, reads));
}

#[test]
fn a_run_out_is_no_loss_to_be_asked_about() {
    let (_folder, mut task) = setup(medium(600, 590, MediaProfile::CD_ROM));
    task.options.on_loss = OnLoss::Ask;
    assert_eq!(imaged(run(&task, &Disc::new(600).bad(598..600))).judgement.verdict, Verdict::CompleteTrimmed);
}

#[test]
fn budgets_end_rescue_and_keep_what_there_is() {
    let (_folder, mut task) = setup(medium(600, 0, DVD));
    task.options.max_bad_sectors = Some(4);
    let disc = Disc::new(600).bad(100..200);
    let result = imaged(run(&task, &disc));
    assert_eq!((result.judgement.verdict, result.judgement.bad_sectors), (Verdict::Incomplete, 5));
    assert!(disc.reads() < 100, "{} reads", disc.reads());
    task.options.max_bad_sectors = None;
    task.options.rescue_seconds = Some(0);
    let reads = disc.reads();
    let result = imaged(run(&task, &disc));
    assert_eq!((result.judgement.bad_sectors, disc.reads()), (5, reads));
    task.options.rescue_seconds = None;
    let result = imaged(run(&task, &disc));
    assert_eq!((result.judgement.verdict, result.judgement.bad_sectors), (Verdict::Degraded, 100));
    assert!(fs::read(&task.paths.image).unwrap() == disc.content_with_holes());
}

#[test]
fn requests_are_no_larger_than_asked_for() {
    let (_folder, mut task) = setup(medium(600, 0, DVD));
    task.options.block_sectors = Some(3);
    let disc = Disc::new(600);
    imaged(run(&task, &disc));
    assert_eq!(disc.reads(), 200);
}

#[test]
fn retries_come_from_the_medium_and_not_from_the_cache() {
    let (_folder, mut task) = setup(medium(600, 0, DVD));
    task.options.retries = 3;
    // A sector of which the drive's cache remembers the failure: only going past it helps.
    let disc = Disc::new(600).stubborn(100..102);
    let result = imaged(run(&task, &disc));
    assert_eq!((result.judgement.verdict, disc.fresh_reads()), (Verdict::Complete, 2));
}

#[test]
fn what_lies_past_the_end_is_not_tried_sector_by_sector() {
    let (_folder, task) = setup(medium(60_000, 0, DVD));
    let disc = Disc::new(60_000).ends_at(30_007);
    let result = imaged(run(&task, &disc));
    assert_eq!((result.judgement.verdict, result.judgement.bad_sectors), (Verdict::Degraded, 29_993));
    assert!(disc.reads() < 30_008 / 8 + 200, "{} reads", disc.reads());
    assert!(fs::read(&task.paths.image).unwrap() == disc.content_with_holes());
}

#[test]
fn near_the_end_one_bad_sector_does_not_take_its_neighbours_along() {
    let (_folder, mut task) = setup(medium(600, 0, DVD));
    task.options.rescue = false;
    let disc = Disc::new(600).bad(598..600);
    imaged(run(&task, &disc));
    let map = SectorMap::parse(&fs::read_to_string(&task.paths.map).unwrap()).unwrap();
    let holes = map.ranges(&[BlockStatus::NonTrimmed]);
    assert_eq!((holes.len(), &holes[0]), (1, &(598 * SECTOR..600 * SECTOR)));
}

#[test]
fn no_request_crosses_the_layer_break() {
    let mut two_layers = medium(600, 0, DVD);
    two_layers.structure = Some(PhysicalStructure { layers: 2, sectors: 600, layer_break: Some(301) });
    let (_folder, task) = setup(two_layers);
    let disc = Disc::new(600).fails_across(301);
    assert_eq!(imaged(run(&task, &disc)).judgement.verdict, Verdict::Complete);
    assert_eq!(disc.bytes_read(), 600 * SECTOR);
}

#[test]
fn gaps_between_sessions_are_never_asked_for_and_are_zeros() {
    let mut sessions = medium(600, 590, MediaProfile::CD_ROM);
    sessions.size.gaps.push(200..300);
    let (_folder, mut task) = setup(sessions);
    task.options.on_loss = OnLoss::Ask;
    let disc = Disc::new(600).bad(200..300);
    let result = imaged(run(&task, &disc));
    assert_eq!((result.judgement.verdict, result.judgement.bad_sectors, result.details.damage), (Verdict::Complete, 0, None));
    assert_eq!(disc.bytes_read(), 500 * SECTOR);
    assert!(fs::read(&task.paths.image).unwrap() == disc.content_with_holes());
    // Found without its map it is proved by the disc, gaps left out.
    assert_eq!(imaged(run(&task, &disc)).judgement.verdict, Verdict::Complete);
    assert_eq!(disc.bytes_read(), 1000 * SECTOR);
}

#[test]
fn an_image_may_begin_in_the_middle_of_a_disc() {
    let (_folder, mut task) = setup(medium(100, 90, MediaProfile::CD_ROM));
    task.first_sector = 300;
    let disc = Disc::new(1000).bad(340..341);
    let result = imaged(run(&task, &disc));
    assert_eq!((result.judgement.verdict, result.size), (Verdict::Degraded, 100 * SECTOR));
    let bytes = 300 * SECTOR as usize..400 * SECTOR as usize;
    assert!(fs::read(&task.paths.image).unwrap() == disc.content_with_holes()[bytes]);
    assert_eq!(result.details.damage.unwrap().ranges, [BadRange { start: 40, count: 1 }]);
}

#[test]
fn another_drive_goes_on_only_if_layers_agree() {
    let (_folder, mut task) = setup(medium(600, 0, DVD));
    let disc = Disc::new(600).event(5, Event::Stop);
    assert_eq!(run(&task, &disc), Outcome::Stopped);
    let mut other = task.medium.clone();
    other.structure = Some(PhysicalStructure { layers: 2, sectors: 600, layer_break: Some(300) });
    task.medium.structure = Some(PhysicalStructure { layers: 1, sectors: 600, layer_break: None });
    disc.identifies_as(&other);
    assert!(matches!(run(&task, &disc), Outcome::Halted(Halt::WrongDisc { .. })));
    other.structure = None;
    disc.identifies_as(&other);
    assert_eq!(imaged(run(&task, &disc)).judgement.verdict, Verdict::Complete);
}

#[test]
fn statistics_say_what_reading_cost() {
    let (_folder, task) = setup(medium(600, 0, DVD));
    let disc = Disc::new(600).bad(100..103).event(10, Event::Change);
    let sink = Arc::new(FileSink::new(task.paths.clone()));
    let found = imaged(run_with(&task, &disc, sink, small(), &mut |_, _| {})).details.statistics;
    assert_eq!((found.sectors, found.unreadable, found.resets), (597, 3, 1));
    assert_eq!(found.curve.iter().map(|point| point.bad).sum::<u64>(), 3);
    assert!(found.curve.len() == 38 && found.curve.iter().all(|point| point.bytes_per_second > 0.0));
}

fn scan(options: ReadOptions, disc: &Disc, sectors: u64, profile: MediaProfile) -> Outcome {
    let medium = medium(sectors, 0, profile);
    let task = ScanTask { device: DeviceAddress::Virtual("nowhere".into()), medium, options };
    let stop = StopFlag::default();
    let mut device = super::MemoryDevice::open(disc, stop.clone());
    let (found, expected) = (disc.clone(), task.medium.clone());
    let identify = move |_: &mut dyn disk2iso::optical::OpticalDevice| found.identify(&expected);
    scan::scan(&task, ScanPlace { device: &mut device, identify: &identify, stop, tuning: small(), emit: &mut |_| {} })
}

fn scanned(outcome: Outcome) -> disk2iso::domain::result::ScanResult {
    match outcome {
        Outcome::Scanned(result) => result,
        other => panic!("expected a scan, got {other:?}"),
    }
}

#[test]
fn a_scan_finds_the_bad_places_and_keeps_nothing() {
    let disc = Disc::new(10_000).bad(100..103).bad(5_000..5_001);
    let result = scanned(scan(ReadOptions::default(), &disc, 10_000, MediaProfile::CD_ROM));
    assert_eq!((result.sectors_total, result.bad_sectors), (10_000, 4));
    assert_eq!(result.ranges, [BadRange { start: 100, count: 3 }, BadRange { start: 5_000, count: 1 }]);
    assert!(result.statistics.curve.len() <= 4_096 && result.statistics.sectors == 9_996);
    // On a DVD damage comes in blocks of 16 sectors.
    let result = scanned(scan(ReadOptions::default(), &disc, 10_000, DVD));
    assert_eq!(result.ranges, [BadRange { start: 96, count: 16 }, BadRange { start: 4_992, count: 16 }]);
}

#[test]
fn a_scan_can_be_stopped_and_hurried() {
    let disc = Disc::new(1_000).event(10, Event::Stop);
    assert_eq!(scan(ReadOptions::default(), &disc, 1_000, DVD), Outcome::Stopped);
    let hurried = ReadOptions { rescue: false, ..ReadOptions::default() };
    let disc = Disc::new(1_000).bad(100..101);
    let result = scanned(scan(hurried, &disc, 1_000, DVD));
    assert_eq!((result.bad_sectors, disc.bytes_read()), (32, 1_000 * SECTOR));
}
