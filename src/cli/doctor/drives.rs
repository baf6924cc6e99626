//! What the facts about drives mean. Decides from facts only.

use super::{
    Finding,
    facts::{DriveFacts, Facts, NodeFacts, Person, Rights},
};
use crate::{
    domain::bridge::BridgeFame,
    optical::{DeviceError, hotplug::Source},
};
use nix::errno::Errno;

/// The findings, drive by drive, then the machine.
pub(super) fn judge(facts: &Facts) -> Vec<Finding> {
    let mut findings: Vec<Finding> = facts.drives.iter().flat_map(|drive| judge_drive(facts, drive)).collect();
    for (folder, answer) in &facts.virtual_drives {
        let name = format!("virtual drive {}", folder.display());
        findings.push(match answer {
            Ok(text) => Finding::ok("drive", format!("{name}: {text}")),
            Err(error) => {
                Finding::bad("drive", format!("{name}: {error}"), "the folder must exist and this user must write there")
            }
        });
    }
    if findings.is_empty() {
        let todo = "plug one in (USB drives appear within two seconds); in a container pass /dev/sr0 and its /dev/sg node through; or set DISK2ISO_VIRTUAL_DRIVES";
        findings.push(Finding::note("drive", "no optical drive found", todo));
    }
    findings.push(hotplug(facts));
    if facts.autoclose == Some(true) && !facts.drives.is_empty() {
        findings.push(Finding::note(
            "tray",
            "dev.cdrom.autoclose is 1: other programs that open a drive close its tray",
            "this service never does; for the others: sysctl dev.cdrom.autoclose=0",
        ));
    }
    findings.extend(facts.tools.iter().map(|(tool, package, version)| match version {
        Some(version) => Finding::ok("tool", version.clone()),
        None => Finding::note("tool", format!("{tool} is not installed"), format!("{}: apt install {package}", needed_for(tool))),
    }));
    findings
}

fn needed_for(tool: &str) -> &'static str {
    match tool {
        "ddrescue" => "for mode rescue and damaged discs",
        "cdrdao" => "for raw copies of CDs with sub-channel",
        "cd-paranoia" => "for audio discs if you choose it",
        _ => "for audio tracks as FLAC",
    }
}

fn judge_drive(facts: &Facts, drive: &DriveFacts) -> Vec<Finding> {
    let name = format!("{} {}", drive.block.path.display(), drive.name).trim().to_owned();
    let mut findings = Vec::new();
    let block = access(facts, &drive.block, Kind::Block);
    let usable = block.is_none();
    findings.extend(block);
    match &drive.generic {
        Some(generic) => findings.extend(access(facts, generic, Kind::Generic)),
        None => findings.push(Finding::note(
            "drive",
            format!("{name} has no generic SCSI node"),
            "most commands work without; cdrdao needs it: modprobe sg",
        )),
    }
    match &drive.answer {
        Some(Ok((tray, firmware))) => {
            let firmware = if firmware.is_empty() { "unknown" } else { firmware };
            findings.push(Finding::ok("drive", format!("{name}: {tray:?}, firmware {firmware}")));
        }
        // Said above, with the reason.
        Some(Err(DeviceError::Permission(_))) if !usable => {}
        Some(Err(DeviceError::Permission(text))) => {
            findings.push(Finding::bad("drive", format!("{name}: no permission"), text.clone()))
        }
        Some(Err(error)) => findings.push(Finding::bad(
            "drive",
            format!("{name}: {error}"),
            "check cable and power; the kernel's log (dmesg) says more",
        )),
        None => {}
    }
    if let Some(holder) = &drive.holder {
        findings.push(Finding::bad("drive", format!("{name} is in use: {holder}"), "until then its disc is not read"));
    }
    match drive.polling {
        Some(0) => findings.push(Finding::note(
            "drive",
            format!("{name}: the kernel does not look for discs by itself (events_poll_msecs=0), so there are no media events"),
            "the service asks the drive every 2 seconds instead; deploy/60-disk2iso.rules sets it where udev runs",
        )),
        Some(every) if every > 0 => {
            findings.push(Finding::ok("drive", format!("{name}: the kernel looks for discs every {every} ms")));
        }
        _ => {}
    }
    if let Some(bridge) = &drive.bridge {
        let text = format!("{name} is behind the USB bridge {} {}", bridge.id(), bridge.name).trim().to_owned();
        findings.push(match (bridge.fame(), bridge.advice()) {
            (_, Some(advice)) => Finding::note("usb", format!("{text}, which is known to make trouble"), advice),
            (BridgeFame::Good, _) => Finding::ok("usb", format!("{text}, which is known to work")),
            _ => Finding::ok("usb", text),
        });
    }
    findings
}

