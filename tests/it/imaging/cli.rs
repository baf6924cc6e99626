//! `disk2iso image` as people and scripts call it.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

fn image(arguments: &[&str], folder: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_disk2iso")).arg("image").args(arguments).current_dir(folder).output().unwrap()
}

/// A disc of 1200 sectors with a volume descriptor.
fn disc(folder: &Path, name: &str, label: &str, seed: u64) -> PathBuf {
    let mut content = super::devices::Disc::new(1200).seed(seed).content();
    let descriptor = &mut content[16 * 2048..17 * 2048];
    descriptor[..7].copy_from_slice(b"\x01CD001\x01");
    descriptor[40..72].copy_from_slice(format!("{label:<32}").as_bytes());
    descriptor[80..84].copy_from_slice(&1200_u32.to_le_bytes());
    descriptor[84..88].copy_from_slice(&1200_u32.to_be_bytes());
    descriptor[128..132].copy_from_slice(&[0, 8, 8, 0]);
    let path = folder.join(name);
    fs::write(&path, content).unwrap();
    path
}

fn report(output: &Output) -> serde_json::Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

#[test]
fn json_is_one_document_with_exactly_the_promised_names() {
    let folder = tempfile::tempdir().unwrap();
    let source = disc(folder.path(), "a.img", "MY DISC", 1);
    let output = image(&["a.img", "--json", "--verify"], folder.path());
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let json = report(&output);
    let mut names: Vec<&String> = json.as_object().unwrap().keys().collect();
    names.sort();
    assert_eq!(
        names,
        ["bytes_per_second", "md5", "path", "seconds", "sectors_bad", "sectors_total", "sha256", "size", "verdict"]
    );
    let content = fs::read(source).unwrap();
    let (md5, sha256) = super::devices::hashes(&content);
    assert_eq!((json["md5"].as_str(), json["sha256"].as_str()), (Some(&*md5), Some(&*sha256)));
    assert_eq!(
        (json["size"].as_u64(), json["sectors_bad"].as_u64(), json["verdict"].as_str()),
        (Some(1200 * 2048), Some(0), Some("complete"))
    );
    assert!(fs::read(folder.path().join("MY_DISC.iso")).unwrap() == content);
}

#[test]
fn the_same_label_twice_gives_two_files() {
    let folder = tempfile::tempdir().unwrap();
    for seed in [10, 20, 30] {
        disc(folder.path(), "a.img", "SAME", seed);
        assert_eq!(image(&["a.img"], folder.path()).status.code(), Some(0));
    }
    let files = ["SAME.iso", "SAME_2.iso", "SAME_3.iso"].map(|name| fs::read(folder.path().join(name)).unwrap());
    assert!(files[0] != files[1] && files[1] != files[2]);
}

#[test]
fn a_damaged_disc_ends_with_3_and_says_how_many_sectors() {
    let folder = tempfile::tempdir().unwrap();
    let source = disc(folder.path(), "a.img", "SCRATCH", 1);
    let drive = folder.path().join("drive");
    fs::create_dir(&drive).unwrap();
    fs::write(drive.join("drive.toml"), "[[fault]]\nkind = \"bad\"\nlba = 700\ncount = 5\n").unwrap();
    disk2iso::optical::virtual_insert(&drive, &source).unwrap();
    let output = image(&["drive", "--json"], folder.path());
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    let json = report(&output);
    assert_eq!((json["verdict"].as_str(), json["sectors_bad"].as_u64()), (Some("degraded"), Some(5)));
    assert!(folder.path().join("SCRATCH.map").exists());
}

#[test]
fn a_scan_prints_its_result_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let source = disc(folder.path(), "a.img", "SCRATCH", 1);
    let drive = folder.path().join("drive");
    fs::create_dir(&drive).unwrap();
    fs::write(drive.join("drive.toml"), "[[fault]]\nkind = \"bad\"\nlba = 700\ncount = 5\n").unwrap();
    disk2iso::optical::virtual_insert(&drive, &source).unwrap();
    let output = image(&["drive", "--mode", "scan", "--json"], folder.path());
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    let json = report(&output);
    assert_eq!((json["bad_sectors"].as_u64(), json["ranges"][0]["start"].as_u64()), (Some(5), Some(700)));
    let output = image(&["a.img", "--mode=scan"], folder.path());
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stdout).starts_with("0 of 1200 sectors unreadable\nspeed "));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
}

