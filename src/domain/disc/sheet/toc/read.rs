//! Reading a `.toc`.

use super::lexer::{Token, tokens};
use crate::domain::disc::{
    CdTextEntry,
    sheet::{
        FileFormat, MAX_SECTORS, MAX_SHEET, MAX_TRACKS, Sheet, SheetError, SheetTrack, SubChannel, TrackMode,
        text::{catalog, clean, file_name, isrc, parse_time, wrong},
    },
};

/// Samples in one sector of audio; lengths without colons count samples there, and bytes in data tracks.
const SAMPLES: u64 = 588;

/// Reads the `.toc` of one session (or of several, where our comments name them). Names of files lose their folders. Languages but the
/// first are skipped. Tracks that are put together from several pieces of files, as only people write them, are an error.
///
/// # Errors
/// [`SheetError`].
pub fn parse_toc(text: &str) -> Result<Sheet, SheetError> {
    if text.len() > MAX_SHEET {
        return Err(SheetError::TooLong);
    }
    let mut reader = Reader { tokens: tokens(text), at: 0, sheet: Sheet::default(), session: 1, open: None };
    while let Some((line, token)) = reader.next() {
        match token {
            Token::Word(word) => reader.command(line, &word)?,
            Token::Session(session) => {
                reader.close(line)?;
                reader.session = session;
            }
            Token::Text(_) | Token::Open | Token::Close => return wrong(line, "a command was expected"),
        }
    }
    reader.close(0)?;
    reader.sheet.check()?;
    Ok(reader.sheet)
}

/// A track while its lines come in.
struct Open {
    track: SheetTrack,
    /// Sectors from the start of the pre-gap so far; `None` after a file up to its end.
    length: Option<u64>,
    /// Length of the pre-gap.
    start: u64,
    has_file: bool,
}

struct Reader {
    tokens: Vec<(usize, Token)>,
    at: usize,
    sheet: Sheet,
    session: u8,
    open: Option<Open>,
}

impl Reader {
    fn next(&mut self) -> Option<(usize, Token)> {
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        token
    }

    fn peek_word(&self) -> Option<&str> {
        match self.tokens.get(self.at) {
            Some((_, Token::Word(word))) => Some(word),
            _ => None,
        }
    }

    /// The next word if it begins with a digit or `#`.
    fn number_word(&mut self, first: &[u8]) -> Option<String> {
        let word = self.peek_word().filter(|word| word.bytes().next().is_some_and(|byte| first.contains(&byte)))?.to_owned();
        self.at += 1;
        Some(word)
    }

    fn text(&mut self, line: usize) -> Result<String, SheetError> {
        match self.next() {
            Some((_, Token::Text(text))) => Ok(text),
            _ => wrong(line, "a text was expected"),
        }
    }

    fn time(&mut self, line: usize) -> Result<u64, SheetError> {
        let word = self.number_word(b"0123456789");
        word.and_then(|word| parse_time(&word)).map_or_else(|| wrong(line, "a time was expected"), Ok)
    }

    fn command(&mut self, line: usize, word: &str) -> Result<(), SheetError> {
        match (word, self.open.is_some()) {
            ("CD_DA" | "CD_ROM" | "CD_ROM_XA" | "CD_I", false) => {}
            ("CATALOG", false) => self.sheet.catalog = catalog(&self.text(line)?),
            ("CD_TEXT", _) => {
                let entry = self.cd_text(line)?;
                *self.open.as_mut().map_or(&mut self.sheet.text, |open| &mut open.track.text) = entry;
            }
            ("TRACK", _) => self.track(line)?,
            (_, true) => self.track_command(line, word)?,
            (_, false) => return wrong(line, "unknown command"),
        }
        Ok(())
    }

