//! A full disk: the job pauses, says how much is missing, and goes on when there is room.

use crate::support::{disc, service::Service};
use serde_json::json;
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// A small file system of its own. Mounting needs root, or a user namespace in which we are root: then this very test is run
/// again in there.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(folder: &Path, megabytes: u32) -> Self {
        fs::create_dir_all(folder).expect("folder");
        let status = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={megabytes}m"), "tmpfs"])
            .arg(folder)
            .status()
            .expect("mount is there");
        assert!(status.success(), "mount: {status}");
        Self(folder.to_owned())
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

/// Runs this test again as root of a user namespace; tells whether that was done.
fn in_namespace(test: &str) -> bool {
    if nix::unistd::Uid::effective().is_root() {
        return false;
    }
    let program = std::env::current_exe().expect("this program");
    let status = Command::new("unshare")
        .args(["--user", "--map-root-user", "--mount"])
        .arg(program)
        .args(["--exact", test])
        .status()
        .expect("unshare is there");
    assert!(status.success(), "{test} in a user namespace: {status}");
    true
}

#[test]
fn a_full_disk_pauses_the_job_and_room_lets_it_go_on() {
    if in_namespace("promises::space::a_full_disk_pauses_the_job_and_room_lets_it_go_on") {
        return;
    }
    let folder = tempfile::tempdir().expect("folder");
    let target = folder.path().join("target");
    let _disk = SmallDisk::mount(&target, 32);
    fs::write(target.join("ballast"), vec![1; 24 << 20]).expect("ballast");
    let service = Service::builder().output(&target).start();
    // 16 MiB do not fit into the 8 that are left.
    let source = disc::file(service.folder.path(), "BIG", 8_192, 1);
    service.insert(0, &source);
    let id = service.create_job(0, &json!({}));
    let paused = service.wait_for_status(&id, "paused");
    assert_eq!(paused["reason"], "no_space", "{paused}");
    let message = paused["message"].as_str().expect("message");
    assert!(message.contains("bytes") && message.chars().any(|c| c.is_ascii_digit()), "{message}");
    fs::remove_file(target.join("ballast")).expect("room");
    let job = service.wait_for_status(&id, "completed");
    assert_eq!(job["verdict"], "complete");
    assert!(fs::read(job["output_path"].as_str().expect("path")).expect("image") == fs::read(&source).expect("disc"));
}
