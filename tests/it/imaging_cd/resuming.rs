//! Stops, crashes, full disks: nothing is lost, nothing is overwritten, nothing is said twice differently.

use super::{
    assert_same,
    disc::{Disc, Event, Kind},
    failure_code, imaged, read, run, task,
};
use disk2iso::{
    domain::{options::OnLoss, verdict::Verdict},
    imaging::{Halt, Outcome},
};
use std::fs;

fn audio() -> Disc {
    Disc::new(&[(Kind::Audio, 1, 300), (Kind::Audio, 1, 310), (Kind::Audio, 1, 320)])
}

#[test]
fn a_stopped_run_goes_on_with_the_first_track_that_is_not_done() {
    let folder = tempfile::tempdir().unwrap();
    let disc = audio();
    let task = task(&disc, folder.path());
    let whole = {
        let other = tempfile::tempdir().unwrap();
        let reference = audio();
        imaged(run(&super::task(&reference, other.path()), &reference));
        reference.lock().requests
    };
    // In the middle of the second track.
    let disc = disc.event(whole / 2, Event::Stop);
    assert_eq!(run(&task, &disc), Outcome::Stopped);
    assert!(task.paths.part.exists() && !task.paths.image.exists());
    disc.lock().delivered = 0;
    let result = imaged(run(&task, &disc));
    assert_eq!(result.judgement.verdict, Verdict::Complete);
    assert_same(&read(&task, "bin"), &disc.content());
    assert!(disc.lock().delivered < 2 * (310 + 320) + 2 * 1_000, "the first track was not read again");
    assert_eq!(result.details.tracks.len(), 3);
}

#[test]
fn another_disc_or_a_drive_that_is_gone_ends_the_run_and_the_right_disc_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let disc = audio().event(50, Event::Exchange);
    let task = task(&disc, folder.path());
    assert!(matches!(run(&task, &disc), Outcome::Halted(Halt::WrongDisc { .. })));
    assert!(matches!(run(&task, &disc), Outcome::Halted(Halt::WrongDisc { .. })));
    disc.put_back();
    let again = disc.lock().requests + 20;
    let disc = disc.event(again, Event::Vanish);
    assert_eq!(run(&task, &disc), Outcome::Halted(Halt::DriveGone));
    imaged(run(&task, &disc));
    assert_same(&read(&task, "bin"), &disc.content());
}

#[test]
fn a_published_image_whose_report_was_lost_is_reported_again() {
    let folder = tempfile::tempdir().unwrap();
    let disc = audio();
    let mut task = task(&disc, folder.path());
    task.options.keep_map = true;
    // Times lose their last digit in a journal.
    let timeless = |mut result: disk2iso::imaging::ImageResult| {
        (result.seconds, result.bytes_per_second) = (0.0, 0.0);
        result.details.statistics.curve.iter_mut().for_each(|point| point.bytes_per_second = 0.0);
        result
    };
    let first = timeless(imaged(run(&task, &disc)));
    let requests = disc.lock().requests;
    assert!(task.paths.map.exists(), "whoever recorded the result removes the journal");
    assert_eq!(timeless(imaged(run(&task, &disc))), first);
    assert_eq!(disc.lock().requests, requests, "nothing is read again");
    // The power went before the rename.
    fs::rename(&task.paths.image, &task.paths.part).unwrap();
    assert_eq!(timeless(imaged(run(&task, &disc))), first);
    assert!(task.paths.image.exists() && !task.paths.part.exists());
    // Once the journal is gone, the folder is somebody's.
    fs::remove_file(&task.paths.map).unwrap();
    assert_eq!(failure_code(&run(&task, &disc)), "name_taken");
}

#[test]
fn what_belongs_to_others_is_not_touched() {
    let folder = tempfile::tempdir().unwrap();
    let disc = audio();
    let task = task(&disc, folder.path());
    fs::create_dir(&task.paths.part).unwrap();
    fs::write(task.paths.part.join("thesis.txt"), "years").unwrap();
    assert_eq!(failure_code(&run(&task, &disc)), "name_taken");
    assert_eq!(fs::read_dir(&task.paths.part).unwrap().count(), 1);
    fs::remove_dir_all(&task.paths.part).unwrap();
    fs::write(&task.paths.part, "a file").unwrap();
    assert_eq!(failure_code(&run(&task, &disc)), "name_taken");
    fs::remove_file(&task.paths.part).unwrap();
    fs::create_dir(&task.paths.image).unwrap();
    assert_eq!(failure_code(&run(&task, &disc)), "name_taken");
    assert_eq!(fs::read_dir(&task.paths.image).unwrap().count(), 0);
    fs::remove_dir(&task.paths.image).unwrap();
    // An empty folder is what a power cut leaves at the very beginning.
    fs::create_dir(&task.paths.part).unwrap();
    imaged(run(&task, &disc));
}

#[test]
fn an_unfinished_image_of_another_disc_and_a_damaged_journal_are_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let disc = audio().event(60, Event::Stop);
    let task = task(&disc, folder.path());
    assert_eq!(run(&task, &disc), Outcome::Stopped);
    let mut other = task.clone();
    other.medium.fingerprint.0 = "ff".repeat(16);
    assert_eq!(failure_code(&run(&other, &disc)), "wrong_map");
    let journal = task.paths.part.join("journal.json");
    let text = fs::read_to_string(&journal).unwrap();
    fs::write(&journal, &text[..text.len() / 2]).unwrap();
    assert_eq!(failure_code(&run(&task, &disc)), "map_unusable");
    fs::write(&journal, text).unwrap();
    imaged(run(&task, &disc));
}

#[test]
fn two_workers_do_not_write_one_image() {
    let folder = tempfile::tempdir().unwrap();
    let disc = audio().event(60, Event::Stop);
    let task = task(&disc, folder.path());
    assert_eq!(run(&task, &disc), Outcome::Stopped);
    let lock = fs::File::open(&task.paths.part).unwrap();
    lock.lock().unwrap();
    assert_eq!(failure_code(&run(&task, &disc)), "image_busy");
    drop(lock);
    imaged(run(&task, &disc));
}

#[test]
fn with_another_offset_everything_is_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let disc = audio().read_offset(102).event(120, Event::Stop);
    let mut task = task(&disc, folder.path());
    assert_eq!(run(&task, &disc), Outcome::Stopped);
    task.read_offset = 102;
    imaged(run(&task, &disc));
    let mut expected = disc.content();
    let len = expected.len();
    expected[len - 408..].fill(0);
    assert_same(&read(&task, "bin"), &expected);
}

#[test]
fn a_person_decides_about_losses_if_asked_to() {
    let folder = tempfile::tempdir().unwrap();
    let disc = audio().bad(30..34).flaky(400..403, 6);
    let mut task = task(&disc, folder.path());
    task.options.on_loss = OnLoss::Ask;
    assert_eq!(run(&task, &disc), Outcome::Halted(Halt::Loss { bad_sectors: 7 }));
    // One more pass reads only what is missing, and does not lose what is there.
    disc.lock().delivered = 0;
    task.options.retries = 6;
    assert_eq!(run(&task, &disc), Outcome::Halted(Halt::Loss { bad_sectors: 4 }));
    task.options.accept_loss = true;
    let result = imaged(run(&task, &disc));
    assert_eq!((result.judgement.verdict, result.judgement.bad_sectors), (Verdict::Degraded, 4));
    let mut expected = disc.content();
    expected[30 * 2352..34 * 2352].fill(0);
    assert_same(&read(&task, "bin"), &expected);
}
