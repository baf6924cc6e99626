//! Sectors stay unreadable and the job asks: accept, one more pass, another drive; with the service killed in between.

use crate::support::{disc, service::Service};
use disk2iso::domain::sector_map::SectorMap;
use serde_json::{Value, json};
use std::{
    fs,
    path::{Path, PathBuf},
};

const SECTORS: usize = 4_096;
const BAD: std::ops::Range<usize> = 1_000..1_006;

fn decide(service: &Service, job: &str, body: &Value) -> (u16, Value) {
    service.post(&format!("/api/v1/jobs/{job}/decision"), body)
}

/// A job that asks about six sectors of the disc in drive 0.
fn asking(service: &Service) -> (String, PathBuf) {
    let source = disc::file(service.folder.path(), "LOSS", SECTORS, 1);
    let script = format!("[[fault]]\nkind = \"bad\"\nlba = {}\ncount = {}\n", BAD.start, BAD.len());
    service.script(0, &script);
    service.insert(0, &source);
    service.wait_for_drive(0, "idle", "ready");
    let job = service.create_job(0, &json!({ "on_loss": "ask", "retries": 1 }));
    asks(service, &job);
    (job, source)
}

fn asks(service: &Service, job: &str) -> Value {
    let paused = service.wait("the job to ask", |service| {
        Some(service.job(job)).filter(|job| job["status"] == "paused" && job["decision"].is_null())
    });
    assert_eq!(paused["reason"], "loss", "{paused}");
    paused
}

fn all_but_the_bad_ones(image: &Path, disc: &Path) {
    let (image, disc) = (fs::read(image).expect("image"), fs::read(disc).expect("disc"));
    assert_eq!(image.len(), disc.len());
    for (lba, (ours, theirs)) in image.chunks(2_048).zip(disc.chunks(2_048)).enumerate() {
        assert!(BAD.contains(&lba) || ours == theirs, "sector {lba} is wrong");
    }
}

fn decisions(service: &Service, job: &str) -> Vec<Value> {
    let events = service.get(&format!("/api/v1/events?job={job}&kind=job.decided"));
    events["items"].as_array().expect("items").iter().map(|event| event["payload"]["decision"].clone()).collect()
}

#[test]
fn an_accepted_loss_finishes_the_image_as_degraded_even_if_everything_dies_meanwhile() {
    let mut service = Service::builder().start();
    let (job, source) = asking(&service);
    for (body, code) in [
        (json!({ "decision": "accept", "device": "virtual-drive0" }), "invalid_field"),
        (json!({ "decision": "other_drive" }), "invalid_field"),
        (json!({ "decision": "other_drive", "device": "nowhere" }), "not_a_drive"),
    ] {
        assert_eq!(decide(&service, &job, &body).1["code"], code, "{body}");
    }
    assert!(service.isos().is_empty(), "nothing is finished before somebody says so");
    assert_eq!(decide(&service, &job, &json!({ "decision": "accept" })).0, 202);
    // As soon as the answer is there, it is stored: power may fail.
    service.kill();
    service.restart();
    let done = service.wait_for_status(&job, "completed");
    assert_eq!((&done["verdict"], &done["error_count"], &done["decision"]), (&json!("degraded"), &json!(6), &json!("accept")));
    all_but_the_bad_ones(Path::new(done["output_path"].as_str().expect("path")), &source);
    assert_eq!(decisions(&service, &job), [json!("accept")]);
    let iso = service.get(&format!("/api/v1/isos/{}", service.isos()[0]["id"].as_str().expect("id")));
    assert_eq!(iso["provenance"]["loss_accepted"], true);
    assert_eq!(decide(&service, &job, &json!({ "decision": "accept" })).1["code"], "no_decision_needed");
}

#[test]
fn one_more_pass_asks_again_and_reads_what_can_be_read_meanwhile() {
    let mut service = Service::builder().start();
    let (job, source) = asking(&service);
    assert_eq!(decide(&service, &job, &json!({ "decision": "retry" })).0, 202);
    service.kill();
    service.restart();
    asks(&service, &job);
    // Somebody has cleaned the disc.
    service.eject(0);
    service.script(0, "");
    service.insert(0, &source);
    service.wait("the disc to be known", |service| Some(service.drive(0)).filter(|drive| drive["media"]["session"] == 2));
    assert_eq!(decide(&service, &job, &json!({ "decision": "retry" })).0, 202);
    let done = service.wait_for_status(&job, "completed");
    assert_eq!(done["verdict"], "complete", "{done}");
    assert!(fs::read(done["output_path"].as_str().expect("path")).expect("image") == fs::read(&source).expect("disc"));
    assert_eq!(decisions(&service, &job), [json!("retry"), json!("retry")]);
}

#[test]
fn another_drive_reads_what_the_first_one_could_not() {
    let mut service = Service::builder().drives(2).start();
    let (job, source) = asking(&service);
    service.insert(1, &disc::file(service.folder.path(), "LOSS", SECTORS, 2));
    service.wait_for_drive(1, "idle", "ready");
    let body = json!({ "decision": "other_drive", "device": "virtual-drive1" });
    assert_eq!(decide(&service, &job, &body).1["code"], "wrong_disc");
    assert_eq!(service.job(&job)["reason"], "loss", "it still asks");
    service.eject(1);
    service.insert(1, &source);
    service.wait("the disc to be known", |service| Some(service.drive(1)).filter(|drive| drive["media"]["session"] == 2));
    assert_eq!(decide(&service, &job, &body).0, 202);
    service.kill();
    service.restart();
    let done = service.wait_for_status(&job, "completed");
    assert_eq!((&done["verdict"], &done["decision"]), (&json!("complete"), &json!("other_drive")));
    assert!(fs::read(done["output_path"].as_str().expect("path")).expect("image") == fs::read(&source).expect("disc"));
}

#[test]
fn a_person_decides_on_the_page_without_a_script() {
    let service = Service::builder().drives(2).start();
    let (job, _) = asking(&service);
    for (language, words) in [
        ("en", ["Accept the loss", "Try once more", "Go on in"]),
        ("de", ["Verlust annehmen", "Noch einmal versuchen", "Weiter in"]),
    ] {
        let page = service.text(&format!("/?lang={language}"));
        assert!(words.iter().all(|word| page.contains(word)), "{page}");
        for form in ["accept_loss", "one_more_pass", "other_drive/virtual-drive1"] {
            assert!(page.contains(&format!("action=\"/ui/jobs/{job}/{form}\"")), "{form}: {page}");
        }
        assert!(!page.contains("other_drive/virtual-drive0"), "that is its own drive");
    }
    let map = SectorMap::parse(&fs::read_to_string(service.output.join("LOSS.map")).expect("map")).expect("valid");
    assert_eq!(map.len(), (SECTORS * 2_048) as u64);
    assert_eq!(service.form(&format!("/ui/jobs/{job}/accept_loss")), 303);
    assert_eq!(service.wait_for_status(&job, "completed")["verdict"], "degraded");
}
