//! Faults of virtual drives that do not hang.

use super::support::{Rig, insert, read};
use disk2iso::optical::{DeviceError, Sense};
use std::{
    thread,
    time::{Duration, Instant},
};

const UNREADABLE: DeviceError = DeviceError::Medium(Sense { key: 3, asc: 0x11, ascq: 5 });

#[test]
fn a_request_that_touches_a_bad_sector_fails_whole_and_always() {
    let rig = Rig::loaded(100, "[[fault]]\nkind = 'bad'\nlba = 40\ncount = 2");
    let mut device = rig.open();
    for _ in 0..2 {
        assert_eq!(read(&mut *device, 30, 11), Err(UNREADABLE));
        assert_eq!(read(&mut *device, 41, 10), Err(UNREADABLE));
        assert_eq!(read(&mut *device, 0, 100), Err(UNREADABLE));
        assert_eq!(read(&mut *device, 30, 10).unwrap(), rig.sectors(30, 10));
        assert_eq!(read(&mut *device, 42, 58).unwrap(), rig.sectors(42, 58));
    }
}

#[test]
fn slow_sectors_cost_their_time_each() {
    let rig = Rig::loaded(100, "[[fault]]\nkind = 'slow'\nlba = 10\ncount = 10\nmilliseconds = 50");
    let mut device = rig.open();
    let mut took = |start, count| {
        let begin = Instant::now();
        assert_eq!(read(&mut *device, start, count).unwrap(), rig.sectors(start, count));
        begin.elapsed()
    };
    took(0, 10);
    assert!(took(5, 10) >= Duration::from_millis(250));
    assert!(took(0, 100) >= Duration::from_millis(500));
}

#[test]
fn wrong_bytes_come_once_per_sector_and_insertion_and_say_all_is_well() {
    let rig = Rig::loaded(100, "[[fault]]\nkind = 'wrong_once'\nlba = 10\ncount = 4");
    let spoilt = |start: u64, count: u64, wrong: &[u64]| {
        let mut bytes = rig.sectors(start, count).to_vec();
        for sector in wrong {
            bytes[(sector - start) as usize * 2048..][..16].iter_mut().for_each(|byte| *byte ^= 0xff);
        }
        bytes
    };
    let first = |range: &[(u64, u64, &[u64])]| {
        for (start, count, wrong) in range {
            // A new handle each time: the drive remembers, not the reader.
            assert!(read(&mut *rig.open(), *start, *count).unwrap() == spoilt(*start, *count, wrong), "{count} from {start}");
        }
    };
    first(&[(12, 1, &[12]), (0, 100, &[10, 11, 13]), (0, 100, &[])]);
    rig.open().eject().unwrap();
    rig.open().close_tray().unwrap();
    first(&[(0, 100, &[])]);
    rig.open().eject().unwrap();
    insert(&rig.folder(), &rig.image()).unwrap();
    first(&[(10, 4, &[10, 11, 12, 13]), (10, 4, &[])]);
}

#[test]
fn a_vanished_drive_is_gone_until_the_next_insertion() {
    let rig = Rig::loaded(100, "[[fault]]\nkind = 'vanish'\nlba = 50");
    let (mut reader, mut other) = (rig.open(), rig.open());
    assert!(read(&mut *reader, 0, 50).is_ok());
    assert_eq!(read(&mut *reader, 40, 20), Err(DeviceError::Gone));
    for gone in [&mut reader, &mut other] {
        assert_eq!(gone.status(), Err(DeviceError::Gone));
        assert_eq!(gone.identity(), Err(DeviceError::Gone));
        assert_eq!(gone.eject(), Err(DeviceError::Gone));
    }
    assert_eq!(rig.address().open().err(), Some(DeviceError::Gone));

    assert_eq!(insert(&rig.folder(), &rig.image()), Ok(2));
    assert_eq!(reader.status(), Err(DeviceError::Gone), "an old handle never gets the drive back");
    assert!(read(&mut *rig.open(), 0, 50).is_ok());
}

#[test]
fn a_vanished_drive_comes_back_by_itself_once_per_insertion() {
    let rig = Rig::loaded(100, "[[fault]]\nkind = 'vanish'\nlba = 50\nmilliseconds = 300");
    assert_eq!(read(&mut *rig.open(), 50, 1), Err(DeviceError::Gone));
    assert_eq!(rig.address().open().err(), Some(DeviceError::Gone));
    thread::sleep(Duration::from_millis(350));
    let mut device = rig.open();
    assert_eq!(device.status().unwrap().insertion, Some(1));
    assert_eq!(read(&mut *device, 0, 100).unwrap(), rig.bytes);
}
