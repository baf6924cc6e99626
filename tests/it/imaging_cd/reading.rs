//! What is read, and what is said about it.

use super::{
    assert_same,
    disc::{Disc, FRAME, Kind, user_data},
    failure_code, imaged, read, run, run_with, task,
};
use disk2iso::{
    domain::{
        disc::Toc,
        options::Verify,
        verdict::{Reason, Verdict},
    },
    imaging::{ReadOptions, WorkerMessage},
    optical::RawLayout,
};

fn audio() -> Disc {
    Disc::new(&[(Kind::Audio, 1, 400), (Kind::Audio, 1, 310), (Kind::Audio, 1, 505)])
}

fn words(bytes: &[u8]) -> impl Iterator<Item = u64> + '_ {
    bytes.chunks_exact(4).map(|sample| u64::from(u32::from_le_bytes(sample.try_into().unwrap())))
}

#[test]
fn an_audio_disc_becomes_a_bin_with_every_sample_and_checksums_per_track() {
    let folder = tempfile::tempdir().unwrap();
    let disc = audio();
    let task = task(&disc, folder.path());
    let result = imaged(run(&task, &disc));
    assert_eq!((result.judgement.verdict, result.judgement.reasons), (Verdict::Complete, vec![]));
    assert_same(&read(&task, "bin"), &disc.content());
    assert_eq!(result.path, task.paths.image.join("MUSIC.cue"));
    assert_eq!(result.details.form.as_deref(), Some("audio_tracks"));
    assert!(!task.paths.part.exists() && !task.paths.map.exists());
    let tracks = &result.details.tracks;
    assert_eq!(
        tracks.iter().map(|track| (track.number, track.start, track.sectors)).collect::<Vec<_>>(),
        [(1, 0, 400), (2, 400, 310), (3, 710, 505)]
    );
    assert!(tracks.iter().all(|track| track.test_matches == Some(true) && track.unsettled + track.unreadable == 0));
    assert_eq!(tracks[1].isrc.as_deref(), Some("GBUM70808708"));
    // The sums as their definition has them, over the middle track, where nothing is left out.
    let second = &disc.content()[400 * FRAME..710 * FRAME];
    let v1 = words(second).zip(1_u64..).fold(0_u64, |sum, (word, at)| (sum + word * at) & 0xffff_ffff);
    let v2 = words(second)
        .zip(1_u64..)
        .map(|(word, at)| word * at)
        .fold(0_u64, |sum, product| (sum + (product & 0xffff_ffff) + (product >> 32)) & 0xffff_ffff);
    assert_eq!(tracks[1].accurate_rip, Some([format!("{v1:08x}"), format!("{v2:08x}")]));
    assert_eq!(tracks[1].crc32, format!("{:08x}", crc32fast::hash(second)));
}

#[test]
fn frames_that_come_out_wrong_once_are_settled_and_the_mismatch_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let disc = audio().wrong(450..453, 1).wrong(30..31, 1);
    let task = task(&disc, folder.path());
    let result = imaged(run(&task, &disc));
    assert_eq!(result.judgement.verdict, Verdict::Complete);
    assert_same(&read(&task, "bin"), &disc.content());
    let matches: Vec<_> = result.details.tracks.iter().map(|track| track.test_matches).collect();
    assert_eq!(matches, [Some(false), Some(false), Some(true)]);
}

#[test]
fn a_frame_that_never_agrees_degrades_the_image_and_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    let disc = audio().unstable(420..425);
    let mut task = task(&disc, folder.path());
    task.options.retries = 5;
    let result = imaged(run(&task, &disc));
    assert_eq!((result.judgement.verdict, result.judgement.reasons), (Verdict::Degraded, vec![Reason::DiscUnsettled]));
    assert_eq!(result.details.tracks[1].unsettled, 5);
    assert_eq!(result.verify.disc_unsettled, Some(5));
    let (bin, content) = (read(&task, "bin"), disc.content());
    assert_same(&bin[..420 * FRAME], &content[..420 * FRAME]);
    assert_same(&bin[425 * FRAME..], &content[425 * FRAME..]);
    // What it is worth stays beside it.
    assert!(task.paths.map.exists());
}

