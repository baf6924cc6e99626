//! The page of jobs: every view has its address, every button is a form, what was done can be taken back; with and without words
//! from strangers, in English and German.

use super::support::{Answer, ask, settled};
use crate::support::service::Service;
use serde_json::{Value, json};

fn page(service: &Service, path: &str, language: &str) -> String {
    let answer = ask(service, "GET", path, &[("accept-language", language), ("accept", "text/html")], b"");
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    answer.text()
}

fn make(service: &Service, name: &str) -> String {
    let body = json!({ "device": service.drive_folder(0), "mode": "standard", "filename": name });
    service.command("/api/v1/jobs", &body)["uuid"].as_str().expect("uuid").to_owned()
}

/// Presses a button that leads back to the page of jobs; gives what that page says then.
fn press(service: &Service, path: &str, fields: &str) -> String {
    let (own, form) = (service.url(""), "application/x-www-form-urlencoded");
    let fields = format!("next=%2Fjobs&{fields}");
    let answer = ask(service, "POST", path, &[("origin", &own), ("content-type", form)], fields.as_bytes());
    assert_eq!((answer.status, answer.header("location")), (303, "/jobs"), "{path}: {}", answer.text());
    said(service, &answer)
}

fn said(service: &Service, answer: &Answer) -> String {
    let cookie = answer.header("set-cookie").split(';').next().unwrap_or_default().to_owned();
    ask(service, "GET", "/jobs", &[("cookie", &cookie), ("accept", "text/html")], b"").text()
}

/// Address of the form that takes back what was said.
fn undo(text: &str) -> String {
    let notice = text.split("id=\"notices\"").nth(1).expect("a place for notices");
    let address = notice.split("action=\"").nth(1).and_then(|rest| rest.split('"').next());
    address.unwrap_or_else(|| panic!("nothing to take back: {notice:.600}")).to_owned()
}

/// Names in the order in which they stand on the page.
fn order(text: &str, names: &[&str]) -> String {
    let at = |name: &&&str| text.find(&format!("data-name=\"{name}\"")).unwrap_or_else(|| panic!("{name} is not there"));
    let mut sorted: Vec<&&str> = names.iter().collect();
    sorted.sort_by_key(at);
    sorted.into_iter().copied().collect()
}

fn status(service: &Service, job: &str) -> Value {
    service.job(job)["status"].clone()
}

#[test]
fn an_empty_page_teaches_and_a_filter_without_hits_can_be_cleared() {
    let service = settled(Service::builder());
    assert!(page(&service, "/jobs", "en").contains("No jobs yet. Insert a disc"));
    assert!(page(&service, "/jobs", "de").contains("Noch keine Aufgaben. Disc einlegen"));
    make(&service, "only");
    let text = page(&service, "/jobs?q=nothing&verdict=degraded&from=2020-01-01&sort=label", "en");
    assert!(text.contains("Nothing matches.") && text.contains("href=\"/jobs?sort=label\""), "{text}");
    assert!(
        text.contains("value=\"nothing\"")
            && text.contains("value=\"degraded\" selected")
            && text.contains("value=\"2020-01-01\"")
    );
    let refused = ask(&service, "GET", "/jobs?status=odd", &[("accept", "text/html")], b"");
    assert_eq!(refused.status, 400);
}

#[test]
fn the_queue_is_put_in_order_by_buttons_alone() {
    let service = settled(Service::builder());
    let jobs: Vec<String> = ["a", "b", "c"].iter().map(|name| make(&service, name)).collect();
    let names = ["a", "b", "c"];
    assert_eq!(order(&page(&service, "/jobs", "en"), &names), "abc");
    for (job, verb, expected) in [(2, "up", "acb"), (0, "bottom", "cba"), (1, "top", "bca"), (1, "down", "cba")] {
        let text = press(&service, &format!("/ui/jobs/{}/{verb}", jobs[job]), "");
        assert_eq!(order(&text, &names), expected, "{verb}");
        assert!(text.contains("moved in the queue"), "{verb}");
    }
    let nobody = "0198a2c4-5f10-7c3a-9a51-7d2f0c9e1b44";
    assert!(press(&service, &format!("/ui/jobs/{nobody}/up"), "").contains("Not possible:"));
    assert!(press(&service, &format!("/ui/jobs/{}/explode", jobs[0]), "").contains("cannot be done"));
}

