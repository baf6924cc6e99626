//! The whole way on virtual drives: described, identified, read by the worker process, which is killed now and then.

use super::{assert_same, disc::FRAME};
use disk2iso::{
    domain::{
        disc::{DiscKind, frame},
        options::AudioFormat,
        verdict::{Reason, Verdict},
    },
    filesystems,
    imaging::{CdTask, ImagePaths, ImageResult, Outcome, ReadOptions, WorkerMessage, WorkerTask},
    optical::{DeviceAddress, virtual_insert},
};
use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Child, Command, Stdio},
};

fn noise(frames: usize, seed: u64) -> Vec<u8> {
    let word = |at: u64| (at + seed).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (at << 17);
    (0..frames as u64 * 294).flat_map(|at| word(at).to_le_bytes()).collect()
}

/// Puts a disc into a new drive below `root` and makes a task of it.
fn insert(root: &Path, description: &str, files: &[(&str, &[u8])], script: &str) -> CdTask {
    for (name, bytes) in files {
        fs::write(root.join(name), bytes).unwrap();
    }
    let (drive, disc) = (root.join("drive"), root.join("disc.disc.toml"));
    fs::write(&disc, description).unwrap();
    fs::create_dir(&drive).unwrap();
    fs::write(drive.join("drive.toml"), script).unwrap();
    virtual_insert(&drive, &disc).unwrap();
    let device = DeviceAddress::Virtual(drive);
    let medium = filesystems::identify(&mut *device.open().unwrap()).unwrap();
    let paths = ImagePaths::folder(root, "MUSIC");
    CdTask {
        device,
        medium,
        paths,
        options: ReadOptions { retries: 4, ..ReadOptions::default() },
        format: AudioFormat::BinCue,
        clone: false,
        read_offset: 0,
    }
}

fn start(task: &CdTask) -> Child {
    let mut child = Command::new(env!("CARGO_BIN_EXE_disk2iso"))
        .arg("read-worker")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let json = serde_json::to_vec(&WorkerTask::Cd(task.clone())).unwrap();
    child.stdin.take().unwrap().write_all(&json).unwrap();
    child
}

fn run(task: &CdTask) -> ImageResult {
    let mut child = start(task);
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let done = lines.map(|line| serde_json::from_str(&line.unwrap()).unwrap()).last();
    child.wait().unwrap();
    match done {
        Some(WorkerMessage::Done(Outcome::Imaged(result))) => result,
        other => panic!("{other:?}"),
    }
}

fn read(task: &CdTask, extension: &str) -> Vec<u8> {
    fs::read(task.paths.image.join(format!("MUSIC.{extension}"))).unwrap()
}

const ALBUM: &str = "catalogue_number = '0602517818866'\ntext = { title = 'Album', performer = 'Band' }\n\
    [[track]]\nkind = 'audio'\nfile = 'one'\ntext = { title = 'First' }\n\
    [[track]]\nkind = 'audio'\nfile = 'two'\nisrc = 'DEABC0700001'\ntext = { title = 'Second' }\n";

#[test]
fn an_album_with_texts_jitter_marks_and_scratches_is_read_rightly() {
    let root = tempfile::tempdir().unwrap();
    let (one, two) = (noise(320, 1), noise(400, 9));
    let script = "[[fault]]\nkind = 'jitter'\nlba = 50\ncount = 40\nsamples = 6\n\
        [[fault]]\nkind = 'c2'\nlba = 400\ncount = 5\nbytes = 100\ntimes = 2\n\
        [[fault]]\nkind = 'flaky'\nlba = 500\ncount = 3\ntimes = 2\n";
    let task = insert(root.path(), ALBUM, &[("one", &one), ("two", &two)], script);
    assert_eq!(task.medium.kind, DiscKind::AudioCd);
    let result = run(&task);
    assert_eq!((result.judgement.verdict, result.judgement.reasons), (Verdict::Complete, vec![]));
    assert_same(&read(&task, "bin"), &[one, two].concat());
    let cue = String::from_utf8(read(&task, "cue")).unwrap();
    for part in ["CATALOG 0602517818866", "TITLE \"Album\"", "TITLE \"Second\"", "PERFORMER \"Band\"", "ISRC DEABC0700001"] {
        assert!(cue.contains(part), "{part}: {cue}");
    }
    let packs = read(&task, "cdt");
    assert!(!packs.is_empty() && packs.len().is_multiple_of(18));
    assert!(packs.chunks(18).all(|pack| frame::crc16(&pack[..16]).to_be_bytes() == pack[16..]), "packs as they are on the disc");
    assert_eq!(result.details.tracks[0].test_matches, Some(false), "jitter is noticed");
}

