//! Downloads: whole, in part, never anything but the catalogued file.

use super::support::{ask, one_image, settled};
use crate::support::service::Service;
use std::os::unix::fs::symlink;

#[test]
fn an_image_can_be_had_whole_and_in_part() {
    let service = settled(Service::builder());
    let (image, bytes) = one_image(&service, "DOWNLOAD");
    let path = format!("/api/v1/isos/{}/download", image["id"].as_str().expect("id"));
    let get = |headers: &[(&str, &str)]| ask(&service, "GET", &path, headers, b"");
    let whole = get(&[("accept-encoding", "gzip, br, zstd, deflate")]);
    assert_eq!((whole.status, whole.body.len()), (200, bytes.len()));
    assert!(whole.body == bytes, "other bytes");
    assert_eq!(whole.header("content-length"), bytes.len().to_string());
    assert!(matches!(whole.header("content-encoding"), "" | "identity"));
    assert_eq!(whole.header("x-content-type-options"), "nosniff");
    assert!(
        whole.header("content-disposition").starts_with("attachment; filename=\"DOWNLOAD.iso\""),
        "{}",
        whole.header("content-disposition")
    );
    let part = get(&[("range", "bytes=2048-4095")]);
    assert_eq!((part.status, part.header("content-range")), (206, format!("bytes 2048-4095/{}", bytes.len()).as_str()));
    assert!(part.body == bytes[2048..4096]);
    assert!(get(&[("range", "bytes=-100")]).body == bytes[bytes.len() - 100..]);
    assert!(get(&[("range", "bytes=614000-")]).body == bytes[614_000..]);
    let beyond = get(&[("range", "bytes=99999999-")]);
    assert_eq!((beyond.status, beyond.json()["code"].as_str()), (416, Some("range_invalid")));
    assert_eq!(beyond.header("content-range"), format!("bytes */{}", bytes.len()));
    let tag = whole.header("etag");
    assert_eq!(get(&[("if-none-match", tag)]).status, 304);
    assert_eq!(get(&[("range", "bytes=0-9"), ("if-range", tag)]).status, 206);
    assert_eq!(get(&[("range", "bytes=0-9"), ("if-range", "\"other\"")]).status, 200);
    let head = ask(&service, "HEAD", &path, &[], b"");
    assert_eq!((head.status, head.body.len(), head.header("content-length")), (200, 0, bytes.len().to_string().as_str()));
}

#[test]
fn what_comes_from_a_disc_is_saved_and_can_do_nothing() {
    let service = settled(Service::builder());
    for label in ["<script>alert(1)</script>.html", "x\"; filename=evil.html", "page.html"] {
        let (image, bytes) = one_image(&service, label);
        let path = format!("/api/v1/isos/{}/download", image["id"].as_str().expect("id"));
        for (headers, status) in [([("accept", "text/html")], 200), ([("range", "bytes=0-99")], 206)] {
            let answer = ask(&service, "GET", &path, &headers, b"");
            assert_eq!((answer.status, answer.body.len() <= bytes.len()), (status, true), "{label}");
            assert_eq!(answer.header("content-security-policy"), "sandbox; default-src 'none'", "{label}");
            assert_eq!(answer.header("content-type"), "application/octet-stream", "{label}");
            assert_eq!(answer.header("x-content-type-options"), "nosniff", "{label}");
            assert_eq!(answer.header("cache-control"), "private, no-cache", "{label}");
            let disposition = answer.header("content-disposition");
            assert!(disposition.starts_with("attachment; filename=\""), "{disposition}");
            assert!(disposition.matches('"').count() == 2 && !disposition.contains(['<', '>']), "{disposition}");
        }
        let tag = ask(&service, "HEAD", &path, &[], b"").header("etag").to_owned();
        let unchanged = ask(&service, "GET", &path, &[("if-none-match", tag.as_str())], b"");
        assert_eq!((unchanged.status, unchanged.header("content-security-policy")), (304, "sandbox; default-src 'none'"));
        service.eject(0);
    }
}

#[test]
fn only_the_catalogued_file_itself_is_served() {
    let service = settled(Service::builder());
    let (image, _) = one_image(&service, "SWAPPED");
    let address = format!("/api/v1/isos/{}", image["id"].as_str().expect("id"));
    let file = image["filepath"].as_str().expect("path");
    let refused = || {
        let answer = ask(&service, "GET", &format!("{address}/download"), &[], b"");
        assert_eq!((answer.status, answer.json()["code"].as_str()), (410, Some("file_missing")), "{}", answer.text());
    };
    std::fs::remove_file(file).expect("removed");
    refused();
    symlink("/etc/passwd", file).expect("link");
    refused();
    std::fs::remove_file(file).expect("removed");
    nix::unistd::mkfifo(file, nix::sys::stat::Mode::S_IRWXU).expect("pipe");
    refused();
    std::fs::remove_file(file).expect("removed");
    std::fs::create_dir(file).expect("folder");
    refused();
    std::fs::remove_dir(file).expect("removed");
    let address = format!("{address}?now=true");
    assert_eq!(ask(&service, "DELETE", &address, &[], b"").status, 204);
    assert_eq!(ask(&service, "DELETE", &address, &[], b"").json()["code"], "iso_unknown");
    assert_eq!(service.isos().len(), 0);
}

#[test]
fn an_image_can_be_verified_and_deleted_with_its_file() {
    let service = settled(Service::builder());
    let (image, _) = one_image(&service, "VERIFIED");
    let address = format!("/api/v1/isos/{}", image["id"].as_str().expect("id"));
    for field in [
        "id",
        "job_uuid",
        "filename",
        "filepath",
        "size",
        "md5sum",
        "sha256sum",
        "disk_type",
        "disk_label",
        "verdict",
        "created_at",
    ] {
        assert!(image.get(field).is_some_and(|value| !value.is_null()), "{field}: {image}");
    }
    let job = service.command(&format!("{address}/verify"), &serde_json::json!({}));
    assert_eq!(job["kind"], "verify");
    service.wait_for_status(job["uuid"].as_str().expect("uuid"), "completed");
    assert_eq!(service.get(&address)["verify_ok"], true);
    let address = format!("{address}?now=true");
    assert_eq!(ask(&service, "DELETE", &address, &[], b"").status, 204);
    assert!(!std::path::Path::new(image["filepath"].as_str().expect("path")).exists());
}