    fn track(&mut self, line: usize) -> Result<(), SheetError> {
        self.close(line)?;
        let mode = match self.peek_word() {
            Some("AUDIO") => TrackMode::Audio,
            Some("MODE1") => TrackMode::Mode1,
            Some("MODE1_RAW") => TrackMode::Mode1Raw,
            Some("MODE2" | "MODE2_FORM_MIX") => TrackMode::Mode2,
            Some("MODE2_RAW") => TrackMode::Mode2Raw,
            _ => return wrong(line, "unknown kind of track"),
        };
        self.at += 1;
        let sub_channel = self.sub_channel();
        let number = self.sheet.tracks.last().map_or(1, |track| track.number + 1);
        if self.sheet.tracks.len() >= MAX_TRACKS {
            return wrong(line, "more tracks than a disc can have");
        }
        let track = SheetTrack { session: self.session, sub_channel, ..SheetTrack::new(number, mode, "", 0, None) };
        self.open = Some(Open { track, length: Some(0), start: 0, has_file: false });
        Ok(())
    }

    fn sub_channel(&mut self) -> SubChannel {
        let sub_channel = match self.peek_word() {
            Some("RW") => SubChannel::Packed,
            Some("RW_RAW") => SubChannel::Raw,
            _ => return SubChannel::None,
        };
        self.at += 1;
        sub_channel
    }

    fn track_command(&mut self, line: usize, word: &str) -> Result<(), SheetError> {
        let Some(mut open) = self.open.take() else { return wrong(line, "outside of a track") };
        let track = &mut open.track;
        match word {
            "NO" => {
                let bit = match self.peek_word() {
                    Some("COPY") => 2,
                    Some("PRE_EMPHASIS") => 1,
                    _ => return wrong(line, "unknown flag"),
                };
                self.at += 1;
                track.control &= !bit;
            }
            "COPY" => track.control |= 2,
            "PRE_EMPHASIS" => track.control |= 1,
            "TWO_CHANNEL_AUDIO" => track.control &= !8,
            "FOUR_CHANNEL_AUDIO" => track.control |= 8,
            "ISRC" => track.isrc = isrc(&self.text(line)?),
            "PREGAP" => {
                let length = self.time(line)?;
                open.zeros(line, length)?;
                open.start = length;
            }
            "SILENCE" => {
                let length = self.time(line)?;
                open.zeros(line, length)?;
            }
            "ZERO" => {
                // cdrdao repeats the kind of the track here.
                while self.peek_word().is_some_and(|word| word.starts_with(|c: char| c.is_ascii_uppercase())) {
                    self.at += 1;
                }
                let length = self.time(line)?;
                open.zeros(line, length)?;
            }
            "FILE" | "AUDIOFILE" | "DATAFILE" => self.file(line, word == "DATAFILE", &mut open)?,
            "START" => {
                let told = self.number_word(b"0123456789").map(|word| parse_time(&word));
                let Some(start) = told.unwrap_or(open.length) else { return wrong(line, "no length of a pre-gap") };
                open.start = start;
            }
            "INDEX" => {
                let at = self.time(line)?;
                if open.track.indices.len() >= 98 {
                    return wrong(line, "too many indices");
                }
                open.track.indices.push(at);
            }
            _ => return wrong(line, "unknown command"),
        }
        self.open = Some(open);
        Ok(())
    }

    /// `FILE "name" [SWAP] [#offset] start [length]`, `DATAFILE "name" [#offset] [length]`.
    fn file(&mut self, line: usize, data: bool, open: &mut Open) -> Result<(), SheetError> {
        let Some(name) = file_name(&self.text(line)?) else { return wrong(line, "no name of a file") };
        let track = &mut open.track;
        let samples = track.mode == TrackMode::Audio;
        // Samples with sub-channel data are a DATAFILE to cdrdao, bare ones a FILE.
        if open.has_file || data == (samples && track.sub_channel == SubChannel::None) {
            return wrong(line, "tracks of several files or of another kind are not understood");
        }
        let swap = self.peek_word() == Some("SWAP");
        self.at += usize::from(swap);
        let wave = name.to_ascii_lowercase().ends_with(".wav");
        track.format = match (data, swap, wave) {
            (true, ..) if samples => FileFormat::Motorola,
            (true, ..) | (false, true, false) => FileFormat::Binary,
            (false, _, true) => FileFormat::Wave,
            (false, false, false) => FileFormat::Motorola,
        };
        let offset = match self.number_word(b"#") {
            Some(word) => word[1..].parse::<u64>().ok(),
            None => Some(0),
        };
        let bytes = track.sector_bytes();
        let start = if data { Some(0) } else { self.number_word(b"0123456789").and_then(|word| length(&word, bytes, SAMPLES)) };
        let offset =
            offset.zip(start).and_then(|(offset, start)| offset.checked_add(start)).filter(|at| *at < MAX_SECTORS * bytes);
        let Some(offset) = offset else { return wrong(line, "no start in a file") };
        let sectors = match self.number_word(b"0123456789") {
            Some(word) => {
                let found = length(&word, bytes, if data { bytes } else { SAMPLES });
                let Some(found) = found.filter(|bytes| *bytes <= MAX_SECTORS * 2448) else { return wrong(line, "no length") };
                // A length of 0 means up to the end of the file, and a started sector is filled up.
                (found > 0).then_some(found.div_ceil(bytes))
            }
            None => None,
        };
        (track.file, track.offset, open.has_file) = (name, offset, true);
        // The pre-gap is taken off at the end, when its length is known.
        track.sectors = sectors;
        open.length = open.length.zip(sectors).map(|(before, sectors)| before + sectors);
        Ok(())
    }

