//! The `.toc` of cdrdao: what `cdrdao read-cd` and `read-toc` write, and what `cdrdao write` and `toc2cue` read (cdrdao(1), "TOC FILES").

mod lexer;
mod read;

pub use read::parse_toc;

use super::{
    FileFormat, Sheet, SheetError, SheetTrack, SubChannel, TrackMode,
    text::{clean, time},
};
use crate::domain::disc::CdTextEntry;
use std::fmt::Write as _;

/// Comment that keeps the session of the tracks after it.
const SESSION: &str = "// Session ";

/// Texts and how cdrdao calls them. The code is called differently for disc and tracks.
fn texts<'a>(entry: &'a CdTextEntry, code: &'static str) -> [(&'static str, &'a str); 7] {
    [
        ("TITLE", &entry.title),
        ("PERFORMER", &entry.performer),
        ("SONGWRITER", &entry.songwriter),
        ("COMPOSER", &entry.composer),
        ("ARRANGER", &entry.arranger),
        ("MESSAGE", &entry.message),
        (code, &entry.code),
    ]
}

fn mode_word(mode: TrackMode) -> &'static str {
    match mode {
        TrackMode::Audio => "AUDIO",
        TrackMode::Mode1 => "MODE1",
        TrackMode::Mode1Raw => "MODE1_RAW",
        TrackMode::Mode2 => "MODE2_FORM_MIX",
        TrackMode::Mode2Raw => "MODE2_RAW",
    }
}

fn sub_word(sub: SubChannel) -> &'static str {
    match sub {
        SubChannel::None => "",
        SubChannel::Packed => " RW",
        SubChannel::Raw => " RW_RAW",
    }
}

/// Text in quotation marks: Latin-1 with everything but plain ASCII as octal numbers, as cdrdao writes it; `?` for what CD-Text in Latin-1 cannot
/// say.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in clean(text).chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            ' '..='~' => quoted.push(c),
            '\u{a0}'..='\u{ff}' => {
                let _ = write!(quoted, "\\{:03o}", u32::from(c));
            }
            _ => quoted.push('?'),
        }
    }
    quoted.push('"');
    quoted
}

impl Sheet {
    /// The disc as a `.toc`. cdrdao knows one session per file: of others only a comment tells here.
    ///
    /// # Errors
    /// [`SheetError::Track`] for tracks that contradict each other, and for samples with sub-channel data in another byte order than cdrdao's.
    pub fn to_toc(&self) -> Result<String, SheetError> {
        self.check()?;
        let swapped = |track: &&SheetTrack| {
            track.mode == TrackMode::Audio && track.sub_channel != SubChannel::None && track.format != FileFormat::Motorola
        };
        if let Some(track) = self.tracks.iter().find(swapped) {
            return Err(SheetError::Track { track: track.number, what: "samples with sub-channel data must be big-endian" });
        }
        let any = |modes: &[TrackMode]| self.tracks.iter().any(|track| modes.contains(&track.mode));
        let kind = match (any(&[TrackMode::Mode2, TrackMode::Mode2Raw]), any(&[TrackMode::Mode1, TrackMode::Mode1Raw])) {
            (true, _) => "CD_ROM_XA",
            (false, true) => "CD_ROM",
            (false, false) => "CD_DA",
        };
        let mut toc = format!("{kind}\n\n");
        if let Some(catalog) = &self.catalog {
            let _ = writeln!(toc, "CATALOG \"{catalog}\"\n");
        }
        // An item that is said once must be said everywhere.
        let entries = || std::iter::once(&self.text).chain(self.tracks.iter().map(|track| &track.text));
        let used: Vec<bool> = (0..7).map(|item| entries().any(|entry| !clean(texts(entry, "")[item].1).is_empty())).collect();
        if used.contains(&true) {
            toc.push_str("CD_TEXT {\n  LANGUAGE_MAP {\n    0 : EN\n  }\n");
            write_texts(&mut toc, &texts(&self.text, "UPC_EAN"), &used);
            toc.push_str("}\n\n");
        }
        let mut session = 1;
        for track in &self.tracks {
            if track.session != session {
                session = track.session;
                let _ = writeln!(toc, "{SESSION}{session}");
            }
            write_track(&mut toc, track, &used);
        }
        Ok(toc)
    }
}

fn write_texts(toc: &mut String, texts: &[(&str, &str)], used: &[bool]) {
    toc.push_str("  LANGUAGE 0 {\n");
    for ((word, text), _) in texts.iter().zip(used).filter(|(_, used)| **used) {
        let _ = writeln!(toc, "    {word} {}", quoted(text));
    }
    toc.push_str("  }\n");
}

fn write_track(toc: &mut String, track: &SheetTrack, used: &[bool]) {
    let audio = track.mode == TrackMode::Audio;
    let kind = format!("{}{}", mode_word(track.mode), sub_word(track.sub_channel));
    let flag = |bit: u8| if track.control & bit == 0 { "NO " } else { "" };
    let _ = writeln!(toc, "// Track {}\nTRACK {kind}\n{}COPY", track.number, flag(2));
    if audio {
        let channels = if track.control & 8 == 0 { "TWO" } else { "FOUR" };
        let _ = writeln!(toc, "{}PRE_EMPHASIS\n{channels}_CHANNEL_AUDIO", flag(1));
    }
    if let Some(isrc) = track.isrc.as_ref().filter(|_| audio) {
        let _ = writeln!(toc, "ISRC \"{isrc}\"");
    }
    if used.contains(&true) {
        toc.push_str("CD_TEXT {\n");
        write_texts(toc, &texts(&track.text, "ISRC"), used);
        toc.push_str("}\n");
    }
    let zeros = |toc: &mut String, sectors: u64| {
        let word = if audio && track.sub_channel == SubChannel::None { "SILENCE".to_owned() } else { format!("ZERO {kind}") };
        let _ = if sectors > 0 { writeln!(toc, "{word} {}", time(sectors)) } else { Ok(()) };
    };
    zeros(toc, track.gap);
    let length = track.sectors.map(|sectors| format!(" {}", time(sectors + track.pregap))).unwrap_or_default();
    // cdrdao's word for files with anything but bare samples.
    let _ = match (audio && track.sub_channel == SubChannel::None, track.format) {
        (true, FileFormat::Binary) => writeln!(toc, "FILE \"{}\" SWAP #{} 0{length}", track.file, track.offset),
        (true, FileFormat::Motorola | FileFormat::Wave) => writeln!(toc, "FILE \"{}\" #{} 0{length}", track.file, track.offset),
        (false, _) => writeln!(toc, "DATAFILE \"{}\" #{}{length}", track.file, track.offset),
    };
    zeros(toc, track.postgap);
    if track.gap + track.pregap > 0 {
        let _ = writeln!(toc, "START {}", time(track.gap + track.pregap));
    }
    for index in &track.indices {
        let _ = writeln!(toc, "INDEX {}", time(*index));
    }
    toc.push('\n');
}
