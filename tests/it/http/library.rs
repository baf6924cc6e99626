//! The library: pages, filters, renaming, the trash. Without JavaScript, as a browser without it would.

use super::support::{Answer, ask, one_image, settled};
use crate::support::{databases::Database, disc, service::Service};
use serde_json::{Value, json};
use std::fs;

fn page(service: &Service, path: &str, language: &str) -> Answer {
    ask(service, "GET", path, &[("accept-language", language)], b"")
}

fn press(service: &Service, path: &str, body: &str) -> Answer {
    let own = service.url("");
    let headers = [("origin", own.as_str()), ("content-type", "application/x-www-form-urlencoded")];
    ask(service, "POST", path, &headers, body.as_bytes())
}

/// What a redirect says on the next page, and the form that takes it back.
fn notice(answer: &Answer) -> Value {
    let cookie = answer.header("set-cookie").split(';').next().unwrap_or_default().trim_start_matches("notice=").to_owned();
    let text = percent_encoding::percent_decode_str(&cookie).decode_utf8().expect("text").into_owned();
    serde_json::from_str(&text).unwrap_or(Value::Null)
}

fn patch(service: &Service, id: &str, body: &Value) -> Answer {
    let headers = [("content-type", "application/json")];
    ask(service, "PATCH", &format!("/api/v1/isos/{id}"), &headers, body.to_string().as_bytes())
}

fn id(image: &Value) -> String {
    image["id"].as_str().expect("id").to_owned()
}

/// Makes a further image of the disc in the drive.
fn another(service: &Service, name: &str, options: &Value) -> Value {
    let body = json!({ "device": service.drive_folder(0), "mode": "standard", "filename": name, "options": options });
    let job = service.command("/api/v1/jobs", &body);
    let job = service.wait_for_status(job["uuid"].as_str().expect("uuid"), "completed");
    service.isos().into_iter().find(|image| image["job_uuid"] == job["uuid"]).expect("an image")
}

fn names(service: &Service) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(&service.output)
        .expect("folder")
        .map(|entry| entry.expect("entry").file_name().into_string().expect("UTF-8"))
        .collect();
    names.sort();
    names
}

#[test]
fn an_empty_library_says_what_to_do_and_a_full_one_shows_every_image_in_both_languages() {
    let service = settled(Service::builder());
    assert!(page(&service, "/library", "en").text().contains("No image yet"));
    assert!(page(&service, "/library?trash=1", "de").text().contains("Der Papierkorb ist leer"));
    let (image, _) = one_image(&service, "<b>HOLIDAY</b>");
    let tricky = another(&service, "photo\u{202e}gpj.exe", &json!({}));
    for (view, mark) in [("grid", "class=\"tile "), ("list", "<table class=\"table stack")] {
        let shown = page(&service, &format!("/library?view={view}"), "en");
        let text = shown.text();
        assert_eq!(shown.status, 200);
        assert!(text.contains(mark) && text.contains("2 images, ") && text.contains("Complete"), "{text}");
        assert!(text.contains("photo⟨U+202E⟩gpj.exe.iso") && !text.contains('\u{202e}'), "what deceives is shown");
        assert!(!text.contains("<b>HOLIDAY") && !text.contains(" style="));
        assert!(text.contains(&format!("/library/{}", id(&image))));
        assert!(shown.header("set-cookie").contains(&format!("library_view={view}")));
    }
    let remembered = ask(&service, "GET", "/library", &[("cookie", "library_view=list")], b"").text();
    assert!(remembered.contains("<table class=\"table stack"));
    let german = page(&service, "/library", "de").text();
    assert!(german.contains("2 Abbilder, ") && german.contains("Vollständig") && german.contains("Weitere Filter"));
    for language in ["en", "de"] {
        let shown = page(&service, &format!("/library/{}", id(&tricky)), language);
        assert_eq!(shown.status, 200);
        let text = shown.text();
        // The field for another name alone has it as it is.
        let shown = text.replace("value=\"photo\u{202e}gpj.exe\"", "");
        assert!(shown.contains("⟨U+202E⟩") && !shown.contains('\u{202e}') && !shown.contains("<b>HOLIDAY"));
        assert!(text.contains(tricky["sha256sum"].as_str().expect("hash")), "hashes are there without a script");
        assert!(text.contains(&format!("/library/{}", id(&image))), "the other image of the disc");
        assert_eq!(text.matches("<h1").count(), 1);
    }
    assert_eq!(page(&service, "/library/nonsense", "en").status, 404);
}

