//! Many live clients while jobs run: does every change reach each of them, how fast, and what does each of them cost?
//!
//! `cargo bench --bench live_clients` (or `target/release/… [PROGRAM [CLIENTS [SECONDS]]]`; default `target/release/disk2iso`, 1000, 30).
//! Starts the program with eight virtual drives and eight running jobs, connects the clients, each subscribed like a page, changes jobs,
//! and one client stops reading. Ends with 1 if a limit is not kept. Client and service share the machine.

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    fs,
    io::{Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
    process::{Child, Command, ExitCode, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};
use tokio_tungstenite::tungstenite::Message;

const DRIVES: usize = 8;
/// Bytes per second of each drive; a disc of 400 MB lasts for more than the whole measurement.
const SPEED: u64 = 2_000_000;
const SECTORS: u32 = 200_000;
const LATENCY_LIMIT: Duration = Duration::from_millis(150);
const MEMORY_LIMIT: u64 = 64 * 1024;

struct Service {
    child: Child,
    url: String,
    client: reqwest::Client,
    folder: tempfile::TempDir,
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A sparse disc with a label and a size.
fn disc(path: &Path, number: usize) -> std::io::Result<()> {
    let mut descriptor = vec![0_u8; 2048];
    descriptor[..7].copy_from_slice(b"\x01CD001\x01");
    descriptor[40..72].fill(b' ');
    descriptor[40..45].copy_from_slice(format!("LIVE{number}").as_bytes());
    descriptor[80..84].copy_from_slice(&SECTORS.to_le_bytes());
    descriptor[84..88].copy_from_slice(&SECTORS.to_be_bytes());
    descriptor[128..132].copy_from_slice(&[0, 8, 8, 0]);
    let mut file = fs::File::create(path)?;
    file.seek(SeekFrom::Start(16 * 2048))?;
    file.write_all(&descriptor)?;
    file.write_all(b"\xffCD001\x01")?;
    // Discs are told apart by what is on them.
    file.seek(SeekFrom::Start(64 * 2048))?;
    file.write_all(format!("disc {number}").as_bytes())?;
    file.set_len(u64::from(SECTORS) * 2048)
}

impl Service {
    fn start(program: &Path) -> Self {
        let folder = tempfile::tempdir().expect("folder");
        let drives: Vec<PathBuf> = (0..DRIVES).map(|number| folder.path().join(format!("drive{number}"))).collect();
        for drive in &drives {
            fs::create_dir_all(drive).expect("drive");
            fs::write(drive.join("drive.toml"), format!("speed_bytes_per_second = {SPEED}\n")).expect("script");
        }
        let list = drives.iter().map(|drive| drive.display().to_string()).collect::<Vec<_>>().join(",");
        let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|one| one.local_addr()).expect("a port").port();
        let child = Command::new(program)
            .arg("serve")
            .env("DISK2ISO_LISTEN", format!("127.0.0.1:{port}"))
            .env("DISK2ISO_STATE_DIR", folder.path().join("state"))
            .env("DISK2ISO_OUTPUT_DIR", folder.path().join("images"))
            .env("DISK2ISO_VIRTUAL_DRIVES", list)
            .env("DISK2ISO_REAL_DRIVES", "0")
            .env("DISK2ISO_AUTH", "off")
            .env("DISK2ISO_LOG_LEVEL", "warn")
            .stdout(Stdio::null())
            .spawn()
            .expect("the program starts; build it with: cargo build --release");
        let client = reqwest::Client::builder().no_proxy().build().expect("client");
        Self { child, url: format!("127.0.0.1:{port}"), client, folder }
    }

    async fn ask(&self, method: reqwest::Method, path: &str, body: Option<&Value>) -> Option<Value> {
        let mut request = self.client.request(method, format!("http://{}{path}", self.url));
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await.ok()?;
        if answer.status().is_success() { answer.json().await.ok() } else { None }
    }

    async fn get(&self, path: &str) -> Option<Value> {
        self.ask(reqwest::Method::GET, path, None).await
    }

    async fn wait<T>(&self, what: &str, mut look: impl AsyncFnMut(&Self) -> Option<T>) -> T {
        let begun = Instant::now();
        loop {
            if let Some(found) = look(self).await {
                return found;
            }
            assert!(begun.elapsed() < Duration::from_secs(120), "waited in vain for {what}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// A disc in every drive, and a job that reads it; gives the jobs' ids.
    async fn jobs(&self) -> Vec<String> {
        let mut jobs = Vec::new();
        for number in 0..DRIVES {
            let path = self.folder.path().join(format!("disc{number}.img"));
            disc(&path, number).expect("disc");
            let drive = format!("/api/v1/disks/virtual-drive{number}");
            self.wait("an empty drive", async |s| s.get(&drive).await.filter(|d| d["state"] == "waiting_for_media")).await;
            let body = json!({ "image": path });
            self.ask(reqwest::Method::POST, &format!("{drive}/insert"), Some(&body)).await.expect("inserted");
            self.wait("a disc", async |s| s.get(&drive).await.filter(|d| d["state"] == "idle")).await;
            let body = json!({ "device": format!("virtual-drive{number}") });
            let job = self.ask(reqwest::Method::POST, "/api/v1/jobs", Some(&body)).await.expect("a job");
            jobs.push(job["uuid"].as_str().expect("id").to_owned());
        }
        for job in &jobs {
            let path = format!("/api/v1/jobs/{job}");
            self.wait("a running job", async |s| s.get(&path).await.filter(|job| job["status"] == "running")).await;
        }
        jobs
    }

    fn memory(&self) -> u64 {
        let text = fs::read_to_string(format!("/proc/{}/statm", self.child.id())).unwrap_or_default();
        text.split_whitespace().nth(1).and_then(|pages| pages.parse::<u64>().ok()).unwrap_or(0) * 4096
    }

    async fn last_event(&self) -> i64 {
        self.get("/api/v1/system/status").await.and_then(|status| status["last_event"].as_i64()).expect("a status")
    }
}

/// What all clients have seen.
#[derive(Default)]
struct Seen {
    ready: AtomicUsize,
    /// For each client: event and how long it took.
    events: Mutex<Vec<Vec<(i64, Duration)>>>,
    gone: AtomicUsize,
}

/// Number and time of an event, without reading the rest: a thousand clients have two processors together.
fn event(text: &str) -> Option<(i64, Duration)> {
    let rest = text.strip_prefix(r#"{"type":"event","event":{"seq":"#)?;
    let (seq, rest) = rest.split_once(",\"at\":\"")?;
    let (at, _) = rest.split_once('"')?;
    let at = chrono::DateTime::parse_from_rfc3339(at).ok()?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
    let at = Duration::from_micros(u64::try_from(at.timestamp_micros()).ok()?);
    Some((seq.parse().ok()?, now.saturating_sub(at)))
}

async fn listen(url: String, number: usize, seen: Arc<Seen>) {
    let (mut socket, _) = tokio_tungstenite::connect_async(format!("ws://{url}/api/v1/ws")).await.expect("connected");
    socket.send(Message::text(r#"{"subscribe":["drives","jobs","isos","system"]}"#)).await.expect("sent");
    while let Some(Ok(message)) = socket.next().await {
        let Message::Text(text) = message else { continue };
        if let Some(found) = event(&text) {
            seen.events.lock().expect("lock")[number].push(found);
        } else if text.starts_with(r#"{"type":"snapshot""#) {
            seen.ready.fetch_add(1, Ordering::SeqCst);
        } else if text.starts_with(r#"{"type":"resync""#) {
            println!("client {number}: {text}");
        }
    }
    seen.gone.fetch_add(1, Ordering::SeqCst);
}

/// Asks for far more than it takes: its socket fills up.
async fn stuck(url: String) -> impl Sized {
    let (mut socket, _) = tokio_tungstenite::connect_async(format!("ws://{url}/api/v1/ws")).await.expect("connected");
    for _ in 0..2_000 {
        let asked = socket.send(Message::text(r#"{"subscribe":["drives","jobs","isos","system"]}"#));
        if tokio::time::timeout(Duration::from_millis(200), asked).await.is_err() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    socket
}

fn raise_file_limit() {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    if let Ok((_, hard)) = getrlimit(Resource::RLIMIT_NOFILE) {
        let _ = setrlimit(Resource::RLIMIT_NOFILE, hard, hard);
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    raise_file_limit();
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    let program = PathBuf::from(arguments.next().unwrap_or_else(|| "target/release/disk2iso".to_owned()));
    let clients: usize = arguments.next().and_then(|text| text.parse().ok()).unwrap_or(1_000);
    let seconds: u64 = arguments.next().and_then(|text| text.parse().ok()).unwrap_or(30);
    let service = Service::start(&program);
    service.wait("the service", async |service| service.get("/health/live").await).await;
    let jobs = service.jobs().await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    let before = service.memory();
    let seen = Arc::new(Seen::default());
    *seen.events.lock().expect("lock") = vec![Vec::new(); clients];
    for number in 0..clients {
        tokio::spawn(listen(service.url.clone(), number, Arc::clone(&seen)));
        // People do not all arrive at the same moment; after a restart they come within seconds.
        tokio::time::sleep(Duration::from_millis(3)).await;
    }
    service.wait("all clients", async |_| (seen.ready.load(Ordering::SeqCst) >= clients).then_some(())).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    let memory = service.memory().saturating_sub(before) / clients as u64;
    let first = service.last_event().await;
    let frozen = tokio::spawn(stuck(service.url.clone()));
    let begun = Instant::now();
    let mut turn = 0_usize;
    while begun.elapsed() < Duration::from_secs(seconds) {
        let job = &jobs[turn % jobs.len()];
        let body = json!({ "priority": turn % 100 });
        service.ask(reqwest::Method::PUT, &format!("/api/v1/jobs/{job}"), Some(&body)).await;
        turn += 1;
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    let last = service.last_event().await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let held = frozen.await.expect("a client that does not read");
    let count = async |service: &Service| service.get("/api/v1/system/status").await.and_then(|s| s["live_clients"].as_u64());
    let dropped = service.wait("the stuck client to be dropped", async |s| count(s).await.filter(|n| *n <= clients as u64)).await;
    drop(held);
    report(&seen, (first, last), memory, clients, dropped)
}

fn report(seen: &Seen, (first, last): (i64, i64), memory: u64, clients: usize, left: u64) -> ExitCode {
    let events = seen.events.lock().expect("lock");
    let wanted: BTreeSet<i64> = (first + 1..=last).collect();
    let complete = events.iter().filter(|of| {
        let numbers: Vec<i64> = of.iter().map(|(seq, _)| *seq).collect();
        numbers.windows(2).all(|pair| pair[0] < pair[1]) && wanted.iter().all(|seq| numbers.contains(seq))
    });
    let complete = complete.count();
    let mut took: Vec<Duration> =
        events.iter().flatten().filter(|(seq, _)| wanted.contains(seq)).map(|(_, took)| *took).collect();
    took.sort();
    let at = |share: usize| took.get((took.len() * share / 1000).min(took.len().saturating_sub(1))).copied().unwrap_or_default();
    let gone = seen.gone.load(Ordering::SeqCst);
    println!("clients {clients}, changes {}, messages {}", wanted.len(), took.len());
    println!("every change, in order: {complete} of {clients} clients");
    println!("from the change to the client: median {:?}, 99th percentile {:?}, longest {:?}", at(500), at(990), at(1000));
    println!("memory of the service: {} KiB per client", memory / 1024);
    println!("a client that stopped reading was dropped; {left} are left, {gone} others were lost");
    let good = complete == clients && at(990) <= LATENCY_LIMIT && memory <= MEMORY_LIMIT && gone == 0 && !wanted.is_empty();
    println!("{}", if good { "kept" } else { "NOT kept" });
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
