//! What lies beside an image: true, whole, checked by the programs it is made for, and never somebody else's.

use crate::support::{disc, service::Service};
use disk2iso::catalog::sidecar::sum_line;
use serde_json::{Value, json};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

const SECTORS: usize = 1_024;

fn check(program: &str, sums: &Path) -> bool {
    let folder = sums.parent().expect("folder");
    let name = sums.file_name().expect("name");
    // `--strict`: a line that is not understood is a failure.
    let output = Command::new(program).args(["--strict", "-c", "--"]).arg(name).current_dir(folder).output().expect("coreutils");
    if !output.status.success() {
        eprintln!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    }
    output.status.success()
}

fn document(path: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(path).expect("sidecar")).expect("JSON")
}

fn beside(service: &Service, name: &str) -> [PathBuf; 3] {
    ["json", "md5", "sha256"].map(|extension| service.output.join(format!("{name}.{extension}")))
}

fn one(service: &Service, name: &str, options: &Value) -> Value {
    let body = json!({ "device": service.drive_folder(0), "mode": "standard", "filename": name, "options": options });
    let job = service.command("/api/v1/jobs", &body);
    service.wait_for_status(job["uuid"].as_str().expect("uuid"), "completed")
}

#[test]
fn the_programs_that_people_use_accept_what_lies_beside_an_image() {
    let service = Service::builder().start();
    service.insert(0, &disc::file(service.folder.path(), "HOLIDAY", SECTORS, 1));
    service.wait_for_drive(0, "idle", "ready");
    for name in ["Holiday", "Vol. 1 (ünïcødé) 日本", "a'b\"c $HOME `x` -n;&", "-rf", "#hash", "100%.iso.iso"] {
        let job = one(&service, name, &json!({ "keep_map": true }));
        let image = PathBuf::from(job["output_path"].as_str().expect("path"));
        let stem = image.file_stem().expect("stem").to_str().expect("UTF-8").to_owned();
        let [facts, md5, sha256] = beside(&service, &stem);
        assert!(check("md5sum", &md5) && check("sha256sum", &sha256), "{name}");
        let told = document(&facts);
        assert_eq!(told["image"]["file"].as_str(), image.file_name().and_then(|name| name.to_str()), "{name}");
        assert!(image.with_extension("map").is_file(), "it was asked for");
        // A changed image is found out.
        let mut bytes = fs::read(&image).expect("image");
        bytes[5_000] ^= 1;
        fs::write(&image, bytes).expect("changed");
        assert!(!check("md5sum", &md5) && !check("sha256sum", &sha256), "{name}");
    }
}

/// No image of ours can have such a name, but the format is not ours to bend.
#[test]
fn names_with_backslashes_and_line_breaks_are_escaped_as_the_programs_expect() {
    let folder = tempfile::tempdir().expect("folder");
    let mut sums = "# a comment is no name\n".to_owned();
    for name in ["plain", "back\\slash", "line\nbreak", "re\rturn", "both\\n\n"] {
        fs::write(folder.path().join(name), name).expect("file");
        let output = Command::new("sha256sum").arg("plain").current_dir(folder.path()).output().expect("coreutils");
        assert!(output.status.success());
        let hash = openssl::hash::hash(openssl::hash::MessageDigest::sha256(), name.as_bytes()).expect("hash");
        sums.push_str(&sum_line(&hash.iter().map(|byte| format!("{byte:02x}")).collect::<String>(), name));
    }
    let file = folder.path().join("sums");
    fs::write(&file, &sums).expect("sums");
    assert!(check("sha256sum", &file), "{sums}");
}

