//! Discs are written by strangers: no bytes make the parsers panic, read without end or keep too much.

use super::support::{empty, iso, look_at, run};
use disk2iso::filesystems::{damage, list, probe};
use proptest::prelude::*;
use std::{cell::Cell, collections::HashMap, sync::OnceLock};

/// A disc with ISO 9660, Joliet and UDF.
fn disc() -> &'static [u8] {
    static DISC: OnceLock<Vec<u8>> = OnceLock::new();
    DISC.get_or_init(|| {
        let (_keep, image) = iso("genisoimage", &["-quiet", "-udf", "-J", "-V", "FUZZ"], &["a.txt", "b/c.txt"]);
        std::fs::read(image).unwrap()
    })
}

/// Sectors of the disc that hold something and are not file contents.
fn structures() -> Vec<usize> {
    let used = |lba: &usize| disc()[lba * 2048..][..2048].iter().any(|byte| *byte != 0);
    (16..disc().len() / 2048).filter(used).collect()
}

/// Repairs the checksum of what may be a UDF tag, so that mutations get past it.
fn seal(sector: &mut [u8]) {
    sector[4] = 0;
    sector[4] = sector[..16].iter().fold(0, |sum, byte| sum.wrapping_add(*byte));
}

fn mutations() -> impl Strategy<Value = Vec<(prop::sample::Index, usize, Vec<u8>)>> {
    let bytes = prop_oneof![
        prop::collection::vec(any::<u8>(), 1..16),
        Just(vec![0xff; 8]),
        Just(vec![0; 8]),
        Just(vec![0xff, 0xff, 0xff, 0x7f]),
        Just(vec![1, 0, 0, 0]),
    ];
    // The beginnings of sectors, where the fields are.
    prop::collection::vec((any::<prop::sample::Index>(), 0..520_usize, bytes), 1..12)
}

/// Discs, with the sectors that hold something, with every kind of file system: ISO 9660 with Rock Ridge and Joliet, UDF and HFS; HFS+; UDF with moved packets; UDF with a
/// virtual allocation table.
fn discs() -> &'static [(Vec<u8>, Vec<u64>)] {
    static DISCS: OnceLock<Vec<(Vec<u8>, Vec<u64>)>> = OnceLock::new();
    DISCS.get_or_init(|| {
        let files = &["a.txt", "b/c.txt", "b/d/a name that is long enough to be continued elsewhere.txt"];
        let (_keep, every) = iso("genisoimage", &["-quiet", "-r", "-J", "-udf", "-hfs", "-V", "EVERY"], files);
        let (_keep, plus) = iso("xorriso", &["-as", "mkisofs", "-quiet", "-hfsplus", "-V", "PLUS"], files);
        let udf = |media: &str| {
            let (keep, image) = empty(8 << 20);
            run("mkudffs", &["-b", "2048", "-m", media, "-r", "1.50", "-l", "UDF", &image]);
            (keep, image)
        };
        let ((_spared, spared), (_once, once)) = (udf("cdrw"), udf("cdr"));
        let disc = |image: &String| {
            let bytes = std::fs::read(image).unwrap();
            let used = used(&bytes);
            (bytes, used)
        };
        [every, plus, spared, once].iter().map(disc).collect()
    })
}

