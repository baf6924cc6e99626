//! Other web pages and other names get nothing.

use super::support::{ask, settled};
use crate::support::service::Service;

#[test]
fn foreign_hosts_and_origins_are_refused_and_change_nothing() {
    let service = settled(Service::builder());
    let own = service.url("");
    let body = serde_json::json!({ "device": "virtual-drive0", "mode": "standard" }).to_string();
    let post = |path: &str, headers: &[(&str, &str)]| {
        let mut all = vec![("content-type", "application/json")];
        all.extend(headers);
        ask(&service, "POST", path, &all, body.as_bytes())
    };
    for headers in [
        [("origin", "http://evil.example"), ("accept", "*/*")],
        [("origin", "null"), ("accept", "*/*")],
        [("origin", "http://127.0.0.1:1"), ("accept", "*/*")],
        [("sec-fetch-site", "cross-site"), ("accept", "*/*")],
        [("sec-fetch-site", "same-site"), ("origin", own.as_str())],
    ] {
        for path in ["/api/v1/jobs", "/api/jobs", "/ui/disks/virtual-drive0/image", "/api/v1/disks/virtual-drive0/eject"] {
            let answer = post(path, &headers);
            assert_eq!((answer.status, answer.json()["code"].as_str()), (403, Some("origin_refused")), "{path} {headers:?}");
        }
    }
    for host in ["evil.example", "evil.example:8080", "127.0.0.1.evil.example"] {
        let answer = ask(&service, "GET", "/api/v1/jobs", &[("host", host)], b"");
        assert_eq!((answer.status, answer.json()["field"].as_str()), (403, Some("Host")), "{host}");
        assert_eq!(ask(&service, "GET", "/", &[("host", host)], b"").status, 403, "{host}");
    }
    assert_eq!((service.jobs().len(), service.drive(0)["reason"].as_str().map(str::to_owned)), (0, Some("empty".to_owned())));
    assert_eq!(post("/api/v1/jobs", &[("origin", own.as_str()), ("sec-fetch-site", "same-origin")]).status, 202);
    assert_eq!(post("/api/v1/jobs", &[]).status, 202);
}

#[test]
fn every_answer_carries_the_security_headers() {
    let service = settled(Service::builder());
    let page = ask(&service, "GET", "/", &[], b"").text();
    let sheet =
        page.split("href=\"").find_map(|rest| rest.split('"').next().filter(|path| path.contains(".css"))).expect("a sheet");
    for path in ["/", "/api/v1/jobs", "/nothing", sheet, "/health/live", "/api/v1/openapi.json"] {
        let answer = ask(&service, "GET", path, &[], b"");
        let policy = answer.header("content-security-policy");
        assert!(policy.contains("default-src 'self'") && !policy.contains("unsafe"), "{path}: {policy}");
        assert_eq!((answer.header("x-content-type-options"), answer.header("x-frame-options")), ("nosniff", "DENY"), "{path}");
        assert_eq!(answer.header("cross-origin-opener-policy"), "same-origin", "{path}");
        assert!(answer.header("permissions-policy").contains("camera=()"), "{path}");
        assert_eq!(answer.header("strict-transport-security"), "", "{path}: not without TLS");
    }
    for path in ["/api/v1/jobs", "/api/v1/disks", "/api/v1/system/logs", "/api/v1/system/config", "/", "/metrics"] {
        assert_eq!(ask(&service, "GET", path, &[], b"").header("cache-control"), "no-store", "{path}");
    }
    for path in ["/", "/api/v1/openapi.json", sheet] {
        assert_eq!(ask(&service, "GET", path, &[("accept-encoding", "gzip")], b"").header("content-encoding"), "gzip", "{path}");
    }
}
