//! A folder that behaves like a drive.
//!
//! ```text
//! FOLDER/drive.toml   written by people: speed_bytes_per_second, profile, [[fault]]; read at each insertion
//! FOLDER/state.json   written by the drive: tray, disc, the script as it was at insertion, which faults have happened
//! FOLDER/state.lock   held while state.json is replaced
//! ```
//! Several processes may hold the same drive open (the service and its read-worker); the folder is what they share, and it
//! survives them. Faults that happen "once" happen once per insertion, whoever reads. During a `hang` no command of any
//! process is answered, also after the process that ran into it was killed: so does a wedged drive.

mod deadline;
mod insert;
mod keys;
mod pacer;
mod script;
mod state;
mod store;

pub use insert::{create, drive_id, insert};

use super::{
    DeviceError, DeviceIdentity, DeviceStatus, OpticalDevice, Sense,
    image_file::{MAX_TRANSFER, check_range, one_data_track, open_image, profile_for_size},
};
use crate::domain::{
    disc::{MediaProfile, Toc},
    drive::TrayStatus,
    ids::{Lba, SECTOR},
};
use pacer::Pacer;
use state::Disc;
use std::{fs::File, os::unix::fs::FileExt, path::Path, thread, time::Duration};
use store::Store;

/// How often a command that waits for the end of a hang looks whether the drive still exists.
const HANG_STEP: Duration = Duration::from_millis(50);
/// Bytes at the start of a sector that `wrong_once` inverts.
const WRONG_BYTES: usize = 16;

/// One handle on a virtual drive.
pub(super) struct VirtualDrive {
    store: Store,
    /// Load (see [`state::State::loads`]) that this handle knows about: a different one is a changed medium.
    load: u64,
    /// Vanishings before this handle was opened.
    vanishings: u64,
    /// The opened image and the load it belongs to.
    image: Option<(u64, File)>,
    pacer: Pacer,
}

impl VirtualDrive {
    /// Opens a virtual drive. Like the opening of a real one it does not wait for the end of a hang; the first command does.
    ///
    /// # Errors
    /// [`DeviceError::Gone`] if there is no such folder or the drive has vanished.
    pub(super) fn open(folder: &Path) -> Result<Self, DeviceError> {
        let store = Store::open(folder)?;
        if store.state().is_gone() {
            return Err(DeviceError::Gone);
        }
        let (load, vanishings) = (store.state().loads, store.state().vanishings);
        Ok(Self { store, load, vanishings, image: None, pacer: Pacer::default() })
    }

