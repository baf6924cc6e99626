//! A drive in software: SCSI commands in, status, sense data and bytes out (MMC-6, SPC-4), over the disc in a virtual drive's
//! folder and the faults of its script.
//!
//! The same target is what the port's virtual drive talks to and what a kernel talks to (`disk2iso scsi-target`), so that both
//! exercise the product's own commands and the system's. What it says is what drives say; where they differ, what most do.

mod configuration;
mod events;
mod identity;
mod information;
mod modes;
mod read;
mod read_cd;
mod structure;
mod subchannel;
#[cfg(test)]
mod tests;
mod toc;
mod tray;

use super::{
    HANG_STEP,
    media::Media,
    pacer::Pacer,
    state::{Disc, Stop},
    store::Store,
};
use crate::optical::{
    DeviceError, Sense,
    image_file::MAX_TRANSFER,
    mmc::{CdStatus, Reply, Transport},
};
use std::{path::Path, thread, time::Duration};

/// Why a command failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::optical) enum Trouble {
    /// Check condition.
    Sense(Sense),
    /// The command got nowhere: the drive is gone, or its folder or files cannot be read.
    Device(DeviceError),
}

impl From<DeviceError> for Trouble {
    fn from(error: DeviceError) -> Self {
        Self::Device(error)
    }
}

/// A check condition with these codes.
pub(super) const fn sense(key: u8, asc: u8, ascq: u8) -> Trouble {
    Trouble::Sense(Sense { key, asc, ascq })
}

/// Invalid field in CDB.
const BAD_FIELD: Trouble = sense(5, 0x24, 0);

/// Bytes that a command answers with, or why it fails.
type Answer = Result<usize, Trouble>;

/// One initiator's view of a virtual drive.
pub(in crate::optical) struct SoftTarget {
    store: Store,
    /// Load (see [`super::state::State::loads`]) that the initiator knows of: a different one is a unit attention.
    noticed: u64,
    /// Load that the last event notification was about, and whether a disc was in then.
    announced: (u64, bool),
    /// Vanishings before this target was opened.
    vanishings: u64,
    /// The opened disc and the load it belongs to.
    media: Option<(u64, Media)>,
    pacer: Pacer,
    /// Bytes per second that the initiator asked for.
    speed: Option<u64>,
    /// PER: errors that were corrected are reported.
    post_errors: bool,
    recovered: bool,
}

impl SoftTarget {
    /// Opens a virtual drive. Like the opening of a real one it does not wait for the end of a hang; the first command does.
    ///
    /// # Errors
    /// [`DeviceError::Gone`] if there is no such folder or the drive has vanished.
    pub(in crate::optical) fn open(folder: &Path) -> Result<Self, DeviceError> {
        let store = Store::open(folder)?;
        let state = store.state();
        if state.is_gone() {
            return Err(DeviceError::Gone);
        }
        let (noticed, vanishings, announced) = (state.loads, state.vanishings, (state.loads, state.loaded().is_some()));
        Ok(Self {
            store,
            noticed,
            announced,
            vanishings,
            media: None,
            pacer: Pacer::default(),
            speed: None,
            post_errors: false,
            recovered: false,
        })
    }

    /// The drive's folder.
    pub(super) fn folder(&self) -> &Path {
        self.store.folder()
    }

    /// Number of discs put in so far, as of the last command.
    pub(super) fn insertions(&self) -> u64 {
        self.store.state().insertions
    }

    /// Waits while the drive hangs. Afterwards the store's state is fresh.
    pub(super) fn answer(&mut self) -> Result<(), DeviceError> {
        loop {
            self.store.refresh()?;
            let state = self.store.state();
            if state.is_gone() || state.vanishings != self.vanishings {
                return Err(DeviceError::Gone);
            }
            match state.hangs_for() {
                Some(left) => thread::sleep(left.min(HANG_STEP)),
                None => return Ok(()),
            }
        }
    }

    /// Carries one command out: `out` are the bytes that came with it, `data` takes those that it answers with.
    ///
    /// # Errors
    /// [`DeviceError::Gone`] and what the folder and its files say; whatever a drive would say is in the reply.
    pub(in crate::optical) fn perform(&mut self, cdb: &[u8], out: &[u8], data: &mut [u8]) -> Result<Reply, DeviceError> {
        self.answer()?;
        self.recovered = false;
        let (said, transferred) = match self.dispatch(cdb, out, data) {
            Ok(transferred) if self.recovered && self.post_errors => (Some(Sense { key: 1, asc: 0x18, ascq: 0 }), transferred),
            Ok(transferred) => (None, transferred),
            Err(Trouble::Sense(said)) => (Some(said), 0),
            Err(Trouble::Device(error)) => return Err(error),
        };
        let sense = said.map(|said| fixed_sense(said).to_vec()).unwrap_or_default();
        Ok(Reply { status: if said.is_some() { 2 } else { 0 }, sense, transferred, ..Reply::default() })
    }

