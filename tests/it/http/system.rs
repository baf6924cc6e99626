//! The pages about the service: status, events, its own log.

use super::support::{Answer, ask, one_image, settled};
use crate::support::{disc, service::Service};
use serde_json::json;

fn get(service: &Service, path: &str, language: &str) -> Answer {
    ask(service, "GET", path, &[("accept-language", language)], b"")
}

/// Nothing more happens by itself.
fn quiet(service: &Service) {
    service.eject(0);
    service.wait_for_drive(0, "waiting_for_media", "tray_open");
}

#[test]
fn the_status_page_shows_every_part_its_storage_and_who_reads() {
    let service = settled(Service::builder().drives(2));
    one_image(&service, "SPACE");
    let page = get(&service, "/system", "en").text();
    for words in ["Everything runs.", "event_log", "drive:virtual-drive1", "SQLite", "1 image, ", "None: no job runs", "/metrics"]
    {
        assert!(page.contains(words), "{words}: {page}");
    }
    assert_eq!(page.matches("<ul").count(), page.matches("</ul>").count());
    assert_eq!(page.matches("<li>").count() + page.matches("<li ").count(), page.matches("</li>").count());
    service.script(1, "speed_bytes_per_second = 300000\n");
    service.insert(1, &disc::file(service.folder.path(), "SLOW", 1000, 3));
    service.wait_for_drive(1, "idle", "");
    let job = service.create_job(1, &json!({}));
    service.wait_for_progress(&job);
    let worker = service.workers().first().copied().expect("a worker");
    let page = get(&service, "/system", "de").text();
    assert!(page.contains("Alles läuft.") && page.contains(&format!("/jobs/{job}")), "{page}");
    assert!(page.contains(&format!(">{worker}<")), "the process id of the worker: {page}");
}

#[test]
fn events_are_filtered_by_the_address_and_paged() {
    let service = settled(Service::builder());
    let (image, _) = one_image(&service, "FIND ME");
    quiet(&service);
    let job = image["job_uuid"].as_str().expect("job");
    let rows = |path: &str| get(&service, path, "en").text().matches("data-key=\"event-").count();
    let all = service.get("/api/v1/system/logs?limit=200")["items"].as_array().expect("items").len();
    assert_eq!(rows("/system/logs"), all);
    let of_job = service.get(&format!("/api/v1/system/logs?limit=200&job={job}"))["items"].as_array().expect("items").len();
    assert!(of_job > 0 && of_job < all);
    assert_eq!(rows(&format!("/system/logs?job={job}")), of_job);
    let found = service.get("/api/v1/system/logs?q=find%20ME")["items"].as_array().expect("items").clone();
    assert!(!found.is_empty() && found.iter().all(|event| event["message"].to_string().to_lowercase().contains("find me")));
    assert_eq!(rows("/system/logs?q=find+me"), found.len());
    // Characters that are wildcards in the database are none here.
    let items = service.get("/api/v1/system/logs?limit=200")["items"].as_array().expect("items").clone();
    let with = |text: &str| items.iter().filter(|event| event["message"].as_str().is_some_and(|all| all.contains(text))).count();
    assert_eq!((rows("/system/logs?q=%25%25"), rows("/system/logs?q=_")), (0, with("_")));
    assert_eq!(rows("/system/logs?until=2001-01-01"), 0);
    assert_eq!(rows("/system/logs?since=2001-01-01"), all);
    assert_eq!(rows("/system/logs?kind=iso."), 1);
    let first = rows("/system/logs?before=4");
    assert_eq!(first, 3, "older ones");
    let page = get(&service, "/system/logs?before=4", "en").text();
    assert!(page.contains("rel=\"prev\"") && !page.contains("data-live=\"system\""), "an older page stands still: {page}");
    for bad in ["level=loud", "job=x", "since=yesterday", "before=-1"] {
        let page = get(&service, &format!("/system/logs?{bad}"), "en");
        assert!(page.status == 422 && page.text().contains("role=\"alert\""), "{bad}: {}", page.text());
    }
    let hostile = get(&service, "/system/logs?q=%22%3E%3Cscript%3Ealert(1)", "en").text();
    assert!(!hostile.contains("<script>alert"), "{hostile}");
}

#[test]
fn events_can_be_downloaded_as_they_are_filtered() {
    let service = settled(Service::builder());
    one_image(&service, "LOAD");
    quiet(&service);
    let download = get(&service, "/system/logs/download?format=jsonl&kind=job.", "en");
    assert!(download.header("content-disposition").contains("events.jsonl"));
    let lines: Vec<serde_json::Value> = download.text().lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let events = service.get("/api/v1/events?kind=job.&limit=200")["items"].clone();
    assert_eq!(json!(lines), events, "oldest first, the same events");
    let text = get(&service, "/system/logs/download?format=text", "en").text();
    assert_eq!(text.lines().count(), service.get("/api/v1/events?limit=200")["items"].as_array().expect("items").len());
    assert_eq!(get(&service, "/system/logs/download?format=xml", "en").status, 400);
}

#[test]
fn the_services_own_log_is_shown_without_secrets() {
    let service = settled(Service::builder());
    let page = get(&service, "/system/logs/service", "en").text();
    assert!(page.contains("disk2iso starts") && page.contains("data-key=\"line-1\""), "{page}");
    assert_eq!(get(&service, "/system/logs?source=service", "en").header("location"), "/system/logs/service");
    let none = get(&service, "/system/logs/service?q=no+such+line", "en").text();
    assert!(none.contains("No such line.") && !none.contains("data-key=\"line-1\""), "{none}");
    let guarded = Service::builder().auth().start();
    assert_ne!(ask(&guarded, "GET", "/system/logs/service", &[], b"").status, 200);
    let authorization = format!("Bearer {}", guarded.token);
    let log = ask(&guarded, "GET", "/system/logs/service/download", &[("authorization", &authorization)], b"").text();
    assert!(log.contains("disk2iso starts") && !log.contains(&guarded.set_up_secret()) && !log.contains(&guarded.token), "{log}");
}