#[test]
fn every_row_has_its_buttons_and_what_was_done_is_taken_back() {
    let service = settled(Service::builder());
    let job = make(&service, "photos");
    let address = |verb: &str| format!("/ui/jobs/{job}/{verb}");
    for (verb, now, before) in [("pause", "paused", "queued"), ("cancel", "cancelled", "queued")] {
        let text = press(&service, &address(verb), "");
        assert_eq!(status(&service, &job), now);
        press(&service, &undo(&text), "");
        assert_eq!(status(&service, &job), before, "{verb} was taken back");
    }
    press(&service, &address("pause"), "");
    let cancelled = press(&service, &address("cancel"), "");
    assert!(cancelled.contains("cancelled: photos"), "{cancelled}");
    assert_eq!(undo(&cancelled), address("uncancel_user"));
    let deleted = press(&service, &address("delete"), "");
    assert!(deleted.contains("deleted: photos") && !deleted.contains("data-job="), "{deleted}");
    assert_eq!(service.status_of(&format!("/api/v1/jobs/{job}")), Some(404));
    let restored = press(&service, &undo(&deleted), "");
    assert!(restored.contains("restored: photos"), "{restored}");
    press(&service, &undo(&cancelled), "");
    assert_eq!((status(&service, &job), service.job(&job)["reason"].as_str()), (json!("paused"), Some("user")));
}

#[test]
fn several_jobs_at_once_say_how_many_and_why_not_the_others_and_come_back_together() {
    let mut service = settled(Service::builder());
    let jobs: Vec<String> = ["a", "b", "c", "d"].iter().map(|name| make(&service, name)).collect();
    let tick = |jobs: &[String]| jobs.iter().map(|job| format!("&jobs={job}")).collect::<String>();
    service.command(&format!("/api/v1/jobs/{}/cancel", jobs[3]), &json!({}));
    let paused = press(&service, "/ui/jobs/bulk", &format!("do=pause{}", tick(&jobs)));
    assert!(paused.contains("3 jobs: paused (a, b, c)") && paused.contains("Left alone: 1 × over already"), "{paused}");
    let cancelled = press(&service, "/ui/jobs/bulk", &format!("do=cancel{}", tick(&jobs[..2])));
    let deleted = press(&service, "/ui/jobs/bulk", &format!("do=delete{}", tick(&jobs[..2])));
    assert!(deleted.contains("2 jobs: deleted"), "{deleted}");
    service.stop();
    service.restart();
    let back = press(&service, &undo(&deleted), "");
    assert!(back.contains("2 jobs: restored (a, b)"), "{back}");
    assert_eq!(status(&service, &jobs[0]), "cancelled");
    press(&service, &undo(&cancelled), "");
    assert_eq!((status(&service, &jobs[0]), status(&service, &jobs[1])), (json!("paused"), json!("paused")));
    press(&service, &undo(&paused), "");
    let all: Vec<Value> = jobs.iter().map(|job| status(&service, job)).collect();
    assert_eq!(all, ["queued", "queued", "queued", "cancelled"]);
    assert!(press(&service, "/ui/jobs/bulk", "do=cancel").contains("tick some first"));
    assert!(press(&service, "/ui/jobs/bulk", &format!("do=explode{}", tick(&jobs[..1]))).contains("Not possible:"));
    assert!(press(&service, "/ui/jobs/undo/99999999", "").contains("too long ago"));
    assert!(press(&service, "/ui/jobs/undo/x", "").contains("Not possible:"));
}

#[test]
fn a_hostile_name_is_text_in_both_languages_and_a_long_list_has_pages() {
    let service = settled(Service::builder());
    let hostile = "<img src=x onerror=alert(1)> \"quoted\" & صور 💿";
    let made: Vec<String> = (0..52).map(|number| make(&service, &format!("{hostile} {number:02}"))).collect();
    for language in ["en", "de"] {
        let text = page(&service, "/jobs", language);
        assert!(!text.contains("<img src=x") && text.contains("&#60;img src=x onerror=alert(1)&#62;"), "{language}");
        assert!(!text.contains(" style=") && !text.contains("onclick"), "the policy forbids inline style and script");
    }
    assert!(page(&service, "/jobs", "de").contains("Warteschlange") && page(&service, "/jobs", "en").contains("Queue"));
    let first = page(&service, "/jobs?status=queued", "en");
    let next = first.split("rel=\"next\" href=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("another page");
    let second = page(&service, &next.replace("&#38;", "&").replace("&amp;", "&"), "en");
    let on = |text: &str| made.iter().filter(|job| text.contains(&format!("data-job=\"{job}\""))).count();
    assert_eq!((on(&first), on(&second)), (50, 2));
    assert!(second.contains("First page") && !second.contains("rel=\"next\""));
    let found = page(&service, "/jobs?q=%3CIMG%20src%3Dx&drive=virtual-drive0&kind=image", "en");
    assert_eq!(on(&found), 50, "a name that was asked for is found");
}
