//! What the facts about drives mean. Decides from facts only.

use super::{
    Both, Finding,
    access::{Kind, access},
    facts::{DriveFacts, Facts, VirtualFacts},
    finding::both,
};
use crate::{
    domain::{
        bridge::{Bridge, BridgeFame},
        drive::TrayStatus,
    },
    drives::holders::Holder,
    optical::{DeviceError, hotplug::Source},
};

/// The findings, drive by drive, then the machine.
pub(super) fn judge(facts: &Facts) -> Vec<Finding> {
    let mut findings: Vec<Finding> = facts.drives.iter().flat_map(|drive| judge_drive(facts, drive)).collect();
    findings.extend(facts.virtual_drives.iter().map(judge_virtual));
    if findings.is_empty() {
        findings.push(no_drive());
    }
    findings.push(hotplug(facts));
    if facts.autoclose == Some(true) && !facts.drives.is_empty() {
        let finding = Finding::note(
            "tray",
            Both::new(
                "dev.cdrom.autoclose is 1: other programs that open a drive close its tray",
                "dev.cdrom.autoclose ist 1: andere Programme, die ein Laufwerk öffnen, schließen seine Schublade",
            ),
            Both::new("this service never does; for the others", "dieser Dienst tut das nie; gegen die anderen hilft"),
        );
        findings.push(finding.command("sysctl dev.cdrom.autoclose=0"));
    }
    findings.extend(facts.tools.iter().map(|(tool, package, version)| judge_tool(tool, package, version.as_deref())));
    findings
}

fn no_drive() -> Finding {
    Finding::note(
        "drive",
        Both::new("no optical drive found", "kein optisches Laufwerk gefunden"),
        Both::new(
            "plug one in (USB drives appear within two seconds); in a container pass /dev/sr0 and its /dev/sg node through; or try \
             it with a virtual drive (DISK2ISO_VIRTUAL_DRIVES)",
            "eines anstecken (USB-Laufwerke erscheinen binnen zwei Sekunden); im Container /dev/sr0 und den zugehörigen \
             /dev/sg-Knoten durchreichen; oder es mit einem virtuellen Laufwerk versuchen (DISK2ISO_VIRTUAL_DRIVES)",
        ),
    )
}

fn judge_virtual(VirtualFacts { folder, answer }: &VirtualFacts) -> Finding {
    let shown = folder.display();
    match answer {
        Ok((tray, firmware)) => {
            let (en, de) = tray_words(*tray);
            Finding::ok(
                "drive",
                both!(
                    "virtual drive {shown}: {en}, firmware {firmware}",
                    "virtuelles Laufwerk {shown}: {de}, Firmware {firmware}"
                ),
            )
        }
        Err(error) => Finding::bad(
            "drive",
            both!("virtual drive {shown}: {error}", "virtuelles Laufwerk {shown}: {error}"),
            Both::new(
                "the folder must exist and this user must write there",
                "der Ordner muss da sein, und dieser Benutzer muss dort schreiben dürfen",
            ),
        ),
    }
}

fn tray_words(tray: TrayStatus) -> (&'static str, &'static str) {
    match tray {
        TrayStatus::Open => ("tray open", "Schublade offen"),
        TrayStatus::Empty => ("empty", "leer"),
        TrayStatus::BecomingReady => ("becoming ready", "wird bereit"),
        TrayStatus::Loaded => ("a disc is in it", "eine Disc liegt darin"),
    }
}

