//! Settings as forms and through the API: all or nothing, tried before they are stored, told, kept over restarts.

use super::support::{Answer, ask, settled};
use crate::support::service::Service;
use serde_json::{Value, json};
use std::fs;

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
const JSON: (&str, &str) = ("content-type", "application/json");

fn post(service: &Service, path: &str, body: &str) -> Answer {
    ask(service, "POST", path, &[FORM, ("accept-language", "de")], body.as_bytes())
}

fn put(service: &Service, body: &Value) -> Answer {
    ask(service, "PUT", "/api/v1/system/config", &[JSON], body.to_string().as_bytes())
}

fn setting(service: &Service, key: &str) -> Value {
    let all = service.get("/api/v1/system/config")["settings"].clone();
    all.as_array().expect("settings").iter().find(|setting| setting["key"] == key).cloned().expect(key)
}

fn stored(service: &Service) -> Option<String> {
    fs::read_to_string(service.folder.path().join("state/settings.toml")).ok()
}

fn changes(service: &Service) -> usize {
    service.get("/api/v1/events?kind=config.changed")["items"].as_array().expect("items").len()
}

#[test]
fn every_setting_stands_on_the_page_with_its_help_in_both_languages() {
    let service = settled(Service::builder());
    for (language, word) in [("en", "Image every disc that is inserted"), ("de", "Jede eingelegte Disc abbilden")] {
        let page = ask(&service, "GET", "/settings", &[("accept-language", language)], b"").text();
        assert!(page.contains(word) && page.contains("DISK2ISO_LISTEN"), "{page}");
        for key in disk2iso::config::KEYS {
            assert!(page.contains(&format!("id=\"set-{}\"", key.name.replace('.', "-"))), "{}", key.name);
        }
        assert!(!page.contains(" style="), "the policy forbids inline style");
    }
}

#[test]
fn settings_that_count_at_once_and_at_the_next_start_are_told_and_kept() {
    let mut service = settled(Service::builder());
    let saved = post(
        &service,
        "/ui/settings/drives",
        "has=drives.auto&drives.auto=1&has=drives.eject_when_done&drives.again=ask&drives.wedged_after_seconds=77&next=/settings",
    );
    assert_eq!((saved.status, saved.header("location")), (303, "/settings#drives"), "{}", saved.text());
    assert!(saved.header("set-cookie").contains("notice="), "it is said what was done");
    assert_eq!(setting(&service, "drives.auto")["value"], "1");
    let patience = setting(&service, "drives.wedged_after_seconds");
    assert_eq!((&patience["value"], &patience["pending"], &patience["source"]), (&json!("55"), &json!("77"), &json!("stored")));
    let event = service.get("/api/v1/events?kind=config.changed")["items"][0].clone();
    assert_eq!(event["payload"]["changes"], json!({ "again": "ask", "auto": true }), "what was said before is not told again");
    assert_eq!(event["payload"]["settings"], json!({ "drives.wedged_after_seconds": "77" }));
    let page = ask(&service, "GET", "/settings", &[("accept-language", "de")], b"").text();
    assert!(page.contains("Gilt nach einem Neustart") && page.contains("Bis zum Neustart des Dienstes gilt:"), "{page}");
    service.kill();
    service.restart();
    let patience = setting(&service, "drives.wedged_after_seconds");
    assert_eq!((&patience["value"], &patience["pending"]), (&json!("77"), &Value::Null));
    assert_eq!(setting(&service, "drives.again")["value"], "ask");
    assert_eq!(put(&service, &json!({ "settings": { "drives.wedged_after_seconds": null, "drives.auto": null } })).status, 200);
    assert_eq!(setting(&service, "drives.wedged_after_seconds")["pending"], "55", "taken back");
    assert_eq!(setting(&service, "drives.auto")["value"], "0");
}

#[test]
fn what_is_not_allowed_is_said_beside_its_field_and_nothing_changes() {
    let service = settled(Service::builder());
    let body = "jobs.max=65&has=jobs.verify&jobs.verify=1";
    let refused = post(&service, "/ui/settings/jobs", body);
    let page = refused.text();
    assert_eq!(refused.status, 422);
    assert!(page.contains("value=\"65\"") && page.contains("1 bis 64") && page.contains("aria-invalid=\"true\""), "{page}");
    assert_eq!(setting(&service, "jobs.verify")["value"], "0", "all or nothing");
    let root = "paths.output_roots=/proc/nothing/%3Cscript%3Ealert(1)%3C/script%3E";
    let refused = post(&service, "/ui/settings/paths", root);
    assert_eq!(refused.status, 422);
    assert!(!refused.text().contains("<script>alert") && refused.text().contains("/proc/nothing"), "{}", refused.text());
    for (key, value) in [
        ("paths.output_roots", "/proc/nothing"),
        ("paths.output_roots", "/a\nb"),
        ("drives.wedged_after_seconds", "0"),
        ("log.level", "loud"),
        ("jobs.max", "0"),
        ("paths.state_dir", "/elsewhere"),
        ("database.url", "sqlite:/tmp/x"),
        ("server.auth", "on"),
        ("server.listen", "127.0.0.1:1"),
        ("hook.command", "/bin/true"),
        ("no.such", "1"),
    ] {
        let answer = put(&service, &json!({ "auto": true, "settings": { (key): value } }));
        assert_eq!((answer.status, answer.json()["field"].as_str()), (422, Some(key)), "{key}: {}", answer.text());
    }
    let long = "x".repeat(5_000);
    assert_eq!(put(&service, &json!({ "settings": { "paths.output_roots": long } })).status, 422);
    assert_eq!(put(&service, &json!({ "auto": true, "settings": { "drives.auto": "1" } })).status, 422, "said twice");
    assert_eq!((setting(&service, "drives.auto")["value"].as_str(), changes(&service), stored(&service)), (Some("0"), 0, None));
    assert_eq!(post(&service, "/ui/settings/nothing", "").status, 404);
}

