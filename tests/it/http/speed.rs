//! How fast a job was, as a curve.

use super::support::settled;
use crate::support::{disc, service::Service};

#[test]
fn a_job_tells_its_speed_over_time_while_it_runs_and_after() {
    let service = settled(Service::builder());
    service.script(0, "speed_bytes_per_second = 1000000\n");
    service.insert(0, &disc::file(service.folder.path(), "CURVE", 1000, 3));
    service.wait_for_drive(0, "idle", "");
    let job = service.create_job(0, &serde_json::json!({}));
    let path = format!("/api/v1/jobs/{job}/speed");
    let points = |service: &Service| service.get(&path)["points"].as_array().expect("points").clone();
    service.wait("two points", |service| (points(service).len() >= 2).then_some(()));
    service.wait_for_status(&job, "completed");
    let points = points(&service);
    assert!(points.len() <= 300);
    assert!(points.is_sorted_by_key(|point| point["at"].as_str().expect("time").to_owned()));
    assert!(points.iter().any(|point| point["bytes_per_second"].as_f64() > Some(0.0)), "{points:?}");
    let done = points.last().expect("a point")["size_processed"].as_u64().expect("bytes");
    assert!((1..=2_048_000).contains(&done), "{done}");
}

#[test]
fn a_job_that_does_not_exist_has_no_curve() {
    let service = settled(Service::builder());
    let (status, problem) = service.try_get("/api/v1/jobs/0198a2c4-5f10-7c3a-9a51-7d2f0c9e1b44/speed").expect("answer");
    assert_eq!((status, &problem["code"]), (404, &serde_json::json!("job_unknown")));
}
