//! Inserting, ejecting, and what survives.

use super::support::{Rig, content, insert, read};
use disk2iso::{
    domain::{drive::TrayStatus, ids::DriveId},
    optical::{DeviceError, DeviceStatus, virtual_drive_id},
};
use std::fs;

#[test]
fn a_new_drive_is_closed_and_empty() {
    let rig = Rig::empty(10, "");
    let mut device = rig.open();
    assert_eq!(device.status().unwrap(), DeviceStatus { tray: TrayStatus::Empty, insertion: Some(0) });
    assert_eq!(read(&mut *device, 0, 1), Err(DeviceError::NoMedium));
    device.eject().unwrap();
    device.close_tray().unwrap();
    assert_eq!(device.status().unwrap().tray, TrayStatus::Empty);
}

#[test]
fn a_drive_is_named_after_its_folder() {
    assert_eq!(virtual_drive_id("/srv/drives/living room".as_ref()), DriveId::new("virtual-living-room"));
}

#[test]
fn inserting_makes_the_folder() {
    let rig = Rig::empty(10, "");
    let folder = rig.path("deep/new");
    assert_eq!(insert(&folder, &rig.image()), Ok(1));
    assert!(folder.join("state.json").is_file());
}

#[test]
fn what_is_inserted_survives_everybody_who_knew() {
    let rig = Rig::loaded(100, "");
    drop(rig.open());
    let mut device = rig.open();
    assert_eq!(device.status().unwrap(), DeviceStatus { tray: TrayStatus::Loaded, insertion: Some(1) });
    assert_eq!(read(&mut *device, 99, 1).unwrap(), rig.sectors(99, 1));
}

#[test]
fn a_disc_cannot_be_put_on_another() {
    let rig = Rig::loaded(10, "");
    let error = insert(&rig.folder(), &rig.image()).unwrap_err();
    assert!(matches!(&error, DeviceError::Refused(text) if text.contains("disc.iso") && text.contains("eject")), "{error}");
    assert_eq!(rig.open().status().unwrap().insertion, Some(1));
}

#[test]
fn a_disc_in_the_open_tray_is_replaced_and_readers_notice() {
    let rig = Rig::loaded(100, "");
    let other = rig.path("other.iso");
    let mut bytes = content(50);
    bytes.reverse();
    fs::write(&other, &bytes).unwrap();
    let mut reader = rig.open();
    read(&mut *reader, 0, 1).unwrap();

    rig.open().eject().unwrap();
    assert_eq!(insert(&rig.folder(), &other), Ok(2));

    assert_eq!(reader.status().unwrap(), DeviceStatus { tray: TrayStatus::Loaded, insertion: Some(2) });
    assert_eq!(reader.capacity(), Err(DeviceError::MediumChanged));
    assert_eq!(reader.capacity(), Ok(50));
    assert_eq!(read(&mut *reader, 0, 1).unwrap(), bytes[..2048]);
}

#[test]
fn closing_the_tray_over_the_same_disc_is_no_insertion() {
    let rig = Rig::loaded(10, "");
    let mut device = rig.open();
    for _ in 0..3 {
        device.eject().unwrap();
        assert_eq!(device.status().unwrap(), DeviceStatus { tray: TrayStatus::Open, insertion: Some(1) });
        device.close_tray().unwrap();
        assert_eq!(device.status().unwrap(), DeviceStatus { tray: TrayStatus::Loaded, insertion: Some(1) });
    }
}

#[test]
fn what_cannot_be_a_disc_is_refused_and_changes_nothing() {
    let rig = Rig::empty(10, "");
    let cut = rig.path("cut.iso");
    fs::write(&cut, vec![0; 5000]).unwrap();
    for image in [cut, rig.folder(), rig.path("none.iso"), "/dev/zero".into()] {
        assert!(matches!(insert(&rig.folder(), &image), Err(DeviceError::Refused(_))), "{}", image.display());
    }
    assert_eq!(rig.open().status().unwrap(), DeviceStatus { tray: TrayStatus::Empty, insertion: Some(0) });
    assert!(!rig.folder().join("state.json").exists());
}

#[test]
fn a_removed_folder_is_a_drive_that_is_gone() {
    let rig = Rig::loaded(10, "");
    let mut device = rig.open();
    fs::remove_dir_all(rig.folder()).unwrap();
    assert_eq!(device.status(), Err(DeviceError::Gone));
    assert_eq!(read(&mut *device, 0, 1), Err(DeviceError::Gone));
    assert_eq!(device.eject(), Err(DeviceError::Gone));
}

#[test]
fn a_broken_state_is_said_and_not_guessed_at() {
    let rig = Rig::loaded(10, "");
    let mut device = rig.open();
    fs::write(rig.path("broken"), "{\"version\": 1").unwrap();
    fs::rename(rig.path("broken"), rig.folder().join("state.json")).unwrap();
    let error = device.status().unwrap_err();
    assert!(matches!(&error, DeviceError::Other(text) if text.contains("state.json") && text.contains("remove")), "{error}");
}

#[test]
fn many_readers_see_every_change_of_the_tray() {
    let rig = Rig::loaded(10, "");
    let mut hand = rig.open();
    let mut readers: Vec<_> = (0..4).map(|_| rig.open()).collect();
    for _ in 0..100 {
        hand.eject().unwrap();
        hand.close_tray().unwrap();
        for reader in &mut readers {
            assert_eq!(read(&mut **reader, 0, 1), Err(DeviceError::MediumChanged));
            assert!(read(&mut **reader, 0, 1).is_ok());
        }
    }
}
