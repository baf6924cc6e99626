//! A read that never returns costs that job and that drive only.

use crate::support::{disc, service::Service};
use serde_json::json;
use std::fs;

const SECTORS: usize = 8_192;

#[test]
fn a_hanging_read_wedges_its_drive_only_and_the_drive_comes_back() {
    let service = Service::builder().drives(2).set("DISK2ISO_WEDGED_AFTER_SECONDS", 4).start();
    let bad = disc::file(service.folder.path(), "HANGS", SECTORS, 1);
    let good = disc::file(service.folder.path(), "FINE", SECTORS, 2);
    service.script(0, "[[fault]]\nkind = \"hang\"\nlba = 4000\ncount = 1\nmilliseconds = 15000\n");
    service.insert(0, &bad);
    service.insert(1, &good);
    let hanging = service.create_job(0, &json!({}));
    let drive = service.wait_for_drive(0, "error", "wedged");
    assert_eq!(drive["state"], "error");
    // Everything else goes on meanwhile.
    let other = service.create_job(1, &json!({}));
    assert_eq!(service.wait_for_status(&other, "completed")["verdict"], "complete");
    assert_eq!(service.drive(0)["reason"], "wedged", "the drive must still hang for this test to mean anything");
    assert_eq!(service.job(&hanging)["status"], "paused");
    let (status, problem) = service.post("/api/v1/disks/virtual-drive0/eject", &json!({}));
    assert_eq!((status, problem["code"].as_str()), (409, Some("drive_wedged")));
    // The read returns: the drive is back and the job goes on by itself.
    let job = service.wait_for_status(&hanging, "completed");
    assert_eq!(job["verdict"], "complete", "{job}");
    assert!(fs::read(job["output_path"].as_str().expect("path")).expect("image") == fs::read(&bad).expect("disc"));
}

#[test]
fn cancel_answers_at_once_while_a_read_hangs() {
    let service = Service::builder().set("DISK2ISO_WEDGED_AFTER_SECONDS", 30).start();
    let source = disc::file(service.folder.path(), "HANGS", SECTORS, 3);
    service.script(0, "[[fault]]\nkind = \"hang\"\nlba = 4000\ncount = 1\nmilliseconds = 20000\n");
    service.insert(0, &source);
    let id = service.create_job(0, &json!({}));
    service.wait("the read to hang", |service| {
        fs::read_to_string(service.drive_folder(0).join("state.json")).ok().filter(|state| state.contains("\"boot\""))
    });
    service.command(&format!("/api/v1/jobs/{id}/cancel"), &json!({}));
    assert_eq!(service.job(&id)["status"], "cancelled");
    let state = fs::read_to_string(service.drive_folder(0).join("state.json")).expect("state");
    assert!(state.contains("\"boot\""), "the read must still hang for this test to mean anything: {state}");
    service.wait("the drive to come back", |service| {
        Some(service.drive(0)).filter(|drive| drive["state"] == "idle" && drive["media"].is_object())
    });
    service.command(&format!("/api/v1/jobs/{id}/retry"), &json!({}));
    assert_eq!(service.wait_for_status(&id, "completed")["verdict"], "complete");
}

#[test]
fn a_vanished_drive_costs_its_job_a_pause() {
    let service = Service::builder().start();
    let source = disc::file(service.folder.path(), "VANISH", SECTORS, 4);
    service.script(0, "[[fault]]\nkind = \"vanish\"\nlba = 4000\ncount = 1\nmilliseconds = 1500\n");
    service.insert(0, &source);
    let id = service.create_job(0, &json!({}));
    let job = service.wait_for_status(&id, "completed");
    assert_eq!(job["verdict"], "complete", "{job}");
    let events = service.get("/api/v1/events?since=0&limit=200");
    let paused = events["items"].as_array().expect("items").iter().any(|event| event["kind"] == "job.paused");
    assert!(paused, "{events}");
}
