//! What drives answer about media, and what is asked how.

use super::{
    drive::SHORT,
    parse,
    tests::{Fake, good, sense},
    *,
};
use crate::{
    domain::{
        disc::{MediaProfile, PhysicalStructure, Protection, Session, Toc, Track},
        ids::Lba,
    },
    optical::{OpticalDevice, RawLayout},
};

/// An answer of READ TOC format 2 with these entries: session, point, time.
fn full_toc(entries: &[(u8, u8, [u8; 3])]) -> Vec<u8> {
    let mut bytes = vec![0, u8::try_from(2 + entries.len() * 11).expect("few"), 1, 2];
    for (session, point, time) in entries {
        bytes.extend([*session, 0x14, 0, *point, 0, 0, 0, 0, time[0], time[1], time[2]]);
    }
    bytes
}

fn two_sessions() -> Toc {
    Toc {
        tracks: vec![Track::audio(1, 1, 0), Track::audio(2, 1, 20_000), Track::data(3, 1, 61_400)],
        lead_out: 70_000,
        sessions: vec![],
    }
}

#[test]
fn session_ends_are_read_in_both_ways_to_write_numbers() {
    // Track 1 at 00:02:00, track 2 at 04:28:50, lead-out 11:08:50, track 3 at 13:40:50, lead-out 15:35:25.
    let entries = |decimal: bool| {
        let digits = |time: [u8; 3]| if decimal { time.map(|number| number / 10 * 16 + number % 10) } else { time };
        full_toc(&[
            (1, 1, digits([0, 2, 0])),
            (1, 2, digits([4, 28, 50])),
            (1, 0xa2, digits([11, 8, 50])),
            (2, 3, digits([13, 40, 50])),
            (2, 0xa2, digits([15, 35, 25])),
        ])
    };
    for decimal in [false, true] {
        let mut toc = two_sessions();
        parse::sessions(&entries(decimal), &mut toc);
        assert_eq!(
            toc.sessions,
            [
                Session { number: 1, first_track: 1, last_track: 2, lead_out: 50_000 },
                Session { number: 2, first_track: 3, last_track: 3, lead_out: 70_000 },
            ]
        );
    }
}

#[test]
fn session_ends_that_contradict_the_tracks_are_not_believed() {
    for lead_out in [[0, 2, 10], [14, 0, 0]] {
        let mut toc = two_sessions();
        parse::sessions(
            &full_toc(&[(1, 1, [0, 2, 0]), (2, 3, [13, 40, 50]), (1, 0xa2, lead_out), (2, 0xa2, [15, 35, 25])]),
            &mut toc,
        );
        assert_eq!((toc.sessions, toc.tracks[2].session), (vec![], 2));
    }
}

#[test]
fn the_last_session_is_known_without_the_full_table() {
    let mut toc = two_sessions();
    parse::last_session(&[0, 10, 1, 2, 0, 0x14, 3, 0, 0, 0, 0xef, 0xd8], &mut toc);
    assert_eq!(toc.tracks.iter().map(|track| track.session).collect::<Vec<_>>(), [1, 1, 2]);
}

#[test]
fn layers_of_a_dvd() {
    let structure = |layers: u8, start: u32, end: u32, first: u32| {
        let mut bytes = vec![0x08, 0x02, 0, 0, 0x01, 0x02, layers, 0x10];
        for number in [start, end, first] {
            bytes.extend(number.to_be_bytes());
        }
        parse::dvd(&bytes)
    };
    let expected = |layers, sectors, layer_break| Ok(PhysicalStructure { layers, sectors, layer_break });
    assert_eq!(structure(0x01, 0x3_0000, 0x26_12ff, 0), expected(1, 2_298_624, None));
    // Layers that run against each other: the second begins at the complement of the first one's end.
    assert_eq!(structure(0x31, 0x3_0000, 0xf6_48e8, 0x17_f1ff), expected(2, 1_372_672 + 932_585, Some(1_372_672)));
    assert_eq!(structure(0x21, 0x3_0000, 0x3_0063, 0), expected(2, 200, Some(100)));
    assert!(structure(0x01, 0x3_0000, 0x2_0000, 0).is_err(), "it ends before it begins");
}

