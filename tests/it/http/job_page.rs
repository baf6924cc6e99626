//! The page of a job, without JavaScript: where it stands, what is damaged and whom that hits, what can be done, why it is called so.

use super::support::{ask, settled};
use crate::support::{disc, service::Service};
use serde_json::{Value, json};
use std::{fs, path::PathBuf, process::Command};

const HOSTILE: &str = "<img src=x onerror=alert(1)>.TXT";

/// A disc with real files; gives it and the first sector and the number of sectors of each.
fn photos(service: &Service) -> PathBuf {
    let source = service.folder.path().join("source");
    fs::create_dir_all(source.join("PHOTOS")).expect("folder");
    for name in ["IMG_1234.JPG", "IMG_1235.JPG", HOSTILE] {
        fs::write(source.join("PHOTOS").join(name), name.repeat(9_000)).expect("file");
    }
    let image = service.folder.path().join("photos.iso");
    let made = Command::new("xorriso")
        .args(["-as", "mkisofs", "-quiet", "-R", "-V", "PHOTOS 2004", "-o"])
        .args([&image, &source])
        .output()
        .expect("xorriso; deploy/bootstrap.sh installs it");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    image
}

/// The first sector of a file, found by its bytes.
fn sector_of(image: &PathBuf, name: &str) -> usize {
    let bytes = fs::read(image).expect("image");
    let start = name.repeat(3);
    bytes.chunks(2_048).position(|sector| sector.starts_with(start.as_bytes())).expect("the file's first sector")
}

fn page(service: &Service, path: &str, language: &str) -> String {
    let answer = ask(service, "GET", path, &[("accept-language", language)], b"");
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    answer.text()
}

/// A job that asks about two sectors of one file and one of another, whose name is hostile.
fn asking(service: &Service) -> (String, usize) {
    let image = photos(service);
    let (photo, other) = (sector_of(&image, "IMG_1234.JPG") + 3, sector_of(&image, HOSTILE) + 1);
    let fault = |lba, count| format!("[[fault]]\nkind = \"bad\"\nlba = {lba}\ncount = {count}\n");
    service.script(0, &format!("{}{}", fault(photo, 2), fault(other, 1)));
    service.insert(0, &image);
    service.wait_for_drive(0, "idle", "ready");
    let job = service.create_job(0, &json!({ "on_loss": "ask" }));
    let paused = service.wait_for_status(&job, "paused");
    assert_eq!(paused["reason"], "loss", "{paused}");
    (job, photo)
}

