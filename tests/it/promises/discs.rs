//! Discs: damaged ones, ones taken out, ones inserted again, two with one label, trays that close by themselves.

use crate::support::{disc, service::Service};
use disk2iso::domain::sector_map::{BlockStatus, SectorMap};
use serde_json::{Value, json};
use std::{collections::BTreeSet, fs, path::Path};

const SECTORS: usize = 4_096;

fn settings(auto: bool) -> Service {
    let builder = Service::builder();
    if auto { builder.auto().start() } else { builder.start() }
}

fn first_job(service: &Service) -> String {
    service.wait("a job", |service| service.jobs().first().and_then(|job| job["uuid"].as_str().map(str::to_owned)))
}

fn same(image: &Value, disc: &Path) -> bool {
    fs::read(image.as_str().expect("path")).expect("image") == fs::read(disc).expect("disc")
}

#[test]
fn a_damaged_disc_ends_degraded_with_the_right_sectors_and_all_other_bytes() {
    let service = settings(true);
    let source = disc::file(service.folder.path(), "SCRATCHED", SECTORS, 1);
    let bad: BTreeSet<usize> = [100, 101, 102, 2000, 3000, 3001].into();
    service.script(0, "[[fault]]\nkind = \"bad\"\nlba = 100\ncount = 3\n[[fault]]\nkind = \"bad\"\nlba = 2000\ncount = 1\n[[fault]]\nkind = \"bad\"\nlba = 3000\ncount = 2\n");
    service.insert(0, &source);
    let job = service.wait_for_status(&first_job(&service), "completed");
    assert_eq!((job["verdict"].as_str(), job["error_count"].as_u64()), (Some("degraded"), Some(6)), "{job}");
    let map = SectorMap::parse(&fs::read_to_string(service.output.join("SCRATCHED.map")).expect("map")).expect("valid");
    let unread: BTreeSet<usize> = map
        .ranges(&[BlockStatus::Bad])
        .into_iter()
        .flat_map(|range| (range.start / 2048..range.end / 2048).map(|lba| lba as usize))
        .collect();
    assert_eq!(unread, bad);
    let (image, original) = (fs::read(service.output.join("SCRATCHED.iso")).expect("image"), fs::read(&source).expect("disc"));
    assert_eq!(image.len(), original.len());
    for (lba, (ours, theirs)) in image.chunks(2048).zip(original.chunks(2048)).enumerate() {
        assert!(bad.contains(&lba) || ours == theirs, "sector {lba} is wrong");
    }
}

#[test]
fn two_discs_with_one_label_become_two_files() {
    let service = Service::builder().drives(2).auto().start();
    let discs =
        [disc::file(service.folder.path(), "DVD_VIDEO", SECTORS, 1), disc::file(service.folder.path(), "DVD_VIDEO", SECTORS, 2)];
    service.insert(0, &discs[0]);
    service.insert(1, &discs[1]);
    let isos = service.wait("two images", |service| Some(service.isos()).filter(|isos| isos.len() == 2));
    let paths: BTreeSet<&str> = isos.iter().filter_map(|iso| iso["filepath"].as_str()).collect();
    assert_eq!(paths.len(), 2);
    for iso in &isos {
        assert!(discs.iter().any(|disc| same(&iso["filepath"], disc)), "{iso}");
    }
    assert_ne!(isos[0]["sha256sum"], isos[1]["sha256sum"]);
}

#[test]
fn a_file_that_is_there_already_is_never_overwritten() {
    let service = settings(false);
    fs::create_dir_all(&service.output).expect("folder");
    fs::write(service.output.join("MINE.iso"), "do not touch").expect("file");
    let source = disc::file(service.folder.path(), "MINE", SECTORS, 1);
    service.insert(0, &source);
    let id = service.create_job(0, &json!({}));
    let job = service.wait_for_status(&id, "completed");
    assert_eq!(fs::read_to_string(service.output.join("MINE.iso")).expect("file"), "do not touch");
    assert!(same(&job["output_path"], &source));
}

#[test]
fn a_disc_taken_out_is_waited_for_and_another_one_is_refused() {
    let service = settings(false);
    let wanted = disc::file(service.folder.path(), "WANTED", SECTORS, 1);
    let other = disc::file(service.folder.path(), "OTHER", SECTORS, 2);
    service.script(0, "speed_bytes_per_second = 2000000");
    service.insert(0, &wanted);
    let id = service.create_job(0, &json!({}));
    service.wait_for_progress(&id);
    // By hand, past the service: a drive that a job uses cannot be ejected through the API.
    let (status, problem) = service.post("/api/v1/disks/virtual-drive0/eject", &json!({}));
    assert_eq!((status, problem["code"].as_str()), (409, Some("drive_busy")));
    eject_by_hand(&service, 0);
    let paused = service.wait_for_status(&id, "paused");
    assert_eq!(paused["reason"], "medium_removed", "{paused}");
    service.insert(0, &other);
    service
        .wait("the other disc to be known", |service| Some(service.drive(0)).filter(|drive| drive["media"]["label"] == "OTHER"));
    // Asking for it does not help: it waits for its own disc.
    service.command(&format!("/api/v1/jobs/{id}/resume"), &json!({}));
    service.wait("the job to say that this is the wrong disc", |service| {
        Some(service.job(&id)).filter(|job| job["status"] == "queued" && job["reason"] == "wrong_disc")
    });
    service.eject(0);
    service.insert(0, &wanted);
    let job = service.wait_for_status(&id, "completed");
    assert!(same(&job["output_path"], &wanted));
    assert_eq!(job["verdict"], "complete");
}

