//! Lists: pages, filters, orders; jobs as a resource; settings.

use super::support::{ask, settled};
use crate::support::{databases::Database, service::Service};
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn make(service: &Service, number: i32) -> String {
    let body = json!({ "device": service.drive_folder(0), "mode": "standard", "filename": format!("Photo {number:02}"), "priority": number % 3 });
    let job = service.command("/api/v1/jobs", &body);
    job["uuid"].as_str().expect("uuid").to_owned()
}

fn ids(page: &Value) -> Vec<String> {
    page["items"].as_array().expect("items").iter().map(|item| item["uuid"].as_str().expect("uuid").to_owned()).collect()
}

#[test]
fn pages_show_every_job_once_in_every_order_on_both_databases() {
    for database in Database::both() {
        let service = settled(Service::builder().database(database));
        let made: Vec<String> = (0..7).map(|number| make(&service, number)).collect();
        for sort in ["created_at", "-created_at", "-priority", "priority", "label", "-updated_at", "status"] {
            let (mut seen, mut cursor) = (Vec::new(), None::<String>);
            loop {
                let rest = cursor.map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
                let page = service.get(&format!("/api/jobs?sort={sort}&limit=3&status=queued,running{rest}"));
                seen.extend(ids(&page));
                let Some(next) = page["next_cursor"].as_str() else { break };
                cursor = Some(next.to_owned());
            }
            assert_eq!(seen.len(), 7, "{sort}");
            assert_eq!(seen.iter().collect::<BTreeSet<_>>(), made.iter().collect(), "{sort}");
        }
        let page = service.get("/api/v1/jobs?limit=2&sort=-priority");
        assert!(page["items"][0]["priority"].as_i64() >= page["items"][1]["priority"].as_i64());
        let cursor = page["next_cursor"].as_str().expect("more");
        assert_eq!(
            ask(&service, "GET", &format!("/api/v1/jobs?limit=2&sort=label&cursor={cursor}"), &[], b"").json()["field"],
            "cursor"
        );
        assert_eq!(ids(&service.get("/api/v1/jobs?q=pHOTO%2003")), [made[3].clone()]);
        assert_eq!(ids(&service.get("/api/v1/jobs?status=completed,failed")).len(), 0);
        assert_eq!(ids(&service.get("/api/v1/jobs?since=2999-01-01")).len(), 0);
        assert_eq!(ids(&service.get("/api/v1/jobs?until=2999-01-01&kind=image")).len(), 7);
        let device = format!("/api/v1/jobs?device={}", service.drive_folder(0).display());
        assert_eq!(ids(&service.get(&device)).len(), 7);
        assert_eq!(ids(&service.get("/api/v1/jobs?device=/dev/sr9")).len(), 0);
    }
}

#[test]
fn a_job_is_accepted_changed_paused_resumed_cancelled_retried_and_removed() {
    let service = settled(Service::builder());
    let body = json!({ "device": "virtual-drive0", "mode": "standard" }).to_string();
    let answer = ask(&service, "POST", "/api/jobs", &[("content-type", "application/json")], body.as_bytes());
    assert_eq!(answer.status, 202, "{}", answer.text());
    let job = answer.json();
    let uuid = job["uuid"].as_str().expect("uuid").to_owned();
    let path = format!("/api/v1/jobs/{uuid}");
    assert_eq!(answer.header("location"), path);
    for field in [
        "uuid",
        "kind",
        "status",
        "phase",
        "mode",
        "device",
        "disk_label",
        "disk_type",
        "progress",
        "size_total",
        "size_processed",
        "speed",
        "eta_seconds",
        "error_count",
        "verdict",
        "priority",
        "output_path",
        "created_at",
        "started_at",
        "completed_at",
        "updated_at",
    ] {
        assert!(job.get(field).is_some(), "{field} is missing: {job}");
    }
    assert_eq!(
        (job["kind"].as_str(), job["status"].as_str(), job["device"].as_str()),
        (Some("image"), Some("queued"), service.drive_folder(0).to_str())
    );
    service.wait("the reason for waiting", |service| (service.job(&uuid)["reason"] == "waiting_for_disc").then_some(()));
    let put = |body: &str| ask(&service, "PUT", &path, &[("content-type", "application/json")], body.as_bytes());
    assert_eq!(put("{\"priority\":50}").json()["priority"], 50);
    assert_eq!(put("{\"priority\":101}").json()["field"], "priority");
    assert_eq!(put("{\"status\":\"running\"}").json()["field"], "status");
    assert_eq!(service.job(&uuid)["priority"], 50);
    let post = |action: &str| ask(&service, "POST", &format!("{path}/{action}"), &[], b"");
    assert_eq!((post("pause").status, service.job(&uuid)["status"].as_str()), (202, Some("paused")));
    assert_eq!(service.job(&uuid)["reason"], "user");
    assert_eq!((post("resume").status, service.job(&uuid)["status"].as_str()), (202, Some("queued")));
    assert_eq!(post("retry").json()["code"], "job_not_retryable");
    assert_eq!((post("cancel").status, service.job(&uuid)["status"].as_str()), (202, Some("cancelled")));
    assert_eq!(post("pause").json()["code"], "job_finished");
    assert_eq!((post("retry").status, service.job(&uuid)["status"].as_str()), (202, Some("queued")));
    let delete = || ask(&service, "DELETE", &path, &[], b"").status;
    assert!((200..300).contains(&delete()));
    assert_eq!(service.job(&uuid)["status"], "cancelled");
    assert!((200..300).contains(&delete()));
    assert_eq!(delete(), 404);
}

