//! Whether this user may use the nodes of a drive, and exactly what is missing.

use super::{
    Both, Finding,
    facts::{Facts, NodeFacts, Person, Rights},
    finding::both,
};
use nix::errno::Errno;

/// The two nodes of a drive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// `/dev/srN`, major number 11.
    Block,
    /// `/dev/sgN`, major number 21.
    Generic,
}

impl Kind {
    /// A drive can be read without its generic node.
    pub(super) fn finding(self, text: Both, advice: Both, commands: Vec<String>) -> Finding {
        let finding = if self == Self::Block { Finding::bad } else { Finding::note };
        finding("drive", text, advice).commands(commands)
    }
}

/// What to do, and the commands that do it.
type Remedy = (Both, Vec<String>);

/// Why a node cannot be used, and exactly what is missing.
pub(super) fn access(facts: &Facts, node: &NodeFacts, kind: Kind) -> Option<Finding> {
    let path = node.path.display();
    let refused = node.refused?;
    let Some(rights) = &node.rights else {
        let (advice, commands) = missing(facts, node);
        return Some(kind.finding(both!("{path} does not exist", "{path} gibt es nicht"), advice, commands));
    };
    let allowed = allows(rights, &facts.user);
    let (mode, user) = (format!("{:04o}", rights.mode), &facts.user.name);
    let text = match (matches!(refused, Errno::EACCES | Errno::EPERM), allowed) {
        (true, true) => both!(
            "{path}: denied ({refused}), although its mode {mode} lets {user} in",
            "{path}: verweigert ({refused}), obwohl der Modus {mode} den Benutzer {user} zulässt"
        ),
        (true, false) => {
            let group = group(rights);
            both!(
                "{path}: user {user} may not read and write it (mode {mode}, group {group})",
                "{path}: der Benutzer {user} darf es nicht lesen und schreiben (Modus {mode}, Gruppe {group})"
            )
        }
        _ => return None,
    };
    let (advice, commands) = if allowed { device_rule(kind, facts) } else { membership(rights, facts) };
    Some(kind.finding(text, advice, commands))
}

fn missing(facts: &Facts, node: &NodeFacts) -> Remedy {
    let path = node.path.display();
    let name = node.path.file_name().unwrap_or_default().to_string_lossy();
    if facts.container {
        let commands = vec![format!("--device {path}"), format!("lxc.mount.entry = {path} dev/{name} none bind,create=file")];
        (Both::new("pass it into the container (Docker, or LXC)", "in den Container durchreichen (Docker oder LXC)"), commands)
    } else {
        let advice = Both::new(
            "the kernel knows the drive, but nobody made its node: does udev (or devtmpfs) run?",
            "der Kernel kennt das Laufwerk, aber niemand hat seinen Knoten angelegt: läuft udev (oder devtmpfs)?",
        );
        (advice, Vec::new())
    }
}

fn group(rights: &Rights) -> String {
    rights.group.clone().unwrap_or_else(|| rights.gid.to_string())
}

/// Whether the mode of a node lets somebody read and write.
pub(super) fn allows(rights: &Rights, user: &Person) -> bool {
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
fn device_rule(kind: Kind, facts: &Facts) -> Remedy {
    let (rule, class) = match kind {
        Kind::Block => ("b 11:* rw", "block-sr"),
        Kind::Generic => ("c 21:* rw", "char-sg"),
    };
    let docker = format!("--device-cgroup-rule='{rule}'");
    let commands = if facts.container {
        vec![docker, format!("lxc.cgroup2.devices.allow = {rule}")]
    } else {
        vec![format!("DeviceAllow={class} rw"), docker]
    };
    let (en, de) = if facts.container {
        ("(Docker, or LXC)", "(Docker oder LXC)")
    } else {
        ("(in the unit of the service, or Docker)", "(in der Unit des Dienstes oder Docker)")
    };
    (
        both!(
            "the control group lacks the device rule \"{rule}\" {en}",
            "der Kontrollgruppe fehlt die Geräteregel \"{rule}\" {de}"
        ),
        commands,
    )
}

fn membership(rights: &Rights, facts: &Facts) -> Remedy {
    let group_may = rights.mode & 0o060 == 0o060;
    let (user, gid) = (&facts.user.name, rights.gid);
    match (&rights.group, group_may) {
        // Membership in root would give much more than a drive.
        (Some(group), true) if gid != 0 => {
            let mut commands = vec![format!("usermod -aG {group} {user}")];
            commands.extend(facts.container.then(|| format!("--group-add {gid}")));
            (
                both!(
                    "add the user to the group {group}, then restart the service",
                    "den Benutzer in die Gruppe {group} aufnehmen, dann den Dienst neu starten"
                ),
                commands,
            )
        }
        (None, true) if gid != 0 => (
            both!(
                "the node belongs to group {gid}, which has no name here: add it in Docker, or make it",
                "der Knoten gehört der Gruppe {gid}, die hier keinen Namen hat: in Docker hinzufügen oder anlegen"
            ),
            vec![format!("--group-add {gid}"), format!("groupadd -g {gid} cdrom && usermod -aG cdrom {user}")],
        ),
        _ => (
            Both::new(
                "give the node to the group cdrom with mode 0660: install deploy/60-disk2iso.rules, then add the user to the group",
                "den Knoten der Gruppe cdrom mit Modus 0660 geben: deploy/60-disk2iso.rules installieren, dann den Benutzer in die \
                 Gruppe aufnehmen",
            ),
            vec!["udevadm control --reload && udevadm trigger".to_owned(), format!("usermod -aG cdrom {user}")],
        ),
    }
}
