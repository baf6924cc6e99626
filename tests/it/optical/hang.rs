//! A virtual drive that hangs, seen from its own and from another process.

use super::support::{Rig, read};
use std::{
    env,
    path::PathBuf,
    process::{Child, Command},
    thread,
    time::{Duration, Instant},
};

const HANG: Duration = Duration::from_millis(1500);
const SCRIPT: &str = "[[fault]]\nkind = 'hang'\nlba = 50\nmilliseconds = 1500";

/// Not a test: the reader that [`reader`] starts as another process.
#[test]
#[ignore = "started by the tests of hanging drives"]
fn child_that_reads_sector_50() {
    let folder = PathBuf::from(env::var_os("DISK2ISO_TEST_CHILD").expect("started by another test"));
    let mut device = disk2iso::optical::DeviceAddress::Virtual(folder).open().unwrap();
    read(&mut *device, 50, 1).unwrap();
}

fn reader(rig: &Rig) -> Child {
    let name = "optical::hang::child_that_reads_sector_50";
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", name, "--include-ignored"]).env("DISK2ISO_TEST_CHILD", rig.folder());
    command.spawn().unwrap()
}

fn state(rig: &Rig) -> String {
    std::fs::read_to_string(rig.folder().join("state.json")).unwrap()
}

/// Waits until another process has run into the hang.
fn until_it_hangs(rig: &Rig) {
    while !state(rig).contains("\"boot\"") {
        thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn a_hanging_read_returns_late_and_right_and_the_retry_is_quick() {
    let rig = Rig::loaded(100, SCRIPT);
    let mut device = rig.open();
    let start = Instant::now();
    assert_eq!(read(&mut *device, 0, 100).unwrap(), rig.bytes);
    assert!(start.elapsed() >= HANG);
    let before = state(&rig);
    assert!(read(&mut *rig.open(), 50, 1).is_ok());
    assert_eq!(state(&rig), before, "a hang happens once per insertion, and each is written down");
}

#[test]
fn a_hang_that_repeats_comes_at_every_read() {
    let rig = Rig::loaded(100, "[[fault]]\nkind = 'hang'\nlba = 50\nmilliseconds = 200\nrepeat = true");
    let mut device = rig.open();
    for _ in 0..3 {
        let start = Instant::now();
        assert!(read(&mut *device, 50, 1).is_ok());
        assert!(start.elapsed() >= Duration::from_millis(200));
    }
}

#[test]
fn a_hanging_drive_answers_no_other_process() {
    let rig = Rig::loaded(100, SCRIPT);
    let begun = Instant::now();
    let mut child = reader(&rig);
    until_it_hangs(&rig);
    let mut device = rig.open();
    assert!(child.try_wait().unwrap().is_none(), "opening does not wait");
    device.status().unwrap();
    // The hang began after `begun`, so whoever waits for its end is later than this.
    assert!(begun.elapsed() >= HANG);
    assert!(child.wait().unwrap().success(), "the read comes back in the end");
}

#[test]
fn a_drive_stays_wedged_after_its_reader_was_killed() {
    let rig = Rig::loaded(100, SCRIPT);
    let begun = Instant::now();
    let mut child = reader(&rig);
    until_it_hangs(&rig);
    child.kill().unwrap();
    child.wait().unwrap();
    let mut device = rig.open();
    assert!(read(&mut *device, 0, 1).is_ok());
    assert!(begun.elapsed() >= HANG, "killing the reader frees nothing");
    device.eject().unwrap();
}
