//! The thread through which all commands of a drive's actor go to the device, one at a time.
//!
//! A command can hang in the kernel for minutes. Then this thread hangs and nothing else: the actor notices by the clock, says
//! so, and hears the answer whenever it comes. If the actor ends meanwhile, its answer goes nowhere and the thread ends.

use crate::{
    domain::disc::Medium,
    filesystems::{IdentifyFailure, identify},
    optical::{DeviceAddress, DeviceError, DeviceIdentity, DeviceStatus, virtual_insert},
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
    /// Tray and medium.
    Status,
    /// What disc is it?
    Identify,
    /// Open the tray.
    Eject,
    /// Close the tray.
    Close,
    /// Put an image file into a virtual drive.
    Insert(PathBuf),
}

/// The device's answer.
#[derive(Debug)]
pub enum DeviceAnswer {
    /// To `Status`; with what the drive says about itself.
    Status(Result<(DeviceStatus, DeviceIdentity), DeviceError>),
    /// To `Identify`; with the insertion number that the medium was found under.
    Identified(Result<(Box<Medium>, Option<u64>), IdentifyFailure>),
    /// To `Eject`.
    Ejected(Result<(), DeviceError>),
    /// To `Close`.
    Closed(Result<(), DeviceError>),
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
            while let Ok((address, command)) = receiver.recv() {
                answer(run(&address, &command));
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

fn run(address: &DeviceAddress, command: &DeviceCommand) -> DeviceAnswer {
    match command {
        DeviceCommand::Status => DeviceAnswer::Status(address.open().and_then(|mut device| {
            let status = device.status()?;
            Ok((status, device.identity().unwrap_or_default()))
        })),
        DeviceCommand::Identify => DeviceAnswer::Identified(run_identify(address)),
        DeviceCommand::Eject => DeviceAnswer::Ejected(address.open().and_then(|mut device| device.eject())),
        DeviceCommand::Close => DeviceAnswer::Closed(address.open().and_then(|mut device| device.close_tray())),
        DeviceCommand::Insert(image) => DeviceAnswer::Inserted(match address {
            DeviceAddress::Virtual(folder) => virtual_insert(folder, image).map(drop),
            _ => Err(DeviceError::Refused("only virtual drives take image files".to_owned())),
        }),
    }
}

fn run_identify(address: &DeviceAddress) -> Result<(Box<Medium>, Option<u64>), IdentifyFailure> {
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
