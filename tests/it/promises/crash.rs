//! `kill -9` at any moment: the job goes on from its sector map, nobody has to do anything, the image is the same.

use crate::support::{databases::Database, disc, service::Service};
use disk2iso::domain::sector_map::{BlockStatus, SectorMap};
use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

const KILLS: u32 = 50;
/// 128 MiB, read in a little over two seconds if nobody is killed.
const SECTORS: usize = 65_536;
const SPEED: u64 = 60_000_000;
const MAX_LOST: u64 = 64 << 20;

/// Random enough to hit all phases, repeatable enough to look into.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

/// Bytes that the job's map claims, 0 without a map; a finished image needs none.
fn claimed(job: &serde_json::Value) -> u64 {
    let Some(image) = job["output_path"].as_str().map(Path::new) else { return 0 };
    let map = image.with_extension("map");
    match fs::read_to_string(map) {
        Ok(text) => SectorMap::parse(&text).map_or(0, |map| map.bytes(BlockStatus::Finished)),
        Err(_) => fs::metadata(image).map_or(0, |image| image.len()),
    }
}

fn claimed_by_crash(service: &Service) -> u64 {
    claimed(&serde_json::json!({ "output_path": service.output.join("CRASH.iso") }))
}

fn kill_at_random_moments(database: Database, seed: u64) {
    let mut service = Service::builder().auto().set("DISK2ISO_AGAIN", "again").database(database).start();
    let source = disc::file(service.folder.path(), "CRASH", SECTORS, seed);
    let original = fs::read(&source).expect("disc");
    service.script(0, &format!("speed_bytes_per_second = {SPEED}"));
    service.insert(0, &source);
    let (mut dice, mut kills, mut images) = (Dice(seed), 0, 0);
    while kills < KILLS {
        let moment = Instant::now() + Duration::from_millis(dice.roll(1500));
        let mut seen = serde_json::Value::Null;
        let mut done = None;
        while Instant::now() < moment && done.is_none() {
            let job = service.wait("a job", |service| service.jobs().first().cloned());
            done = Some(job.clone()).filter(|job| job["status"] == "completed");
            seen = job;
        }
        if let Some(job) = done {
            check(&service, &job, &original);
            images += 1;
            remove(&service);
            service.eject(0);
            service.insert(0, &source);
            service.wait("the next job", |service| service.jobs().first().filter(|job| job["status"] != "completed").cloned());
            continue;
        }
        kills += 1;
        let workers = service.workers();
        let kill_workers = || {
            for id in &workers {
                let _ = nix::sys::signal::kill(nix::unistd::Pid::from_raw(*id as i32), nix::sys::signal::Signal::SIGKILL);
            }
        };
        match dice.roll(3) {
            0 => {
                service.kill();
                service.restart();
            }
            1 => kill_workers(),
            _ => {
                kill_workers();
                service.kill();
                let lost = seen["size_processed"].as_u64().unwrap_or(0).saturating_sub(claimed(&seen));
                let files: Vec<_> =
                    fs::read_dir(&service.output).expect("folder").map(|file| file.expect("file").file_name()).collect();
                assert!(lost <= MAX_LOST, "{lost} bytes were read and are not in the map: {seen} {files:?}");
                service.restart();
            }
        }
    }
    let last = service
        .wait("the last job to complete", |service| service.jobs().first().filter(|job| job["status"] == "completed").cloned());
    check(&service, &last, &original);
    eprintln!("{kills} kills, {} images", images + 1);
}

/// The image is the disc, and the catalogue says so.
fn check(service: &Service, job: &serde_json::Value, original: &[u8]) {
    assert_eq!(job["verdict"], "complete", "{job}");
    let path = job["output_path"].as_str().expect("path");
    assert!(fs::read(path).expect("image") == original, "the image differs from the disc");
    let isos = service.isos();
    assert_eq!(isos.iter().filter(|iso| iso["job_uuid"] == job["uuid"]).count(), 1, "{isos:?}");
}

/// Makes room for the next image of the same name.
fn remove(service: &Service) {
    for iso in service.isos() {
        assert_eq!(service.delete(&format!("/api/v1/isos/{}?now=true", iso["id"].as_str().expect("id"))), 204);
    }
}

#[test]
fn kills_at_50_random_moments_lose_nothing_on_sqlite() {
    kill_at_random_moments(Database::sqlite(), 11);
}

#[test]
fn kills_at_50_random_moments_lose_nothing_on_postgres() {
    kill_at_random_moments(Database::postgres(), 12);
}

#[test]
fn a_stopped_service_goes_on_where_it_was() {
    let mut service = Service::builder().auto().start();
    let source = disc::file(service.folder.path(), "CRASH", SECTORS, 5);
    service.script(0, "speed_bytes_per_second = 40000000");
    service.insert(0, &source);
    let id = service.wait("a job", |service| service.jobs().first().and_then(|job| job["uuid"].as_str().map(str::to_owned)));
    service.wait_for_progress(&id);
    assert_eq!(service.stop(), Some(0));
    assert!(claimed_by_crash(&service) > 0, "a clean stop makes durable what was read");
    service.restart();
    let job = service.wait_for_status(&id, "completed");
    check(&service, &job, &fs::read(&source).expect("disc"));
}

#[test]
fn a_paused_job_keeps_what_it_read_and_goes_on() {
    let service = Service::builder().start();
    let source = disc::file(service.folder.path(), "CRASH", SECTORS, 6);
    service.script(0, "speed_bytes_per_second = 40000000");
    service.insert(0, &source);
    let id = service.create_job(0, &serde_json::json!({}));
    service.wait_for_progress(&id);
    service.command(&format!("/api/v1/jobs/{id}/pause"), &serde_json::json!({}));
    let paused = service.wait_for_status(&id, "paused");
    assert_eq!(paused["reason"], "user");
    assert!(claimed_by_crash(&service) > 0);
    service.command(&format!("/api/v1/jobs/{id}/resume"), &serde_json::json!({}));
    let job = service.wait_for_status(&id, "completed");
    check(&service, &job, &fs::read(&source).expect("disc"));
}

#[test]
fn a_cancelled_job_keeps_its_partial_image_and_can_be_tried_again() {
    let service = Service::builder().start();
    let source = disc::file(service.folder.path(), "CRASH", SECTORS, 7);
    service.script(0, "speed_bytes_per_second = 40000000");
    service.insert(0, &source);
    let id = service.create_job(0, &serde_json::json!({}));
    service.wait_for_progress(&id);
    service.command(&format!("/api/v1/jobs/{id}/cancel"), &serde_json::json!({}));
    assert_eq!(service.job(&id)["status"], "cancelled");
    service.wait("the worker to be gone", |service| service.workers().is_empty().then_some(()));
    assert!(claimed_by_crash(&service) > 0);
    service.command(&format!("/api/v1/jobs/{id}/retry"), &serde_json::json!({}));
    let job = service.wait_for_status(&id, "completed");
    check(&service, &job, &fs::read(&source).expect("disc"));
}
