//! Which optical drives there are, and when to look at one of them.
//!
//! Events only wake: [`HotplugEvent::Changed`] means "ask this drive for its status now", nothing more. What counts as a
//! drive comes from comparing lists, so that a lost or doubled event does no harm. Where there is udev, its events wake us;
//! without it (a container) the kernel's own; and where neither comes, or the kernel does not poll its drives for
//! events, everything is looked at every two seconds.

mod kernel;
mod sysfs;
mod udev;

pub use sysfs::{media_events, polling};

use crate::domain::{bridge::Bridge, ids::DriveId};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

/// How often drives are looked at without udev.
const POLL: Duration = Duration::from_secs(2);
/// How often all drives are looked at although udev tells of changes, in case an event was lost.
const RESCAN: Duration = Duration::from_secs(30);
/// Longest time until the stop flag is seen.
const STEP: Duration = Duration::from_millis(250);

/// A drive of this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DriveFound {
    /// Its lasting name: the path on the bus (`ID_PATH`), or the node's name where nobody knows that path.
    pub id: DriveId,
    /// Its node now, for example `/dev/sr0`: another one after it was unplugged and plugged in again.
    pub node: PathBuf,
    /// Vendor and model; empty if unknown.
    pub name: String,
    /// Serial number; empty if unknown. Evidence only.
    pub serial: String,
    /// The USB bridge that it is behind.
    pub bridge: Option<Bridge>,
}

/// Where news of drives comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// udev.
    Udev,
    /// The kernel's own messages.
    Kernel,
    /// Looking every two seconds.
    Polling,
}

impl Source {
    /// The word used in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Udev => "udev",
            Self::Kernel => "kernel",
            Self::Polling => "polling",
        }
    }
}

/// News about drives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HotplugEvent {
    /// A drive is there: at the start of the watch, plugged in, or under another node than before.
    Added(DriveFound),
    /// A drive is not there any more.
    Removed(DriveId),
    /// Look at this drive now.
    Changed(DriveId),
    /// Somebody pressed a drive's eject button.
    Button {
        /// Which drive's.
        drive: DriveId,
        /// udev opens the tray by itself.
        by_udev: bool,
    },
    /// The watch has begun.
    Watching(Source),
}

/// What an event says.
#[derive(Debug, Default)]
struct Woken {
    /// Anything may have happened: events were lost.
    all: bool,
    /// Something happened to these.
    nodes: Vec<PathBuf>,
    /// Somebody pressed their buttons.
    pressed: Vec<Pressed>,
}

/// An eject button was pressed.
#[derive(Debug)]
struct Pressed {
    node: PathBuf,
    by_udev: bool,
}

/// What wakes us.
enum Monitor {
    Udev(udev::Monitor),
    Kernel(kernel::Monitor),
    None,
}

impl Monitor {
    /// The best one that this machine has.
    fn listen() -> std::io::Result<Self> {
        if udev::is_running() {
            return udev::Monitor::listen().map(Self::Udev);
        }
        Ok(kernel::Monitor::listen().map_or_else(
            |error| {
                tracing::debug!(%error, "the kernel's messages cannot be heard here");
                Self::None
            },
            Self::Kernel,
        ))
    }

    fn source(&self) -> Source {
        match self {
            Self::Udev(_) => Source::Udev,
            Self::Kernel(_) => Source::Kernel,
            Self::None => Source::Polling,
        }
    }

    fn wait(&self, limit: Duration) -> std::io::Result<Woken> {
        match self {
            Self::Udev(monitor) => monitor.wait(limit),
            Self::Kernel(monitor) => monitor.wait(limit),
            Self::None => {
                thread::sleep(limit);
                Ok(Woken::default())
            }
        }
    }
}

/// Where news would come from on this machine now.
pub fn source() -> Source {
    Monitor::listen().map_or(Source::Polling, |monitor| monitor.source())
}

/// All optical drives of this machine, by id. Reads udev's database or `/sys`; touches no drive.
pub fn enumerate() -> Vec<DriveFound> {
    let found = if udev::is_running() { udev::enumerate() } else { Err(std::io::ErrorKind::Unsupported.into()) };
    unique(found.unwrap_or_else(|_| sysfs::enumerate(Path::new("/"))))
}

