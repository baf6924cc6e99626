//! Many drives at once; the queue.

use crate::support::{disc, service::Service};
use serde_json::json;
use std::fs;

#[test]
fn eight_drives_image_at_once() {
    let service = Service::builder().drives(8).auto().start();
    let discs: Vec<_> = (0..8).map(|number| disc::file(service.folder.path(), &format!("DISC{number}"), 8_192, number)).collect();
    for (number, disc) in discs.iter().enumerate() {
        service.script(number, "speed_bytes_per_second = 8000000");
        service.insert(number, disc);
    }
    let mut most = 0;
    let isos = service.wait("eight images", |service| {
        most = most.max(service.jobs().iter().filter(|job| job["status"] == "running").count());
        Some(service.isos()).filter(|isos| isos.len() == 8)
    });
    assert_eq!(most, 8, "all eight must run at the same time");
    for iso in isos {
        let number: usize =
            iso["disk_label"].as_str().and_then(|label| label.strip_prefix("DISC")).and_then(|n| n.parse().ok()).expect("label");
        assert_eq!(iso["verdict"], "complete");
        assert!(fs::read(iso["filepath"].as_str().expect("path")).expect("image") == fs::read(&discs[number]).expect("disc"));
    }
}

#[test]
fn the_maximum_of_jobs_is_kept_and_priority_decides_who_is_next() {
    let service = Service::builder().drives(3).set("DISK2ISO_MAX_JOBS", 1).start();
    for number in 0..3 {
        service.script(number, "speed_bytes_per_second = 4000000");
        service.insert(number, &disc::file(service.folder.path(), &format!("Q{number}"), 2_048, number as u64));
        service.wait("the disc to be known", |service| Some(service.drive(number)).filter(|drive| drive["state"] == "idle"));
    }
    let first = service.create_job(0, &json!({}));
    service.wait_for_progress(&first);
    let second = service.create_job(1, &json!({}));
    let body = json!({ "device": service.drive_folder(2), "mode": "standard", "priority": 10 });
    let urgent = service.command("/api/v1/jobs", &body)["uuid"].as_str().expect("uuid").to_owned();
    for id in [&second, &urgent] {
        service
            .wait("the reason why it waits", |service| Some(service.job(id)).filter(|job| job["reason"] == "waiting_for_slot"));
    }
    service.wait("the urgent job to run", |service| {
        assert_ne!(service.job(&second)["status"], "running", "the urgent job goes first");
        Some(service.job(&urgent)).filter(|job| job["status"] == "running" || job["status"] == "completed")
    });
    for id in [&first, &urgent, &second] {
        assert_eq!(service.wait_for_status(id, "completed")["verdict"], "complete");
    }
}