fn judge_tool(tool: &str, package: &str, version: Option<&str>) -> Finding {
    let (en, de) = match tool {
        "ddrescue" => ("for mode rescue and damaged discs", "für den Modus Rettung und beschädigte Discs"),
        "cdrdao" => ("for raw copies of CDs with sub-channel", "für Rohkopien von CDs mit Subchannel"),
        "cd-paranoia" => ("for audio discs if you choose it", "für Audio-Discs, wenn es gewählt wird"),
        _ => ("for audio tracks as FLAC", "für Musikstücke als FLAC"),
    };
    match version {
        Some(version) => Finding::ok("tool", Both::same(version)),
        None => Finding::note("tool", both!("{tool} is not installed", "{tool} ist nicht installiert"), Both::new(en, de))
            .command(format!("apt install {package}")),
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
        None => findings.push(
            Finding::note(
                "drive",
                both!("{name} has no generic SCSI node", "{name} hat keinen generischen SCSI-Knoten"),
                Both::new("most commands work without; cdrdao needs it", "das meiste geht ohne; cdrdao braucht ihn"),
            )
            .command("modprobe sg"),
        ),
    }
    findings.extend(answer(&name, drive, usable));
    if let Some(holder) = &drive.holder {
        findings.push(held(&name, drive, holder));
    }
    match drive.polling {
        Some(0) => findings.push(Finding::note(
            "drive",
            both!(
                "{name}: the kernel does not look for discs by itself (events_poll_msecs=0), so there are no media events",
                "{name}: der Kernel sieht nicht von selbst nach Discs (events_poll_msecs=0), daher gibt es keine Meldungen über Medien"
            ),
            Both::new(
                "the service asks the drive every 2 seconds instead; deploy/60-disk2iso.rules sets it where udev runs",
                "der Dienst fragt das Laufwerk statt dessen alle 2 Sekunden; wo udev läuft, stellt deploy/60-disk2iso.rules es ein",
            ),
        )),
        Some(every) if every > 0 => findings.push(Finding::ok(
            "drive",
            both!("{name}: the kernel looks for discs every {every} ms", "{name}: der Kernel sieht alle {every} ms nach Discs"),
        )),
        _ => {}
    }
    findings.extend(drive.bridge.as_ref().map(|bridge| judge_bridge(&name, bridge)));
    findings
}

fn answer(name: &str, drive: &DriveFacts, usable: bool) -> Option<Finding> {
    match drive.answer.as_ref()? {
        Ok((tray, firmware)) => {
            let (en, de) = tray_words(*tray);
            let (known_en, known_de) = if firmware.is_empty() { ("unknown", "unbekannt") } else { (&**firmware, &**firmware) };
            Some(Finding::ok("drive", both!("{name}: {en}, firmware {known_en}", "{name}: {de}, Firmware {known_de}")))
        }
        // Said by whoever looked at the node, with the reason.
        Err(DeviceError::Permission(_)) if !usable => None,
        Err(DeviceError::Permission(text)) => {
            Some(Finding::bad("drive", both!("{name}: no permission", "{name}: keine Berechtigung"), Both::same(text.clone())))
        }
        Err(error) => Some(
            Finding::bad(
                "drive",
                both!("{name}: {error}", "{name}: {error}"),
                Both::new(
                    "check cable and power; the kernel's log says more",
                    "Kabel und Strom prüfen; das Protokoll des Kernels sagt mehr",
                ),
            )
            .command("dmesg | tail -n 50"),
        ),
    }
}

fn held(name: &str, drive: &DriveFacts, holder: &Holder) -> Finding {
    let (de, command) = match holder {
        Holder::Mounted(place) => {
            let place = place.display();
            (format!("die Disc ist unter {place} eingehängt; aushängen: umount {place}"), Some(format!("umount {place}")))
        }
        Holder::Device(device) => (format!("das Blockgerät {device} baut auf der Disc auf; zuerst dieses wegnehmen"), None),
        Holder::Program(Some((program, id))) => {
            (format!("das Programm {program} (Prozess {id}) benutzt das Laufwerk für sich allein; es beenden"), None)
        }
        Holder::Program(None) => (
            "ein Programm, das dieser Benutzer nicht sehen kann, benutzt das Laufwerk für sich allein".to_owned(),
            Some(format!("sudo fuser -v {}", drive.block.path.display())),
        ),
    };
    let text = both!("{name} is in use: {holder}", "{name} wird benutzt: {de}");
    let advice = Both::new("until then its disc is not read", "bis dahin wird die Disc nicht gelesen");
    Finding::bad("drive", text, advice).commands(command.into_iter().collect())
}

fn judge_bridge(name: &str, bridge: &Bridge) -> Finding {
    let chip = format!("{} {}", bridge.id(), bridge.name).trim().to_owned();
    let text = both!("{name} is behind the USB bridge {chip}", "{name} hängt an der USB-Brücke {chip}");
    match (bridge.fame(), bridge.advice()) {
        (_, Some(advice)) => {
            let id = bridge.id();
            let german = format!(
                "wenn sie sich zurücksetzt oder Befehle verliert: mit usb_storage.quirks={id}:i starten oder \
                 \"options usb_storage quirks={id}:i\" in /etc/modprobe.d/usb-storage.conf schreiben; dem Laufwerk die Eigenheit \
                 bridge_resets geben"
            );
            let text = Both::new(
                format!("{}, which is known to make trouble", text.en),
                format!("{}, die bekanntermaßen Ärger macht", text.de),
            );
            Finding::note("usb", text, Both::new(advice, german))
                .command(format!("echo 'options usb_storage quirks={id}:i' >> /etc/modprobe.d/usb-storage.conf"))
        }
        (BridgeFame::Good, _) => Finding::ok(
            "usb",
            Both::new(format!("{}, which is known to work", text.en), format!("{}, die bekanntermaßen gut geht", text.de)),
        ),
        _ => Finding::ok("usb", text),
    }
}

