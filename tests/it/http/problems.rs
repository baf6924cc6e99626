//! Whatever is wrong with a request is said, with code and field, and changes nothing.

use super::support::{ask, settled};
use crate::support::service::Service;
use serde_json::Value;
use std::{
    io::{Read, Write},
    net::TcpStream,
};

const JSON: (&str, &str) = ("content-type", "application/json");
const NOBODY: &str = "0198a2c4-5f10-7c3a-9a51-7d2f0c9e1b44";

fn state(service: &Service) -> (Value, Value, Value, Value) {
    let get = |path: &str| service.get(path);
    (get("/api/v1/jobs"), get("/api/v1/isos"), get("/api/v1/system/config"), get("/api/v1/system/logs"))
}

fn check(service: &Service, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8], expected: (u16, &str, &str)) {
    let answer = ask(service, method, path, headers, body);
    let shown = String::from_utf8_lossy(&body[..body.len().min(200)]);
    let said = answer.json();
    let found = (answer.status, said["code"].as_str().unwrap_or("none"), said["field"].as_str().unwrap_or(""));
    assert_eq!(found, expected, "{method} {path} {shown}: {said}");
    assert_eq!(answer.header("content-type"), "application/problem+json", "{method} {path}");
    assert_eq!(said["status"], answer.status, "{method} {path}");
    assert!(!said["detail"].as_str().unwrap_or_default().is_empty() && !said["title"].as_str().unwrap_or_default().is_empty());
    assert_eq!(said["instance"].as_str(), Some(path.split('?').next().unwrap_or(path)), "{method} {path}");
}

