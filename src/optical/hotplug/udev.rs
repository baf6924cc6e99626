//! Drives as udev knows them. libudev checks that messages come from udev itself (netlink sender and group).

use super::{DriveFound, Pressed, Woken, sysfs};
use crate::domain::{disc::clean_label, ids::DriveId};
use nix::{
    errno::Errno,
    poll::{PollFd, PollFlags, PollTimeout, poll},
};
use std::{io, os::fd::AsFd, path::Path, time::Duration};
use udev::{Device, Enumerator, MonitorBuilder, MonitorSocket};

/// Whether there is a udev to ask: its control socket exists.
pub(super) fn is_running() -> bool {
    Path::new("/run/udev/control").exists()
}

/// All drives in udev's database.
pub(super) fn enumerate() -> io::Result<Vec<DriveFound>> {
    let mut enumerator = Enumerator::new()?;
    enumerator.match_subsystem("block")?;
    enumerator.match_sysname("sr*")?;
    enumerator.match_property("ID_CDROM", "1")?;
    Ok(enumerator.scan_devices()?.filter_map(|device| describe(&device)).collect())
}

fn describe(device: &Device) -> Option<DriveFound> {
    let node = device.devnode()?.to_owned();
    let name = device.sysname().to_str().filter(|name| sysfs::is_optical(name))?;
    let property = |key: &str| device.property_value(key).map(|value| clean_label(&value.to_string_lossy())).unwrap_or_default();
    let path = property("ID_PATH");
    // ID_VENDOR and ID_MODEL have blanks replaced by `_`; the kernel has the original.
    let attribute = |attribute: &str, property: &str| {
        let parent = device.parent_with_subsystem("scsi").ok().flatten();
        let value = parent.as_ref().and_then(|parent| parent.attribute_value(attribute));
        value.map_or_else(|| property.to_owned(), |value| clean_label(&value.to_string_lossy()))
    };
    Some(DriveFound {
        id: DriveId::new(if path.is_empty() { name } else { &path }),
        node,
        name: format!("{} {}", attribute("vendor", &property("ID_VENDOR")), attribute("model", &property("ID_MODEL")))
            .trim()
            .to_owned(),
        serial: property("ID_SERIAL_SHORT"),
        bridge: sysfs::bridge(Path::new("/"), name),
    })
}

/// udev's events about optical drives.
pub(super) struct Monitor {
    socket: MonitorSocket,
}

impl Monitor {
    /// Starts to listen.
    pub(super) fn listen() -> io::Result<Self> {
        let socket = MonitorBuilder::new()?.match_subsystem_devtype("block", "disk")?.listen()?;
        Ok(Self { socket })
    }

    /// Waits at most `limit` for something to happen to drives.
    pub(super) fn wait(&self, limit: Duration) -> io::Result<Woken> {
        let mut fds = [PollFd::new(self.socket.as_fd(), PollFlags::POLLIN)];
        let timeout = PollTimeout::try_from(limit).unwrap_or(PollTimeout::MAX);
        match poll(&mut fds, timeout) {
            Ok(0) | Err(Errno::EINTR) => return Ok(Woken::default()),
            Ok(_) => {}
            Err(error) => return Err(error.into()),
        }
        let answered = fds[0].revents().unwrap_or(PollFlags::empty());
        if answered.intersects(PollFlags::POLLNVAL | PollFlags::POLLHUP) {
            return Err(io::Error::other("udev's event socket was closed"));
        }
        let optical = |device: &Device| device.sysname().to_str().is_some_and(sysfs::is_optical);
        // The socket's buffer ran over; receiving clears that.
        let mut woken = Woken { all: answered.contains(PollFlags::POLLERR), ..Woken::default() };
        for event in self.socket.iter().filter(|event| optical(event)) {
            let Some(node) = event.devnode().map(Path::to_owned) else { continue };
            if event.property_value("DISK_EJECT_REQUEST").is_some_and(|value| value == "1") {
                // 60-cdrom_id.rules answers the button by `cdrom_id --eject-media`.
                woken.pressed.push(Pressed { node: node.clone(), by_udev: true });
            }
            woken.nodes.push(node);
        }
        Ok(woken)
    }
}