#[test]
fn unreadable_frames_are_silence_and_said_with_their_place() {
    let folder = tempfile::tempdir().unwrap();
    let disc = audio().bad(100..103).bad(1200..1215).flaky(700..720, 2);
    let mut task = task(&disc, folder.path());
    task.options.retries = 3;
    let mut ranges = Vec::new();
    let result = imaged(run_with(&task, &disc, &mut |message, _| {
        if let WorkerMessage::BadRange { start, count, sense } = message {
            ranges.push((start.0, *count, sense.map(|sense| sense.key)));
        }
    }));
    assert_eq!((result.judgement.verdict, result.judgement.bad_sectors), (Verdict::Degraded, 18));
    assert_eq!(result.judgement.reasons, [Reason::UnreadableSectors]);
    assert_eq!(ranges, [(100, 3, Some(3)), (1200, 15, Some(3))]);
    let mut content = disc.content();
    content[100 * FRAME..103 * FRAME].fill(0);
    content[1200 * FRAME..].fill(0);
    assert_same(&read(&task, "bin"), &content);
    assert_eq!(result.details.damage.unwrap().ranges.len(), 2);
}

#[test]
fn what_the_drive_itself_doubts_is_read_again_even_if_readings_agree() {
    let folder = tempfile::tempdir().unwrap();
    // Two readings give the same wrong bytes, with C2 marks: a drive that conceals errors.
    let disc = audio().marked(500..503, 2);
    let mut task = task(&disc, folder.path());
    task.options.retries = 2;
    let result = imaged(run(&task, &disc));
    assert_eq!(result.judgement.verdict, Verdict::Complete);
    assert_same(&read(&task, "bin"), &disc.content());
    // Without the marks nobody could know.
    let (folder, disc) = (tempfile::tempdir().unwrap(), audio().marked(500..503, 2).refuses(RawLayout::MainC2));
    let task = super::task(&disc, folder.path());
    imaged(run(&task, &disc));
    assert_ne!(read(&task, "bin")[500 * FRAME..503 * FRAME], disc.content()[500 * FRAME..503 * FRAME]);
}

#[test]
fn a_drive_that_answers_from_its_cache_is_not_believed() {
    let folder = tempfile::tempdir().unwrap();
    let disc = Disc::new(&[(Kind::Audio, 1, 600), (Kind::Audio, 1, 1300)]).sticky(30, 1200).sticky(1500, 1200);
    let mut task = task(&disc, folder.path());
    task.options.retries = 2;
    assert_eq!(imaged(run(&task, &disc)).judgement.verdict, Verdict::Complete);
    assert_same(&read(&task, "bin"), &disc.content());
}

#[test]
fn the_drives_offset_is_corrected_over_all_borders() {
    for (offset, overreads) in [(6, false), (-6, false), (667, true), (-1164, true), (588, false), (5_880, true), (-5_880, false)]
    {
        let folder = tempfile::tempdir().unwrap();
        let disc = audio().read_offset(offset);
        let disc = if overreads { disc.overreads() } else { disc };
        let mut task = task(&disc, folder.path());
        task.read_offset = i32::try_from(offset).unwrap();
        let result = imaged(run(&task, &disc));
        assert_eq!(result.judgement.verdict, Verdict::Complete, "{offset}");
        let mut expected = disc.content();
        let missing = usize::try_from(offset.abs()).unwrap() * 4;
        let len = expected.len();
        match (offset > 0, overreads) {
            // The last samples lie behind the lead-out, where this drive reads nothing.
            (true, false) => {
                let frames = missing.div_ceil(FRAME) * FRAME;
                let lost = missing.min(frames);
                expected[len - lost..].fill(0);
            }
            (true, true) => {}
            // The first samples come before the disc begins.
            (false, _) => expected[..missing].fill(0),
        }
        assert_same(&read(&task, "bin"), &expected);
    }
}

