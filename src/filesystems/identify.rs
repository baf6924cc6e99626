//! Which disc is in the drive: everything that is known about it, or why it cannot be known. Never a guess.

use super::{FileSystems, probe, sampler::Sampler};
use crate::{
    domain::disc::{
        self, CdText, DiscIds, DiscInformation, DiscKind, DiscState, Fingerprint, FingerprintInput, MediaProfile, Medium,
        PhysicalStructure, Protection, RootNames, SizeClaims, SizeRecord, Toc, TrackInformation, musicbrainz_id, parse_cd_text,
    },
    optical::{DeviceError, OpticalDevice, Sense, profile_for_size},
};
use std::time::Duration;

/// Why a disc could not be identified.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdentifyFailure {
    /// The drive is still loading the disc: ask again soon.
    #[error("the drive is not ready yet")]
    NotReady,
    /// There is no medium (any more).
    #[error("no medium")]
    NoMedium,
    /// A recordable disc with nothing on it.
    #[error("a blank disc")]
    Blank,
    /// There is a medium, but nothing on it can be read; the text is what the drive says.
    #[error("a disc that cannot be read: {0}")]
    Unreadable(String),
    /// The medium was changed meanwhile: begin again.
    #[error("the medium was changed")]
    Changed,
    /// The drive is gone.
    #[error("the drive is gone")]
    Gone,
    /// The drive does not answer in time.
    #[error("no answer within {0:?}")]
    Timeout(Duration),
    /// Anything else: permissions, errors of the system or the drive.
    #[error("{0}")]
    Other(String),
}

impl From<IdentifyFailure> for DeviceError {
    /// For readers, to whom it matters whether to wait, to stop or to ask for another disc.
    fn from(failure: IdentifyFailure) -> Self {
        match failure {
            IdentifyFailure::NotReady => Self::NotReady(Sense::default()),
            IdentifyFailure::NoMedium => Self::NoMedium,
            IdentifyFailure::Changed => Self::MediumChanged,
            IdentifyFailure::Gone => Self::Gone,
            IdentifyFailure::Timeout(limit) => Self::Timeout(limit),
            IdentifyFailure::Blank => Self::Refused("a blank disc".to_owned()),
            IdentifyFailure::Unreadable(text) | IdentifyFailure::Other(text) => Self::Other(text),
        }
    }
}

/// Identifies the disc in a drive. Blocks for seconds, on a damaged disc for up to some minutes.
///
/// In this order, because each clue alone misleads on some discs: the drive's profile, the table of contents with its sessions, what the drive says of
/// disc and tracks, sectors with file systems, names in the root folder.
///
/// # Errors
/// [`IdentifyFailure`].
pub fn identify(device: &mut dyn OpticalDevice) -> Result<Medium, IdentifyFailure> {
    let profile = device.profile().map_err(|error| fatal(&error).unwrap_or_else(|| unreadable(&error)))?;
    let toc = optional(device.toc())?;
    let told = Told::ask(device)?;
    // Some drives call pressed CDs blank.
    if profile != MediaProfile::CD_ROM && told.blank {
        return Err(IdentifyFailure::Blank);
    }
    let capacity = optional(device.capacity())?;
    let claims = SizeClaims {
        read_capacity: capacity,
        // Once, before reading: the kernel shrinks it after errors near the end.
        block_device: device.block_device_sectors(),
        track_information: told.written_end(),
        structure: told.structure.map(|structure| structure.sectors),
        ..SizeClaims::default()
    }
    .with_toc(toc.as_ref());
    let cd_toc = toc.as_ref().filter(|_| matches!(profile.class(), "cd" | "other"));
    let music = Music::ask(device, cd_toc)?;

    let mut sampler = Sampler::new(device);
    let file_systems = match cd_toc.is_some_and(|toc| !toc.has_data()) {
        true => FileSystems::default(),
        false => {
            let session = cd_toc.and_then(Toc::last_data_session).unwrap_or(0);
            probe(&mut |lba| sampler.sector(lba), capacity.or(claims.toc_lead_out), session)
        }
    };
    let claims = with_file_systems(claims, &file_systems);
    let identity = claims.identity_sectors(profile);
    let samples: Vec<(u64, Vec<u8>)> = match cd_toc.is_some_and(|toc| !toc.has_data()) {
        true => Vec::new(),
        false => sample_places(cd_toc, identity).into_iter().map(|lba| (lba, sampler.sector(lba).unwrap_or_default())).collect(),
    };
    let size = size(claims, profile, cd_toc, &mut sampler);
    if let Some(failure) = sampler.fatal.take() {
        return Err(failure);
    }
    let empty = file_systems == FileSystems::default();
    if !cd_toc.is_some_and(Toc::has_audio) {
        nothing_there(profile, empty, &samples, &mut sampler)?;
    }
    let refused = sampler.protected;
    let names = RootNames::ask(|name| file_systems.has_root(name));
    // Families that the drive does not know (HD DVD, magneto-optical): the one that has such a size. Only for these, and for image files.
    let family = if profile.class() == "other" { profile_for_size(size.0.sectors) } else { profile };
    let fingerprint =
        Fingerprint::compute(&FingerprintInput { profile, toc: toc.as_ref(), sectors: identity, samples: &samples });
    let kind = disc::kind(family, toc.as_ref(), names, !empty);
    let size = match (&toc, kind) {
        (Some(toc), DiscKind::DataCd) => size.0.with_sessions(toc, &size.1),
        _ => size.0,
    };
    let title = music.text.as_ref().map(CdText::label).unwrap_or_default();
    let label = Some(file_systems.label()).filter(|label| !label.is_empty()).unwrap_or(title);
    Ok(Medium {
        cd_text: music.text,
        recording: disc::recording(profile, told.disc.as_ref(), &told.tracks),
        sessions: told.sessions(cd_toc),
        file_systems: file_systems.kinds(),
        structure: told.structure,
        protection: disc::protection(told.protection, profile, names, refused, cd_toc),
        ids: music.ids,
        toc,
        ..Medium::new(label, kind, profile, fingerprint, size)
    })
}