    /// `{ LANGUAGE_MAP { … } LANGUAGE 0 { WORD "text" WORD { 0, 1 } … } … }`
    fn cd_text(&mut self, line: usize) -> Result<CdTextEntry, SheetError> {
        let mut entry = CdTextEntry::default();
        let (mut depth, mut language, mut item) = (0u32, None, String::new());
        while let Some((_, token)) = self.next() {
            match token {
                Token::Open => depth += 1,
                Token::Close if depth <= 1 => return Ok(entry),
                Token::Close => depth -= 1,
                Token::Word(word) if depth == 1 && word == "LANGUAGE" => language = self.number_word(b"01234567"),
                Token::Word(word) => item = word,
                Token::Text(text) if depth == 2 && language.as_deref() == Some("0") => {
                    let field = match item.as_str() {
                        "TITLE" => &mut entry.title,
                        "PERFORMER" => &mut entry.performer,
                        "SONGWRITER" => &mut entry.songwriter,
                        "COMPOSER" => &mut entry.composer,
                        "ARRANGER" => &mut entry.arranger,
                        "MESSAGE" => &mut entry.message,
                        "UPC_EAN" | "ISRC" => &mut entry.code,
                        _ => continue,
                    };
                    *field = clean(&text);
                }
                Token::Text(_) | Token::Session(_) => {}
            }
        }
        wrong(line, "an open bracket")
    }

    /// Ends the track that is open, if one is.
    fn close(&mut self, line: usize) -> Result<(), SheetError> {
        let Some(open) = self.open.take() else { return Ok(()) };
        let mut track = open.track;
        if !open.has_file {
            return wrong(line, "a track without a file");
        }
        let Some(pregap) = open.start.checked_sub(track.gap) else { return wrong(line, "zeros after the pre-gap") };
        track.pregap = pregap;
        track.sectors = match track.sectors.map(|sectors| sectors.checked_sub(pregap)) {
            Some(None) => return wrong(line, "a pre-gap longer than its track"),
            known => known.flatten(),
        };
        self.sheet.tracks.push(track);
        Ok(())
    }
}

impl Open {
    /// Zeros that are not in the file.
    fn zeros(&mut self, line: usize, sectors: u64) -> Result<(), SheetError> {
        let gap = if self.has_file { &mut self.track.postgap } else { &mut self.track.gap };
        *gap += sectors;
        if *gap > MAX_SECTORS {
            return wrong(line, "longer than any disc");
        }
        self.length = self.length.map(|length| length + sectors);
        Ok(())
    }
}

/// Bytes of a time, or of a number of samples (audio: a sector of `units`) or bytes (data).
fn length(word: &str, sector_bytes: u64, units: u64) -> Option<u64> {
    match parse_time(word) {
        Some(sectors) => Some(sectors * sector_bytes),
        None => {
            let number = word.parse::<u64>().ok().filter(|number| *number <= MAX_SECTORS * 2448)?;
            Some(number / units * sector_bytes + number % units * sector_bytes / units)
        }
    }
}
