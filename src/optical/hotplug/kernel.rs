//! The kernel's own messages about devices, for machines without udev (containers).
//!
//! They come to every network namespace that belongs to the initial user namespace: to plain Docker, not to rootless
//! containers. Anybody may send to such a socket, so that only what the kernel itself sent counts.

use super::{Pressed, Woken, sysfs};
use nix::{
    cmsg_space,
    errno::Errno,
    poll::{PollFd, PollFlags, PollTimeout, poll},
    sys::socket::{
        AddressFamily, ControlMessageOwned, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType, UnixCredentials, bind,
        recvmsg, setsockopt, socket, sockopt,
    },
};
use std::{
    io::{self, IoSliceMut},
    os::fd::{AsFd, AsRawFd, OwnedFd},
    path::{Path, PathBuf},
    time::Duration,
};

/// Multicast group of the kernel's messages; udev sends its own to group 2.
const KERNEL: u32 = 1;
/// Larger than any message of the kernel (`UEVENT_BUFFER_SIZE` is 2048, and the path comes before it).
const LARGEST: usize = 8 * 1024;
/// Messages taken at once; the rest wakes again.
const BATCH: usize = 256;
/// Bytes that may wait: a USB hub with drives causes many messages at once.
const BUFFER: usize = 512 * 1024;

/// What a message says about an optical drive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct KernelEvent {
    /// Its node.
    pub node: PathBuf,
    /// Somebody pressed its eject button.
    pub button: bool,
}

/// The socket that the kernel's messages come to.
pub(super) struct Monitor {
    socket: OwnedFd,
}

impl Monitor {
    /// Starts to listen.
    pub(super) fn listen() -> io::Result<Self> {
        let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
        let socket = socket(AddressFamily::Netlink, SockType::Datagram, flags, SockProtocol::NetlinkKObjectUEvent)?;
        setsockopt(&socket, sockopt::PassCred, &true)?;
        // Less than wished is no error: what runs over is noticed.
        let _ = setsockopt(&socket, sockopt::RcvBuf, &BUFFER);
        bind(socket.as_raw_fd(), &NetlinkAddr::new(0, KERNEL))?;
        Ok(Self { socket })
    }

