//! Every file and where it is: the bytes at the extents that we list are compared with the files that went in, the extents with
//! what xorriso and isoinfo say.

use super::support::{assert_holds, bytes_of, empty, image_of, list_in, run, sectors};
use disk2iso::filesystems::{Listing, damage};
use std::{fs, ops::Range, os::unix::fs::FileExt as _};
use tempfile::TempDir;

/// A folder with files of awkward sizes and names.
fn source() -> TempDir {
    let root = tempfile::tempdir().unwrap();
    let put = |path: &str, size: usize| {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let salt = path.as_os_str().len();
        fs::write(path, (0..size).map(|index| (index * 7 + index / 251 + salt) as u8).collect::<Vec<_>>()).unwrap();
    };
    for (path, size) in [
        ("empty.txt", 0),
        ("one byte", 1),
        ("almost.bin", 2047),
        ("exact.bin", 2048),
        ("more.bin", 2049),
        ("photos/Größe.jpg", 70_000),
        ("photos/2004/winter/Foo.Bar.Baz.tar.gz", 5000),
        ("日本/写真.png", 300),
        (".hidden", 30),
    ] {
        put(path, size);
    }
    root
}

fn paths(listing: &Listing) -> Vec<&str> {
    let mut paths: Vec<&str> = listing.files.iter().map(|file| file.path.as_str()).collect();
    paths.sort_unstable();
    paths
}

/// What xorriso says about the files in an image: path, size, and ranges of whole blocks.
fn by_xorriso(image: &str) -> Vec<(String, u64, Vec<Range<u64>>)> {
    let printed = run("xorriso", &["-indev", image, "-find", "/", "-type", "f", "-exec", "report_lba"]);
    let mut files: Vec<(String, u64, Vec<Range<u64>>)> = Vec::new();
    for line in printed.lines().filter_map(|line| line.strip_prefix("File data lba:")) {
        let fields: Vec<&str> = line.splitn(5, ',').map(str::trim).collect();
        let number = |index: usize| fields[index].parse::<u64>().unwrap();
        let path = fields[4].trim_matches('\'').trim_start_matches('/').to_owned();
        let extent = number(1) * 2048..(number(1) + number(2)) * 2048;
        match files.last_mut() {
            Some(last) if last.0 == path => last.2.push(extent),
            _ => files.push((path, number(3), vec![extent])),
        }
    }
    files.sort_by(|a, b| a.0.cmp(&b.0));
    files
}

/// Asserts that a listing has the files that xorriso sees, where it sees them.
fn assert_agrees_with_xorriso(image: &str, listing: &Listing) {
    let judge = by_xorriso(image);
    assert!(!judge.is_empty());
    for (path, size, blocks) in judge {
        let file = listing.files.iter().find(|file| file.path == path).unwrap_or_else(|| panic!("{path} is not listed"));
        assert_eq!(file.size, size, "{path}");
        if size > 0 {
            let end = file.extents.last().unwrap().end.next_multiple_of(2048);
            assert_eq!((file.extents[0].start, end), (blocks[0].start, blocks.last().unwrap().end), "{path}");
        }
    }
}

#[test]
fn files_are_where_every_tool_put_them() {
    let source = source();
    for (tool, options) in [
        ("genisoimage", &["-quiet", "-R"][..]),
        ("genisoimage", &["-quiet", "-J", "-joliet-long", "-input-charset", "utf-8"]),
        ("genisoimage", &["-quiet", "-R", "-J", "-joliet-long", "-input-charset", "utf-8"]),
        ("genisoimage", &["-quiet", "-udf", "-input-charset", "utf-8", "-allow-leading-dots"]),
        ("genisoimage", &["-quiet", "-R", "-J", "-udf", "-joliet-long", "-input-charset", "utf-8"]),
        ("xorriso", &["-as", "mkisofs", "-quiet", "-R"]),
        ("xorriso", &["-as", "mkisofs", "-quiet", "-J", "-joliet-long", "-R"]),
        ("xorriso", &["-as", "mkisofs", "-quiet", "-R", "-hfsplus"]),
        ("xorriso", &["-as", "mkisofs", "-quiet", "-R", "-partition_offset", "16"]),
    ] {
        let (_keep, image) = image_of(tool, options, source.path());
        let listing = list_in(&image, 0);
        let others = assert_holds(&image, &listing, source.path());
        assert_eq!(others, Vec::<String>::new(), "{tool} {options:?}: files that were not put in");
        assert!(listing.complete, "{tool} {options:?}");
        if options.contains(&"-R") {
            assert_agrees_with_xorriso(&image, &listing);
        }
    }
}

