//! Server-sent events: what was missed, then what happens.

use super::support::{ask, open, settled};
use crate::support::{disc, service::Service};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};

/// One frame.
#[derive(Debug, PartialEq)]
struct Frame {
    id: Option<i64>,
    event: String,
    data: Value,
}

struct Reader(BufReader<reqwest::blocking::Response>);

impl Reader {
    fn new(service: &Service, path: &str, headers: &[(&str, &str)]) -> Self {
        let answer = open(service, "GET", path, headers, b"");
        assert_eq!((answer.status().as_u16(), answer.headers()["content-type"].as_bytes()), (200, &b"text/event-stream"[..]));
        Self(BufReader::new(answer))
    }

    /// The next frame that says something.
    fn next(&mut self) -> Frame {
        let mut frame = Frame { id: None, event: "message".to_owned(), data: Value::Null };
        loop {
            let mut line = String::new();
            assert!(self.0.read_line(&mut line).expect("a line") > 0, "the stream ended");
            match line.trim_end().split_once(": ") {
                Some(("id", id)) => frame.id = id.parse().ok(),
                Some(("event", event)) => event.clone_into(&mut frame.event),
                Some(("data", data)) => frame.data = serde_json::from_str(data).expect("JSON"),
                _ if line == "\n" && !frame.data.is_null() => return frame,
                _ => {}
            }
        }
    }

    fn until(&mut self, kind: &str) -> Vec<Frame> {
        let mut frames = Vec::new();
        while frames.last().is_none_or(|frame: &Frame| frame.data["kind"] != kind) {
            frames.push(self.next());
        }
        frames
    }
}

fn change(service: &Service, max_jobs: u32) {
    let body = json!({ "max_jobs": max_jobs }).to_string();
    assert_eq!(
        ask(service, "PUT", "/api/v1/system/config", &[("content-type", "application/json")], body.as_bytes()).status,
        200
    );
}

#[test]
fn a_reader_that_comes_back_misses_nothing_and_sees_nothing_twice() {
    let service = settled(Service::builder());
    change(&service, 2);
    let all = service.get("/api/v1/events?limit=200")["items"].as_array().expect("items").clone();
    let (first, last) = (all[0]["seq"].as_i64().expect("seq"), all[all.len() - 1]["seq"].as_i64().expect("seq"));
    let mut reader = Reader::new(&service, "/events/system", &[("last-event-id", &first.to_string())]);
    change(&service, 3);
    let frames: Vec<Frame> =
        std::iter::repeat_with(|| reader.next()).take_while(|frame| frame.data["payload"]["changes"]["max_jobs"] != 3).collect();
    let seqs: Vec<i64> = frames.iter().filter_map(|frame| frame.id).collect();
    let expected: Vec<i64> = all.iter().filter_map(|event| event["seq"].as_i64()).filter(|seq| *seq > first).collect();
    assert_eq!(seqs, expected, "each missed event once, in order");
    // Later than what the address says: a browser that reconnects.
    let mut again = Reader::new(&service, "/api/v1/events/system?since=0", &[("last-event-id", &last.to_string())]);
    assert_eq!(again.next().data["payload"]["changes"]["max_jobs"], 3);
    let mut ahead = Reader::new(&service, "/api/events/system?since=999999", &[]);
    assert_eq!(ahead.next().event, "resync");
}

#[test]
fn a_job_tells_its_state_its_progress_and_its_end() {
    let service = settled(Service::builder());
    service.script(0, "speed_bytes_per_second = 500000\n");
    service.insert(0, &disc::file(service.folder.path(), "STREAM", 600, 3));
    service.wait_for_drive(0, "idle", "");
    let job = service.create_job(0, &json!({}));
    let mut reader = Reader::new(&service, &format!("/events/jobs/{job}"), &[]);
    let first = reader.next();
    assert_eq!((first.event.as_str(), &first.data["uuid"]), ("job", &json!(job)));
    let frames = reader.until("job.completed");
    assert!(frames.iter().any(|frame| frame.event == "progress" && frame.data["progress"].as_f64() > Some(0.0)), "{frames:?}");
    assert!(
        frames.iter().filter(|frame| frame.event == "message").all(|frame| frame.data["job_uuid"] == job.as_str()),
        "{frames:?}"
    );
    let again = Reader::new(&service, &format!("/events/jobs/{job}?since=0"), &[]).until("job.completed");
    let kinds: Vec<_> =
        again.iter().filter(|frame| frame.event == "message").filter_map(|frame| frame.data["kind"].as_str()).collect();
    assert_eq!((kinds.first(), kinds.last()), (Some(&"job.created"), Some(&"job.completed")));
}

#[test]
fn a_stop_of_the_service_says_goodbye() {
    let mut service = settled(Service::builder());
    let mut reader = Reader::new(&service, "/events/system", &[]);
    assert_eq!(service.stop(), Some(0));
    while reader.next().event != "goodbye" {}
}

#[test]
fn readers_that_go_free_their_places() {
    let service = settled(Service::builder());
    let head = ask(&service, "HEAD", "/events/system", &[], b"");
    assert_eq!((head.status, head.header("content-type")), (200, "text/event-stream"));
    let clients = || service.get("/api/v1/system/status")["live_clients"].as_i64();
    assert_eq!(clients(), Some(0));
    let reader = Reader::new(&service, "/events/system", &[]);
    assert_eq!(clients(), Some(1));
    drop(reader);
    let mut numbers = (1..=64).cycle();
    // Something has to be written before anybody can notice; without news a heartbeat is.
    service.wait("the place to be free", |service| {
        change(service, numbers.next().expect("endless"));
        (clients() == Some(0)).then_some(())
    });
}
