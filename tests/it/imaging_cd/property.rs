//! Random discs, random faults, random stops: the verdict is right and good frames are right.

use super::{
    disc::{Disc, Event, FRAME, Kind},
    run, task,
};
use disk2iso::{domain::verdict::Verdict, imaging::Outcome};
use proptest::prelude::*;

#[derive(Debug, Clone)]
struct Story {
    tracks: Vec<(Kind, u8, u64)>,
    bad: Vec<(u64, u64)>,
    flaky: Vec<u64>,
    wrong: Vec<u64>,
    unstable: Vec<u64>,
    stops: Vec<u64>,
    max_transfer: u32,
    offset: i64,
}

prop_compose! {
    fn story()(
        shape in 0..4,
        lens in prop::collection::vec(10_u64..120, 1..5),
        bad in prop::collection::vec((0_u64..700, 1_u64..6), 0..3),
        flaky in prop::collection::vec(0_u64..700, 0..4),
        wrong in prop::collection::vec(0_u64..700, 0..4),
        unstable in prop::collection::vec(0_u64..700, 0..2),
        stops in prop::collection::vec(3_u64..400, 0..4),
        max_transfer in 1_u32..40,
        offset in prop_oneof![Just(0_i64), -500_i64..500],
    ) -> Story {
        let count = lens.len();
        let tracks = lens.into_iter().enumerate().map(|(index, len)| match shape {
            // Mixed mode: the data track is long enough for its pre-gap.
            1 if index == 0 => (Kind::Mode1, 1, len + 200),
            2 if index > 0 && index == count - 1 => (Kind::Xa, 2, len),
            3 => (Kind::Xa, 1, len),
            _ => (Kind::Audio, 1, len),
        });
        Story { tracks: tracks.collect(), bad, flaky, wrong, unstable, stops, max_transfer, offset }
    }
}

/// Position in the disc of the n-th frame that is on it (there are none in the gap between sessions).
fn positions(disc: &Disc) -> Vec<u64> {
    let end = disc.lock().toc.lead_out;
    (0..end).filter(|lba| !disc.frame(*lba).is_empty()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]
    #[test]
    fn the_verdict_is_right_and_good_frames_are_right(story in story()) {
        let folder = tempfile::tempdir().unwrap();
        let mut disc = Disc::new(&story.tracks).max_transfer(story.max_transfer).read_offset(story.offset);
        let places = positions(&disc);
        let at = |wish: &u64| places[usize::try_from(*wish).unwrap() % places.len()];
        for (wish, count) in &story.bad {
            let start = at(wish);
            disc = disc.bad(start..start + count);
        }
        let faulty: Vec<u64> = story.bad.iter().flat_map(|(wish, count)| at(wish)..at(wish) + count).collect();
        for wish in &story.flaky { disc = disc.flaky(at(wish)..at(wish) + 1, 2); }
        // A frame that is spoiled in two ways would be right again by accident.
        for wish in story.wrong.iter().filter(|wish| !story.unstable.iter().any(|other| at(other) == at(wish))) { disc = disc.wrong(at(wish)..at(wish) + 1, 1); }
        for wish in &story.unstable { disc = disc.unstable(at(wish)..at(wish) + 1); }
        for stop in &story.stops { disc = disc.event(*stop, Event::Stop); }
        let mut task = task(&disc, folder.path());
        task.read_offset = i32::try_from(story.offset).unwrap();
        task.options.retries = 4;
        let result = loop {
            match run(&task, &disc) {
                Outcome::Imaged(result) => break result,
                Outcome::Stopped => {}
                other => prop_assert!(false, "{:?}", other),
            }
        };
        let bin = std::fs::read(result.path.with_extension("bin")).unwrap();
        prop_assert_eq!(bin.len(), places.len() * FRAME);
        let unstable: Vec<u64> = story.unstable.iter().map(at).collect();
        let tracks = disc.lock().toc.tracks.clone();
        let data = |lba: u64| tracks.iter().rfind(|track| track.start <= lba).is_some_and(|track| track.data);
        // A frame of audio comes from up to three frames of the drive, an offset one way or the other.
        let reach = story.offset.unsigned_abs().div_ceil(588) + 1;
        let spoiled = |lba: u64, by: &[u64]| {
            let reach = if data(lba) { 0 } else { reach };
            by.iter().any(|bad| bad.abs_diff(lba) <= reach)
        };
        let content = disc.content();
        for (index, lba) in places.iter().enumerate() {
            let range = index * FRAME..(index + 1) * FRAME;
            // Where the drive's offset reaches over a border, there is silence on the other side.
            let border = !data(*lba) && story.offset != 0
                && [lba.saturating_sub(reach), lba + reach].iter().any(|near| places.binary_search(near).is_err() || data(*near) || *lba < reach);
            if !spoiled(*lba, &faulty) && !spoiled(*lba, &unstable) && !border {
                prop_assert!(bin[range] == content[index * FRAME..(index + 1) * FRAME], "frame {} of {:?}", lba, story);
            }
        }
        let lost: u64 = result.details.tracks.iter().map(|track| track.unreadable + track.unsettled).sum();
        let wrong = places.iter().filter(|lba| faulty.contains(lba) || unstable.contains(lba)).count() as u64;
        // Nothing is called lost that can be read, and nothing is called good that cannot.
        prop_assert_eq!(lost, wrong, "{:?}", story);
        let explained = result.judgement.verdict == Verdict::CompleteTrimmed;
        prop_assert_eq!(result.judgement.verdict == Verdict::Complete, wrong == 0);
        if explained {
            prop_assert!(faulty.iter().chain(&unstable).filter(|lba| places.binary_search(lba).is_ok()).all(|lba| data(*lba)));
        }
    }
}
