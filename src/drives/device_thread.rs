//! The thread through which all commands of a drive's actor go to the device, one at a time.
//!
//! A command can hang in the kernel for minutes. Then this thread hangs and nothing else: the actor notices by the clock, says
//! so, and hears the answer whenever it comes. If the actor ends meanwhile, its answer goes nowhere and the thread ends.

use super::{
    holders::{self, Holder},
    marker::Marker,
};
use crate::{
    domain::disc::Medium,
    filesystems::{IdentifyFailure, identify},
    optical::{DeviceAddress, DeviceError, DeviceIdentity, DeviceStatus, OpticalDevice, virtual_insert},
};
use std::{
    io,
    path::PathBuf,
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

/// A command for the device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeviceCommand {
    /// Tray and medium; and, where nobody else listens to it, whether the eject button was pressed.
    Status {
        /// Ask for the button, too.
        button: bool,
    },
    /// Only whether the eject button was pressed: a job reads.
    Button,
    /// What disc is it?
    Identify,
    /// Does somebody else use it?
    Holder,
    /// Open the tray.
    Eject,
    /// Close the tray.
    Close,
    /// Keep the tray shut, or let it open.
    Lock(bool),
    /// Put an image file into a virtual drive.
    Insert(PathBuf),
}

/// What a look at a drive sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Tray and medium.
    pub status: DeviceStatus,
    /// What the drive says about itself.
    pub identity: DeviceIdentity,
    /// The eject button was pressed.
    pub button: bool,
}

/// A medium and the insertion number that it was found under, or why there is none.
pub type Looked = Result<(Box<Medium>, Option<u64>), NotLookedAt>;

/// Why a medium was not identified.
#[derive(Debug)]
pub enum NotLookedAt {
    /// Somebody else uses it.
    InUse(Holder),
    /// It could not be.
    Failed(IdentifyFailure),
}

/// The device's answer.
#[derive(Debug)]
pub enum DeviceAnswer {
    /// To `Status`.
    Status(Result<Seen, DeviceError>),
    /// To `Button`.
    Button(bool),
    /// To `Identify`.
    Identified(Looked),
    /// To `Holder`.
    Holder(Option<Holder>),
    /// To `Eject`.
    Ejected(Result<(), DeviceError>),
    /// To `Close`.
    Closed(Result<(), DeviceError>),
    /// To `Lock`: whether it was asked to lock.
    Locked(bool, Result<(), DeviceError>),
    /// To `Insert`.
    Inserted(Result<(), DeviceError>),
}

/// The actor's end.
pub struct DeviceThread {
    commands: mpsc::Sender<(DeviceAddress, DeviceCommand)>,
    waiting: usize,
    since: Instant,
}

impl DeviceThread {
    /// Starts the thread; `answer` is called on it for every command.
    ///
    /// # Errors
    /// That of the operating system if it makes no thread.
    pub fn start(name: &str, answer: impl Fn(DeviceAnswer) + Send + 'static) -> io::Result<Self> {
        let (commands, receiver) = mpsc::channel::<(DeviceAddress, DeviceCommand)>();
        thread::Builder::new().name(format!("dev-{name}")).stack_size(512 * 1024).spawn(move || {
            let mut device = Device { locked: None, marker: Marker::of_service() };
            while let Ok((address, command)) = receiver.recv() {
                answer(device.run(&address, &command));
            }
        })?;
        Ok(Self { commands, waiting: 0, since: Instant::now() })
    }

    /// Hands over a command. Commands wait for those before.
    pub fn submit(&mut self, address: &DeviceAddress, command: DeviceCommand) {
        if self.waiting == 0 {
            self.since = Instant::now();
        }
        // The thread lives as long as this value.
        if self.commands.send((address.clone(), command)).is_ok() {
            self.waiting += 1;
        }
    }

    /// An answer has come.
    pub fn answered(&mut self) {
        self.waiting = self.waiting.saturating_sub(1);
        self.since = Instant::now();
    }