#[test]
fn what_lies_before_the_first_track_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let disc = audio().first_start(182);
    let task = task(&disc, folder.path());
    let result = imaged(run(&task, &disc));
    assert_eq!(result.judgement.verdict, Verdict::Complete);
    assert_same(&read(&task, "bin"), &disc.content());
    let cue = String::from_utf8(read(&task, "cue")).unwrap();
    assert!(cue.contains("INDEX 00 00:00:00") && cue.contains("INDEX 01 00:02:32"), "{cue}");
    let first = &result.details.tracks[0];
    assert_eq!((first.start, first.sectors), (182, 218));
    assert_eq!(first.crc32, format!("{:08x}", crc32fast::hash(&disc.content()[182 * FRAME..400 * FRAME])));
}

#[test]
fn a_mixed_disc_becomes_bin_and_iso_and_its_border_is_no_damage() {
    let folder = tempfile::tempdir().unwrap();
    // Two run-out sectors before the pre-gap of the audio track cannot be read.
    let disc = Disc::new(&[(Kind::Mode1, 1, 600), (Kind::Audio, 1, 400)]).bad(448..450);
    let task = task(&disc, folder.path());
    let result = imaged(run(&task, &disc));
    assert_eq!((result.judgement.verdict, result.judgement.reasons), (Verdict::CompleteTrimmed, vec![Reason::RunOut]));
    assert_eq!(result.details.form.as_deref(), Some("mixed_mode"));
    let mut content = disc.content();
    content[448 * FRAME..450 * FRAME].fill(0);
    assert_same(&read(&task, "bin"), &content);
    assert_same(&read(&task, "iso"), &(0..448).flat_map(user_data).collect::<Vec<_>>());
    assert_eq!(result.details.tracks[0].test_matches, None, "data proves itself");
}

#[test]
fn damage_in_the_middle_of_a_data_track_is_damage() {
    let folder = tempfile::tempdir().unwrap();
    let disc = Disc::new(&[(Kind::Mode1, 1, 600), (Kind::Audio, 1, 400)]).bad(100..102).flaky(200..205, 1).broken_code(300);
    let mut task = task(&disc, folder.path());
    task.options.retries = 3;
    let result = imaged(run(&task, &disc));
    assert_eq!((result.judgement.verdict, result.judgement.bad_sectors), (Verdict::Degraded, 3));
    let iso = read(&task, "iso");
    let expected: Vec<u8> =
        (0..450).flat_map(|lba| if [100, 101, 300].contains(&lba) { vec![0; 2048] } else { user_data(lba) }).collect();
    assert_same(&iso, &expected);
    // The raw frame is what the disc has, however wrong its code is.
    assert_same(&read(&task, "bin")[300 * FRAME..301 * FRAME], &disc.frame(300));
}

#[test]
fn a_cd_extra_has_both_sessions_and_nothing_is_read_between_them() {
    let folder = tempfile::tempdir().unwrap();
    let disc = Disc::new(&[(Kind::Audio, 1, 300), (Kind::Audio, 1, 350), (Kind::Xa, 2, 450)]).read_offset(30);
    let mut task = task(&disc, folder.path());
    task.read_offset = 30;
    task.options.verify = Verify::Both;
    let result = imaged(run(&task, &disc));
    assert_eq!(result.judgement.verdict, Verdict::Complete);
    assert_eq!(result.details.form.as_deref(), Some("cd_extra"));
    let mut expected = disc.content();
    // Behind session 1 there is nothing to read: the last samples are silence.
    expected[650 * FRAME - 120..650 * FRAME].fill(0);
    assert_same(&read(&task, "bin"), &expected);
    assert_eq!(result.verify.image_matches, Some(true));
    assert_eq!(result.details.tracks[2].test_matches, Some(true), "asked for, data is read twice, too");
    let start = 650 + 11_400;
    let data = |lba: u64| if lba % 3 == 2 { vec![0; 2048] } else { user_data(lba) };
    assert_same(&read(&task, "iso"), &(start..start + 450).flat_map(data).collect::<Vec<_>>());
    let cue = String::from_utf8(read(&task, "cue")).unwrap();
    assert!(cue.contains("REM SESSION 02") && cue.contains("MODE2/2352"), "{cue}");
}

