//! Reading from the drive, with every answer of a drive turned into one of three: read, unreadable, or the run is over.

use super::{
    interrupt::{Interruption, code},
    protocol::Halt,
    statistics::Meter,
    tuning::Tuning,
};
use crate::{
    domain::{
        disc::Medium,
        ids::{Lba, SECTOR},
        result::ReadStatistics,
        sector_map::SectorMap,
    },
    filesystems::IdentifyFailure,
    optical::{DeviceError, OpticalDevice, RawLayout, Sense},
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

/// Finds out which disc is in a drive; `filesystems::identify` outside of tests.
pub type Identify<'a> = &'a dyn Fn(&mut dyn OpticalDevice) -> Result<Medium, IdentifyFailure>;

/// Set once when the run shall end at the next opportunity.
#[derive(Debug, Clone, Default)]
pub struct StopFlag(Arc<AtomicBool>);

impl StopFlag {
    /// Asks for the end.
    pub fn raise(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// # Errors
    /// [`Interruption::Stopped`] once raised.
    pub fn check(&self) -> Result<(), Interruption> {
        if self.0.load(Ordering::Relaxed) { Err(Interruption::Stopped) } else { Ok(()) }
    }
}

/// A request that gave no data although drive and disc are where they should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unreadable {
    /// What the drive said, if it said anything.
    pub sense: Option<Sense>,
    /// The drive refused because of copy protection.
    pub protected: bool,
    /// There is nothing to read here, and trying again changes nothing: past the end of the medium (5/21), or a track of another
    /// mode (5/64).
    pub nothing: bool,
}

impl Unreadable {
    /// Whether the medium ends before (5/21, 5/63).
    pub fn is_past_end(&self) -> bool {
        self.nothing && self.sense.is_some_and(|sense| sense.asc != 0x64)
    }
}

/// How often one request may find the medium changed (and the same) before it counts as unreadable.
const MAX_CHANGES: u32 = 5;

/// A drive with the right disc in it.
pub struct Reader<'a> {
    device: &'a mut dyn OpticalDevice,
    identify: Identify<'a>,
    expected: &'a Medium,
    /// Sector of the disc that is sector 0 here.
    first: u64,
    stop: StopFlag,
    tuning: Tuning,
    bytes: u64,
    meter: Meter,
    /// What the drive had reported before this run.
    recovered_before: u64,
    /// The drive does not answer: it is not asked anything any more.
    wedged: bool,
}

impl<'a> Reader<'a> {
    /// Checks that the disc in the drive is the expected one. `alive` is called now and then while a drive gets ready.
    ///
    /// # Errors
    /// [`Halt::WrongDisc`], [`Halt::MediumRemoved`], [`Halt::DriveGone`] and failures to identify.
    pub fn new(
        device: &'a mut dyn OpticalDevice,
        identify: Identify<'a>,
        (expected, first): (&'a Medium, u64),
        stop: StopFlag,
        tuning: Tuning,
        alive: &mut dyn FnMut(),
    ) -> Result<Self, Interruption> {
        let (meter, recovered_before) = (Meter::new(expected.size.sectors), device.recovered_errors());
        let mut reader =
            Self { device, identify, expected, first, stop, tuning, bytes: 0, meter, recovered_before, wedged: false };
        reader.check_disc(alive)?;
        Ok(reader)
    }

    /// Bytes read from the disc so far.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Errors that the drive reported as recovered.
    pub fn recovered(&self) -> u64 {
        self.device.recovered_errors()
    }

    /// Most sectors that one request may ask for.
    pub fn max_transfer(&self) -> u64 {
        u64::from(self.device.max_transfer()).max(1)
    }

    /// What reading cost so far; what is unreadable comes from the map.
    pub fn statistics(&self, map: &SectorMap) -> ReadStatistics {
        self.meter.statistics(map, self.device.recovered_errors().saturating_sub(self.recovered_before))
    }

    /// Limits the speed to kilobytes per second, where the drive can do that; `None` takes the limit away.
    pub fn set_speed(&mut self, kilobytes: Option<u32>) {
        if !self.wedged {
            // A drive that has one speed only reads at that speed.
            let _ = self.device.set_speed(kilobytes);
        }
    }

    /// Somebody else's command to the drive does not return: another one would not return either.
    pub fn leave_alone(&mut self) {
        self.wedged = true;
    }

    /// Keeps the tray shut while somebody else reads, where the drive can do that.
    pub fn lock(&mut self, locked: bool) {
        if !self.wedged {
            let _ = self.device.lock(locked);
        }
    }

    /// Whether the right disc is still in the drive after somebody else has read from it.
    ///
    /// # Errors
    /// As for [`new`](Self::new).
    pub fn still_there(&mut self, alive: &mut dyn FnMut()) -> Result<(), Interruption> {
        match self.device.capacity() {
            Ok(_) => Ok(()),
            Err(DeviceError::NoMedium) => Err(Interruption::Halted(Halt::MediumRemoved)),
            Err(DeviceError::Gone) => Err(Interruption::Halted(Halt::DriveGone)),
            Err(_) => self.check_disc(alive),
        }
    }

    /// Reads whole sectors from `start`.
    ///
    /// # Errors
    /// The outer error ends the run; the inner one is about these sectors only.
    pub fn read(
        &mut self,
        start: Lba,
        buffer: &mut [u8],
        limit: Duration,
        alive: &mut dyn FnMut(),
    ) -> Result<Result<(), Unreadable>, Interruption> {
        self.request(start, buffer, (limit, false), alive)
    }

    /// The same, from the medium and not from the drive's cache.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn read_again(
        &mut self,
        start: Lba,
        buffer: &mut [u8],
        limit: Duration,
        alive: &mut dyn FnMut(),
    ) -> Result<Result<(), Unreadable>, Interruption> {
        self.request(start, buffer, (limit, true), alive)
    }