#[test]
fn filters_are_in_the_address_and_mistakes_are_told_beside_their_field() {
    let service = settled(Service::builder());
    let (_, bytes) = one_image(&service, "FILTER");
    let count =
        |query: &str| page(&service, &format!("/library?view=grid&{query}"), "en").text().matches("class=\"tile ").count();
    for (query, wanted) in [
        ("q=filter", 1),
        ("q=nothing", 0),
        ("kind=data_cd", 1),
        ("kind=audio_cd", 0),
        ("verdict=complete", 1),
        ("verdict=failed", 0),
        ("check=never", 1),
        ("check=passed", 0),
        ("from=2020-01-01&to=2999-12-31", 1),
        ("from=2999-01-01", 0),
        ("min=1+kB", 1),
        ("min=1+GB", 0),
        ("max=1+kB", 0),
        ("max=1+GB&sort=-size", 1),
        ("cursor=nonsense", 1),
        ("unknown=1", 1),
    ] {
        assert_eq!(count(query), wanted, "{query}");
    }
    let wrong = page(&service, "/library?min=huge&q=filter", "de");
    assert_eq!(wrong.status, 422);
    assert!(
        wrong.text().contains("keine Größe")
            && wrong.text().contains("value=\"huge\"")
            && wrong.text().contains("value=\"filter\"")
    );
    let api = |query: &str| service.get(&format!("/api/v1/isos?{query}"))["items"].as_array().map(Vec::len);
    let size = bytes.len();
    assert_eq!((api(&format!("min_size={size}&max_size={size}")), api(&format!("min_size={}", size + 1))), (Some(1), Some(0)));
    assert_eq!((api("check=never"), api("check=failed"), api("trash=true")), (Some(1), Some(0), Some(0)));
    assert_eq!(ask(&service, "GET", "/api/v1/isos?check=maybe", &[], b"").json()["field"], "check");
}

#[test]
fn a_deleted_image_is_out_of_sight_and_comes_back_on_both_databases() {
    for database in Database::both() {
        let service = settled(Service::builder().database(database));
        let (image, bytes) = one_image(&service, "TRASH");
        let id = id(&image);
        let path = image["filepath"].as_str().expect("path").to_owned();
        let deleted = press(&service, &format!("/ui/library/{id}/delete"), "next=/library");
        assert_eq!((deleted.status, deleted.header("location")), (303, "/library"));
        let undo = notice(&deleted)["undo"].as_str().expect("a way back").to_owned();
        assert_eq!(service.isos().len(), 0);
        assert_eq!(fs::read(&path).expect("still on disk"), bytes);
        let trash = page(&service, "/library?trash=1", "en").text();
        assert!(trash.contains("1 image, ") && trash.contains(&id) && trash.contains("Take out"), "{trash}");
        assert!(page(&service, &format!("/library/{id}"), "de").text().contains("liegt im Papierkorb seit"));
        assert!(service.get(&format!("/api/v1/isos/{id}"))["trashed_at"].is_string());
        // It is not archived any more: the same disc would be imaged again. Its name stays its own.
        service.eject(0);
        service.insert(0, &service.folder.path().join("disc-7.img"));
        let again = service.wait("the disc to be known", |service| {
            let drive = service.drive(0);
            (drive["state"] == "idle" && drive["media"]["label"] == "TRASH").then_some(drive)
        });
        assert_ne!(again["reason"], "already_archived", "{again}");
        let twin = another(&service, "TRASH", &json!({}));
        assert_ne!(twin["filepath"], path.as_str());
        assert_eq!(press(&service, &undo, "").status, 303);
        assert_eq!(service.isos().len(), 2);
        assert!(notice(&press(&service, &undo, ""))["refused"] == true, "once");
        // The same by the API.
        assert_eq!(service.delete(&format!("/api/v1/isos/{id}")), 204);
        assert_eq!(service.delete(&format!("/api/v1/isos/{id}")), 204, "already there");
        let (status, back) = service.post(&format!("/api/v1/isos/{id}/restore"), &json!({}));
        assert_eq!((status, back["trashed_at"].is_null()), (200, true));
        let kinds: Vec<_> = service.get("/api/v1/events?kind=iso.&limit=50")["items"]
            .as_array()
            .expect("items")
            .iter()
            .filter(|event| event["iso_id"] == id.as_str())
            .filter_map(|event| event["kind"].as_str().map(str::to_owned))
            .collect();
        assert_eq!(kinds, ["iso.published", "iso.trashed", "iso.restored", "iso.trashed", "iso.restored"]);
    }
}

