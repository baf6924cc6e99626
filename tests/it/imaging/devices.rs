//! A disc in memory that fails as it is told.

use disk2iso::{
    domain::{
        disc::{Fingerprint, MediaProfile, Medium, Toc},
        drive::TrayStatus,
        ids::{Lba, SECTOR},
    },
    filesystems::IdentifyFailure,
    imaging::StopFlag,
    optical::{DeviceError, DeviceIdentity, DeviceStatus, OpticalDevice, Sense},
};
use sha2::Digest as _;
use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

/// What happens once, before the n-th read of the whole story (all runs counted together).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    Stop,
    Vanish,
    Remove,
    Change,
    Exchange,
}

#[derive(Debug, Default)]
struct State {
    sectors: u64,
    seed: u64,
    bad: BTreeSet<u64>,
    protected: BTreeSet<u64>,
    /// Sectors that fail so many times before they can be read.
    flaky: BTreeMap<u64, u32>,
    wrong_once: BTreeSet<u64>,
    /// Sectors that never give the same bytes twice.
    unstable: BTreeSet<u64>,
    end: u64,
    events: BTreeMap<u64, Event>,
    not_ready: Option<(u64, u64)>,
    exchanged: bool,
    reads: u64,
    bytes: u64,
    max_transfer: u32,
}

/// The disc, shared by all drives that it is put into.
#[derive(Debug, Clone)]
pub struct Disc(Arc<Mutex<State>>);

impl Disc {
    pub fn new(sectors: u64) -> Self {
        let state = State { sectors, end: sectors, max_transfer: 32, ..State::default() };
        Self(Arc::new(Mutex::new(state)))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    fn with(self, change: impl FnOnce(&mut State)) -> Self {
        change(&mut self.lock());
        self
    }

    pub fn seed(self, seed: u64) -> Self {
        self.with(|state| state.seed = seed)
    }

    pub fn max_transfer(self, sectors: u32) -> Self {
        self.with(|state| state.max_transfer = sectors)
    }

    pub fn bad(self, range: Range<u64>) -> Self {
        self.with(|state| state.bad.extend(range))
    }

    pub fn protected(self, range: Range<u64>) -> Self {
        self.with(|state| state.protected.extend(range))
    }

    pub fn flaky(self, range: Range<u64>, times: u32) -> Self {
        self.with(|state| state.flaky.extend(range.map(|sector| (sector, times))))
    }

    pub fn wrong_once(self, range: Range<u64>) -> Self {
        self.with(|state| state.wrong_once.extend(range))
    }

    pub fn unstable(self, range: Range<u64>) -> Self {
        self.with(|state| state.unstable.extend(range))
    }

    /// Everything from here on is past the end of the medium, whatever was said about its size.
    pub fn ends_at(self, sector: u64) -> Self {
        self.with(|state| state.end = sector)
    }

    pub fn event(self, read: u64, event: Event) -> Self {
        self.with(|state| _ = state.events.insert(read, event))
    }

    pub fn not_ready_at(self, read: u64, times: u64) -> Self {
        self.with(|state| state.not_ready = Some((read, times)))
    }

    /// Sectors that can be read after all.
    pub fn heal(&self, range: Range<u64>) {
        self.lock().bad.retain(|sector| !range.contains(sector));
    }

    /// Another disc is in the drive from now on.
    pub fn exchange(&self) {
        self.lock().exchanged = true;
    }

    /// The right disc is back in the drive.
    pub fn put_back(&self) {
        self.lock().exchanged = false;
    }

    pub fn reads(&self) -> u64 {
        self.lock().reads
    }

    pub fn bytes_read(&self) -> u64 {
        self.lock().bytes
    }

    pub fn identify(&self, right: &Medium) -> Result<Medium, IdentifyFailure> {
        let mut medium = right.clone();
        if self.lock().exchanged {
            medium.fingerprint = Fingerprint("00".repeat(16));
        }
        Ok(medium)
    }

    /// What is really on the disc.
    pub fn content(&self) -> Vec<u8> {
        let state = self.lock();
        collect(state.sectors, |sector| sector_bytes(state.seed, sector))
    }

    /// The content with zeros for what cannot be read.
    pub fn content_with_holes(&self) -> Vec<u8> {
        let state = self.lock();
        collect(state.sectors, |sector| {
            if unreadable(&state, sector) { vec![0; SECTOR as usize] } else { sector_bytes(state.seed, sector) }
        })
    }
}

/// Byte by byte iterators are slow without optimisation, and these discs are made ten thousand times.
fn collect(sectors: u64, sector: impl Fn(u64) -> Vec<u8>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for number in 0..sectors {
        bytes.extend_from_slice(&sector(number));
    }
    bytes
}

fn unreadable(state: &State, sector: u64) -> bool {
    state.bad.contains(&sector) || state.protected.contains(&sector) || sector >= state.end
}

/// Never all zeros, and different for each sector and seed.
fn sector_bytes(seed: u64, sector: u64) -> Vec<u8> {
    let word = (seed ^ sector.wrapping_mul(0x9e37_79b9_7f4a_7c15)) | 1;
    word.to_le_bytes().repeat(SECTOR as usize / 8)
}

pub fn hashes(bytes: &[u8]) -> (String, String) {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let md5 = openssl::hash::hash(openssl::hash::MessageDigest::md5(), bytes).unwrap();
    (hex(&md5), hex(&sha2::Sha256::digest(bytes)))
}

/// A drive with the disc in it. Vanishing and removal last until the next one is opened.
pub struct MemoryDevice {
    disc: Disc,
    stop: StopFlag,
    gone: Option<DeviceError>,
}

impl MemoryDevice {
    pub fn open(disc: &Disc, stop: StopFlag) -> Self {
        Self { disc: disc.clone(), stop, gone: None }
    }

