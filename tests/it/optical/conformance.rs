//! What every [`OpticalDevice`] must do. The suite runs on image files, virtual drives and, in the VM test, on a real drive.

use super::support::{Rig, frames, read};
use disk2iso::{
    domain::{
        disc::{
            DiscState,
            frame::{edc_ok, user_data},
        },
        drive::TrayStatus,
        ids::Lba,
    },
    optical::{DeviceAddress, DeviceError, OpticalDevice, RawLayout},
};
use std::{
    env, fs, thread,
    time::{Duration, Instant},
};

/// A disc is in the drive and `bytes` is what is on it.
fn conformance(address: &DeviceAddress, bytes: &[u8]) {
    let mut device = address.open().unwrap();
    says_what_it_is(&mut *device, bytes);
    reads_what_is_there(&mut *device, bytes);
    tells_the_end_from_damage(&mut *device, bytes);
    tells_about_the_disc(&mut *device, bytes);
    two_handles_do_not_disturb_each_other(address, bytes);
}

/// The drive has a tray that can be opened and closed by command.
fn tray_conformance(address: &DeviceAddress, bytes: &[u8]) {
    let mut before = address.open().unwrap();
    assert_eq!(read(&mut *before, 0, 1).unwrap(), bytes[..2048]);
    let mut unaware = address.open().unwrap();
    assert!(read(&mut *unaware, 1, 1).is_ok());
    let insertion = before.status().unwrap().insertion;

    let mut hand = address.open().unwrap();
    hand.eject().unwrap();
    assert_eq!(hand.status().unwrap().tray, TrayStatus::Open);
    hand.eject().expect("ejecting twice is once");
    assert_eq!(before.status().unwrap().tray, TrayStatus::Open, "every handle sees the tray");
    assert_eq!(read(&mut *before, 0, 1).err(), Some(DeviceError::NoMedium));
    assert_eq!(before.capacity(), Err(DeviceError::NoMedium));
    assert_eq!(before.profile(), Err(DeviceError::NoMedium));
    let opened_while_open = address.open().expect("opening does not need a medium");
    drop(opened_while_open);
    assert_eq!(hand.status().unwrap().tray, TrayStatus::Open, "opening a drive does not close its tray");

    hand.close_tray().unwrap();
    wait_until_loaded(&mut *hand);
    hand.close_tray().expect("closing twice is once");
    assert_eq!(hand.status().unwrap().insertion, insertion, "the same disc lay in the tray");
    assert_eq!(read(&mut *before, 0, 1).err(), Some(DeviceError::MediumChanged), "the reader must look again what disc it is");
    assert!(read(&mut *before, 0, 1).unwrap() == bytes[..2048], "told once");
    // A reader that was idle meanwhile is told as well, whoever got the drive's own notice.
    thread::sleep(Duration::from_millis(600));
    assert_eq!(read(&mut *unaware, 1, 1).err(), Some(DeviceError::MediumChanged));
    assert!(read(&mut *unaware, 1, 1).unwrap() == bytes[2048..4096]);
    reads_what_is_there(&mut *address.open().unwrap(), bytes);
}

fn wait_until_loaded(device: &mut dyn OpticalDevice) {
    let end = Instant::now() + Duration::from_secs(60);
    while device.status().unwrap().tray != TrayStatus::Loaded || device.capacity().is_err() {
        assert!(Instant::now() < end, "the drive did not become ready");
        thread::sleep(Duration::from_millis(100));
    }
}

fn says_what_it_is(device: &mut dyn OpticalDevice, bytes: &[u8]) {
    let sectors = bytes.len() as u64 / 2048;
    let identity = device.identity().unwrap();
    assert!(!identity.model.is_empty());
    for text in [&identity.vendor, &identity.model, &identity.firmware, &identity.serial] {
        assert_eq!(text.trim(), text);
        assert!(!text.chars().any(char::is_control), "{text:?}");
    }
    assert_eq!(device.status().unwrap().tray, TrayStatus::Loaded);
    assert_eq!(device.capacity().unwrap(), sectors);
    assert_ne!(device.profile().unwrap().class(), "other");
    let toc = device.toc().unwrap();
    assert_eq!((toc.tracks.len(), toc.tracks[0].start, toc.has_data(), toc.has_audio()), (1, 0, true, false));
    assert_eq!(toc.lead_out, sectors);
    assert!(device.max_transfer() >= 16, "less than an ECC block of a DVD is slow: {}", device.max_transfer());
}

