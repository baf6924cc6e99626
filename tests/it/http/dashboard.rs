//! The dashboard: numbers, one next step for each drive, what needs a person, the machine.

use super::support::{ask, one_image, settled};
use crate::support::{disc, service::Service};
use serde_json::json;

fn page(service: &Service, path: &str, language: &str) -> String {
    let answer = ask(service, "GET", path, &[("accept-language", language)], b"");
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    answer.text()
}

#[test]
fn without_a_drive_the_page_teaches_how_to_get_one() {
    let service = Service::builder().drives(0).start();
    let (english, german) = (page(&service, "/", "en"), page(&service, "/", "de"));
    for words in ["No drive found", "--device /dev/sr0 --device /dev/sg0", "DISK2ISO_VIRTUAL_DRIVES"] {
        assert!(english.contains(words), "{words}");
    }
    assert!(german.contains("Kein Laufwerk gefunden") && page(&service, "/drives", "de").contains("Kein Laufwerk gefunden"));
}

#[test]
fn the_main_button_follows_the_drive() {
    let service = settled(Service::builder());
    assert!(page(&service, "/", "en").contains("Insert a disc"));
    service.insert(0, &disc::file(service.folder.path(), "STEP", 300, 5));
    service.wait_for_drive(0, "idle", "ready");
    let ready = page(&service, "/", "en");
    assert!(ready.contains("<button class=\"btn btn-primary\">Image this disc</button>"), "{ready}");
    assert!(ready.contains("href=\"/jobs/new?drive=virtual-drive0\""));
    let own = service.url("");
    let form = [("origin", own.as_str()), ("content-type", "application/x-www-form-urlencoded")];
    let pressed = ask(&service, "POST", "/ui/disks/virtual-drive0/image", &form, b"next=%2Fdrives");
    assert_eq!((pressed.status, pressed.header("location")), (303, "/drives"));
    service.wait_for_drive(0, "completed", "");
    let done = page(&service, "/", "de");
    assert!(done.contains("<button class=\"btn btn-primary\">Auswerfen</button>"), "{done}");
    assert!(done.contains("Fertig: Vollständig"), "{done}");
}

#[test]
fn what_needs_a_person_stands_in_a_section_of_its_own() {
    let service = settled(Service::builder());
    service.script(0, "[[fault]]\nkind = \"bad\"\nlba = 200\n");
    service.insert(0, &disc::file(service.folder.path(), "<b>HURT", 300, 5));
    service.wait_for_drive(0, "idle", "");
    assert!(!page(&service, "/", "en").contains("Needs you"));
    let job = service.create_job(0, &json!({ "on_loss": "ask", "retries": 0 }));
    service.wait_for_status(&job, "paused");
    let text = page(&service, "/", "en");
    assert!(text.contains("Needs you") && text.contains(&format!("/ui/jobs/{job}/accept_loss")), "{text}");
    assert!(text.contains(&format!("href=\"/jobs/{job}\"")) && !text.contains("<b>HURT"), "{text}");
    assert!(page(&service, "/", "de").contains("Braucht Sie"));
}

#[test]
fn the_machine_is_told_in_words_and_as_curves_and_by_the_api() {
    let service = settled(Service::builder());
    one_image(&service, "MACHINE");
    let samples = |service: &Service| service.get("/api/v1/system/history")["samples"].as_array().expect("samples").clone();
    service.wait("two samples", |service| (samples(service).len() >= 2).then_some(()));
    let last = samples(&service).pop().expect("a sample");
    assert!(last["memory_total"].as_u64() > Some(0) && last["space_total"].as_u64() > last["space_available"].as_u64(), "{last}");
    let text = page(&service, "/", "de");
    for words in
        ["Prozessor", "Arbeitsspeicher", "Festplatten", "Freier Platz", "data-module=\"machine\"", "class=\"spark\"", " frei"]
    {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert!(!text.contains(" style="), "the policy forbids inline style");
    assert_eq!(service.try_get("/api/v1/system/history?x=1").expect("answer").0, 400);
}
