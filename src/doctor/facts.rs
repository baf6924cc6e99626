//! What the doctor sees of drives and the machine. Collects and judges nothing.

use super::{Both, Circumstances, Progress, finding::both};
use crate::{
    config::Config,
    domain::{bridge::Bridge, drive::TrayStatus},
    drives::holders::{self, Holder},
    imaging::process::tool_version,
    optical::{DeviceAddress, DeviceError, hotplug},
};
use nix::{
    errno::Errno,
    fcntl::OFlag,
    unistd::{Gid, Group, Uid, User},
};
use std::{
    fs::{self, OpenOptions},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

/// Programs that help with some discs, with the name of their Debian package.
const TOOLS: [(&str, &str); 4] =
    [("ddrescue", "gddrescue"), ("cdrdao", "cdrdao"), ("cd-paranoia", "cd-paranoia"), ("flac", "flac")];

/// Everything that was seen.
#[derive(Debug, Clone, Default)]
pub(super) struct Facts {
    pub user: Person,
    /// This runs in a container.
    pub container: bool,
    /// udev's control socket exists.
    pub udev: bool,
    /// Where news of drives would come from; `None`: nobody looks for real drives.
    pub source: Option<hotplug::Source>,
    /// `dev.cdrom.autoclose`.
    pub autoclose: Option<bool>,
    pub drives: Vec<DriveFacts>,
    pub virtual_drives: Vec<VirtualFacts>,
    /// Program, package, first line of its version.
    pub tools: Vec<(&'static str, &'static str, Option<String>)>,
}

/// Whoever runs this.
#[derive(Debug, Clone, Default)]
pub(super) struct Person {
    pub name: String,
    pub uid: u32,
    /// All its groups.
    pub groups: Vec<u32>,
}

/// A virtual drive.
#[derive(Debug, Clone)]
pub(super) struct VirtualFacts {
    pub folder: PathBuf,
    /// Tray and firmware.
    pub answer: Result<(TrayStatus, String), DeviceError>,
}

/// A real drive.
#[derive(Debug, Clone, Default)]
pub(super) struct DriveFacts {
    pub name: String,
    pub block: NodeFacts,
    /// The generic SCSI node of the same drive; `None`: the kernel has none.
    pub generic: Option<NodeFacts>,
    /// `events_poll_msecs` that is in force.
    pub polling: Option<i64>,
    pub holder: Option<Holder>,
    pub bridge: Option<Bridge>,
    /// Tray and firmware.
    pub answer: Option<Result<(TrayStatus, String), DeviceError>>,
}

/// A device node.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct NodeFacts {
    pub path: PathBuf,
    /// Mode, owner, group; `None`: there is no such node.
    pub rights: Option<Rights>,
    /// Why it cannot be opened for reading and writing, if it cannot.
    pub refused: Option<Errno>,
}

/// Who may use a node.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Rights {
    pub mode: u32,
    pub uid: u32,
    pub gid: u32,
    /// Name of the group, if it has one.
    pub group: Option<String>,
}

/// Looks at everything.
pub(super) fn collect(config: &Config, circumstances: &Circumstances, progress: Progress<'_>) -> Facts {
    let root = Path::new("/");
    let found = if config.real_drives { hotplug::enumerate() } else { Vec::new() };
    let drives = found.iter().map(|found| {
        let shown = found.node.display();
        progress(both!("drive {shown}", "Laufwerk {shown}"));
        drive(found, circumstances.busy.contains(&found.node))
    });
    let drives = drives.collect();
    let virtual_drives = config.virtual_drives.iter().map(|folder| virtual_drive(folder)).collect();
    progress(Both::new("programs", "Programme"));
    Facts {
        user: person(),
        container: is_container(root),
        udev: root.join("run/udev/control").exists(),
        source: config.real_drives.then(hotplug::source),
        autoclose: fs::read_to_string("/proc/sys/dev/cdrom/autoclose").ok().map(|text| text.trim() != "0"),
        drives,
        virtual_drives,
        tools: TOOLS.iter().map(|(tool, package)| (*tool, *package, tool_version(tool))).collect(),
    }
}

