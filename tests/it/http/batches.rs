//! Batches: a stack of discs, one after the other, in one or several drives.

use super::support::{Answer, ask, settled};
use crate::support::{disc, service::Service};
use serde_json::{Value, json};

fn send(service: &Service, path: &str, body: &str) -> Answer {
    let own = service.url("");
    let headers = [("origin", own.as_str()), ("content-type", "application/x-www-form-urlencoded"), ("accept-language", "de")];
    ask(service, "POST", path, &headers, body.as_bytes())
}

/// Begins a batch; gives its address below `/batches/`.
fn begin(service: &Service, body: &str) -> String {
    let answer = send(service, "/ui/batches", body);
    assert_eq!(answer.status, 303, "{}", answer.text());
    answer.header("location").strip_prefix("/batches/").expect("an address").to_owned()
}

fn batch(service: &Service, id: &str) -> Value {
    service.get(&format!("/api/v1/batches/{id}"))
}

fn wait_for(service: &Service, id: &str, number: usize, state: &str) -> Value {
    service.wait(&format!("item {number} to be {state}"), |service| {
        Some(batch(service, id)["items"][number].clone()).filter(|item| item["state"] == state)
    })
}

fn insert(service: &Service, drive: usize, label: &str, seed: u64) {
    service.insert(drive, &disc::file(service.folder.path(), label, 300, seed));
}

#[test]
fn discs_are_taken_by_themselves_in_two_drives_and_called_by_their_marks() {
    let service = settled(Service::builder().drives(2));
    let id = begin(&service, "title=Box+3&automatic=1&marks=BOX-3%2F1%0D%0ABOX-3%2F2%2Csecond%0D%0ABOX-3%2F3");
    let page = ask(&service, "GET", &format!("/batches/{id}"), &[("accept-language", "de")], b"").text();
    assert!(page.contains("Disc einlegen:") && page.contains("1 von 3") && page.contains("BOX-3/1"), "{page}");
    insert(&service, 0, "ONE", 1);
    wait_for(&service, &id, 0, "done");
    insert(&service, 1, "TWO", 2);
    let second = wait_for(&service, &id, 1, "done");
    assert_eq!((&second["verdict"], &second["drive_id"]), (&"complete".into(), &"virtual-drive1".into()));
    let names: Vec<Value> = service.isos().iter().map(|iso| iso["filename"].clone()).collect();
    assert_eq!(names, ["BOX-3_2.iso", "BOX-3_1.iso"]);
    assert_eq!(batch(&service, &id)["next"], 2);
    let table = service.text(&format!("/batches/{id}/results.csv"));
    assert!(table.contains("\"1\",\"BOX-3/1\",\"done\",\"complete\",\"\",\"virtual-drive0\""), "{table}");
    assert!(table.contains("\"3\",\"BOX-3/3\",\"waiting\""), "{table}");
    let labels = service.text(&format!("/batches/{id}/labels"));
    let image = service.isos()[0]["id"].as_str().expect("id").to_owned();
    assert!(labels.contains(&format!("{}/library/{image}", service.url(""))) && labels.contains("class=\"qr-dark\""), "{labels}");
    assert_eq!(labels.matches("class=\"label\"").count(), 2);
}

#[test]
fn damaged_discs_come_to_the_reject_pile_and_are_done_once_more() {
    let service = settled(Service::builder());
    let id = begin(&service, "title=Hurt&automatic=1&marks=A");
    service.script(0, "[[fault]]\nkind = \"bad\"\nlba = 200\n");
    insert(&service, 0, "HURT", 3);
    let rejected = wait_for(&service, &id, 0, "rejected");
    assert_eq!(rejected["verdict"], "degraded");
    let text = service.text(&format!("/batches/{id}"));
    assert!(text.contains("Reject pile") && text.contains("Nothing is waiting."), "{text}");
    service.eject(0);
    assert_eq!(send(&service, &format!("/ui/batches/{id}/items/0/redo"), "").status, 303);
    service.script(0, "");
    insert(&service, 0, "WELL", 4);
    assert_eq!(wait_for(&service, &id, 0, "done")["verdict"], "complete");
}

#[test]
fn by_hand_a_disc_is_taken_when_its_button_is_pressed_and_a_restart_loses_nothing() {
    let mut service = settled(Service::builder());
    let id = begin(&service, "title=%3Cb%3EHand&marks=A%0AB");
    service.script(0, "speed_bytes_per_second = 200000\n");
    insert(&service, 0, "SLOW", 5);
    service.wait_for_drive(0, "idle", "ready");
    assert_eq!(batch(&service, &id)["items"][0]["state"], "waiting", "nothing is taken unasked");
    assert_eq!(send(&service, &format!("/ui/batches/{id}/items/0/skip"), "").status, 303);
    let text = service.text(&format!("/batches/{id}"));
    assert!(text.contains("Image as <bdi>B</bdi>") && !text.contains("<b>Hand"), "{text}");
    assert_eq!(send(&service, &format!("/ui/batches/{id}/take"), "drive=virtual-drive0").status, 303);
    let reading = wait_for(&service, &id, 1, "reading");
    let again = send(&service, &format!("/ui/batches/{id}/take"), "drive=virtual-drive0");
    assert!(again.header("set-cookie").contains("notice="), "refused, and said so");
    service.kill();
    service.restart();
    let done = wait_for(&service, &id, 1, "done");
    assert_eq!(done["job_uuid"], reading["job_uuid"]);
    assert_eq!(service.isos().len(), 1);
    assert_eq!(send(&service, &format!("/ui/batches/{id}/close"), "").status, 303);
    assert_eq!(batch(&service, &id)["open"], false);
}

#[test]
fn mistakes_are_said_and_nothing_is_changed() {
    let service = settled(Service::builder());
    let bad = send(&service, "/ui/batches", "title=&marks=A%0AA");
    assert!(
        bad.status == 422 && bad.text().contains("1 bis 120 Zeichen") && bad.text().contains("A\nA</textarea>"),
        "{}",
        bad.text()
    );
    let id = begin(&service, "title=T&marks=A");
    let twice = send(&service, &format!("/ui/batches/{id}/add"), "marks=A");
    assert!(twice.status == 422 && twice.text().contains("Jede Signatur nur einmal"), "{}", twice.text());
    assert_eq!(send(&service, &format!("/ui/batches/{id}/add"), "marks=B%0AC").status, 303);
    assert_eq!(batch(&service, &id)["items"].as_array().map(Vec::len), Some(3));
    for (body, field) in [
        (json!({ "title": "" }), "title"),
        (json!({ "title": "T", "marks": ["A", "A"] }), "marks"),
        (json!({ "title": "T", "drives": ["nobody"] }), "drives"),
    ] {
        let (status, problem) = service.post("/api/v1/batches", &body);
        assert_eq!((status, &problem["field"]), (422, &field.into()), "{problem}");
    }
    assert_eq!(service.get("/api/v1/batches")["items"].as_array().map(Vec::len), Some(1));
    for path in ["/batches/nothing", "/batches/0198a2c4-5f10-7c3a-9a51-7d2f0c9e1b44", "/api/v1/batches/nothing"] {
        assert_eq!(service.status_of(path), Some(404), "{path}");
    }
    assert_eq!(send(&service, &format!("/ui/batches/{id}/explode"), "").status, 404);
    assert_eq!(send(&service, &format!("/ui/batches/{id}/items/9/skip"), "").status, 303);
}
