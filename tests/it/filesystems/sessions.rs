//! Discs that were written more than once: the last session counts, and may use files of those before it.

use super::support::{assert_holds, empty, isolyzer, list_in, look_in, run, sectors, tree, value};
use std::{fs, os::unix::fs::FileExt as _};

/// Start of the second session.
const SECOND: u64 = 640;

/// Puts an image into another one at a sector.
fn place(part: &str, at: u64, image: &str) {
    fs::OpenOptions::new().write(true).open(image).unwrap().write_all_at(&fs::read(part).unwrap(), at * 2048).unwrap();
}

/// Two sessions by genisoimage: the second one has the files of the first and one more.
fn two_sessions(target: &str) -> tempfile::TempDir {
    let source = tree(&["first.txt", "photos/one.jpg"]);
    let work = tempfile::tempdir().unwrap();
    let path = |name: &str| work.path().join(name).to_str().unwrap().to_owned();
    let folder = source.path().to_str().unwrap();
    run("genisoimage", &["-quiet", "-R", "-V", "ONE", "-o", &path("1.iso"), folder]);
    assert!(sectors(&path("1.iso")) < SECOND);
    fs::write(source.path().join("second.txt"), "of the second session").unwrap();
    let place_of = format!("0,{SECOND}");
    run("genisoimage", &["-quiet", "-R", "-V", "TWO", "-C", &place_of, "-M", &path("1.iso"), "-o", &path("2.iso"), folder]);
    place(&path("1.iso"), 0, target);
    place(&path("2.iso"), SECOND, target);
    source
}

#[test]
fn the_last_session_has_the_files_of_both() {
    let (_keep, image) = empty(0);
    let source = two_sessions(&image);
    let found = look_in(&image, SECOND);
    let judge = run("isoinfo", &["-d", "-T", &SECOND.to_string(), "-i", &image]);
    let iso = found.iso9660.as_ref().unwrap();
    assert_eq!((found.label().as_str(), value(&judge, "Volume id:")), ("TWO", "TWO"));
    // The volume's size is counted from the session's start.
    assert_eq!(iso.sectors - SECOND, value(&judge, "Volume size is:").parse::<u64>().unwrap());
    assert_eq!(iso.sectors, sectors(&image));
    assert!(iso.rock_ridge);
    let listing = list_in(&image, SECOND);
    assert!(listing.complete);
    assert_eq!(assert_holds(&image, &listing, source.path()), Vec::<String>::new());
    let first = listing.files.iter().find(|file| file.path == "first.txt").unwrap();
    assert!(first.extents[0].end < SECOND * 2048, "it is where the first session put it");
}

#[test]
fn the_first_session_is_still_there() {
    let (_keep, image) = empty(0);
    let source = two_sessions(&image);
    fs::remove_file(source.path().join("second.txt")).unwrap();
    assert_eq!(look_in(&image, 0).label(), "ONE");
    assert_eq!(assert_holds(&image, &list_in(&image, 0), source.path()), Vec::<String>::new());
}

#[test]
fn a_session_without_a_file_system_leaves_the_first_one() {
    let (_keep, image) = empty(0);
    two_sessions(&image);
    let past = sectors(&image) + 100;
    assert_eq!(look_in(&image, past).label(), "ONE");
}

#[test]
fn extents_that_are_counted_from_the_session_are_understood() {
    let source = tree(&["a.txt", "b/c.txt"]);
    let work = tempfile::tempdir().unwrap();
    let part = work.path().join("part.iso").to_str().unwrap().to_owned();
    for options in [&["-R", "-J"][..], &["-udf"]] {
        let folder = source.path().to_str().unwrap();
        run("genisoimage", &[&["-quiet", "-V", "MOVED"], options, &["-o", &part, folder]].concat());
        let (_keep, image) = empty(0);
        place(&part, SECOND, &image);
        let found = look_in(&image, SECOND);
        assert_eq!(found.label(), "MOVED");
        assert_eq!(found.iso9660.as_ref().unwrap().sectors, sectors(&image));
        assert_eq!(found.iso9660.as_ref().unwrap().rock_ridge, options.contains(&"-R"));
        assert_eq!(found.udf.is_some(), options.contains(&"-udf"));
        let listing = list_in(&image, SECOND);
        assert!(listing.complete);
        assert_eq!(assert_holds(&image, &listing, source.path()), Vec::<String>::new());
    }
}

#[test]
fn sessions_in_a_file_by_xorriso() {
    let source = tree(&["first.txt"]);
    let (_keep, image) = empty(0);
    fs::remove_file(&image).unwrap();
    let first = source.path().join("first.txt").to_str().unwrap().to_owned();
    run("xorriso", &["-outdev", &image, "-volid", "X1", "-map", &first, "/first.txt", "-close", "off", "-commit"]);
    let second = source.path().join("second.txt");
    fs::write(&second, "of the second session").unwrap();
    run(
        "xorriso",
        &["-dev", &image, "-volid", "X2", "-map", second.to_str().unwrap(), "/second.txt", "-close", "off", "-commit"],
    );
    let toc = run("xorriso", &["-indev", &image, "-toc"]);
    let sessions: Vec<u64> = toc
        .lines()
        .filter_map(|line| line.strip_prefix("ISO session  :"))
        .map(|line| line.split(',').nth(1).unwrap().trim().parse().unwrap())
        .collect();
    assert_eq!(sessions.len(), 2, "{toc}");
    for (session, label) in [(sessions[0], "X1"), (sessions[1], "X2"), (0, "X2")] {
        let found = look_in(&image, session);
        assert_eq!(found.label(), label);
        let listing = list_in(&image, session);
        let files: Vec<&str> = listing.files.iter().map(|file| file.path.as_str()).collect();
        assert_eq!(files.contains(&"second.txt"), label == "X2", "{files:?}");
    }
    assert_holds(&image, &list_in(&image, sessions[1]), source.path());
    assert!(isolyzer(&image).contains("<volumeIdentifier>X2</volumeIdentifier>"));
}

#[test]
fn udf_in_a_later_session_is_found() {
    let (_keep, image) = empty(64 << 20);
    let judge = run("mkudffs", &["-b", "2048", "-m", "dvdr", "-r", "2.01", "-l", "LATER", "--startblock=2048", &image]);
    let table: u64 = value(&judge, "vatblock=").parse().unwrap();
    fs::OpenOptions::new().write(true).open(&image).unwrap().set_len((table + 1) * 2048).unwrap();
    let found = look_in(&image, 2048);
    assert_eq!((found.label().as_str(), found.udf.unwrap().end_sector), ("LATER", table + 1));
    assert!(list_in(&image, 2048).complete);
}
