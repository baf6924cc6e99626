//! Sheets that this program writes, judged by cdrdao.

use super::support::{run, value};
use disk2iso::domain::disc::{
    CdTextEntry,
    sheet::{FileFormat, Sheet, SheetTrack, SubChannel, TrackMode, parse_cue, parse_toc},
};
use std::fs;

fn text(title: &str) -> CdTextEntry {
    CdTextEntry { title: title.to_owned(), ..CdTextEntry::default() }
}

/// Data, audio with everything that sheets can say, audio; 150 sectors of stored pre-gap before the first audio track.
fn mixed() -> Sheet {
    let data = SheetTrack { gap: 0, ..SheetTrack::new(1, TrackMode::Mode1Raw, "disc.bin", 0, Some(450)) };
    let music = SheetTrack {
        pregap: 150,
        isrc: Some("GBUM70808708".to_owned()),
        control: 2,
        text: text("Quote \" and \\ and é"),
        indices: vec![75],
        ..SheetTrack::new(2, TrackMode::Audio, "disc.bin", 450 * 2352, Some(600))
    };
    let last = SheetTrack { gap: 75, ..SheetTrack::new(3, TrackMode::Audio, "disc.bin", 1200 * 2352, Some(300)) };
    Sheet { catalog: Some("0602517818866".to_owned()), text: text("Disc"), tracks: vec![data, music, last] }
}

fn in_folder(name: &str, sheet: &str) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("disc.bin"), vec![0; 1500 * 2448]).unwrap();
    let path = folder.path().join(name);
    fs::write(&path, sheet).unwrap();
    (folder, path.to_str().unwrap().to_owned())
}

/// Positions that cdrdao sees.
fn shown(sheet: &str) -> String {
    // cdrdao looks for files in the working folder, and names of files here have none.
    let (folder, _) = in_folder("disc.toc", sheet);
    let script = format!("cd '{}' && cdrdao show-toc disc.toc", folder.path().display());
    run("sh", &["-c", &script])
}

#[test]
fn cdrdao_sees_the_same_disc() {
    let printed = shown(&mixed().to_toc().unwrap());
    assert_eq!(value(&printed, "TOC TYPE:"), "CD_ROM");
    assert_eq!(value(&printed, "CATALOG NUMBER:"), "0602517818866");
    let lines: Vec<&str> = printed.lines().map(str::trim).collect();
    for line in [
        "TRACK  1  Mode MODE1_RAW:",
        "START  00:00:00(     0)",
        "END    00:06:00(   450)",
        "TRACK  2  Mode AUDIO:",
        "ISRC GB UM7 08 08708",
        "COPY PERMITTED",
        "PREGAP 00:02:00(   150)",
        "START  00:08:00(   600)",
        "INDEX  2 00:09:00(   675)",
        "END    00:16:00(  1200)",
        "PREGAP 00:01:00(    75)",
        "START  00:17:00(  1275)",
    ] {
        assert!(lines.contains(&line), "{line} in\n{printed}");
    }
}

#[test]
fn cdrdao_takes_sub_channels_and_modes() {
    for (mode, sub_channel) in [
        (TrackMode::Audio, SubChannel::Raw),
        (TrackMode::Audio, SubChannel::Packed),
        (TrackMode::Mode1, SubChannel::None),
        (TrackMode::Mode1Raw, SubChannel::Raw),
        (TrackMode::Mode2, SubChannel::None),
        (TrackMode::Mode2Raw, SubChannel::Raw),
    ] {
        let track = SheetTrack {
            sub_channel,
            gap: 150,
            format: FileFormat::Motorola,
            ..SheetTrack::new(1, mode, "disc.bin", 0, Some(400))
        };
        let sheet = Sheet { tracks: vec![track], ..Sheet::default() };
        let toc = sheet.to_toc().unwrap();
        let printed = shown(&toc);
        assert!(printed.contains("START  00:02:00(   150)"), "{toc}\n{printed}");
        assert!(printed.contains("(   550)"), "{toc}\n{printed}");
    }
}

#[test]
fn what_cueconvert_makes_of_a_cue_sheet_is_the_same_disc() {
    let mut sheet = mixed();
    for track in &mut sheet.tracks {
        track.text = CdTextEntry::default();
    }
    let cue = sheet.to_cue().unwrap();
    let (folder, path) = in_folder("disc.cue", &cue);
    let converted = folder.path().join("converted.cue").to_str().unwrap().to_owned();
    run("cueconvert", &["-i", "cue", "-o", "cue", &path, &converted]);
    let again = parse_cue(&fs::read_to_string(converted).unwrap()).unwrap();
    let starts = |sheet: &Sheet| sheet.tracks.iter().map(|track| (track.number, track.offset, track.pregap)).collect::<Vec<_>>();
    assert_eq!(starts(&again), starts(&sheet), "{cue}");
    assert_eq!(parse_toc(&sheet.to_toc().unwrap()), Ok(sheet));
}
