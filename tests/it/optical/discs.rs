//! Discs that are more than one row of 2048-byte sectors, asked and read through the port.

use super::support::{Rig, content, frames, insert, noise, read};
use disk2iso::{
    domain::disc::{
        DiscState, MediaProfile, PhysicalStructure, Protection, Session, Toc, Track,
        frame::{crc16, edc_ok, encode_mode1, header_lba, user_data},
    },
    optical::{DeviceError, RawLayout},
};

const CD_EXTRA: &str = r#"
catalogue_number = "0724384960650"
text = { title = "Alles im Fluß", performer = "The Sectors" }
[[track]]
kind = "audio"
file = "one.raw"
isrc = "DEABC0700001"
control = 2
text = { title = "A rather long title that needs several packs", performer = "The Sectors" }
[[track]]
kind = "audio"
file = "two.raw"
pre_gap = 100
pre_gap_in_file = true
text = { title = "Second", performer = "A Guest" }
[[track]]
kind = "mode2_form1"
file = "data.iso"
session = 2
"#;

/// Two audio tracks of 300 and 400 (with 100 of pre-gap) sectors, and 200 sectors of data in a second session.
fn cd_extra(script: &str) -> (Rig, Vec<u8>, Vec<u8>) {
    let (audio, data) = (noise(700 * 2352, 1), content(200));
    let (one, two) = audio.split_at(300 * 2352);
    let rig = Rig::described(CD_EXTRA, &[("one.raw", one), ("two.raw", two), ("data.iso", &data)], script);
    (rig, audio, data)
}

const DATA_START: u64 = 700 + 11_400;

#[test]
fn tracks_and_sessions_are_told() {
    let (rig, ..) = cd_extra("");
    let mut device = rig.open();
    let tracks = vec![Track { control: 2, ..Track::audio(1, 1, 0) }, Track::audio(2, 1, 400), Track::data(3, 2, DATA_START)];
    let sessions = vec![
        Session { number: 1, first_track: 1, last_track: 2, lead_out: 700 },
        Session { number: 2, first_track: 3, last_track: 3, lead_out: DATA_START + 200 },
    ];
    assert_eq!(device.toc(), Ok(Toc { tracks, lead_out: DATA_START + 200, sessions }));
    assert_eq!(device.profile(), Ok(MediaProfile::CD_ROM));
    assert_eq!(device.capacity(), Ok(DATA_START + 200));
    let information = device.disc_information().unwrap();
    assert_eq!((information.state, information.erasable), (DiscState::Complete, false));
    assert_eq!((information.sessions, information.last_tracks), (2, (3, 3)));
    let tracks = device.tracks().unwrap();
    let facts: Vec<_> =
        tracks.iter().map(|track| (track.number, track.session, track.data_mode, track.start, track.sectors)).collect();
    assert_eq!(facts, [(1, 1, 15, 0, 300), (2, 1, 15, 400, 300), (3, 2, 2, DATA_START, 200)]);
    assert_eq!(tracks[2].last_recorded, Some(DATA_START + 199));
    assert_eq!(device.protection(), Ok(None));
    assert!(matches!(device.structure(), Err(DeviceError::Refused(_))));
}

#[test]
fn a_drive_without_the_full_table_still_knows_which_session_is_the_last() {
    let rig = Rig::described(
        &format!("refuse_toc_formats = [2]{CD_EXTRA}"),
        &[("one.raw", &noise(2352 * 300, 1)), ("two.raw", &noise(2352 * 400, 2)), ("data.iso", &content(20))],
        "",
    );
    let toc = rig.open().toc().unwrap();
    assert_eq!(toc.tracks.iter().map(|track| track.session).collect::<Vec<_>>(), [1, 1, 2]);
    assert_eq!(toc.sessions, []);
}

#[test]
fn audio_comes_raw_and_only_raw() {
    let (rig, audio, data) = cd_extra("");
    let mut device = rig.open();
    assert!(frames(&mut *device, 0, 700, RawLayout::Main).unwrap() == audio, "pre-gaps included");
    let with_marks = frames(&mut *device, 5, 2, RawLayout::MainC2).unwrap();
    assert!(with_marks[..2352] == audio[5 * 2352..6 * 2352] && with_marks[2352..2646].iter().all(|byte| *byte == 0));
    assert!(matches!(read(&mut *device, 10, 1), Err(DeviceError::WrongMode(_))));
    assert!(matches!(read(&mut *device, 5_000, 1), Err(DeviceError::OutOfRange(_))), "between the sessions is nothing");
    assert!(matches!(frames(&mut *device, 699, 2, RawLayout::Main), Err(DeviceError::OutOfRange(_))));
    assert!(read(&mut *device, DATA_START, 100).unwrap() == data[..100 * 2048]);
    let raw = frames(&mut *device, DATA_START + 7, 1, RawLayout::Main).unwrap();
    assert_eq!((user_data(&raw), header_lba(&raw), edc_ok(&raw)), (Some(&data[7 * 2048..8 * 2048]), Some(DATA_START + 7), true));
}

