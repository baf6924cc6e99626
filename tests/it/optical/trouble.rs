//! Faults that only a drive of its own can have: chosen codes, moods, marks, other discs, buttons.

use super::support::{Rig, content, frames, noise, read};
use disk2iso::{
    domain::drive::TrayStatus,
    optical::{DeviceError, RawLayout, Sense, virtual_eject, virtual_press_button},
};
use std::fs;

#[test]
fn the_drive_says_what_the_script_wants() {
    let rig = Rig::loaded(
        100,
        "[[fault]]\nkind = 'sense'\nlba = 10\nkey = 4\nasc = 0x09\nascq = 1\n[[fault]]\nkind = 'protected'\nlba = 20\n\
         [[fault]]\nkind = 'sense'\nlba = 30\nkey = 5\nasc = 0x6f\nascq = 4\n[[fault]]\nkind = 'sense'\nlba = 40\nkey = 4\nasc = 0x44",
    );
    let mut device = rig.open();
    let sense = |key, asc, ascq| Sense { key, asc, ascq };
    assert_eq!(read(&mut *device, 8, 8), Err(DeviceError::Medium(sense(4, 9, 1))));
    assert_eq!(read(&mut *device, 20, 1), Err(DeviceError::Protected(sense(5, 0x6f, 3))));
    assert_eq!(read(&mut *device, 30, 1), Err(DeviceError::Protected(sense(5, 0x6f, 4))));
    assert!(matches!(read(&mut *device, 40, 1), Err(DeviceError::Other(text)) if text.contains("4/44/00")));
    assert!(read(&mut *device, 50, 50).is_ok());
}

#[test]
fn a_run_out_takes_the_good_sectors_before_it_along() {
    let rig = Rig::loaded(100, "run_out = 2");
    let mut device = rig.open();
    assert_eq!(device.capacity(), Ok(100));
    assert!(read(&mut *device, 0, 98).is_ok());
    for (start, count) in [(90, 9), (98, 1), (99, 1)] {
        assert!(matches!(read(&mut *device, start, count), Err(DeviceError::Medium(_))), "{count} from {start}");
    }
}

#[test]
fn corrected_errors_are_counted_and_the_bytes_are_good() {
    let rig = Rig::loaded(100, "[[fault]]\nkind = 'recovered'\nlba = 10\ncount = 5");
    let mut device = rig.open();
    assert_eq!(read(&mut *device, 0, 10).unwrap(), rig.sectors(0, 10));
    assert_eq!(device.recovered_errors(), 0);
    for _ in 0..3 {
        assert_eq!(read(&mut *device, 12, 1).unwrap(), rig.sectors(12, 1));
    }
    assert_eq!(device.recovered_errors(), 3);
}

#[test]
fn a_flaky_sector_is_readable_in_the_end() {
    let rig = Rig::loaded(100, "[[fault]]\nkind = 'flaky'\nlba = 10\ncount = 2\ntimes = 3");
    for _ in 0..3 {
        // Whoever asks: the disc remembers.
        assert!(matches!(read(&mut *rig.open(), 0, 20), Err(DeviceError::Medium(_))));
    }
    assert_eq!(read(&mut *rig.open(), 0, 20).unwrap(), rig.sectors(0, 20));
    assert!(rig.open().read_again(disk2iso::domain::ids::Lba(10), &mut [0; 2048], super::support::LIMIT).is_ok());
}

fn audio(script: &str) -> (Rig, Vec<u8>) {
    let bytes = noise(100 * 2352, 5);
    (Rig::described("[[track]]\nkind = 'audio'\nfile = 'a.raw'", &[("a.raw", &bytes)], script), bytes)
}

#[test]
fn marked_bytes_are_the_wrong_ones() {
    let (rig, bytes) = audio("[[fault]]\nkind = 'c2'\nlba = 10\nbytes = 20\ntimes = 2");
    let mut device = rig.open();
    for _ in 0..2 {
        let frame = frames(&mut *device, 10, 1, RawLayout::MainC2).unwrap();
        let wrong: Vec<usize> = (0..2352).filter(|at| frame[*at] != bytes[10 * 2352 + at]).collect();
        let marked: Vec<usize> = (0..2352).filter(|at| frame[2352 + at / 8] & 0x80 >> (at % 8) != 0).collect();
        assert_eq!((wrong.len(), &wrong), (20, &marked));
    }
    assert!(
        frames(&mut *device, 10, 1, RawLayout::MainC2).unwrap()[..2352] == bytes[10 * 2352..11 * 2352],
        "the third time it is well"
    );
}

