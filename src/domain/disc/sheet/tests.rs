//! Sheets: round trips, what real files look like, hostile files.

use super::*;
use proptest::prelude::*;

fn mixed() -> Sheet {
    let mut data = SheetTrack::new(1, TrackMode::Mode1Raw, "disc.bin", 0, Some(450));
    data.postgap = 0;
    let mut audio = SheetTrack::new(2, TrackMode::Audio, "disc.bin", 450 * 2352, Some(600));
    (audio.pregap, audio.control, audio.isrc) = (150, 2, Some("GBUM70808708".to_owned()));
    audio.text = CdTextEntry { title: "Über \"alles\"".to_owned(), performer: "B\\C".to_owned(), ..CdTextEntry::default() };
    audio.indices = vec![75, 300];
    let extra = SheetTrack { session: 2, ..SheetTrack::new(3, TrackMode::Mode2Raw, "disc.bin", 1200 * 2352, Some(300)) };
    let text = CdTextEntry { title: "Disc".to_owned(), ..CdTextEntry::default() };
    Sheet { catalog: Some("0602517818866".to_owned()), text, tracks: vec![data, audio, extra] }
}

#[test]
fn a_cue_sheet_reads_as_people_know_it() {
    let expected = "CATALOG 0602517818866\nTITLE \"Disc\"\nFILE \"disc.bin\" BINARY\n  TRACK 01 MODE1/2352\n    INDEX 01 00:00:00\n  \
        TRACK 02 AUDIO\n    TITLE \"Über 'alles'\"\n    PERFORMER \"B\\C\"\n    FLAGS DCP\n    ISRC GBUM70808708\n    INDEX 00 \
        00:06:00\n    INDEX 01 00:08:00\n    INDEX 02 00:09:00\n    INDEX 03 00:12:00\nREM SESSION 02\n  TRACK 03 MODE2/2352\n    \
        INDEX 01 00:16:00\n";
    assert_eq!(mixed().to_cue().as_deref(), Ok(expected));
}

#[test]
fn a_toc_reads_as_cdrdao_knows_it() {
    let toc = mixed().to_toc().expect("a sheet");
    for line in [
        "CD_ROM_XA",
        "TRACK MODE1_RAW",
        "    TITLE \"\\334ber \\\"alles\\\"\"",
        "    PERFORMER \"B\\\\C\"",
        "    PERFORMER \"\"",
        "FILE \"disc.bin\" SWAP #1058400 0 00:10:00",
        "START 00:02:00",
        "INDEX 00:01:00",
        "DATAFILE \"disc.bin\" #2822400 00:04:00",
    ] {
        assert!(toc.lines().any(|found| found == line), "{line} in\n{toc}");
    }
    assert_eq!(parse_toc(&toc), Ok(mixed()));
}

#[test]
fn a_toc_of_cdrdao_is_understood() {
    // The shape of what `cdrdao read-cd` writes of a CD-Extra.
    let toc = "CD_ROM_XA\n\nCATALOG \"0602517818866\"\n\nCD_TEXT {\n  LANGUAGE_MAP {\n    0: 9\n  }\n  LANGUAGE 0 {\n    TITLE \"A\\351\"\n    \
        SIZE_INFO { 0, 1, 13,\n  28, 0}\n  }\n  LANGUAGE 1 {\n    TITLE \"Other\"\n  }\n}\n\n// Track 1\nTRACK AUDIO\nNO COPY\nNO PRE_EMPHASIS\n\
        TWO_CHANNEL_AUDIO\nISRC \"GBUM70808708\"\nFILE \"data.bin\" 0 03:26:53\n\n// Track 2\nTRACK AUDIO\nCOPY\nPRE_EMPHASIS\n\
        FILE \"/tmp/x/data.bin\" 03:26:53 03:35:46\nSTART 00:00:34\n\n// Track 3\nTRACK MODE2_FORM_MIX\nNO COPY\nZERO MODE2_FORM_MIX 00:02:00\n\
        DATAFILE \"data_3\" 00:43:54 // length in bytes: 7659744\nSTART 00:02:00\n";
    let sheet = parse_toc(toc).expect("a sheet of cdrdao");
    assert_eq!((sheet.catalog.as_deref(), sheet.text.title.as_str()), (Some("0602517818866"), "Aé"));
    let second = &sheet.tracks[1];
    assert_eq!((second.file.as_str(), second.format, second.control), ("data.bin", FileFormat::Motorola, 3));
    let first_length = (3 * 60 + 26) * 75 + 53;
    assert_eq!((second.offset, second.pregap), (first_length * 2352, 34));
    assert_eq!(second.sectors, Some((3 * 60 + 35) * 75 + 46 - 34));
    let third = &sheet.tracks[2];
    assert_eq!((third.gap, third.pregap, third.sectors, third.sector_bytes()), (150, 0, Some(43 * 75 + 54), 2336));
}

