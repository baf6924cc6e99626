//! Drives as the kernel shows them in `/sys`, for machines without udev.

use super::DriveFound;
use crate::domain::{bridge::Bridge, disc::clean_label, ids::DriveId};
use std::{fs, path::Path};

/// Folders between a drive and its USB device; a bus has far fewer.
const MAX_DEPTH: usize = 16;

/// All drives below `root` (`/`, or a test's folder).
pub(super) fn enumerate(root: &Path) -> Vec<DriveFound> {
    let Ok(entries) = fs::read_dir(root.join("sys/class/block")) else { return Vec::new() };
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    names.filter(|name| is_optical(name)).map(|name| describe(root, &name)).collect()
}

/// `sr` and a number.
pub(super) fn is_optical(name: &str) -> bool {
    name.strip_prefix("sr").is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Whether the kernel looks at this drive by itself, so that a change of its medium becomes an event.
pub fn media_events(root: &Path, node: &Path) -> bool {
    polling(root, node).is_some_and(|every| every > 0)
}

/// How often the kernel looks at this drive by itself, in milliseconds; 0: never. Without udev's rule the default is 0.
pub fn polling(root: &Path, node: &Path) -> Option<i64> {
    let number = |path: &str| fs::read_to_string(root.join(path)).ok()?.trim().parse::<i64>().ok();
    let name = node.file_name()?.to_string_lossy();
    match number(&format!("sys/class/block/{name}/events_poll_msecs")) {
        // Negative: the system-wide default.
        Some(..0) | None => number("sys/module/block/parameters/events_dfl_poll_msecs"),
        Some(every) => Some(every),
    }
}

/// The USB device that a drive is behind, if it is.
pub(super) fn bridge(root: &Path, name: &str) -> Option<Bridge> {
    let device = fs::canonicalize(root.join("sys/class/block").join(name).join("device")).ok()?;
    let attribute = |folder: &Path, attribute: &str| fs::read_to_string(folder.join(attribute)).ok();
    let number = |folder: &Path, name: &str| u16::from_str_radix(attribute(folder, name)?.trim(), 16).ok();
    device.ancestors().take(MAX_DEPTH).find_map(|folder| {
        Some(Bridge {
            vendor: number(folder, "idVendor")?,
            product: number(folder, "idProduct")?,
            name: clean_label(&attribute(folder, "product").unwrap_or_default()),
        })
    })
}

fn describe(root: &Path, name: &str) -> DriveFound {
    let attribute = |attribute: &str| {
        let text = fs::read_to_string(root.join("sys/class/block").join(name).join("device").join(attribute));
        clean_label(&text.unwrap_or_default())
    };
    DriveFound {
        id: DriveId::new(name),
        node: Path::new("/dev").join(name),
        name: format!("{} {}", attribute("vendor"), attribute("model")).trim().to_owned(),
        serial: String::new(),
        bridge: bridge(root, name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_optical_drives_are_found() {
        let root = tempfile::tempdir().expect("folder");
        for name in ["sr0", "sda", "sr12", "srx", "sr"] {
            fs::create_dir_all(root.path().join("sys/class/block").join(name).join("device")).expect("folder");
        }
        let device = root.path().join("sys/class/block/sr0/device");
        assert!(!media_events(root.path(), Path::new("/dev/sr0")));
        fs::write(root.path().join("sys/class/block/sr0/events_poll_msecs"), "2000\n").expect("file");
        assert!(media_events(root.path(), Path::new("/dev/sr0")));
        let zero = Path::new("/dev/sr0");
        fs::write(root.path().join("sys/class/block/sr0/events_poll_msecs"), "-1\n").expect("file");
        assert!(!media_events(root.path(), zero));
        fs::create_dir_all(root.path().join("sys/module/block/parameters")).expect("folder");
        fs::write(root.path().join("sys/module/block/parameters/events_dfl_poll_msecs"), "500\n").expect("file");
        assert_eq!(polling(root.path(), zero), Some(500));
        fs::write(device.join("vendor"), "HL-DT-ST\n").expect("file");
        fs::write(device.join("model"), "BD-RE  BU40N    \n").expect("file");
        let mut found = enumerate(root.path());
        found.sort_by(|a, b| a.id.cmp(&b.id));
        assert_eq!(found.len(), 2);
        assert_eq!((found[0].id.as_str(), found[0].node.to_str()), ("sr0", Some("/dev/sr0")));
        assert_eq!(found[0].name, "HL-DT-ST BD-RE  BU40N");
        assert_eq!((found[1].id.as_str(), found[1].name.as_str()), ("sr12", ""));
    }

    #[test]
    fn the_usb_bridge_of_a_drive_is_found_above_it() {
        let root = tempfile::tempdir().expect("folder");
        let usb = root.path().join("sys/devices/pci0/usb1/1-4");
        let device = usb.join("1-4:1.0/host6/target6:0:0/6:0:0:0");
        fs::create_dir_all(&device).expect("folder");
        fs::create_dir_all(root.path().join("sys/class/block/sr0")).expect("folder");
        std::os::unix::fs::symlink(&device, root.path().join("sys/class/block/sr0/device")).expect("link");
        assert_eq!(bridge(root.path(), "sr0"), None);
        for (name, text) in [("idVendor", "13fd\n"), ("idProduct", "3940\n"), ("product", "External\u{7}\n")] {
            fs::write(usb.join(name), text).expect("file");
        }
        let found = bridge(root.path(), "sr0").expect("bridge");
        assert_eq!((found.id().as_str(), found.name.as_str()), ("13fd:3940", "External"));
        assert_eq!(bridge(root.path(), "sr1"), None);
    }
}