#[test]
fn a_drive_that_loses_its_place_gives_other_bytes_the_first_time() {
    let (rig, bytes) = audio("[[fault]]\nkind = 'jitter'\nlba = 10\nsamples = 7");
    let mut device = rig.open();
    let at = 10 * 2352;
    assert!(frames(&mut *device, 10, 1, RawLayout::Main).unwrap() == bytes[at + 28..at + 28 + 2352]);
    assert!(frames(&mut *device, 10, 1, RawLayout::Main).unwrap() == bytes[at..at + 2352]);
}

#[test]
fn frames_have_the_faults_of_sectors() {
    let (rig, bytes) = audio("[[fault]]\nkind = 'bad'\nlba = 10\n[[fault]]\nkind = 'wrong_once'\nlba = 20");
    let mut device = rig.open();
    assert!(matches!(frames(&mut *device, 0, 20, RawLayout::Main), Err(DeviceError::Medium(_))));
    let first = frames(&mut *device, 20, 1, RawLayout::Main).unwrap();
    assert!(first[..16] != bytes[20 * 2352..20 * 2352 + 16] && first[16..] == bytes[20 * 2352 + 16..21 * 2352]);
    assert!(frames(&mut *device, 20, 1, RawLayout::Main).unwrap() == bytes[20 * 2352..21 * 2352]);
}

#[test]
fn a_disc_that_changes_in_mid_read_is_told_before_a_byte_of_it_is_given() {
    let rig = Rig::empty(100, "[[fault]]\nkind = 'swap'\nlba = 50\nimage = '../other.iso'");
    let mut other = content(60);
    other.reverse();
    fs::write(rig.path("other.iso"), &other).unwrap();
    super::support::insert(&rig.folder(), &rig.image()).unwrap();
    let mut device = rig.open();
    assert_eq!(read(&mut *device, 0, 50).unwrap(), rig.sectors(0, 50));
    assert_eq!(read(&mut *device, 40, 20).err(), Some(DeviceError::MediumChanged));
    assert_eq!(device.capacity(), Ok(60));
    assert!(read(&mut *device, 0, 60).unwrap() == other);
    assert_eq!(device.status().unwrap().insertion, Some(2));
}

#[test]
fn what_the_drive_claims_and_refuses() {
    let rig = Rig::loaded(100, "read_capacity = 200\nunreadable_toc = true\neject_refused = true");
    let mut device = rig.open();
    assert_eq!(device.capacity(), Ok(200));
    assert!(matches!(read(&mut *device, 100, 1), Err(DeviceError::OutOfRange(_))));
    assert!(matches!(device.toc(), Err(DeviceError::Medium(_))));
    assert!(matches!(device.eject(), Err(DeviceError::Refused(text)) if text.contains("locked")));
    assert_eq!(device.status().unwrap().tray, TrayStatus::Loaded);
}

#[test]
fn the_button_opens_the_tray_or_asks_for_it() {
    let rig = Rig::loaded(100, "");
    let mut device = rig.open();
    device.lock(true).unwrap();
    assert_eq!(device.eject_requested(), Ok(false));
    virtual_press_button(&rig.folder()).unwrap();
    assert_eq!(device.status().unwrap().tray, TrayStatus::Loaded);
    assert_eq!(device.eject_requested(), Ok(true));
    assert_eq!(device.eject_requested(), Ok(false), "an event is told once");
    device.eject().expect("who ejects unlocks first");
    virtual_press_button(&rig.folder()).unwrap();
    assert_eq!(device.status().unwrap().tray, TrayStatus::Loaded, "the button closes an open tray");
    virtual_press_button(&rig.folder()).unwrap();
    assert_eq!(device.status().unwrap().tray, TrayStatus::Open, "nothing is locked any more");
    device.close_tray().unwrap();
    device.lock(true).unwrap();
    virtual_eject(&rig.folder()).unwrap();
    assert_eq!(device.status().unwrap().tray, TrayStatus::Open, "the needle opens a locked tray");
}

#[test]
fn a_chosen_speed_is_kept() {
    let bytes = noise(150 * 2352, 5);
    let rig = Rig::described("[[track]]\nkind = 'audio'\nfile = 'a.raw'", &[("a.raw", &bytes)], "");
    let mut device = rig.open();
    assert!(frames(&mut *device, 0, 150, RawLayout::Main).is_ok());
    // 150 frames at 4 times 176 kilobytes per second are half a second.
    device.set_speed(Some(706)).unwrap();
    let begin = std::time::Instant::now();
    assert!(frames(&mut *device, 0, 150, RawLayout::Main).is_ok());
    assert!(begin.elapsed().as_millis() >= 300, "{:?}", begin.elapsed());
    device.set_speed(None).unwrap();
    let dvd = Rig::described("profile = 0x10\n[[track]]\nkind = 'mode1'\nsectors = 100", &[], "");
    assert_eq!(dvd.open().set_speed(Some(1385)), Ok(()));
}