#[test]
fn rescue_runs_ddrescue_on_what_it_can_read_and_the_native_passes_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    let source = disc(folder.path(), "a.img", "RESCUE", 1);
    let output = image(&["a.img", "--mode=rescue", "--json", "--hash=crc32,blake3"], folder.path());
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let json = report(&output);
    assert_eq!(
        (json["hashes"]["crc32"].as_str().map(str::len), json["hashes"]["blake3"].as_str().map(str::len)),
        (Some(8), Some(64))
    );
    assert!(fs::read(folder.path().join("RESCUE.iso")).unwrap() == fs::read(&source).unwrap());
    let drive = folder.path().join("drive");
    fs::create_dir(&drive).unwrap();
    disk2iso::optical::virtual_insert(&drive, &source).unwrap();
    let output = image(&["drive", "--mode=rescue", "--engine=ddrescue"], folder.path());
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("the native engine's own passes"), "{output:?}");
}

#[test]
fn a_loss_is_accepted_only_where_there_is_something_to_accept() {
    let folder = tempfile::tempdir().unwrap();
    let source = disc(folder.path(), "a.img", "LOSS", 1);
    let drive = folder.path().join("drive");
    fs::create_dir(&drive).unwrap();
    fs::write(drive.join("drive.toml"), "[[fault]]\nkind = \"bad\"\nlba = 700\n").unwrap();
    disk2iso::optical::virtual_insert(&drive, &source).unwrap();
    let output = image(&["drive", "--accept-loss"], folder.path());
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(!folder.path().join("LOSS.iso.part").exists());
    let output = image(&["drive", "--no-rescue", "--json"], folder.path());
    assert_eq!((output.status.code(), report(&output)["verdict"].as_str()), (Some(3), Some("incomplete")));
    let output = image(&["drive", "--accept-loss", "--json"], folder.path());
    assert_eq!((output.status.code(), report(&output)["verdict"].as_str()), (Some(3), Some("degraded")));
    assert!(folder.path().join("LOSS.iso").exists());
}

#[test]
fn an_unfinished_image_of_the_same_disc_is_continued() {
    let folder = tempfile::tempdir().unwrap();
    let source = disc(folder.path(), "a.img", "GO ON", 1);
    assert_eq!(image(&["a.img"], folder.path()).status.code(), Some(0));
    // What a killed run leaves: half the file, and a map that says so.
    let content = fs::read(&source).unwrap();
    let device = disk2iso::optical::DeviceAddress::ImageFile(source);
    let medium = disk2iso::filesystems::identify(&mut *device.open().unwrap()).unwrap();
    fs::rename(folder.path().join("GO_ON.iso"), folder.path().join("GO_ON.iso.part")).unwrap();
    let map = format!("# disk2iso fingerprint: {}\n0x0 ? 1\n0x0 0x12C000 +\n0x12C000 0x12C000 ?\n", medium.fingerprint);
    fs::write(folder.path().join("GO_ON.map"), map).unwrap();
    let output = image(&["a.img", "--json"], folder.path());
    let json = report(&output);
    assert!(json["path"].as_str().unwrap().ends_with("GO_ON.iso"), "{json}");
    assert!(fs::read(folder.path().join("GO_ON.iso")).unwrap() == content);
    // Without the comment nobody can tell whose it is: left alone.
    disc(folder.path(), "b.img", "GO ON", 9);
    let output = image(&["b.img", "--json"], folder.path());
    assert!(report(&output)["path"].as_str().unwrap().ends_with("GO_ON_2.iso"));
}

#[test]
fn what_is_no_disc_is_refused_in_one_line_that_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("text"), "hello").unwrap();
    fs::write(folder.path().join("empty"), "").unwrap();
    fs::create_dir(folder.path().join("folder")).unwrap();
    fs::create_dir(folder.path().join("drive")).unwrap();
    fs::write(folder.path().join("drive/drive.toml"), "").unwrap();
    disc(folder.path(), "a.img", "A", 1);
    let cases: [&[&str]; 7] =
        [&["text"], &["empty"], &["folder"], &["drive"], &["missing"], &["/dev/null"], &["a.img", "--output", "missing"]];
    for arguments in cases {
        let output = image(arguments, folder.path());
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {text}");
        assert!(
            text.starts_with("disk2iso: ") && text.lines().count() == 1 && output.stdout.is_empty(),
            "{arguments:?}: {output:?}"
        );
    }
    assert_eq!(image(&["a.img", "--mode", "dance"], folder.path()).status.code(), Some(2));
    assert_eq!(image(&[], folder.path()).status.code(), Some(2));
}
