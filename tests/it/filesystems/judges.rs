//! Identification, labels and sizes next to those of isoinfo, blkid and isolyzer. Where they differ from us, the reason is said.

use super::support::{elements, empty, image_of, iso, isolyzer, look, look_in, run, sectors, value};
use disk2iso::{
    domain::disc::FileSystemKind::{self, *},
    filesystems::FileSystems,
};
use std::fs;

const FILES: &[&str] = &["readme.txt", "photos/one.jpg"];

/// Names of the file systems that isolyzer sees; it knows neither Joliet nor Rock Ridge.
fn by_isolyzer(xml: &str) -> Vec<&str> {
    xml.split("<fileSystem TYPE=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

/// Asserts that label and size of ISO 9660 are what isoinfo, blkid and isolyzer say.
fn assert_iso9660(image: &str, found: &FileSystems) {
    let iso = found.iso9660.as_ref().unwrap();
    let judge = run("isoinfo", &["-d", "-i", image]);
    assert_eq!(iso.label, value(&judge, "Volume id:"));
    assert_eq!(iso.sectors.to_string(), value(&judge, "Volume size is:"));
    assert_eq!(iso.el_torito, judge.contains("El Torito VD version 1 found"), "{judge}");
    assert_eq!(iso.rock_ridge, judge.contains("Rock Ridge signatures") && !judge.contains("NO Rock Ridge"), "{judge}");
    assert_eq!(iso.joliet_label.is_some(), judge.contains("Joliet with UCS level"), "{judge}");
    let xml = isolyzer(image);
    assert_eq!(elements(&xml, "volumeIdentifier")[0], iso.label);
    assert_eq!(elements(&xml, "volumeSpaceSize")[0], iso.sectors.to_string());
    assert!(by_isolyzer(&xml).contains(&"ISO 9660"));
}

#[test]
fn kinds_labels_and_sizes_of_iso9660_and_its_companions() {
    let boot = ["-b", "boot.img", "-c", "boot.cat", "-no-emul-boot"];
    let cases: &[(&str, &[&str], &[FileSystemKind])] = &[
        ("genisoimage", &["-V", "PLAIN"], &[Iso9660]),
        ("genisoimage", &["-V", "BOTH", "-J", "-R"], &[Iso9660, Joliet, RockRidge]),
        ("genisoimage", &["-V", "JOLIET", "-J"], &[Iso9660, Joliet]),
        ("genisoimage", &["-V", "BRIDGE", "-udf"], &[Iso9660, Udf]),
        ("genisoimage", &["-V", "EVERY", "-udf", "-J", "-r", "-hfs"], &[Iso9660, Joliet, RockRidge, Udf, Hfs]),
        ("genisoimage", &["-V", "MAC", "-hfs", "-hfs-volid", "Mac Disc"], &[Iso9660, Hfs]),
        ("genisoimage", &["-V", "MACPART", "-hfs", "-part"], &[Iso9660, Hfs]),
        ("xorriso", &["-V", "ROCK", "-R"], &[Iso9660, RockRidge]),
        ("xorriso", &["-V", "LEVEL4", "-iso-level", "4", "-J"], &[Iso9660, Joliet, RockRidge]),
        ("xorriso", &["-V", "PLUS", "-hfsplus"], &[Iso9660, RockRidge, HfsPlus]),
        ("xorriso", &["-V", "OFFSET", "-partition_offset", "16"], &[Iso9660, RockRidge]),
        ("xorriso", &["-V", "GPT", "-appended_part_as_gpt", "-partition_offset", "16"], &[Iso9660, RockRidge]),
    ];
    for (tool, options, kinds) in cases {
        let first: &[&str] = if *tool == "xorriso" { &["-as", "mkisofs", "-quiet"] } else { &["-quiet"] };
        for boots in [false, true] {
            let files = if boots { &["readme.txt", "photos/one.jpg", "boot.img"][..] } else { FILES };
            let options = [first, options, if boots { &boot } else { &[] }].concat();
            let (_keep, image) = iso(tool, &options, files);
            let found = look(&image);
            assert_eq!(found.kinds(), *kinds, "{options:?}");
            assert_iso9660(&image, &found);
            assert_eq!(found.iso9660.as_ref().unwrap().el_torito, boots);
            assert!(found.iso9660.as_ref().unwrap().sectors <= sectors(&image));
            let hfs = found.hfs.as_ref();
            assert!(hfs.is_none_or(|hfs| hfs.end_sector <= sectors(&image)), "{options:?} {hfs:?} of {}", sectors(&image));
        }
    }
}

#[test]
fn hfs_is_what_isolyzer_and_hfsutils_say() {
    let (_keep, image) = iso("genisoimage", &["-quiet", "-V", "ISO", "-hfs", "-hfs-volid", "Mac Disc"], FILES);
    let found = look(&image);
    let hfs = found.hfs.as_ref().unwrap();
    let xml = isolyzer(&image);
    let xml = xml.split("<masterDirectoryBlock>").nth(1).unwrap();
    assert_eq!((hfs.label.as_str(), elements(xml, "volumeName")[0], hfs.is_plus), ("Mac Disc", "Mac Disc", false));
    let blocks = elements(xml, "blockCount")[0].parse::<u64>().unwrap() * elements(xml, "blockSize")[0].parse::<u64>().unwrap();
    // The volume is more than its allocation blocks: header and bitmap before them, a copy of the header after them.
    assert!((blocks / 2048..=sectors(&image)).contains(&hfs.end_sector), "{hfs:?}, {blocks} bytes of blocks");
    assert_eq!(found.label(), "ISO", "ISO 9660's label before HFS'");

    let (_keep, image) = empty(6 << 20);
    run("hformat", &["-l", "Classic", &image]);
    let found = look(&image);
    assert_eq!((found.kinds(), found.label()), (vec![Hfs], "Classic".to_owned()));
    assert_eq!(found.label(), value(&run("blkid", &["-p", "-o", "export", &image]), "LABEL="));
    assert_eq!(found.hfs.unwrap().end_sector, sectors(&image));
}

#[test]
fn hfs_plus_is_what_blkid_says() {
    // isolyzer reads the header of HFS+ as if it were that of HFS, so it is no judge here.
    let (_keep, image) = iso("xorriso", &["-as", "mkisofs", "-quiet", "-V", "Plus Disc", "-hfsplus"], FILES);
    let bytes = fs::read(&image).unwrap();
    let partition = (0..bytes.len() / 512).find(|block| &bytes[block * 512..][..2] == b"H+").unwrap() * 512 - 1024;
    // blkid sees ISO 9660 first, so it gets the partition only.
    let (_keep, alone) = empty(0);
    fs::write(&alone, &bytes[partition..]).unwrap();
    let judge = run("blkid", &["-p", "-o", "export", &alone]);
    assert_eq!(value(&judge, "TYPE="), "hfsplus");
    let label = run("blkid", &["-p", "-o", "value", "-s", "LABEL", &alone]);
    for (image, end) in [(&image, sectors(&image)), (&alone, sectors(&alone))] {
        let hfs = look(image).hfs.unwrap();
        assert_eq!((hfs.label.as_str(), hfs.is_plus), (label.trim(), true));
        assert!(hfs.end_sector <= end && hfs.end_sector + 320 > end, "{hfs:?} of {end}");
    }
}

#[test]
fn a_partition_map_of_apples_or_one_of_guids_leads_to_hfs_plus() {
    let source = super::support::tree(&["readme.txt", "photos/one.jpg", "boot.img"]);
    let guid = ["-apm-block-size", "2048", "-e", "boot.img", "-no-emul-boot", "-efi-boot-part", "--efi-boot-image"];
    for options in [&[][..], &["-apm-block-size", "2048"], &guid] {
        let options = [&["-as", "mkisofs", "-quiet", "-V", "HYBRID", "-hfsplus"], options].concat();
        let (_keep, image) = image_of("xorriso", &options, source.path());
        let assert_found = || {
            let found = look(&image);
            assert_eq!(found.kinds(), [Iso9660, RockRidge, HfsPlus], "{options:?}");
            assert_eq!(found.hfs.unwrap().label, "HYBRID");
            assert!(found.iso9660.unwrap().sectors <= sectors(&image));
        };
        assert_found();
        if options.contains(&"-efi-boot-part") {
            // Without Apple's map: its blocks are those of 2048 bytes.
            let mut bytes = fs::read(&image).unwrap();
            assert_eq!((&bytes[512..520], &bytes[2048..2050]), (&b"EFI PART"[..], &b"PM"[..]));
            (1..8)
                .map(|block| block * 2048)
                .filter(|at| &bytes[*at..at + 2] == b"PM")
                .collect::<Vec<_>>()
                .into_iter()
                .for_each(|at| bytes[at..at + 2].fill(0));
            fs::write(&image, bytes).unwrap();
            assert_found();
        }
    }
}

#[test]
fn an_hfs_wrapper_leads_to_the_hfs_plus_inside() {
    // No tool here makes wrappers, so one is put around a real HFS+ volume: 8 blocks of 2048 bytes, then the volume.
    let (_keep, image) = iso("xorriso", &["-as", "mkisofs", "-quiet", "-V", "Inside", "-hfsplus"], FILES);
    let bytes = fs::read(&image).unwrap();
    let start = (0..bytes.len() / 512).find(|block| &bytes[block * 512..][..2] == b"H+").unwrap() * 512 - 1024;
    let blocks = ((bytes.len() - start) / 2048) as u16 + 8;
    let mut wrapper = vec![0_u8; 16 * 512 + 8 * 2048];
    let mut put = |at: usize, value: &[u8]| wrapper[1024 + at..][..value.len()].copy_from_slice(value);
    put(0, b"BD");
    put(18, &blocks.to_be_bytes());
    put(20, &2048_u32.to_be_bytes());
    put(28, &16_u16.to_be_bytes());
    put(36, b"\x07Wrapper");
    put(124, b"H+");
    put(126, &8_u16.to_be_bytes());
    put(128, &(blocks - 8).to_be_bytes());
    wrapper.extend(&bytes[start..]);
    let found = super::support::look_at(&wrapper);
    assert_eq!((found.kinds(), found.label()), (vec![HfsPlus], "Inside".to_owned()));
}

#[test]
fn udf_of_every_revision_and_medium_is_what_mkudffs_blkid_and_isolyzer_say() {
    let spared = &["1.50", "2.01"][..];
    let once = &["1.50", "2.01", "2.50", "2.60"][..];
    let rewritable = &["1.02", "1.50", "2.01"][..];
    for (media, revisions) in [
        ("hd", rewritable),
        ("dvd", rewritable),
        ("dvdram", rewritable),
        ("cd", rewritable),
        ("dvdrw", spared),
        ("cdrw", spared),
        ("cdr", once),
        ("dvdr", once),
        ("bdr", &once[2..]),
    ] {
        for revision in revisions {
            let (_keep, image) = empty(16 << 20);
            let judge = run("mkudffs", &["-b", "2048", "-m", media, "-r", revision, "-l", "Füße 日本", &image]);
            let space = judge.lines().find(|line| line.contains("type=PSPACE")).expect("mkudffs prints the partition");
            let number =
                |key: &str| space.split([',', ' ']).find_map(|part| part.strip_prefix(key)).unwrap().parse::<u64>().unwrap();
            let table = judge.lines().find_map(|line| line.strip_prefix("vatblock=")).map(|lba| lba.parse::<u64>().unwrap());
            if let Some(table) = table {
                fs::OpenOptions::new().write(true).open(&image).unwrap().set_len((table + 1) * 2048).unwrap();
            }
            let found = look(&image);
            assert_eq!((found.kinds(), found.label()), (vec![Udf], "Füße 日本".to_owned()), "{media} {revision}");
            let end = found.udf.unwrap().end_sector;
            match &table {
                // A disc that is written once ends with its table of blocks; the partition is all that it has room for.
                Some(table) => assert_eq!(end, table + 1, "{media} {revision}"),
                None => assert_eq!(end, number("start=") + number("blocks="), "{media} {revision}"),
            }
            assert_eq!(run("blkid", &["-p", "-o", "value", "-s", "LABEL", &image]).trim(), "Füße 日本");
            let xml = isolyzer(&image);
            assert_eq!(by_isolyzer(&xml), ["UDF"]);
            // isolyzer takes the end of the partition and the anchor after it: never less than we say.
            let expected: u64 = elements(&xml, "sizeExpected")[0].parse().unwrap();
            assert!(end * 2048 <= expected, "{media} {revision}: {end} sectors, isolyzer {expected} bytes");
            let listing = super::support::list_in(&image, 0);
            // That the root folder is found proves the way there: moved packets and virtual allocation tables.
            assert!(listing.complete, "{media} {revision}: {listing:?}");
        }
    }
}

#[test]
fn truncated_images_are_known_by_what_they_say_of_themselves() {
    for options in [&["-quiet", "-R", "-J"][..], &["-quiet", "-udf"], &["-quiet", "-hfs"]] {
        let (_keep, image) = iso("genisoimage", options, &["a.txt", "b/c.txt", "d/e.txt", "f.txt"]);
        let whole = sectors(&image);
        let bytes = fs::read(&image).unwrap();
        for left in (0..whole).step_by(7) {
            fs::write(&image, &bytes[..left as usize * 2048]).unwrap();
            let found = look_in(&image, 0);
            let says = [
                found.iso9660.as_ref().map_or(0, |iso| iso.sectors),
                found.udf.as_ref().map_or(0, |udf| udf.end_sector),
                found.hfs.as_ref().map_or(0, |hfs| hfs.end_sector),
            ];
            let says = says.into_iter().max().unwrap();
            assert!(says <= whole && (says == 0 || left < 17 || says > whole - 160), "{options:?} {left}: {says} of {whole}");
            super::support::list_in(&image, 0);
        }
    }
}
