//! The files beside the raw frames: cue sheet, cdrdao's table of contents, user data of data tracks, CD-Text.

use super::{copy::storage, folder::Folder, plan::Part, plan::Plan};
use crate::{
    domain::{
        disc::{
            CdTextEntry, Medium,
            frame::{self, FRAME, FrameKind},
            sheet::{FileFormat, Sheet, SheetError, SheetTrack, TrackMode},
        },
        options::AudioFormat,
        result::{FileRole, TrackResult},
    },
    imaging::interrupt::{Interruption, code},
};
use std::{
    fs::File,
    io::{BufWriter, Write as _},
    os::unix::fs::FileExt as _,
};

/// Bytes of user data of a sector.
const DATA: u64 = crate::domain::ids::SECTOR;

/// One file of the image, not hashed yet.
pub type Named = (String, FileRole);

/// Why the image has this form; stable words.
pub fn form(clone: bool, plan: &Plan) -> &'static str {
    let (data, audio) =
        plan.parts.iter().fold((false, false), |(data, audio), part| (data || part.track.data, audio || !part.track.data));
    let sessions = plan.parts.last().map_or(1, |part| part.track.session);
    let audio_first = plan.parts.first().is_some_and(|part| !part.track.data);
    match (clone, data, audio) {
        (true, ..) => "raw_clone",
        (false, true, true) if sessions > 1 && audio_first => "cd_extra",
        (false, true, true) => "mixed_mode",
        (false, true, false) => "data_tracks",
        (false, false, _) => "audio_tracks",
    }
}

/// What is in the sheets.
pub struct Sheets<'a> {
    /// Base name of the files.
    pub name: &'a str,
    /// Tracks.
    pub plan: &'a Plan,
    /// Titles and catalogue number.
    pub medium: &'a Medium,
    /// Recording codes.
    pub tracks: &'a [TrackResult],
    /// Frames before index 1 of each track that are its own.
    pub pregaps: &'a [u64],
    /// How audio is stored.
    pub format: AudioFormat,
    /// Raw frames.
    pub bin: &'a File,
}

impl Sheets<'_> {
    /// Writes `NAME.cue`, and `NAME.toc` if everything is in one file (cdrdao reads no FLAC).
    ///
    /// # Errors
    /// What the file system says; `bad_task` for a name that no sheet can say.
    pub fn write(&self, folder: &Folder) -> Result<Vec<Named>, Interruption> {
        let sheet = self.sheet()?;
        let said = |error: SheetError| Interruption::failed(code::BAD_TASK, format!("cannot write a sheet: {error}"));
        let cue = format!("{}.cue", self.name);
        folder.write(&cue, sheet.to_cue().map_err(said)?.as_bytes())?;
        let mut files = vec![(cue, FileRole::Cue)];
        if self.format == AudioFormat::BinCue {
            let toc = format!("{}.toc", self.name);
            folder.write(&toc, sheet.to_toc().map_err(said)?.as_bytes())?;
            files.push((toc, FileRole::Toc));
        }
        Ok(files)
    }

    fn sheet(&self) -> Result<Sheet, Interruption> {
        let texts = self.medium.cd_text.as_ref();
        let text = texts.map(|text| text.disc.clone()).unwrap_or_default();
        let mut sheet = Sheet { catalog: self.medium.ids.mcn.clone(), text, ..Sheet::default() };
        for (index, part) in self.plan.parts.iter().enumerate() {
            let number = part.track.number;
            let (file, format, offset) = match (self.format, part.track.data) {
                (AudioFormat::BinCue, _) => (format!("{}.bin", self.name), FileFormat::Binary, part.bytes().start),
                (AudioFormat::Flac, true) => (track_bin(self.name, number), FileFormat::Binary, 0),
                (AudioFormat::Flac, false) => (flac(self.name, number), FileFormat::Wave, 0),
            };
            let mode = mode(self.bin, part)?;
            let mut track = SheetTrack::new(number, mode, &file, offset, Some(part.to - part.track.start));
            track.format = format;
            track.session = part.track.session;
            track.control = part.track.control & 0x0b;
            track.pregap = part.track.start - part.from;
            track.isrc = self.tracks.iter().find(|track| track.number == number).and_then(|track| track.isrc.clone());
            track.text = texts.and_then(|text| text.tracks.get(usize::from(number) - 1).cloned()).unwrap_or_default();
            if part.track.data {
                (track.text, track.isrc) = (CdTextEntry::default(), None);
            }
            // A file of its own begins with index 1; the pre-gap stays at the end of the file before.
            let own = self.pregaps.get(index).copied().unwrap_or(0);
            if let (AudioFormat::BinCue, 1.., Some(previous)) = (self.format, own, sheet.tracks.last_mut()) {
                track.pregap += own;
                track.offset -= own * FRAME as u64;
                previous.sectors = previous.sectors.map(|sectors| sectors.saturating_sub(own));
            }
            sheet.tracks.push(track);
        }
        Ok(sheet)
    }
}