/// Sectors of a disc that hold something.
fn used(disc: &[u8]) -> Vec<u64> {
    let is_used = |lba: &u64| disc[*lba as usize * 2048..][..2048].iter().any(|byte| *byte != 0);
    (0..disc.len() as u64 / 2048).filter(is_used).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn mutated_discs_are_listed_to_an_end(
        disc in 0..4_usize,
        mutations in mutations(),
        reseal in any::<bool>(),
        session in prop_oneof![Just(0), Just(1), any::<u64>()],
        size_known in any::<bool>(),
        unreadable in prop::collection::vec(any::<prop::sample::Index>(), 0..3),
    ) {
        let (disc, places) = &discs()[disc];
        let mut changed: HashMap<u64, Option<Vec<u8>>> = HashMap::new();
        for (place, offset, value) in mutations {
            let lba = *place.get(places);
            let before = disc[lba as usize * 2048..][..2048].to_vec();
            if let Some(sector) = changed.entry(lba).or_insert(Some(before)) {
                sector[offset..offset + value.len()].copy_from_slice(&value);
                if reseal {
                    seal(sector);
                }
            }
        }
        for place in unreadable {
            changed.insert(*place.get(places), None);
        }
        let reads = Cell::new(0_u64);
        let mut read = |lba: u64| {
            reads.set(reads.get() + 1);
            match changed.get(&lba) {
                Some(sector) => sector.clone(),
                None => disc.get(usize::try_from(lba.checked_mul(2048)?).ok()?..)?.get(..2048).map(<[u8]>::to_vec),
            }
        };
        let sectors = size_known.then_some(disc.len() as u64 / 2048);
        let found = probe(&mut read, sectors, session);
        prop_assert!(reads.get() <= 400 && found.root_names.len() <= 256);
        reads.set(0);
        let listing = list(&mut read, sectors, session);
        prop_assert!(reads.get() <= 1_000_000);
        prop_assert!(listing.files.len() <= 200_000 && listing.metadata.is_sorted_by(|a, b| a.end < b.start));
        for file in &listing.files {
            prop_assert!(file.path.split('/').all(|part| !matches!(part, "" | "." | "..") && part.chars().count() <= 255), "{:?}", file.path);
            prop_assert!(file.path.split('/').count() <= 67 && !file.path.chars().any(|c| c.is_control() || c == '\\'));
        }
        let hit = damage(&listing, &[0..u64::MAX]);
        prop_assert!(hit.files.iter().all(|file| file.missing <= file.size));
    }

    #[test]
    fn mutated_discs_are_read_to_an_end(mutations in mutations(), reseal in any::<bool>()) {
        let mut bytes = disc().to_vec();
        let places = structures();
        for (place, offset, value) in mutations {
            let sector = &mut bytes[*place.get(&places) * 2048..][..2048];
            sector[offset..offset + value.len()].copy_from_slice(&value);
            if reseal {
                seal(sector);
            }
        }
        let found = look_at(&bytes);
        prop_assert!(found.root_names.len() <= 256);
        prop_assert!(found.root_names.iter().all(|name| name.chars().count() <= 128 && !name.contains('/')));
        prop_assert!(!found.label().chars().any(char::is_control));
    }

    #[test]
    fn random_sectors_are_no_file_system_and_cost_few_reads(seed in any::<u64>(), unreadable in any::<u64>(), sectors in prop::option::of(any::<u64>())) {
        let reads = Cell::new(0);
        let mut read = |lba: u64| {
            reads.set(reads.get() + 1);
            let mut state = seed ^ lba;
            let mut next = || { state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1); (state >> 33) as u8 };
            (lba % 64 != unreadable % 64).then(|| (0..2048).map(|_| next()).collect())
        };
        let found = probe(&mut read, sectors, seed % 1000);
        prop_assert!(reads.get() <= 400);
        prop_assert!(found.iso9660.is_none());
    }
}

#[test]
fn an_unreadable_disc_is_given_up_soon() {
    let reads = Cell::new(0);
    let mut read = |_| {
        reads.set(reads.get() + 1);
        None
    };
    assert_eq!(probe(&mut read, Some(1_000_000), 0), disk2iso::filesystems::FileSystems::default());
    assert!(reads.get() <= 8, "{} unreadable sectors were tried", reads.get());
}

#[test]
fn listing_an_unreadable_disc_ends_and_says_so() {
    let listing = list(&mut |_| None, Some(1_000_000), 0);
    assert_eq!((listing.files.len(), listing.complete), (0, false));
}

#[test]
fn folders_that_contain_each_other_are_listed_once() {
    let (_keep, image) = iso("genisoimage", &["-quiet", "-V", "LOOP"], &["a/b/file.txt"]);
    let mut bytes = std::fs::read(&image).unwrap();
    // The record of folder B in folder A leads back to the root folder.
    let root = bytes[16 * 2048 + 156 + 2..][..8].to_vec();
    let record = bytes.windows(4).enumerate().filter(|(_, window)| window == b"\x01B\0\0" || window == b"\x01B\x0d\x01");
    let places: Vec<usize> = record.map(|(at, _)| at - 32).filter(|at| bytes[*at] == 34 && bytes[at + 25] & 2 != 0).collect();
    assert_eq!(places.len(), 1, "one folder called B");
    bytes[places[0] + 2..][..8].copy_from_slice(&root);
    let mut read = |lba: u64| bytes.get(lba as usize * 2048..)?.get(..2048).map(<[u8]>::to_vec);
    let listing = list(&mut read, None, 0);
    assert!(listing.files.is_empty(), "{listing:?}");
}

#[test]
fn a_folder_of_a_million_files_is_cut() {
    let names: Vec<String> = (0..400).map(|number| format!("f{number:05}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let (_keep, image) = iso("genisoimage", &["-quiet", "-udf", "-V", "MANY"], &names);
    assert_eq!(super::support::look(&image).root_names.len(), 256);
}