#[test]
fn bad_bodies_are_refused_with_field_and_reason_and_change_nothing() {
    let service = settled(Service::builder());
    let folder = service.drive_folder(0).display().to_string();
    let before = state(&service);
    let job = |rest: &str| format!("{{\"device\":{folder:?},\"mode\":\"standard\"{rest}}}");
    for (body, expected) in [
        ("{".to_owned(), (400, "bad_json", "")),
        (String::new(), (400, "bad_json", "")),
        ("[]".to_owned(), (400, "bad_json", "")),
        ("null".to_owned(), (400, "bad_json", "")),
        ("\u{1}".to_owned(), (400, "bad_json", "")),
        (format!("{} x", job("")), (400, "bad_json", "")),
        ("[".repeat(60_000), (400, "bad_json", "")),
        ("{}".to_owned(), (422, "invalid_field", "device")),
        ("{\"device\":\"x\"}".to_owned(), (422, "not_a_drive", "device")),
        ("{\"device\":1,\"mode\":\"standard\"}".to_owned(), (422, "invalid_field", "device")),
        (job(",\"colour\":\"red\""), (422, "invalid_field", "colour")),
        (job(",\"mode\":\"standard\""), (422, "invalid_field", "mode")),
        (job(",\"priority\":\"high\""), (422, "invalid_field", "priority")),
        (job(",\"priority\":1000"), (422, "invalid_field", "priority")),
        (job(",\"priority\":1e300"), (422, "invalid_field", "priority")),
        (job(",\"options\":{\"retries\":-1}"), (422, "invalid_field", "options.retries")),
        (job(",\"options\":{\"retries\":101}"), (422, "invalid_field", "options.retries")),
        (job(",\"options\":{\"verify\":\"all\"}"), (422, "invalid_field", "options.verify")),
        (job(",\"options\":{\"verify\":1}"), (422, "invalid_field", "options.verify")),
        (job(",\"options\":{\"block_sectors\":0}"), (422, "invalid_field", "options.block_sectors")),
        (job(",\"options\":{\"block_sectors\":257}"), (422, "invalid_field", "options.block_sectors")),
        (job(",\"options\":{\"speed_kbps\":149}"), (422, "invalid_field", "options.speed_kbps")),
        (job(",\"options\":{\"rescue_seconds\":0}"), (422, "invalid_field", "options.rescue_seconds")),
        (job(",\"options\":{\"max_bad_sectors\":9223372036854775808}"), (422, "invalid_field", "options.max_bad_sectors")),
        (job(",\"options\":{\"read_offset\":-5881}"), (422, "invalid_field", "options.read_offset")),
        (job(",\"options\":{\"engine\":\"dd\"}"), (422, "invalid_field", "options.engine")),
        (job(",\"options\":{\"format\":\"mp3\"}"), (422, "invalid_field", "options.format")),
        (job(",\"options\":{\"hashes\":[\"sha1\",\"md6\"]}"), (422, "invalid_field", "options.hashes[1]")),
        (job(",\"options\":{\"on_loss\":\"cry\"}"), (422, "invalid_field", "options.on_loss")),
        (job(",\"options\":{\"eject\":\"yes\"}"), (422, "invalid_field", "options.eject")),
        (job(",\"options\":{\"speed\":1}"), (422, "invalid_field", "options.speed")),
        (job(",\"options\":[]"), (422, "invalid_field", "options")),
        (job(",\"filename\":\"../evil\""), (422, "invalid_field", "filename")),
        (job(",\"filename\":\"a/b\""), (422, "invalid_field", "filename")),
        (job(",\"filename\":\"\""), (422, "invalid_field", "filename")),
        (job(",\"filename\":\"a\\u0000b\""), (422, "invalid_field", "filename")),
        (job(",\"output_path\":\"/etc\""), (422, "outside_allowed_roots", "output_path")),
        (job(",\"output_path\":\"../..\""), (422, "invalid_field", "output_path")),
        ("{\"device\":\"x\",\"mode\":\"magic\"}".to_owned(), (422, "not_a_drive", "device")),
        ("{\"device\":\"/dev/null\",\"mode\":\"standard\"}".to_owned(), (422, "not_a_drive", "device")),
        ("{\"device\":\"/etc/passwd\",\"mode\":\"standard\"}".to_owned(), (422, "not_a_drive", "device")),
        (format!("{{\"device\":{folder:?},\"mode\":\"magic\"}}"), (422, "invalid_field", "mode")),
    ] {
        check(&service, "POST", "/api/v1/jobs", &[JSON], body.as_bytes(), expected);
    }
    let at = |action: &str| format!("/api/v1/jobs/{NOBODY}/{action}");
    for (action, body, expected) in [
        ("continue", "", (400, "bad_json", "")),
        ("continue", "[]", (400, "bad_json", "")),
        ("continue", "{\"drive\":\"x\"}", (422, "invalid_field", "drive")),
        ("continue", "{\"device\":5}", (422, "invalid_field", "device")),
        ("continue", "{\"options\":{\"colour\":1}}", (422, "invalid_field", "options.colour")),
        ("continue", "{}", (404, "job_unknown", "")),
        ("move", "{}", (422, "invalid_field", "direction")),
        ("move", "{\"direction\":\"left\"}", (422, "invalid_field", "direction")),
        ("move", "{\"before\":\"x\"}", (422, "invalid_field", "before")),
        ("move", "{\"direction\":\"up\"}", (404, "job_unknown", "")),
        ("decision", "", (400, "bad_json", "")),
        ("decision", "{}", (422, "invalid_field", "decision")),
        ("decision", "{\"decision\":\"pray\"}", (422, "invalid_field", "decision")),
        ("decision", "{\"decision\":\"accept\",\"device\":\"x\"}", (422, "invalid_field", "device")),
        ("decision", "{\"decision\":\"other_drive\"}", (422, "invalid_field", "device")),
        ("decision", "{\"decision\":\"accept\"}", (404, "job_unknown", "")),
    ] {
        check(&service, "POST", &at(action), &[JSON], body.as_bytes(), expected);
    }
    check(&service, "POST", &at("continue"), &[], b"{}", (415, "unsupported_media_type", "Content-Type"));
    let large = job(&format!(",\"filename\":{:?}", "x".repeat(70_000)));
    check(&service, "POST", "/api/v1/jobs", &[JSON], large.as_bytes(), (413, "too_large", ""));
    check(&service, "POST", "/api/jobs", &[], job("").as_bytes(), (415, "unsupported_media_type", "Content-Type"));
    check(
        &service,
        "POST",
        "/api/v1/jobs",
        &[("content-type", "text/plain")],
        job("").as_bytes(),
        (415, "unsupported_media_type", "Content-Type"),
    );
    for (body, field) in [
        ("{\"auto\":\"yes\"}", "auto"),
        ("{\"max_jobs\":0}", "max_jobs"),
        ("{\"max_jobs\":65}", "max_jobs"),
        ("{\"again\":\"maybe\"}", "again"),
        ("{\"listen\":\"0.0.0.0:80\"}", "listen"),
    ] {
        check(&service, "PUT", "/api/v1/system/config", &[JSON], body.as_bytes(), (422, "invalid_field", field));
    }
    let insert = "/api/v1/disks/virtual-drive0/insert";
    for image in ["relative.iso", "/no/such/file.iso", "/etc", "/etc/../etc/passwd", "/dev/null", "/a\u{0}b"] {
        let body = serde_json::json!({ "image": image }).to_string();
        check(&service, "POST", insert, &[JSON], body.as_bytes(), (422, "invalid_field", "image"));
    }
    check(&service, "POST", insert, &[JSON], b"{\"image\":5}", (422, "invalid_field", "image"));
    assert_eq!(state(&service), before);
}

