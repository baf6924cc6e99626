//! Going on in another drive, or with a second copy of the disc; never with another disc.

use crate::support::{disc, service::Service};
use serde_json::{Value, json};
use std::{fs, path::Path};

const SECTORS: usize = 4_096;

fn same(image: &Value, disc: &Path) -> bool {
    fs::read(image.as_str().expect("path")).expect("image") == fs::read(disc).expect("disc")
}

fn bad(lba: u64, count: u64) -> String {
    format!("[[fault]]\nkind = \"bad\"\nlba = {lba}\ncount = {count}\n")
}

fn go_on(service: &Service, job: &str, body: &Value) -> (u16, Value) {
    service.post(&format!("/api/v1/jobs/{job}/continue"), body)
}

/// A job that is done with a damaged disc in drive 0, while the drives hold what the test put there.
fn damaged(service: &Service, source: &Path, options: &Value) -> String {
    service.script(0, &(bad(500, 3) + &bad(2_000, 40)));
    service.insert(0, source);
    service.wait_for_drive(0, "idle", "ready");
    let job = service.create_job(0, options);
    assert_eq!(service.wait_for_status(&job, "completed")["verdict"], "degraded");
    job
}

#[test]
fn holes_are_filled_by_a_second_copy_in_another_drive() {
    let service = Service::builder().drives(2).start();
    let source = disc::file(service.folder.path(), "WORN", SECTORS, 1);
    let job = damaged(&service, &source, &json!({ "retries": 0 }));
    let image = service.isos()[0].clone();
    let damage = service.get(&format!("/api/v1/isos/{}/damage", image["id"].as_str().expect("id")));
    assert_eq!(damage["ranges"], json!([{ "start": 500, "count": 3 }, { "start": 2_000, "count": 40 }]), "{damage}");
    let cells = damage["map"]["cells"].as_str().expect("cells");
    assert_eq!((cells.len(), damage["map"]["cell_sectors"].as_u64()), (SECTORS, Some(1)));
    assert_eq!((cells.matches('b').count(), cells.matches('g').count()), (43, SECTORS - 43));
    assert_eq!(&cells[499..504], "gbbbg");

    // The second copy is damaged elsewhere; only together they are whole.
    let copy = service.folder.path().join("second copy.img");
    fs::copy(&source, &copy).expect("copy");
    service.script(1, &bad(1_000, 5));
    service.insert(1, &copy);
    service.wait_for_drive(1, "idle", "ready");
    let (status, queued) = go_on(&service, &job, &json!({ "device": "virtual-drive1" }));
    assert_eq!((status, queued["decision"].as_str()), (202, Some("other_drive")), "{queued}");
    let done =
        service.wait("the image to be whole", |service| Some(service.job(&job)).filter(|job| job["verdict"] == "complete"));
    assert!(same(&done["output_path"], &source));
    assert_eq!(done["device"].as_str(), service.drive_folder(1).to_str());
    let isos = service.isos();
    assert_eq!((isos.len(), &isos[0]["id"], &isos[0]["verdict"]), (1, &image["id"], &json!("complete")));
    let details = service.get(&format!("/api/v1/isos/{}", isos[0]["id"].as_str().expect("id")));
    let drives: Vec<_> = details["provenance"]["drives"].as_array().expect("drives").iter().map(|drive| &drive["id"]).collect();
    assert_eq!(drives, ["virtual-drive0", "virtual-drive1"], "both had a part in it");
    let kinds = service.get(&format!("/api/v1/events?job={job}&kind=job.continued"));
    assert_eq!(kinds["items"].as_array().map(Vec::len), Some(1), "{kinds}");
    // A good image is not touched again.
    let (status, refused) = go_on(&service, &job, &json!({}));
    assert_eq!((status, refused["code"].as_str()), (409, Some("job_not_retryable")));
}