fn hotplug(facts: &Facts) -> Finding {
    let nothing = || Both::new("nothing to do in a container", "im Container ist nichts zu tun");
    match facts.source {
        None => Finding::ok(
            "udev",
            Both::new("nobody looks for real drives (drives.real = 0)", "niemand sucht nach echten Laufwerken (drives.real = 0)"),
        ),
        Some(Source::Udev) => Finding::ok(
            "udev",
            Both::new("runs; discs and drives are noticed at once", "läuft; Discs und Laufwerke werden sofort bemerkt"),
        ),
        Some(Source::Kernel) => Finding::note(
            "udev",
            Both::new(
                "does not run here; the kernel's own messages are listened to, and drives are asked every 2 seconds in case they do \
                 not arrive",
                "läuft hier nicht; es wird auf die Meldungen des Kernels gehört, und Laufwerke werden alle 2 Sekunden gefragt, falls \
                 diese nicht ankommen",
            ),
            nothing(),
        ),
        Some(Source::Polling) => Finding::note(
            "udev",
            if facts.udev {
                Both::new(
                    "runs, but its events cannot be received; drives are asked every 2 seconds instead",
                    "läuft, aber seine Meldungen kommen nicht an; Laufwerke werden statt dessen alle 2 Sekunden gefragt",
                )
            } else {
                Both::new(
                    "does not run here, and the kernel's messages cannot be received; drives are asked every 2 seconds instead",
                    "läuft hier nicht, und die Meldungen des Kernels kommen nicht an; Laufwerke werden statt dessen alle 2 Sekunden \
                     gefragt",
                )
            },
            nothing(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{
            Severity,
            access::allows,
            facts::{NodeFacts, Person, Rights},
        },
        *,
    };
    use crate::{
        domain::{bridge::Bridge, drive::TrayStatus},
        drives::holders::Holder,
    };
    use nix::errno::Errno;

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
        (found.severity, format!("{} → {}", found.text.en, found.full_advice()))
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
        let all: String = judge(&facts).iter().map(|finding| format!("{}\n", finding.full_advice())).collect();
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
    fn german_is_german_and_says_as_much_as_english() {
        let mut facts = machine(&[1000], node("/dev/sr0", 0o660, Some(Errno::EACCES)), None);
        facts.autoclose = Some(true);
        facts.source = Some(Source::Kernel);
        facts.tools = vec![("ddrescue", "gddrescue", None)];
        for finding in judge(&facts) {
            assert_ne!(finding.text.en, finding.text.de);
            assert_eq!(finding.advice.en.is_empty(), finding.advice.de.is_empty(), "{finding:?}");
        }
    }

    #[test]
    fn missing_nodes_are_told() {
        let missing = |path: &str| NodeFacts { path: path.into(), rights: None, refused: Some(Errno::ENOENT) };
        let mut facts = machine(&[CDROM], missing("/dev/sr0"), Some(missing("/dev/sg1")));
        assert!(trouble(&facts).1.contains("does udev"));
        facts.container = true;
        let all: String = judge(&facts).iter().map(|finding| format!("{}\n", finding.full_advice())).collect();
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
        let all: Vec<String> = judge(&facts)
            .iter()
            .map(|finding| format!("{:?} {} {}", finding.severity, finding.text.en, finding.full_advice()))
            .collect();
        for part in [
            "Bad /dev/sr0 ACME DVD is in use: the disc is mounted at /media/x",
            "events_poll_msecs=0",
            "usb_storage.quirks=13fd:0840:i",
            "autoclose",
            "GNU ddrescue 1.29",
            "apt install flac",
            "drives are asked every 2 seconds",
            "tray open, firmware unknown",
        ] {
            assert!(all.iter().any(|line| line.contains(part)), "{part}: {all:#?}");
        }
    }
}
