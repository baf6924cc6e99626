//! The disc in a virtual drive: where its tracks lie, and what is in each of its sectors. Without faults.

mod cd_text;
mod sectors;
mod subcode;

use super::description::{Description, MAX_BYTES, MAX_SECTORS, SUFFIX, TrackDescription, TrackKind};
use crate::{
    domain::disc::{DiscState, FIRST_SESSION_GAP, LATER_SESSION_GAP, MediaProfile, PRE_GAP, Protection, Recording},
    optical::{
        DeviceError,
        image_file::{open_image, profile_for_size},
    },
};
use std::{
    fs::{self, File},
    path::{Path, PathBuf},
};

/// Last sector of a CD whose time can be written down: 99:59:74.
const CD_SECTORS: u64 = 100 * 60 * 75 - 150;

/// One track and where it lies.
#[derive(Debug)]
pub(super) struct Span {
    pub(super) number: u8,
    pub(super) session: u8,
    pub(super) kind: TrackKind,
    pub(super) control: u8,
    pub(super) isrc: Option<String>,
    /// First sector of its pre-gap.
    pub(super) gap: u64,
    /// First sector with index 1.
    pub(super) start: u64,
    /// First sector that cannot be read any more.
    pub(super) run_out: u64,
    /// First sector of what follows.
    pub(super) end: u64,
    source: Source,
}

/// The bytes of a track.
#[derive(Debug)]
struct Source {
    file: Option<File>,
    raw: bool,
    /// Bytes of a sector in the file.
    unit: u64,
    /// Sector of the disc that the file begins with.
    first: u64,
}

/// One session and where it lies.
#[derive(Debug, Clone, Copy)]
pub(super) struct SessionSpan {
    pub(super) number: u8,
    pub(super) first: u8,
    pub(super) last: u8,
    pub(super) start: u64,
    pub(super) lead_out: u64,
}

/// A disc.
#[derive(Debug)]
pub(super) struct Media {
    pub(super) profile: MediaProfile,
    pub(super) state: DiscState,
    pub(super) erasable: bool,
    pub(super) tracks: Vec<Span>,
    pub(super) sessions: Vec<SessionSpan>,
    /// Lead-out of the last session.
    pub(super) sectors: u64,
    /// What READ CAPACITY says.
    pub(super) claimed: u64,
    pub(super) catalogue_number: Option<String>,
    /// CD-Text packs.
    pub(super) cd_text: Vec<u8>,
    pub(super) protection: Option<Protection>,
    pub(super) layers: u8,
    pub(super) layer_break: Option<u64>,
    pub(super) structure_sectors: u64,
    pub(super) refuse: Vec<u8>,
    pub(super) refuse_toc_formats: Vec<u8>,
    pub(super) unreadable_toc: bool,
    subchannel: Option<File>,
}

/// Whether a file is a description of a disc and not its image.
pub(super) fn is_description(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().ends_with(SUFFIX))
}

impl Media {
    /// Opens an image or a description with all its files.
    ///
    /// # Errors
    /// [`DeviceError::Refused`] that says what is wrong with which file.
    pub(super) fn open(path: &Path, profile: Option<u16>) -> Result<Self, DeviceError> {
        let mut media = if is_description(path) { described(path)? } else { plain(path)? };
        if let Some(profile) = profile {
            media.profile = MediaProfile(profile);
            media.erasable = media.profile.recording() == Recording::Rewritable;
        }
        Ok(media)
    }

    pub(super) fn is_cd(&self) -> bool {
        self.profile.class() == "cd"
    }

    /// The track that a sector belongs to, with its pre-gap and run-out.
    pub(super) fn track_at(&self, lba: u64) -> Option<&Span> {
        let after = self.tracks.partition_point(|track| track.gap <= lba);
        self.tracks[..after].last().filter(|track| lba < track.end)
    }
}

/// A disc of one data track.
fn plain(path: &Path) -> Result<Media, DeviceError> {
    let (file, sectors) = open_image(path)?;
    let description = Description {
        track: vec![TrackDescription {
            kind: TrackKind::Mode1,
            file: None,
            raw: false,
            sectors: Some(sectors),
            session: 1,
            pre_gap: None,
            pre_gap_in_file: false,
            run_out: 0,
            control: None,
            isrc: None,
            text: crate::domain::disc::CdTextEntry::default(),
        }],
        ..Description::default()
    };
    build(description, vec![Some((file, sectors))], profile_for_size(sectors))
        .map_err(|why| DeviceError::Refused(format!("{}: {why}", path.display())))
}

fn described(path: &Path) -> Result<Media, DeviceError> {
    let refused = |why: String| DeviceError::Refused(format!("{}: {why}", path.display()));
    let meta = fs::metadata(path).map_err(|error| refused(error.to_string()))?;
    if !meta.is_file() || meta.len() > MAX_BYTES {
        return Err(refused(format!("not a regular file of at most {MAX_BYTES} bytes")));
    }
    let text = fs::read_to_string(path).map_err(|error| refused(error.to_string()))?;
    let description = Description::parse(&text).map_err(refused)?;
    let absolute = fs::canonicalize(path).map_err(|error| refused(error.to_string()))?;
    let beside = absolute.parent().unwrap_or(Path::new("/"));
    let mut files = Vec::new();
    for track in &description.track {
        let opened = track.file.as_ref().map(|name| whole_units(beside, name, track.unit())).transpose();
        files.push(opened.map_err(refused)?);
    }
    let cd_text = match &description.cd_text_file {
        Some(name) => cd_text::packs_of_file(&find(beside, name).map_err(refused)?).map_err(refused)?,
        None => cd_text::packs(&description),
    };
    let subchannel = description.subchannel_file.as_ref().map(|name| whole_units(beside, name, 96)).transpose();
    let subchannel = subchannel.map_err(refused)?.map(|(file, _)| file);
    let fallback = guess_profile(&description, &files);
    let media = build(description, files, fallback).map_err(refused)?;
    Ok(Media { cd_text, subchannel, ..media })
}

