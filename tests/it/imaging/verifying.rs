//! The second look finds what the first one cannot.

use super::{
    devices::{self, Disc},
    imaged, medium, run, run_with,
    sinks::{Call, Watched},
    small, task,
};
use disk2iso::{
    domain::{disc::MediaProfile, ids::SECTOR, options::Verify, verdict::Verdict},
    imaging::protocol::ImageTask,
};
use std::{
    os::unix::fs::FileExt as _,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

fn setup(sectors: u64) -> (tempfile::TempDir, ImageTask) {
    let folder = tempfile::tempdir().unwrap();
    let mut task = task(medium(sectors, 0, MediaProfile::DVD_ROM), folder.path());
    task.options.verify = Verify::Both;
    (folder, task)
}

#[test]
fn a_clean_disc_verifies() {
    let (_folder, task) = setup(300);
    let result = imaged(run(&task, &Disc::new(300)));
    assert_eq!(result.judgement.verdict, Verdict::Complete);
    assert_eq!((result.verify.image_matches, result.verify.disc_unsettled), (Some(true), Some(0)));
}

#[test]
fn data_that_was_wrong_once_is_put_right_and_hashed_again() {
    let (_folder, task) = setup(300);
    let disc = Disc::new(300).wrong_once(7..9).wrong_once(299..300);
    let result = imaged(run(&task, &disc));
    assert_eq!((result.judgement.verdict, result.verify.disc_unsettled), (Verdict::Complete, Some(0)));
    assert_eq!(std::fs::read(&task.paths.image).unwrap(), disc.content());
    assert_eq!((result.hashes.md5, result.hashes.sha256), devices::hashes(&disc.content()));
}

#[test]
fn a_sector_that_never_gives_the_same_twice_is_unsettled_and_the_image_degraded() {
    let (_folder, mut task) = setup(300);
    let disc = Disc::new(300).unstable(100..102);
    let result = imaged(run(&task, &disc));
    assert_eq!((result.judgement.verdict, result.verify.disc_unsettled), (Verdict::Degraded, Some(2)));
    // Also if the service did not hear it: the map remembers what the comparison found.
    let again = imaged(run(&task, &disc));
    assert_eq!((again.judgement.verdict, again.verify), (Verdict::Degraded, result.verify));
    // And a run that goes on with it without comparing does not make it better.
    std::fs::rename(&task.paths.image, &task.paths.part).unwrap();
    task.options.verify = Verify::None;
    assert_eq!(imaged(run(&task, &disc)).judgement.verdict, Verdict::Degraded);
}

#[test]
fn a_bit_that_storage_flips_is_found() {
    let (_folder, mut task) = setup(300);
    let (path, flipped) = (task.paths.part.clone(), AtomicBool::new(false));
    let sink = Watched::new(&task.paths, move |call| {
        // The first read of the image is the one that compares it with the hashes of what was read from the disc.
        if call == Call::Read && !flipped.swap(true, Ordering::Relaxed) {
            std::fs::OpenOptions::new().write(true).open(&path).unwrap().write_all_at(&[0xff], 200 * SECTOR + 5).unwrap();
        }
        Ok(())
    });
    let disc = Disc::new(300);
    let result = imaged(run_with(&task, &disc, Arc::new(sink), small(), &mut |_, _| {}));
    assert_eq!((result.judgement.verdict, result.verify.image_matches), (Verdict::Failed, Some(false)));
    assert_eq!(result.path, task.paths.part);
    assert!(!task.paths.image.exists() && task.paths.map.exists());
    // Whoever tries again, even without a second look, reads everything again.
    task.options.verify = Verify::None;
    assert_eq!(imaged(run(&task, &disc)).judgement.verdict, Verdict::Complete);
    assert_eq!(std::fs::read(&task.paths.image).unwrap(), disc.content());
}
