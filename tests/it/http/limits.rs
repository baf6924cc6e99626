//! Nobody can take the service from the others: too many, too large and too slow requests are refused.

use super::support::{ask, settled};
use crate::support::service::{PATIENCE, Service};
use std::{
    io::{Read as _, Write as _},
    net::{IpAddr, TcpStream},
};

/// Status and `Retry-After` of a request from this address of the machine.
fn from(address: &str, url: &str) -> (u16, Option<u64>) {
    let client = reqwest::blocking::Client::builder().no_proxy().local_address(address.parse::<IpAddr>().ok()).build();
    let answer = client.expect("client").get(url).send().expect("answer");
    let wait = answer.headers().get("retry-after").and_then(|wait| wait.to_str().ok()?.parse().ok());
    (answer.status().as_u16(), wait)
}

#[test]
fn who_asks_too_much_is_told_when_to_ask_again_and_the_others_do_not_notice() {
    let service = settled(Service::builder().set("DISK2ISO_REQUESTS_PER_MINUTE", 60));
    let url = service.url("/api/v1/jobs");
    let (status, wait) = (0..10_000).map(|_| from("127.0.0.2", &url)).find(|(status, _)| *status != 200).expect("a refusal");
    assert_eq!(status, 429);
    assert!(wait.is_some_and(|wait| (1..=60).contains(&wait)), "{wait:?}");
    assert_eq!(from("127.0.0.3", &url).0, 200, "another address has a budget of its own");
    assert_eq!(from("127.0.0.2", &service.url("/health/live")).0, 200, "whoever watches over the service is never refused");
    service.wait("the budget to fill again", |service| (from("127.0.0.2", &service.url("/api/v1/jobs")).0 == 200).then_some(()));
}

#[test]
fn a_refusal_for_the_rate_is_a_problem_document() {
    let service = settled(Service::builder().set("DISK2ISO_HEAVY_REQUESTS_PER_MINUTE", 1));
    let path = "/api/v1/isos/0198a2c4-9b20-7d11-8c40-13d5b0a7f9e2/verify";
    assert_eq!(ask(&service, "POST", path, &[], b"").status, 404);
    let refused = ask(&service, "POST", path, &[], b"");
    assert_eq!((refused.status, refused.json()["code"].as_str()), (429, Some("rate_limited")));
    assert!(refused.header("retry-after").parse::<u64>().is_ok_and(|wait| wait > 0), "{:?}", refused.headers);
    assert_eq!(refused.header("x-content-type-options"), "nosniff");
}

#[test]
fn addresses_and_headers_have_a_largest_size() {
    let service = settled(Service::builder());
    let long = format!("/api/v1/jobs?q={}", "x".repeat(9_000));
    let answer = ask(&service, "GET", &long, &[], b"");
    assert_eq!((answer.status, answer.json()["code"].as_str()), (414, Some("address_too_long")));
    let large = "x".repeat(40_000);
    let answer = ask(&service, "GET", "/api/v1/jobs", &[("x-large", large.as_str())], b"");
    assert_eq!((answer.status, answer.json()["code"].as_str()), (431, Some("headers_too_large")));
    let huge = "x".repeat(200_000);
    assert_eq!(ask(&service, "GET", "/api/v1/jobs", &[("x-huge", huge.as_str())], b"").status, 431);
}

/// What comes back on a connection that sends this and then nothing more, until it is closed.
fn stalled(service: &Service, sent: &str) -> TcpStream {
    let address = service.url("").replace("http://", "");
    let mut stream = TcpStream::connect(&address).expect("connected");
    stream.set_read_timeout(Some(PATIENCE)).expect("timeout");
    stream.write_all(sent.replace("HOST", &address).as_bytes()).expect("sent");
    stream
}

fn rest(mut stream: TcpStream) -> String {
    let mut text = Vec::new();
    // The server ends it; a reset is as good as an end.
    let _ = stream.read_to_end(&mut text);
    String::from_utf8_lossy(&text).into_owned()
}

#[test]
fn who_sends_too_slowly_is_cut_off_while_others_are_answered() {
    let service = settled(Service::builder());
    let heads: Vec<_> = (0..50).map(|_| stalled(&service, "GET /api/v1/jobs HTTP/1.1\r\nHost: HOST\r\nX-Slow: ")).collect();
    let head = "POST /api/v1/jobs HTTP/1.1\r\nHost: HOST\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{";
    let body = stalled(&service, head);
    assert_eq!(ask(&service, "GET", "/api/v1/jobs", &[], b"").status, 200);
    for head in heads {
        assert!(rest(head).starts_with("HTTP/1.1 408"));
    }
    let answer = rest(body);
    assert!(answer.starts_with("HTTP/1.1 408") && answer.contains("too_slow"), "{answer}");
    assert_eq!(service.jobs().len(), 0);
}