fn eject_by_hand(service: &Service, number: usize) {
    let mut drive = disk2iso::optical::DeviceAddress::Virtual(service.drive_folder(number)).open().expect("drive");
    drive.eject().expect("tray opens");
}

#[test]
fn a_disc_inserted_again_is_recognised_and_the_setting_decides() {
    for (policy, state, reason, jobs) in [
        ("skip", "waiting_for_removal", "already_archived", 1),
        ("ask", "idle", "decision_needed", 1),
        ("again", "completed", "", 2),
    ] {
        let service = Service::builder().auto().set("DISK2ISO_AGAIN", policy).start();
        let source = disc::file(service.folder.path(), "TWICE", SECTORS, 1);
        service.insert(0, &source);
        service.wait_for_status(&first_job(&service), "completed");
        service.wait_for_drive(0, "completed", "");
        service.eject(0);
        service.insert(0, &source);
        service.wait("the second insertion to be looked at", |service| {
            Some(service.drive(0)).filter(|drive| drive["media"]["session"] == 2)
        });
        service.wait_for_drive(0, state, reason);
        assert_eq!(service.jobs().len(), jobs, "{policy}");
    }
}

#[test]
fn a_tray_that_closes_by_itself_makes_no_second_job() {
    let service = Service::builder().auto().set("DISK2ISO_AGAIN", "again").set("DISK2ISO_EJECT_WHEN_DONE", 1).start();
    let source = disc::file(service.folder.path(), "NIGHT", SECTORS, 1);
    service.insert(0, &source);
    service.wait_for_status(&first_job(&service), "completed");
    for _ in 0..3 {
        service.wait_for_drive(0, "waiting_for_media", "tray_open");
        service.command("/api/v1/disks/virtual-drive0/close", &json!({}));
        let drive = service.wait_for_drive(0, "waiting_for_removal", "already_archived");
        assert_eq!(drive["media"]["session"], 1);
        service.eject(0);
    }
    assert_eq!(service.jobs().len(), 1);
}

#[test]
fn what_is_inserted_survives_a_restart_without_a_second_job() {
    let mut service = settings(true);
    let source = disc::file(service.folder.path(), "STAYS", SECTORS, 1);
    service.insert(0, &source);
    service.wait_for_status(&first_job(&service), "completed");
    assert_eq!(service.stop(), Some(0));
    service.restart();
    let drive = service.wait_for_drive(0, "waiting_for_removal", "already_archived");
    assert_eq!((drive["media"]["label"].as_str(), drive["media"]["session"].as_u64()), (Some("STAYS"), Some(1)));
    assert_eq!(service.jobs().len(), 1);
}

#[test]
fn silent_wrong_data_is_found_by_verifying() {
    let service = settings(false);
    let source = disc::file(service.folder.path(), "LIAR", SECTORS, 1);
    service.script(0, "[[fault]]\nkind = \"wrong_once\"\nlba = 1234\ncount = 2\n");
    service.insert(0, &source);
    let id = service.create_job(0, &json!({ "verify": true }));
    let job = service.wait_for_status(&id, "completed");
    assert_eq!(job["verdict"], "complete", "{job}");
    assert!(same(&job["output_path"], &source));
}

#[test]
fn a_stored_image_is_verified_and_a_changed_one_is_found_out() {
    let service = settings(true);
    let source = disc::file(service.folder.path(), "KEPT", SECTORS, 1);
    service.insert(0, &source);
    service.wait_for_status(&first_job(&service), "completed");
    let iso = service.wait("the image", |service| service.isos().first().cloned());
    let verify = || {
        let job = service.command(&format!("/api/v1/isos/{}/verify", iso["id"].as_str().expect("id")), &json!({}));
        let job = service.wait_for_status(job["uuid"].as_str().expect("uuid"), "completed");
        (job["verdict"].clone(), service.isos()[0]["verify_ok"].clone())
    };
    assert_eq!(verify(), (json!("complete"), json!(true)));
    let path = iso["filepath"].as_str().expect("path");
    let mut bytes = fs::read(path).expect("image");
    bytes[1_000_000] ^= 1;
    fs::write(path, bytes).expect("changed");
    assert_eq!(verify(), (json!("failed"), json!(false)));
}

#[test]
fn a_damaged_image_is_tried_again_from_its_map() {
    let service = settings(true);
    let source = disc::file(service.folder.path(), "WORN", SECTORS, 1);
    service.script(0, "[[fault]]\nkind = \"bad\"\nlba = 1000\ncount = 2\n");
    service.insert(0, &source);
    let id = first_job(&service);
    assert_eq!(service.wait_for_status(&id, "completed")["verdict"], "degraded");
    // Somebody has cleaned the disc.
    service.eject(0);
    service.script(0, "");
    service.insert(0, &source);
    service.wait("the disc to be known", |service| Some(service.drive(0)).filter(|drive| drive["media"]["session"] == 2));
    service.command(&format!("/api/v1/jobs/{id}/retry"), &json!({}));
    let job = service.wait("a better verdict", |service| Some(service.job(&id)).filter(|job| job["verdict"] == "complete"));
    assert!(same(&job["output_path"], &source));
    assert_eq!(service.isos().iter().filter(|iso| iso["job_uuid"] == id).count(), 1);
}

#[test]
fn a_drive_can_be_ejected_as_soon_as_its_job_is_over() {
    let service = settings(false);
    let source = disc::file(service.folder.path(), "QUICK", 1_024, 1);
    for _ in 0..15 {
        service.insert(0, &source);
        let id = service.create_job(0, &json!({}));
        service.wait_for_status(&id, "completed");
        service.eject(0);
    }
}