    /// Number of commands under way or queued.
    pub fn pending(&self) -> usize {
        self.waiting
    }

    /// Whether commands are under way.
    pub fn is_busy(&self) -> bool {
        self.waiting > 0
    }

    /// How long the present command has been under way.
    pub fn silent_for(&self) -> Duration {
        if self.waiting == 0 { Duration::ZERO } else { self.since.elapsed() }
    }
}

/// The thread's end.
struct Device {
    /// Held open while the tray is locked: the kernel unlocks it when the last handle on a drive is closed.
    locked: Option<Box<dyn OpticalDevice>>,
    marker: Marker,
}

impl Device {
    fn run(&mut self, address: &DeviceAddress, command: &DeviceCommand) -> DeviceAnswer {
        match command {
            DeviceCommand::Status { button } => DeviceAnswer::Status(status(address, *button)),
            DeviceCommand::Button => DeviceAnswer::Button(self.button(address)),
            DeviceCommand::Identify => DeviceAnswer::Identified(look(address)),
            DeviceCommand::Holder => DeviceAnswer::Holder(holder(address)),
            DeviceCommand::Eject => DeviceAnswer::Ejected(address.open().and_then(|mut device| device.eject())),
            DeviceCommand::Close => DeviceAnswer::Closed(address.open().and_then(|mut device| device.close_tray())),
            DeviceCommand::Lock(locked) => DeviceAnswer::Locked(*locked, self.lock(address, *locked)),
            DeviceCommand::Insert(image) => DeviceAnswer::Inserted(match address {
                DeviceAddress::Virtual(folder) => virtual_insert(folder, image).map(drop),
                _ => Err(DeviceError::Refused("only virtual drives take image files".to_owned())),
            }),
        }
    }

    fn lock(&mut self, address: &DeviceAddress, locked: bool) -> Result<(), DeviceError> {
        let held = self.locked.take();
        self.marker.set(address, locked);
        if !locked {
            // A handle of before may belong to a drive that was unplugged meanwhile.
            return held.map_or_else(|| address.open(), Ok)?.lock(false);
        }
        let mut device = address.open()?;
        device.lock(true)?;
        self.locked = Some(device);
        Ok(())
    }

    fn button(&mut self, address: &DeviceAddress) -> bool {
        let asked = match &mut self.locked {
            Some(device) => device.eject_requested(),
            None => address.open().and_then(|mut device| device.eject_requested()),
        };
        // A hint only; what is wrong with the drive is told by the job that reads it.
        asked.unwrap_or(false)
    }
}

fn status(address: &DeviceAddress, button: bool) -> Result<Seen, DeviceError> {
    let mut device = address.open()?;
    let status = device.status()?;
    let button = button && device.eject_requested().unwrap_or(false);
    Ok(Seen { status, identity: device.identity().unwrap_or_default(), button })
}

fn holder(address: &DeviceAddress) -> Option<Holder> {
    match address {
        DeviceAddress::Scsi(node) => holders::holder(node),
        _ => None,
    }
}

fn look(address: &DeviceAddress) -> Looked {
    match holder(address) {
        Some(holder) => Err(NotLookedAt::InUse(holder)),
        None => identified(address).map_err(NotLookedAt::Failed),
    }
}

fn identified(address: &DeviceAddress) -> Result<(Box<Medium>, Option<u64>), IdentifyFailure> {
    let failure = |error| match error {
        DeviceError::Gone => IdentifyFailure::Gone,
        DeviceError::NoMedium => IdentifyFailure::NoMedium,
        DeviceError::MediumChanged => IdentifyFailure::Changed,
        DeviceError::NotReady(_) => IdentifyFailure::NotReady,
        other => IdentifyFailure::Other(other.to_string()),
    };
    let mut device = address.open().map_err(failure)?;
    let before = device.status().map_err(failure)?.insertion;
    let medium = identify(device.as_mut())?;
    let after = device.status().map_err(failure)?.insertion;
    if after == before { Ok((Box::new(medium), before)) } else { Err(IdentifyFailure::Changed) }
}
