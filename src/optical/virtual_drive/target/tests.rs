//! The drive as its initiator sees it: exact lengths, codes, and no command that it cannot take.

use super::SoftTarget;
use crate::optical::virtual_drive::{create, insert};
use proptest::prelude::*;
use std::fs;
use tempfile::TempDir;

/// A mixed disc in two sessions, with everything that commands can ask about.
const DISC: &str = "catalogue_number = '0123456789012'\ntext = { title = 'T' }\n\
    [[track]]\nkind = 'audio'\nsectors = 40\nisrc = 'DEABC0700001'\n\
    [[track]]\nkind = 'mode1'\nsectors = 30\nrun_out = 2\n\
    [[track]]\nkind = 'mode2_form2'\nsectors = 30\nsession = 2\n";

fn target(disc: &str, script: &str) -> (TempDir, SoftTarget) {
    let root = tempfile::tempdir().expect("folder");
    let (folder, description) = (root.path().join("drive"), root.path().join("x.disc.toml"));
    create(&folder).expect("drive");
    fs::write(&description, disc).expect("description");
    fs::write(folder.join("drive.toml"), script).expect("script");
    insert(&folder, &description).expect("inserted");
    let target = SoftTarget::open(&folder).expect("opened");
    (root, target)
}

/// Status, the three codes, and the bytes that came.
fn send(target: &mut SoftTarget, cdb: &[u8], room: usize) -> (u8, [u8; 3], Vec<u8>) {
    let mut data = vec![0xee; room];
    let reply = target.perform(cdb, &[], &mut data).expect("answered");
    data.truncate(reply.transferred);
    let codes = if reply.sense.is_empty() { [0; 3] } else { [reply.sense[2], reply.sense[12], reply.sense[13]] };
    (reply.status, codes, data)
}

#[test]
fn answers_are_as_long_as_was_allowed_and_no_longer() {
    let (_root, mut target) = target(DISC, "");
    for (cdb, room, expected) in [
        (&[0x12, 0, 0, 0, 5, 0][..], 96, 5),
        (&[0x12, 0, 0, 0, 255, 0], 96, 36),
        (&[0x12, 1, 0x80, 0, 255, 0], 255, 4 + 5),
        (&[0x43, 0, 0, 0, 0, 0, 0, 0, 12, 0], 800, 12),
        (&[0x43, 0, 0, 0, 0, 0, 0, 3, 0x24, 0], 804, 4 + 4 * 8),
        (&[0x43, 0, 0, 0, 0, 0, 3, 3, 0x24, 0], 804, 4 + 2 * 8),
        (&[0x43, 2, 0, 0, 0, 0, 0xaa, 3, 0x24, 0], 804, 4 + 8),
        (&[0x46, 0, 0, 0, 0, 0, 0, 0, 8, 0], 8, 8),
        (&[0x46, 2, 0, 0x1e, 0, 0, 0, 1, 0, 0], 256, 8 + 8),
        (&[0x51, 0, 0, 0, 0, 0, 0, 0, 2, 0], 34, 2),
        (&[0x5a, 8, 0x2a, 0, 0, 0, 0, 0, 128, 0], 128, 8 + 22),
        (&[0x1a, 8, 0x3f, 0, 200, 0], 200, 4 + 12 + 8 + 16 + 22),
        (&[0x28, 0, 0, 0, 0, 190, 0, 0, 1, 0], 1000, 1000),
        (&[0x28, 0, 0, 0, 0, 190, 0, 0, 0, 0], 1000, 0),
    ] {
        let (status, codes, data) = send(&mut target, cdb, room);
        assert_eq!((status, codes, data.len()), (0, [0; 3], expected), "{cdb:02x?}");
    }
}

#[test]
fn what_is_wrong_is_said_in_the_standards_words() {
    let (_root, mut target) = target(DISC, "");
    for (cdb, codes) in [
        (&[0x04, 0, 0, 0, 0, 0][..], [5, 0x20, 0]),
        (&[0xff, 0, 0, 0, 0, 0], [5, 0x20, 0]),
        (&[0x28, 0, 0, 0, 0, 1, 0, 0, 1, 0], [5, 0x64, 0]),
        // Behind the end, between sessions, into the run-out, sectors without 2048 bytes.
        (&[0x28, 0, 0, 1, 0, 0, 0, 0, 1, 0], [5, 0x21, 0]),
        (&[0x28, 0, 0, 0, 0x10, 0, 0, 0, 1, 0], [5, 0x21, 0]),
        (&[0x28, 0, 0, 0, 0, 218, 0, 0, 3, 0], [3, 0x11, 5]),
        (&[0x28, 0, 0, 0, 0x2d, 0x70, 0, 0, 1, 0], [5, 0x64, 0]),
        (&[0x43, 0, 3, 0, 0, 0, 0, 0, 12, 0], [5, 0x24, 0]),
        (&[0x43, 0, 0, 0, 0, 0, 9, 0, 12, 0], [5, 0x24, 0]),
        (&[0x12, 1, 0x99, 0, 255, 0], [5, 0x24, 0]),
        (&[0x4a, 0, 0, 0, 0x10, 0, 0, 0, 8, 0], [5, 0x24, 0]),
        (&[0xad, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0], [5, 0x30, 2]),
        // A data frame where audio was expected, and the lead-in.
        (&[0xbe, 0x04, 0, 0, 0, 200, 0, 0, 1, 0xf8, 0, 0], [5, 0x64, 0]),
        (&[0xbe, 0, 0xff, 0xff, 0xff, 0x6a, 0, 0, 1, 0xf8, 0, 0], [5, 0x21, 0]),
        (&[0xbe, 0, 0, 0, 0, 0, 0, 0, 1, 0xf8, 3, 0], [5, 0x24, 0]),
        (&[0x1a, 0, 0xc1, 0, 200, 0], [5, 0x39, 0]),
    ] {
        assert_eq!(send(&mut target, cdb, 8192), (2, codes, vec![]), "{cdb:02x?}");
    }
}

