//! Every kind of disc in a virtual drive: what `identify` says of it.

use super::support::{iso, run, sectors};
use disk2iso::{
    domain::disc::{DiscKind, FileSystemKind, Medium, Protection, Recording, SizeRule},
    filesystems::{IdentifyFailure, identify},
    optical::{DeviceAddress, virtual_insert},
};
use std::fs;
use tempfile::TempDir;

/// A folder for descriptions and their files.
struct Shelf(TempDir);

impl Shelf {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// Copies an image here and tells how many sectors it has.
    fn add(&self, image: &str, name: &str) -> u64 {
        fs::copy(image, self.0.path().join(name)).unwrap();
        sectors(image)
    }

    /// Identifies the disc of this description.
    fn identify(&self, description: &str) -> Result<Medium, IdentifyFailure> {
        self.identify_in(description, "")
    }

    /// The same in a drive with this script.
    fn identify_in(&self, description: &str, script: &str) -> Result<Medium, IdentifyFailure> {
        let file = self.0.path().join("disc.disc.toml");
        fs::write(&file, description).unwrap();
        let drive = tempfile::tempdir().unwrap();
        fs::write(drive.path().join("drive.toml"), script).unwrap();
        virtual_insert(drive.path(), &file).unwrap_or_else(|error| panic!("{error}\n{description}"));
        identify(&mut *DeviceAddress::Virtual(drive.path().to_owned()).open().unwrap())
    }
}

fn audio(sectors: u64) -> String {
    format!("[[track]]\nkind = 'audio'\nsectors = {sectors}\n")
}

fn data(file: &str, session: u8, more: &str) -> String {
    format!("[[track]]\nkind = 'mode1'\nfile = '{file}'\nsession = {session}\n{more}\n")
}

fn disc(options: &[&str], files: &[&str]) -> (TempDir, String) {
    iso("genisoimage", &[&["-quiet"], options].concat(), files)
}

#[test]
fn an_audio_cd_has_ids_and_titles() {
    // The example of musicbrainz.org/doc/Disc_ID_Calculation.
    let starts = [0, 15213, 32164, 46442, 63264, 80339, 95312];
    let tracks: String = starts.windows(2).map(|pair| audio(pair[1] - pair[0])).collect();
    let header = "catalogue_number = '0602517818866'\ntext = { title = 'Album', performer = 'Band' }\n";
    let medium = Shelf::new().identify(&format!("{header}{tracks}text = {{ title = 'Last' }}\n")).unwrap();
    assert_eq!((medium.kind, medium.size.sectors, medium.sessions), (DiscKind::AudioCd, 95_312, 1));
    assert_eq!(medium.ids.musicbrainz.as_deref(), Some("49HHV7Eb8UKF3aQiNmu1GR8vKTY-"));
    assert_eq!(medium.ids.mcn.as_deref(), Some("0602517818866"));
    let text = medium.cd_text.unwrap();
    assert_eq!((text.disc.title.as_str(), text.disc.performer.as_str()), ("Album", "Band"));
    assert_eq!((text.tracks.len(), text.tracks[5].title.as_str()), (6, "Last"));
    assert_eq!(medium.label, "Band - Album");
    assert_eq!((medium.protection, medium.file_systems.len()), (None, 0));
    assert_eq!(medium.recording, Recording::Pressed);
}

#[test]
fn a_mixed_disc_is_one_session_and_a_cd_extra_two() {
    let shelf = Shelf::new();
    let (_keep, image) = disc(&["-V", "GAME"], &["a.txt"]);
    let length = shelf.add(&image, "data.iso");
    let mixed = shelf.identify(&format!("{}{}{}", data("data.iso", 1, ""), audio(400), audio(500))).unwrap();
    assert_eq!((mixed.kind, mixed.label.as_str(), mixed.sessions), (DiscKind::MixedMode, "GAME", 1));
    let toc = mixed.toc.clone().unwrap();
    assert_eq!((toc.data_ranges(), toc.session_gaps()), (vec![0..length], vec![]));
    assert!(mixed.ids.musicbrainz.is_some() && mixed.protection.is_none());

    let extra = shelf.identify(&format!("{}{}{}", audio(3000), audio(500), data("data.iso", 2, ""))).unwrap();
    assert_eq!((extra.kind, extra.label.as_str(), extra.sessions), (DiscKind::CdExtra, "GAME", 2));
    let toc = extra.toc.clone().unwrap();
    assert_eq!((toc.session_gaps(), toc.tracks[2].start), (vec![3500..14_900], 14_900));
    assert_eq!(toc.data_ranges(), vec![14_900..14_900 + length]);
    assert_ne!(extra.fingerprint, mixed.fingerprint);
    assert_eq!(extra.file_systems, [FileSystemKind::Iso9660]);
}