#[test]
fn a_damaged_disc_is_explained_by_the_names_of_its_files_and_asks_with_consequences() {
    let service = settled(Service::builder().drives(2));
    let (job, photo) = asking(&service);
    let path = format!("/jobs/{job}");
    let (english, german) = (page(&service, &path, "en"), page(&service, &path, "de"));
    for words in [
        "3 sectors could not be read.",
        "What shall become of it?",
        "Zeros stand where nothing could be read",
        "Damaged places",
        "Put the disc into it",
    ] {
        assert!(english.contains(words), "{words}: {english}");
    }
    for words in
        ["3 Sektoren ließen sich nicht lesen.", "Was soll daraus werden?", "stehen Nullen", "Beschädigte Stellen", "Go on in"]
    {
        assert_eq!(german.contains(words), words != "Go on in", "{words}: {german}");
    }
    for text in [&english, &german] {
        assert!(text.contains("PHOTOS/IMG_1234.JPG") && !text.contains("IMG_1235"), "only what is hit: {text}");
        assert!(!text.contains("<img") && text.contains("&#60;img src=x onerror=alert(1)&#62;.TXT"), "{text}");
        assert!(!text.contains(" style=") && !text.contains("onclick"), "the policy forbids inline style and script");
        for form in ["accept_loss", "one_more_pass", "other_drive/virtual-drive1", "continue", "cancel"] {
            assert!(text.contains(&format!("action=\"/ui/jobs/{job}/{form}\"")), "{form}: {text}");
        }
        assert!(text.contains("class=\"data bad\"") && text.contains("<desc id=\"disc-desc\">"), "the drawing: {text}");
    }
    assert!(english.contains("The error correction on the disc could not mend it"), "what the drive says: {english}");

    let found = service.get(&format!("/api/v1/jobs/{job}/sectors?from={photo}&count=2"));
    let names: Vec<&Value> = found["files"].as_array().expect("files").iter().map(|file| &file["path"]).collect();
    assert_eq!((names, &found["known"]), (vec![&json!("PHOTOS/IMG_1234.JPG")], &json!("all")));
    for wrong in ["", "?from=x", "?from=1&count=0", "?from=18446744073709551615&count=2", "?from=1&more=2"] {
        assert_eq!(ask(&service, "GET", &format!("/api/v1/jobs/{job}/sectors{wrong}"), &[], b"").status, 400, "{wrong}");
    }
    let picture = ask(&service, "GET", &format!("/api/v1/jobs/{job}/picture"), &[], b"");
    assert_eq!((&picture.json()["counts"]["bad"], &picture.json()["places"]), (&json!(3), &json!(2)));
    let tag = picture.header("etag").to_owned();
    let again = ask(&service, "GET", &format!("/api/v1/jobs/{job}/picture"), &[("if-none-match", &tag)], b"");
    assert_eq!((again.status, again.body.len()), (304, 0));

    assert_eq!(service.form(&format!("/ui/jobs/{job}/accept_loss")), 303);
    service.wait_for_status(&job, "completed");
    let (english, german) = (page(&service, &path, "en"), page(&service, &path, "de"));
    let image = service.isos()[0]["id"].as_str().expect("id").to_owned();
    for words in [
        "Why is it called “Damaged”?",
        "Some sectors could not be read, however often",
        "A person accepted",
        "PHOTOS/IMG_1234.JPG",
        &format!("href=\"/library/{image}\""),
    ] {
        assert!(english.contains(words), "{words}: {english}");
    }
    assert!(
        german.contains("Warum heißt es „Beschädigt“?") && german.contains("Entschieden: Der Verlust wird angenommen"),
        "{german}"
    );
    service.wait_for_drive(0, "completed", "");
    for path in ["/", "/drives"] {
        assert!(page(&service, path, "en").contains("class=\"data bad\""), "the damage shows on the drive's card, too: {path}");
    }
    let of_image = service.get(&format!("/api/v1/isos/{image}/sectors?from={photo}"));
    assert_eq!(of_image["files"][0]["path"], "PHOTOS/IMG_1234.JPG");
    assert_eq!(service.get(&format!("/api/v1/isos/{image}/picture"))["counts"]["bad"], 3);
}

#[test]
fn a_running_job_shows_how_far_it_is_and_a_finished_one_why_it_is_complete() {
    let service = settled(Service::builder());
    service.script(0, "speed_bytes_per_second = 600000\n");
    service.insert(0, &disc::file(service.folder.path(), "SLOW", 2_000, 3));
    service.wait_for_drive(0, "idle", "ready");
    let job = service.create_job(0, &json!({ "verify": "image" }));
    service.wait_for_progress(&job);
    let path = format!("/jobs/{job}");
    let running = page(&service, &path, "en");
    for words in [
        &format!("data-progress=\"{job}\""),
        "aria-current=\"step\"",
        "Sectors left",
        "http-equiv=\"refresh\"",
        "read the image back",
    ] {
        assert!(running.contains(words), "{words}: {running}");
    }
    service.wait_for_status(&job, "completed");
    let (english, german) = (page(&service, &path, "en"), page(&service, &path, "de"));
    for words in [
        "Why is it called “Complete”?",
        "Each of the disc&#39;s 2,000 sectors was read.",
        "Read back from storage, it was what had been written.",
        "Done: Complete",
        "viewBox=\"0 0 600 140\"",
    ] {
        assert!(english.contains(words), "{words}: {english}");
    }
    assert!(german.contains("Jeder der 2.000 Sektoren der Disc wurde gelesen."), "{german}");
    assert!(!english.contains("http-equiv=\"refresh\"") && !english.contains("Damaged places"));
    assert!(!english.contains("/continue\"") && !english.contains("/change\""), "a good image needs nothing more");
}