    fn dispatch(&mut self, bytes: &[u8], out: &[u8], data: &mut [u8]) -> Answer {
        let code = bytes.first().copied().ok_or(BAD_FIELD)?;
        // The group in the upper three bits says how long a command is.
        let length = match code >> 5 {
            0 => 6,
            1 | 2 => 10,
            5 => 12,
            _ => return Err(sense(5, 0x20, 0)),
        };
        let mut cdb = [0; 12];
        cdb[..length].copy_from_slice(bytes.get(..length).ok_or(BAD_FIELD)?);
        // A disc whose files cannot be read must still come out of the drive.
        let opened = self.open_media();
        if self.media.as_ref().is_some_and(|(_, media)| media.refuse.contains(&code)) {
            return Err(sense(5, 0x20, 0));
        }
        // These are answered whatever happened to the medium, and leave its unit attention for the next command.
        match code {
            0x03 => return self.request_sense(&cdb, data),
            0x12 => return self.inquiry(&cdb, data),
            0x46 => return self.get_configuration(&cdb, data),
            0x4a => return self.event_status(&cdb, data),
            0xa0 => return report_luns(&cdb, data),
            _ => {}
        }
        let load = self.store.state().loads;
        if self.store.state().loaded().is_some() && std::mem::replace(&mut self.noticed, load) != load {
            return Err(sense(6, 0x28, 0));
        }
        match code {
            0x15 | 0x55 => self.mode_select(&cdb, out),
            0x1a | 0x5a => self.mode_sense(&cdb, data),
            0x1b => self.start_stop(&cdb),
            0x1e => self.prevent_allow(&cdb),
            0xac => self.performance(&cdb, data),
            0xb6 => self.set_streaming(out),
            0xbb => self.set_cd_speed(&cdb),
            0xbd => self.mechanism_status(&cdb, data),
            _ => {
                opened?;
                self.medium_command(code, &cdb, data)
            }
        }
    }

    /// Commands that need a medium.
    fn medium_command(&mut self, code: u8, cdb: &[u8; 12], data: &mut [u8]) -> Answer {
        match code {
            // TEST UNIT READY; SEEK, VERIFY and SYNCHRONIZE CACHE have nothing to do here.
            0x00 | 0x2b | 0x2f | 0x35 => self.media().map(|_| 0),
            0x25 => self.read_capacity(data),
            0x28 => self.read(long(cdb, 2).into(), short(cdb, 7).into(), data),
            0xa8 => self.read(long(cdb, 2).into(), long(cdb, 6).into(), data),
            0x42 => self.read_subchannel(cdb, data),
            0x43 => self.read_toc(cdb, data),
            0x44 => self.read_header(cdb, data),
            0x51 => self.disc_information(cdb, data),
            0x52 => self.track_information(cdb, data),
            0x5c => self.buffer_capacity(cdb, data),
            0xad => self.disc_structure(cdb, data),
            0xb9 => self.read_cd_msf(cdb, data),
            0xbe => self.read_cd(cdb, data),
            _ => Err(sense(5, 0x20, 0)),
        }
    }

    /// Opens the disc that is in, and forgets the one that was.
    fn open_media(&mut self) -> Result<(), DeviceError> {
        let state = self.store.state();
        match state.loaded() {
            None => self.media = None,
            Some(_) if self.media.as_ref().is_some_and(|(load, _)| *load == state.loads) => {}
            Some(disc) => {
                self.media = None;
                self.media = Some((state.loads, Media::open(&disc.image, disc.script.profile)?));
            }
        }
        Ok(())
    }

    /// The disc and its state, for commands that need one.
    fn media(&self) -> Result<(&Media, &Disc), Trouble> {
        let state = self.store.state();
        match (&self.media, state.loaded()) {
            (Some((_, media)), Some(disc)) => Ok((media, disc)),
            _ if state.tray_open => Err(sense(2, 0x3a, 0x02)),
            _ => Err(sense(2, 0x3a, 0x01)),
        }
    }

    /// Changes what is written down about the disc, if it is still the one that was in.
    fn update_disc<T: Default>(&mut self, change: impl FnOnce(&mut Disc) -> T) -> Result<T, DeviceError> {
        let insertion = self.store.state().insertions;
        self.store.update(|state| match state.disc.as_mut().filter(|_| state.insertions == insertion) {
            Some(disc) => Ok((true, change(disc))),
            None => Ok((false, T::default())),
        })
    }