#[test]
fn sessions_of_data_are_one_image_with_the_last_ones_file_system() {
    let shelf = Shelf::new();
    let (_one, first) = disc(&["-V", "FIRST"], &["one.txt"]);
    let first_length = shelf.add(&first, "first.iso");
    let start = first_length + 11_400;
    let tree = super::support::tree(&["two.txt"]);
    let second = shelf.0.path().join("second.iso").to_str().unwrap().to_owned();
    let place = format!("0,{start}");
    run("genisoimage", &["-quiet", "-V", "SECOND", "-M", &first, "-C", &place, "-o", &second, tree.path().to_str().unwrap()]);
    let description = format!("profile = 0x09\n{}{}", data("first.iso", 1, ""), data("second.iso", 2, ""));
    let medium = shelf.identify(&description).unwrap();
    assert_eq!((medium.kind, medium.label.as_str(), medium.sessions), (DiscKind::DataCd, "SECOND", 2));
    let end = start + sectors(&second);
    assert_eq!((medium.size.sectors, medium.size.rule), (end, SizeRule::Sessions));
    assert_eq!(medium.size.gaps, vec![first_length..start]);
    assert!(medium.size.claims.iso9660.unwrap() <= end);
    assert_eq!(medium.recording, Recording::Recordable);
    assert_ne!(shelf.identify(&format!("profile = 0x09\n{}", data("first.iso", 1, ""))).unwrap().fingerprint, medium.fingerprint);
}

#[test]
fn a_video_cd_is_told_by_its_folders_and_its_tracks() {
    let shelf = Shelf::new();
    let (_keep, image) = disc(&["-V", "FILM"], &["VCD/INFO.VCD", "MPEGAV/AVSEQ01.DAT"]);
    let length = shelf.add(&image, "first.iso");
    let first = "[[track]]\nkind = 'mode2_form1'\nfile = 'first.iso'\n";
    let film = format!("{first}[[track]]\nkind = 'mode2_form2'\nsectors = 900\npre_gap = 150\n");
    let medium = shelf.identify(&film).unwrap();
    assert_eq!((medium.kind, medium.label.as_str()), (DiscKind::Vcd, "FILM"));
    assert_eq!(medium.size.sectors, length + 150 + 900);
    assert_eq!(shelf.identify(first).unwrap().kind, DiscKind::DataCd, "a copy of its files");
}

#[test]
fn a_dvd_says_its_layers_and_its_protection() {
    let shelf = Shelf::new();
    let (_keep, image) = disc(&["-udf", "-V", "FILM"], &["VIDEO_TS/VIDEO_TS.IFO"]);
    let length = shelf.add(&image, "film.iso");
    let head = "profile = 0x10\nprotection = 'css'\nlayers = 2\nlayer_break = 200\n";
    let film = shelf.identify(&format!("{head}{}", data("film.iso", 1, ""))).unwrap();
    assert_eq!((film.kind, film.protection), (DiscKind::DvdVideo, Some(Protection::Css)));
    let structure = film.structure.unwrap();
    assert_eq!((structure.layers, structure.sectors, structure.layer_break), (2, length, Some(200)));
    assert_eq!((film.size.rule, film.size.claims.structure), (SizeRule::Medium, Some(length)));
    assert_eq!(film.file_systems, [FileSystemKind::Iso9660, FileSystemKind::Udf]);
    // READ CAPACITY may be wrong; a pressed disc's structure is not.
    let lying = format!("profile = 0x10\nread_capacity = {}\n{}", length - 10, data("film.iso", 1, ""));
    let medium = shelf.identify(&lying).unwrap();
    assert_eq!((medium.size.sectors, medium.size.rule), (length, SizeRule::Structure));
    assert_ne!(medium.fingerprint, film.fingerprint, "a drive that tells another size is not believed blindly");
}

#[test]
fn a_capacity_that_is_smaller_than_the_file_system_is_checked_by_reading() {
    let shelf = Shelf::new();
    let (_keep, image) = disc(&["-V", "LIE"], &["a.txt"]);
    let length = shelf.add(&image, "a.iso");
    let short = format!("read_capacity = {}\n{}", length - 100, data("a.iso", 1, ""));
    let medium = shelf.identify(&short).unwrap();
    assert_eq!(medium.size.claims.read_capacity, Some(length - 100));
    assert_eq!(medium.size.sectors, length);
    // Where the end cannot be read nothing is proven, and the verdict will say that the file system is larger.
    let fault = format!("[[fault]]\nkind = 'bad'\nlba = {}\ncount = 100\n", length - 100);
    let medium = shelf.identify_in(&short, &fault).unwrap();
    assert_eq!((medium.size.sectors, medium.size.rule), (length - 100, SizeRule::Medium));
}

