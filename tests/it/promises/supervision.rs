//! Supervision of the real tree, seen from outside: health, and a worker that dies again and again.

use crate::support::{disc, service::Service};
use serde_json::json;

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
