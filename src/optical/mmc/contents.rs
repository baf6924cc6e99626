//! What is on the medium: profile, tracks, sessions, texts, codes.

use super::{
    MmcDrive, Transport,
    drive::{LONG, SHORT},
    parse,
};
use crate::{
    domain::disc::{DiscInformation, DiscState, MediaProfile, PhysicalStructure, Protection, Toc, TrackInformation},
    optical::DeviceError,
};

/// Feature of media that AACS protects (MMC-6 section 5.3.42).
const AACS: u16 = 0x010d;
/// Most bytes of CD-Text: its header and eight blocks of 256 packs.
const CD_TEXT_BYTES: u16 = 4 + 8 * 256 * 18;

impl<T: Transport> MmcDrive<T> {
    pub(super) fn current_profile(&mut self) -> Result<MediaProfile, DeviceError> {
        let mut data = [0; 8];
        let told = match self.command(&[0x46, 0, 0, 0, 0, 0, 0, 0, 8, 0], &mut data, LONG) {
            Ok(got) => parse::profile(&data[..got])?,
            Err(DeviceError::Refused(_)) => return self.old_profile(),
            Err(error) => return Err(error),
        };
        Ok(match MediaProfile(told) {
            // No medium, or none that the drive knows what to do with: it says which when it is asked to be ready.
            MediaProfile(0) => return Err(self.test_ready().err().unwrap_or(DeviceError::NoMedium)),
            // Some drives call each CD and each Blu-ray disc pressed; the disc itself knows better.
            pressed @ MediaProfile::CD_ROM => self.groove()?.unwrap_or(pressed),
            pressed @ MediaProfile::BD_ROM => match self.structure_bytes(1, 0) {
                Ok(bytes) => parse::blu_ray_profile(&bytes).unwrap_or(pressed),
                Err(error) => optional(Err(error))?.unwrap_or(pressed),
            },
            profile => profile,
        })
    }

    /// Profile of a drive that does not know GET CONFIGURATION: made before MMC-2, so it takes nothing but CDs.
    fn old_profile(&mut self) -> Result<MediaProfile, DeviceError> {
        match self.information() {
            Ok(DiscInformation { erasable: true, .. }) => return Ok(MediaProfile(0x0a)),
            Ok(DiscInformation { state: DiscState::Empty, .. }) => return Ok(MediaProfile(0x09)),
            Ok(_) | Err(DeviceError::Refused(_)) => {}
            Err(error) => return Err(error),
        }
        self.contents().map(|_| MediaProfile::CD_ROM)
    }

    /// CD-R or CD-RW, if the disc has a groove to write along.
    fn groove(&mut self) -> Result<Option<MediaProfile>, DeviceError> {
        let mut data = [0; 32];
        let got = optional(self.command(&[0x43, 2, 4, 0, 0, 0, 0, 0, 32, 0], &mut data, SHORT))?;
        Ok(got.and_then(|got| parse::atip_profile(&data[..got])))
    }

    /// READ TOC format 0, and 2 or 1 for the sessions.
    pub(super) fn contents(&mut self) -> Result<Toc, DeviceError> {
        // 99 tracks and the lead-out.
        let mut data = [0; 4 + 100 * 8];
        let got = self.command(&[0x43, 0, 0, 0, 0, 0, 0, 0x03, 0x24, 0], &mut data, LONG)?;
        let mut toc = parse::toc(&data[..got])?;
        // Sessions matter on CDs only; DVD drives refuse or invent these formats.
        if toc.tracks.len() > 1 {
            let mut raw = vec![0; 2048];
            match optional(self.command(&[0x43, 0, 2, 0, 0, 0, 1, 0x08, 0, 0], &mut raw, LONG))? {
                Some(got) => parse::sessions(&raw[..got], &mut toc),
                None => {
                    if let Some(got) = optional(self.command(&[0x43, 0, 1, 0, 0, 0, 0, 0, 12, 0], &mut raw[..12], LONG))? {
                        parse::last_session(&raw[..got], &mut toc);
                    }
                }
            }
        }
        Ok(toc)
    }

    /// READ DISC INFORMATION.
    pub(super) fn information(&mut self) -> Result<DiscInformation, DeviceError> {
        let mut data = [0; 34];
        let got = self.command(&[0x51, 0, 0, 0, 0, 0, 0, 0, 34, 0], &mut data, LONG)?;
        parse::disc_information(&data[..got])
    }