/// What the drive says about disc and tracks.
struct Told {
    blank: bool,
    disc: Option<DiscInformation>,
    tracks: Vec<TrackInformation>,
    structure: Option<PhysicalStructure>,
    protection: Option<Protection>,
}

impl Told {
    fn ask(device: &mut dyn OpticalDevice) -> Result<Self, IdentifyFailure> {
        let disc = extra(device.disc_information())?;
        let blank = disc.is_some_and(|disc| disc.state == DiscState::Empty) || extra(device.is_blank())?.unwrap_or(false);
        let tracks = extra(device.tracks())?.unwrap_or_default();
        let structure = extra(device.structure())?;
        Ok(Self { blank, disc, tracks, structure, protection: extra(device.protection())?.flatten() })
    }

    /// First sector after the last one that is written.
    fn written_end(&self) -> Option<u64> {
        let written = self.tracks.iter().filter(|track| !track.blank);
        let end = |track: &TrackInformation| match track.last_recorded {
            Some(last) => last.checked_add(1),
            None => track.start.checked_add(track.sectors),
        };
        written.filter_map(end).max()
    }

    fn sessions(&self, toc: Option<&Toc>) -> u16 {
        let of_toc = toc.map_or(0, |toc| u16::from(toc.session_count()));
        // An appendable disc counts the session that is not written yet.
        let told = self.disc.filter(|disc| disc.state == DiscState::Complete).map_or(0, |disc| disc.sessions);
        of_toc.max(if toc.is_some() { 0 } else { told }).max(1)
    }
}

/// What only audio discs have.
#[derive(Default)]
struct Music {
    ids: DiscIds,
    text: Option<CdText>,
}

impl Music {
    fn ask(device: &mut dyn OpticalDevice, toc: Option<&Toc>) -> Result<Self, IdentifyFailure> {
        let Some(toc) = toc.filter(|toc| toc.has_audio()) else { return Ok(Self::default()) };
        let mcn = extra(device.catalogue_number())?.flatten();
        // Drives that find none say zeros.
        let mcn = mcn.filter(|mcn| {
            mcn.len() == 13 && mcn.bytes().all(|byte| byte.is_ascii_digit()) && mcn.bytes().any(|byte| byte != b'0')
        });
        let text = extra(device.cd_text())?.and_then(|packs| parse_cd_text(&packs));
        Ok(Self { ids: DiscIds { musicbrainz: musicbrainz_id(toc), mcn }, text })
    }
}

fn with_file_systems(claims: SizeClaims, found: &FileSystems) -> SizeClaims {
    SizeClaims {
        iso9660: found.iso9660.as_ref().map(|iso| iso.sectors),
        udf: found.udf.as_ref().map(|udf| udf.end_sector),
        hfs: found.hfs.as_ref().map(|hfs| hfs.end_sector),
        ..claims
    }
}

/// Chooses the size, after a look at the end of the disc if that is disputed; and the ends of the file systems of all sessions.
fn size(
    claims: SizeClaims,
    profile: MediaProfile,
    toc: Option<&Toc>,
    sampler: &mut Sampler<'_>,
) -> (SizeRecord, Vec<Option<u64>>) {
    let mut readable = |lba: u64| sampler.sector(lba).is_some();
    let chosen = claims.reconcile(profile);
    // Where there is audio the end need not be data, and the ranges of the tracks decide what is read.
    let disputed = claims.disputed(profile).filter(|_| !toc.is_some_and(Toc::has_audio));
    let record = match disputed {
        Some(end) if readable(chosen.sectors) && readable(end - 1) => claims.reconcile_proven(profile),
        _ => chosen,
    };
    let ends = toc.filter(|toc| toc.session_count() > 1 && !toc.has_audio()).map_or(Vec::new(), |toc| {
        let first = |number| toc.tracks.iter().find(|track| track.session == number);
        (1..toc.session_count()).map(|number| iso9660_end(sampler, first(number)?.start)).collect()
    });
    (record, ends)
}