#[test]
fn texts_and_codes_are_told() {
    let (rig, ..) = cd_extra("");
    let mut device = rig.open();
    assert_eq!(device.catalogue_number(), Ok(Some("0724384960650".to_owned())));
    assert_eq!(device.isrc(1), Ok(Some("DEABC0700001".to_owned())));
    assert_eq!(device.isrc(2), Ok(None));
    let packs = device.cd_text().unwrap();
    assert!(packs.chunks(18).all(|pack| crc16(&pack[..16]).to_be_bytes() == pack[16..]));
    let texts: Vec<u8> = packs.chunks(18).filter(|pack| pack[0] == 0x80).flat_map(|pack| pack[4..16].to_vec()).collect();
    let texts: Vec<String> =
        texts.split(|byte| *byte == 0).map(|text| text.iter().map(|byte| char::from(*byte)).collect()).collect();
    assert_eq!(texts[..3], ["Alles im Fluß", "A rather long title that needs several packs", "Second"]);
    assert_eq!(packs.chunks(18).filter(|pack| pack[0] == 0x8f).count(), 3);
    assert_eq!(Rig::loaded(100, "").open().cd_text(), Ok(Vec::new()));
}

/// The Q sub-channel of one sector out of its 96 interleaved bytes.
fn q_of(sub: &[u8]) -> [u8; 12] {
    let mut q = [0; 12];
    for (index, byte) in sub.iter().enumerate() {
        q[index / 8] |= (byte >> 6 & 1) << (7 - index % 8);
    }
    q
}

#[test]
fn each_sectors_sub_channel_says_where_it_is() {
    let (rig, audio, _) = cd_extra("");
    let raw = frames(&mut *rig.open(), 0, 700, RawLayout::MainSub).unwrap();
    let mut seen = [0; 4];
    for (lba, frame) in raw.chunks(2448).enumerate() {
        assert!(frame[..2352] == audio[lba * 2352..(lba + 1) * 2352]);
        let q = q_of(&frame[2352..]);
        assert_eq!(crc16(&q[..10]).to_be_bytes(), q[10..], "sector {lba}");
        let pause = frame[2352] & 0x80 != 0;
        assert_eq!(pause, (300..400).contains(&lba), "sector {lba}");
        seen[usize::from(q[0] & 0x0f)] += 1;
        if q[0] & 0x0f == 1 {
            let (track, index) = if lba < 300 { (1, 1) } else { (2, u8::from(lba >= 400)) };
            assert_eq!((q[0] >> 4, q[1], q[2]), (if track == 1 { 2 } else { 0 }, track, index), "sector {lba}");
        }
    }
    assert!(seen[2] >= 7 && seen[3] >= 3 && seen[1] > 650, "{seen:?}");
    let q = q_of(&raw[420 * 2448 + 2352..421 * 2448]);
    assert_eq!(q[1..10], [2, 1, 0, 0, 0x20, 0, 0, 0x07, 0x45], "track 2, index 1, 20 frames in; 00:07:45 on the disc");
}

#[test]
fn sub_channels_can_come_from_a_file() {
    let sub = noise(96 * 50, 9);
    let rig = Rig::described("subchannel_file = 's.sub'\n[[track]]\nkind = 'audio'\nsectors = 50", &[("s.sub", &sub)], "");
    let raw = frames(&mut *rig.open(), 3, 1, RawLayout::MainSub).unwrap();
    assert_eq!(raw[2352..], sub[3 * 96..4 * 96]);
    assert_eq!(raw[..2352], [0; 2352], "a track without a file is silent");
}

#[test]
fn a_mixed_disc_has_a_gap_between_its_kinds() {
    let (data, audio) = (content(100), noise(50 * 2352, 3));
    let rig = Rig::described(
        "[[track]]\nkind = 'mode1'\nfile = 'd.iso'\nrun_out = 2\n[[track]]\nkind = 'audio'\nfile = 'a.raw'",
        &[("d.iso", &data), ("a.raw", &audio)],
        "",
    );
    let mut device = rig.open();
    let toc = device.toc().unwrap();
    assert_eq!((toc.tracks[1].start, toc.lead_out), (252, 302));
    assert!(read(&mut *device, 0, 100).unwrap() == data);
    assert!(matches!(read(&mut *device, 98, 4), Err(DeviceError::Medium(_))), "a request into the run-out fails whole");
    assert!(matches!(read(&mut *device, 101, 1), Err(DeviceError::Medium(_))));
    assert!(matches!(read(&mut *device, 200, 1), Err(DeviceError::WrongMode(_))), "the pre-gap is the audio track's");
    assert!(frames(&mut *device, 252, 50, RawLayout::Main).unwrap() == audio);
}

