//! Discs with audio, end to end: nothing of the music is lost, every file is listed, checked, and removed with the image.

use crate::support::{disc, service::Service};
use serde_json::{Value, json};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// Bytes of a frame of audio.
const FRAME: usize = 2_352;

fn noise(frames: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(2).wrapping_add(1);
    let mut bytes = Vec::with_capacity(frames * FRAME);
    while bytes.len() < frames * FRAME {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes
}

/// Two tracks of 4 seconds each; gives the description and the music.
fn audio_disc(folder: &Path) -> (PathBuf, Vec<u8>) {
    let (one, two) = (noise(300, 1), noise(320, 2));
    fs::write(folder.join("one.raw"), &one).expect("track");
    fs::write(folder.join("two.raw"), &two).expect("track");
    let text = "catalogue_number = \"0123456789012\"\ntext = { title = \"Album\", performer = \"Band\" }\n\
                [[track]]\nkind = \"audio\"\nfile = \"one.raw\"\n[[track]]\nkind = \"audio\"\nfile = \"two.raw\"\n";
    let path = folder.join("ALBUM.disc.toml");
    fs::write(&path, text).expect("description");
    (path, [one, two].concat())
}

fn create(service: &Service, body: Value) -> String {
    service.command("/api/v1/jobs", &body)["uuid"].as_str().expect("uuid").to_owned()
}

fn check(program: &str, folder: &Path, sums: &str) {
    let output = Command::new(program).args(["--strict", "-c", sums]).current_dir(folder).output().expect("coreutils");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn an_audio_disc_becomes_a_folder_with_every_sample_and_goes_as_a_whole() {
    let service = Service::builder().start();
    let (description, music) = audio_disc(service.folder.path());
    service.insert(0, &description);
    let drive = service.wait_for_drive(0, "idle", "ready");
    assert_eq!(drive["media"]["kind"], "audio_cd", "{drive}");
    assert!(service.text("/").contains("action=\"/ui/disks/virtual-drive0/image\""), "the button is offered");
    let body = json!({ "device": "virtual-drive0", "mode": "scan" });
    assert_eq!(service.post("/api/v1/jobs", &body).1["code"], "disc_unsupported");
    let body = json!({ "device": "virtual-drive0", "mode": "standard", "options": { "engine": "ddrescue" } });
    assert_eq!(service.post("/api/v1/jobs", &body).1["field"], "options.engine");

    let job = create(&service, json!({ "device": "virtual-drive0", "mode": "standard", "filename": "Album" }));
    let done = service.wait_for_status(&job, "completed");
    assert_eq!((&done["verdict"], &done["disk_type"]), (&json!("complete"), &json!("audio_cd")), "{done}");
    let folder = service.output.join("Album");
    assert_eq!(done["output_path"].as_str(), folder.to_str());
    let iso = service.isos()[0].clone();
    assert_eq!(iso["filepath"].as_str(), folder.join("Album.cue").to_str());
    let details = service.get(&format!("/api/v1/isos/{}", iso["id"].as_str().expect("id")));
    assert_eq!(details["form"], "audio_tracks");
    assert_eq!(details["tracks"].as_array().map(Vec::len), Some(2), "{details}");
    assert!(details["tracks"][0]["accurate_rip"].is_array());
    assert_eq!(details["disc"]["ids"]["musicbrainz"].as_str().map(str::len), Some(28), "{}", details["disc"]["ids"]);
    let files = details["files"].as_array().expect("files");
    assert_eq!(files[0]["role"], "cue");
    let bin = files.iter().find(|file| file["role"] == "bin").expect("a bin");
    assert!(fs::read(folder.join(bin["name"].as_str().expect("name"))).expect("bin") == music, "every sample");
    check("md5sum", &service.output, "Album.md5");
    check("sha256sum", &service.output, "Album.sha256");
    let told: Value =
        serde_json::from_str(&fs::read_to_string(service.output.join("Album.json")).expect("document")).expect("JSON");
    assert_eq!((&told["image"]["form"], &told["tracks"]), (&json!("audio_tracks"), &details["tracks"]));

    // A second image has another name, and files beside it of its own.
    let again = create(
        &service,
        json!({ "device": "virtual-drive0", "mode": "standard", "filename": "Album", "options": { "format": "flac" } }),
    );
    let second = service.wait_for_status(&again, "completed");
    assert_eq!(second["output_path"].as_str(), service.output.join("Album_2").to_str(), "{second}");
    check("md5sum", &service.output, "Album_2.md5");

    // Every file is compared, not only the one that stands for the image.
    let verify = || {
        let job = service.command(&format!("/api/v1/isos/{}/verify", iso["id"].as_str().expect("id")), &json!({}));
        service.wait_for_status(job["uuid"].as_str().expect("uuid"), "completed")
    };
    let checked = verify();
    assert_eq!((&checked["verdict"], &checked["progress"]), (&json!("complete"), &json!(100.0)), "{checked}");
    let bin = folder.join(bin["name"].as_str().expect("name"));
    let mut bytes = fs::read(&bin).expect("bin");
    bytes[77_777] ^= 1;
    fs::write(&bin, bytes).expect("changed");
    assert_eq!(verify()["verdict"], "failed");

    fs::write(service.output.join("Album_2/notes.txt"), "mine").expect("file");
    for iso in service.isos() {
        assert_eq!(service.delete(&format!("/api/v1/isos/{}?now=true", iso["id"].as_str().expect("id"))), 204);
    }
    let names = |folder: &Path| {
        let entries = fs::read_dir(folder).expect("folder").map(|entry| entry.expect("entry").file_name());
        let mut names: Vec<_> = entries.map(|name| name.into_string().expect("UTF-8")).collect();
        names.sort();
        names
    };
    assert_eq!(names(&service.output), ["Album_2"], "what is somebody else's stays");
    assert_eq!(names(&service.output.join("Album_2")), ["notes.txt"]);
}

#[test]
fn an_audio_disc_is_imaged_by_itself_and_survives_a_kill_of_everything() {
    let mut service = Service::builder().auto().start();
    let (description, music) = audio_disc(service.folder.path());
    service.script(0, "speed_bytes_per_second = 1000000");
    service.insert(0, &description);
    let job = service.wait("a job", |service| service.jobs().first().cloned());
    let id = job["uuid"].as_str().expect("uuid").to_owned();
    service.wait("it to run", |service| Some(service.job(&id)).filter(|job| job["phase"] == "reading"));
    service.kill();
    service.restart();
    let done = service.wait_for_status(&id, "completed");
    assert_eq!(done["verdict"], "complete", "{done}");
    let folder = PathBuf::from(done["output_path"].as_str().expect("path"));
    let bin = fs::read_dir(&folder)
        .expect("folder")
        .map(|entry| entry.expect("entry").path())
        .find(|path| path.extension().is_some_and(|extension| extension == "bin"))
        .expect("a bin");
    assert!(fs::read(bin).expect("bin") == music);
    assert!(!folder.join("journal.json").exists(), "what only a crash needs is gone");
}

#[test]
fn a_damaged_audio_disc_is_tried_again_in_both_formats() {
    for format in ["bin_cue", "flac"] {
        let service = Service::builder().start();
        let (description, _) = audio_disc(service.folder.path());
        service.script(0, "[[fault]]\nkind = \"bad\"\nlba = 400\ncount = 2\n");
        service.insert(0, &description);
        service.wait_for_drive(0, "idle", "ready");
        let options = json!({ "format": format });
        let job =
            create(&service, json!({ "device": "virtual-drive0", "mode": "standard", "filename": "Worn", "options": options }));
        assert_eq!(service.wait_for_status(&job, "completed")["verdict"], "degraded");
        check("sha256sum", &service.output, "Worn.sha256");
        let iso = service.isos()[0]["id"].as_str().expect("id").to_owned();
        let damage = service.get(&format!("/api/v1/isos/{iso}/damage"));
        assert!(!damage["ranges"].as_array().expect("ranges").is_empty(), "{damage}");
        // Somebody has cleaned the disc.
        service.eject(0);
        service.script(0, "");
        service.insert(0, &description);
        service.wait("the disc to be known", |service| Some(service.drive(0)).filter(|drive| drive["media"]["session"] == 2));
        service.command(&format!("/api/v1/jobs/{job}/retry"), &json!({}));
        service.wait("a better verdict", |service| Some(service.job(&job)).filter(|job| job["verdict"] == "complete"));
        check("md5sum", &service.output, "Worn.md5");
        let details = service.get(&format!("/api/v1/isos/{iso}"));
        assert_eq!((&details["verdict"], &details["bad_sectors"]), (&json!("complete"), &json!(0)));
        assert_eq!(service.isos().len(), 1);
        assert_eq!(service.delete(&format!("/api/v1/isos/{iso}?now=true")), 204);
        assert_eq!(fs::read_dir(&service.output).expect("folder").count(), 0, "everything is gone");
    }
}

#[test]
fn a_data_cd_is_cloned_raw_and_a_data_dvd_sector_by_sector() {
    let service = Service::builder().start();
    let source = disc::file(service.folder.path(), "RAW", 400, 1);
    for (profile, folder) in [("8", true), ("16", false)] {
        service.script(0, &format!("profile = {profile}\n"));
        service.insert(0, &source);
        service.wait_for_drive(0, "idle", "");
        let job =
            create(&service, json!({ "device": "virtual-drive0", "mode": "clone", "filename": format!("clone {profile}") }));
        let done = service.wait_for_status(&job, "completed");
        assert_eq!((&done["mode"], &done["verdict"]), (&json!("clone"), &json!("complete")), "{done}");
        let path = PathBuf::from(done["output_path"].as_str().expect("path"));
        assert_eq!(path.is_dir(), folder, "{done}");
        let iso = service.isos()[0].clone();
        let details = service.get(&format!("/api/v1/isos/{}", iso["id"].as_str().expect("id")));
        if folder {
            assert_eq!(details["form"], "raw_clone");
        } else {
            assert!(details["form"].is_null() && fs::read(&path).expect("image") == fs::read(&source).expect("disc"));
        }
        service.eject(0);
    }
}