#[test]
fn another_disc_with_the_same_label_is_refused_and_nothing_changes() {
    let service = Service::builder().drives(2).start();
    let source = disc::file(service.folder.path(), "DVD_VIDEO", SECTORS, 1);
    let job = damaged(&service, &source, &json!({}));
    let before = service.job(&job);
    let image = fs::read(before["output_path"].as_str().expect("path")).expect("image");
    service.insert(1, &disc::file(service.folder.path(), "DVD_VIDEO", SECTORS, 2));
    service.wait_for_drive(1, "idle", "ready");
    let (status, refused) = go_on(&service, &job, &json!({ "device": "virtual-drive1" }));
    assert_eq!((status, refused["code"].as_str(), refused["field"].as_str()), (409, Some("wrong_disc"), Some("device")));
    assert!(refused["detail"].as_str().expect("detail").contains("also called"), "{refused}");
    for (body, code) in [
        (json!({ "device": "/dev/null" }), "not_a_drive"),
        (json!({ "options": { "retries": 1000 } }), "invalid_field"),
        (json!({ "options": { "engine": "cdrdao" } }), "invalid_field"),
    ] {
        assert_eq!(go_on(&service, &job, &body).1["code"], code, "{body}");
    }
    assert_eq!(service.job(&job), before);
    assert!(fs::read(before["output_path"].as_str().expect("path")).expect("image") == image);
}

#[test]
fn a_disc_that_comes_later_is_looked_at_before_a_sector_is_read() {
    let service = Service::builder().drives(2).start();
    let source = disc::file(service.folder.path(), "LATER", SECTORS, 1);
    let job = damaged(&service, &source, &json!({}));
    // The other drive is empty: nobody can tell yet.
    assert_eq!(go_on(&service, &job, &json!({ "device": "virtual-drive1", "options": { "retries": 2 } })).0, 202);
    let waiting = |reason: &str| {
        service.wait(reason, |service| Some(service.job(&job)).filter(|job| job["status"] == "queued" && job["reason"] == reason))
    };
    assert_eq!(waiting("waiting_for_disc")["options"]["retries"], 2);
    service.insert(1, &disc::file(service.folder.path(), "LATER", SECTORS, 2));
    waiting("wrong_disc");
    service.eject(1);
    service.insert(1, &source);
    let done =
        service.wait("the image to be whole", |service| Some(service.job(&job)).filter(|job| job["verdict"] == "complete"));
    assert!(same(&done["output_path"], &source));
}

#[test]
fn a_paused_job_goes_on_in_another_drive_and_its_map_can_be_seen_meanwhile() {
    let service = Service::builder().drives(2).start();
    let source = disc::file(service.folder.path(), "MOVED", 65_536, 1);
    service.script(0, "speed_bytes_per_second = 20000000");
    service.insert(0, &source);
    service.wait_for_drive(0, "idle", "ready");
    let job = service.create_job(0, &json!({}));
    service.wait_for_progress(&job);
    let (status, refused) = go_on(&service, &job, &json!({ "device": "virtual-drive1" }));
    assert_eq!((status, refused["code"].as_str()), (409, Some("job_active")), "pause it first");
    service.command(&format!("/api/v1/jobs/{job}/pause"), &json!({}));
    service.wait_for_status(&job, "paused");
    let map = service.get(&format!("/api/v1/jobs/{job}/map"));
    let (finished, open) = (map["finished"].as_u64().expect("number"), map["open"].as_u64().expect("number"));
    assert_eq!(finished + open, 65_536 * 2_048, "{map}");
    let cells = map["map"]["cells"].as_str().expect("cells");
    assert!(finished > 0 && cells.starts_with('g') && cells.ends_with('u') && cells.len() <= 4_096, "{map}");
    service.insert(1, &source);
    service.wait_for_drive(1, "idle", "ready");
    assert_eq!(go_on(&service, &job, &json!({ "device": "virtual-drive1" })).0, 202);
    let done = service.wait_for_status(&job, "completed");
    // The drive that it left is free again.
    service.eject(0);
    assert_eq!(done["verdict"], "complete", "{done}");
    assert!(same(&done["output_path"], &source));
    let (status, gone) = service.try_get(&format!("/api/v1/jobs/{job}/map")).expect("an answer");
    assert_eq!((status, gone["code"].as_str()), (404, Some("no_map")), "a complete image needs none");
}