#[test]
fn frames_come_in_the_fields_that_were_asked_for() {
    let (_root, mut target) = target(DISC, "");
    for (fields, errors, sub, expected) in [
        (0xf8, 0, 0, 2352),
        (0x10, 0, 0, 2048),
        (0x80, 0, 0, 12),
        (0xa0, 0, 0, 16),
        (0x08, 0, 0, 288),
        (0x10, 2, 0, 2342),
        (0x10, 4, 1, 2440),
        (0, 0, 2, 16),
        (0, 0, 4, 96),
        (0, 0, 0, 0),
    ] {
        let cdb = [0xbe, 0, 0, 0, 0, 200, 0, 0, 1, fields | errors, sub, 0];
        let (status, _, data) = send(&mut target, &cdb, 4000);
        assert_eq!((status, data.len()), (0, expected), "{fields:02x} {errors} {sub}");
    }
    // The same frames by time: 00:02:00 is sector 0.
    let (_, _, by_time) = send(&mut target, &[0xb9, 0, 0, 0, 4, 50, 0, 4, 52, 0xf8, 1, 0], 9000);
    let (_, _, by_number) = send(&mut target, &[0xbe, 0, 0, 0, 0, 200, 0, 0, 2, 0xf8, 1, 0], 9000);
    assert_eq!((by_time.len(), by_time == by_number), (2 * 2448, true));
}

#[test]
fn a_new_disc_is_told_to_the_first_command_that_needs_it() {
    let (root, mut target) = target(DISC, "");
    let (folder, description) = (root.path().join("drive"), root.path().join("x.disc.toml"));
    assert_eq!(send(&mut target, &[0; 6], 0).0, 0);
    super::super::eject(&folder).expect("open");
    assert_eq!(send(&mut target, &[0; 6], 0).1, [2, 0x3a, 2]);
    let event = |target: &mut SoftTarget| send(target, &[0x4a, 1, 0, 0, 0x10, 0, 0, 0, 8, 0], 8).2;
    assert_eq!(event(&mut target)[4..6], [3, 1], "removal, door open");
    insert(&folder, &description).expect("inserted");
    assert_eq!(send(&mut target, &[0x12, 0, 0, 0, 36, 0], 36).0, 0);
    assert_eq!(event(&mut target)[4..6], [2, 2], "new medium");
    assert_eq!(event(&mut target)[4..6], [0, 2]);
    assert_eq!(send(&mut target, &[0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0], 8).1, [6, 0x28, 0]);
    assert_eq!(send(&mut target, &[0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0], 8).0, 0);
}

#[test]
fn corrected_errors_are_reported_only_to_who_wants_to_know() {
    let (_root, mut target) = target(DISC, "[[fault]]\nkind = 'recovered'\nlba = 200");
    let read = [0x28, 0, 0, 0, 0, 200, 0, 0, 1, 0];
    assert_eq!(send(&mut target, &read, 2048).1, [0; 3]);
    let select = [0x55, 0x10, 0, 0, 0, 0, 0, 0, 20, 0];
    let list = [0, 0, 0, 0, 0, 0, 0, 0, 1, 10, 4, 16, 0, 0, 0, 0, 0, 0, 0, 0];
    assert_eq!(target.perform(&select, &list, &mut []).expect("answered").status, 0);
    let (status, codes, data) = send(&mut target, &read, 2048);
    assert_eq!((status, codes, data.len()), (2, [1, 0x18, 0], 2048));
    assert_eq!(target.perform(&select, &list[..19], &mut []).expect("answered").sense[12], 0x1a, "a list cut off");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_command_with_any_bytes_makes_the_drive_panic(
        commands in proptest::collection::vec(
            (
                // Half of the codes are commands that the drive knows.
                prop_oneof![any::<u8>(), proptest::sample::select(vec![
                    0x00_u8, 0x03, 0x12, 0x15, 0x1a, 0x1b, 0x1e, 0x25, 0x28, 0x42, 0x43, 0x44, 0x46, 0x4a, 0x51, 0x52, 0x55, 0x5a, 0x5c,
                    0xa0, 0xa8, 0xac, 0xad, 0xb6, 0xb9, 0xbb, 0xbd, 0xbe,
                ])],
                proptest::collection::vec(prop_oneof![Just(0_u8), 0_u8..4, any::<u8>()], 0..15),
                proptest::collection::vec(any::<u8>(), 0..64),
                0_usize..5000,
            ),
            1..40,
        )
    ) {
        let faults = "[[fault]]\nkind = 'flaky'\nlba = 1\n[[fault]]\nkind = 'wrong_once'\nlba = 0\ncount = 300\n\
            [[fault]]\nkind = 'c2'\nlba = 2\n[[fault]]\nkind = 'jitter'\nlba = 3\n[[fault]]\nkind = 'recovered'\nlba = 200";
        let (_root, mut target) = target(DISC, faults);
        for (code, rest, out, room) in commands {
            let cdb = [&[code], rest.as_slice()].concat();
            let mut data = vec![0; room];
            let reply = target.perform(&cdb, &out, &mut data).expect("the folder is there");
            prop_assert!(reply.transferred <= room && matches!(reply.status, 0 | 2));
            prop_assert!(reply.status == 0 || reply.sense.len() == 18);
        }
    }
}
