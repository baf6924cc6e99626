//! Discs are written by strangers: no bytes make the parsers panic, read without end or keep too much.

use super::support::{iso, look_at};
use disk2iso::filesystems::probe;
use proptest::prelude::*;
use std::{cell::Cell, sync::OnceLock};

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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

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
fn a_folder_of_a_million_files_is_cut() {
    let names: Vec<String> = (0..400).map(|number| format!("f{number:05}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let (_keep, image) = iso("genisoimage", &["-quiet", "-udf", "-V", "MANY"], &names);
    assert_eq!(super::support::look(&image).root_names.len(), 256);
}