#[test]
fn without_better_names_iso9660s_own_are_used_as_isoinfo_does() {
    let source = source();
    let (_keep, image) = image_of("genisoimage", &["-quiet", "-input-charset", "utf-8"], source.path());
    let listing = list_in(&image, 0);
    let printed = run("isoinfo", &["-f", "-i", &image]);
    let judge = printed.lines().filter_map(|line| line.strip_prefix('/')).filter(|path| path.contains(';'));
    let mut judge: Vec<&str> = judge.map(|path| path.split(';').next().unwrap().trim_end_matches('.')).collect();
    judge.sort_unstable();
    assert_eq!(paths(&listing), judge);
    assert_eq!(listing.files.len(), 9);
}

#[test]
fn the_mac_side_of_a_hybrid_adds_only_what_is_its_own() {
    let source = source();
    let (_keep, image) = image_of("genisoimage", &["-quiet", "-R", "-hfs", "-hfs-volid", "MAC"], source.path());
    let listing = list_in(&image, 0);
    assert!(listing.complete);
    let others = assert_holds(&image, &listing, source.path());
    assert!(others.iter().all(|path| path.starts_with("Desktop")), "{others:?}");
}

#[test]
fn hfs_plus_alone_has_its_files() {
    let source = source();
    let (_keep, image) = image_of("xorriso", &["-as", "mkisofs", "-quiet", "-R", "-hfsplus"], source.path());
    hide_iso9660(&image);
    let listing = list_in(&image, 0);
    assert!(listing.complete);
    // HFS+ has names in which letters and their marks are apart.
    let mut found: Vec<Vec<u8>> = listing.files.iter().map(|file| bytes_of(&image, file)).collect();
    found.sort();
    let files = walkdir::WalkDir::new(source.path()).into_iter().map(Result::unwrap);
    let mut put: Vec<Vec<u8>> =
        files.filter(|entry| entry.file_type().is_file()).map(|entry| fs::read(entry.path()).unwrap()).collect();
    put.sort();
    assert!(found == put, "{:?}", paths(&listing));
    assert!(paths(&listing).contains(&"photos/2004/winter/Foo.Bar.Baz.tar.gz"), "{:?}", paths(&listing));
}

