//! The WebSocket: snapshot, changes, lag, silence, nonsense.

use super::support::{ask, settled};
use crate::support::{disc, service::Service};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::{WebSocketStream, client_async, tungstenite::Message, tungstenite::client::IntoClientRequest};

/// A client; it does nothing but in its methods, so a test decides when it reads.
struct Client {
    runtime: tokio::runtime::Runtime,
    socket: WebSocketStream<TcpStream>,
}

impl Client {
    fn new(service: &Service) -> Self {
        Self::connect(service, None, None).expect("accepted")
    }

    /// The status if it is refused.
    fn connect(service: &Service, origin: Option<&str>, receive_buffer: Option<u32>) -> Result<Self, u16> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime");
        let address = service.url("");
        let address = address.trim_start_matches("http://");
        let mut request = format!("ws://{address}/ws").into_client_request().expect("request");
        if let Some(origin) = origin {
            request.headers_mut().insert("origin", origin.parse().expect("origin"));
        }
        let opened = runtime.block_on(async {
            let socket = TcpSocket::new_v4().expect("socket");
            if let Some(size) = receive_buffer {
                socket.set_recv_buffer_size(size).expect("buffer");
            }
            let stream = socket.connect(address.parse().expect("address")).await.expect("connected");
            client_async(request, stream).await
        });
        match opened {
            Ok((socket, _)) => Ok(Self { runtime, socket }),
            Err(tokio_tungstenite::tungstenite::Error::Http(answer)) => Err(answer.status().as_u16()),
            Err(error) => panic!("{error}"),
        }
    }

    fn send(&mut self, message: Message) -> bool {
        self.runtime.block_on(self.socket.send(message)).is_ok()
    }

    fn say(&mut self, message: &Value) {
        assert!(self.send(Message::text(message.to_string())));
    }

    /// The next message as it comes; nothing once the connection is closed.
    fn receive(&mut self) -> Option<Message> {
        let next = async { tokio::time::timeout(Duration::from_secs(60), self.socket.next()).await };
        self.runtime.block_on(next).expect("in time").and_then(Result::ok)
    }

    /// The next message that says something.
    fn hear(&mut self) -> Value {
        loop {
            match self.receive().expect("open") {
                Message::Text(text) => {
                    let said: Value = serde_json::from_str(&text).expect("JSON");
                    if said["type"] != "heartbeat" {
                        return said;
                    }
                }
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    fn hear_until(&mut self, wanted: impl Fn(&Value) -> bool) -> Vec<Value> {
        let mut heard = Vec::new();
        while heard.last().is_none_or(|last| !wanted(last)) {
            heard.push(self.hear());
        }
        heard
    }

    /// Writes until nothing more goes: the service has stopped reading because its answers are not taken.
    fn stuff(&mut self) {
        let nonsense = Message::text(format!("{{\"subscribe\":[{:?}]}}", "x".repeat(2000)));
        let send = async {
            while tokio::time::timeout(Duration::from_secs(1), self.socket.send(nonsense.clone()))
                .await
                .is_ok_and(|sent| sent.is_ok())
            {}
        };
        self.runtime.block_on(send);
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
fn a_snapshot_comes_first_and_then_every_change_with_what_it_changed() {
    let service = settled(Service::builder().auto());
    let mut socket = Client::connect(&service, Some(&service.url("")), None).expect("accepted");
    socket.say(&json!({ "subscribe": ["drives", "jobs", "isos", "system"] }));
    let snapshot = socket.hear();
    assert_eq!(
        (&snapshot["type"], &snapshot["drives"][0]["id"], &snapshot["jobs"]),
        (&json!("snapshot"), &json!("virtual-drive0"), &json!([]))
    );
    assert!(snapshot["seq"].as_i64() > Some(0) && snapshot["system"]["version"].is_string(), "{snapshot}");
    let disc = disc::file(service.folder.path(), "LIVE", 600, 3);
    service.script(0, "speed_bytes_per_second = 600000\n");
    service.insert(0, &disc);
    let heard = socket.hear_until(|said| said["event"]["kind"] == "iso.published");
    let seqs: Vec<i64> = heard.iter().filter_map(|said| said["event"]["seq"].as_i64()).collect();
    assert!(seqs.windows(2).all(|pair| pair[0] < pair[1]) && seqs[0] > snapshot["seq"].as_i64().unwrap_or(0), "{seqs:?}");
    let of = |kind: &str| heard.iter().find(|said| said["event"]["kind"] == kind).unwrap_or_else(|| panic!("{kind}: {heard:#?}"));
    assert_eq!(of("job.created")["job"]["disk_label"], "LIVE");
    assert_eq!(of("iso.published")["iso"]["disk_label"], "LIVE");
    assert!(heard.iter().any(|said| said["type"] == "progress" && said["progress"].as_f64() > Some(0.0)), "no progress");
    // Only what was asked for, from now on; and what was missed by somebody who comes back.
    let mut back = Client::new(&service);
    back.say(&json!({ "subscribe": ["isos"], "since": snapshot["seq"] }));
    let missed = back.hear_until(|said| said["type"] == "snapshot");
    assert_eq!((missed.len(), &missed[0]["event"]["kind"]), (2, &json!("iso.published")), "{missed:#?}");
    assert!(missed[1].get("drives").is_none() && missed[1]["isos"][0]["disk_label"] == "LIVE");
}

#[test]
fn nonsense_is_answered_and_strangers_are_not() {
    let service = settled(Service::builder());
    assert_eq!(Client::connect(&service, Some("http://evil.example"), None).err(), Some(403));
    let mut socket = Client::new(&service);
    for (message, field) in [
        (json!({ "subscribe": ["everything"] }), "subscribe"),
        (json!({ "subscribe": "jobs" }), "subscribe"),
        (json!({ "subscribe": ["job:1"] }), "subscribe"),
        (json!({ "subscribe": ["jobs"], "since": -1 }), "since"),
        (json!({ "subscribe": [], "more": 1 }), "more"),
        (json!({ "hello": 1 }), "hello"),
        (json!({ "subscribe": vec!["jobs"; 65] }), "subscribe"),
    ] {
        socket.say(&message);
        let said = socket.hear();
        assert_eq!((&said["type"], &said["problem"]["field"]), (&json!("error"), &json!(field)), "{message}");
    }
    assert!(socket.send(Message::text("{")));
    assert_eq!(socket.hear()["problem"]["code"], "bad_json");
    assert!(socket.send(Message::binary(vec![0, 159, 146, 150])));
    assert_eq!(socket.hear()["type"], "error");
    socket.say(&json!({ "subscribe": ["jobs"] }));
    assert_eq!(socket.hear()["type"], "snapshot");
    // Too large for one message: the connection ends, the service does not.
    socket.send(Message::text("x".repeat(200_000)));
    while let Some(message) = socket.receive() {
        assert!(!matches!(message, Message::Text(_)), "{message:?}");
    }
    assert_eq!(service.get("/health/ready")["status"], "ready");
}

/// A client that does not read: its pipe is filled with answers to nonsense, then more happens than it may be behind.
#[test]
fn a_client_that_lags_gets_resync_and_a_new_snapshot() {
    let service = settled(Service::builder());
    let mut socket = Client::connect(&service, None, Some(4096)).expect("accepted");
    socket.say(&json!({ "subscribe": ["system", "drives"] }));
    assert_eq!(socket.hear()["type"], "snapshot");
    socket.stuff();
    let begun = Instant::now();
    for number in 0..1200_u32 {
        change(&service, 1 + number % 60);
    }
    assert!(begun.elapsed() < Duration::from_secs(18), "too slow for the test: the kernel ends the connection after 20 s");
    let heard = socket.hear_until(|said| said["type"] == "resync");
    assert!(heard.len() > 1);
    let snapshot = socket.hear_until(|said| said["type"] == "snapshot").pop().expect("a snapshot");
    let last = service.get("/api/v1/system/logs?limit=1")["items"][0]["seq"].clone();
    assert_eq!(snapshot["seq"], last);
}

#[test]
fn a_client_that_never_reads_is_dropped() {
    let service = settled(Service::builder());
    let clients = || service.get("/api/v1/system/status")["live_clients"].as_i64();
    let mut socket = Client::connect(&service, None, Some(4096)).expect("accepted");
    socket.say(&json!({ "subscribe": ["system"] }));
    socket.stuff();
    assert_eq!(clients(), Some(1));
    service.wait("the client to be dropped", |_| (clients() == Some(0)).then_some(()));
    drop(socket);
}

#[test]
fn a_stop_of_the_service_says_goodbye() {
    let mut service = settled(Service::builder());
    let mut socket = Client::new(&service);
    socket.say(&json!({ "subscribe": ["drives"] }));
    assert_eq!(socket.hear()["type"], "snapshot");
    let code = service.stop();
    assert_eq!(code, Some(0));
    assert_eq!(socket.hear_until(|said| said["type"] == "goodbye").len(), 1);
    assert!(matches!(socket.receive(), Some(Message::Close(Some(_)))));
}