#[test]
fn settings_change_in_part_are_told_and_survive_a_restart_on_both_databases() {
    for database in Database::both() {
        let mut service = settled(Service::builder().database(database).set("DISK2ISO_MAX_JOBS", 3));
        let before = service.get("/api/v1/system/config");
        assert_eq!(before["runtime"]["max_jobs"], 3);
        let shown = serde_json::to_string(&before).expect("text");
        assert!(!shown.contains("d2i@") && shown.contains("database.url"), "the database's user is shown: {shown}");
        let put =
            |body: &str| ask(&service, "PUT", "/api/v1/system/config", &[("content-type", "application/json")], body.as_bytes());
        let after = put("{\"auto\":true,\"again\":\"ask\"}");
        assert_eq!(
            (after.status, &after.json()["runtime"]["auto"], &after.json()["runtime"]["max_jobs"]),
            (200, &json!(true), &json!(3))
        );
        let events = service.get("/api/v1/events?kind=config.");
        assert_eq!(events["items"][0]["payload"]["changes"], json!({ "again": "ask", "auto": true }));
        assert_eq!(put("{\"auto\":true}").status, 200);
        assert_eq!(
            service.get("/api/v1/events?kind=config.")["items"].as_array().map(Vec::len),
            Some(1),
            "nothing changed, nothing to tell"
        );
        service.stop();
        service.restart();
        let runtime = service.get("/api/v1/system/config")["runtime"].clone();
        assert_eq!((&runtime["auto"], &runtime["again"], &runtime["max_jobs"]), (&json!(true), &json!("ask"), &json!(3)));
    }
}

#[test]
fn status_health_metrics_and_log_say_how_it_is() {
    let service = settled(Service::builder().drives(2));
    make(&service, 1);
    let status = service.get("/api/v1/system/status");
    assert_eq!(
        (&status["jobs"]["queued"], &status["jobs"]["failed"], &status["healthy"]),
        (&json!(1), &json!(0), &json!(true)),
        "{status}"
    );
    assert!(status["disk"]["available"].as_u64() > Some(0) && status["memory"]["service"].as_u64() > Some(1_000_000), "{status}");
    assert_eq!(status["drives"].as_array().map(Vec::len), Some(2));
    let ready = service.get("/health/ready");
    assert_eq!((&ready["status"], &ready["database"], &ready["failing"]), (&json!("ready"), &json!("ok"), &json!([])));
    let metrics = ask(&service, "GET", "/metrics", &[], b"").text();
    for line in
        ["disk2iso_jobs{status=\"queued\"} 1", "disk2iso_drives{state=\"waiting_for_media\"} 2", "process_resident_memory_bytes"]
    {
        assert!(metrics.contains(line), "{line}: {metrics}");
    }
    let (up, down) = (service.get("/api/v1/events?limit=200"), service.get("/api/v1/system/logs?limit=200"));
    let seqs = |list: &Value| {
        list["items"].as_array().expect("items").iter().map(|event| event["seq"].as_i64().expect("seq")).collect::<Vec<_>>()
    };
    assert!(seqs(&up).is_sorted() && seqs(&down).iter().rev().is_sorted() && seqs(&up).len() >= 3);
    let first = service.get("/api/v1/system/logs?limit=1");
    let second = service.get(&format!("/api/v1/system/logs?limit=1&cursor={}", first["next_cursor"].as_str().expect("more")));
    assert!(seqs(&second) < seqs(&first));
}