/// A file of a description: beside it or below, never somewhere else.
fn find(beside: &Path, name: &str) -> Result<PathBuf, String> {
    let path = fs::canonicalize(beside.join(name)).map_err(|error| format!("{name}: {error}"))?;
    match path.starts_with(beside) && fs::metadata(&path).is_ok_and(|meta| meta.is_file()) {
        true => Ok(path),
        false => Err(format!("{name}: not a regular file beside the description")),
    }
}

/// A file and the number of its units.
fn whole_units(beside: &Path, name: &str, unit: u64) -> Result<(File, u64), String> {
    let path = find(beside, name)?;
    let file = File::open(&path).map_err(|error| format!("{name}: {error}"))?;
    let bytes = file.metadata().map_err(|error| format!("{name}: {error}"))?.len();
    match bytes > 0 && bytes.is_multiple_of(unit) {
        true => Ok((file, bytes / unit)),
        false => Err(format!("{name}: {bytes} bytes are not one or more whole sectors of {unit}")),
    }
}

fn guess_profile(description: &Description, files: &[Option<(File, u64)>]) -> MediaProfile {
    let sectors = |(track, file): (&TrackDescription, &Option<(File, u64)>)| {
        track.sectors.or(file.as_ref().map(|file| file.1)).unwrap_or(0)
    };
    let is_cd = description.track.is_empty()
        || description.track.iter().any(|track| track.raw || track.kind != TrackKind::Mode1 || track.session > 1);
    match is_cd {
        true => MediaProfile::CD_ROM,
        false => profile_for_size(description.track.iter().zip(files).map(sectors).fold(0, u64::saturating_add)),
    }
}

/// Lays the tracks out.
fn build(description: Description, files: Vec<Option<(File, u64)>>, fallback: MediaProfile) -> Result<Media, String> {
    let profile = description.profile.map_or(fallback, MediaProfile);
    let mut tracks: Vec<Span> = Vec::new();
    let mut sessions: Vec<SessionSpan> = Vec::new();
    let mut position = 0_u64;
    for (index, (track, file)) in description.track.iter().zip(files).enumerate() {
        let number = u8::try_from(index + 1).map_err(|_| "more than 99 tracks")?;
        let before = tracks.last();
        let new_session = before.is_none_or(|before| before.session != track.session);
        if new_session && before.is_some() {
            position += if sessions.len() == 1 { FIRST_SESSION_GAP } else { LATER_SESSION_GAP };
        }
        let other_kind = before.is_some_and(|before| before.kind.is_data() != track.kind.is_data());
        let pre_gap = track.pre_gap.unwrap_or(if other_kind && !new_session { PRE_GAP } else { 0 });
        let in_file = if track.pre_gap_in_file { pre_gap } else { 0 };
        let held = file.as_ref().map(|(_, units)| units.saturating_sub(in_file));
        let length = match (track.sectors, held) {
            (Some(wanted), Some(held)) if wanted > held => {
                return Err(format!("track {number} wants {wanted} sectors, its file has {held}"));
            }
            (wanted, held) => wanted.or(held).unwrap_or(0),
        };
        if length == 0 {
            return Err(format!("track {number} is empty"));
        }
        let start = position + pre_gap;
        let (run_out, end) = (start + length, start + length + track.run_out);
        if end > if profile.class() == "cd" { CD_SECTORS } else { MAX_SECTORS } {
            return Err(format!("track {number} ends at sector {end}: too long for such a disc"));
        }
        let source = Source { file: file.map(|(file, _)| file), raw: track.raw, unit: track.unit(), first: start - in_file };
        let control = track.control.unwrap_or(if track.kind.is_data() { 4 } else { 0 });
        let (kind, isrc) = (track.kind, track.isrc.clone());
        tracks.push(Span { number, session: track.session, kind, control, isrc, gap: position, start, run_out, end, source });
        match sessions.last_mut().filter(|_| !new_session) {
            Some(session) => (session.last, session.lead_out) = (number, end),
            None => sessions.push(SessionSpan { number: track.session, first: number, last: number, start, lead_out: end }),
        }
        position = end;
    }
    let state = description.state.unwrap_or(DiscState::Complete);
    let erasable = description.erasable.unwrap_or(profile.recording() == Recording::Rewritable);
    Ok(Media {
        profile,
        state,
        erasable,
        tracks,
        sessions,
        sectors: position,
        claimed: description.read_capacity.map_or(position, u64::from),
        catalogue_number: description.catalogue_number,
        cd_text: Vec::new(),
        protection: description.protection,
        layers: description.layers.unwrap_or(if description.layer_break.is_some() { 2 } else { 1 }),
        layer_break: description.layer_break.map(u64::from),
        structure_sectors: description.structure_sectors.map_or(position, u64::from),
        refuse: description.refuse,
        refuse_toc_formats: description.refuse_toc_formats,
        unreadable_toc: description.unreadable_toc,
        subchannel: None,
    })
}
