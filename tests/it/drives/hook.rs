//! The hook command, run by the real program.

use crate::support::{
    disc,
    service::{Builder, Service},
};
use serde_json::{Value, json};
use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

/// A script that writes its environment to a new file per run, and then does this.
fn hook(folder: &Path, then: &str) -> PathBuf {
    let (path, runs) = (folder.join("hook"), folder.join("runs"));
    fs::create_dir_all(&runs).expect("folder");
    let runs = runs.display();
    let script = format!("#!/bin/sh\nf=$(mktemp {runs}/.XXXXXX)\nenv >$f\nmv $f {runs}/$(date +%s%N)-$DISK2ISO_EVENT\n{then}\n");
    fs::write(&path, script).expect("script");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("mode");
    path
}

/// What the runs so far were told, oldest first.
fn runs(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder.join("runs")).expect("folder").map(|entry| entry.expect("entry").path());
    let mut files: Vec<PathBuf> =
        entries.filter(|path| !path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'))).collect();
    files.sort();
    files.iter().map(|file| fs::read_to_string(file).expect("run")).collect()
}

fn told(run: &str, name: &str) -> String {
    let prefix = format!("DISK2ISO_{name}=");
    run.lines().find_map(|line| line.strip_prefix(&prefix)).unwrap_or_else(|| panic!("{name}: {run}")).to_owned()
}

fn of<'a>(runs: &'a [String], event: &str) -> Vec<&'a String> {
    runs.iter().filter(|run| told(run, "EVENT") == event).collect()
}

fn with_hook(folder: &Path, then: &str) -> Builder {
    Service::builder().set("DISK2ISO_HOOK_COMMAND", hook(folder, then).display())
}

fn hook_events(service: &Service) -> Vec<Value> {
    service.get("/api/v1/system/logs?kind=hook.&limit=200")["items"].as_array().expect("items").clone()
}

#[test]
fn good_discs_are_accepted_bad_ones_rejected_and_the_next_one_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let service = with_hook(folder.path(), "echo moved the disc").set("DISK2ISO_EJECT_WHEN_DONE", 1).auto().start();
    let good = disc::file(service.folder.path(), "GOOD $(touch x)", 1_024, 1);
    service.insert(0, &good);
    // Accepted first, then the tray opens, and then the next disc is asked for.
    service.wait_for_drive(0, "waiting_for_media", "tray_open");
    service.wait("the next disc to be asked for", |_| (of(&runs(folder.path()), "load").len() == 2).then_some(()));
    let all = runs(folder.path());
    assert_eq!(all.iter().map(|run| told(run, "EVENT")).collect::<Vec<_>>(), ["load", "accept", "load"]);
    let accepted = &all[1];
    let iso = service.isos()[0].clone();
    for (name, value) in [
        ("DRIVE", json!("virtual-drive0")),
        ("DEVICE", json!(service.drive_folder(0))),
        ("VERDICT", json!("complete")),
        ("LABEL", json!("GOOD $(touch x)")),
        ("BAD_SECTORS", json!("0")),
        ("PATH", iso["filepath"].clone()),
        ("SHA256", iso["sha256sum"].clone()),
        ("JOB", iso["job_uuid"].clone()),
    ] {
        assert_eq!(json!(told(accepted, name)), value, "{name}");
    }
    assert!(!told(accepted, "FINGERPRINT").is_empty());
    assert!(!accepted.contains("DISK2ISO_STATE_DIR"), "settings of the service are not its business: {accepted}");
    let bad = disc::file(service.folder.path(), "BAD", 1_024, 2);
    service.script(0, "[[fault]]\nkind = \"bad\"\nlba = 500\ncount = 2\n");
    service.insert(0, &bad);
    let rejected =
        service.wait("the bad disc to be rejected", |_| of(&runs(folder.path()), "reject").first().map(ToString::to_string));
    assert_eq!((told(&rejected, "VERDICT").as_str(), told(&rejected, "BAD_SECTORS").as_str()), ("degraded", "2"));
    // A rejected disc stays where it is: the hook decides.
    assert_eq!(service.wait_for_drive(0, "completed", "")["verdict"], "degraded");
    let events = service.wait("the runs to be told", |service| Some(hook_events(service)).filter(|events| events.len() >= 4));
    assert!(
        events.iter().all(|event| event["kind"] == "hook.ran" && event["payload"]["output"] == "moved the disc"),
        "{events:?}"
    );
}

