//! The queue runs in the order that people see, also after a restart; what was deleted or cancelled comes back.

use crate::support::{databases::Database, disc, service::Service};
use disk2iso::storage::jobs;
use serde_json::{Value, json};

fn make(service: &Service, name: &str, priority: i32) -> String {
    let body = json!({ "device": service.drive_folder(0), "mode": "standard", "filename": name, "priority": priority });
    service.command("/api/v1/jobs", &body)["uuid"].as_str().expect("uuid").to_owned()
}

fn move_job(service: &Service, job: &str, to: &Value) -> (u16, Value) {
    service.post(&format!("/api/v1/jobs/{job}/move"), to)
}

/// Which job the drive gives itself to when its disc comes.
fn first_to_run(service: &Service) -> String {
    service.script(0, "speed_bytes_per_second = 300000\n");
    service.insert(0, &disc::file(service.folder.path(), "QUEUE", 1000, 3));
    service.wait("a job to run", |service| {
        let jobs = service.get("/api/v1/jobs?status=running");
        jobs["items"][0]["uuid"].as_str().map(str::to_owned)
    })
}

#[test]
fn the_job_that_was_put_first_runs_first_after_a_restart_too_on_both_databases() {
    for database in Database::both() {
        let mut service = Service::builder().database(database).start();
        let (a, b, c) = (make(&service, "a", 0), make(&service, "b", 7), make(&service, "c", 0));
        // Asked for by two people at once: each move is decided on the queue as it is then.
        std::thread::scope(|scope| {
            scope.spawn(|| assert_eq!(move_job(&service, &a, &json!({ "before": b })).0, 200));
            scope.spawn(|| assert_eq!(move_job(&service, &c, &json!({ "direction": "top" })).0, 200));
        });
        let (status, moved) = move_job(&service, &c, &json!({ "before": a }));
        assert_eq!((status, &moved["priority"]), (200, &json!(7)), "{moved}");
        let (status, same) = move_job(&service, &c, &json!({ "before": a, "after": null }));
        assert_eq!((status, &same["position"]), (200, &moved["position"]));
        let refused = move_job(&service, &b, &json!({ "after": c, "before": "0198a2c4-5f10-7c3a-9a51-7d2f0c9e1b44" }));
        assert_eq!((refused.0, refused.1["code"].as_str()), (409, Some("conflict")), "{}", refused.1);
        let events = service.get("/api/v1/events?kind=job.moved&limit=50");
        assert_eq!(events["items"].as_array().map(|events| events.iter().all(|event| !event["message"].is_null())), Some(true));
        service.kill();
        service.restart();
        assert_eq!(first_to_run(&service), c);
        let (status, told) = move_job(&service, &c, &json!({ "direction": "bottom" }));
        assert_eq!((status, told["code"].as_str()), (409, Some("job_not_queued")));
    }
}

#[test]
fn a_cancelled_job_comes_back_to_its_place_and_state() {
    let service = Service::builder().start();
    let (a, b) = (make(&service, "a", 0), make(&service, "b", 0));
    service.command(&format!("/api/v1/jobs/{b}/pause"), &json!({}));
    let answer = service
        .command("/api/v1/jobs/bulk", &json!({ "action": "cancel", "jobs": [a, b, a, "0198a2c4-5f10-7c3a-9a51-7d2f0c9e1b44"] }));
    assert_eq!((&answer["done"], answer["results"].as_array().map(Vec::len)), (&json!(2), Some(3)), "{answer}");
    assert_eq!(answer["results"][2]["problem"]["code"], "job_unknown");
    let place = service.job(&a)["position"].clone();
    let told = service.get("/api/v1/events?kind=job.bulk");
    assert_eq!(service.form(&format!("/ui/jobs/undo/{}", told["items"][0]["seq"])), 303);
    assert_eq!((service.job(&a)["status"].as_str(), &service.job(&a)["position"]), (Some("queued"), &place));
    assert_eq!((service.job(&b)["status"].as_str(), service.job(&b)["reason"].as_str()), (Some("paused"), Some("user")));
}

#[test]
fn a_deleted_job_comes_back_with_what_was_read_and_is_removed_for_good_later_on_both_databases() {
    for database in Database::both() {
        let mut service = Service::builder().database(database).start();
        let made = make(&service, "half", 0);
        let job = first_to_run(&service);
        assert_eq!(job, made);
        service.wait_for_progress(&job);
        service.command(&format!("/api/v1/jobs/{job}/cancel"), &json!({}));
        service.wait_for_drive(0, "idle", "");
        let part = service.output.join("half.iso.part");
        assert!(part.exists());
        service.wait("the job to be deleted", |service| (service.delete(&format!("/api/v1/jobs/{job}")) == 200).then_some(()));
        assert_eq!(service.status_of(&format!("/api/v1/jobs/{job}")), Some(404));
        assert_eq!((service.jobs().len(), part.exists()), (0, true));
        service.command(&format!("/api/v1/jobs/{job}/restore"), &json!({}));
        assert_eq!(service.job(&job)["status"], "cancelled");
        assert_eq!(service.delete(&format!("/api/v1/jobs/{job}")), 200);
        // Ten minutes later, after the service was away.
        service.stop();
        let id = job.parse().expect("an id");
        let db = service.database.open();
        let long_ago = chrono::Utc::now() - chrono::TimeDelta::minutes(11);
        db.write_blocking(|conn| jobs::restore(conn, id, long_ago).and_then(|()| jobs::hide(conn, id, long_ago))).expect("aged");
        service.restart();
        service.wait("the files to be removed", |_| (!part.exists() && !service.output.join("half.map").exists()).then_some(()));
        service.wait("the record to be removed", |_| {
            db.read_blocking(|conn| jobs::expired(conn, chrono::Utc::now(), 9)).expect("read").is_empty().then_some(())
        });
        assert_eq!(service.post(&format!("/api/v1/jobs/{job}/restore"), &json!({})).0, 404);
    }
}

#[test]
fn a_job_that_shall_go_for_good_goes_at_once() {
    let service = Service::builder().start();
    let job = make(&service, "x", 0);
    let gone = format!("/api/v1/jobs/{job}?final=true");
    assert_eq!((service.delete(&gone), service.job(&job)["status"].as_str()), (200, Some("cancelled")));
    assert_eq!((service.delete(&gone), service.status_of(&format!("/api/v1/jobs/{job}"))), (200, Some(404)));
    assert_eq!(service.post(&format!("/api/v1/jobs/{job}/restore"), &json!({})).1["code"], "job_unknown");
}