fn reads_what_is_there(device: &mut dyn OpticalDevice, bytes: &[u8]) {
    let (sectors, most) = (bytes.len() as u64 / 2048, u64::from(device.max_transfer()));
    // Steps that are no divisor of anything, and the largest ones.
    for step in [most, 7.min(most)] {
        let end = if step == most { sectors } else { sectors.min(200) };
        for start in (0..end).step_by(usize::try_from(step).unwrap()) {
            let count = step.min(sectors - start);
            let got = read(device, start, count).unwrap_or_else(|error| panic!("{count} sectors from {start}: {error}"));
            assert!(got == bytes[start as usize * 2048..(start + count) as usize * 2048], "{count} sectors from {start} differ");
        }
    }
    assert!(read(device, sectors - 1, 1).unwrap() == bytes[bytes.len() - 2048..], "the last sector");
}

fn tells_the_end_from_damage(device: &mut dyn OpticalDevice, bytes: &[u8]) {
    let sectors = bytes.len() as u64 / 2048;
    for (start, count) in [(sectors, 1), (sectors - 1, 2), (sectors + 1000, 1), (u64::from(u32::MAX), 1), (u64::MAX / 2048, 1)] {
        let error = read(device, start, count).expect_err("past the end");
        assert!(matches!(error, DeviceError::OutOfRange(_)), "{count} sectors from {start}: {error:?}");
    }
    assert!(matches!(
        device.read(disk2iso::domain::ids::Lba(0), &mut [0; 2047], super::support::LIMIT),
        Err(DeviceError::Refused(_))
    ));
    let too_many = u64::from(device.max_transfer()) + 1;
    assert!(matches!(read(device, 0, too_many), Err(DeviceError::Refused(_))));
    assert!(read(device, 0, 1).is_ok(), "an error does not stick");
}

/// An answer, or that there is none. Anything else is a drive that does not know what to say.
fn answer<T>(what: &str, answer: Result<T, DeviceError>) -> Option<T> {
    match answer {
        Ok(answer) => Some(answer),
        Err(DeviceError::Refused(_)) => None,
        Err(error) => panic!("{what}: {error:?}"),
    }
}

/// Every question of the port has an answer that fits the disc, or is refused.
fn tells_about_the_disc(device: &mut dyn OpticalDevice, bytes: &[u8]) {
    let sectors = bytes.len() as u64 / 2048;
    let is_cd = device.profile().unwrap().class() == "cd";
    assert!(!device.is_blank().unwrap());
    if let Some(information) = answer("disc information", device.disc_information()) {
        assert_eq!((information.state, information.sessions, information.last_tracks), (DiscState::Complete, 1, (1, 1)));
    }
    if let Some(tracks) = answer("tracks", device.tracks()) {
        let [track] = tracks.as_slice() else { panic!("{tracks:?}") };
        assert_eq!((track.number, track.session, track.start, track.sectors, track.blank), (1, 1, 0, sectors, false));
    }
    if let Some(structure) = answer("structure", device.structure()) {
        assert!(!is_cd && (1..=4).contains(&structure.layers) && structure.sectors > 0, "{structure:?}");
    }
    assert_eq!(answer("protection", device.protection()).flatten(), None);
    assert!(device.block_device_sectors().is_none_or(|size| size == sectors));
    assert!(answer("texts", device.cd_text()).unwrap_or_default().is_empty());
    let (number, code) = (device.catalogue_number(), device.isrc(1));
    // QEMU's drive breaks the transfer off instead of refusing READ SUB-CHANNEL.
    if device.identity().unwrap().vendor != "QEMU" || !matches!(number, Err(DeviceError::Other(_))) {
        assert_eq!(answer("catalogue number", number).flatten(), None);
        assert_eq!(answer("recording code", code).flatten(), None);
    }
    let mut buffer = vec![0; 2 * 2048];
    device.read_again(Lba(1), &mut buffer, super::support::LIMIT).unwrap();
    assert!(buffer == bytes[2048..3 * 2048]);
    for layout in [RawLayout::Main, RawLayout::MainC2, RawLayout::MainSub] {
        // Drives need not know each layout, and only CDs have frames.
        if let Ok(raw) = frames(device, 5, 2, layout) {
            for (index, frame) in raw.chunks(layout.frame()).enumerate() {
                let sector = &bytes[(5 + index) * 2048..][..2048];
                assert!(user_data(&frame[..2352]) == Some(sector) && edc_ok(&frame[..2352]), "{layout:?}");
            }
        }
    }
    answer("speed", device.set_speed(Some(16 * 1385)));
    answer("speed", device.set_speed(None));
    for locked in [true, false] {
        answer("lock", device.lock(locked));
    }
    assert!(!device.eject_requested().unwrap());
    assert_eq!(device.recovered_errors(), 0);
    assert!(read(device, 0, 1).unwrap() == bytes[..2048], "no question has changed anything");
}

