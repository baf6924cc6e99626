//! The diagnostics bundle: what is promised is in it, and no planted secret gets out.

use super::support::{ask, settled};
use crate::support::{databases::Database, service::Service};
use std::{collections::BTreeMap, io::Read as _};

/// The files of a bundle, without their folder.
fn unpack(bytes: &[u8]) -> BTreeMap<String, String> {
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(bytes));
    let entries = archive.entries().expect("an archive").map(|entry| {
        let mut entry = entry.expect("an entry");
        let path = entry.path().expect("path").display().to_string();
        let mut text = String::new();
        entry.read_to_string(&mut text).expect("text");
        (path.split_once('/').expect("a folder").1.to_owned(), text)
    });
    entries.collect()
}

/// A job that waits, with a map.
fn pause_a_job(service: &Service, label: &str) {
    service.script(0, "speed_bytes_per_second = 200000\n");
    let file = crate::support::disc::file(service.folder.path(), label, 1500, 9);
    service.insert(0, &file);
    service.wait_for_drive(0, "idle", "");
    let job = service.create_job(0, &serde_json::json!({}));
    service.wait_for_progress(&job);
    service.command(&format!("/api/v1/jobs/{job}/pause"), &serde_json::json!({}));
    service.wait_for_status(&job, "paused");
}

#[test]
fn what_the_page_lists_is_in_the_bundle_and_names_can_be_replaced() {
    let service = settled(Service::builder());
    pause_a_job(&service, "GEHEIME REISE");
    let page = ask(&service, "GET", "/system/diagnostics", &[("accept-language", "de")], b"").text();
    let answer = ask(&service, "GET", "/api/v1/system/diagnostics", &[], b"");
    assert_eq!((answer.status, answer.header("content-type")), (200, "application/gzip"));
    let files = unpack(&answer.body);
    for name in
        ["README.txt", "status.json", "doctor.txt", "settings.toml", "drives.json", "jobs.json", "events.jsonl", "service.log"]
    {
        assert!(files.contains_key(name) && page.contains(name), "{name}: {:?}", files.keys());
    }
    assert!(files.keys().any(|name| name.starts_with("maps/")), "{:?}", files.keys());
    let whole = files.values().cloned().collect::<String>();
    assert!(whole.contains("GEHEIME") && files["README.txt"].contains("labels of discs"), "it says that labels are in it");
    for json in ["status.json", "drives.json", "jobs.json"] {
        assert!(serde_json::from_str::<serde_json::Value>(&files[json]).is_ok(), "{json}");
    }
    assert!(files["events.jsonl"].lines().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()));
    let hidden = unpack(&ask(&service, "GET", "/system/diagnostics/download?hide=1", &[], b"").body);
    let folder = service.folder.path().display().to_string();
    for (name, text) in &hidden {
        assert!(!text.contains("GEHEIME") && !text.contains("REISE"), "{name}: {text}");
        assert!(!text.contains(&format!("{folder}/images")) && !text.contains(&format!("{folder}/state")), "{name}: {text}");
    }
    assert!(hidden["events.jsonl"].contains("job.") && hidden["README.txt"].contains("replaced"), "kinds stay");
}

#[test]
fn no_planted_secret_gets_into_the_bundle() {
    let service = Service::builder().auth().start();
    let authorization = format!("Bearer {}", service.token);
    let secret = service.set_up_secret();
    // Secrets where people put them by mistake: into an address, a label, a search.
    let _ = ask(&service, "GET", "/api/v1/nothing?password=hunter2", &[("authorization", &authorization)], b"");
    let bundle = ask(&service, "GET", "/api/v1/system/diagnostics", &[("authorization", &authorization)], b"");
    assert_eq!(bundle.status, 200, "{}", bundle.text());
    let password = crate::support::service::ADMIN.1;
    for (name, text) in unpack(&bundle.body) {
        for planted in [service.token.as_str(), secret.as_str(), password, "hunter2", "argon2", "csrf"] {
            assert!(!text.contains(planted), "{planted} in {name}: {text}");
        }
    }
    assert_ne!(ask(&service, "GET", "/api/v1/system/diagnostics", &[], b"").status, 200);
}

#[test]
fn the_address_of_the_database_is_not_in_it() {
    for database in Database::both() {
        let service = settled(Service::builder().database(database));
        let url = service.database.url.clone();
        let files = unpack(&ask(&service, "GET", "/api/v1/system/diagnostics", &[], b"").body);
        if url.starts_with("postgres") {
            let user = url.split("://").nth(1).and_then(|rest| rest.split('@').next()).expect("a user");
            for (name, text) in &files {
                assert!(!text.contains(&url) && !text.contains(&format!("{user}@")), "{name}: {text}");
            }
        }
        assert!(!files["settings.toml"].contains("url"), "{}", files["settings.toml"]);
    }
}
