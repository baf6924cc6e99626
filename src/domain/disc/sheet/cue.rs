//! Cue sheets: the format of CDRWIN, with `REM SESSION` for discs of several sessions as other tools write it.

use super::{
    FileFormat, MAX_SECTORS, MAX_SHEET, MAX_TRACKS, Sheet, SheetError, SheetTrack, SubChannel, TrackMode,
    text::{catalog, clean, file_name, isrc, parse_time, time, wrong},
};
use crate::domain::disc::CdTextEntry;
use std::fmt::Write as _;

/// Texts and how cue sheets call them.
fn texts(entry: &CdTextEntry) -> [(&'static str, &str); 6] {
    [
        ("TITLE", &entry.title),
        ("PERFORMER", &entry.performer),
        ("SONGWRITER", &entry.songwriter),
        ("REM COMPOSER", &entry.composer),
        ("REM ARRANGER", &entry.arranger),
        ("REM MESSAGE", &entry.message),
    ]
}

fn mode_word(track: &SheetTrack) -> Option<&'static str> {
    Some(match (track.mode, track.sub_channel) {
        (TrackMode::Audio, SubChannel::None) => "AUDIO",
        // Raw sub-channel behind audio is what CD+G players take.
        (TrackMode::Audio, SubChannel::Raw) => "CDG",
        (TrackMode::Mode1, SubChannel::None) => "MODE1/2048",
        (TrackMode::Mode1Raw, SubChannel::None) => "MODE1/2352",
        (TrackMode::Mode2, SubChannel::None) => "MODE2/2336",
        (TrackMode::Mode2Raw, SubChannel::None) => "MODE2/2352",
        _ => return None,
    })
}

fn parse_mode(word: &str) -> Option<(TrackMode, SubChannel)> {
    Some(match word.to_ascii_uppercase().as_str() {
        "AUDIO" => (TrackMode::Audio, SubChannel::None),
        "CDG" => (TrackMode::Audio, SubChannel::Raw),
        "MODE1/2048" => (TrackMode::Mode1, SubChannel::None),
        "MODE1/2352" => (TrackMode::Mode1Raw, SubChannel::None),
        "MODE2/2336" => (TrackMode::Mode2, SubChannel::None),
        "MODE2/2352" => (TrackMode::Mode2Raw, SubChannel::None),
        _ => return None,
    })
}

/// Positions in one file, in sectors of whatever track lies there (that is how cue sheets count) and in bytes.
#[derive(Clone, Copy)]
struct Place {
    sector: u64,
    offset: u64,
    bytes: u64,
}

impl Sheet {
    /// The disc as a cue sheet.
    ///
    /// # Errors
    /// [`SheetError::Track`] for what cue sheets cannot say: sub-channel data behind data sectors, tracks that do not lie one
    /// after the other in their file.
    pub fn to_cue(&self) -> Result<String, SheetError> {
        self.check()?;
        let mut cue = String::new();
        if let Some(catalog) = &self.catalog {
            let _ = writeln!(cue, "CATALOG {catalog}");
        }
        write_texts(&mut cue, "", &self.text);
        let (mut session, mut file, mut place) = (1, None, None);
        for track in &self.tracks {
            let wrong = |what| SheetError::Track { track: track.number, what };
            let mode = mode_word(track).ok_or_else(|| wrong("cue sheets know no sub-channel behind data"))?;
            if track.session != session {
                session = track.session;
                let _ = writeln!(cue, "REM SESSION {session:02}");
            }
            if file != Some((&track.file, track.format)) {
                let format = match track.format {
                    FileFormat::Binary => "BINARY",
                    FileFormat::Motorola => "MOTOROLA",
                    FileFormat::Wave => "WAVE",
                };
                let _ = writeln!(cue, "FILE \"{}\" {format}", track.file);
                (file, place) = (Some((&track.file, track.format)), None);
            }
            let bytes = track.sector_bytes();
            let before = place.unwrap_or(Place { sector: 0, offset: 0, bytes });
            let distance = track.offset.checked_sub(before.offset).filter(|distance| distance.is_multiple_of(before.bytes));
            let distance = distance.ok_or_else(|| wrong("does not begin at a sector after the track before it"))?;
            let sector = before.sector + distance / before.bytes;
            place = Some(Place { sector, offset: track.offset, bytes });
            write_track(&mut cue, track, mode, sector);
        }
        Ok(cue)
    }
}

fn write_texts(cue: &mut String, indent: &str, entry: &CdTextEntry) {
    for (word, text) in texts(entry) {
        // Cue sheets have no way to write a quotation mark.
        let text = clean(text).replace('"', "'");
        if !text.is_empty() {
            let _ = writeln!(cue, "{indent}{word} \"{text}\"");
        }
    }
}

