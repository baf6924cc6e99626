//! Renaming is cut off before every single step, as by a power failure, and gone on with or undone: whatever the disk looks like
//! then, the image is whole under one of its two names, and no file of somebody else's is touched.

use super::moving::{Renaming, Stopped};
use crate::{
    domain::{
        ids::IsoId,
        options::HashKind,
        result::{FileRole, ImageDetails, StoredFile},
        verdict::Verdict,
    },
    imaging::hashing::hash_bytes,
    storage::isos::{IsoFacts, IsoRecord},
};
use chrono::DateTime;
use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

const CUE: &str = "FILE \"Old.bin\" BINARY\n  TRACK 01 AUDIO\n    TITLE \"Old.bin\"\n    INDEX 01 00:00:00\n";
const TOC: &str =
    "CD_DA\n\n// Track 1\nTRACK AUDIO\nNO COPY\nNO PRE_EMPHASIS\nTWO_CHANNEL_AUDIO\nFILE \"Old.bin\" SWAP #0 0 00:00:01\n\n";

fn record(path: &Path, map: Option<PathBuf>) -> IsoRecord {
    IsoRecord {
        id: IsoId(uuid::Uuid::nil()),
        job_id: None,
        mode: "standard".to_owned(),
        filename: path.file_name().expect("name").to_str().expect("UTF-8").to_owned(),
        filepath: path.display().to_string(),
        map_path: map.map(|map| map.display().to_string()),
        size: 0,
        md5sum: None,
        sha256sum: None,
        disk_type: String::new(),
        disk_label: String::new(),
        fingerprint: None,
        medium: None,
        verdict: Verdict::Complete,
        reasons: serde_json::json!([]),
        bad_sectors: 0,
        created_at: DateTime::UNIX_EPOCH,
        verified_at: None,
        verify_ok: None,
        trashed_at: None,
    }
}

fn stored(name: &str, role: FileRole, bytes: &[u8]) -> StoredFile {
    let hashes = hash_bytes(bytes).unwrap_or_else(|_| panic!("hashes"));
    StoredFile { name: name.to_owned(), role, size: bytes.len() as u64, hashes }
}

/// A folder with an image of one file, or a set, and somebody else's file; and what the catalogue says of the image.
fn image(set: bool) -> (tempfile::TempDir, IsoRecord, IsoFacts) {
    let folder = tempfile::tempdir().expect("folder");
    let path = |name: &str| folder.path().join(name);
    fs::write(path("Older.iso"), "mine").expect("file");
    let files: &[(&str, FileRole, &[u8])] = if set {
        &[
            ("Old.cue", FileRole::Cue, CUE.as_bytes()),
            ("Old.toc", FileRole::Toc, TOC.as_bytes()),
            ("Old.bin", FileRole::Bin, b"samples"),
        ]
    } else {
        &[("Old.iso", FileRole::Iso, b"sectors"), ("Old.map", FileRole::Map, b"map")]
    };
    let base = if set { path("Old") } else { folder.path().to_owned() };
    fs::create_dir_all(&base).expect("folder");
    files.iter().for_each(|(name, _, bytes)| fs::write(base.join(name), bytes).expect("file"));
    let mut record = record(&base.join(files[0].0), (!set).then(|| base.join("Old.map")));
    record.size = files.iter().map(|(.., bytes)| bytes.len() as u64).sum();
    let files = files.iter().map(|(name, role, bytes)| stored(name, *role, bytes)).collect();
    (folder, record, IsoFacts { details: ImageDetails { files, ..ImageDetails::default() }, ..IsoFacts::default() })
}

/// All files below a folder with their contents.
fn tree(folder: &Path) -> BTreeMap<String, String> {
    let entries = walkdir::WalkDir::new(folder).into_iter().map(|entry| entry.expect("entry"));
    let files = entries.filter(|entry| entry.file_type().is_file());
    let name = |path: &Path| path.strip_prefix(folder).expect("below").display().to_string();
    files.map(|file| (name(file.path()), fs::read_to_string(file.path()).expect("text"))).collect()
}

/// Lets so many steps happen, then none.
fn power(mut steps: u32) -> impl FnMut() -> io::Result<()> {
    move || {
        let left = steps.checked_sub(1).ok_or_else(|| io::Error::other("power failure"))?;
        steps = left;
        Ok(())
    }
}

fn plan(record: &IsoRecord, facts: &IsoFacts, name: &str) -> Renaming {
    Renaming::plan(record, facts, name).expect("a plan")
}

