//! A drive that says what a test wants it to say.

use super::{
    drive::SHORT,
    parse,
    reply::{self, parse_sense},
    *,
};
use crate::{
    domain::{
        disc::{MediaProfile, Toc, Track},
        ids::Lba,
    },
    optical::{OpticalDevice, Sense},
};
use proptest::prelude::*;
use std::collections::VecDeque;

/// What the drive answers next to an operation code, and what it was sent.
#[derive(Default)]
pub(super) struct Fake {
    pub(super) answers: VecDeque<(u8, Reply, Vec<u8>)>,
    sent: Vec<u8>,
    /// The same, whole.
    pub(super) commands: Vec<Vec<u8>>,
    pub(super) written: Vec<u8>,
    changed: bool,
    tray: Option<CdStatus>,
}

impl Fake {
    pub(super) fn drive(answers: Vec<(u8, Reply, Vec<u8>)>) -> MmcDrive<Self> {
        let mut inquiry = vec![0; 36];
        inquiry[0] = 5;
        inquiry[8..32].copy_from_slice(b"ACME    Laser 9000      ");
        let fake =
            Self { answers: VecDeque::from([(0x12, good(), inquiry), (0x12, sense(5, 0x24, 0), vec![])]), ..Self::default() };
        let mut drive = MmcDrive::new(fake).expect("a drive");
        drive.transport.commands.clear();
        drive.transport.answers.extend(answers);
        drive
    }
}

impl Transport for Fake {
    fn execute(&mut self, cdb: &[u8], data: &mut [u8], _: Duration) -> Result<Reply, DeviceError> {
        // Mode pages are answered by tests that are about them.
        if cdb[0] == 0x5a && self.answers.front().is_none_or(|(code, ..)| *code != 0x5a) {
            return Ok(sense(5, 0x20, 0));
        }
        self.sent.push(cdb[0]);
        self.commands.push(cdb.to_vec());
        let (code, mut reply, bytes) = self.answers.pop_front().unwrap_or_else(|| panic!("unexpected command {:02x}", cdb[0]));
        assert_eq!(code, cdb[0], "command");
        let count = bytes.len().min(data.len());
        data[..count].copy_from_slice(&bytes[..count]);
        reply.transferred = count;
        Ok(reply)
    }

    fn send(&mut self, cdb: &[u8], data: &[u8], limit: Duration) -> Result<Reply, DeviceError> {
        self.written = data.to_vec();
        self.execute(cdb, &mut [], limit)
    }

    fn cd_status(&mut self) -> Result<CdStatus, DeviceError> {
        Ok(self.tray.unwrap_or(CdStatus::DiscOk))
    }

    fn medium_changed_after(&mut self, _: &mut i64) -> bool {
        std::mem::take(&mut self.changed)
    }

    fn max_bytes(&mut self) -> u64 {
        77 * 1024
    }
}

pub(super) fn good() -> Reply {
    Reply::default()
}

pub(super) fn sense(key: u8, asc: u8, ascq: u8) -> Reply {
    Reply { status: 2, sense: vec![0x70, 0, key, 0, 0, 0, 0, 10, 0, 0, 0, 0, asc, ascq, 0, 0, 0, 0], ..Reply::default() }
}

#[test]
fn sense_data_decides_what_happens_next() {
    let limit = Duration::from_secs(3);
    let full = |key, asc, ascq| Sense { key, asc, ascq };
    for ((key, asc, ascq), expected) in [
        ((0, 0, 0), Ok(7)),
        ((1, 0x18, 0), Ok(7)),
        ((2, 0x04, 0x01), Err(DeviceError::NotReady(full(2, 4, 1)))),
        ((2, 0x3a, 0x02), Err(DeviceError::NoMedium)),
        ((2, 0x30, 0x00), Err(DeviceError::Medium(full(2, 0x30, 0)))),
        ((3, 0x11, 0x05), Err(DeviceError::Medium(full(3, 0x11, 5)))),
        ((4, 0x09, 0x01), Err(DeviceError::Medium(full(4, 9, 1)))),
        ((5, 0x21, 0x00), Err(DeviceError::OutOfRange(full(5, 0x21, 0)))),
        ((5, 0x64, 0x00), Err(DeviceError::WrongMode(full(5, 0x64, 0)))),
        ((5, 0x6f, 0x03), Err(DeviceError::Protected(full(5, 0x6f, 3)))),
        ((5, 0x6f, 0x04), Err(DeviceError::Protected(full(5, 0x6f, 4)))),
        ((8, 0x00, 0x00), Err(DeviceError::Medium(full(8, 0, 0)))),
        ((6, 0x28, 0x00), Err(DeviceError::MediumChanged)),
        ((6, 0x29, 0x00), Err(DeviceError::MediumChanged)),
    ] {
        let fixed = Reply { transferred: 7, ..sense(key, asc, ascq) };
        assert_eq!(fixed.check(limit), expected);
        let descriptor = Reply { status: 2, sense: vec![0x72, key, asc, ascq, 0, 0, 0, 0], transferred: 7, ..Reply::default() };
        assert_eq!(descriptor.check(limit), expected);
    }
    assert!(matches!(sense(5, 0x53, 2).check(limit), Err(DeviceError::Refused(text)) if text.contains("locked")));
    assert!(matches!(sense(4, 0x44, 0).check(limit), Err(DeviceError::Other(text)) if text.contains("4/44/00")));
    assert_eq!(Reply { host: 3, ..good() }.check(limit), Err(DeviceError::Timeout(limit)));
    assert_eq!(Reply { driver: 6, ..good() }.check(limit), Err(DeviceError::Timeout(limit)));
    assert_eq!(Reply { host: 1, ..good() }.check(limit), Err(DeviceError::Gone));
    assert!(Reply { host: 7, ..good() }.check(limit).is_err());
    assert!(Reply { status: 2, ..good() }.check(limit).is_err(), "a check condition without sense data is no success");
}