fn write_track(cue: &mut String, track: &SheetTrack, mode: &str, sector: u64) {
    let _ = writeln!(cue, "  TRACK {:02} {mode}", track.number);
    write_texts(cue, "    ", &track.text);
    let flags: String = [(1, " PRE"), (2, " DCP"), (8, " 4CH")]
        .iter()
        .filter(|(bit, _)| track.control & bit != 0)
        .map(|(_, word)| *word)
        .collect();
    if !flags.is_empty() {
        let _ = writeln!(cue, "    FLAGS{flags}");
    }
    if let Some(isrc) = &track.isrc {
        let _ = writeln!(cue, "    ISRC {isrc}");
    }
    if track.gap > 0 {
        let _ = writeln!(cue, "    PREGAP {}", time(track.gap));
    }
    if track.pregap > 0 {
        let _ = writeln!(cue, "    INDEX 00 {}", time(sector));
    }
    let start = sector + track.pregap;
    for (index, after) in (1..).zip([0].iter().chain(&track.indices)) {
        let _ = writeln!(cue, "    INDEX {index:02} {}", time(start + after));
    }
    if track.postgap > 0 {
        let _ = writeln!(cue, "    POSTGAP {}", time(track.postgap));
    }
}

/// Words of a line; what stands between quotation marks is one word.
fn words(line: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = line.trim_start();
    while !rest.is_empty() && words.len() < 8 {
        let (word, after) = match rest.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
            None => rest.split_at(rest.find(char::is_whitespace).unwrap_or(rest.len())),
        };
        words.push(word);
        rest = after.trim_start();
    }
    words
}

/// A track while its lines come in.
struct Open {
    track: SheetTrack,
    /// Index numbers and sectors in the file.
    points: Vec<(u8, u64)>,
}

#[derive(Default)]
struct Reader {
    sheet: Sheet,
    file: Option<(String, FileFormat)>,
    session: u8,
    open: Option<Open>,
    /// Where the last track begins in the current file.
    place: Option<Place>,
}

/// Reads a cue sheet. Names of files lose their folders. Lengths of tracks that end with their file stay unknown, see
/// [`Sheet::with_lengths`].
///
/// # Errors
/// [`SheetError`].
pub fn parse_cue(text: &str) -> Result<Sheet, SheetError> {
    if text.len() > MAX_SHEET {
        return Err(SheetError::TooLong);
    }
    let mut reader = Reader { session: 1, ..Reader::default() };
    for (line, content) in (1..).zip(text.trim_start_matches('\u{feff}').lines()) {
        reader.line(line, &words(content))?;
    }
    reader.close(0)?;
    reader.sheet.check()?;
    Ok(reader.sheet)
}

impl Reader {
    fn line(&mut self, line: usize, words: &[&str]) -> Result<(), SheetError> {
        let [command, rest @ ..] = words else { return Ok(()) };
        let command = command.to_ascii_uppercase();
        match (command.as_str(), rest) {
            ("CATALOG", [number, ..]) => self.sheet.catalog = catalog(number),
            ("FILE", [name, format, ..]) => {
                self.close(line)?;
                let Some(name) = file_name(name) else { return wrong(line, "no name of a file") };
                let format = match format.to_ascii_uppercase().as_str() {
                    "BINARY" => FileFormat::Binary,
                    "MOTOROLA" => FileFormat::Motorola,
                    "WAVE" => FileFormat::Wave,
                    _ => return wrong(line, "unknown kind of file"),
                };
                // The same file named again goes on: it is written once.
                let file = Some((name, format));
                if self.file != file {
                    (self.file, self.place) = (file, None);
                }
            }
            ("TRACK", [number, mode, ..]) => self.track(line, number, mode)?,
            ("INDEX", [number, at, ..]) => {
                let (number, at) = (number.parse::<u8>().ok().filter(|number| *number <= 99), parse_time(at));
                let (Some(number), Some(at)) = (number, at) else { return wrong(line, "no index") };
                let Some(open) = &mut self.open else { return wrong(line, "an index outside of a track") };
                if open.points.last().is_some_and(|(last, _)| number != last + 1) || (open.points.is_empty() && number > 1) {
                    return wrong(line, "indices are not in order");
                }
                open.points.push((number, at));
            }
            ("PREGAP" | "POSTGAP", [length, ..]) => {
                let Some(length) = parse_time(length) else { return wrong(line, "no length") };
                let Some(open) = &mut self.open else { return wrong(line, "a gap outside of a track") };
                *(if command == "PREGAP" { &mut open.track.gap } else { &mut open.track.postgap }) = length;
            }
            ("REM", [word, number, ..]) if word.eq_ignore_ascii_case("SESSION") => {
                let Ok(number) = number.parse() else { return wrong(line, "no number of a session") };
                self.close(line)?;
                self.session = number;
            }
            ("FLAGS", flags) => {
                let Some(open) = &mut self.open else { return wrong(line, "flags outside of a track") };
                for flag in flags {
                    open.track.control |= match flag.to_ascii_uppercase().as_str() {
                        "PRE" => 1,
                        "DCP" => 2,
                        "4CH" => 8,
                        // Serial copy management is no control bit.
                        _ => 0,
                    };
                }
            }
            ("ISRC", [code, ..]) => {
                let Some(open) = &mut self.open else { return wrong(line, "a code outside of a track") };
                open.track.isrc = isrc(code);
            }
            ("TITLE" | "PERFORMER" | "SONGWRITER", [text, ..]) => self.text(&command, text),
            ("REM", [word, text, ..]) => self.text(&format!("REM {}", word.to_ascii_uppercase()), text),
            ("REM" | "CDTEXTFILE" | "TITLE" | "PERFORMER" | "SONGWRITER", _) => {}
            _ => return wrong(line, "unknown or incomplete command"),
        }
        Ok(())
    }