#[test]
fn what_is_in_the_trash_goes_for_good_when_a_person_says_so_or_its_time_is_over() {
    let mut service = settled(Service::builder());
    let (first, _) = one_image(&service, "GONE");
    let (second, third) = (another(&service, "Second", &json!({})), another(&service, "Third", &json!({})));
    let refused = press(&service, &format!("/ui/library/{}/remove", id(&first)), "");
    assert_eq!(notice(&refused)["refused"], true, "what is not in the trash is not removed by one press");
    press(&service, &format!("/ui/library/{}/delete", id(&first)), "");
    press(&service, &format!("/ui/library/{}/remove", id(&first)), "");
    assert!(!names(&service).iter().any(|name| name.starts_with("GONE")), "{:?}", names(&service));
    assert_eq!(service.status_of(&format!("/api/v1/isos/{}", id(&first))), Some(404));
    let both = format!("id={}&id={}&do=delete", id(&second), id(&third));
    press(&service, "/ui/library/selected", &both);
    assert_eq!((service.isos().len(), names(&service).len()), (0, 8));
    // One of them was put there long ago.
    assert_eq!(service.stop(), Some(0));
    let db = service.database.open();
    let statement = format!("UPDATE isos SET trashed_at = '2020-01-01 00:00:00' WHERE id = '{}'", id(&second));
    db.write_blocking(|conn| {
        use diesel::connection::SimpleConnection as _;
        Ok(conn.batch_execute(&statement)?)
    })
    .expect("aged");
    drop(db);
    service.restart();
    service.wait("the trash to be emptied", |service| (names(service).len() == 4).then_some(()));
    assert!(names(&service).iter().all(|name| name.starts_with("Third")), "{:?}", names(&service));
    let restored = press(&service, "/ui/library/selected", &format!("id={}&do=restore", id(&third)));
    assert_eq!((restored.status, service.isos().len()), (303, 1));
}

#[test]
fn several_images_are_checked_and_their_checksums_taken_along() {
    let service = settled(Service::builder());
    let (first, _) = one_image(&service, "SUMS");
    let second = another(&service, "with space", &json!({}));
    let both = format!("id={}&id={}", id(&first), id(&second));
    let list = press(&service, "/ui/library/checksums", &format!("{both}&do=sha256"));
    assert_eq!((list.status, list.header("content-disposition")), (200, "attachment; filename=\"disk2iso.sha256\""));
    fs::write(service.output.join("list.sha256"), list.body).expect("written");
    let mut check = std::process::Command::new("sha256sum");
    check.args(["--strict", "-c", "list.sha256"]).current_dir(&service.output);
    assert!(check.status().expect("coreutils").success());
    let none = press(&service, "/ui/library/checksums", "do=md5");
    assert_eq!((none.status, notice(&none)["refused"].clone()), (303, json!(true)));
    assert_eq!(press(&service, "/ui/library/selected", &format!("{both}&do=verify")).status, 303);
    service.wait("both to be checked", |service| service.isos().iter().all(|image| image["verify_ok"] == true).then_some(()));
    assert!(page(&service, "/library?check=passed", "en").text().contains("2 images"));
    assert!(page(&service, &format!("/library/{}", id(&first)), "en").text().contains("Checked: unchanged"));
}