    fn request(
        &mut self,
        start: Lba,
        buffer: &mut [u8],
        (limit, again): (Duration, bool),
        alive: &mut dyn FnMut(),
    ) -> Result<Result<(), Unreadable>, Interruption> {
        let (bytes, place) = (buffer.len() as u64, Lba(self.first + start.0));
        let mut took = Duration::ZERO;
        let mut read = |device: &mut dyn OpticalDevice| {
            let since = Instant::now();
            let answer = match again {
                true => device.read_again(place, buffer, limit),
                false => device.read(place, buffer, limit),
            };
            took = since.elapsed();
            answer
        };
        let done = self.command(&mut read, alive)?;
        self.meter.request(start.0, bytes / SECTOR, took, done.is_ok());
        self.bytes += if done.is_ok() { bytes } else { 0 };
        Ok(done)
    }

    /// Reads whole raw frames of a CD from `start`.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn read_raw(
        &mut self,
        start: Lba,
        (buffer, layout): (&mut [u8], RawLayout),
        limit: Duration,
        alive: &mut dyn FnMut(),
    ) -> Result<Result<(), Unreadable>, Interruption> {
        let bytes = buffer.len() as u64;
        let done = self.command(&mut |device| device.read_raw(start, buffer, layout, limit), alive)?;
        self.bytes += if done.is_ok() { bytes } else { 0 };
        Ok(done)
    }

    /// The drive, for commands that read no sectors and whose failure changes nothing.
    pub fn device(&mut self) -> &mut dyn OpticalDevice {
        self.device
    }

    /// Gives a command until it has an answer that is about its sectors.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn command(
        &mut self,
        command: &mut dyn FnMut(&mut dyn OpticalDevice) -> Result<(), DeviceError>,
        alive: &mut dyn FnMut(),
    ) -> Result<Result<(), Unreadable>, Interruption> {
        let unreadable = |sense| Ok(Err(Unreadable { sense, protected: false, nothing: false }));
        let (mut waiting, mut changes) = (None, 0);
        loop {
            self.stop.check()?;
            let Err(error) = command(self.device) else { return Ok(Ok(())) };
            match error {
                DeviceError::Medium(sense) => return unreadable(Some(sense)),
                DeviceError::OutOfRange(sense) | DeviceError::WrongMode(sense) => {
                    return Ok(Err(Unreadable { sense: Some(sense), protected: false, nothing: true }));
                }
                DeviceError::Protected(sense) => {
                    return Ok(Err(Unreadable { sense: Some(sense), protected: true, nothing: false }));
                }
                DeviceError::Timeout(_) => {
                    self.meter.reset();
                    return unreadable(None);
                }
                DeviceError::Other(_) | DeviceError::Refused(_) => return unreadable(None),
                DeviceError::NotReady(_) => self.wait(&mut waiting, alive)?,
                DeviceError::MediumChanged => {
                    changes += 1;
                    if changes > MAX_CHANGES {
                        return unreadable(None);
                    }
                    self.check_disc(alive)?;
                    // The same disc: it was a reset that the drive announced so.
                    self.meter.reset();
                }
                DeviceError::NoMedium => return Err(Interruption::Halted(Halt::MediumRemoved)),
                DeviceError::Gone => return Err(Interruption::Halted(Halt::DriveGone)),
                DeviceError::Permission(text) => return Err(Interruption::failed(code::NO_PERMISSION, text)),
            }
        }
    }

    /// Whether the disc in the drive is the one that was asked for.
    fn check_disc(&mut self, alive: &mut dyn FnMut()) -> Result<(), Interruption> {
        let (mut waiting, mut changes) = (None, 0);
        loop {
            self.stop.check()?;
            match (self.identify)(self.device) {
                Ok(medium) if medium.is_same_disc(self.expected) => return Ok(()),
                Ok(medium) => return Err(Interruption::Halted(Halt::WrongDisc { found: medium.fingerprint })),
                Err(IdentifyFailure::NotReady) => self.wait(&mut waiting, alive)?,
                Err(IdentifyFailure::Changed) if changes < MAX_CHANGES => changes += 1,
                Err(error) => return Err(Interruption::from(&error)),
            }
        }
    }

    /// One pause of a bounded wait for a drive that gets ready.
    fn wait(&self, since: &mut Option<Instant>, alive: &mut dyn FnMut()) -> Result<(), Interruption> {
        if since.get_or_insert_with(Instant::now).elapsed() >= self.tuning.ready_patience {
            let message = format!("the drive is still not ready after {:?}; open and close its tray", self.tuning.ready_patience);
            return Err(Interruption::failed(code::DRIVE_NOT_READY, message));
        }
        // The drive answered: that is a sign of life, however little it said.
        alive();
        std::thread::sleep(self.tuning.ready_pause);
        Ok(())
    }
}

/// Number of bytes in so many sectors, for the size of a buffer.
pub fn bytes_of(sectors: u64) -> usize {
    // Requests are bounded by the size of a buffer, far below what usize holds.
    usize::try_from(sectors * SECTOR).unwrap_or(usize::MAX)
}