/// The two nodes of a drive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// `/dev/srN`, major number 11.
    Block,
    /// `/dev/sgN`, major number 21.
    Generic,
}

/// Why a node cannot be used, and exactly what is missing.
fn access(facts: &Facts, node: &NodeFacts, kind: Kind) -> Option<Finding> {
    let path = node.path.display();
    let refused = node.refused?;
    let Some(rights) = &node.rights else {
        let advice = if facts.container {
            format!(
                "pass it into the container: --device {path} (Docker), or lxc.mount.entry = {path} dev/{} none bind,create=file (LXC)",
                name(node)
            )
        } else {
            "the kernel knows the drive, but nobody made its node: does udev (or devtmpfs) run?".to_owned()
        };
        let finding = if kind == Kind::Block { Finding::bad } else { Finding::note };
        return Some(finding("drive", format!("{path} does not exist"), advice));
    };
    let allowed = allows(rights, &facts.user);
    let denied = matches!(refused, Errno::EACCES | Errno::EPERM);
    let text = match (denied, allowed) {
        (true, true) => format!("{path}: denied ({refused}), although its mode {:04o} lets {} in", rights.mode, facts.user.name),
        (true, false) => format!(
            "{path}: user {} may not read and write it (mode {:04o}, group {})",
            facts.user.name,
            rights.mode,
            group(rights)
        ),
        _ => return None,
    };
    let advice = if allowed { device_rule(kind, facts) } else { membership(rights, facts) };
    // A drive can be read without its generic node.
    Some(if kind == Kind::Block { Finding::bad("drive", text, advice) } else { Finding::note("drive", text, advice) })
}