#[test]
fn unknown_addresses_ids_methods_and_parameters_are_named() {
    let service = settled(Service::builder());
    let before = state(&service);
    let at = |path: &str| path.replace("{nobody}", NOBODY);
    for (method, path, expected) in [
        ("GET", "/api/v1/nothing", (404, "not_found", "")),
        ("GET", "/api/v2/jobs", (404, "not_found", "")),
        ("POST", "/", (405, "method_not_allowed", "")),
        ("PATCH", "/api/v1/jobs", (405, "method_not_allowed", "")),
        ("DELETE", "/api/v1/disks/virtual-drive0", (405, "method_not_allowed", "")),
        ("GET", "/api/v1/jobs/{nobody}/pause", (405, "method_not_allowed", "")),
        ("GET", "/api/v1/jobs/{nobody}", (404, "job_unknown", "")),
        ("GET", "/api/v1/jobs/1", (404, "job_unknown", "")),
        ("GET", "/api/v1/jobs/%2e%2e%2f%2e%2e%2fetc", (404, "job_unknown", "")),
        ("DELETE", "/api/v1/jobs/{nobody}", (404, "job_unknown", "")),
        ("POST", "/api/v1/jobs/{nobody}/pause", (404, "job_unknown", "")),
        ("POST", "/api/v1/jobs/{nobody}/resume", (404, "job_unknown", "")),
        ("POST", "/api/v1/jobs/{nobody}/retry", (404, "job_unknown", "")),
        ("POST", "/api/v1/jobs/{nobody}/cancel", (404, "job_unknown", "")),
        ("POST", "/api/v1/jobs/{nobody}/restore", (404, "job_unknown", "")),
        ("GET", "/api/v1/jobs/bulk", (405, "method_not_allowed", "")),
        ("DELETE", "/api/v1/jobs/{nobody}?final=maybe", (400, "invalid_query", "final")),
        ("POST", "/api/v1/jobs/x/cancel", (404, "job_unknown", "")),
        ("GET", "/api/v1/jobs/{nobody}/map", (404, "job_unknown", "")),
        ("GET", "/api/v1/jobs/{nobody}/scan", (404, "job_unknown", "")),
        ("GET", "/api/v1/jobs/{nobody}/decision", (405, "method_not_allowed", "")),
        ("GET", "/api/v1/jobs/{nobody}/scan?points=5", (400, "invalid_query", "points")),
        ("GET", "/api/v1/isos/{nobody}/damage", (404, "iso_unknown", "")),
        ("POST", "/api/v1/isos/{nobody}/damage", (405, "method_not_allowed", "")),
        ("GET", "/api/v1/events/jobs/{nobody}", (404, "job_unknown", "")),
        ("GET", "/api/v1/isos/{nobody}", (404, "iso_unknown", "")),
        ("GET", "/api/v1/isos/x/download", (404, "iso_unknown", "")),
        ("GET", "/api/v1/isos/{nobody}/download", (404, "iso_unknown", "")),
        ("DELETE", "/api/v1/isos/{nobody}", (404, "iso_unknown", "")),
        ("POST", "/api/v1/isos/{nobody}/verify", (404, "iso_unknown", "")),
        ("GET", "/api/v1/disks/nope", (404, "drive_unknown", "")),
        ("POST", "/api/v1/disks/nope/eject", (404, "drive_unknown", "")),
        ("POST", "/api/v1/disks/%2e%2e%2f/close", (404, "drive_unknown", "")),
        ("GET", "/assets/../../etc/passwd", (404, "not_found", "")),
        ("GET", "/assets/%2e%2e%2fapp.css", (404, "not_found", "")),
        ("GET", "/api/v1/jobs?limit=0", (400, "invalid_query", "limit")),
        ("GET", "/api/v1/jobs?limit=201", (400, "invalid_query", "limit")),
        ("GET", "/api/v1/jobs?limit=9999999999999999999999", (400, "invalid_query", "limit")),
        ("GET", "/api/v1/jobs?status=running,odd", (400, "invalid_query", "status")),
        ("GET", "/api/v1/jobs?sort=secret", (400, "invalid_query", "sort")),
        ("GET", "/api/v1/jobs?since=yesterday", (400, "invalid_query", "since")),
        ("GET", "/api/v1/jobs?cursor=%27;DROP", (400, "invalid_query", "cursor")),
        ("GET", "/api/v1/jobs?page=2", (400, "invalid_query", "page")),
        ("GET", "/api/v1/jobs?q=%ff", (400, "invalid_query", "q")),
        ("GET", "/api/v1/isos?verdict=nice", (400, "invalid_query", "verdict")),
        ("GET", "/api/v1/isos?job=x", (400, "invalid_query", "job")),
        ("GET", "/api/v1/disks?x=1", (400, "invalid_query", "x")),
        ("GET", "/api/v1/events?since=-1", (400, "invalid_query", "since")),
        ("GET", "/api/v1/system/logs?level=loud", (400, "invalid_query", "level")),
        ("GET", "/api/v1/ws", (400, "bad_json", "")),
    ] {
        let path = at(path);
        // The client resolves `..` itself; the address that the service sees is another one then.
        if path.contains("/../") {
            continue;
        }
        check(&service, method, &path, &[], b"", expected);
    }
    check(&service, "GET", "/api/v1/events/system", &[("last-event-id", "x")], b"", (400, "invalid_query", "Last-Event-ID"));
    assert_eq!(state(&service), before);
}