#[test]
fn sectors_of_different_sizes_in_one_file_count_as_cue_sheets_do() {
    let data = SheetTrack::new(1, TrackMode::Mode1, "a.bin", 0, Some(100));
    let audio = SheetTrack::new(2, TrackMode::Audio, "a.bin", 100 * 2048, None);
    let sheet = Sheet { tracks: vec![data, audio], ..Sheet::default() };
    let cue = sheet.to_cue().expect("a sheet");
    assert!(cue.ends_with("INDEX 01 00:01:25\n"), "{cue}");
    assert_eq!(parse_cue(&cue).as_ref(), Ok(&sheet));
    let whole = sheet.with_lengths(|name| (name == "a.bin").then_some(100 * 2048 + 70 * 2352));
    assert_eq!(whole.tracks[1].sectors, Some(70));
}

#[test]
fn a_quotation_mark_inside_of_a_bare_word_is_read_as_it_can_be_written() {
    let sheet = parse_cue("REM COMPOSER some\"body\"\nFILE a BINARY\nTRACK 01 AUDIO\nINDEX 01 00:00:00\n").expect("a sheet");
    assert_eq!(sheet.text.composer, "some'body'");
    assert_eq!(parse_cue(&sheet.to_cue().expect("can be said")), Ok(sheet));
}

#[test]
fn what_cannot_be_said_is_refused() {
    let mut sheet = mixed();
    sheet.tracks[0].sub_channel = SubChannel::Raw;
    assert!(matches!(sheet.to_cue(), Err(SheetError::Track { track: 1, .. })));
    assert!(sheet.to_toc().is_ok());
    for name in ["../etc/passwd", "a\"b", "", "..", "a\nb", &"x".repeat(300)] {
        let mut sheet = mixed();
        name.clone_into(&mut sheet.tracks[1].file);
        assert!(matches!(sheet.to_toc(), Err(SheetError::Track { track: 2, .. })), "{name}");
    }
    assert_eq!(Sheet::default().to_cue(), Err(SheetError::Empty));
}

#[test]
fn wrong_sheets_are_refused_with_their_line() {
    let line = |result: Result<Sheet, SheetError>| match result {
        Err(SheetError::Line { line, .. }) => Some(line),
        _ => None,
    };
    assert_eq!(line(parse_cue("TRACK 01 AUDIO\n")), Some(1));
    assert_eq!(line(parse_cue("FILE \"a\" BINARY\nTRACK 01 AUDIO\nINDEX 01 00:60:00\n")), Some(3));
    assert_eq!(
        line(parse_cue("FILE \"a\" BINARY\nTRACK 01 AUDIO\nINDEX 01 00:02:00\nTRACK 02 AUDIO\nINDEX 01 00:01:00\n\n")),
        Some(0)
    );
    assert_eq!(line(parse_toc("CD_DA\nTRACK AUDIO\nFILE \"a\" 0\nFILE \"b\" 0\n")), Some(4));
    assert_eq!(line(parse_toc("CD_DA\nTRACK AUDIO\nDATAFILE \"a\"\n")), Some(3));
    assert_eq!(parse_cue(""), Err(SheetError::Empty));
    assert_eq!(parse_cue(&" ".repeat(MAX_SHEET + 1)), Err(SheetError::TooLong));
    assert_eq!(
        parse_cue(&"FILE \"a\" BINARY\nTRACK 01 AUDIO\nINDEX 01 00:00:00\n".repeat(2)),
        Err(SheetError::Track { track: 1, what: "numbers of tracks are 1 to 99 and grow" })
    );
}

fn entry() -> impl Strategy<Value = CdTextEntry> {
    // Latin-1 is what both formats can say; a text neither begins nor ends with a blank.
    let text = || prop_oneof![3 => Just(String::new()), 2 => "[!-~¡-¬®-ÿ]([ !-~¡-¬®-ÿ]{0,20}[!-~¡-¬®-ÿ])?"];
    (text(), text(), text(), text(), text(), text()).prop_map(|(title, performer, songwriter, composer, arranger, message)| {
        CdTextEntry { title, performer, songwriter, composer, arranger, message, code: String::new() }
    })
}