#[test]
fn an_image_is_renamed_with_everything_that_bears_its_name_on_both_databases() {
    for database in Database::both() {
        let service = settled(Service::builder().database(database));
        one_image(&service, "OTHER");
        let image = another(&service, "Before", &json!({ "keep_map": true }));
        let (id, job) = (id(&image), image["job_uuid"].as_str().expect("job").to_owned());
        let renamed = patch(&service, &id, &json!({ "filename": "Nachher ü.iso" }));
        assert_eq!((renamed.status, renamed.json()["filename"].clone()), (200, json!("Nachher ü.iso")), "{}", renamed.text());
        let wanted = ["iso", "json", "map", "md5", "sha256"].map(|ending| format!("Nachher ü.{ending}"));
        let ours: Vec<_> = names(&service).into_iter().filter(|name| !name.starts_with("OTHER")).collect();
        assert_eq!(ours, wanted);
        let told = fs::read_to_string(service.output.join("Nachher ü.sha256")).expect("sums");
        assert!(told.contains("  Nachher ü.iso"), "{told}");
        let document: Value =
            serde_json::from_str(&fs::read_to_string(service.output.join("Nachher ü.json")).expect("sidecar")).expect("JSON");
        assert_eq!(document["image"]["file"], "Nachher ü.iso");
        assert_eq!(service.job(&job)["output_path"].as_str(), service.output.join("Nachher ü.iso").to_str());
        assert_eq!(ask(&service, "GET", &format!("/api/v1/isos/{id}/download"), &[], b"").status, 200);
        for (name, status, code) in [
            ("OTHER", 409, "name_taken"),
            ("Nachher ü", 422, "invalid_field"),
            ("../x", 422, "invalid_field"),
            ("", 422, "invalid_field"),
            ("a\nb", 422, "invalid_field"),
        ] {
            let refused = patch(&service, &id, &json!({ "filename": name }));
            assert_eq!((refused.status, refused.json()["code"].clone()), (status, json!(code)), "{name}");
            assert_eq!(refused.json()["field"], "filename", "{name}");
        }
        // By the form: the mistake is told beside the field, with what was typed.
        let refused = press(&service, &format!("/ui/library/{id}/rename"), "filename=OTHER");
        assert_eq!(refused.status, 409);
        assert!(refused.text().contains("value=\"OTHER\"") && refused.text().contains("rename-wrong"));
        let done = press(&service, &format!("/ui/library/{id}/rename"), "filename=Third");
        assert_eq!((done.status, done.header("location")), (303, format!("/library/{id}").as_str()));
        assert!(service.output.join("Third.iso").is_file());
        assert_eq!(service.delete(&format!("/api/v1/isos/{id}")), 204);
        assert_eq!(patch(&service, &id, &json!({ "filename": "X" })).json()["code"], "iso_trashed");
        let events = service.get("/api/v1/events?kind=iso.renamed");
        assert_eq!(events["items"].as_array().map(Vec::len), Some(2));
    }
}

#[test]
fn a_renaming_that_a_power_failure_cut_off_is_finished_at_the_next_start() {
    // The wish is stored; nothing, something or everything has moved.
    for moved in [&[][..], &["map"], &["map", "iso"]] {
        let mut service = settled(Service::builder());
        service.insert(0, &disc::file(service.folder.path(), "CUT", 300, 1));
        service.wait_for_drive(0, "idle", "");
        let image = another(&service, "Cut", &json!({ "keep_map": true }));
        service.kill();
        for ending in moved {
            fs::rename(service.output.join(format!("Cut.{ending}")), service.output.join(format!("Whole.{ending}")))
                .expect("moved");
        }
        let db = service.database.open();
        db.write_blocking(|conn| {
            use diesel::connection::SimpleConnection as _;
            Ok(conn.batch_execute("UPDATE isos SET rename_to = 'Whole'")?)
        })
        .expect("a wish");
        drop(db);
        service.restart();
        service.wait("the renaming to be finished", |service| (service.isos()[0]["filename"] == "Whole.iso").then_some(()));
        service.wait("the files beside it", |service| (names(service).len() == 5).then_some(()));
        let wanted = ["iso", "json", "map", "md5", "sha256"].map(|ending| format!("Whole.{ending}"));
        assert_eq!(names(&service), wanted, "{moved:?}");
        assert_eq!(service.isos()[0]["id"], image["id"]);
    }
}
