//! A scan reads the surface, keeps no image, and tells what it found. A clone keeps every sector. The tray does what the job says.

use crate::support::{disc, service::Service};
use serde_json::{Value, json};
use std::fs;

const SECTORS: usize = 8_192;

fn create(service: &Service, mode: &str, options: &Value) -> String {
    let body = json!({ "device": "virtual-drive0", "mode": mode, "options": options });
    service.command("/api/v1/jobs", &body)["uuid"].as_str().expect("uuid").to_owned()
}

#[test]
fn a_scan_tells_speed_and_errors_over_the_disc_and_leaves_nothing_behind() {
    let mut service = Service::builder().start();
    service.script(0, "[[fault]]\nkind = \"bad\"\nlba = 3000\ncount = 4\n");
    service.insert(0, &disc::file(service.folder.path(), "SURFACE", SECTORS, 1));
    service.wait_for_drive(0, "idle", "ready");
    let job = create(&service, "scan", &json!({}));
    let done = service.wait_for_status(&job, "completed");
    assert_eq!((&done["kind"], &done["mode"], &done["verdict"]), (&json!("scan"), &json!("scan"), &json!("degraded")));
    assert_eq!((&done["error_count"], &done["output_path"], &done["iso_id"]), (&json!(4), &Value::Null, &Value::Null));
    assert_eq!((&done["result"]["sectors_total"], &done["result"]["bad_sectors"]), (&json!(SECTORS), &json!(4)));
    assert!(service.isos().is_empty());
    let left = fs::read_dir(&service.output).map(|entries| entries.count()).unwrap_or_default();
    assert_eq!(left, 0, "no image, no map");
    // What was found is stored.
    assert_eq!(service.stop(), Some(0));
    service.restart();
    let scan = service.get(&format!("/api/v1/jobs/{job}/scan"));
    assert_eq!(scan["ranges"], json!([{ "start": 3000, "count": 4 }]));
    let curve = scan["curve"].as_array().expect("curve");
    assert!(!curve.is_empty() && curve.len() <= 4_096);
    let sum = |field: &str| curve.iter().map(|point| point[field].as_u64().expect("number")).sum::<u64>();
    assert_eq!((sum("sectors"), sum("bad")), (SECTORS as u64, 4));
    let (status, none) = service.try_get(&format!("/api/v1/jobs/{job}/map")).expect("an answer");
    assert_eq!((status, &none["code"]), (404, &json!("no_map")));
    let listed = service.get("/api/v1/jobs?kind=scan");
    assert_eq!(listed["items"][0]["uuid"], job.as_str());
    assert!(listed["items"][0].get("result").is_none(), "lists stay small");
}

#[test]
fn an_image_job_has_no_scan() {
    let service = Service::builder().start();
    service.insert(0, &disc::file(service.folder.path(), "IMAGE", 600, 1));
    service.wait_for_drive(0, "idle", "ready");
    let job = create(&service, "standard", &json!({}));
    service.wait_for_status(&job, "completed");
    let (status, none) = service.try_get(&format!("/api/v1/jobs/{job}/scan")).expect("an answer");
    assert_eq!((status, &none["code"]), (404, &json!("no_result")));
}

#[test]
fn the_tray_does_what_the_job_says_whatever_the_setting() {
    for (setting, wish, state) in [("1", false, "completed"), ("0", true, "waiting_for_media")] {
        let service = Service::builder().set("DISK2ISO_EJECT_WHEN_DONE", setting).start();
        service.insert(0, &disc::file(service.folder.path(), "TRAY", 600, 1));
        service.wait_for_drive(0, "idle", "ready");
        let job = create(&service, "standard", &json!({ "eject": wish }));
        service.wait_for_status(&job, "completed");
        service.wait_for_drive(0, state, "");
        let open = service.drive(0)["reason"] == "tray_open";
        assert_eq!(open, wish);
    }
}

#[test]
fn a_rescue_of_a_damaged_disc_loses_only_what_is_unreadable() {
    let service = Service::builder().start();
    let source = disc::file(service.folder.path(), "RESCUE", SECTORS, 1);
    service.script(0, "[[fault]]\nkind = \"bad\"\nlba = 100\ncount = 2\n");
    service.insert(0, &source);
    service.wait_for_drive(0, "idle", "ready");
    let job = create(&service, "rescue", &json!({ "engine": "native", "hashes": ["sha1"] }));
    let done = service.wait_for_status(&job, "completed");
    assert_eq!((&done["verdict"], &done["error_count"]), (&json!("degraded"), &json!(2)), "{done}");
    let (image, original) = (fs::read(service.output.join("RESCUE.iso")).expect("image"), fs::read(&source).expect("disc"));
    assert!(image[..100 * 2_048] == original[..100 * 2_048] && image[102 * 2_048..] == original[102 * 2_048..]);
    assert_eq!(service.isos()[0]["mode"], "rescue");
}