#[test]
fn a_hook_that_fails_or_takes_too_long_is_told_and_holds_up_no_other_drive() {
    let folder = tempfile::tempdir().unwrap();
    let then = "[ $DISK2ISO_EVENT = load ] && exit 0\n[ $DISK2ISO_DRIVE = virtual-drive0 ] && sleep 600\necho jammed >&2; exit 3";
    let service = with_hook(folder.path(), then).set("DISK2ISO_HOOK_SECONDS", 5).drives(2).auto().start();
    let discs = [1, 2].map(|seed| disc::file(service.folder.path(), "JAM", 1_024, seed));
    service.insert(0, &discs[0]);
    service.wait("the first drive's hook to hang", |_| (!of(&runs(folder.path()), "accept").is_empty()).then_some(()));
    service.insert(1, &discs[1]);
    let failed = |service: &Service, drive: &str| {
        hook_events(service).into_iter().find(|event| event["kind"] == "hook.failed" && event["drive_id"] == drive)
    };
    let jammed = service.wait("the second drive's hook to fail", |service| failed(service, "virtual-drive1"));
    assert_eq!((jammed["level"].as_str(), jammed["payload"]["code"].as_i64()), (Some("warning"), Some(3)));
    assert_eq!(jammed["payload"]["output"], "jammed");
    let late = service.wait("the first drive's hook to be stopped", |service| failed(service, "virtual-drive0"));
    assert!(late["seq"].as_i64() > jammed["seq"].as_i64(), "the second drive did not wait for the first");
    assert!(late["message"].as_str().is_some_and(|message| message.contains("not done after 5 s")), "{late}");
    assert_eq!(service.isos().len(), 2);
}

#[test]
fn what_a_crash_interrupts_is_run_again_and_nothing_twice_without_one() {
    let folder = tempfile::tempdir().unwrap();
    let gate = folder.path().join("gate");
    let then = format!("[ $DISK2ISO_EVENT = load ] || while [ ! -e {} ]; do sleep 0.1; done", gate.display());
    let mut service = with_hook(folder.path(), &then).auto().start();
    let source = disc::file(service.folder.path(), "CRASH", 1_024, 1);
    service.insert(0, &source);
    service.wait("the hook to run", |_| (!of(&runs(folder.path()), "accept").is_empty()).then_some(()));
    service.kill();
    service.restart();
    service.wait("the hook to run again", |_| (of(&runs(folder.path()), "accept").len() == 2).then_some(()));
    fs::write(&gate, "").expect("gate");
    service
        .wait("its end", |service| hook_events(service).iter().any(|event| event["payload"]["event"] == "accept").then_some(()));
    assert_eq!(service.stop(), Some(0));
    service.restart();
    // Something that comes after it in the log has been dealt with.
    service.eject(0);
    service.wait("the next disc to be asked for", |_| (of(&runs(folder.path()), "load").len() >= 2).then_some(()));
    assert_eq!(of(&runs(folder.path()), "accept").len(), 2);
}

#[test]
fn a_hook_that_is_not_there_is_told_and_harms_nothing() {
    let service = Service::builder().set("DISK2ISO_HOOK_COMMAND", "/nowhere/hook").auto().start();
    let source = disc::file(service.folder.path(), "ALONE", 1_024, 1);
    service.insert(0, &source);
    let job = service.wait("a job", |service| service.jobs().first().cloned());
    assert_eq!(service.wait_for_status(job["uuid"].as_str().expect("uuid"), "completed")["verdict"], "complete");
    let told =
        service.wait("a warning", |service| hook_events(service).into_iter().find(|event| event["payload"]["event"] == "accept"));
    assert!(told["message"].as_str().is_some_and(|message| message.contains("No such file")), "{told}");
    assert_eq!(service.status_of("/health/ready"), Some(200));
}