    fn happen(&mut self, event: Event) -> Result<(), DeviceError> {
        match event {
            Event::Stop => {
                self.stop.raise();
                return Ok(());
            }
            Event::Vanish => self.gone = Some(DeviceError::Gone),
            Event::Remove => self.gone = Some(DeviceError::NoMedium),
            Event::Change => return Err(DeviceError::MediumChanged),
            Event::Exchange => {
                self.disc.lock().exchanged = true;
                return Err(DeviceError::MediumChanged);
            }
        }
        Err(self.gone.clone().unwrap())
    }
}

fn sense(key: u8, asc: u8) -> Sense {
    Sense { key, asc, ascq: 0 }
}

impl OpticalDevice for MemoryDevice {
    fn identity(&mut self) -> Result<DeviceIdentity, DeviceError> {
        Ok(DeviceIdentity::default())
    }
    fn status(&mut self) -> Result<DeviceStatus, DeviceError> {
        Ok(DeviceStatus { tray: TrayStatus::Loaded, insertion: None })
    }
    fn profile(&mut self) -> Result<MediaProfile, DeviceError> {
        Ok(MediaProfile::CD_ROM)
    }
    fn toc(&mut self) -> Result<Toc, DeviceError> {
        Err(DeviceError::Refused("no table of contents".to_owned()))
    }
    fn capacity(&mut self) -> Result<u64, DeviceError> {
        if self.disc.lock().exchanged {
            return Err(DeviceError::MediumChanged);
        }
        Ok(self.disc.lock().sectors)
    }

    fn read(&mut self, start: Lba, buffer: &mut [u8], _limit: Duration) -> Result<(), DeviceError> {
        // Whoever looks at a buffer after an error sees rubbish.
        buffer.fill(0xee);
        if let Some(error) = &self.gone {
            return Err(error.clone());
        }
        let event = {
            let mut state = self.disc.lock();
            if let Some((read, times)) = state.not_ready.filter(|(read, times)| *read <= state.reads && *times > 0) {
                state.not_ready = Some((read, times - 1));
                return Err(DeviceError::NotReady(sense(2, 4)));
            }
            state.reads += 1;
            let now = state.reads;
            state.events.remove(&now)
        };
        if let Some(event) = event {
            self.happen(event)?;
        }
        let mut state = self.disc.lock();
        assert!(!state.exchanged, "nothing may be read from another disc");
        let range = start.0..start.0 + buffer.len() as u64 / SECTOR;
        assert!(range.end - range.start <= u64::from(state.max_transfer), "more than the drive can transfer");
        state.bytes += buffer.len() as u64;
        let mut failed = false;
        for sector in range.clone() {
            if let Some(times) = state.flaky.get_mut(&sector).filter(|times| **times > 0) {
                *times -= 1;
                failed = true;
            }
        }
        if range.end > state.end.min(state.sectors) {
            return Err(DeviceError::OutOfRange(sense(5, 0x21)));
        }
        if range.clone().any(|sector| state.protected.contains(&sector)) {
            return Err(DeviceError::Protected(sense(5, 0x6f)));
        }
        failed |= range.clone().any(|sector| state.bad.contains(&sector));
        if failed {
            return Err(DeviceError::Medium(sense(3, 0x11)));
        }
        for (sector, bytes) in range.zip(buffer.chunks_mut(SECTOR as usize)) {
            bytes.copy_from_slice(&sector_bytes(state.seed, sector));
            if state.wrong_once.remove(&sector) {
                bytes[..16].fill(0x55);
            }
            if state.unstable.contains(&sector) {
                bytes[..8].copy_from_slice(&state.reads.to_le_bytes());
            }
        }
        Ok(())
    }

    fn max_transfer(&self) -> u32 {
        self.disc.lock().max_transfer
    }
    fn eject(&mut self) -> Result<(), DeviceError> {
        Ok(())
    }
    fn close_tray(&mut self) -> Result<(), DeviceError> {
        Ok(())
    }
}