#[test]
fn a_new_folder_is_tried_and_used_after_a_restart() {
    let mut service = settled(Service::builder());
    let folder = service.folder.path().join("more/images \"x\"");
    let answer = put(&service, &json!({ "settings": { "paths.output_roots": folder.display().to_string() } }));
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(!folder.exists(), "trying leaves nothing behind");
    let file = service.folder.path().join("state/settings.toml");
    let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&file).expect("stored").permissions());
    assert_eq!(mode & 0o777, 0o600);
    service.stop();
    service.restart();
    let roots = setting(&service, "paths.output_roots");
    assert_eq!((roots["value"].as_str(), &roots["pending"]), (folder.to_str(), &Value::Null));
}

#[test]
fn the_log_level_changes_while_the_service_runs() {
    let service = settled(Service::builder());
    let log = || ask(&service, "GET", "/system/logs/service/download", &[], b"").text();
    assert!(!log().contains(" debug "), "{}", log());
    assert_eq!(put(&service, &json!({ "settings": { "log.level": "trace" } })).status, 200);
    assert_eq!(setting(&service, "log.level")["pending"], Value::Null, "at once");
    service.wait("lines of the new level", |_| (log().contains(" trace ") || log().contains(" debug ")).then_some(()));
    assert!(stored(&service).is_some_and(|text| text.contains("level = \"trace\"")));
}

#[test]
fn a_configuration_goes_out_and_comes_in_whole_or_not_at_all() {
    let service = settled(Service::builder());
    let exported = ask(&service, "GET", "/api/v1/system/config/export", &[], b"");
    let text = exported.text();
    assert_eq!(exported.header("content-type"), "application/toml; charset=utf-8");
    assert!(text.contains("max = 8") && !text.contains("url"), "{text}");
    let import = |body: &Value| ask(&service, "POST", "/api/v1/system/config/import", &[JSON], body.to_string().as_bytes());
    let same = import(&json!({ "toml": text, "apply": true })).json();
    assert_eq!((&same["changes"], &same["kept"]), (&json!([]), &json!([])), "an export changes nothing where it came from");
    let other = "[jobs]\nmax = 3\n[hook]\nseconds = 9\n[server]\nlisten = \"127.0.0.1:9\"\n";
    let shown = import(&json!({ "toml": other })).json();
    assert_eq!(shown["applied"], false);
    assert_eq!(shown["changes"][0], json!({ "key": "hook.seconds", "old": "120", "new": "9", "applies": "restart" }));
    assert_eq!(shown["kept"][0]["key"], "server.listen", "the environment stays");
    assert_eq!(setting(&service, "jobs.max")["value"], "8", "only shown");
    for bad in ["[jobs]\nmax = 3\n[hook]\nseconds = 0\n", "[jobs]\nmax = 3\nmix = 1\n", "jobs = ["] {
        assert_eq!(import(&json!({ "toml": bad, "apply": true })).status, 422, "{bad}");
        assert_eq!((setting(&service, "jobs.max")["value"].as_str(), stored(&service)), (Some("8"), None), "{bad}");
    }
    let body = "toml=%5Bjobs%5D%0Amax+%3D+5%0A";
    let page = post(&service, "/ui/settings/import", body);
    assert!(page.status == 200 && page.text().contains("Alles so ändern"), "{}", page.text());
    assert_eq!(setting(&service, "jobs.max")["value"], "8");
    assert_eq!(post(&service, "/ui/settings/import", &format!("{body}&apply=1")).status, 303);
    assert_eq!(setting(&service, "jobs.max")["value"], "5");
    let hostile = post(&service, "/ui/settings/import", "toml=%3C/textarea%3E%3Cscript%3Ealert(1)");
    assert!(hostile.status == 422 && !hostile.text().contains("<script>alert"), "{}", hostile.text());
}

#[test]
fn without_the_right_nothing_is_shown_and_with_accounts_the_hook_can_be_set() {
    let service = Service::builder().auth().start();
    assert_ne!(ask(&service, "GET", "/settings", &[("accept", "text/html")], b"").status, 200);
    let authorization = format!("Bearer {}", service.token);
    let with =
        |method: &str, path: &str, body: &[u8]| ask(&service, method, path, &[JSON, ("authorization", &authorization)], body);
    for (program, status) in [("/nowhere/loader", 422), ("loader", 422), ("/bin/true", 200), ("", 200)] {
        let body = json!({ "settings": { "hook.command": program } }).to_string();
        let answer = with("PUT", "/api/v1/system/config", body.as_bytes());
        assert_eq!(answer.status, status, "{program}: {}", answer.text());
    }
    let event = service.get("/api/v1/events?kind=config.changed")["items"][0].clone();
    assert_eq!(event["payload"]["settings"]["hook.command"], "/bin/true");
}