    /// Waits at most `limit` for something to happen to drives.
    pub(super) fn wait(&self, limit: Duration) -> io::Result<Woken> {
        let mut fds = [PollFd::new(self.socket.as_fd(), PollFlags::POLLIN)];
        match poll(&mut fds, PollTimeout::try_from(limit).unwrap_or(PollTimeout::MAX)) {
            Ok(0) | Err(Errno::EINTR) => return Ok(Woken::default()),
            Ok(_) => {}
            Err(error) => return Err(error.into()),
        }
        let mut woken = Woken::default();
        for _ in 0..BATCH {
            match self.receive() {
                Ok(Some(event)) => {
                    if event.button {
                        woken.pressed.push(Pressed { node: event.node.clone(), by_udev: false });
                    }
                    woken.nodes.push(event.node);
                }
                Ok(None) => {}
                Err(Errno::EAGAIN | Errno::EINTR) => break,
                // Messages were lost.
                Err(Errno::ENOBUFS) => woken.all = true,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(woken)
    }

    /// The next message, if it is one of the kernel about an optical drive.
    fn receive(&self) -> Result<Option<KernelEvent>, Errno> {
        let mut message = vec![0_u8; LARGEST];
        let mut control = cmsg_space!(UnixCredentials);
        let (length, sender, from_root, cut) = {
            let mut parts = [IoSliceMut::new(&mut message)];
            let received =
                recvmsg::<NetlinkAddr>(self.socket.as_raw_fd(), &mut parts, Some(&mut control), MsgFlags::MSG_DONTWAIT)?;
            let root =
                |message: ControlMessageOwned| matches!(message, ControlMessageOwned::ScmCredentials(who) if who.uid() == 0);
            let from_root = received.cmsgs().is_ok_and(|mut messages| messages.any(root));
            (received.bytes, received.address, from_root, received.flags.contains(MsgFlags::MSG_TRUNC))
        };
        let from_kernel = sender.is_some_and(|sender| sender.pid() == 0 && sender.groups() == KERNEL) && from_root;
        Ok((from_kernel && !cut).then(|| parse(message.get(..length)?)).flatten())
    }
}

/// A raw message: `ACTION@PATH`, then `KEY=VALUE` texts, each ended by a zero byte. `None` unless it is about an optical drive.
pub(super) fn parse(message: &[u8]) -> Option<KernelEvent> {
    let mut parts = message.split(|byte| *byte == 0);
    let header = parts.next()?;
    // udev's own messages begin with a word of their own.
    if header.starts_with(b"libudev") || !header.contains(&b'@') {
        return None;
    }
    let (mut block, mut name, mut button) = (false, None, false);
    for part in parts {
        match part.iter().position(|byte| *byte == b'=').map(|at| (&part[..at], &part[at + 1..])) {
            Some((b"SUBSYSTEM", value)) => block = value == b"block",
            Some((b"DEVNAME", value)) => name = std::str::from_utf8(value).ok().filter(|name| sysfs::is_optical(name)),
            Some((b"DISK_EJECT_REQUEST", value)) => button = value == b"1",
            _ => {}
        }
    }
    let node = Path::new("/dev").join(name.filter(|_| block)?);
    Some(KernelEvent { node, button })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const CHANGE: &[u8] = b"change@/devices/pci0000:00/0000:00:1f.2/ata1/host0/target0:0:0/0:0:0:0/block/sr0\0ACTION=change\0\
        DEVPATH=/devices/x/block/sr0\0SUBSYSTEM=block\0DISK_MEDIA_CHANGE=1\0MAJOR=11\0MINOR=0\0DEVNAME=sr0\0DEVTYPE=disk\0SEQNUM=42\0";

    #[test]
    fn messages_about_optical_drives_are_understood() {
        assert_eq!(parse(CHANGE), Some(KernelEvent { node: "/dev/sr0".into(), button: false }));
        let pressed = b"change@/x\0SUBSYSTEM=block\0DEVNAME=sr12\0DISK_EJECT_REQUEST=1\0";
        assert_eq!(parse(pressed), Some(KernelEvent { node: "/dev/sr12".into(), button: true }));
    }

    #[test]
    fn other_and_hostile_messages_are_not() {
        for message in [
            &b""[..],
            b"\0\0\0",
            b"change@/x\0SUBSYSTEM=block\0DEVNAME=sda\0",
            b"change@/x\0SUBSYSTEM=scsi\0DEVNAME=sr0\0",
            b"change@/x\0SUBSYSTEM=block\0DEVNAME=../sr0\0",
            b"change@/x\0SUBSYSTEM=block\0DEVNAME=sr0/../sda\0",
            b"change@/x\0SUBSYSTEM=block\0DEVNAME=sr\xff\0",
            b"libudev\0\xfe\xed\xca\xfe@\0SUBSYSTEM=block\0DEVNAME=sr0\0",
            b"no header\0SUBSYSTEM=block\0DEVNAME=sr0\0",
        ] {
            assert_eq!(parse(message), None, "{}", String::from_utf8_lossy(message));
        }
    }

    proptest! {
        #[test]
        fn no_message_leads_out_of_dev(message in proptest::collection::vec(any::<u8>(), 0..512)) {
            if let Some(event) = parse(&message) {
                prop_assert!(event.node.starts_with("/dev/sr"));
            }
        }

        #[test]
        fn a_cut_or_changed_message_is_no_other_drive(cut in 0..CHANGE.len(), at in 0..CHANGE.len(), byte in any::<u8>()) {
            let mut message = CHANGE.to_vec();
            message[at] = byte;
            for message in [&CHANGE[..cut], &message] {
                if let Some(event) = parse(message) {
                    prop_assert!(event.node.components().count() == 3, "{}", event.node.display());
                }
            }
        }
    }

    #[test]
    fn listening_hears_nothing_of_forged_messages() {
        // Where this user may not even listen, there is nothing to forge; the service polls there.
        let Ok(monitor) = Monitor::listen() else { return };
        let address = nix::sys::socket::getsockname::<NetlinkAddr>(monitor.socket.as_raw_fd()).expect("address");
        let flags = SockFlag::SOCK_CLOEXEC;
        let forger =
            socket(AddressFamily::Netlink, SockType::Datagram, flags, SockProtocol::NetlinkKObjectUEvent).expect("socket");
        let to = NetlinkAddr::new(address.pid(), 0);
        let sent = nix::sys::socket::sendto(forger.as_raw_fd(), CHANGE, &to, MsgFlags::empty());
        assert!(sent.is_ok(), "{sent:?}");
        let woken = monitor.wait(Duration::from_secs(5)).expect("listening");
        assert!(woken.nodes.is_empty() && woken.pressed.is_empty());
    }
}