/// End of the ISO 9660 file system of the session that starts here.
fn iso9660_end(sampler: &mut Sampler<'_>, session: u64) -> Option<u64> {
    let found = probe(&mut |lba| sampler.sector(lba).filter(|_| lba >= session), None, session);
    found.iso9660.map(|iso| iso.sectors)
}

/// Sectors that go into the fingerprint: the volume descriptors, the first anchor of UDF, and four in the first third, where the file systems' own
/// tables and the oldest files are. On a disc of several tracks those of the first track of the last session with data.
fn sample_places(toc: Option<&Toc>, sectors: u64) -> Vec<u64> {
    let several = toc.filter(|toc| toc.tracks.len() > 1);
    let track = several.and_then(|toc| {
        let start = toc.last_data_session()?;
        let track = toc.tracks.iter().find(|track| track.start == start)?;
        Some(start..toc.data_end(track).max(start))
    });
    let range = track.unwrap_or(0..sectors);
    let length = range.end - range.start;
    let parts = (1..=4).map(|part| length.saturating_mul(part) / 12);
    let mut places: Vec<u64> =
        (16..=20).chain([256]).chain(parts).filter(|after| *after < length).map(|after| range.start + after).collect();
    places.sort_unstable();
    places.dedup();
    places
}

/// Sectors at the start of a formatted disc of which all are zeros if nothing was ever written on it.
const BLANK_TEST: u64 = 32;

/// Tells discs apart that have nothing to identify.
fn nothing_there(
    profile: MediaProfile,
    empty: bool,
    samples: &[(u64, Vec<u8>)],
    sampler: &mut Sampler<'_>,
) -> Result<(), IdentifyFailure> {
    // A disc that refuses all its sectors as scrambled is encrypted, not damaged.
    if samples.iter().all(|(_, bytes)| bytes.is_empty()) && !sampler.protected {
        let said = sampler.said.as_ref();
        let said = said.map_or_else(|| "it has no size and no table of contents".to_owned(), ToString::to_string);
        return Err(IdentifyFailure::Unreadable(said));
    }
    // Media that are formatted before use count as written: blank is where only zeros are.
    let zeros = |bytes: &[u8]| bytes.iter().all(|byte| *byte == 0);
    let blank = empty
        && profile.capacity_is_formatted_size()
        && samples.iter().all(|(_, bytes)| zeros(bytes))
        && (0..BLANK_TEST).all(|lba| sampler.sector(lba).is_none_or(|bytes| zeros(&bytes)));
    if blank { Err(IdentifyFailure::Blank) } else { Ok(()) }
}

/// An answer that a disc need not give.
fn optional<T>(answer: Result<T, DeviceError>) -> Result<Option<T>, IdentifyFailure> {
    match answer {
        Ok(value) => Ok(Some(value)),
        Err(error) => fatal(&error).map_or(Ok(None), Err),
    }
}

/// An answer that nothing depends on: not even a drive that takes too long over it ends the identification.
fn extra<T>(answer: Result<T, DeviceError>) -> Result<Option<T>, IdentifyFailure> {
    match answer {
        Err(DeviceError::Timeout(_)) => Ok(None),
        answer => optional(answer),
    }
}

/// Failures that end the identification; `None` for those that only say that one thing cannot be known.
pub(super) fn fatal(error: &DeviceError) -> Option<IdentifyFailure> {
    match error {
        DeviceError::NotReady(_) => Some(IdentifyFailure::NotReady),
        DeviceError::NoMedium => Some(IdentifyFailure::NoMedium),
        DeviceError::MediumChanged => Some(IdentifyFailure::Changed),
        DeviceError::Gone => Some(IdentifyFailure::Gone),
        DeviceError::Timeout(limit) => Some(IdentifyFailure::Timeout(*limit)),
        DeviceError::Permission(_) => Some(IdentifyFailure::Other(error.to_string())),
        DeviceError::Medium(_)
        | DeviceError::OutOfRange(_)
        | DeviceError::WrongMode(_)
        | DeviceError::Protected(_)
        | DeviceError::Refused(_)
        | DeviceError::Other(_) => None,
    }
}

fn unreadable(error: &DeviceError) -> IdentifyFailure {
    match error {
        DeviceError::Other(text) => IdentifyFailure::Other(text.clone()),
        _ => IdentifyFailure::Unreadable(error.to_string()),
    }
}
