//! From clues to the kind of a disc and how it was made. Decisions only: who collects the clues is `filesystems::identify`.

use super::{DiscInformation, DiscKind, DiscState, MediaProfile, Protection, Recording, Toc, TocFault, TrackInformation};

/// Names in the root folder that tell kinds of discs apart.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RootNames {
    /// `VIDEO_TS`: DVD-Video.
    pub video_ts: bool,
    /// `HVDVD_TS`: HD DVD-Video.
    pub hvdvd_ts: bool,
    /// `BDMV`: Blu-ray video (on a DVD: AVCHD).
    pub bdmv: bool,
    /// `VCD` and `MPEGAV`: Video CD.
    pub vcd: bool,
    /// `SVCD` and `MPEG2` (or `MPEG-2`): Super Video CD.
    pub svcd: bool,
    /// `AACS`: the keys of encrypted Blu-ray discs.
    pub aacs: bool,
}

impl RootNames {
    /// Asks whether the root folder has each of these names.
    pub fn ask(has: impl Fn(&str) -> bool) -> Self {
        Self {
            video_ts: has("VIDEO_TS"),
            hvdvd_ts: has("HVDVD_TS"),
            bdmv: has("BDMV"),
            vcd: has("VCD") && has("MPEGAV"),
            svcd: has("SVCD") && (has("MPEG2") || has("MPEG-2") || has("MPEGAV")),
            aacs: has("AACS"),
        }
    }
}

/// What kind of disc it is. `family` is the drive's profile, or the one whose family the size fits where the drive knows no family.
/// `has_file_system` says whether one was found on its data track.
pub fn kind(family: MediaProfile, toc: Option<&Toc>, names: RootNames, has_file_system: bool) -> DiscKind {
    match family.class() {
        "cd" => cd_kind(toc, names, has_file_system),
        _ if names.hvdvd_ts => DiscKind::DataDvd,
        "dvd" if names.video_ts => DiscKind::DvdVideo,
        "dvd" => DiscKind::DataDvd,
        _ if names.bdmv => DiscKind::BdVideo,
        _ => DiscKind::DataBd,
    }
}

fn cd_kind(toc: Option<&Toc>, names: RootNames, has_file_system: bool) -> DiscKind {
    let Some(toc) = toc else { return DiscKind::DataCd };
    if toc.has_audio() {
        // A data track that lies inside of the music and has no file system is there for show only.
        let for_show = !has_file_system && toc.faults().contains(&TocFault::SessionsOverlap);
        let music_first =
            toc.tracks.first().is_some_and(|first| toc.tracks.iter().all(|track| track.session != first.session || !track.data));
        return match (toc.has_data() && !for_show, music_first) {
            (false, _) => DiscKind::AudioCd,
            (true, true) => DiscKind::CdExtra,
            (true, false) => DiscKind::MixedMode,
        };
    }
    // Their films are tracks of their own: a single track with these folders is a copy of such a disc's files.
    if (names.vcd || names.svcd) && toc.tracks.len() > 1 { DiscKind::Vcd } else { DiscKind::DataCd }
}

/// How the disc was made: what the profile says, unless what else the drive says cannot be true of a pressed disc.
pub fn recording(profile: MediaProfile, disc: Option<&DiscInformation>, tracks: &[TrackInformation]) -> Recording {
    let told = profile.recording();
    let erasable = disc.is_some_and(|disc| disc.erasable);
    let open = disc.is_some_and(|disc| matches!(disc.state, DiscState::Empty | DiscState::Appendable));
    let packets = tracks.iter().any(|track| track.packet);
    match told {
        Recording::Pressed | Recording::Unknown if erasable => Recording::Rewritable,
        // "Empty" alone is said of pressed CDs, too, by drives that do not know better.
        Recording::Pressed | Recording::Unknown if packets => Recording::Recordable,
        Recording::Pressed if open && disc.is_some_and(|disc| disc.state == DiscState::Appendable) => Recording::Recordable,
        Recording::Unknown if open => Recording::Recordable,
        told => told,
    }
}