/// Name of the file of one audio track.
pub fn flac(name: &str, track: u8) -> String {
    format!("{name} - {track:02}.flac")
}

/// Name of the file with the raw frames of one data track, where audio is not in one file with it.
pub fn track_bin(name: &str, track: u8) -> String {
    format!("{name} - {track:02}.bin")
}

/// The first readable frame of a data track says what kind of track it is.
fn mode(bin: &File, part: &Part) -> Result<TrackMode, Interruption> {
    if !part.track.data {
        return Ok(TrackMode::Audio);
    }
    let mut bytes = vec![0; FRAME];
    for at in part.bytes().step_by(FRAME) {
        bin.read_exact_at(&mut bytes, at).map_err(|error| storage("read", error))?;
        match frame::kind(&bytes) {
            Some(FrameKind::Mode1) => return Ok(TrackMode::Mode1Raw),
            Some(FrameKind::Mode2Form1 | FrameKind::Mode2Form2) => return Ok(TrackMode::Mode2Raw),
            None => {}
        }
    }
    Ok(TrackMode::Mode1Raw)
}

/// Writes the user data of each data track as `NAME.iso` (further ones `NAME - 03.iso`). Sectors that are not proven by their error
/// detection code, and those of mode 2 form 2, which no file system has, are zeros. What follows the last data sector (run-out,
/// pre-gap of an audio track) is left out.
///
/// # Errors
/// What the file system says.
pub fn isos(folder: &Folder, name: &str, plan: &Plan, bin: &File) -> Result<Vec<Named>, Interruption> {
    let mut files = Vec::new();
    for part in plan.parts.iter().filter(|part| part.track.data) {
        let file = if files.is_empty() { format!("{name}.iso") } else { format!("{name} - {:02}.iso", part.track.number) };
        let mut iso = BufWriter::new(File::create(folder.file(&file)).map_err(|error| storage("create", error))?);
        let mut bytes = vec![0; FRAME];
        // Frames of the border are held back until a data sector follows.
        let mut held = 0;
        for (lba, at) in (part.from..part.to).zip(part.bytes().step_by(FRAME)) {
            bin.read_exact_at(&mut bytes, at).map_err(|error| storage("read", error))?;
            if part.in_tail(lba) && frame::kind(&bytes).is_none() {
                held += DATA;
                continue;
            }
            let zeros = vec![0; usize::try_from(std::mem::take(&mut held)).unwrap_or(0)];
            let proven = frame::edc_ok(&bytes) && frame::kind(&bytes) != Some(FrameKind::Mode2Form2);
            let data = frame::user_data(&bytes).filter(|_| proven).unwrap_or(&[0; DATA as usize]);
            iso.write_all(&zeros).and_then(|()| iso.write_all(data)).map_err(|error| storage("write", error))?;
        }
        let iso = iso.into_inner().map_err(|error| storage("write", error.into_error()))?;
        iso.sync_data().map_err(|error| storage("sync", error))?;
        files.push((file, FileRole::Iso));
    }
    Ok(files)
}