    /// Goes through what happens before these sectors are read: hangs first end, vanishing and another disc end the read;
    /// slow sectors take their time; unreadable ones fail it.
    fn pass(&mut self, start: u64, count: u64) -> Result<(), Trouble> {
        let mut served = Vec::new();
        loop {
            let (media, disc) = self.media()?;
            if start.checked_add(count).is_none_or(|end| end > media.sectors) {
                return Err(sense(5, 0x21, 0));
            }
            let Some(stop) = disc.next_stop(start, count, &served) else { break };
            served.push(stop.index);
            self.stop(&stop)?;
        }
        let (_, disc) = self.media()?;
        let (delay, failure, counts) = (disc.delay(start, count), disc.failure(start, count), disc.counts(start, count));
        self.recovered |= disc.is_recovered(start, count);
        thread::sleep(delay);
        // Frames are counted when their bytes were made: the faults of frames look at how often they were read.
        if let Some(said) = failure {
            if counts {
                self.update_disc(|disc| disc.count(start, count))?;
            }
            return Err(Trouble::Sense(said));
        }
        Ok(())
    }

    fn stop(&mut self, stop: &Stop) -> Result<(), Trouble> {
        let insertion = self.store.state().insertions;
        let swapped = match &stop.swap {
            None => None,
            Some(image) => {
                let image = self.folder().join(image);
                Some((image.clone(), Media::open(&image, None)?.sectors))
            }
        };
        self.store.update(|state| Ok((state.stop(insertion, stop, swapped), ())))?;
        self.answer()?;
        self.open_media()?;
        let load = self.store.state().loads;
        match self.store.state().loaded().is_some() && std::mem::replace(&mut self.noticed, load) != load {
            true => Err(sense(6, 0x28, 0)),
            false => Ok(()),
        }
    }
}

impl Transport for SoftTarget {
    fn execute(&mut self, cdb: &[u8], data: &mut [u8], _limit: Duration) -> Result<Reply, DeviceError> {
        self.perform(cdb, &[], data)
    }

    fn send(&mut self, cdb: &[u8], data: &[u8], _limit: Duration) -> Result<Reply, DeviceError> {
        self.perform(cdb, data, &mut [])
    }

    fn cd_status(&mut self) -> Result<CdStatus, DeviceError> {
        self.answer()?;
        let state = self.store.state();
        Ok(match (state.tray_open, &state.disc) {
            (true, _) => CdStatus::TrayOpen,
            (false, Some(_)) => CdStatus::DiscOk,
            (false, None) => CdStatus::NoDisc,
        })
    }

    /// Whoever hears of a change here needs no unit attention any more.
    fn medium_changed_after(&mut self, moment: &mut i64) -> bool {
        // Whoever cannot read the state is told so by the next command.
        let _ = self.store.refresh();
        let load = self.store.state().loads;
        let now = i64::try_from(load).unwrap_or(i64::MAX);
        let changed = now != *moment;
        if changed {
            (*moment, self.noticed) = (now, load);
        }
        changed
    }

    fn max_bytes(&mut self) -> u64 {
        u64::from(MAX_TRANSFER) * crate::domain::ids::SECTOR
    }
}

/// Sense data in fixed format.
fn fixed_sense(said: Sense) -> [u8; 18] {
    let mut bytes = [0; 18];
    (bytes[0], bytes[2], bytes[7], bytes[12], bytes[13]) = (0x70, said.key, 10, said.asc, said.ascq);
    bytes
}

fn short(cdb: &[u8; 12], at: usize) -> u16 {
    u16::from_be_bytes([cdb[at], cdb[at + 1]])
}

fn long(cdb: &[u8; 12], at: usize) -> u32 {
    u32::from_be_bytes([cdb[at], cdb[at + 1], cdb[at + 2], cdb[at + 3]])
}

/// Answers with as much of `bytes` as the initiator allows for.
fn give(data: &mut [u8], allocation: usize, bytes: &[u8]) -> usize {
    let count = bytes.len().min(allocation).min(data.len());
    data[..count].copy_from_slice(&bytes[..count]);
    count
}

/// The one logical unit.
fn report_luns(cdb: &[u8; 12], data: &mut [u8]) -> Answer {
    let mut bytes = [0; 16];
    bytes[3] = 8;
    Ok(give(data, usize::try_from(long(cdb, 6)).unwrap_or(usize::MAX), &bytes))
}