#[test]
fn codes_that_the_drive_did_not_send_are_not_there() {
    let expected = Sense { key: 3, asc: 0, ascq: 0 };
    assert_eq!(parse_sense(&[0x70, 0, 3, 0, 0, 0, 0, 0, 9, 9, 9, 9, 0x11, 5]), Some(expected));
    assert_eq!(parse_sense(&[0x70, 0, 3]), Some(expected));
    assert_eq!(parse_sense(&[0x70, 0]), None);
    assert_eq!(parse_sense(&[]), None);
}

#[test]
fn a_disk_is_not_an_optical_drive() {
    assert!(matches!(parse::inquiry(&[0; 36]), Err(DeviceError::Refused(text)) if text.contains("not an optical drive")));
    assert!(parse::inquiry(&[5; 35]).is_err());
}

#[test]
fn capacity_is_the_last_sector_plus_one_or_an_error() {
    assert_eq!(parse::capacity(&[0, 0, 0, 99, 0, 0, 8, 0]), Ok(100));
    assert!(parse::capacity(&[0xff, 0xff, 0xff, 0xff, 0, 0, 8, 0]).is_err());
    assert!(parse::capacity(&[0, 0, 0, 99, 0, 0, 8]).is_err(), "a short transfer");
    assert!(parse::capacity(&[0, 0, 0, 99, 0, 0, 2, 0]).is_err(), "512-byte sectors");
}

/// CD-Extra: two audio tracks, then a data track in session 2.
fn cd_extra() -> (Vec<u8>, Vec<u8>) {
    let mut toc = vec![0, 34, 1, 3];
    for (control, number, start) in [(0x10, 1, 0), (0x10, 2, 20_000), (0x14, 3, 60_000), (0x14, 0xaa, 70_000_u32)] {
        toc.extend([0, control, number, 0]);
        toc.extend(start.to_be_bytes());
    }
    let mut raw = vec![0, 35, 1, 2];
    for (session, point) in [(1, 1), (1, 2), (2, 3)] {
        raw.extend([session, 0x14, 0, point, 0, 0, 0, 0, 0, 0, 0]);
    }
    (toc, raw)
}

#[test]
fn tracks_know_their_session() {
    let (toc, raw) = cd_extra();
    let mut drive = Fake::drive(vec![(0x43, good(), toc), (0x43, good(), raw)]);
    let tracks = vec![Track::audio(1, 1, 0), Track::audio(2, 1, 20_000), Track::data(3, 2, 60_000)];
    assert_eq!(drive.toc(), Ok(Toc { tracks, lead_out: 70_000, sessions: Vec::new() }));
}

#[test]
fn a_table_without_lead_out_is_no_table() {
    let (mut toc, _) = cd_extra();
    toc[1] = 26;
    assert!(parse::toc(&toc).is_err());
}

#[test]
fn no_known_medium_is_explained_by_the_drive() {
    let mut drive = Fake::drive(vec![(0x46, good(), vec![0; 8]), (0x00, sense(2, 0x3a, 1), vec![])]);
    assert_eq!(drive.profile(), Err(DeviceError::NoMedium));
    let mut drive = Fake::drive(vec![(0x46, good(), vec![0; 8]), (0x00, sense(2, 4, 1), vec![])]);
    assert!(matches!(drive.profile(), Err(DeviceError::NotReady(_))));
}