/// What no client library would send.
#[test]
fn garbage_on_the_socket_never_gets_more_than_a_refusal() {
    let service = settled(Service::builder());
    let port: u16 = service.url("").rsplit(':').next().and_then(|port| port.parse().ok()).expect("port");
    let host = "Host: localhost\r\nConnection: close\r\n";
    for request in [
        format!("GET /api/v1/../../etc/passwd HTTP/1.1\r\n{host}\r\n"),
        format!("GET /api/v1/isos/../../../etc/passwd/download HTTP/1.1\r\n{host}\r\n"),
        format!("GET /api/v1/jobs/%00 HTTP/1.1\r\n{host}\r\n"),
        format!("GET /api/v1/jobs/%ff%fe HTTP/1.1\r\n{host}\r\n"),
        format!("GET /{} HTTP/1.1\r\n{host}\r\n", "a".repeat(20_000)),
        format!("POST /api/v1/jobs HTTP/1.1\r\n{host}Content-Type: application/json\r\nContent-Length: 99999999999\r\n\r\n"),
        format!("POST /api/v1/jobs HTTP/1.1\r\n{host}Content-Type: application/json\r\nContent-Length: -1\r\n\r\n{{}}"),
        format!("POST /api/v1/jobs HTTP/1.1\r\n{host}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
        "GET /api/v1/jobs HTTP/1.1\r\nConnection: close\r\n\r\n".to_owned(),
        "GET / HTTP/1.1\r\nHost: \r\nConnection: close\r\n\r\n".to_owned(),
        "\u{1}\u{2}\u{3}\r\n\r\n".to_owned(),
    ] {
        let mut socket = TcpStream::connect(("127.0.0.1", port)).expect("connected");
        socket.set_read_timeout(Some(std::time::Duration::from_secs(20))).expect("limit");
        socket.write_all(request.as_bytes()).expect("sent");
        let _ = socket.shutdown(std::net::Shutdown::Write);
        let mut answer = Vec::new();
        // A reset after the refusal is as good as a close.
        let _ = socket.read_to_end(&mut answer);
        let line = String::from_utf8_lossy(&answer).lines().next().unwrap_or_default().to_owned();
        assert!(line.is_empty() || line.starts_with("HTTP/1.1 4"), "{:?} → {line}", &request[..request.len().min(80)]);
    }
    assert_eq!(service.get("/health/ready")["status"], "ready");
    assert!(!service.log().contains("panicked"), "{}", service.log());
}
