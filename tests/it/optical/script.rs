//! `drive.toml`: when it is read, what is refused, how fast it makes the drive.

use super::support::{Rig, insert, read};
use disk2iso::{domain::drive::TrayStatus, optical::DeviceError};
use std::time::Instant;

#[test]
fn a_mistake_in_the_script_refuses_the_insertion() {
    let rig = Rig::empty(10, "speed_bytes_per_second = 0");
    let Err(DeviceError::Refused(text)) = insert(&rig.folder(), &rig.image()) else { panic!("not refused") };
    assert!(text.contains("drive.toml: speed_bytes_per_second = 0: allowed are whole numbers from 2048"), "{text}");
    assert_eq!(rig.open().status().unwrap().tray, TrayStatus::Empty);
    rig.script("");
    assert_eq!(insert(&rig.folder(), &rig.image()), Ok(1));
}

#[test]
fn the_script_is_read_at_each_insertion_and_not_later() {
    let rig = Rig::loaded(10, "");
    rig.script("[[fault]]\nkind = 'bad'\nlba = 3");
    let mut device = rig.open();
    assert!(read(&mut *device, 3, 1).is_ok());
    device.eject().unwrap();
    device.close_tray().unwrap();
    assert!(read(&mut *rig.open(), 3, 1).is_ok(), "the tray closed over the same disc");
    device.eject().unwrap();
    insert(&rig.folder(), &rig.image()).unwrap();
    assert!(matches!(read(&mut *rig.open(), 3, 1), Err(DeviceError::Medium(_))));
}

#[test]
fn the_profile_follows_the_size_unless_the_script_says_otherwise() {
    assert_eq!(Rig::loaded(10, "").open().profile().unwrap().0, 0x08);
    assert_eq!(Rig::loaded(10, "profile = 0x1a").open().profile().unwrap().0, 0x1a);
}

#[test]
fn the_speed_limit_is_kept_and_reached() {
    // Given 16 MiB at 16 MiB per second, read in requests of all sizes.
    let rig = Rig::loaded(8192, "speed_bytes_per_second = 16777216");
    let mut device = rig.open();
    let start = Instant::now();
    let mut lba = 0;
    for step in (1..=128).cycle() {
        let count = step.min(8192 - lba);
        read(&mut *device, lba, count).unwrap();
        lba += count;
        if lba == 8192 {
            break;
        }
    }
    let seconds = start.elapsed().as_secs_f64();
    assert!(seconds >= 0.99, "faster than the limit: {seconds} s");
}