/// Copy protection, from strongest to weakest evidence: what the disc declares, its folders, sectors that the drive refused as
/// scrambled, a table of contents of an audio disc that contradicts itself.
pub fn protection(
    declared: Option<Protection>,
    profile: MediaProfile,
    names: RootNames,
    refused: bool,
    toc: Option<&Toc>,
) -> Option<Protection> {
    let folder = (names.aacs && profile.class() != "cd").then_some(Protection::Aacs);
    let scrambled = refused.then(|| if profile.class() == "dvd" { Protection::Css } else { Protection::Other });
    let broken = toc.is_some_and(|toc| profile.class() == "cd" && toc.has_audio() && !toc.faults().is_empty());
    declared.or(folder).or(scrambled).or(broken.then_some(Protection::BrokenToc))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::disc::Track;

    fn toc(tracks: &[(char, u8, u64)]) -> Toc {
        let track = |(number, (kind, session, start)): (u8, &(char, u8, u64))| match kind {
            'd' => Track::data(number, *session, *start),
            _ => Track::audio(number, *session, *start),
        };
        Toc { tracks: (1..).zip(tracks).map(track).collect(), lead_out: 90_000, sessions: Vec::new() }
    }

    #[test]
    fn tracks_and_sessions_tell_kinds_of_cds_apart() {
        let none = RootNames::default();
        let of = |tracks: &[(char, u8, u64)], names| kind(MediaProfile::CD_ROM, Some(&toc(tracks)), names, true);
        assert_eq!(of(&[('a', 1, 0), ('a', 1, 20_000)], none), DiscKind::AudioCd);
        assert_eq!(of(&[('d', 1, 0), ('a', 1, 20_000)], none), DiscKind::MixedMode);
        assert_eq!(of(&[('a', 1, 0), ('d', 1, 20_000)], none), DiscKind::MixedMode);
        assert_eq!(of(&[('a', 1, 0), ('d', 2, 20_000)], none), DiscKind::CdExtra);
        assert_eq!(of(&[('d', 1, 0), ('a', 1, 20_000), ('d', 2, 50_000)], none), DiscKind::MixedMode);
        assert_eq!(of(&[('d', 1, 0), ('d', 2, 20_000)], none), DiscKind::DataCd);
        let film = RootNames { vcd: true, ..none };
        assert_eq!(of(&[('d', 1, 0), ('d', 1, 20_000)], film), DiscKind::Vcd);
        assert_eq!(of(&[('d', 1, 0)], film), DiscKind::DataCd);
        assert_eq!(kind(MediaProfile(0x0a), None, none, false), DiscKind::DataCd);
    }

    #[test]
    fn a_data_track_inside_of_the_music_is_for_show() {
        let shown = toc(&[('a', 1, 0), ('a', 1, 20_000), ('d', 2, 25_000)]);
        let of = |found| kind(MediaProfile::CD_ROM, Some(&shown), RootNames::default(), found);
        assert_eq!((of(false), of(true)), (DiscKind::AudioCd, DiscKind::CdExtra));
        let found = protection(None, MediaProfile::CD_ROM, RootNames::default(), false, Some(&shown));
        assert_eq!(found, Some(Protection::BrokenToc));
    }

    #[test]
    fn folders_tell_kinds_of_dvds_and_blu_rays_apart() {
        let all = || {
            (0..16u8).map(|bits| RootNames {
                video_ts: bits & 1 > 0,
                hvdvd_ts: bits & 2 > 0,
                bdmv: bits & 4 > 0,
                vcd: bits & 8 > 0,
                ..RootNames::default()
            })
        };
        for names in all() {
            let dvd = kind(MediaProfile::DVD_ROM, None, names, true);
            assert_eq!(dvd == DiscKind::DvdVideo, names.video_ts && !names.hvdvd_ts, "{names:?}");
            assert!(matches!(dvd, DiscKind::DvdVideo | DiscKind::DataDvd));
            let bd = kind(MediaProfile::BD_ROM, None, names, true);
            assert_eq!(bd == DiscKind::BdVideo, names.bdmv && !names.hvdvd_ts, "{names:?}");
            // The tracks that drives invent for DVDs say nothing.
            assert_eq!(kind(MediaProfile::DVD_ROM, Some(&toc(&[('a', 1, 0)])), names, true), dvd);
            assert_eq!(kind(MediaProfile::CD_ROM, None, names, true), DiscKind::DataCd);
        }
    }

    #[test]
    fn names_are_asked_for_together() {
        let with = |names: &'static [&str]| RootNames::ask(|name| names.contains(&name));
        assert!(!with(&["VCD"]).vcd && with(&["VCD", "MPEGAV"]).vcd && !with(&["MPEGAV"]).vcd);
        assert!(with(&["SVCD", "MPEG2"]).svcd && with(&["SVCD", "MPEG-2"]).svcd && !with(&["SVCD"]).svcd);
        assert!(with(&["AACS"]).aacs && with(&["BDMV"]).bdmv);
    }

    #[test]
    fn a_pressed_disc_that_can_be_erased_is_none() {
        let disc = |state, erasable| DiscInformation { state, erasable, sessions: 1, last_tracks: (1, 1) };
        let of = |profile, state, erasable| recording(MediaProfile(profile), Some(&disc(state, erasable)), &[]);
        assert_eq!(of(0x08, DiscState::Complete, false), Recording::Pressed);
        assert_eq!(of(0x08, DiscState::Complete, true), Recording::Rewritable);
        assert_eq!(of(0x08, DiscState::Appendable, false), Recording::Recordable);
        assert_eq!(of(0x08, DiscState::Empty, false), Recording::Pressed, "some drives call pressed discs empty");
        assert_eq!(of(0x40, DiscState::Appendable, false), Recording::Recordable);
        assert_eq!(of(0x09, DiscState::Complete, false), Recording::Recordable);
        assert_eq!(of(0x1a, DiscState::Complete, false), Recording::Rewritable);
        assert_eq!(recording(MediaProfile(0), None, &[]), Recording::Unknown);
        let packet = TrackInformation {
            number: 1,
            session: 1,
            blank: false,
            packet: true,
            data_mode: 1,
            start: 0,
            sectors: 1,
            last_recorded: None,
        };
        assert_eq!(recording(MediaProfile::CD_ROM, None, &[packet]), Recording::Recordable);
    }

    #[test]
    fn the_strongest_evidence_of_protection_is_said() {
        let aacs = RootNames { aacs: true, ..RootNames::default() };
        let of = |declared, profile, names, refused| protection(declared, profile, names, refused, None);
        assert_eq!(of(Some(Protection::Cppm), MediaProfile::DVD_ROM, aacs, true), Some(Protection::Cppm));
        assert_eq!(of(None, MediaProfile::BD_ROM, aacs, true), Some(Protection::Aacs));
        assert_eq!(of(None, MediaProfile::CD_ROM, aacs, false), None);
        assert_eq!(of(None, MediaProfile::DVD_ROM, RootNames::default(), true), Some(Protection::Css));
        assert_eq!(of(None, MediaProfile::BD_ROM, RootNames::default(), true), Some(Protection::Other));
        assert_eq!(of(None, MediaProfile::DVD_ROM, RootNames::default(), false), None);
    }
}