#[test]
fn power_fails_before_every_step_and_it_is_gone_on_with() {
    for set in [false, true] {
        let (whole, record, facts) = image(set);
        let mut done = plan(&record, &facts, "New Name");
        done.check_sheets().expect("can be said");
        done.there(&mut || Ok(())).expect("renamed");
        let wanted = tree(whole.path());
        assert!(wanted.keys().all(|name| name == "Older.iso" || name.starts_with("New Name")), "{wanted:?}");
        assert_eq!(wanted.get("Older.iso").map(String::as_str), Some("mine"));
        let mut steps = 0;
        loop {
            let (folder, record, facts) = image(set);
            let cut = plan(&record, &facts, "New Name").there(&mut power(steps));
            let mut again = plan(&record, &facts, "New Name");
            again.there(&mut || Ok(())).expect("gone on");
            assert_eq!(tree(folder.path()), wanted, "cut off after {steps} steps");
            let relative = |new: &crate::storage::isos::NewName| (new.filename.clone(), new.size, new.facts.clone());
            assert_eq!(relative(&again.new), relative(&done.new), "cut off after {steps} steps");
            assert!(Path::new(&again.new.filepath).is_file());
            if cut.is_ok() {
                break;
            }
            steps += 1;
        }
        assert!(steps >= if set { 8 } else { 4 }, "{steps} steps");
    }
}

#[test]
fn power_fails_before_every_step_there_and_back_and_everything_is_as_it_was() {
    for set in [false, true] {
        let (mut steps, mut finished) = (0, false);
        while !finished {
            let (folder, record, facts) = image(set);
            let before = tree(folder.path());
            finished = plan(&record, &facts, "New Name").there(&mut power(steps)).is_ok();
            let mut back = 0;
            while plan(&record, &facts, "New Name").back(&mut power(back)).is_err() {
                back += 1;
            }
            assert_eq!(tree(folder.path()), before, "cut off after {steps} steps");
            steps += 1;
        }
    }
}

#[test]
fn sheets_name_the_files_anew_and_their_hashes_and_sizes_are_told() {
    let (folder, record, facts) = image(true);
    let mut renaming = plan(&record, &facts, "Neuer Name ü");
    renaming.there(&mut || Ok(())).expect("renamed");
    let cue = fs::read_to_string(folder.path().join("Neuer Name ü/Neuer Name ü.cue")).expect("cue");
    assert!(cue.starts_with("FILE \"Neuer Name ü.bin\" BINARY\n") && cue.contains("TITLE \"Old.bin\""), "{cue}");
    let files = &renaming.new.facts.details.files;
    let wanted = stored("Neuer Name ü.cue", FileRole::Cue, cue.as_bytes());
    assert_eq!(files[0], wanted);
    assert_eq!(renaming.new.size, files.iter().map(|file| file.size).sum::<u64>());
    assert!(files[1].hashes.contains_key(&HashKind::Sha256));
    assert_eq!(renaming.job_paths.1, folder.path().join("Neuer Name ü").display().to_string());
}

#[test]
fn what_is_there_is_never_replaced() {
    for (set, foreign) in [(false, "New.map"), (false, "New.iso"), (true, "New/mine.txt")] {
        let (folder, record, facts) = image(set);
        let path = folder.path().join(foreign);
        fs::create_dir_all(path.parent().expect("folder")).expect("folder");
        fs::write(&path, "mine").expect("file");
        let before = tree(folder.path());
        let mut renaming = plan(&record, &facts, "New");
        assert!(matches!(renaming.there(&mut || Ok(())), Err(Stopped::Taken(_))), "{foreign}");
        renaming.back(&mut || Ok(())).expect("undone");
        assert_eq!(tree(folder.path()), before, "{foreign}");
    }
}

#[test]
fn a_folder_that_is_not_mounted_is_told_and_left_alone() {
    let (folder, mut record, facts) = image(false);
    record.filepath = folder.path().join("gone/Old.iso").display().to_string();
    record.map_path = None;
    assert!(matches!(plan(&record, &facts, "New").there(&mut || Ok(())), Err(Stopped::Missing(_))));
    assert!(!folder.path().join("gone").exists());
}

#[test]
fn names_that_sheets_cannot_say_and_names_that_would_be_confused_are_refused() {
    let (_folder, record, facts) = image(true);
    let quoted = plan(&record, &facts, "a \"b\"").check_sheets().expect_err("refused");
    assert_eq!(quoted.field.as_deref(), Some("filename"));
    assert!(plan(&record, &facts, "a\u{202e}b").check_sheets().is_err());
    assert!(Renaming::plan(&record, &facts, "Old").is_err());
    let mut confused = facts.clone();
    confused.details.files.push(stored("Old - 02.cue", FileRole::Cue, b""));
    assert!(Renaming::plan(&record, &confused, "Old - 02").is_err());
    let mut unfinished = record;
    unfinished.filepath = "/out/Old.part/Old.cue".to_owned();
    assert!(Renaming::plan(&unfinished, &facts, "New").is_err());
}