#[test]
fn a_raw_track_is_as_good_as_its_codes() {
    let mut raw: Vec<u8> = (0..20_u64).flat_map(|lba| encode_mode1(lba, &content(20)[lba as usize * 2048..][..2048])).collect();
    raw[7 * 2352 + 1000] ^= 1;
    let rig = Rig::described("[[track]]\nkind = 'mode1'\nfile = 'd.bin'\nraw = true", &[("d.bin", &raw)], "");
    let mut device = rig.open();
    assert!(read(&mut *device, 0, 7).unwrap() == content(20)[..7 * 2048]);
    assert!(matches!(read(&mut *device, 5, 5), Err(DeviceError::Medium(_))), "the drive notices the wrong bit");
    assert!(frames(&mut *device, 0, 20, RawLayout::Main).unwrap() == raw);
}

#[test]
fn layers_and_protection_are_told() {
    let bytes = content(1000);
    let disc =
        |more: &str| Rig::described(&format!("{more}\n[[track]]\nkind = 'mode1'\nfile = 'd.iso'"), &[("d.iso", &bytes)], "");
    for profile in ["0x10", "0x40"] {
        let rig = disc(&format!("profile = {profile}\nlayer_break = 600"));
        let mut device = rig.open();
        let expected = PhysicalStructure { layers: 2, sectors: 1000, layer_break: Some(600) };
        assert_eq!((profile, device.structure()), (profile, Ok(expected)));
        assert_eq!(device.protection(), Ok(None));
        assert!(matches!(frames(&mut *device, 0, 1, RawLayout::Main), Err(DeviceError::Medium(_))), "only CDs have frames");
        let rig = disc(&format!("profile = {profile}\nstructure_sectors = 5000\nread_capacity = 900"));
        let mut device = rig.open();
        assert_eq!(device.structure(), Ok(PhysicalStructure { layers: 1, sectors: 5000, layer_break: None }));
        assert_eq!(device.capacity(), Ok(900));
        assert!(read(&mut *device, 900, 100).is_ok());
    }
    assert_eq!(disc("profile = 0x10\nprotection = 'css'").open().protection(), Ok(Some(Protection::Css)));
    assert_eq!(disc("profile = 0x10\nprotection = 'cprm'").open().protection(), Ok(Some(Protection::Cprm)));
    assert_eq!(disc("profile = 0x40\nprotection = 'aacs'").open().protection(), Ok(Some(Protection::Aacs)));
}

#[test]
fn blank_and_open_discs_say_so() {
    let rig = Rig::described("state = 'empty'\nprofile = 0x09", &[], "");
    let mut device = rig.open();
    assert_eq!((device.is_blank(), device.profile()), (Ok(true), Ok(MediaProfile(0x09))));
    assert!(matches!(device.toc(), Err(DeviceError::Refused(_))));
    assert_eq!(device.disc_information().unwrap().state, DiscState::Empty);
    let rig = Rig::described("state = 'appendable'\nprofile = 0x0a\n[[track]]\nkind = 'mode1'\nsectors = 300", &[], "");
    let mut device = rig.open();
    let information = device.disc_information().unwrap();
    assert_eq!((information.state, information.erasable, information.sessions), (DiscState::Appendable, true, 2));
    let tracks = device.tracks().unwrap();
    assert_eq!(tracks.iter().map(|track| (track.number, track.blank)).collect::<Vec<_>>(), [(1, false), (2, true)]);
    assert_eq!(device.is_blank(), Ok(false));
}

#[test]
fn an_old_drive_is_asked_in_the_old_way() {
    let rig = Rig::described("refuse = [0x46, 0x51]\n[[track]]\nkind = 'audio'\nsectors = 300", &[], "");
    let mut device = rig.open();
    assert_eq!(device.profile(), Ok(MediaProfile::CD_ROM));
    assert_eq!(device.is_blank(), Ok(false));
    assert_eq!(device.tracks().unwrap().len(), 1);
}

#[test]
fn descriptions_reach_only_files_beside_them() {
    let rig = Rig::empty(10, "");
    std::fs::create_dir(rig.path("deep")).unwrap();
    let description = rig.path("deep/x.disc.toml");
    for file in ["../disc.iso", "/etc/passwd", "none", "."] {
        std::fs::write(&description, format!("[[track]]\nkind = 'mode1'\nfile = '{file}'")).unwrap();
        assert!(matches!(insert(&rig.folder(), &description), Err(DeviceError::Refused(text)) if text.contains(file)));
    }
    std::fs::copy(rig.image(), rig.path("deep/in.iso")).unwrap();
    std::fs::write(&description, "[[track]]\nkind = 'mode1'\nfile = 'in.iso'").unwrap();
    assert_eq!(insert(&rig.folder(), &description), Ok(1));
    assert!(read(&mut *rig.open(), 0, 10).unwrap() == rig.bytes);
}

#[test]
fn a_disc_whose_files_are_gone_can_still_be_taken_out() {
    let rig = Rig::described("[[track]]\nkind = 'mode1'\nfile = 'd.iso'", &[("d.iso", &content(20))], "");
    std::fs::remove_file(rig.path("d.iso")).unwrap();
    let mut device = rig.open();
    assert!(matches!(read(&mut *device, 0, 1), Err(DeviceError::Refused(text)) if text.contains("d.iso")));
    device.eject().unwrap();
    assert_eq!(read(&mut *device, 0, 1), Err(DeviceError::NoMedium));
}