#[test]
fn the_document_says_who_what_when_how_and_how_good() {
    let service = Service::builder().start();
    service.script(0, "[[fault]]\nkind = \"bad\"\nlba = 100\ncount = 3\n");
    service.insert(0, &disc::file(service.folder.path(), "FACTS", SECTORS, 1));
    service.wait_for_drive(0, "idle", "ready");
    let job = one(&service, "Facts", &json!({ "verify": "image", "retries": 2 }));
    let iso = service.isos()[0].clone();
    let told = document(&service.output.join("Facts.json"));
    assert_eq!(told["schema"], 1);
    assert_eq!(told["program"]["version"], env!("CARGO_PKG_VERSION"));
    let image = &told["image"];
    assert_eq!((&image["id"], &image["job"], &image["mode"]), (&iso["id"], &job["uuid"], &json!("standard")));
    assert_eq!((&image["verdict"], &image["bad_sectors"]), (&json!("degraded"), &json!(3)));
    assert_eq!(image["reasons"], json!(["unreadable_sectors"]));
    assert_eq!(told["disc"]["fingerprint"], job["fingerprint"]);
    let size = &told["disc"]["size"];
    assert_eq!((&size["sectors"], &size["rule"]), (&json!(SECTORS), &json!("medium")));
    assert_eq!((&size["claims"]["read_capacity"], &size["claims"]["iso9660"]), (&json!(SECTORS), &json!(SECTORS)));
    let file = &told["files"][0];
    assert_eq!((&file["name"], &file["size"]), (&json!("Facts.iso"), &json!(SECTORS * 2_048)));
    assert_eq!((&file["hashes"]["md5"], &file["hashes"]["sha256"]), (&iso["md5sum"], &iso["sha256sum"]));
    let origin = &told["provenance"];
    assert_eq!((&origin["operator"], &origin["drives"][0]["id"]), (&json!("person"), &json!("virtual-drive0")));
    assert_eq!((&origin["options"]["verify"], &origin["options"]["retries"]), (&json!("image"), &json!(2)));
    assert_eq!(origin["verify"]["image_matches"], true);
    for time in ["created_at", "started_at", "finished_at"] {
        assert!(origin[time].as_str().is_some_and(|time| time.ends_with('Z')), "{time}: {origin}");
    }
    assert!(!origin["host"].as_str().expect("host").is_empty());
    let identity = &service.drive(0)["identity"];
    for field in ["vendor", "model", "firmware", "serial"] {
        assert_eq!(origin["drives"][0][field], identity[field], "{field}");
    }
    // The same through the API.
    let details = service.get(&format!("/api/v1/isos/{}", iso["id"].as_str().expect("id")));
    assert_eq!((&details["provenance"], &details["files"]), (origin, &told["files"]));
    assert_eq!(details["disc"]["size"], *size);
    assert!(iso.get("provenance").is_none(), "lists stay small");
}

#[test]
fn files_beside_an_image_follow_it_and_go_with_it() {
    let service = Service::builder().start();
    let source = disc::file(service.folder.path(), "FOLLOW", SECTORS, 1);
    service.script(0, "[[fault]]\nkind = \"bad\"\nlba = 100\ncount = 3\n");
    service.insert(0, &source);
    service.wait_for_drive(0, "idle", "ready");
    let job = one(&service, "Follow", &json!({}));
    let [facts, md5, sha256] = beside(&service, "Follow");
    assert_eq!(document(&facts)["image"]["verdict"], "degraded");
    assert!(check("md5sum", &md5));
    let before = fs::read_to_string(&sha256).expect("sums");
    service.eject(0);
    service.script(0, "");
    service.insert(0, &source);
    service.wait("the disc to be known", |service| Some(service.drive(0)).filter(|drive| drive["media"]["session"] == 2));
    let id = job["uuid"].as_str().expect("uuid");
    service.command(&format!("/api/v1/jobs/{id}/retry"), &json!({}));
    service.wait("a better verdict", |service| Some(service.job(id)).filter(|job| job["verdict"] == "complete"));
    assert_eq!(document(&facts)["image"]["verdict"], "complete");
    assert_ne!(fs::read_to_string(&sha256).expect("sums"), before);
    assert!(check("md5sum", &md5) && check("sha256sum", &sha256));
    // Something of somebody else's in the same folder stays.
    fs::write(service.output.join("Follow.txt"), "mine").expect("file");
    let iso = service.isos()[0]["id"].as_str().expect("id").to_owned();
    assert_eq!(service.delete(&format!("/api/v1/isos/{iso}?now=true")), 204);
    let left: Vec<_> = fs::read_dir(&service.output).expect("folder").map(|entry| entry.expect("entry").file_name()).collect();
    assert_eq!(left, ["Follow.txt"]);
}

#[test]
fn what_a_crash_left_out_is_written_at_the_next_start_and_foreign_files_are_left_alone() {
    let mut service = Service::builder().start();
    service.insert(0, &disc::file(service.folder.path(), "AGAIN", SECTORS, 1));
    service.wait_for_drive(0, "idle", "ready");
    one(&service, "Again", &json!({}));
    let [facts, md5, sha256] = beside(&service, "Again");
    let told = fs::read_to_string(&facts).expect("document");
    assert_eq!(service.stop(), Some(0));
    // As a crash between the entry and the files leaves it, with one name taken by somebody else meanwhile.
    for file in [&facts, &md5, &sha256] {
        fs::remove_file(file).expect("removed");
    }
    fs::write(&md5, "mine\n").expect("file");
    let db = service.database.open();
    db.write_blocking(|conn| {
        use diesel::connection::SimpleConnection as _;
        Ok(conn.batch_execute("UPDATE isos SET sidecars = FALSE")?)
    })
    .expect("reset");
    drop(db);
    service.restart();
    service.wait("the document", |_| facts.is_file().then_some(()));
    service.wait("the sums", |_| sha256.is_file().then_some(()));
    assert_eq!(fs::read_to_string(&facts).expect("document"), told);
    assert!(check("sha256sum", &sha256));
    assert_eq!(fs::read_to_string(&md5).expect("file"), "mine\n");
    // A name of which anything is taken is no name for an image.
    fs::write(service.output.join("Next.sha256"), "mine").expect("file");
    let job = one(&service, "Next", &json!({}));
    assert_eq!(job["output_path"].as_str(), service.output.join("Next_2.iso").to_str());
}