#[test]
fn a_job_that_waits_can_be_changed_and_mistakes_are_told_beside_their_fields() {
    let service = settled(Service::builder());
    let job = service.create_job(0, &json!({}));
    let kind = [("content-type", "application/x-www-form-urlencoded")];
    let url = format!("/ui/jobs/{job}/change");
    let change = |body: &str| ask(&service, "POST", &url, &kind, body.as_bytes());
    for (body, value, why) in [
        ("priority=1000&filename=Fotos", "value=\"Fotos\"", "-100 to 100"),
        ("priority=5&retries=101", "value=\"101\"", "0 to 100"),
        ("priority=x", "value=\"x\"", "-100 to 100"),
        ("priority=1&verify=perhaps", "perhaps", "is not allowed"),
    ] {
        let refused = change(body);
        let text = refused.text();
        assert_eq!(refused.status, 422, "{body}: {text}");
        assert!(
            text.contains(value) && text.contains(why) && text.contains("<details class=\"unfold\" id=\"change\" open>"),
            "{body}: {text}"
        );
    }
    assert_eq!(service.job(&job)["priority"], 0, "nothing was changed");
    let done = change("priority=7&filename=Fotos&retries=4&verify=image&on_loss=ask&engine=native");
    assert_eq!((done.status, done.header("location")), (303, format!("/jobs/{job}").as_str()));
    let now = service.job(&job);
    assert_eq!((&now["priority"], &now["options"]["retries"], &now["options"]["on_loss"]), (&json!(7), &json!(4), &json!("ask")));
    assert!(page(&service, &format!("/jobs/{job}"), "de").contains("Fotos"));
    let refused = ask(&service, "POST", &format!("/ui/jobs/{job}/continue"), &kind, b"device=nowhere");
    assert_eq!(refused.status, 422, "{}", refused.text());
}

#[test]
fn a_scan_shows_its_curve_and_what_is_damaged() {
    let service = settled(Service::builder());
    service.script(0, "[[fault]]\nkind = \"bad\"\nlba = 3000\ncount = 4\n");
    service.insert(0, &disc::file(service.folder.path(), "SURFACE", 8_192, 1));
    service.wait_for_drive(0, "idle", "ready");
    let body = json!({ "device": "virtual-drive0", "mode": "scan" });
    let job = service.command("/api/v1/jobs", &body)["uuid"].as_str().expect("uuid").to_owned();
    service.wait_for_status(&job, "completed");
    let text = page(&service, &format!("/jobs/{job}"), "en");
    for words in [
        "4 sectors could not be read.",
        "3,000 to 3,003",
        "Dashed lines: places that could not be read.",
        "Surface scan",
        "class=\"data bad\"",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert_eq!(service.get(&format!("/api/v1/jobs/{job}/picture"))["counts"]["bad"], 4);
    assert!(text.contains("not every sector can be read") && text.contains("A scan keeps no data"), "{text}");
}

#[test]
fn jobs_that_are_not_there_are_told_so() {
    let service = settled(Service::builder());
    for path in ["/jobs/0198a2c4-5f10-7c3a-9a51-7d2f0c9e1b44", "/jobs/nonsense", "/jobs/%3Cscript%3E"] {
        let answer = ask(&service, "GET", path, &[("accept", "text/html")], b"");
        assert_eq!(answer.status, 404, "{path}");
        assert!(!answer.text().contains("<script>"), "{path}");
    }
}