    /// Waits while the drive hangs. Afterwards the store's state is fresh.
    fn answer(&mut self) -> Result<(), DeviceError> {
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

    /// The disc, for commands that need one.
    fn medium(&mut self) -> Result<&Disc, DeviceError> {
        self.answer()?;
        let state = self.store.state();
        let disc = state.loaded().ok_or(DeviceError::NoMedium)?;
        // Told once, as a drive's unit attention; then the handle is one on the new medium.
        if std::mem::replace(&mut self.load, state.loads) != state.loads {
            return Err(DeviceError::MediumChanged);
        }
        Ok(disc)
    }

    /// Goes through what stops a read of these sectors: hangs first end, vanishing ends the read.
    fn pass_stops(&mut self, start: Lba, buffer: &[u8]) -> Result<u64, DeviceError> {
        let mut served = Vec::new();
        loop {
            let disc = self.medium()?;
            let count = check_range(start, buffer, disc.sectors)?;
            let Some(stop) = disc.next_stop(start.0, count, &served) else { return Ok(count) };
            served.push(stop.index);
            let insertion = self.store.state().insertions;
            self.store.update(|state| Ok((state.stop(insertion, stop), ())))?;
        }
    }

    /// Reads without faults. The file stays open while its disc is loaded.
    fn read_image(&mut self, start: Lba, buffer: &mut [u8]) -> Result<(), DeviceError> {
        let state = self.store.state();
        let disc = state.loaded().ok_or(DeviceError::NoMedium)?;
        let shown = disc.image.display();
        let file = match &mut self.image {
            Some((load, file)) if *load == state.loads => file,
            image => &mut image.insert((state.loads, open_image(&disc.image)?.0)).1,
        };
        file.read_exact_at(buffer, start.byte()).map_err(|error| {
            DeviceError::Other(format!("{shown}, sector {start}: {error}; was the image changed while inserted?"))
        })
    }

    /// Spoils the sectors that a `wrong_once` fault wants spoilt now, and remembers that it was done.
    fn spoil(&mut self, start: Lba, buffer: &mut [u8], count: u64) -> Result<(), DeviceError> {
        let insertion = self.store.state().insertions;
        if self.store.state().loaded().is_none_or(|disc| disc.wrong(start.0, count).is_empty()) {
            return Ok(());
        }
        let wrong = self.store.update(|state| {
            let Some(disc) = state.disc.as_mut().filter(|_| state.insertions == insertion) else {
                return Ok((false, Vec::new()));
            };
            let wrong = disc.wrong(start.0, count);
            disc.mark_wrong(&wrong);
            Ok((!wrong.is_empty(), wrong))
        })?;
        for (index, sector) in buffer.chunks_exact_mut(SECTOR as usize).enumerate() {
            if wrong.contains(&(start.0 + index as u64)) {
                sector[..WRONG_BYTES].iter_mut().for_each(|byte| *byte ^= 0xff);
            }
        }
        Ok(())
    }
}

impl OpticalDevice for VirtualDrive {
    fn identity(&mut self) -> Result<DeviceIdentity, DeviceError> {
        self.answer()?;
        Ok(DeviceIdentity {
            vendor: "disk2iso".to_owned(),
            model: "Virtual drive".to_owned(),
            firmware: env!("CARGO_PKG_VERSION").to_owned(),
            serial: drive_id(self.store.folder()).as_str().trim_start_matches("virtual-").to_owned(),
        })
    }

    fn status(&mut self) -> Result<DeviceStatus, DeviceError> {
        self.answer()?;
        let state = self.store.state();
        let tray = match (state.tray_open, &state.disc) {
            (true, _) => TrayStatus::Open,
            (false, Some(_)) => TrayStatus::Loaded,
            (false, None) => TrayStatus::Empty,
        };
        Ok(DeviceStatus { tray, insertion: Some(state.insertions) })
    }

    fn profile(&mut self) -> Result<MediaProfile, DeviceError> {
        let disc = self.medium()?;
        Ok(disc.script.profile.map_or_else(|| profile_for_size(disc.sectors), MediaProfile))
    }

    fn toc(&mut self) -> Result<Toc, DeviceError> {
        self.medium().map(|disc| one_data_track(disc.sectors))
    }

    fn capacity(&mut self) -> Result<u64, DeviceError> {
        self.medium().map(|disc| disc.sectors)
    }

    /// `limit` is not enforced: a hanging drive does not keep time limits, and slow sectors only take long.
    fn read(&mut self, start: Lba, buffer: &mut [u8], _limit: Duration) -> Result<(), DeviceError> {
        let count = self.pass_stops(start, buffer)?;
        let disc = self.store.state().loaded().ok_or(DeviceError::NoMedium)?;
        let (delay, bad, speed) = (disc.delay(start.0, count), disc.is_bad(start.0, count), disc.script.speed_bytes_per_second);
        thread::sleep(delay);
        if bad {
            return Err(DeviceError::Medium(Sense { key: 3, asc: 0x11, ascq: 0x05 }));
        }
        self.read_image(start, buffer)?;
        self.spoil(start, buffer, count)?;
        if let Some(speed) = speed {
            self.pacer.pace(buffer.len(), speed);
        }
        Ok(())
    }

    fn max_transfer(&self) -> u32 {
        MAX_TRANSFER
    }

    fn eject(&mut self) -> Result<(), DeviceError> {
        self.answer()?;
        self.store.update(|state| Ok((!std::mem::replace(&mut state.tray_open, true), ())))
    }

    fn close_tray(&mut self) -> Result<(), DeviceError> {
        self.answer()?;
        self.store.update(|state| {
            let changed = state.tray_open;
            state.close();
            Ok((changed, ()))
        })
    }
}