#[test]
fn layers_of_a_blu_ray_disc() {
    let mut bytes = vec![0x10, 0x02, 0, 0];
    for (layer, last) in [(0_u8, 0x10_0000_u32 + 998), (1, 0x10_0000 + 498)] {
        let mut unit = vec![0; 64];
        unit[..13].copy_from_slice(&[b'D', b'I', 1, 0x10, 0, layer, 0, 0, b'B', b'D', b'O', 1, 0x20]);
        unit[24..28].copy_from_slice(&0x10_0000_u32.to_be_bytes());
        unit[28..32].copy_from_slice(&last.to_be_bytes());
        bytes.extend(unit);
    }
    assert_eq!(parse::blu_ray(&bytes), Ok(PhysicalStructure { layers: 2, sectors: 1500, layer_break: Some(1000) }));
    assert_eq!(parse::blu_ray_profile(&bytes), Some(MediaProfile::BD_ROM));
    bytes[12..15].copy_from_slice(b"BDR");
    assert_eq!(parse::blu_ray_profile(&bytes), Some(MediaProfile(0x41)));
    bytes.truncate(40);
    assert!(parse::blu_ray(&bytes).is_err(), "only one of two layers");
}

/// GET CONFIGURATION with this profile.
fn configuration(profile: u16) -> (u8, Reply, Vec<u8>) {
    let [high, low] = profile.to_be_bytes();
    (0x46, good(), vec![0, 0, 0, 4, 0, 0, high, low])
}

#[test]
fn recordable_discs_are_not_pressed_whatever_the_drive_says() {
    let mut atip = vec![0, 26, 0, 0, 0xd0, 0, 0x80, 0, 97, 34, 23, 0];
    atip.resize(28, 0);
    let mut drive = Fake::drive(vec![configuration(8), (0x43, good(), atip.clone())]);
    assert_eq!(drive.profile(), Ok(MediaProfile(0x09)));
    atip[6] = 0xc0;
    let mut drive = Fake::drive(vec![configuration(8), (0x43, good(), atip)]);
    assert_eq!(drive.profile(), Ok(MediaProfile(0x0a)));
    let mut drive = Fake::drive(vec![configuration(8), (0x43, sense(5, 0x24, 0), vec![])]);
    assert_eq!(drive.profile(), Ok(MediaProfile::CD_ROM));
    let mut drive = Fake::drive(vec![configuration(0x40), (0xad, sense(5, 0x24, 0), vec![])]);
    assert_eq!(drive.profile(), Ok(MediaProfile::BD_ROM));
}

#[test]
fn protection_is_asked_for_where_the_medium_has_it() {
    let mut drive = Fake::drive(vec![configuration(0x10), (0xad, good(), vec![0, 6, 0, 0, 1, 0, 0, 0])]);
    assert_eq!(drive.protection(), Ok(Some(Protection::Css)));
    let feature = vec![0, 0, 0, 12, 0, 0, 0, 0x40, 0x01, 0x0d, 0x09, 4, 0, 1, 1, 1];
    let mut drive = Fake::drive(vec![configuration(0x40), (0xad, sense(5, 0x24, 0), vec![]), (0x46, good(), feature)]);
    assert_eq!(drive.protection(), Ok(Some(Protection::Aacs)));
    let mut drive = Fake::drive(vec![configuration(0x0a)]);
    assert_eq!(drive.protection(), Ok(None));
}

/// MODE SENSE(10): the page for error recovery after its header.
fn recovery_page() -> (u8, Reply, Vec<u8>) {
    (0x5a, good(), vec![0, 18, 0, 0, 0, 0, 0, 0, 0x81, 10, 0x20, 16, 0, 0, 0, 0, 0, 0, 0, 0])
}

#[test]
fn a_drive_is_asked_once_per_medium_to_report_what_it_corrects() {
    let read = |reply: Reply| (0x28, reply, vec![7; 2048]);
    let mut drive = Fake::drive(vec![
        recovery_page(),
        (0x55, good(), vec![]),
        read(sense(1, 0x18, 0)),
        read(good()),
        read(sense(1, 0x17, 1)),
    ]);
    for _ in 0..3 {
        assert_eq!(drive.read(Lba(0), &mut [0; 2048], SHORT), Ok(()));
    }
    assert_eq!(drive.recovered_errors(), 2);
    assert_eq!(drive.transport.written[8..12], [0x01, 10, 0x24, 16], "PER is set, the rest is as it was");
}

#[test]
fn a_drive_that_stops_at_corrected_sectors_is_told_not_to() {
    let mut drive = Fake::drive(vec![
        (0x28, sense(1, 0x18, 0), vec![7; 2048]),
        recovery_page(),
        (0x55, good(), vec![]),
        (0x28, good(), vec![7; 4096]),
    ]);
    assert_eq!(drive.read(Lba(0), &mut [0; 4096], SHORT), Ok(()));
    assert_eq!(drive.transport.written[10] & 0x04, 0);
}