#[test]
fn pre_gaps_are_kept_and_the_sheets_say_where_they_begin() {
    let root = tempfile::tempdir().unwrap();
    let (one, two) = (noise(320, 1), noise(450, 9));
    let description = "[[track]]\nkind = 'audio'\nfile = 'one'\n\
        [[track]]\nkind = 'audio'\nfile = 'two'\npre_gap = 150\npre_gap_in_file = true\n";
    let task = insert(root.path(), description, &[("one", &one), ("two", &two)], "");
    let result = run(&task);
    assert_eq!(result.judgement.verdict, Verdict::Complete);
    assert_same(&read(&task, "bin"), &[one, two].concat());
    let cue = String::from_utf8(read(&task, "cue")).unwrap();
    assert!(cue.contains("    INDEX 00 00:04:20\n    INDEX 01 00:06:20\n"), "{cue}");
    let toc = Command::new("cdrdao").args(["show-toc", "MUSIC.toc"]).current_dir(&task.paths.image).output().unwrap();
    let toc = String::from_utf8_lossy(&toc.stdout).into_owned() + &String::from_utf8_lossy(&toc.stderr);
    assert!(toc.contains("PREGAP 00:02:00(   150)") && toc.contains("START  00:06:20(   470)"), "{toc}");
}

#[test]
fn mixed_discs_and_those_of_two_sessions_are_read_rightly() {
    for (session, kind, form) in [(1, DiscKind::MixedMode, "mixed_mode"), (2, DiscKind::CdExtra, "cd_extra")] {
        let root = tempfile::tempdir().unwrap();
        let (music, data) = (noise(330, 3), noise(300, 5));
        let data = &data[..300 * 2048];
        let audio = "[[track]]\nkind = 'audio'\nfile = 'music'\n".to_owned();
        let track = format!("[[track]]\nkind = 'mode1'\nfile = 'data'\nsession = {session}\nrun_out = 2\n");
        let description = if session == 1 { track + &audio } else { audio + &track };
        let task = insert(root.path(), &description, &[("music", &music), ("data", data)], "");
        assert_eq!(task.medium.kind, kind);
        let result = run(&task);
        assert_eq!((result.judgement.verdict, &result.judgement.reasons[..]), (Verdict::CompleteTrimmed, &[Reason::RunOut][..]));
        assert_eq!((result.judgement.bad_sectors, result.details.form.as_deref()), (2, Some(form)));
        assert_same(&read(&task, "iso")[..data.len()], data);
        let bin = read(&task, "bin");
        let at = if session == 1 { bin.len() - music.len() } else { 0 };
        assert_same(&bin[at..at + music.len()], &music);
        let first = if session == 1 { 0 } else { music.len() };
        let lba = if session == 1 { 0 } else { 330 + 11_400 };
        for index in 0..300_u64 {
            let frame = frame::encode_mode1(lba + index, &data[usize::try_from(index).unwrap() * 2048..][..2048]);
            let at = first + usize::try_from(index).unwrap() * FRAME;
            assert_same(&bin[at..at + FRAME], &frame);
        }
    }
}

#[test]
fn a_worker_that_is_killed_again_and_again_loses_nothing() {
    let root = tempfile::tempdir().unwrap();
    let tracks: Vec<Vec<u8>> = (0..4).map(|seed| noise(300, seed * 1000)).collect();
    let description = (0..4).map(|number| format!("[[track]]\nkind = 'audio'\nfile = '{number}'\n")).collect::<String>();
    let names: Vec<String> = (0..4).map(|number| number.to_string()).collect();
    let files: Vec<(&str, &[u8])> = names.iter().map(String::as_str).zip(tracks.iter().map(Vec::as_slice)).collect();
    let task = insert(root.path(), &description, &files, "");
    let done = || {
        let text = fs::read(task.paths.part.join("journal.json")).unwrap_or_default();
        let journal: serde_json::Value = serde_json::from_slice(&text).unwrap_or_default();
        journal["tracks"].as_array().map_or(0, Vec::len)
    };
    for wanted in 1..=3 {
        let mut child = start(&task);
        while done() < wanted && child.try_wait().unwrap().is_none() && !task.paths.image.exists() {
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let mut again = task.clone();
    again.options.keep_map = true;
    let result = if task.paths.image.exists() { None } else { Some(run(&again)) };
    assert_same(&read(&task, "bin"), &tracks.concat());
    if let Some(result) = result {
        assert_eq!((result.judgement.verdict, result.details.tracks.len()), (Verdict::Complete, 4));
        assert_eq!(run(&again).hashes, result.hashes, "reported again");
    }
}

#[test]
fn a_clone_on_a_virtual_drive_has_the_sub_channel() {
    let root = tempfile::tempdir().unwrap();
    let (one, two) = (noise(310, 1), noise(305, 9));
    let mut task = insert(root.path(), ALBUM, &[("one", &one), ("two", &two)], "");
    task.clone = true;
    let result = run(&task);
    assert_eq!(result.judgement.verdict, Verdict::Complete);
    let sub = read(&task, "sub");
    assert_eq!(sub.len(), 615 * 96);
    // Q of a frame in the middle of track 2: track and index in BCD, and a checksum that fits.
    let q = &sub[400 * 96 + 12..400 * 96 + 24];
    assert_eq!((q[0] & 0x0f, q[1], q[2]), (1, 2, 1));
    assert_eq!(frame::crc16(&q[..10]).to_be_bytes(), q[10..]);
}
