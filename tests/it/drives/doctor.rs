//! The doctor as a program.

use crate::support::disc;
use serde_json::Value;
use std::process::Command;

fn doctor(environment: &[(&str, &str)]) -> (Option<i32>, Value) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_disk2iso"));
    let output = command.args(["doctor", "--json"]).envs(environment.iter().copied()).output().expect("run");
    (output.status.code(), serde_json::from_slice(&output.stdout).expect("JSON"))
}

#[test]
fn findings_are_there_for_programs_too() {
    let folder = tempfile::tempdir().unwrap();
    let drive = folder.path().join("drive");
    disk2iso::optical::virtual_insert(&drive, &disc::file(folder.path(), "DOCTOR", 100, 1)).unwrap();
    let (state, drive) = (folder.path().join("state").display().to_string(), drive.display().to_string());
    let healthy =
        [("DISK2ISO_STATE_DIR", state.as_str()), ("DISK2ISO_VIRTUAL_DRIVES", &drive), ("DISK2ISO_LISTEN", "127.0.0.1:0")];
    let (code, report) = doctor(&healthy);
    let findings = report["findings"].as_array().expect("findings");
    let bad = findings.iter().filter(|finding| finding["severity"] == "bad").count();
    assert_eq!((code, report["healthy"].as_bool()), (Some(i32::from(bad > 0)), Some(bad == 0)), "{report:#}");
    for topic in ["drive", "udev", "tool", "state", "output", "database", "web"] {
        assert!(findings.iter().any(|finding| finding["topic"] == topic), "{topic}: {report:#}");
    }
    for finding in findings {
        let advice = finding["advice"].as_str().unwrap_or_default();
        assert!(finding["severity"] == "ok" || !advice.is_empty(), "{finding}");
    }
    let hook = folder.path().join("hook");
    std::fs::write(&hook, "#!/bin/sh\n").unwrap();
    let hook = hook.display().to_string();
    let (code, report) = doctor(&[healthy[0], healthy[1], healthy[2], ("DISK2ISO_HOOK_COMMAND", &hook)]);
    let told = report["findings"].as_array().expect("findings").iter().find(|finding| finding["topic"] == "hook").cloned();
    let told = told.expect("the hook is looked at");
    assert_eq!((code, told["severity"].as_str()), (Some(1), Some("bad")));
    assert!(told["advice"].as_str().is_some_and(|advice| advice.contains("chmod +x")), "{told}");
}
