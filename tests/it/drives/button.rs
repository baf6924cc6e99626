//! The button on the drive, and the lock of its tray.

use crate::support::{disc, service::Service};
use disk2iso::{
    domain::drive::TrayStatus,
    optical::{DeviceAddress, OpticalDevice, virtual_press_button},
};
use serde_json::{Value, json};

fn by_hand(service: &Service) -> Box<dyn OpticalDevice> {
    DeviceAddress::Virtual(service.drive_folder(0)).open().expect("drive")
}

fn refusals(service: &Service) -> Vec<Value> {
    service.get("/api/v1/system/logs?kind=drive.eject_refused&limit=200")["items"].as_array().expect("items").clone()
}

fn reading(service: &Service, label: &str) -> String {
    let source = disc::file(service.folder.path(), label, 4_096, 1);
    service.script(0, "speed_bytes_per_second = 3000000");
    service.insert(0, &source);
    let id = service.create_job(0, &json!({}));
    service.wait_for_progress(&id);
    id
}

#[test]
fn while_a_job_reads_the_tray_stays_shut_and_people_are_told_why() {
    let service = Service::builder().start();
    let id = reading(&service, "LOCKED");
    virtual_press_button(&service.drive_folder(0)).expect("pressed");
    assert_eq!(by_hand(&service).status().expect("status").tray, TrayStatus::Loaded);
    let told = service.wait("the refusal to be told", |service| refusals(service).first().cloned());
    assert_eq!((told["level"].as_str(), told["job_uuid"].as_str()), (Some("warning"), Some(id.as_str())));
    assert!(told["message"].as_str().is_some_and(|message| message.contains("pause or cancel the job first")), "{told}");
    assert_eq!(service.wait_for_status(&id, "completed")["verdict"], "complete");
    // Afterwards the button opens the tray by itself.
    service.wait("the tray to be unlocked", |service| {
        virtual_press_button(&service.drive_folder(0)).expect("pressed");
        (by_hand(service).status().expect("status").tray == TrayStatus::Open).then_some(())
    });
    assert_eq!(refusals(&service).len(), 1, "it was pressed once while the job was reading");
}

#[test]
fn a_button_that_somebody_elses_lock_has_made_dead_opens_the_tray() {
    let service = Service::builder().start();
    let source = disc::file(service.folder.path(), "DEAD", 1_024, 1);
    service.insert(0, &source);
    service.wait_for_drive(0, "idle", "ready");
    // As udev's helper does with every event.
    by_hand(&service).lock(true).expect("locked");
    virtual_press_button(&service.drive_folder(0)).expect("pressed");
    service.wait_for_drive(0, "waiting_for_media", "tray_open");
}

#[test]
fn a_crash_leaves_no_tray_locked_for_ever() {
    let mut service = Service::builder().start();
    let id = reading(&service, "CRASHED");
    service.kill();
    virtual_press_button(&service.drive_folder(0)).expect("pressed");
    assert_eq!(by_hand(&service).status().expect("status").tray, TrayStatus::Loaded, "the lock outlives the service");
    service.restart();
    assert_eq!(service.wait_for_status(&id, "completed")["verdict"], "complete");
    service.wait("the tray to be unlocked", |service| {
        virtual_press_button(&service.drive_folder(0)).expect("pressed");
        (by_hand(service).status().expect("status").tray == TrayStatus::Open).then_some(())
    });
}