fn person() -> Person {
    let uid = Uid::effective();
    let name = User::from_uid(uid).ok().flatten().map_or_else(|| uid.to_string(), |user| user.name);
    let mut groups: Vec<u32> = nix::unistd::getgroups().unwrap_or_default().into_iter().map(Gid::as_raw).collect();
    groups.push(Gid::effective().as_raw());
    Person { name, uid: uid.as_raw(), groups }
}

/// Files that container managers leave, and systemd's own word.
fn is_container(root: &Path) -> bool {
    ["run/.containerenv", ".dockerenv", "run/systemd/container"].iter().any(|mark| root.join(mark).exists())
}

/// A drive that the service reads in is not disturbed: it is not asked, and whoever holds it is the service.
fn drive(found: &hotplug::DriveFound, busy: bool) -> DriveFacts {
    let root = Path::new("/");
    let address = DeviceAddress::Scsi(found.node.clone());
    let ask = || address.open().and_then(|mut device| Ok((device.status()?.tray, device.identity()?.firmware)));
    DriveFacts {
        name: found.name.clone(),
        block: node(&found.node),
        generic: generic_node(root, &found.node).map(|path| node(&path)),
        polling: hotplug::polling(root, &found.node),
        holder: if busy { None } else { holders::holder(&found.node) },
        bridge: found.bridge.clone(),
        answer: (!busy).then(ask),
    }
}

fn virtual_drive(folder: &Path) -> VirtualFacts {
    let ask = || {
        let mut device = DeviceAddress::Virtual(folder.to_owned()).open()?;
        Ok((device.status()?.tray, device.identity()?.firmware))
    };
    VirtualFacts { folder: folder.to_owned(), answer: ask() }
}

/// The kernel says which generic node belongs to a drive; the number changes with every reset.
pub(super) fn generic_node(root: &Path, node: &Path) -> Option<PathBuf> {
    let folder = root.join("sys/class/block").join(node.file_name()?).join("device/scsi_generic");
    let name = fs::read_dir(folder).ok()?.filter_map(Result::ok).next()?.file_name();
    Some(Path::new("/dev").join(name))
}

pub(super) fn node(path: &Path) -> NodeFacts {
    let rights = fs::metadata(path).ok().map(|data| Rights {
        mode: data.mode() & 0o7777,
        uid: data.uid(),
        gid: data.gid(),
        group: Group::from_gid(Gid::from_raw(data.gid())).ok().flatten().map(|group| group.name),
    });
    // Without O_NONBLOCK this would close the tray.
    let flags = OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
    let opened = OpenOptions::new().read(true).write(true).custom_flags(flags.bits()).open(path);
    let refused = opened.err().and_then(|error| error.raw_os_error()).map(Errno::from_raw);
    NodeFacts { path: path.to_owned(), rights, refused }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn the_generic_node_of_a_drive_and_the_marks_of_containers_are_found() {
        let root = tempfile::tempdir().expect("folder");
        assert_eq!(generic_node(root.path(), Path::new("/dev/sr1")), None);
        fs::create_dir_all(root.path().join("sys/class/block/sr1/device/scsi_generic/sg4")).expect("folder");
        assert_eq!(generic_node(root.path(), Path::new("/dev/sr1")), Some("/dev/sg4".into()));
        assert!(!is_container(root.path()));
        fs::write(root.path().join(".dockerenv"), "").expect("file");
        assert!(is_container(root.path()));
    }

    #[test]
    fn a_nodes_rights_are_read() {
        let file = tempfile::NamedTempFile::new().expect("file");
        fs::set_permissions(file.path(), fs::Permissions::from_mode(0o640)).expect("mode");
        let seen = node(file.path());
        assert_eq!(seen.rights.map(|rights| (rights.mode, rights.uid)), Some((0o640, Uid::effective().as_raw())));
        assert_eq!(seen.refused, None);
        assert_eq!(
            node(Path::new("/nowhere/sr0")),
            NodeFacts { path: "/nowhere/sr0".into(), rights: None, refused: Some(Errno::ENOENT) }
        );
    }
}