#[test]
fn a_drive_from_before_mmc_2_is_a_cd_drive() {
    let refused = || sense(5, 0x20, 0);
    let mut drive = Fake::drive(vec![
        (0x46, refused(), vec![]),
        (0x51, refused(), vec![]),
        (0x43, good(), cd_extra().0),
        (0x43, refused(), vec![]),
        (0x43, refused(), vec![]),
    ]);
    assert_eq!(drive.profile(), Ok(MediaProfile::CD_ROM));
}

#[test]
fn a_drive_without_read_10_is_read_with_read_12() {
    let mut drive =
        Fake::drive(vec![(0x28, sense(5, 0x20, 0), vec![]), (0xa8, good(), vec![7; 2048]), (0xa8, good(), vec![8; 2048])]);
    let mut buffer = [0; 2048];
    for expected in [7, 8] {
        drive.read(Lba(5), &mut buffer, SHORT).expect("read");
        assert_eq!(buffer, [expected; 2048]);
    }
}

#[test]
fn an_aborted_read_is_sent_again_and_unreadable_if_it_is_always_aborted() {
    let aborted = || (0x28, sense(0x0b, 0x47, 0), vec![]);
    let mut drive = Fake::drive(vec![aborted(), aborted(), (0x28, good(), vec![7; 2048]), aborted(), aborted(), aborted()]);
    let mut buffer = [0; 2048];
    assert_eq!(drive.read(Lba(5), &mut buffer, SHORT), Ok(()));
    assert_eq!(drive.read(Lba(5), &mut buffer, SHORT), Err(DeviceError::Medium(Sense { key: 0x0b, asc: 0x47, ascq: 0 })));
    assert!(drive.transport.answers.is_empty());
}

#[test]
fn a_short_transfer_is_not_a_sector() {
    let mut drive = Fake::drive(vec![(0x28, good(), vec![7; 2000])]);
    assert!(matches!(drive.read(Lba(5), &mut [0; 2048], SHORT), Err(DeviceError::Other(text)) if text.contains("2000 of 2048")));
}

#[test]
fn a_change_is_told_once_also_if_somebody_else_was_told_by_the_drive() {
    let mut drive = Fake::drive(vec![(0x28, sense(3, 0x11, 5), vec![]), (0x28, sense(3, 0x11, 5), vec![])]);
    drive.transport.changed = true;
    assert_eq!(drive.read(Lba(5), &mut [0; 2048], SHORT), Err(DeviceError::MediumChanged));
    assert!(matches!(drive.read(Lba(5), &mut [0; 2048], SHORT), Err(DeviceError::Medium(_))));
}

#[test]
fn an_attention_that_says_nothing_about_the_medium_is_passed_over() {
    let mut drive = Fake::drive(vec![(0x25, sense(6, 0x2a, 1), vec![]), (0x25, good(), vec![0, 0, 0, 9, 0, 0, 8, 0])]);
    assert_eq!(drive.capacity(), Ok(10));
}

#[test]
fn a_tray_that_stays_shut_is_reported_and_not_tried_again() {
    let mut drive = Fake::drive(vec![(0x1e, good(), vec![]), (0x1b, sense(5, 0x53, 2), vec![])]);
    drive.transport.sent.clear();
    assert!(matches!(drive.eject(), Err(DeviceError::Refused(_))));
    assert_eq!(drive.transport.sent, [0x1e, 0x1b]);
}

#[test]
fn transfers_are_whole_ecc_blocks() {
    assert_eq!(Fake::drive(vec![]).max_transfer(), 32);
}

proptest! {
    #[test]
    fn hostile_answers_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..900)) {
        let _ = parse_sense(&bytes).map(reply::meaning);
        let _ = parse::inquiry(&bytes);
        let _ = parse::serial(&bytes);
        let _ = parse::profile(&bytes);
        let _ = parse::capacity(&bytes);
        let _ = parse::feature_is_current(&bytes, 0x10d);
        let _ = parse::eject_request(&bytes);
        let _ = parse::disc_information(&bytes);
        let _ = parse::track_information(&bytes);
        let _ = parse::error_recovery_page(&bytes, true);
        let _ = (parse::dvd(&bytes), parse::dvd_protection(&bytes), parse::blu_ray(&bytes), parse::blu_ray_profile(&bytes));
        let _ = (parse::catalogue_number(&bytes), parse::isrc(&bytes), parse::atip_profile(&bytes));
        prop_assert!(parse::cd_text(&bytes).len().is_multiple_of(18));
        if let Ok(mut toc) = parse::toc(&bytes) {
            parse::sessions(&bytes, &mut toc);
            parse::last_session(&bytes, &mut toc);
            prop_assert!(toc.tracks.len() <= 99 && toc.sessions.len() <= 99);
        }
        let _ = Reply { status: 2, sense: bytes, ..Reply::default() }.check(SHORT);
    }
}