prop_compose! {
    fn track()(
        mode in prop_oneof![
            3 => Just(TrackMode::Audio), 1 => Just(TrackMode::Mode1), 1 => Just(TrackMode::Mode1Raw),
            1 => Just(TrackMode::Mode2), 1 => Just(TrackMode::Mode2Raw)
        ],
        text in entry(),
        code in prop::option::of("[A-Z]{2}[A-Z0-9]{3}[0-9]{7}"),
        (control, gap, pregap, sectors, postgap) in (0u8..12, 0u64..300, 0u64..300, 300u64..30_000, 0u64..3),
        (new_session, new_file, one_index, sub_channel) in (any::<bool>(), any::<bool>(), any::<bool>(), prop::option::weighted(0.2, Just(SubChannel::Raw))),
    ) -> (SheetTrack, bool, bool) {
        let mut track = SheetTrack::new(1, mode, "", 0, Some(sectors));
        let audio = mode == TrackMode::Audio;
        (track.text, track.isrc, track.gap, track.pregap, track.postgap) = (text, code.filter(|_| audio), gap, pregap, postgap);
        if let Some(sub_channel) = sub_channel.filter(|_| audio) {
            (track.sub_channel, track.format) = (sub_channel, FileFormat::Motorola);
        }
        track.control = if audio { control & 11 } else { control & 2 };
        track.indices = if one_index { vec![sectors / 2] } else { Vec::new() };
        (track, new_session, new_file)
    }
}

prop_compose! {
    fn sheet()(text in entry(), catalog in prop::option::of("[0-9]{13}"), tracks in prop::collection::vec(track(), 1..20)) -> Sheet {
        let (mut file, mut session, mut offset, mut format) = (0, 1, 0, FileFormat::Binary);
        let tracks = (1..).zip(tracks).map(|(number, (mut track, new_session, new_file))| {
            // A file has one order of bytes.
            if new_file || track.format != format { (file, offset, format) = (file + 1, 0, track.format) }
            session += u8::from(new_session && number > 1);
            (track.number, track.session, track.file, track.offset) = (number, session, format!("disc {file}.bin"), offset);
            offset = track.end_offset().expect("small");
            track
        });
        Sheet { catalog, text, tracks: tracks.collect() }
    }
}

#[test]
fn a_file_that_is_named_again_goes_on() {
    let track = |number: u8| format!("FILE \"a.bin\" BINARY\n  TRACK {number:02} MODE1/2352\n    INDEX 01 00:00:08\n");
    let sheet = parse_cue(&(track(1) + &track(2))).expect("a sheet");
    assert_eq!(sheet.tracks[0].sectors, Some(0));
    assert_eq!(parse_cue(&sheet.to_cue().expect("can be said")), Ok(sheet));
}

proptest! {
    #[test]
    fn cue_sheets_say_everything(mut sheet in sheet()) {
        let read = parse_cue(&sheet.to_cue().expect("can be said")).expect("our own");
        let last_ends = sheet.tracks.last().and_then(SheetTrack::end_offset);
        let ends: std::collections::BTreeMap<String, u64> =
            sheet.tracks.iter().map(|track| (track.file.clone(), track.end_offset().expect("known"))).collect();
        prop_assert_eq!(ends.values().max().copied() >= last_ends, true);
        for track in &mut sheet.tracks {
            for text in [&mut track.text.title, &mut track.text.performer, &mut track.text.songwriter, &mut track.text.composer,
                &mut track.text.arranger, &mut track.text.message] {
                *text = text.replace('"', "'");
            }
        }
        for text in [&mut sheet.text.title, &mut sheet.text.performer, &mut sheet.text.songwriter, &mut sheet.text.composer,
            &mut sheet.text.arranger, &mut sheet.text.message] {
            *text = text.replace('"', "'");
        }
        prop_assert_eq!(read.with_lengths(|name| ends.get(name).copied()), sheet);
    }

    #[test]
    fn tocs_say_everything(sheet in sheet()) {
        prop_assert_eq!(parse_toc(&sheet.to_toc().expect("can be said")), Ok(sheet));
    }

    #[test]
    fn no_text_breaks_the_readers(text in any::<String>()) {
        let _ = (parse_cue(&text), parse_toc(&text));
    }

    #[test]
    fn damaged_sheets_are_read_or_refused(sheet in sheet(), cuts in prop::collection::vec((any::<prop::sample::Index>(), "[ -~]{0,4}"), 1..6)) {
        for text in [sheet.to_cue().expect("can be said"), sheet.to_toc().expect("can be said")] {
            let mut chars: Vec<char> = text.chars().collect();
            for (place, replacement) in &cuts {
                let at = place.index(chars.len());
                let end = (at + 2).min(chars.len());
                chars.splice(at..end, replacement.chars());
                if chars.is_empty() { break }
            }
            let text: String = chars.into_iter().collect();
            for sheet in [parse_cue(&text), parse_toc(&text)].into_iter().flatten() {
                // What was read can be said, or is refused with a reason.
                let _ = (sheet.to_cue(), sheet.to_toc());
            }
        }
    }
}
