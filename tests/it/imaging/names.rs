//! Names: nothing is overwritten, and a crash around the last rename is neither a loss nor a lie.

use super::{devices::Disc, failure_code, imaged, medium, run, task};
use disk2iso::{
    domain::{
        disc::MediaProfile,
        ids::SECTOR,
        job::Phase,
        sector_map::{BlockStatus, SectorMap},
        verdict::Verdict,
    },
    imaging::{
        mapfile::MapHeader,
        protocol::{ImageTask, WorkerMessage},
    },
};
use std::fs;

const CD: MediaProfile = MediaProfile::CD_ROM;

fn setup(sectors: u64) -> (tempfile::TempDir, ImageTask) {
    let folder = tempfile::tempdir().unwrap();
    let task = task(medium(sectors, sectors - 3, CD), folder.path());
    (folder, task)
}

fn finished(sectors: u64) -> SectorMap {
    let mut map = SectorMap::new(sectors * SECTOR);
    map.set(0..sectors * SECTOR, BlockStatus::Finished);
    map
}

#[test]
fn a_taken_name_is_refused_and_untouched() {
    let (_folder, task) = setup(50);
    for taken in [&task.paths.image, &task.paths.part, &task.paths.map] {
        fs::write(taken, "mine").unwrap();
        let code = failure_code(&run(&task, &Disc::new(50))).to_owned();
        assert_eq!(code, "name_taken", "{}", taken.display());
        assert_eq!(fs::read(taken).unwrap(), b"mine");
        fs::remove_file(taken).unwrap();
    }
    assert_eq!(fs::read_dir(task.paths.image.parent().unwrap()).unwrap().count(), 0, "nothing was left behind");
}

#[test]
fn a_name_that_is_taken_while_reading_is_refused_at_the_end_and_the_work_is_kept() {
    let (_folder, task) = setup(200);
    let disc = Disc::new(200);
    let sink = std::sync::Arc::new(disk2iso::imaging::FileSink::new(task.paths.clone()));
    let outcome = super::run_with(&task, &disc, sink, super::small(), &mut |message, _| {
        if matches!(message, WorkerMessage::Phase { phase: Phase::Reading }) && !task.paths.image.exists() {
            fs::write(&task.paths.image, "mine").unwrap();
        }
    });
    assert_eq!(failure_code(&outcome), "name_taken");
    assert_eq!(fs::read(&task.paths.image).unwrap(), b"mine");
    fs::remove_file(&task.paths.image).unwrap();
    let reads = disc.reads();
    assert_eq!(imaged(run(&task, &disc)).judgement.verdict, Verdict::Complete);
    assert_eq!(disc.reads(), reads);
}

#[test]
fn killed_between_rename_and_report_with_the_map_there_is_reported_without_reading() {
    let (_folder, task) = setup(60);
    let disc = Disc::new(60).bad(10..12);
    fs::write(&task.paths.image, disc.content_with_holes()).unwrap();
    let mut map = finished(60);
    map.set(10 * SECTOR..12 * SECTOR, BlockStatus::Bad);
    fs::write(&task.paths.map, MapHeader::new(&task.medium.fingerprint).with(&map)).unwrap();
    let result = imaged(run(&task, &disc));
    assert_eq!((result.judgement.verdict, result.judgement.bad_sectors, disc.reads()), (Verdict::Degraded, 2, 0));
    assert!(task.paths.map.exists());
}

#[test]
fn killed_after_the_map_was_removed_is_proved_by_the_disc() {
    let (_folder, task) = setup(60);
    let disc = Disc::new(60).bad(58..60);
    let first = imaged(run(&task, &disc));
    assert_eq!(first.judgement.verdict, Verdict::CompleteTrimmed);
    let again = imaged(run(&task, &disc));
    assert_eq!((again.judgement, again.hashes, again.size), (first.judgement, first.hashes, 58 * SECTOR));
}