#[test]
fn a_video_cd_is_kept_with_all_its_forms() {
    let folder = tempfile::tempdir().unwrap();
    let disc = Disc::new(&[(Kind::Xa, 1, 300), (Kind::Xa, 1, 400)]).bad(699..700);
    let task = task(&disc, folder.path());
    let result = imaged(run(&task, &disc));
    assert_eq!(result.judgement.verdict, Verdict::CompleteTrimmed);
    assert_eq!(result.details.form.as_deref(), Some("data_tracks"));
    assert_same(&read(&task, "bin")[..699 * FRAME], &disc.content()[..699 * FRAME]);
}

#[test]
fn a_clone_has_the_sub_channel_and_says_so_if_the_drive_gives_none() {
    let folder = tempfile::tempdir().unwrap();
    let disc = audio();
    let mut task = task(&disc, folder.path());
    task.clone = true;
    let result = imaged(run(&task, &disc));
    assert_eq!(result.judgement.verdict, Verdict::Complete);
    assert_eq!(result.details.form.as_deref(), Some("raw_clone"));
    assert_same(&read(&task, "bin"), &disc.content());
    let sub = read(&task, "sub");
    assert_eq!(sub.len(), 1215 * 96);
    // Bit by bit: symbol s of a frame has the bit of channel c (P is the highest) at bit 7 - c.
    for lba in [0_u64, 700, 1214] {
        let (raw, stored) = (Disc::sub(lba), &sub[usize::try_from(lba).unwrap() * 96..][..96]);
        for (symbol, byte) in raw.iter().enumerate() {
            for channel in 0..8 {
                assert_eq!(byte >> (7 - channel) & 1, stored[channel * 12 + symbol / 8] >> (7 - symbol % 8) & 1);
            }
        }
    }
    let (folder, disc) = (tempfile::tempdir().unwrap(), audio().refuses(RawLayout::MainSub));
    let mut task = super::task(&disc, folder.path());
    task.clone = true;
    let result = imaged(run(&task, &disc));
    assert_eq!((result.judgement.verdict, result.judgement.reasons), (Verdict::Degraded, vec![Reason::SubChannelMissing]));
}

#[test]
fn a_drive_without_raw_frames_and_a_toc_that_lies_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let disc = audio().refuses(RawLayout::Main);
    assert_eq!(failure_code(&run(&task(&disc, folder.path()), &disc)), "disc_unidentified");
    let disc = audio();
    let mut task = task(&disc, folder.path());
    task.medium.toc = Some(Toc { lead_out: 500, ..disc.lock().toc.clone() });
    assert_eq!(failure_code(&run(&task, &disc)), "size_unknown");
    assert!(!task.paths.image.exists());
}

#[test]
fn a_disc_of_which_nothing_can_be_read_is_a_failure_and_stays_unpublished() {
    let folder = tempfile::tempdir().unwrap();
    let disc = Disc::new(&[(Kind::Audio, 1, 40)]).bad(0..40);
    let task = task(&disc, folder.path());
    let result = imaged(run(&task, &disc));
    assert_eq!((result.judgement.verdict, result.judgement.reasons), (Verdict::Failed, vec![Reason::NothingRead]));
    assert!(!task.paths.image.exists() && result.path.starts_with(&task.paths.part) && result.path.exists());
}

#[test]
fn speed_and_size_of_requests_are_as_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let disc = audio().max_transfer(1);
    let mut task = task(&disc, folder.path());
    task.options = ReadOptions { speed_kbps: Some(706), block_sectors: Some(8), ..ReadOptions::default() };
    let result = imaged(run(&task, &disc));
    assert_eq!((result.judgement.verdict, disc.lock().speed), (Verdict::Complete, Some(706)));
    assert_same(&read(&task, "bin"), &disc.content());
}
