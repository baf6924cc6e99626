//! Who else uses a drive's disc: somebody who has mounted it, or a program that holds the device for itself alone.
//!
//! Reading a disc that another program changes or ejects gives no honest image, and its tray would not open afterwards.

use nix::{errno::Errno, fcntl::OFlag};
use std::{
    fmt,
    fs::{self, OpenOptions},
    os::unix::fs::{FileTypeExt as _, MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

/// Processes that are asked for who holds a device.
const MAX_PROCESSES: usize = 4_096;
/// udev's helper holds a drive for itself alone for a moment after each event; it is given this time, several times over.
const MOMENT: Duration = Duration::from_millis(200);
const MOMENTS: u32 = 5;

/// Somebody who uses the disc.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holder {
    /// It is mounted here.
    Mounted(PathBuf),
    /// Another block device is built upon it.
    Device(String),
    /// A program has opened it exclusively; its name and process number, if this user may see them.
    Program(Option<(String, u32)>),
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mounted(place) => write!(f, "the disc is mounted at {0}; unmount it: umount {0}", place.display()),
            Self::Device(name) => write!(f, "the block device {name} is built upon the disc; take that away first"),
            Self::Program(Some((name, id))) => {
                write!(f, "the program {name} (process {id}) uses the drive for itself alone; end it")
            }
            Self::Program(None) => {
                f.write_str("a program that this user cannot see uses the drive for itself alone (as root: fuser -v NODE)")
            }
        }
    }
}

/// Who uses the disc in this drive, as far as can be seen without sending anything to it.
pub fn mounted(node: &Path) -> Option<Holder> {
    let device = device_number(node)?;
    let table = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    if let Some(place) = mount_point(&table, device) {
        return Some(Holder::Mounted(place));
    }
    let name = node.file_name()?;
    let entries = fs::read_dir(Path::new("/sys/class/block").join(name).join("holders")).ok()?;
    let first = entries.filter_map(Result::ok).next()?;
    Some(Holder::Device(first.file_name().to_string_lossy().into_owned()))
}

/// Who uses the disc in this drive. Opens the drive's node for a moment, so that it may hang with the drive.
pub fn holder(node: &Path) -> Option<Holder> {
    let mut moments = 0;
    loop {
        if let Some(found) = mounted(node) {
            return Some(found);
        }
        match exclusive(node) {
            Err(Errno::EBUSY) if moments < MOMENTS => moments += 1,
            Err(Errno::EBUSY) => return Some(Holder::Program(program(node))),
            // Whatever else is wrong with the drive is told by whoever talks to it.
            _ => return None,
        }
        thread::sleep(MOMENT);
    }
}

/// Opens for itself alone and closes at once; without `O_NONBLOCK` this would close the tray (`dev.cdrom.autoclose`).
fn exclusive(node: &Path) -> Result<(), Errno> {
    let flags = OFlag::O_NONBLOCK | OFlag::O_EXCL | OFlag::O_CLOEXEC;
    match OpenOptions::new().read(true).custom_flags(flags.bits()).open(node) {
        Ok(_) => Ok(()),
        Err(error) => Err(Errno::from_raw(error.raw_os_error().unwrap_or(0))),
    }
}

/// Major and minor number of a block device.
fn device_number(node: &Path) -> Option<(u64, u64)> {
    let data = fs::metadata(node).ok().filter(|data| data.file_type().is_block_device())?;
    Some((nix::sys::stat::major(data.rdev()), nix::sys::stat::minor(data.rdev())))
}

/// Where the table (`/proc/self/mountinfo`, see proc(5)) has this device mounted.
fn mount_point(table: &str, (major, minor): (u64, u64)) -> Option<PathBuf> {
    let device = format!("{major}:{minor}");
    let line = table.lines().find(|line| line.split(' ').nth(2) == Some(&device))?;
    Some(PathBuf::from(unescape(line.split(' ').nth(4)?)))
}

/// The kernel writes blank, tab, newline and backslash as `\` and three octal digits.
fn unescape(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        plain.push_str(&rest[..at]);
        let digits = rest.get(at + 1..at + 4).and_then(|digits| u8::from_str_radix(digits, 8).ok());
        match digits {
            Some(byte) => {
                plain.push(char::from(byte));
                rest = &rest[at + 4..];
            }
            None => {
                plain.push('\\');
                rest = &rest[at + 1..];
            }
        }
    }
    plain + rest
}

/// Name and number of the first process, other than this one, that has the node open, as far as this user may see that.
pub fn program(node: &Path) -> Option<(String, u32)> {
    let processes = fs::read_dir("/proc").ok()?.filter_map(Result::ok);
    let numbers = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let others = numbers.filter(|id| i32::try_from(*id) != Ok(nix::unistd::getpid().as_raw())).take(MAX_PROCESSES);
    for id in others {
        let Ok(files) = fs::read_dir(format!("/proc/{id}/fd")) else { continue };
        if files.filter_map(Result::ok).any(|file| fs::read_link(file.path()).is_ok_and(|target| target == node)) {
            let name = fs::read_to_string(format!("/proc/{id}/comm")).unwrap_or_default();
            return Some((crate::domain::disc::clean_label(&name), id));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "22 28 0:21 / /proc rw,nosuid - proc proc rw\n\
        91 28 11:0 / /media/me/MY\\040DISC\\134X ro,nosuid,nodev - iso9660 /dev/sr0 ro,nojoliet\n\
        92 28 11:10 / /mnt rw - udf /dev/sr10 ro\n";

    #[test]
    fn a_mounted_disc_is_found_by_its_device_number() {
        assert_eq!(mount_point(TABLE, (11, 0)), Some(PathBuf::from("/media/me/MY DISC\\X")));
        assert_eq!(mount_point(TABLE, (11, 10)), Some(PathBuf::from("/mnt")));
        assert_eq!((mount_point(TABLE, (11, 1)), mount_point("", (11, 0)), mount_point("\n1 2\n", (11, 0))), (None, None, None));
    }

    #[test]
    fn escapes_that_are_none_stay_as_they_are() {
        for (raw, plain) in [("a\\040b", "a b"), ("\\", "\\"), ("\\9", "\\9"), ("x\\134", "x\\"), ("ä\\ä\\01", "ä\\ä\\01")] {
            assert_eq!(unescape(raw), plain);
        }
    }

    #[test]
    fn what_is_no_block_device_has_no_holder() {
        let file = tempfile::NamedTempFile::new().expect("file");
        assert_eq!((mounted(file.path()), holder(file.path()), holder(Path::new("/nowhere"))), (None, None, None));
    }
}
