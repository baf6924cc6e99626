//! Which disc is in the drive: everything that is known about it, or why it cannot be known. Never a guess.

use super::{FileSystems, probe, sampler::Sampler};
use crate::{
    domain::disc::{DiscKind, Fingerprint, FingerprintInput, MediaProfile, Medium, SizeClaims, Toc},
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
/// # Errors
/// [`IdentifyFailure`].
pub fn identify(device: &mut dyn OpticalDevice) -> Result<Medium, IdentifyFailure> {
    let profile = device.profile().map_err(|error| fatal(&error).unwrap_or_else(|| unreadable(&error)))?;
    // Some drives call pressed CDs blank.
    if profile != MediaProfile::CD_ROM && optional(device.is_blank())?.unwrap_or(false) {
        return Err(IdentifyFailure::Blank);
    }
    let toc = optional(device.toc())?;
    let capacity = optional(device.capacity())?;
    let audio_only = toc.as_ref().is_some_and(|toc| !toc.has_data());
    let mut sampler = Sampler::new(device);
    let size_known = capacity.or(toc.as_ref().map(|toc| toc.lead_out));
    let file_systems = if audio_only {
        FileSystems::default()
    } else {
        probe(&mut |lba| sampler.sector(lba), size_known, toc.as_ref().map_or(0, last_data_session))
    };
    let claims = SizeClaims {
        read_capacity: capacity,
        toc_lead_out: None,
        iso9660: file_systems.iso9660.as_ref().map(|iso| iso.sectors),
        udf: file_systems.udf.as_ref().map(|udf| udf.end_sector),
        ..SizeClaims::default()
    };
    let size = claims.with_toc(toc.as_ref()).reconcile(profile);
    let samples: Vec<(u64, Vec<u8>)> = match audio_only {
        true => Vec::new(),
        false => sample_places(size.sectors).into_iter().map(|lba| (lba, sampler.sector(lba).unwrap_or_default())).collect(),
    };
    if let Some(failure) = sampler.fatal {
        return Err(failure);
    }
    if !audio_only {
        nothing_there(profile, &file_systems, &samples, sampler.said.as_ref())?;
    }
    let fingerprint =
        Fingerprint::compute(&FingerprintInput { profile, toc: toc.as_ref(), sectors: size.sectors, samples: &samples });
    let kind = kind(profile, size.sectors, toc.as_ref(), &file_systems);
    Ok(Medium { toc, ..Medium::new(file_systems.label(), kind, profile, fingerprint, size) })
}

/// Sectors that go into the fingerprint: the volume descriptors, the first anchor of UDF, and four in the first third of
/// the disc, where the file systems' own tables and the oldest files are.
fn sample_places(sectors: u64) -> Vec<u64> {
    let mut places: Vec<u64> = (16..=20).chain([256]).chain((1..=4).map(|part| sectors * part / 12)).collect();
    places.retain(|lba| *lba < sectors);
    places.sort_unstable();
    places.dedup();
    places
}

/// Start of the last session whose first track is data.
fn last_data_session(toc: &Toc) -> u64 {
    let first = |session: u8| toc.tracks.iter().find(|track| track.session == session);
    let sessions = toc.tracks.iter().rev().map(|track| track.session);
    let starts = sessions.filter_map(first).filter(|track| track.data).map(|track| track.start);
    starts.into_iter().next().or(toc.tracks.iter().find(|track| track.data).map(|track| track.start)).unwrap_or(0)
}

/// Tells discs apart that have nothing to identify.
fn nothing_there(
    profile: MediaProfile,
    file_systems: &FileSystems,
    samples: &[(u64, Vec<u8>)],
    said: Option<&DeviceError>,
) -> Result<(), IdentifyFailure> {
    if samples.iter().all(|(_, bytes)| bytes.is_empty()) {
        let said = said.map_or_else(|| "it has no size and no table of contents".to_owned(), ToString::to_string);
        return Err(IdentifyFailure::Unreadable(said));
    }
    // Media that are formatted before use count as written: blank is where only zeros are.
    let zeros = samples.iter().all(|(_, bytes)| bytes.iter().all(|byte| *byte == 0));
    let empty = file_systems.iso9660.is_none() && file_systems.udf.is_none() && zeros;
    if empty && profile.capacity_is_formatted_size() { Err(IdentifyFailure::Blank) } else { Ok(()) }
}

fn kind(profile: MediaProfile, sectors: u64, toc: Option<&Toc>, file_systems: &FileSystems) -> DiscKind {
    match toc.map_or((false, true), |toc| (toc.has_audio(), toc.has_data())) {
        (true, false) => return DiscKind::AudioCd,
        (true, true) => return DiscKind::MixedMode,
        (false, _) => {}
    }
    // Drives that do not know the medium's family (HD DVD, magneto-optical): the family that has its size.
    let family = if profile.class() == "other" { profile_for_size(sectors) } else { profile };
    match family.class() {
        "cd" => DiscKind::DataCd,
        "dvd" if file_systems.has_root("VIDEO_TS") => DiscKind::DvdVideo,
        "dvd" => DiscKind::DataDvd,
        _ if file_systems.has_root("BDMV") => DiscKind::BdVideo,
        _ => DiscKind::DataBd,
    }
}

/// An answer that a disc need not give.
fn optional<T>(answer: Result<T, DeviceError>) -> Result<Option<T>, IdentifyFailure> {
    match answer {
        Ok(value) => Ok(Some(value)),
        Err(error) => fatal(&error).map_or(Ok(None), Err),
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