#[test]
fn a_foreign_file_of_the_same_length_is_not_taken_for_an_image() {
    let (_folder, task) = setup(60);
    let mut foreign = Disc::new(60).content();
    foreign[59 * SECTOR as usize] ^= 1;
    fs::write(&task.paths.image, &foreign).unwrap();
    assert_eq!(failure_code(&run(&task, &Disc::new(60))), "name_taken");
    assert_eq!(fs::read(&task.paths.image).unwrap(), foreign);
}

#[test]
fn a_crash_between_linking_and_unlinking_leaves_one_image() {
    let (_folder, task) = setup(60);
    let disc = Disc::new(60);
    fs::write(&task.paths.part, disc.content()).unwrap();
    fs::hard_link(&task.paths.part, &task.paths.image).unwrap();
    fs::write(&task.paths.map, MapHeader::new(&task.medium.fingerprint).with(&finished(60))).unwrap();
    assert_eq!(imaged(run(&task, &disc)).judgement.verdict, Verdict::Complete);
    assert!(!task.paths.part.exists());
}

#[test]
fn a_map_of_another_disc_or_a_damaged_one_is_refused_and_kept() {
    let (_folder, task) = setup(60);
    fs::write(&task.paths.part, [0; 100]).unwrap();
    let other = disk2iso::domain::disc::Fingerprint("cd".repeat(16));
    let cases = [
        (MapHeader::new(&other).with(&finished(60)), "wrong_map"),
        (finished(61).to_mapfile(), "wrong_map"),
        ("0 ? 1\n5 5 +".to_owned(), "map_unusable"),
    ];
    for (text, code) in cases {
        fs::write(&task.paths.map, &text).unwrap();
        assert_eq!(failure_code(&run(&task, &Disc::new(60))), code);
        assert_eq!(fs::read_to_string(&task.paths.map).unwrap(), text);
    }
}

#[test]
fn a_part_that_is_shorter_than_its_map_is_read_again_where_it_is_missing() {
    let (_folder, task) = setup(60);
    let disc = Disc::new(60);
    fs::write(&task.paths.part, &disc.content()[..20 * SECTOR as usize + 100]).unwrap();
    fs::write(&task.paths.map, MapHeader::new(&task.medium.fingerprint).with(&finished(60))).unwrap();
    assert_eq!(imaged(run(&task, &disc)).judgement.verdict, Verdict::Complete);
    assert_eq!(disc.bytes_read(), 40 * SECTOR);
    assert_eq!(fs::read(&task.paths.image).unwrap(), disc.content());
}

#[test]
fn another_process_that_writes_the_same_image_is_waited_for_and_then_refused() {
    let (_folder, task) = setup(60);
    let disc = Disc::new(60).event(2, super::devices::Event::Stop);
    run(&task, &disc);
    let holder = fs::File::open(&task.paths.part).unwrap();
    holder.lock().unwrap();
    assert_eq!(failure_code(&run(&task, &disc)), "image_busy");
    drop(holder);
    assert_eq!(imaged(run(&task, &disc)).judgement.verdict, Verdict::Complete);
}

#[test]
fn what_ddrescue_began_is_continued() {
    let (_folder, task) = setup(60);
    let disc = Disc::new(60).bad(30..31);
    let mut part = disc.content();
    part.truncate(40 * SECTOR as usize);
    part[20 * SECTOR as usize..].fill(0);
    fs::write(&task.paths.part, part).unwrap();
    let map = "# Mapfile. Created by GNU ddrescue version 1.27\n0x0 ? 1\n0x0 0xA000 +\n0xA000 0x5000 /\n0xF000 0xF000 ?\n";
    fs::write(&task.paths.map, map).unwrap();
    let result = imaged(run(&task, &disc));
    assert_eq!((result.judgement.verdict, result.judgement.bad_sectors), (Verdict::Degraded, 1));
    assert_eq!(fs::read(&task.paths.image).unwrap(), disc.content_with_holes());
}
