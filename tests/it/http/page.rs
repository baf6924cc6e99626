//! The page for people, without JavaScript.

use super::support::{ask, one_image, settled};
use crate::support::{disc, service::Service};

fn page(service: &Service, language: &str) -> String {
    ask(service, "GET", "/", &[("accept-language", language)], b"").text()
}

#[test]
fn states_are_told_in_english_and_german_without_javascript() {
    let service = settled(Service::builder().drives(2));
    let (image, _) = one_image(&service, "HOLIDAY");
    service.eject(1);
    service.wait_for_drive(1, "waiting_for_media", "tray_open");
    let (english, german) = (page(&service, "en-GB"), page(&service, "de-AT,en;q=0.5"));
    for words in [
        "<html lang=\"en\">",
        "Drives",
        "Tray open",
        "Put a disc in and close the tray.",
        "Complete",
        "Image it again",
        "Download",
        "http-equiv=\"refresh\"",
    ] {
        assert!(english.contains(words), "{words}: {english}");
    }
    for words in [
        "<html lang=\"de\">",
        "Laufwerke",
        "Schublade offen",
        "Disc einlegen und Schublade schließen.",
        "Vollständig",
        "Herunterladen",
    ] {
        assert!(german.contains(words), "{words}: {german}");
    }
    assert!(
        !english.contains(" style=") && !english.contains("<style") && !english.contains("onclick"),
        "the policy forbids inline style and script"
    );
    assert!(english.contains(image["filename"].as_str().expect("name")));
}

#[test]
fn a_running_job_has_a_bar_and_a_sentence() {
    let service = settled(Service::builder());
    service.script(0, "speed_bytes_per_second = 300000\n");
    service.insert(0, &disc::file(service.folder.path(), "SLOW", 1000, 3));
    service.wait_for_drive(0, "idle", "");
    let job = service.create_job(0, &serde_json::json!({}));
    service.wait_for_progress(&job);
    let text = page(&service, "en");
    assert!(text.contains(&format!("data-progress=\"{job}\"")) && text.contains("<progress max=\"100\""), "{text}");
    assert!(text.contains("Reading, ") && text.contains(" left"), "{text}");
    assert!(page(&service, "de").contains("Liest, "), "German");
}

#[test]
fn a_hostile_label_is_shown_as_text() {
    let service = settled(Service::builder());
    one_image(&service, "<script>alert(1)</script>");
    let text = page(&service, "en");
    assert!(!text.contains("<script>alert") && text.contains("&#60;script&#62;alert(1)&#60;_script&#62;"), "{text}");
}

#[test]
fn buttons_are_forms_that_lead_back_to_the_page() {
    let service = settled(Service::builder());
    service.insert(0, &disc::file(service.folder.path(), "FORM", 300, 5));
    service.wait_for_drive(0, "idle", "");
    let own = service.url("");
    let press =
        |path: &str| ask(&service, "POST", path, &[("origin", &own), ("content-type", "application/x-www-form-urlencoded")], b"");
    let pressed = press("/ui/disks/virtual-drive0/image");
    assert_eq!((pressed.status, pressed.header("location")), (303, "/"));
    let job = service.jobs()[0]["uuid"].as_str().expect("uuid").to_owned();
    service.wait_for_status(&job, "completed");
    let refused = press(&format!("/ui/jobs/{job}/pause"));
    assert_eq!((refused.status, refused.header("location")), (303, "/"));
    let notice = refused.header("set-cookie").split(';').next().expect("a notice").to_owned();
    let said = ask(&service, "GET", "/", &[("cookie", &notice)], b"");
    assert!(said.text().contains("role=\"alert\"") && said.text().contains("Not possible:"), "{}", said.text());
    assert!(said.header("set-cookie").contains("Max-Age=0"), "said once");
    assert!(press(&format!("/ui/jobs/{job}/explode")).header("set-cookie").contains("cannot"), "said, not done");
    assert_eq!(press("/ui/disks/virtual-drive0/eject").status, 303);
    service.wait_for_drive(0, "waiting_for_media", "tray_open");
}
