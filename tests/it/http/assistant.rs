//! The first steps: each a form without a script, each can be skipped, done once.

use super::support::{Answer, ask, settled};
use crate::support::service::Service;

fn page(service: &Service, step: &str, language: &str) -> String {
    ask(service, "GET", &format!("/settings/welcome?step={step}"), &[("accept-language", language)], b"").text()
}

fn post(service: &Service, step: &str, body: &str) -> Answer {
    let kind = ("content-type", "application/x-www-form-urlencoded");
    ask(service, "POST", &format!("/ui/assistant/{step}"), &[kind], body.as_bytes())
}

#[test]
fn every_step_says_what_it_is_about_and_leads_to_the_next() {
    let service = settled(Service::builder());
    for (step, english, german) in [
        ("folder", "Where images go", "Wohin Abbilder kommen"),
        ("drives", "Found:", "Gefunden:"),
        ("auto", "Image every disc that is inserted", "Jede eingelegte Disc abbilden"),
        ("try", "Open a virtual drive", "Ein virtuelles Laufwerk öffnen"),
    ] {
        assert!(page(&service, step, "en").contains(english), "{step}: {}", page(&service, step, "en"));
        assert!(page(&service, step, "de").contains(german), "{step}: {}", page(&service, step, "de"));
    }
    assert!(page(&service, "folder", "en").contains(" free"), "space is told");
    assert_eq!(ask(&service, "GET", "/settings/welcome?step=x", &[], b"").status, 400);
    let next = post(&service, "folder", "paths.output_dir=/ignored");
    assert_eq!(
        (next.status, next.header("location")),
        (303, "/settings/welcome?step=drives"),
        "the folder is set by the environment"
    );
    let saved = post(
        &service,
        "auto",
        "has=drives.auto&drives.auto=1&has=drives.eject_when_done&drives.eject_when_done=1&drives.again=skip",
    );
    assert_eq!((saved.status, saved.header("location")), (303, "/settings/welcome?step=try"));
    let runtime = service.get("/api/v1/system/config")["runtime"].clone();
    assert_eq!((runtime["auto"].as_bool(), runtime["eject_when_done"].as_bool()), (Some(true), Some(true)));
    let refused = post(&service, "auto", "drives.again=perhaps");
    assert!(refused.status == 422 && refused.text().contains("perhaps"), "{}", refused.text());
    assert_eq!(post(&service, "nothing", "").status, 404);
}

#[test]
fn what_is_done_or_skipped_is_done_after_a_restart_too() {
    let mut service = settled(Service::builder());
    let done = |service: &Service| service.get("/api/v1/events?kind=config.first_steps_done")["items"].as_array().map(Vec::len);
    assert_eq!(done(&service), Some(0));
    let ended = post(&service, "end", "");
    assert_eq!((ended.status, ended.header("location")), (303, "/"));
    service.kill();
    service.restart();
    assert_eq!(post(&service, "end", "").status, 303);
    assert_eq!(done(&service), Some(1), "once");
}