    /// READ TRACK INFORMATION of each track.
    pub(super) fn track_list(&mut self) -> Result<Vec<TrackInformation>, DeviceError> {
        let last = match optional(self.information())? {
            Some(information) => information.last_tracks.1,
            None => self.contents()?.tracks.last().map_or(1, |track| track.number.into()),
        };
        let mut tracks = Vec::new();
        for number in 1..=u8::try_from(last).unwrap_or(u8::MAX).clamp(1, 99) {
            let mut data = [0; 48];
            match self.command(&[0x52, 1, 0, 0, 0, number, 0, 0, 48, 0], &mut data, LONG) {
                Ok(got) => tracks.push(parse::track_information(&data[..got])?),
                // The invisible track at the end of an open disc need not be told.
                Err(DeviceError::Refused(_)) if number > 1 => break,
                Err(error) => return Err(error),
            }
        }
        Ok(tracks)
    }

    /// READ DISC STRUCTURE for the first layer; `kind` 0 is DVD, 1 is Blu-ray.
    fn structure_bytes(&mut self, kind: u8, format: u8) -> Result<Vec<u8>, DeviceError> {
        let mut data = vec![0; 4100];
        let [high, low] = if kind == 1 { 4100_u16 } else { 2052 }.to_be_bytes();
        let room = if kind == 1 { 4100 } else { 2052 };
        let got = self.command(&[0xad, kind, 0, 0, 0, 0, 0, format, high, low, 0, 0], &mut data[..room], LONG);
        let got = got.map_err(no_such_thing)?;
        data.truncate(got);
        Ok(data)
    }

    pub(super) fn layers(&mut self) -> Result<PhysicalStructure, DeviceError> {
        match self.current_profile()?.class() {
            "dvd" => self.structure_bytes(0, 0).and_then(|bytes| parse::dvd(&bytes)),
            "bd" => self.structure_bytes(1, 0).and_then(|bytes| parse::blu_ray(&bytes)),
            _ => Err(DeviceError::Refused("there is no such structure on this medium".to_owned())),
        }
    }

    pub(super) fn declared_protection(&mut self) -> Result<Option<Protection>, DeviceError> {
        match self.current_profile()?.class() {
            "dvd" => self.structure_bytes(0, 1).and_then(|bytes| parse::dvd_protection(&bytes)),
            "bd" => {
                let mut data = [0; 16];
                let got = self.command(&[0x46, 2, 0x01, 0x0d, 0, 0, 0, 0, 16, 0], &mut data, LONG)?;
                Ok(parse::feature_is_current(&data[..got], AACS).then_some(Protection::Aacs))
            }
            "cd" => Ok(None),
            _ => Err(DeviceError::Refused("no way to ask is known for this medium".to_owned())),
        }
    }

    /// READ TOC format 5.
    pub(super) fn text_packs(&mut self) -> Result<Vec<u8>, DeviceError> {
        let mut data = vec![0; CD_TEXT_BYTES.into()];
        let [high, low] = CD_TEXT_BYTES.to_be_bytes();
        match self.command(&[0x43, 0, 5, 0, 0, 0, 0, high, low, 0], &mut data, LONG) {
            Ok(got) => Ok(parse::cd_text(&data[..got])),
            // Invalid field: this disc has none.
            Err(DeviceError::Refused(_)) if self.said(5, 0x24) => Ok(Vec::new()),
            Err(error) => Err(no_such_thing(error)),
        }
    }

    /// READ SUB-CHANNEL: 2 is the catalogue number, 3 a recording code.
    pub(super) fn subchannel(&mut self, format: u8, track: u8) -> Result<Vec<u8>, DeviceError> {
        let mut data = vec![0; 24];
        let got = self.command(&[0x42, 0, 0x40, format, 0, 0, track, 0, 24, 0], &mut data, LONG).map_err(no_such_thing)?;
        data.truncate(got);
        Ok(data)
    }
}

/// Asked for what such a medium does not have (incompatible format, wrong mode), a drive has refused: nothing is damaged.
fn no_such_thing(error: DeviceError) -> DeviceError {
    match error {
        DeviceError::Medium(sense) | DeviceError::WrongMode(sense) if sense.key == 5 => {
            DeviceError::Refused(format!("this medium has no such thing ({sense})"))
        }
        other => other,
    }
}

/// An answer that a drive need not give. What says that there is nobody to ask any more stays an error.
fn optional<T>(answer: Result<T, DeviceError>) -> Result<Option<T>, DeviceError> {
    match answer {
        Ok(value) => Ok(Some(value)),
        Err(
            DeviceError::Refused(_)
            | DeviceError::Other(_)
            | DeviceError::Medium(_)
            | DeviceError::WrongMode(_)
            | DeviceError::OutOfRange(_)
            | DeviceError::Protected(_)
            | DeviceError::Timeout(_),
        ) => Ok(None),
        Err(error) => Err(error),
    }
}