#[test]
fn a_command_that_a_bridge_hangs_on_is_not_sent_twice() {
    let hung = Reply { host: 3, ..good() };
    let mut drive = Fake::drive(vec![(0x42, hung, vec![])]);
    assert_eq!(drive.catalogue_number(), Err(DeviceError::Timeout(super::drive::LONG)));
    assert!(matches!(drive.catalogue_number(), Err(DeviceError::Refused(text)) if text.contains("42")));
    assert!(matches!(drive.isrc(1), Err(DeviceError::Refused(_))));
}

#[test]
fn the_cache_is_passed_by_where_the_drive_lets_us() {
    let mut drive =
        Fake::drive(vec![(0x28, sense(5, 0x24, 0), vec![]), (0x28, good(), vec![7; 2048]), (0x28, good(), vec![7; 2048])]);
    for _ in 0..2 {
        assert_eq!(drive.read_again(Lba(5), &mut [0; 2048], SHORT), Ok(()));
    }
    assert_eq!(drive.transport.commands.iter().map(|cdb| cdb[1]).collect::<Vec<_>>(), [8, 0, 0]);
}

#[test]
fn raw_frames_are_asked_for_in_commands_that_fit() {
    // 64 KiB in one command are 27 frames.
    let mut drive = Fake::drive(vec![(0xbe, good(), vec![7; 27 * 2352]), (0xbe, good(), vec![8; 3 * 2352])]);
    let mut buffer = vec![0; 30 * 2352];
    assert_eq!(drive.read_raw(Lba(100), &mut buffer, RawLayout::Main, SHORT), Ok(()));
    assert!(buffer[..27 * 2352].iter().all(|byte| *byte == 7) && buffer[27 * 2352..].iter().all(|byte| *byte == 8));
    assert_eq!(
        drive.transport.commands,
        [[0xbe, 0, 0, 0, 0, 100, 0, 0, 27, 0xf8, 0, 0], [0xbe, 0, 0, 0, 0, 127, 0, 0, 3, 0xf8, 0, 0],]
    );
    for (layout, expected) in [(RawLayout::MainC2, [0xfa, 0]), (RawLayout::MainSub, [0xf8, 1])] {
        let mut drive = Fake::drive(vec![(0xbe, good(), vec![7; layout.frame()])]);
        assert_eq!(drive.read_raw(Lba(0), &mut vec![0; layout.frame()], layout, SHORT), Ok(()));
        assert_eq!(drive.transport.commands[0][9..11], expected);
    }
    assert!(matches!(Fake::drive(vec![]).read_raw(Lba(0), &mut [0; 100], RawLayout::Main, SHORT), Err(DeviceError::Refused(_))));
    let mut drive = Fake::drive(vec![(0xbe, sense(5, 0x64, 0), vec![])]);
    assert!(matches!(drive.read_raw(Lba(0), &mut [0; 2352], RawLayout::Main, SHORT), Err(DeviceError::WrongMode(_))));
}

#[test]
fn speeds_are_set_as_the_medium_wants_it() {
    let mut drive = Fake::drive(vec![configuration(0x0a), (0xbb, good(), vec![])]);
    assert_eq!(drive.set_speed(Some(1411)), Ok(()));
    assert_eq!(drive.transport.commands[1][..4], [0xbb, 0, 0x05, 0x83]);
    let mut drive = Fake::drive(vec![configuration(0x10), (0xb6, good(), vec![])]);
    assert_eq!(drive.set_speed(Some(5540)), Ok(()));
    assert_eq!((drive.transport.written.len(), &drive.transport.written[12..20]), (28, &[0, 0, 0x15, 0xa4, 0, 0, 3, 0xe8][..]));
    let mut drive = Fake::drive(vec![configuration(0x10), (0xb6, sense(5, 0x20, 0), vec![]), (0xbb, good(), vec![])]);
    assert_eq!(drive.set_speed(None), Ok(()));
    assert_eq!(drive.transport.written[0], 4, "back to the drive's own choice");
}

#[test]
fn the_button_is_heard_and_drives_without_events_are_silent() {
    let event = |code: u8| (0x4a, good(), vec![0, 6, 4, 0x10, code, 2, 0, 0]);
    let mut drive =
        Fake::drive(vec![event(1), event(2), (0x4a, good(), vec![0, 2, 0x80, 0x10]), (0x4a, sense(5, 0x20, 0), vec![])]);
    let heard: Vec<_> = (0..4).map(|_| drive.eject_requested()).collect();
    assert_eq!(heard, [Ok(true), Ok(false), Ok(false), Ok(false)]);
}