#[test]
fn a_blu_ray_is_told_by_its_folders() {
    let shelf = Shelf::new();
    let (_keep, image) = disc(&["-udf", "-V", "BLU"], &["BDMV/index.bdmv", "AACS/Unit_Key_RO.inf"]);
    shelf.add(&image, "blu.iso");
    let medium = shelf.identify(&format!("profile = 0x40\n{}", data("blu.iso", 1, ""))).unwrap();
    assert_eq!((medium.kind, medium.protection), (DiscKind::BdVideo, Some(Protection::Aacs)));
}

#[test]
fn apples_file_systems_are_found_beside_and_without_others() {
    let shelf = Shelf::new();
    let (_keep, hybrid) = disc(&["-hfs", "-V", "HYBRID"], &["a.txt"]);
    shelf.add(&hybrid, "hybrid.iso");
    let medium = shelf.identify(&data("hybrid.iso", 1, "")).unwrap();
    assert_eq!(medium.file_systems, [FileSystemKind::Iso9660, FileSystemKind::Hfs]);
    assert!(medium.size.claims.hfs.is_some_and(|hfs| hfs > 0 && hfs <= medium.size.sectors), "{:?}", medium.size);
}

#[test]
fn blank_unreadable_and_encrypted_are_answers_of_their_own() {
    let shelf = Shelf::new();
    for profile in ["0x09", "0x0a", "0x11", "0x1b", "0x41"] {
        let blank = shelf.identify(&format!("profile = {profile}\nstate = 'empty'\n"));
        assert_eq!(blank, Err(IdentifyFailure::Blank), "{profile}");
    }
    let (_keep, image) = disc(&["-V", "A"], &["a.txt"]);
    let length = shelf.add(&image, "a.iso");
    let all_bad = format!("[[fault]]\nkind = 'bad'\nlba = 0\ncount = {length}\n");
    let unreadable = shelf.identify_in(&format!("unreadable_toc = true\n{}", data("a.iso", 1, "")), &all_bad);
    assert!(matches!(unreadable, Err(IdentifyFailure::Unreadable(_))), "{unreadable:?}");
    // A disc whose table of contents alone is unreadable is a disc.
    let without = shelf.identify(&format!("unreadable_toc = true\n{}", data("a.iso", 1, ""))).unwrap();
    assert_eq!((without.toc.is_none(), without.label.as_str(), without.size.sectors), (true, "A", length));
}

#[test]
fn what_a_drive_does_not_know_costs_no_disc() {
    let shelf = Shelf::new();
    let (_keep, image) = disc(&["-V", "OLD"], &["a.txt"]);
    shelf.add(&image, "a.iso");
    let known = shelf.identify(&data("a.iso", 1, "")).unwrap();
    // GET CONFIGURATION, READ DISC INFORMATION, READ TRACK INFORMATION, READ DISC STRUCTURE: drives before MMC-2 know none.
    let old = shelf.identify(&format!("refuse = [0x46, 0x51, 0x52, 0xad]\n{}", data("a.iso", 1, ""))).unwrap();
    assert_eq!((old.fingerprint, old.kind, old.size.sectors), (known.fingerprint, known.kind, known.size.sectors));
    let extra = format!("{}{}", audio(3000), data("a.iso", 2, ""));
    let full = shelf.identify(&extra).unwrap();
    assert_eq!(full.kind, DiscKind::CdExtra);
}

#[test]
fn a_pressed_profile_of_an_erasable_disc_is_corrected() {
    let shelf = Shelf::new();
    let (_keep, image) = disc(&["-V", "RW"], &["a.txt"]);
    shelf.add(&image, "a.iso");
    let of = |head: &str| shelf.identify(&format!("{head}{}", data("a.iso", 1, ""))).unwrap().recording;
    assert_eq!(of("profile = 0x08\n"), Recording::Pressed);
    assert_eq!(of("profile = 0x08\nerasable = true\n"), Recording::Rewritable);
    assert_eq!(of("profile = 0x08\nstate = 'appendable'\n"), Recording::Recordable);
    assert_eq!(of("profile = 0x0a\n"), Recording::Rewritable);
}
