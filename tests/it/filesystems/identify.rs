//! Which disc it is: kind, label, size and fingerprint by way of drives.

use super::support::{iso, sectors};
use crate::optical::support::Rig;
use disk2iso::{
    domain::disc::{DiscKind, Medium, SizeRule},
    filesystems::{IdentifyFailure, identify},
    optical::{DeviceAddress, virtual_insert},
};
use std::{fs, path::Path};

/// Identifies an image in a virtual drive with this script.
fn in_drive(image: &str, script: &str) -> Result<Medium, IdentifyFailure> {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("drive.toml"), script).unwrap();
    virtual_insert(folder.path(), Path::new(image)).unwrap();
    identify(&mut *DeviceAddress::Virtual(folder.path().to_owned()).open().unwrap())
}

#[test]
fn a_data_disc_has_label_kind_size_and_identity() {
    let (_keep, image) = iso("xorriso", &["-as", "mkisofs", "-quiet", "-J", "-V", "Backup 7"], &["a.txt"]);
    let medium = in_drive(&image, "").unwrap();
    assert_eq!((medium.label.as_str(), medium.kind, medium.profile.0), ("Backup 7", DiscKind::DataCd, 0x08));
    assert_eq!((medium.size.sectors, medium.size.rule), (sectors(&image), SizeRule::Medium));
    assert_eq!(medium.size.claims.toc_lead_out, Some(sectors(&image)));
    let file = identify(&mut *DeviceAddress::ImageFile(image.into()).open().unwrap()).unwrap();
    assert!(file.is_same_disc(&medium), "a file and a drive agree");
    assert_eq!(
        (file.label, file.kind, file.toc, file.size.sectors),
        (medium.label, medium.kind, medium.toc, medium.size.sectors)
    );
}

#[test]
fn the_family_of_the_medium_and_its_root_folder_make_the_kind() {
    let (_keep, film) = iso("genisoimage", &["-quiet", "-udf", "-V", "FILM"], &["VIDEO_TS/VIDEO_TS.IFO"]);
    let (_keep, blu) = iso("genisoimage", &["-quiet", "-udf", "-V", "BLU"], &["BDMV/index.bdmv"]);
    for (image, profile, kind) in [
        (&film, "profile = 0x10", DiscKind::DvdVideo),
        (&film, "profile = 0x2b", DiscKind::DvdVideo),
        (&film, "profile = 0x40", DiscKind::DataBd),
        (&film, "", DiscKind::DataCd),
        (&blu, "profile = 0x43", DiscKind::BdVideo),
        (&blu, "profile = 0x10", DiscKind::DataDvd),
    ] {
        assert_eq!(in_drive(image, profile).unwrap().kind, kind, "{profile}");
    }
}

#[test]
fn the_fingerprint_is_the_disc_and_not_its_label() {
    let make =
        |file: &str| iso("xorriso", &["-as", "mkisofs", "-quiet", "-V", "NEW", "--modification-date=2020010112000000"], &[file]);
    let ((_a, one), (_b, other)) = (make("a.txt"), make("b.txt"));
    let print = |image: &str, script: &str| in_drive(image, script).unwrap().fingerprint;
    assert_eq!(print(&one, ""), print(&one, "speed_bytes_per_second = 1000000"));
    assert_ne!(print(&one, ""), print(&other, ""));
    assert_eq!(print(&one, "").0.len(), 32);
}

#[test]
fn damage_away_from_the_samples_changes_nothing() {
    let rig = Rig::empty(4000, "");
    let image = rig.image().to_str().unwrap().to_owned();
    let whole = in_drive(&image, "").unwrap();
    assert_eq!(whole.kind, DiscKind::DataCd);
    assert_eq!(in_drive(&image, "[[fault]]\nkind = 'bad'\nlba = 2000\ncount = 2000").unwrap(), whole);
    let hurt = in_drive(&image, "[[fault]]\nkind = 'bad'\nlba = 18").unwrap();
    assert_ne!(hurt.fingerprint, whole.fingerprint);
}

#[test]
fn a_disc_that_cannot_be_read_is_called_that() {
    let rig = Rig::empty(4000, "");
    let failure = in_drive(rig.image().to_str().unwrap(), "[[fault]]\nkind = 'bad'\nlba = 0\ncount = 4000").unwrap_err();
    assert_eq!(failure, IdentifyFailure::Unreadable("unreadable sector (3/11/05)".to_owned()));
}

#[test]
fn a_formatted_disc_with_nothing_on_it_is_blank_and_a_written_one_as_big_as_its_file_system() {
    let folder = tempfile::tempdir().unwrap();
    let blank = folder.path().join("blank.img");
    fs::write(&blank, vec![0; 4000 * 2048]).unwrap();
    assert_eq!(in_drive(blank.to_str().unwrap(), "profile = 0x1a"), Err(IdentifyFailure::Blank));
    assert!(in_drive(blank.to_str().unwrap(), "profile = 0x10").is_ok(), "a pressed disc of zeros is a disc");

    let (_keep, image) = iso("genisoimage", &["-quiet", "-V", "REWRITTEN"], &["a.txt"]);
    let written = sectors(&image);
    fs::OpenOptions::new().write(true).open(&image).unwrap().set_len(4000 * 2048).unwrap();
    let medium = in_drive(&image, "profile = 0x1a").unwrap();
    assert_eq!((medium.size.rule, medium.size.claims.read_capacity), (SizeRule::FileSystem, Some(4000)));
    assert!(medium.size.sectors <= written && medium.size.sectors + 160 > written, "{:?} of {written}", medium.size);
}

#[test]
fn what_happens_meanwhile_is_told() {
    let rig = Rig::empty(4000, "");
    assert_eq!(identify(&mut *rig.open()), Err(IdentifyFailure::NoMedium));
    virtual_insert(&rig.folder(), &rig.image()).unwrap();
    let mut device = rig.open();
    rig.open().eject().unwrap();
    assert_eq!(identify(&mut *device), Err(IdentifyFailure::NoMedium));
    rig.open().close_tray().unwrap();
    assert_eq!(identify(&mut *device), Err(IdentifyFailure::Changed));
    assert!(identify(&mut *device).is_ok());
    let gone = in_drive(rig.image().to_str().unwrap(), "[[fault]]\nkind = 'vanish'\nlba = 17");
    assert_eq!(gone, Err(IdentifyFailure::Gone));
}