fn name(node: &NodeFacts) -> String {
    node.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn group(rights: &Rights) -> String {
    rights.group.clone().unwrap_or_else(|| rights.gid.to_string())
}

/// Whether the mode of a node lets somebody read and write.
fn allows(rights: &Rights, user: &Person) -> bool {
    let bits = if user.uid == 0 {
        return true;
    } else if rights.uid == user.uid {
        rights.mode >> 6
    } else if user.groups.contains(&rights.gid) {
        rights.mode >> 3
    } else {
        rights.mode
    };
    bits & 0o6 == 0o6
}

/// The mode is right and yet it is denied: the device controller of the control group does it.
fn device_rule(kind: Kind, facts: &Facts) -> String {
    let (rule, class) = match kind {
        Kind::Block => ("b 11:* rw", "block-sr"),
        Kind::Generic => ("c 21:* rw", "char-sg"),
    };
    let rules = format!("the control group lacks the device rule \"{rule}\"");
    if facts.container {
        format!("{rules}: --device-cgroup-rule='{rule}' (Docker), lxc.cgroup2.devices.allow = {rule} (LXC)")
    } else {
        format!("{rules}: DeviceAllow={class} rw in the unit of the service (systemd), --device-cgroup-rule='{rule}' (Docker)")
    }
}

fn membership(rights: &Rights, facts: &Facts) -> String {
    let group_may = rights.mode & 0o060 == 0o060;
    let user = &facts.user.name;
    match (&rights.group, group_may) {
        // Membership in root would give much more than a drive.
        (Some(group), true) if rights.gid != 0 => {
            let and = if facts.container { format!("; in a container: --group-add {}", rights.gid) } else { String::new() };
            format!("add the user to the group {group}: usermod -aG {group} {user}, then restart the service{and}")
        }
        (None, true) if rights.gid != 0 => {
            format!(
                "the node belongs to group {0}, which has no name here: --group-add {0} (Docker), or groupadd -g {0} cdrom and usermod -aG cdrom {user}",
                rights.gid
            )
        }
        _ => format!(
            "give the node to the group cdrom with mode 0660: install deploy/60-disk2iso.rules (udevadm control --reload; udevadm trigger), \
             then usermod -aG cdrom {user}"
        ),
    }
}

fn hotplug(facts: &Facts) -> Finding {
    match facts.source {
        None => Finding::ok("udev", "nobody looks for real drives (drives.real = 0)"),
        Some(Source::Udev) => Finding::ok("udev", "runs; discs and drives are noticed at once"),
        Some(Source::Kernel) => Finding::note(
            "udev",
            "does not run here; the kernel's own messages are listened to, and drives are asked every 2 seconds in case they do not arrive",
            "nothing to do in a container",
        ),
        Some(Source::Polling) => Finding::note(
            "udev",
            if facts.udev {
                "runs, but its events cannot be received; drives are asked every 2 seconds instead"
            } else {
                "does not run here, and the kernel's messages cannot be received; drives are asked every 2 seconds instead"
            },
            "nothing to do in a container",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::{super::Severity, *};
    use crate::{
        domain::{bridge::Bridge, drive::TrayStatus},
        drives::holders::Holder,
    };

    const CDROM: u32 = 24;

    fn node(path: &str, mode: u32, refused: Option<Errno>) -> NodeFacts {
        let rights = Rights { mode, uid: 0, gid: CDROM, group: Some("cdrom".to_owned()) };
        NodeFacts { path: path.into(), rights: Some(rights), refused }
    }

    fn machine(groups: &[u32], block: NodeFacts, generic: Option<NodeFacts>) -> Facts {
        let drive = DriveFacts { name: "ACME DVD".to_owned(), block, generic, ..DriveFacts::default() };
        let user = Person { name: "d2i".to_owned(), uid: 1000, groups: groups.to_vec() };
        Facts { user, udev: true, source: Some(Source::Udev), drives: vec![drive], ..Facts::default() }
    }

    /// Text and advice of the first finding that is not good.
    fn trouble(facts: &Facts) -> (Severity, String) {
        let found = judge(facts).into_iter().find(|finding| finding.severity != Severity::Ok).expect("trouble");
        (found.severity, format!("{} → {}", found.text, found.advice))
    }

    #[test]
    fn a_missing_group_is_named() {
        let sg = || Some(node("/dev/sg1", 0o660, None));
        let facts = machine(&[1000], node("/dev/sr0", 0o660, Some(Errno::EACCES)), sg());
        let (severity, text) = trouble(&facts);
        assert!(severity == Severity::Bad && text.contains("usermod -aG cdrom d2i") && text.contains("/dev/sr0"), "{text}");
        let mut nameless = facts.clone();
        nameless.drives[0].block.rights = Some(Rights { mode: 0o660, uid: 0, gid: 996, group: None });
        assert!(trouble(&nameless).1.contains("--group-add 996"));
        // A node that only root may use: no group helps, and nobody is told to join root.
        for (mode, gid) in [(0o600, CDROM), (0o660, 0)] {
            let mut closed = facts.clone();
            closed.drives[0].block.rights = Some(Rights { mode, uid: 0, gid, group: Some("root".to_owned()) });
            let text = trouble(&closed).1;
            assert!(text.contains("60-disk2iso.rules") && !text.contains("usermod -aG root"), "{text}");
        }
    }

    #[test]
    fn a_missing_device_rule_is_told_from_a_missing_group() {
        let sg = Some(node("/dev/sg1", 0o660, Some(Errno::EPERM)));
        let mut facts = machine(&[1000, CDROM], node("/dev/sr0", 0o660, Some(Errno::EPERM)), sg);
        let all: String = judge(&facts).iter().map(|finding| format!("{}\n", finding.advice)).collect();
        assert!(
            all.contains("\"b 11:* rw\"") && all.contains("\"c 21:* rw\"") && all.contains("DeviceAllow=block-sr rw"),
            "{all}"
        );
        facts.container = true;
        let (_, text) = trouble(&facts);
        assert!(text.contains("--device-cgroup-rule='b 11:* rw'") && text.contains("lxc.cgroup2.devices.allow"), "{text}");
        facts.user = Person { name: "root".to_owned(), uid: 0, groups: vec![0] };
        assert!(trouble(&facts).1.contains("although its mode 0660 lets root in"));
    }

    #[test]
    fn missing_nodes_are_told() {
        let missing = |path: &str| NodeFacts { path: path.into(), rights: None, refused: Some(Errno::ENOENT) };
        let mut facts = machine(&[CDROM], missing("/dev/sr0"), Some(missing("/dev/sg1")));
        assert!(trouble(&facts).1.contains("does udev"));
        facts.container = true;
        let all: String = judge(&facts).iter().map(|finding| format!("{}\n", finding.advice)).collect();
        assert!(all.contains("--device /dev/sr0") && all.contains("--device /dev/sg1"), "{all}");
        let none = machine(&[CDROM], node("/dev/sr0", 0o660, None), None);
        assert!(trouble(&none).1.contains("modprobe sg"));
    }

    #[test]
    fn whoever_owns_a_node_or_is_in_its_group_may_use_it() {
        let rights = |mode, uid, gid| Rights { mode, uid, gid, group: None };
        let user = Person { name: String::new(), uid: 5, groups: vec![5, CDROM] };
        assert!(
            allows(&rights(0o600, 5, 0), &user) && allows(&rights(0o060, 0, CDROM), &user) && allows(&rights(0o006, 0, 0), &user)
        );
        // The first class that fits decides, as in the kernel.
        assert!(!allows(&rights(0o066, 5, CDROM), &user) && !allows(&rights(0o606, 0, CDROM), &user));
        assert!(!allows(&rights(0o440, 0, CDROM), &user), "reading alone is not enough for /dev/sg");
    }

    #[test]
    fn holders_polling_bridges_autoclose_and_tools_are_told() {
        let mut facts = machine(&[CDROM], node("/dev/sr0", 0o660, None), Some(node("/dev/sg1", 0o660, None)));
        facts.autoclose = Some(true);
        facts.source = Some(Source::Polling);
        facts.tools = vec![("ddrescue", "gddrescue", Some("GNU ddrescue 1.29".to_owned())), ("flac", "flac", None)];
        let drive = &mut facts.drives[0];
        drive.answer = Some(Ok((TrayStatus::Open, String::new())));
        drive.holder = Some(Holder::Mounted("/media/x".into()));
        drive.polling = Some(0);
        drive.bridge = Some(Bridge { vendor: 0x13fd, product: 0x0840, name: "Initio".to_owned() });
        let all: Vec<String> =
            judge(&facts).iter().map(|finding| format!("{:?} {} {}", finding.severity, finding.text, finding.advice)).collect();
        for part in [
            "Bad /dev/sr0 ACME DVD is in use: the disc is mounted at /media/x",
            "events_poll_msecs=0",
            "usb_storage.quirks=13fd:0840:i",
            "autoclose",
            "GNU ddrescue 1.29",
            "apt install flac",
            "drives are asked every 2 seconds",
            "Open, firmware unknown",
        ] {
            assert!(all.iter().any(|line| line.contains(part)), "{part}: {all:#?}");
        }
    }
}