/// Watches for drives and their changes until `stop` is set; reports first every drive that is there. Blocks: it wants a
/// thread of its own. After `stop` it returns within half a second.
///
/// # Errors
/// When udev is running but its events cannot be received any more; start again.
pub fn watch(stop: &AtomicBool, on_event: &mut dyn FnMut(HotplugEvent)) -> std::io::Result<()> {
    // Listening starts before the first list is made, so that nothing falls between.
    let monitor = Monitor::listen()?;
    on_event(HotplugEvent::Watching(monitor.source()));
    let mut drives = BTreeMap::new();
    compare(&mut drives, enumerate(), on_event);
    let mut scanned = Instant::now();
    while !stop.load(Ordering::Relaxed) {
        let woken = monitor.wait(STEP)?;
        // The kernel's messages do not reach every container, and nobody says so: there a look is cheap and safe.
        let events_come =
            monitor.source() == Source::Udev && drives.values().all(|drive| media_events(Path::new("/"), &drive.node));
        let all = woken.all || scanned.elapsed() >= if events_come { RESCAN } else { POLL };
        if all || !woken.nodes.is_empty() {
            scanned = Instant::now();
            compare(&mut drives, enumerate(), on_event);
        }
        for drive in drives.values() {
            if let Some(pressed) = woken.pressed.iter().find(|pressed| pressed.node == drive.node) {
                on_event(HotplugEvent::Button { drive: drive.id.clone(), by_udev: pressed.by_udev });
            } else if all || woken.nodes.contains(&drive.node) {
                on_event(HotplugEvent::Changed(drive.id.clone()));
            }
        }
    }
    Ok(())
}

/// Reports what is new and what is gone, and remembers `now`.
fn compare(known: &mut BTreeMap<DriveId, DriveFound>, now: Vec<DriveFound>, on_event: &mut dyn FnMut(HotplugEvent)) {
    let now: BTreeMap<_, _> = now.into_iter().map(|drive| (drive.id.clone(), drive)).collect();
    for id in known.keys().filter(|id| !now.contains_key(id)) {
        on_event(HotplugEvent::Removed(id.clone()));
    }
    for (id, drive) in &now {
        if known.get(id).is_none_or(|before| before.node != drive.node || before.bridge != drive.bridge) {
            on_event(HotplugEvent::Added(drive.clone()));
        }
    }
    *known = now;
}

/// Two drives with one path (bridges lie) get their node's name on top.
fn unique(mut found: Vec<DriveFound>) -> Vec<DriveFound> {
    found.sort_by(|a, b| (&a.id, &a.node).cmp(&(&b.id, &b.node)));
    let doubled: Vec<DriveId> = found.windows(2).filter(|pair| pair[0].id == pair[1].id).map(|pair| pair[0].id.clone()).collect();
    for drive in found.iter_mut().filter(|drive| doubled.contains(&drive.id)) {
        let node = drive.node.file_name().unwrap_or_default().to_string_lossy();
        drive.id = DriveId::new(&format!("{}-{node}", drive.id));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drive(id: &str, node: &str) -> DriveFound {
        DriveFound { id: DriveId::new(id), node: node.into(), name: String::new(), serial: String::new(), bridge: None }
    }

    #[test]
    fn lists_are_compared_and_differences_told_once() {
        let mut known = BTreeMap::new();
        let mut told = |now: Vec<DriveFound>| {
            let mut events = Vec::new();
            compare(&mut known, now, &mut |event| events.push(event));
            events
        };
        let (a, b) = (drive("a", "/dev/sr0"), drive("b", "/dev/sr1"));
        assert_eq!(told(vec![a.clone(), b.clone()]), [HotplugEvent::Added(a.clone()), HotplugEvent::Added(b.clone())]);
        assert_eq!(told(vec![a.clone(), b.clone()]), []);
        assert_eq!(told(vec![b.clone()]), [HotplugEvent::Removed(a.id.clone())]);
        let moved = drive("b", "/dev/sr0");
        assert_eq!(told(vec![moved.clone()]), [HotplugEvent::Added(moved)]);
    }

    #[test]
    fn drives_on_one_path_are_told_apart() {
        let found = unique(vec![drive("p", "/dev/sr1"), drive("q", "/dev/sr2"), drive("p", "/dev/sr0")]);
        let ids: Vec<_> = found.iter().map(|drive| drive.id.as_str()).collect();
        assert_eq!(ids, ["p-sr0", "p-sr1", "q"]);
    }

    #[test]
    fn watching_ends_when_told_to() {
        let stop = AtomicBool::new(false);
        thread::scope(|scope| {
            let watcher = scope.spawn(|| watch(&stop, &mut |_| {}));
            stop.store(true, Ordering::Relaxed);
            assert!(watcher.join().expect("no panic").is_ok());
        });
    }
}