    fn text(&mut self, word: &str, text: &str) {
        let entry = self.open.as_mut().map_or(&mut self.sheet.text, |open| &mut open.track.text);
        let field = match word {
            "TITLE" => &mut entry.title,
            "PERFORMER" => &mut entry.performer,
            "SONGWRITER" => &mut entry.songwriter,
            "REM COMPOSER" => &mut entry.composer,
            "REM ARRANGER" => &mut entry.arranger,
            "REM MESSAGE" => &mut entry.message,
            _ => return,
        };
        // Without quotation marks around it a word may have one inside, which could not be written again.
        *field = clean(text).replace('"', "'");
    }

    fn track(&mut self, line: usize, number: &str, mode: &str) -> Result<(), SheetError> {
        let Some((file, format)) = self.file.clone() else { return wrong(line, "a track before a file") };
        let (Ok(number), Some((mode, sub_channel))) = (number.parse(), parse_mode(mode)) else {
            return wrong(line, "unknown kind of track");
        };
        if self.sheet.tracks.len() + usize::from(self.open.is_some()) >= MAX_TRACKS {
            return wrong(line, "more tracks than a disc can have");
        }
        let session = self.session;
        // Where the track before this one ends is known when this one's first index is.
        let before = self.open.take();
        let track = SheetTrack { session, sub_channel, format, ..SheetTrack::new(number, mode, &file, 0, None) };
        if let Some(before) = before {
            self.place(line, before)?;
        }
        self.open = Some(Open { track, points: Vec::new() });
        Ok(())
    }

    /// Ends the track that is open, if one is.
    fn close(&mut self, line: usize) -> Result<(), SheetError> {
        match self.open.take() {
            Some(open) => self.place(line, open),
            None => Ok(()),
        }
    }

    /// Puts a track that is complete in its place behind the others of its file.
    fn place(&mut self, line: usize, open: Open) -> Result<(), SheetError> {
        let Open { mut track, points } = open;
        let Some(start) = points.iter().find(|(number, _)| *number == 1).map(|(_, at)| *at) else {
            return wrong(line, "a track without index 1");
        };
        let first = points.first().map_or(start, |(_, at)| *at);
        if points.windows(2).any(|pair| pair[0].1 > pair[1].1) {
            return wrong(line, "indices go back");
        }
        let bytes = track.sector_bytes();
        let before = self.place.unwrap_or(Place { sector: 0, offset: 0, bytes });
        let Some(distance) = first.checked_sub(before.sector) else { return wrong(line, "a track before the one before it") };
        track.offset = before.offset + distance * before.bytes;
        track.pregap = start - first;
        track.indices = points.iter().filter(|(number, _)| *number > 1).map(|(_, at)| at - start).collect();
        if let Some(last) = self.sheet.tracks.last_mut().filter(|_| self.place.is_some()) {
            let Some(sectors) = distance.checked_sub(last.pregap) else { return wrong(line, "a track of no length") };
            last.sectors = Some(sectors.min(MAX_SECTORS));
        }
        self.place = Some(Place { sector: first, offset: track.offset, bytes });
        self.sheet.tracks.push(track);
        Ok(())
    }
}