#[test]
fn hfs_alone_has_its_files_with_both_forks() {
    let source = source();
    let (_keep, image) = empty(4 << 20);
    // hfsutils keeps the mounted volume in the home folder.
    let home = tempfile::tempdir().unwrap();
    let hfs = |tool: &str, arguments: &[&str]| {
        let output = std::process::Command::new(tool).args(arguments).env("HOME", home.path()).output();
        let output = output.unwrap_or_else(|error| panic!("{tool}: {error}; install hfsutils (deploy/bootstrap.sh test)"));
        assert!(output.status.success(), "{tool} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    };
    hfs("hformat", &["-l", "Classic", &image]);
    hfs("hmkdir", &[":Folder"]);
    let file = |name: &str| source.path().join(name).to_str().unwrap().to_owned();
    // A full disc on which every second of many files is deleted: the next file has more extents than the catalogue has room for.
    fs::write(source.path().join("small"), [b's'; 4096]).unwrap();
    (0..60).for_each(|index| hfs("hcopy", &["-r", &file("small"), &format!(":Folder:s{index}")]));
    fs::write(source.path().join("fill"), vec![b'f'; 3_860_000]).unwrap();
    hfs("hcopy", &["-r", &file("fill"), ":fill"]);
    (0..60).step_by(2).for_each(|index| hfs("hdel", &[&format!(":Folder:s{index}")]));
    let big: Vec<u8> = (0..100_000_u32).map(|index| (index / 3) as u8).collect();
    fs::write(source.path().join("big"), &big).unwrap();
    hfs("hcopy", &["-r", &file("big"), ":big"]);
    hfs("humount", &[]);

    let listing = list_in(&image, 0);
    assert!(listing.complete);
    let found = listing.files.iter().find(|file| file.path == "big").unwrap();
    assert!(found.extents.len() > 3, "the test wants a file with more extents than the catalogue has room for: {found:?}");
    assert!(bytes_of(&image, found) == big);
    assert_eq!(paths(&listing).iter().filter(|path| path.starts_with("Folder/s")).count(), 30);
}

/// Makes the volume descriptors of ISO 9660 unknown.
fn hide_iso9660(image: &str) {
    let disc = fs::OpenOptions::new().write(true).open(image).unwrap();
    disc.write_all_at(&[0; 2048 * 4], 16 * 2048).unwrap();
}

#[test]
fn udf_alone_has_its_files() {
    let source = source();
    let options = ["-quiet", "-udf", "-input-charset", "utf-8", "-allow-leading-dots"];
    let (_keep, image) = image_of("genisoimage", &options, source.path());
    let disc = fs::OpenOptions::new().write(true).open(&image).unwrap();
    disc.write_all_at(&[0; 2048 * 2], 16 * 2048).unwrap();
    let listing = list_in(&image, 0);
    assert_eq!(assert_holds(&image, &listing, source.path()), Vec::<String>::new());
    assert!(listing.complete);
}

#[test]
fn folders_that_are_too_deep_for_iso9660_are_listed_where_they_belong() {
    let source = tempfile::tempdir().unwrap();
    let deep = source.path().join("1/2/3/4/5/6/7/8/9/10/11/12");
    fs::create_dir_all(&deep).unwrap();
    fs::write(deep.join("bottom.txt"), "deep").unwrap();
    fs::write(source.path().join("1/2/3/4/5/6/7/8/other.txt"), "other").unwrap();
    // 300 bytes of name and attributes do not fit into a record.
    fs::write(source.path().join("n".repeat(250)), "long").unwrap();
    for (tool, options) in [("genisoimage", &["-quiet", "-R"][..]), ("xorriso", &["-as", "mkisofs", "-quiet", "-R"])] {
        let (_keep, image) = image_of(tool, options, source.path());
        let listing = list_in(&image, 0);
        assert_eq!(assert_holds(&image, &listing, source.path()), Vec::<String>::new(), "{tool}");
        assert!(listing.complete);
    }
}

#[test]
fn more_than_64_folders_below_each_other_are_not_followed() {
    let source = tempfile::tempdir().unwrap();
    let deep = source.path().join(vec!["d"; 70].join("/"));
    fs::create_dir_all(&deep).unwrap();
    fs::write(deep.join("bottom.txt"), "deep").unwrap();
    fs::write(source.path().join("top.txt"), "top").unwrap();
    let (_keep, image) = image_of("genisoimage", &["-quiet", "-udf", "-R"], source.path());
    let listing = list_in(&image, 0);
    assert_eq!((paths(&listing), listing.complete), (vec!["top.txt"], false));
}

#[test]
fn a_file_of_more_than_4_gib_has_several_extents() {
    let source = tempfile::tempdir().unwrap();
    let huge = fs::File::create(source.path().join("huge.bin")).unwrap();
    huge.set_len((4 << 30) + (100 << 20) + 5).unwrap();
    huge.write_all_at(b"END", (4 << 30) + (100 << 20) + 2).unwrap();
    fs::write(source.path().join("small.txt"), "small").unwrap();
    let (_keep, image) = empty(0);
    // By way of a pipe, so that the image needs no room.
    let make = format!(
        "xorriso -as mkisofs -quiet -iso-level 3 -R -o - {} | dd conv=sparse bs=1M iflag=fullblock of={image}",
        source.path().display()
    );
    run("sh", &["-c", &make]);
    let listing = list_in(&image, 0);
    assert_eq!(paths(&listing), ["huge.bin", "small.txt"]);
    assert_agrees_with_xorriso(&image, &listing);
    let file = &listing.files.iter().find(|file| file.path == "huge.bin").unwrap();
    let bytes: u64 = file.extents.iter().map(|extent| extent.end - extent.start).sum();
    assert_eq!(bytes, file.size);
    let end = file.extents.last().unwrap().end;
    let mut last = [0; 3];
    fs::File::open(&image).unwrap().read_exact_at(&mut last, end - 3).unwrap();
    assert_eq!(&last, b"END");
    let hit = damage(&listing, &[end - 2048..end]);
    assert_eq!((hit.files_hit, hit.files[0].path.as_str()), (1, "huge.bin"));
}

#[test]
fn names_that_are_not_utf8_or_try_to_hurt_are_cleaned() {
    use std::os::unix::ffi::OsStrExt as _;
    let source = tempfile::tempdir().unwrap();
    for name in [&b"caf\xe9.txt"[..], b"esc\x1b[31m.txt", "\u{202e}gpj.exe".as_bytes(), b"back\\slash"] {
        fs::write(source.path().join(std::ffi::OsStr::from_bytes(name)), name).unwrap();
    }
    let (_keep, image) = image_of("genisoimage", &["-quiet", "-R", "-input-charset", "iso8859-1"], source.path());
    let listing = list_in(&image, 0);
    assert_eq!(paths(&listing), ["back_slash", "café.txt", "esc[31m.txt", "gpj.exe"]);
}

#[test]
fn bad_sectors_become_the_names_of_files() {
    let source = source();
    for options in [&["-quiet", "-R"][..], &["-quiet", "-R", "-J", "-udf", "-joliet-long", "-input-charset", "utf-8"]] {
        let (_keep, image) = image_of("genisoimage", options, source.path());
        let listing = list_in(&image, 0);
        for (path, ..) in by_xorriso(&image).into_iter().filter(|file| file.1 > 0) {
            let file = listing.files.iter().find(|file| file.path == path).unwrap();
            let first = file.extents[0].start;
            let hit = damage(&listing, &[first..first + 2048]);
            assert_eq!((hit.files_hit, hit.files[0].path.as_str()), (1, path.as_str()));
            assert_eq!((hit.files[0].missing, hit.unused), (file.size.min(2048), 2048 - file.size.min(2048)));
            assert_eq!((hit.metadata, hit.listing_complete), (0, true));
        }
        let descriptor = damage(&listing, &[16 * 2048..17 * 2048]);
        assert_eq!((descriptor.metadata, descriptor.files_hit), (2048, 0));
        let everything = damage(&listing, &[0..sectors(&image) * 2048]);
        assert_eq!(everything.files_hit, 8, "all but the empty one");
    }
}

/// An unreadable folder hides its own files only.
#[test]
fn an_unreadable_folder_does_not_stop_the_rest() {
    let source = source();
    for options in [&["-quiet", "-R"][..], &["-quiet", "-udf", "-allow-leading-dots", "-input-charset", "utf-8"]] {
        let (_keep, image) = image_of("genisoimage", options, source.path());
        let without_iso = options.contains(&"-udf");
        if without_iso {
            let disc = fs::OpenOptions::new().write(true).open(&image).unwrap();
            disc.write_all_at(&[0; 2048 * 2], 16 * 2048).unwrap();
        }
        let all = list_in(&image, 0);
        let mut seen_a_loss = false;
        for lba in all.metadata.iter().flat_map(|range| range.start / 2048..range.end.div_ceil(2048)) {
            let mut whole = super::support::reader(&image);
            let mut holed = |at| if at == lba { None } else { whole(at) };
            let listing = disk2iso::filesystems::list(&mut holed, Some(sectors(&image)), 0);
            let known: Vec<&str> = paths(&listing);
            assert!(known.iter().all(|path| paths(&all).contains(path)) || lba < 40, "{lba}: {known:?}");
            assert!(known.len() == all.files.len() || !listing.complete, "{lba}: files are missing and it does not say so");
            seen_a_loss |= !known.is_empty() && known.len() < all.files.len();
        }
        assert!(seen_a_loss, "{options:?}");
    }
}

#[test]
fn a_boot_image_that_no_folder_names_is_listed_by_what_it_is() {
    let source = source();
    let boot: Vec<u8> = (0..4096_u32).map(|index| (index / 5) as u8).collect();
    fs::write(source.path().join("boot.img"), &boot).unwrap();
    let options = ["-quiet", "-R", "-b", "boot.img", "-c", "boot.cat", "-no-emul-boot", "-boot-load-size", "8"];
    let (_keep, image) = image_of("genisoimage", &options, source.path());
    let named = list_in(&image, 0);
    assert!(!paths(&named).iter().any(|path| path.starts_with("El Torito")), "{:?}", paths(&named));
    let (_keep, image) = image_of("genisoimage", &[&options[..], &["-hide", "boot.img"]].concat(), source.path());
    let listing = list_in(&image, 0);
    let file = listing.files.iter().find(|file| file.path == "El Torito boot image 1").unwrap();
    assert!(bytes_of(&image, file) == boot);
    assert!(!paths(&listing).contains(&"boot.img") && listing.complete);
}

#[test]
fn what_is_no_file_system_is_no_complete_listing() {
    let (_keep, image) = empty(4 << 20);
    assert_eq!(list_in(&image, 0), Listing::default());
}
