//! Drives as the kernel shows them in `/sys`, for machines without udev.

use super::DriveFound;
use crate::domain::{disc::clean_label, ids::DriveId};
use std::{fs, path::Path};

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

/// Whether the kernel looks at this drive by itself, so that a change of its medium becomes an event. Without udev's
/// rule it does not: the default is 0.
pub(super) fn kernel_polls(root: &Path, node: &Path) -> bool {
    let number = |path: &str| fs::read_to_string(root.join(path)).ok()?.trim().parse::<i64>().ok();
    let name = node.file_name().unwrap_or_default().to_string_lossy();
    match number(&format!("sys/class/block/{name}/events_poll_msecs")) {
        // Negative: the system-wide default.
        Some(..0) | None => number("sys/module/block/parameters/events_dfl_poll_msecs").is_some_and(|every| every > 0),
        Some(every) => every > 0,
    }
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
        assert!(!kernel_polls(root.path(), Path::new("/dev/sr0")));
        fs::write(root.path().join("sys/class/block/sr0/events_poll_msecs"), "2000\n").expect("file");
        assert!(kernel_polls(root.path(), Path::new("/dev/sr0")));
        fs::write(device.join("vendor"), "HL-DT-ST\n").expect("file");
        fs::write(device.join("model"), "BD-RE  BU40N    \n").expect("file");
        let mut found = enumerate(root.path());
        found.sort_by(|a, b| a.id.cmp(&b.id));
        assert_eq!(found.len(), 2);
        assert_eq!((found[0].id.as_str(), found[0].node.to_str()), ("sr0", Some("/dev/sr0")));
        assert_eq!(found[0].name, "HL-DT-ST BD-RE  BU40N");
        assert_eq!((found[1].id.as_str(), found[1].name.as_str()), ("sr12", ""));
    }
}
