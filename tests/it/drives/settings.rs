//! Settings of a drive, over the API of the real program.

use crate::support::{databases::Database, disc, service::Service};
use serde_json::{Value, json};

const DRIVE: &str = "/api/v1/disks/virtual-drive0";

fn patch(service: &Service, path: &str, body: &Value) -> (u16, Value) {
    let client = reqwest::blocking::Client::builder().no_proxy().build().expect("client");
    let answer = client.patch(service.url(path)).json(body).send().expect("answer");
    (answer.status().as_u16(), answer.json().unwrap_or(Value::Null))
}

fn change(service: &Service, body: &Value) -> Value {
    let (status, answer) = patch(service, DRIVE, body);
    assert_eq!(status, 200, "{answer}");
    answer
}

fn events(service: &Service, kind: &str) -> Vec<Value> {
    service.get(&format!("/api/v1/system/logs?kind={kind}&limit=200"))["items"].as_array().expect("items").clone()
}

#[test]
fn settings_are_changed_told_and_kept_over_a_restart_on_both_databases() {
    for database in Database::both() {
        let mut service = Service::builder().database(database).start();
        assert_eq!(service.drive(0)["settings"]["enabled"], true);
        let body = json!({ "name": "Upper drive", "auto": false, "mode": "rescue", "options": { "retries": 7 }, "read_offset": -6,
            "speed_kbps": 1400, "quirks": ["slow_ready", "bridge_resets"] });
        let drive = change(&service, &body);
        assert_eq!(drive["name"], "Upper drive");
        let told = events(&service, "drive.settings_changed");
        assert_eq!(told.len(), 1);
        assert_eq!(
            (told[0]["payload"]["changes"]["read_offset"].as_i64(), told[0]["drive_id"].as_str()),
            (Some(-6), Some("virtual-drive0"))
        );
        assert_eq!(told[0]["payload"]["changes"].get("enabled"), None, "what did not change is not told: {}", told[0]);
        // The same once more changes nothing and tells nothing.
        change(&service, &json!({ "name": "Upper drive" }));
        assert_eq!(events(&service, "drive.settings_changed").len(), 1);
        assert_eq!(service.stop(), Some(0));
        service.restart();
        let drive =
            service.wait("the drive", |service| service.drives().into_iter().find(|drive| drive["name"] == "Upper drive"));
        let settings = &drive["settings"];
        assert_eq!((settings["mode"].as_str(), settings["options"]["retries"].as_u64()), (Some("rescue"), Some(7)));
        assert_eq!((settings["speed_kbps"].as_u64(), &settings["quirks"]), (Some(1400), &json!(["slow_ready", "bridge_resets"])));
        // Null takes back, and what is absent stays.
        let drive = change(&service, &json!({ "name": null, "read_offset": null }));
        assert_eq!((drive["name"].as_str(), &drive["settings"]["read_offset"]), (Some("drive0"), &Value::Null));
        assert_eq!(drive["settings"]["speed_kbps"], 1400);
    }
}

#[test]
fn what_is_not_allowed_is_refused_by_field_and_changes_nothing() {
    let service = Service::builder().start();
    for (body, field) in [
        (json!({ "name": "" }), "name"),
        (json!({ "name": "a\u{1b}[31m" }), "name"),
        (json!({ "name": 5 }), "name"),
        (json!({ "mode": "fast" }), "mode"),
        (json!({ "quirks": ["slow_ready", "unknown"] }), "quirks"),
        (json!({ "speed_kbps": 10 }), "speed_kbps"),
        (json!({ "read_offset": 5881 }), "read_offset"),
        (json!({ "options": { "retries": 101 } }), "options.retries"),
        (json!({ "options": { "read_offset": 6 } }), "options.read_offset"),
        (json!({ "options": { "colour": 1 } }), "options.colour"),
        (json!({ "enabled": "no" }), "enabled"),
        (json!({ "colour": "red" }), "colour"),
    ] {
        let (status, problem) = patch(&service, DRIVE, &body);
        assert_eq!(
            (status, problem["code"].as_str(), problem["field"].as_str()),
            (422, Some("invalid_field"), Some(field)),
            "{body}"
        );
    }
    let (status, problem) = patch(&service, "/api/v1/disks/nothing", &json!({ "enabled": false }));
    assert_eq!((status, problem["code"].as_str()), (404, Some("drive_unknown")));
    assert_eq!(events(&service, "drive.settings_changed"), [] as [Value; 0]);
}

#[test]
fn a_drive_that_is_switched_off_is_left_alone_until_it_is_switched_on() {
    let mut service = Service::builder().auto().start();
    change(&service, &json!({ "enabled": false }));
    let drive = service.wait_for_drive(0, "idle", "disabled");
    assert_eq!(drive["media"], Value::Null);
    let source = disc::file(service.folder.path(), "LATER", 1_024, 1);
    for path in ["eject", "close"] {
        let (status, problem) = service.post(&format!("{DRIVE}/{path}"), &json!({}));
        assert_eq!((status, problem["code"].as_str()), (409, Some("drive_disabled")), "{problem}");
    }
    let (status, problem) = service.post(&format!("{DRIVE}/insert"), &json!({ "image": source }));
    assert_eq!((status, problem["code"].as_str()), (409, Some("drive_disabled")), "{problem}");
    // By hand, past the service: nobody looks.
    disk2iso::optical::virtual_insert(&service.drive_folder(0), &source).expect("inserted");
    assert_eq!(service.stop(), Some(0));
    service.restart();
    service.wait("the drive", |service| service.drives().into_iter().find(|drive| drive["reason"] == "disabled"));
    assert_eq!(service.jobs(), [] as [Value; 0]);
    change(&service, &json!({ "enabled": true }));
    service.wait("the job of the disc that was there all the time", |service| service.jobs().first().cloned());
}

