//! From a wish and a disc to a plan: what is read how, and what it becomes. Pure, so that the API, the queue and the automatic
//! jobs cannot disagree.

use super::{
    disc::{DiscKind, Medium, SizeRecord, SizeRule},
    options::{AudioFormat, EngineChoice, JobOptions, Mode},
};

/// What is to be done with a disc.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plan {
    /// One file of 2048-byte sectors.
    Iso {
        /// As many sectors as the medium has, whatever the file system says.
        every_sector: bool,
        /// Known to be damaged: rescue from the first sector on.
        rescue_first: bool,
    },
    /// A folder with raw tracks and a cue sheet.
    Cd {
        /// How audio tracks are stored.
        format: AudioFormat,
        /// With sub-channel and everything else.
        clone: bool,
        /// Why it is no `.iso`.
        form: Form,
    },
    /// The surface is read, nothing is kept.
    Scan,
    /// Nothing can be done.
    Refused(Refusal),
}

/// Why an image is a cue sheet with tracks and not an `.iso`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Audio has no file system.
    AudioTracks,
    /// Data and audio in one session: an `.iso` would lose the music.
    MixedMode,
    /// Audio in the first session, data in the second.
    CdExtra,
    /// Tracks of mode 2 form 2 that no file system reads.
    VideoCd,
    /// Asked for: every raw sector of a CD.
    RawClone,
}

impl Form {
    /// The stable word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AudioTracks => "audio_tracks",
            Self::MixedMode => "mixed_mode",
            Self::CdExtra => "cd_extra",
            Self::VideoCd => "video_cd",
            Self::RawClone => "raw_clone",
        }
    }
}

/// Why nothing can be done with a disc.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// There is nothing on it.
    Blank,
    /// Neither its table of contents nor its first sectors can be read.
    Unreadable,
    /// No track is known, so nobody could say what to read raw.
    NoTableOfContents,
    /// The engine that was asked for reads data only, the disc has audio.
    EngineReadsDataOnly,
    /// The engine that was asked for reads CDs only.
    EngineReadsCdsOnly,
    /// A scan reads data sectors, and the disc has others.
    NotAllData,
}

impl Refusal {
    /// A sentence for people: why, and what to do.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Blank => "the disc is blank: there is nothing to read on it",
            Self::Unreadable => {
                "neither the disc's table of contents nor its first sectors can be read; clean the disc or try another drive"
            }
            Self::NoTableOfContents => {
                "the drive gave no table of contents, and without one nobody knows where the tracks are; try another drive"
            }
            Self::EngineReadsDataOnly => {
                "the engine in options.engine reads data discs only, and this disc has audio tracks; leave options.engine out"
            }
            Self::EngineReadsCdsOnly => {
                "the engine in options.engine reads CDs track by track, which this disc and mode do not need; leave options.engine out"
            }
            Self::NotAllData => {
                "a scan reads data sectors, and this disc has tracks of audio or video; make an image of it, which checks those too"
            }
        }
    }

    /// Whether the wish is to blame and not the disc: then another wish may succeed.
    pub fn about_engine(self) -> bool {
        matches!(self, Self::EngineReadsDataOnly | Self::EngineReadsCdsOnly)
    }
}

/// Whether any job at all can be made of such a disc.
pub fn is_imageable(kind: DiscKind) -> bool {
    !matches!(kind, DiscKind::Blank | DiscKind::Unreadable)
}

