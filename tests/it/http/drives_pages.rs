//! The pages of drives: disc, settings, life, insertion.

use super::support::{Answer, ask, one_image, settled};
use crate::support::{disc, service::Service};

fn page(service: &Service, language: &str) -> String {
    let answer = ask(service, "GET", "/drives/virtual-drive0", &[("accept-language", language)], b"");
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.text()
}

fn send(service: &Service, form: &str, language: &str, body: &str) -> Answer {
    let own = service.url("");
    let headers =
        [("origin", own.as_str()), ("content-type", "application/x-www-form-urlencoded"), ("accept-language", language)];
    ask(service, "POST", &format!("/ui/disks/virtual-drive0/{form}"), &headers, body.as_bytes())
}

#[test]
fn everything_about_the_disc_is_told_in_both_languages() {
    let service = settled(Service::builder());
    assert!(page(&service, "en").contains("No disc is known"));
    one_image(&service, "<i>FACTS</i>");
    let (english, german) = (page(&service, "en"), page(&service, "de"));
    let fingerprint = service.drive(0)["media"]["fingerprint"].as_str().expect("fingerprint").to_owned();
    for words in ["Data CD, pressed", "300 sectors", "READ CAPACITY 300", "none found", &fingerprint, "Last jobs", "1 complete"] {
        assert!(english.contains(words), "{words}: {english}");
    }
    for words in
        ["Daten-CD, gepresst", "300 Sektoren", "keiner gefunden", "Warum diese Größe", "Geschwindigkeit und Fehler nach Radius"]
    {
        assert!(german.contains(words), "{words}: {german}");
    }
    assert!(!english.contains("<i>FACTS") && !english.contains(" style="));
    assert_eq!(ask(&service, "GET", "/drives/nobody", &[], b"").status, 404);
}

#[test]
fn the_speed_of_the_running_job_is_a_curve() {
    let service = settled(Service::builder());
    service.script(0, "speed_bytes_per_second = 300000\n");
    service.insert(0, &disc::file(service.folder.path(), "SLOW", 2000, 3));
    service.wait_for_drive(0, "idle", "");
    service.create_job(0, &serde_json::json!({}));
    let text = service.wait("a curve", |service| Some(page(service, "en")).filter(|text| text.contains("Speed of this job")));
    assert!(text.contains("on average ") && text.contains("<path class=\"spark-line"), "{text}");
}

#[test]
fn settings_are_stored_and_mistakes_stand_beside_their_fields() {
    let service = settled(Service::builder());
    let good = "name=Upper+drive&enabled=1&auto=no&mode=rescue&read_offset=-6&speed_kbps=1400&quirks=slow_ready\
                &options.retries=5&options.verify=image&options.hashes=sha1&options.hashes=crc32&options.rescue=no";
    let stored = send(&service, "settings", "en", good);
    assert_eq!((stored.status, stored.header("location")), (303, "/drives/virtual-drive0"));
    let settings = service.drive(0)["settings"].clone();
    assert_eq!(settings["name"], "Upper drive");
    assert_eq!((&settings["auto"], &settings["mode"], &settings["read_offset"]), (&false.into(), &"rescue".into(), &(-6).into()));
    assert_eq!(settings["options"]["retries"], 5);
    assert_eq!(settings["options"]["hashes"], serde_json::json!(["sha1", "crc32"]));
    assert!(page(&service, "en").contains("value=\"Upper drive\""));
    let bad = send(&service, "settings", "de", "name=%22%3E%3Cb%3E%07&enabled=1&mode=rescue&speed_kbps=7&options.retries=101");
    assert_eq!(bad.status, 422);
    let text = bad.text();
    assert!(text.contains("id=\"field-speed-kbps-error\"") && text.contains("ganze Zahl von 150 bis 100000"), "{text}");
    assert!(text.contains("id=\"field-options-retries-error\"") && text.contains("value=\"101\""), "{text}");
    assert!(text.contains("<details class=\"card\" open>") && !text.contains("\"><b>"), "shown again, escaped: {text}");
    assert_eq!(service.drive(0)["settings"]["speed_kbps"], 1400, "nothing was changed");
    let control = send(&service, "settings", "de", "name=a%07b&enabled=1&mode=rescue");
    assert!(control.status == 422 && control.text().contains("keine Steuerzeichen"), "{}", control.text());
}

#[test]
fn a_file_of_the_folder_or_a_path_is_inserted() {
    let service = settled(Service::builder());
    assert!(page(&service, "en").contains("No image file lies in this folder yet"));
    let file = disc::file(service.folder.path(), "INSERT", 300, 5);
    std::fs::copy(&file, service.drive_folder(0).join("album.iso")).expect("copied");
    assert!(page(&service, "de").contains("name=\"file\" value=\"album.iso\""));
    assert_eq!(send(&service, "insert", "en", "file=album.iso").status, 303);
    service.wait_for_drive(0, "idle", "ready");
    service.eject(0);
    let path =
        percent_encoding::utf8_percent_encode(file.to_str().expect("text"), percent_encoding::NON_ALPHANUMERIC).to_string();
    assert_eq!(send(&service, "insert", "en", &format!("image={path}")).status, 303);
    service.wait_for_drive(0, "idle", "");
    for (body, words) in [
        ("", "Bitte eine Datei wählen"),
        ("image=relative.iso", "relative.iso"),
        ("file=..%2Fx.iso", "lässt sich nicht einlegen"),
    ] {
        let refused = send(&service, "insert", "de", body);
        assert!(refused.status == 422 && refused.text().contains(words), "{body}: {}", refused.text());
    }
}
