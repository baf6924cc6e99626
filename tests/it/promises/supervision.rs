//! Supervision of the real tree, seen from outside: health, and a worker that dies again and again.

use crate::support::{databases::Database, disc, service::Service};
use disk2iso::{app::App, imaging::process::WorkerProgram};
use serde_json::json;
use std::sync::Mutex;

#[test]
fn a_worker_that_dies_again_and_again_fails_its_job_and_nothing_else() {
    let service = Service::builder().drives(2).start();
    let source = disc::file(service.folder.path(), "DOOMED", 8_192, 1);
    service.script(0, "speed_bytes_per_second = 1000000");
    service.insert(0, &source);
    let id = service.create_job(0, &json!({}));
    let failed = service.wait("the job to give up", |service| {
        for worker in service.workers() {
            let _ = nix::sys::signal::kill(nix::unistd::Pid::from_raw(worker as i32), nix::sys::signal::Signal::SIGKILL);
        }
        Some(service.job(&id)).filter(|job| job["status"] == "failed")
    });
    assert_eq!(failed["error_code"], "worker_crashed", "{failed}");
    assert_eq!(service.get("/health/ready")["status"], "ready");
    service.insert(1, &disc::file(service.folder.path(), "FINE", 2_048, 2));
    let other = service.create_job(1, &json!({}));
    assert_eq!(service.wait_for_status(&other, "completed")["verdict"], "complete");
    // A person may try again, and it goes on from what was read.
    service.command(&format!("/api/v1/jobs/{id}/retry"), &json!({}));
    service.wait_for_progress(&id);
}

#[test]
fn a_database_that_goes_away_and_comes_back_costs_no_job() {
    let service = Service::builder().auto().database(Database::postgres()).start();
    let source = disc::file(service.folder.path(), "LASTS", 8_192, 1);
    service.script(0, "speed_bytes_per_second = 4000000");
    service.insert(0, &source);
    let running =
        service.wait("the job to run", |service| service.jobs().first().filter(|job| job["status"] == "running").cloned());
    service.database.cut_off();
    service.wait("the service to say that it is not ready", |service| {
        service.status_of("/health/ready").filter(|status| *status == 503)
    });
    assert_eq!(service.status_of("/health/live"), Some(200));
    service.database.bring_back();
    service.wait("the service to be ready again", |service| service.status_of("/health/ready").filter(|status| *status == 200));
    let job = service.wait_for_status(running["uuid"].as_str().unwrap(), "completed");
    assert_eq!(job["verdict"], "complete", "{job}");
    assert!(std::fs::read(job["output_path"].as_str().unwrap()).unwrap() == std::fs::read(&source).unwrap());
    assert_eq!(service.jobs().len(), 1);
}

/// Panics once, on the thread that logs the message it waits for: an actor that dies of itself, without a hook in the product.
struct Trap;

static TRAP: Mutex<Option<&str>> = Mutex::new(None);

impl<S: tracing::Subscriber> tracing_subscriber::Layer<S> for Trap {
    fn on_event(&self, event: &tracing::Event<'_>, _: tracing_subscriber::layer::Context<'_, S>) {
        struct Message(String);
        impl tracing::field::Visit for Message {
            fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn std::fmt::Debug) {
                if field.name() == "message" {
                    self.0 = format!("{value:?}");
                }
            }
        }
        let mut message = Message(String::new());
        event.record(&mut message);
        let sprung = TRAP.lock().unwrap().take_if(|awaited| **awaited == message.0).is_some();
        assert!(!sprung, "sprung by the test");
    }
}

#[test]
fn a_panicking_job_actor_is_an_event_and_its_job_goes_on() {
    use tracing_subscriber::layer::SubscriberExt as _;
    // Nobody else in this process subscribes; the services of other tests are processes of their own.
    tracing::subscriber::set_global_default(tracing_subscriber::registry().with(Trap)).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let drive = folder.path().join("drive");
    let source = disc::file(folder.path(), "PANIC", 2_048, 1);
    disk2iso::optical::virtual_insert(&drive, &source).unwrap();
    let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).unwrap().port();
    let settings = [
        ("DISK2ISO_LISTEN", format!("127.0.0.1:{port}")),
        ("DISK2ISO_STATE_DIR", folder.path().join("state").display().to_string()),
        ("DISK2ISO_VIRTUAL_DRIVES", drive.display().to_string()),
        ("DISK2ISO_REAL_DRIVES", "0".to_owned()),
        ("DISK2ISO_AUTO", "1".to_owned()),
        ("DISK2ISO_AUTH", "off".to_owned()),
    ];
    let config = disk2iso::config::load(None, settings.into_iter().map(|(name, value)| (name.to_owned(), value))).unwrap();
    *TRAP.lock().unwrap() = Some("worker started");
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let service = std::thread::spawn(move || {
        actix::System::new().block_on(async {
            let app = App::start(config, WorkerProgram::at(env!("CARGO_BIN_EXE_disk2iso"))).await.unwrap();
            app.run(async { drop(stopped.await) }).await
        })
    });
    let get = |path: &str| -> Option<serde_json::Value> {
        reqwest::blocking::get(format!("http://127.0.0.1:{port}/api/v1{path}")).ok()?.json().ok()
    };
    let deadline = std::time::Instant::now() + crate::support::service::PATIENCE;
    let job = loop {
        let job = get("/jobs").and_then(|jobs| jobs["items"].get(0).cloned());
        if let Some(job) = job.filter(|job| job["status"] == "completed") {
            break job;
        }
        assert!(std::time::Instant::now() < deadline, "{:?}", get("/system/logs"));
        std::thread::sleep(std::time::Duration::from_millis(50));
    };
    assert!(TRAP.lock().unwrap().is_none(), "the trap must have sprung");
    assert_eq!(job["verdict"], "complete", "{job}");
    let events = get("/events?since=0&limit=200").unwrap();
    let told = |event: &serde_json::Value| {
        event["kind"] == "job.queued"
            && event["message"].as_str().is_some_and(|text| text.contains("panicked: sprung by the test"))
    };
    assert!(events["items"].as_array().unwrap().iter().any(told), "{events}");
    assert!(std::fs::read(job["output_path"].as_str().unwrap()).unwrap() == std::fs::read(&source).unwrap());
    stop.send(()).unwrap();
    assert_eq!(service.join().unwrap(), 0);
}
