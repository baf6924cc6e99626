//! Our answers next to those of isoinfo, blkid and mkudffs.

use super::support::{iso, look, run, sectors, value};
use std::fs::File;

const FILES: &[&str] = &["readme.txt", "photos/one.jpg"];

#[test]
fn iso9660_by_xorriso_is_what_isoinfo_says() {
    let (_keep, image) = iso("xorriso", &["-as", "mkisofs", "-quiet", "-R", "-V", "HOLIDAY_2004"], FILES);
    let judge = run("isoinfo", &["-d", "-i", &image]);
    let found = look(&image);
    let iso = found.iso9660.as_ref().unwrap();
    assert_eq!(iso.label, value(&judge, "Volume id:"));
    assert_eq!(iso.sectors, value(&judge, "Volume size is:").parse::<u64>().unwrap());
    assert_eq!((iso.joliet_label.as_deref(), &found.udf), (None, &None));
    assert_eq!(found.root_names, ["PHOTOS", "README.TXT"]);
    assert_eq!(found.label(), "HOLIDAY_2004");
}

#[test]
fn joliet_keeps_case_and_script_until_it_cuts() {
    let make = |label: &str| iso("genisoimage", &["-quiet", "-J", "-input-charset", "utf-8", "-V", label], FILES);
    let (_keep, image) = make("Urlaub Elba");
    assert_eq!(look(&image).iso9660.unwrap().joliet_label.as_deref(), Some("Urlaub Elba"));
    assert_eq!(look(&image).label(), "Urlaub Elba");
    let (_keep, image) = make("LONGER_THAN_SIXTEEN_LETTERS");
    assert_eq!(look(&image).iso9660.unwrap().joliet_label.as_deref(), Some("LONGER_THAN_SIXT"));
    assert_eq!(look(&image).label(), "LONGER_THAN_SIXTEEN_LETTERS");
    let judge = run("blkid", &["-p", "-o", "value", "-s", "LABEL", &image]);
    assert_eq!(look(&image).label(), judge.trim());
}

#[test]
fn a_bridge_disc_has_both_and_each_root_name_once() {
    let (_keep, image) =
        iso("genisoimage", &["-quiet", "-udf", "-V", "FILM"], &["VIDEO_TS/VIDEO_TS.IFO", "AUDIO_TS/x", "Notes.txt"]);
    let found = look(&image);
    let udf = found.udf.as_ref().unwrap();
    assert_eq!(udf.label, value(&run("blkid", &["-p", "-o", "export", &image]), "LOGICAL_VOLUME_ID="));
    assert!(udf.end_sector <= sectors(&image) && udf.end_sector + 200 > sectors(&image), "{udf:?}");
    assert_eq!(found.iso9660.as_ref().unwrap().label, "FILM");
    assert!(found.has_root("video_ts") && found.has_root("Notes.txt") && !found.has_root("BDMV"));
    let names = found.root_names.iter().filter(|name| *name == "VIDEO_TS").count();
    assert_eq!(names, 1, "{:?}", found.root_names);
}

#[test]
fn udf_alone_is_read_without_iso9660() {
    // A bridge disc whose ISO 9660 descriptors are gone: the root folder can only come from UDF.
    let (_keep, image) = iso("genisoimage", &["-quiet", "-udf", "-V", "FILM"], &["VIDEO_TS/VIDEO_TS.IFO", "BDMV/index.bdmv"]);
    let mut bytes = std::fs::read(&image).unwrap();
    bytes[16 * 2048..18 * 2048].fill(0);
    let found = super::support::look_at(&bytes);
    assert_eq!(found.iso9660, None);
    assert_eq!(found.root_names, ["BDMV", "VIDEO_TS"]);
}

#[test]
fn udf_by_mkudffs_is_what_mkudffs_says() {
    for (media, revision, label) in [("dvd", "2.01", "Füße lang 日本"), ("bdr", "2.50", "ARCHIVE"), ("hd", "1.02", "plain")] {
        let folder = tempfile::tempdir().unwrap();
        let image = folder.path().join("udf.img").to_str().unwrap().to_owned();
        File::create(&image).unwrap().set_len(64 << 20).unwrap();
        let judge = run("mkudffs", &["-b", "2048", "-m", media, "-r", revision, "-l", label, &image]);
        let space = judge.lines().find(|line| line.contains("type=PSPACE")).expect("mkudffs prints the partition");
        let number = |key: &str| space.split([',', ' ']).find_map(|part| part.strip_prefix(key)).unwrap().parse::<u64>().unwrap();
        let found = look(&image);
        let udf = found.udf.as_ref().unwrap_or_else(|| panic!("{media} {revision}: no UDF"));
        assert_eq!((udf.label.as_str(), udf.end_sector), (label, number("start=") + number("blocks=")), "{media} {revision}");
        assert_eq!(found.label(), label);
    }
}

#[test]
fn a_udf_disc_is_found_by_the_anchor_at_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let image = folder.path().join("udf.img").to_str().unwrap().to_owned();
    File::create(&image).unwrap().set_len(64 << 20).unwrap();
    run("mkudffs", &["-b", "2048", "-m", "dvd", "-l", "END", &image]);
    let mut bytes = std::fs::read(&image).unwrap();
    bytes[256 * 2048..257 * 2048].fill(0);
    assert_eq!(super::support::look_at(&bytes).label(), "END");
}
