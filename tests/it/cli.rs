//! The command line as people meet it: what it prints and how it ends.

use crate::support::{disc, service::Service};
use std::{path::Path, process::Command};

struct Ended {
    code: Option<i32>,
    out: String,
    err: String,
}

fn run(arguments: &[&str], environment: &[(&str, &str)]) -> Ended {
    let mut command = Command::new(env!("CARGO_BIN_EXE_disk2iso"));
    command.args(arguments).envs(environment.iter().copied());
    let output = command.output().expect("started");
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Ended { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

fn state(folder: &Path) -> String {
    folder.join("state").display().to_string()
}

#[test]
fn a_bad_setting_stops_the_start_with_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.toml");
    std::fs::write(&file, "[jobs]\nmax = 900\n").unwrap();
    for (arguments, environment, parts) in [
        (vec!["serve"], ("DISK2ISO_MAX_JOBS", "many"), ["DISK2ISO_MAX_JOBS", "many", "1 to 64"]),
        (vec!["serve"], ("DISK2ISO_MAXJOBS", "3"), ["DISK2ISO_MAXJOBS", "3", "DISK2ISO_MAX_JOBS"]),
        (vec!["serve"], ("DISK2ISO_AUTH", "maybe"), ["DISK2ISO_AUTH", "maybe", "off"]),
        (vec!["serve"], ("DISK2ISO_LISTEN", "everywhere"), ["DISK2ISO_LISTEN", "everywhere", "ADDRESS:PORT"]),
        (vec!["serve", "--config", file.to_str().unwrap()], ("LANG", "C"), ["jobs.max", "900", "1 to 64"]),
    ] {
        let ended = run(&arguments, &[environment, ("DISK2ISO_STATE_DIR", &state(folder.path()))]);
        assert_eq!(ended.code, Some(2), "{}", ended.err);
        assert_eq!(ended.err.lines().count(), 1, "{}", ended.err);
        assert!(parts.iter().all(|part| ended.err.contains(part)), "{}", ended.err);
    }
    assert!(!folder.path().join("state").exists(), "nothing was begun");
}

#[test]
fn without_access_control_the_service_does_not_listen_for_others() {
    let folder = tempfile::tempdir().unwrap();
    let settings = [("DISK2ISO_LISTEN", "0.0.0.0:0"), ("DISK2ISO_AUTH", "off"), ("DISK2ISO_STATE_DIR", &*state(folder.path()))];
    let ended = run(&["serve"], &settings);
    assert_eq!((ended.code, ended.err.lines().count()), (Some(2), 1), "{}", ended.err);
    assert!(["DISK2ISO_LISTEN", "0.0.0.0:0", "loopback", "DISK2ISO_AUTH"].iter().all(|part| ended.err.contains(part)));
    assert!(!folder.path().join("state").exists(), "nothing was begun");
}

#[test]
fn a_second_service_on_the_same_state_is_refused() {
    let service = Service::builder().start();
    let ended = run(
        &["serve"],
        &[
            ("DISK2ISO_STATE_DIR", &state(service.folder.path())),
            ("DISK2ISO_LISTEN", "127.0.0.1:0"),
            ("DISK2ISO_AUTH", "off"),
            ("DISK2ISO_REAL_DRIVES", "0"),
        ],
    );
    assert_eq!(ended.code, Some(1));
    assert!(ended.err.contains("another disk2iso") && ended.err.contains("DISK2ISO_STATE_DIR"), "{}", ended.err);
}

#[test]
fn the_doctor_says_what_is_wrong_and_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let drive = folder.path().join("drive");
    disk2iso::optical::virtual_insert(&drive, &disc::file(folder.path(), "DOCTOR", 100, 1)).unwrap();
    let (state, drive) = (state(folder.path()), drive.display().to_string());
    let healthy = [("DISK2ISO_STATE_DIR", state.as_str()), ("DISK2ISO_VIRTUAL_DRIVES", &drive), ("DISK2ISO_REAL_DRIVES", "0")];
    let ended = run(&["doctor"], &healthy);
    assert_eq!(ended.code, Some(0), "{}{}", ended.out, ended.err);
    for topic in ["drive", "state", "output", "database", "tool", "web"] {
        assert!(ended.out.lines().any(|line| line.contains(topic)), "{topic}: {}", ended.out);
    }
    let broken = [
        healthy[0],
        healthy[1],
        healthy[2],
        ("DISK2ISO_DATABASE_URL", "postgres://nobody@127.0.0.1:1/none"),
        ("DISK2ISO_OUTPUT_DIR", "/proc/nothing"),
    ];
    let ended = run(&["doctor"], &broken);
    assert_eq!(ended.code, Some(1), "{}", ended.out);
    let bad: Vec<&str> = ended.out.lines().filter(|line| line.starts_with("bad")).collect();
    assert!(
        bad.iter().any(|line| line.contains("database")) && bad.iter().any(|line| line.contains("/proc/nothing")),
        "{}",
        ended.out
    );
    assert!(ended.out.matches("→").count() >= bad.len(), "each has something to do: {}", ended.out);
}

#[test]
fn migrating_twice_does_nothing_the_second_time() {
    let folder = tempfile::tempdir().unwrap();
    let environment = [("DISK2ISO_STATE_DIR", state(folder.path()))];
    let environment: Vec<_> = environment.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert!(run(&["migrate"], &environment).out.starts_with("migrated: "));
    assert_eq!(run(&["migrate"], &environment).out, "The database is up to date.\n");
}
