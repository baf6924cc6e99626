//! Which drives there are and what happens to them, on a machine that has some (the VM).

use disk2iso::{
    domain::drive::TrayStatus,
    optical::{
        DeviceAddress,
        hotplug::{DriveFound, HotplugEvent, enumerate, watch},
    },
};
use std::{
    env,
    path::PathBuf,
    sync::{
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

const WAIT: Duration = Duration::from_secs(30);

/// In the VM: the drive in `DISK2ISO_TEST_SR` (with a medium in it) is found, and moving its tray wakes us.
#[test]
#[ignore = "needs a drive in DISK2ISO_TEST_SR"]
fn a_real_drive_is_found_and_its_tray_wakes_us() {
    let node = PathBuf::from(env::var_os("DISK2ISO_TEST_SR").expect("DISK2ISO_TEST_SR names a drive"));
    let found = enumerate().into_iter().find(|drive| drive.node == node).expect("the drive is in the list");
    assert!(!found.name.is_empty());
    let stop = AtomicBool::new(false);
    let (sender, events) = mpsc::channel();
    thread::scope(|scope| {
        let watcher = scope.spawn(|| watch(&stop, &mut |event| sender.send(event).unwrap()));
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| moves(&found, &events)));
        stop.store(true, Ordering::Relaxed);
        watcher.join().unwrap().unwrap();
        result.unwrap();
    });
}

fn moves(found: &DriveFound, events: &mpsc::Receiver<HotplugEvent>) {
    let until = |wanted: &HotplugEvent| {
        let end = Instant::now() + WAIT;
        while events.recv_timeout(end.saturating_duration_since(Instant::now())).expect("an event in time") != *wanted {}
    };
    until(&HotplugEvent::Added(found.clone()));
    let mut device = DeviceAddress::Scsi(found.node.clone()).open().unwrap();
    while events.try_recv().is_ok() {}
    device.eject().unwrap();
    until(&HotplugEvent::Changed(found.id.clone()));
    assert_eq!(device.status().unwrap().tray, TrayStatus::Open);
    device.close_tray().unwrap();
    until(&HotplugEvent::Changed(found.id.clone()));
    println!("{found:?}");
}