/// Decides what becomes of a disc.
pub fn plan(mode: Mode, medium: &Medium, options: &JobOptions) -> Plan {
    let cd = medium.profile.class() == "cd";
    let form = match medium.kind {
        DiscKind::Blank => return Plan::Refused(Refusal::Blank),
        DiscKind::Unreadable => return Plan::Refused(Refusal::Unreadable),
        DiscKind::AudioCd => Some(Form::AudioTracks),
        DiscKind::MixedMode => Some(Form::MixedMode),
        DiscKind::CdExtra => Some(Form::CdExtra),
        DiscKind::Vcd => Some(Form::VideoCd),
        DiscKind::DataCd | DiscKind::DataDvd | DiscKind::DataBd | DiscKind::DvdVideo | DiscKind::BdVideo => None,
    };
    match (mode, form) {
        // Sectors that are no data would count as unreadable, which is not true.
        (Mode::Scan, Some(_)) => Plan::Refused(Refusal::NotAllData),
        (Mode::Scan, None) => Plan::Scan,
        (Mode::Clone, _) if cd => raw(medium, options, true, Form::RawClone),
        (Mode::Standard | Mode::Rescue | Mode::Clone, Some(form)) => raw(medium, options, false, form),
        (_, None) if matches!(options.engine, Some(EngineChoice::Cdrdao | EngineChoice::CdParanoia)) => {
            Plan::Refused(Refusal::EngineReadsCdsOnly)
        }
        (mode, None) => Plan::Iso { every_sector: mode == Mode::Clone, rescue_first: mode == Mode::Rescue },
    }
}

fn raw(medium: &Medium, options: &JobOptions, clone: bool, form: Form) -> Plan {
    if medium.toc.as_ref().is_none_or(|toc| toc.tracks.is_empty()) {
        return Plan::Refused(Refusal::NoTableOfContents);
    }
    if options.engine == Some(EngineChoice::Ddrescue) {
        return Plan::Refused(Refusal::EngineReadsDataOnly);
    }
    // A clone is raw sectors; FLAC would not be one.
    let format = if clone { AudioFormat::BinCue } else { options.format.unwrap_or_default() };
    Plan::Cd { format, clone, form }
}

