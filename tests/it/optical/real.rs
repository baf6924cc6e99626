//! A real drive with a damaged disc (the VM), read as the imaging engine reads.

use super::support::read;
use disk2iso::{
    filesystems::identify,
    optical::{DeviceAddress, DeviceError},
};
use std::{env, fs};

/// In the VM: `DISK2ISO_TEST_SR` holds a disc of which the sectors listed in `DISK2ISO_TEST_SR_BAD` (with blanks between) cannot
/// be read; without them it is the file `DISK2ISO_TEST_SR_IMAGE`.
#[test]
#[ignore = "needs a drive with a damaged disc in DISK2ISO_TEST_SR"]
fn a_damaged_disc_in_a_real_drive_fails_where_it_is_damaged_and_nowhere_else() {
    let variable = |name: &str| env::var(name).unwrap_or_else(|_| panic!("{name} is not set"));
    let bytes = fs::read(variable("DISK2ISO_TEST_SR_IMAGE")).unwrap();
    let bad: Vec<u64> = variable("DISK2ISO_TEST_SR_BAD").split(' ').map(|lba| lba.parse().unwrap()).collect();
    let mut device = DeviceAddress::Scsi(variable("DISK2ISO_TEST_SR").into()).open().unwrap();
    let medium = identify(&mut *device).unwrap();
    println!("{medium:?}");
    assert_eq!(medium.size.sectors, bytes.len() as u64 / 2048);
    let mut found = Vec::new();
    for lba in 0..medium.size.sectors {
        match read(&mut *device, lba, 1) {
            Ok(sector) => assert!(sector == bytes[lba as usize * 2048..][..2048], "sector {lba}"),
            Err(DeviceError::Medium(_)) => found.push(lba),
            Err(error) => panic!("sector {lba}: {error}"),
        }
    }
    assert_eq!(found, bad);
    assert!(matches!(read(&mut *device, bad[0] - 3, 8), Err(DeviceError::Medium(_))));
    assert!(read(&mut *device, bad[0] + 1, 8).is_ok(), "neighbours are not touched");
}