#[test]
fn a_drive_switched_off_while_it_reads_ends_its_job_first() {
    let service = Service::builder().start();
    let source = disc::file(service.folder.path(), "LAST", 4_096, 1);
    service.script(0, "speed_bytes_per_second = 4000000");
    service.insert(0, &source);
    let id = service.create_job(0, &json!({}));
    service.wait_for_progress(&id);
    let drive = change(&service, &json!({ "enabled": false }));
    assert_eq!(drive["state"], "copying");
    assert_eq!(service.wait_for_status(&id, "completed")["verdict"], "complete");
    service.wait_for_drive(0, "idle", "disabled");
}

#[test]
fn one_drive_images_by_itself_and_another_one_by_hand() {
    let service = Service::builder().drives(2).auto().start();
    change(&service, &json!({ "auto": false }));
    let discs = [1, 2].map(|seed| disc::file(service.folder.path(), "SIDE", 1_024, seed));
    service.insert(0, &discs[0]);
    service.wait_for_drive(0, "idle", "ready");
    service.insert(1, &discs[1]);
    let job = service.wait("the other drive's job", |service| service.jobs().first().cloned());
    assert_eq!(service.wait_for_status(job["uuid"].as_str().expect("uuid"), "completed")["verdict"], "complete");
    assert_eq!(service.jobs().len(), 1);
    assert_eq!(service.drive(0)["reason"], "ready");
}

#[test]
fn a_drive_that_cannot_eject_is_not_told_to() {
    let service = Service::builder().set("DISK2ISO_EJECT_WHEN_DONE", 1).start();
    change(&service, &json!({ "quirks": ["no_eject"] }));
    let source = disc::file(service.folder.path(), "STAYS", 1_024, 1);
    service.insert(0, &source);
    let id = service.create_job(0, &json!({}));
    service.wait_for_status(&id, "completed");
    service.wait_for_drive(0, "completed", "");
    let (status, problem) = service.post(&format!("{DRIVE}/eject"), &json!({}));
    assert_eq!((status, problem["code"].as_str()), (409, Some("drive_refused")));
    assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains("no_eject")), "{problem}");
}

#[test]
fn a_wedged_drive_comes_back_with_its_settings_and_the_hang_is_counted() {
    let service = Service::builder().set("DISK2ISO_WEDGED_AFTER_SECONDS", 4).start();
    change(&service, &json!({ "name": "Shaky" }));
    let source = disc::file(service.folder.path(), "HANGS", 8_192, 1);
    service.script(0, "[[fault]]\nkind = \"hang\"\nlba = 4000\ncount = 1\nmilliseconds = 8000\n");
    service.insert(0, &source);
    let id = service.create_job(0, &json!({}));
    service.wait_for_drive(0, "error", "wedged");
    // Settings can be changed while it hangs.
    change(&service, &json!({ "speed_kbps": 7000 }));
    assert_eq!(service.wait_for_status(&id, "completed")["verdict"], "complete");
    let drive = service.drive(0);
    assert_eq!((drive["name"].as_str(), drive["settings"]["speed_kbps"].as_u64()), (Some("Shaky"), Some(7000)));
    assert!(drive["statistics"]["wedged"].as_u64() >= Some(1), "{drive}");
}

#[test]
fn the_life_of_a_drive_shows_which_discs_it_fails_and_others_read() {
    let service = Service::builder().drives(2).start();
    let source = disc::file(service.folder.path(), "PICKY", 2_048, 1);
    service.script(1, "[[fault]]\nkind = \"bad\"\nlba = 1000\ncount = 3\n");
    for (number, verdict) in [(0, "complete"), (1, "degraded")] {
        service.insert(number, &source);
        service.wait("the disc to be known", |service| Some(service.drive(number)).filter(|drive| drive["media"].is_object()));
        let body = json!({ "device": service.drive_folder(number), "mode": "standard" });
        let job = service.command("/api/v1/jobs", &body);
        let done = service.wait_for_status(job["uuid"].as_str().expect("uuid"), "completed");
        assert_eq!(done["verdict"], verdict);
        if number == 0 {
            service.eject(0);
        }
    }
    let [good, bad] = [0, 1].map(|number| service.drive(number));
    assert_eq!((good["statistics"]["verdicts"]["complete"].as_u64(), good["statistics"]["jobs"].as_u64()), (Some(1), Some(1)));
    assert_eq!((bad["statistics"]["verdicts"]["degraded"].as_u64(), bad["statistics"]["discs"].as_u64()), (Some(1), Some(1)));
    assert_eq!(good["read_elsewhere"], json!([]));
    let told = &bad["read_elsewhere"][0];
    assert_eq!((told["label"].as_str(), told["verdict"].as_str()), (Some("PICKY"), Some("degraded")));
    assert_eq!(told["other_drive"], "virtual-drive0");
    assert_eq!(service.get("/api/v1/disks/virtual-drive1/statistics"), bad["statistics"]);
    assert_eq!(service.status_of("/api/v1/disks/nothing/statistics"), Some(404));
}