fn two_handles_do_not_disturb_each_other(address: &DeviceAddress, bytes: &[u8]) {
    let read_all = |backwards: bool| {
        let mut device = address.open().unwrap();
        let sectors = (bytes.len() as u64 / 2048).min(300);
        for index in 0..sectors {
            let lba = if backwards { sectors - 1 - index } else { index };
            assert!(read(&mut *device, lba, 1).unwrap() == bytes[lba as usize * 2048..][..2048], "sector {lba}");
        }
    };
    thread::scope(|scope| {
        scope.spawn(|| read_all(true));
        scope.spawn(|| read_all(false));
    });
}

#[test]
fn an_image_file_conforms() {
    let rig = Rig::empty(1000, "");
    let address = DeviceAddress::ImageFile(rig.image());
    conformance(&address, &rig.bytes);
    let mut device = address.open().unwrap();
    assert!(matches!(device.eject(), Err(DeviceError::Refused(_))));
    assert!(matches!(device.close_tray(), Err(DeviceError::Refused(_))));
}

#[test]
fn a_virtual_drive_conforms() {
    let rig = Rig::loaded(1000, "");
    conformance(&rig.address(), &rig.bytes);
    tray_conformance(&rig.address(), &rig.bytes);
}

#[test]
fn a_virtual_drive_conforms_with_every_family_of_media() {
    for profile in [0x09, 0x10, 0x1b, 0x40, 0x43] {
        let rig = Rig::loaded(300, &format!("profile = {profile}"));
        conformance(&rig.address(), &rig.bytes);
    }
}

/// In the VM: `DISK2ISO_TEST_SR=/dev/sr1 DISK2ISO_TEST_SR_IMAGE=disc.iso it --include-ignored --exact optical::conformance::a_real_drive_conforms`
#[test]
#[ignore = "needs a drive in DISK2ISO_TEST_SR and what is in it as a file in DISK2ISO_TEST_SR_IMAGE"]
fn a_real_drive_conforms() {
    let node = env::var_os("DISK2ISO_TEST_SR").expect("DISK2ISO_TEST_SR names a drive");
    let image = env::var_os("DISK2ISO_TEST_SR_IMAGE").expect("DISK2ISO_TEST_SR_IMAGE names an image");
    let bytes = fs::read(image).unwrap();
    let address = DeviceAddress::Scsi(node.into());
    wait_until_loaded(&mut *address.open().unwrap());
    conformance(&address, &bytes);
    tray_conformance(&address, &bytes);
}

#[test]
fn what_is_no_drive_is_refused() {
    let rig = Rig::empty(10, "");
    let odd = rig.path("odd.iso");
    fs::write(&odd, vec![0; 2049]).unwrap();
    let empty = rig.path("empty.iso");
    fs::write(&empty, []).unwrap();
    for (address, word) in [
        (DeviceAddress::ImageFile(odd), "1 bytes too many"),
        (DeviceAddress::ImageFile(empty), "empty"),
        (DeviceAddress::ImageFile(rig.folder()), "neither a regular file"),
        (DeviceAddress::ImageFile(rig.path("none.iso")), "no such file"),
        (DeviceAddress::ImageFile("/dev/null".into()), "neither a regular file"),
        (DeviceAddress::Scsi("/dev/null".into()), "not an optical drive"),
        (DeviceAddress::Scsi(rig.image()), "not an optical drive"),
    ] {
        match address.open().err() {
            Some(DeviceError::Refused(text)) => assert!(text.contains(word), "{address:?}: {text}"),
            other => panic!("{address:?}: {other:?}"),
        }
    }
    assert_eq!(DeviceAddress::Scsi("/dev/sr77".into()).open().err(), Some(DeviceError::Gone));
    assert_eq!(DeviceAddress::Virtual(rig.path("none")).open().err(), Some(DeviceError::Gone));
}