/// The size of a medium of which every sector is wanted: what a file system claims does not count then.
pub fn every_sector(size: &SizeRecord) -> SizeRecord {
    let capacity = size.claims.read_capacity.or(size.claims.toc_lead_out).unwrap_or(0);
    if size.rule == SizeRule::FileSystem && capacity > size.sectors {
        SizeRecord { sectors: capacity, rule: SizeRule::Medium, ..size.clone() }
    } else {
        size.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::disc::{Fingerprint, MediaProfile, SizeClaims, Toc, Track};

    const KINDS: [DiscKind; 11] = [
        DiscKind::DataCd,
        DiscKind::DataDvd,
        DiscKind::DataBd,
        DiscKind::DvdVideo,
        DiscKind::BdVideo,
        DiscKind::AudioCd,
        DiscKind::MixedMode,
        DiscKind::CdExtra,
        DiscKind::Vcd,
        DiscKind::Blank,
        DiscKind::Unreadable,
    ];

    fn medium(kind: DiscKind) -> Medium {
        let profile = match kind {
            DiscKind::DataDvd | DiscKind::DvdVideo => MediaProfile::DVD_ROM,
            DiscKind::DataBd | DiscKind::BdVideo => MediaProfile(0x40),
            _ => MediaProfile::CD_ROM,
        };
        let size = SizeClaims { read_capacity: Some(1000), ..SizeClaims::default() }.reconcile(profile);
        let mut medium = Medium::new(String::new(), kind, profile, Fingerprint("f".repeat(32)), size);
        let tracks = vec![if kind == DiscKind::AudioCd { Track::audio(1, 1, 0) } else { Track::data(1, 1, 0) }];
        medium.toc = Some(Toc { tracks, lead_out: 1000, sessions: Vec::new() });
        medium
    }

    fn planned(mode: Mode, kind: DiscKind) -> Plan {
        plan(mode, &medium(kind), &JobOptions::default())
    }

    #[test]
    fn an_iso_is_made_only_where_it_is_honest() {
        for kind in KINDS {
            for mode in Mode::ALL {
                if let Plan::Iso { every_sector, rescue_first } = planned(mode, kind) {
                    assert!(kind.fits_iso(), "{kind:?} {mode}");
                    assert_eq!((every_sector, rescue_first), (mode == Mode::Clone, mode == Mode::Rescue), "{kind:?} {mode}");
                }
            }
            assert_eq!(matches!(planned(Mode::Standard, kind), Plan::Iso { .. }), kind.fits_iso(), "{kind:?}");
        }
    }

    #[test]
    fn music_is_never_lost_and_the_reason_is_told() {
        for (kind, word) in [
            (DiscKind::AudioCd, "audio_tracks"),
            (DiscKind::MixedMode, "mixed_mode"),
            (DiscKind::CdExtra, "cd_extra"),
            (DiscKind::Vcd, "video_cd"),
        ] {
            match planned(Mode::Standard, kind) {
                Plan::Cd { format: AudioFormat::BinCue, clone: false, form } => assert_eq!(form.as_str(), word),
                other => panic!("{kind:?}: {other:?}"),
            }
        }
        let flac = JobOptions { format: Some(AudioFormat::Flac), ..JobOptions::default() };
        assert!(matches!(
            plan(Mode::Standard, &medium(DiscKind::AudioCd), &flac),
            Plan::Cd { format: AudioFormat::Flac, clone: false, .. }
        ));
        assert!(matches!(
            plan(Mode::Clone, &medium(DiscKind::AudioCd), &flac),
            Plan::Cd { format: AudioFormat::BinCue, clone: true, .. }
        ));
    }

    #[test]
    fn a_clone_of_a_cd_is_raw_and_of_others_every_sector() {
        assert_eq!(
            planned(Mode::Clone, DiscKind::DataCd),
            Plan::Cd { format: AudioFormat::BinCue, clone: true, form: Form::RawClone }
        );
        assert_eq!(planned(Mode::Clone, DiscKind::DataDvd), Plan::Iso { every_sector: true, rescue_first: false });
        let claims = SizeClaims { read_capacity: Some(2_295_104), udf: Some(5000), ..SizeClaims::default() };
        let size = claims.reconcile(MediaProfile(0x1a));
        assert_eq!(size.sectors, 5000);
        assert_eq!((every_sector(&size).sectors, every_sector(&size).rule), (2_295_104, SizeRule::Medium));
    }

    #[test]
    fn blank_and_unreadable_discs_are_refused_in_every_mode_and_nothing_else_is_for_its_kind() {
        for kind in KINDS {
            for mode in Mode::ALL {
                let refused = matches!(planned(mode, kind), Plan::Refused(_));
                let not_all_data = mode == Mode::Scan && !kind.fits_iso();
                assert_eq!(refused, !is_imageable(kind) || not_all_data, "{kind:?} {mode}");
            }
        }
        assert_eq!(planned(Mode::Standard, DiscKind::Blank), Plan::Refused(Refusal::Blank));
        assert_eq!(planned(Mode::Rescue, DiscKind::Unreadable), Plan::Refused(Refusal::Unreadable));
    }

    #[test]
    fn an_engine_that_cannot_read_the_disc_is_refused() {
        let with =
            |engine, kind| plan(Mode::Standard, &medium(kind), &JobOptions { engine: Some(engine), ..JobOptions::default() });
        assert_eq!(with(EngineChoice::Ddrescue, DiscKind::AudioCd), Plan::Refused(Refusal::EngineReadsDataOnly));
        assert_eq!(with(EngineChoice::Cdrdao, DiscKind::DataDvd), Plan::Refused(Refusal::EngineReadsCdsOnly));
        assert!(matches!(with(EngineChoice::Cdrdao, DiscKind::AudioCd), Plan::Cd { .. }));
        assert!(matches!(with(EngineChoice::Ddrescue, DiscKind::DataDvd), Plan::Iso { .. }));
        let mut unknown = medium(DiscKind::AudioCd);
        unknown.toc = None;
        assert_eq!(plan(Mode::Standard, &unknown, &JobOptions::default()), Plan::Refused(Refusal::NoTableOfContents));
    }
}
