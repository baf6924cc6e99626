//! The real program as a child process, with virtual drives, spoken to over REST like anybody would.

use super::databases::Database;
use serde_json::{Value, json};
use std::{
    fs,
    net::TcpListener,
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

/// Longest wait for anything; generous, because a test machine may be busy with others.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// Name and password of the administrator that `.auth()` makes.
pub const ADMIN: (&str, &str) = ("Ada", "correct horse battery");

fn with_token(token: &str) -> reqwest::blocking::Client {
    let mut headers = reqwest::header::HeaderMap::new();
    headers.insert("authorization", format!("Bearer {token}").parse().expect("header"));
    let client = reqwest::blocking::Client::builder().no_proxy().default_headers(headers);
    client.timeout(Duration::from_secs(60)).build().expect("client")
}

/// How the service shall be started.
pub struct Builder {
    drives: usize,
    environment: Vec<(String, String)>,
    database: Database,
    output: Option<PathBuf>,
    address: &'static str,
}

/// A running (or just killed) service.
pub struct Service {
    /// Its folder; removed when dropped.
    pub folder: tempfile::TempDir,
    /// Folder of images.
    pub output: PathBuf,
    port: u16,
    environment: Vec<(String, String)>,
    child: Option<Child>,
    client: reqwest::blocking::Client,
    /// An API token of the administrator that `.auth()` made; empty without.
    pub token: String,
    /// Its database; removed when dropped.
    pub database: Database,
}

impl Builder {
    /// With so many virtual drives.
    pub fn drives(mut self, drives: usize) -> Self {
        self.drives = drives;
        self
    }

    /// With this setting.
    pub fn set(mut self, name: &str, value: impl ToString) -> Self {
        self.environment.push((name.to_owned(), value.to_string()));
        self
    }

    /// With access control, and an administrator [`ADMIN`] whose token every request of [`Service`] carries.
    pub fn auth(self) -> Self {
        self.set("DISK2ISO_AUTH", "on")
    }

    /// Images every inserted disc.
    pub fn auto(self) -> Self {
        self.set("DISK2ISO_AUTO", 1)
    }

    /// With this database.
    pub fn database(mut self, database: Database) -> Self {
        self.database = database;
        self
    }

    /// With this folder for images.
    pub fn output(mut self, output: &Path) -> Self {
        self.output = Some(output.to_owned());
        self
    }

    /// Starts it and waits until it is ready and shows its drives.
    pub fn start(self) -> Service {
        let drives = self.drives;
        let mut service = self.prepare();
        service.restart();
        if service.environment.contains(&("DISK2ISO_AUTH".to_owned(), "on".to_owned())) {
            service.token = service.set_up();
            service.client = with_token(&service.token);
        }
        service.wait("all drives to be shown", |service| (service.drives().len() == drives).then_some(()));
        service
    }

    /// Listening on every address of this machine.
    pub fn everywhere(mut self) -> Self {
        self.address = "0.0.0.0";
        self
    }

    /// Starts it as it comes, with access control and without an account.
    pub fn start_without_account(self) -> Service {
        let mut service = self.auth().prepare();
        service.restart();
        service
    }

    fn prepare(self) -> Service {
        let folder = tempfile::tempdir().expect("folder");
        let output = self.output.unwrap_or_else(|| folder.path().join("images"));
        let drives: Vec<PathBuf> = (0..self.drives).map(|number| folder.path().join(format!("drive{number}"))).collect();
        drives.iter().for_each(|drive| fs::create_dir_all(drive).expect("drive"));
        let list = drives.iter().map(|drive| drive.display().to_string()).collect::<Vec<_>>().join(",");
        let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").port();
        let mut environment = vec![
            ("DISK2ISO_LISTEN".to_owned(), format!("{}:{port}", self.address)),
            ("DISK2ISO_STATE_DIR".to_owned(), folder.path().join("state").display().to_string()),
            ("DISK2ISO_OUTPUT_DIR".to_owned(), output.display().to_string()),
            ("DISK2ISO_VIRTUAL_DRIVES".to_owned(), list),
            ("DISK2ISO_REAL_DRIVES".to_owned(), "0".to_owned()),
            ("DISK2ISO_DATABASE_URL".to_owned(), self.database.url.clone()),
            ("DISK2ISO_AUTH".to_owned(), "off".to_owned()),
        ];
        environment.extend(self.environment);
        let client = reqwest::blocking::Client::builder().no_proxy().timeout(Duration::from_secs(60)).build().expect("client");
        Service { folder, output, port, environment, child: None, client, token: String::new(), database: self.database }
    }
}

impl Service {
    /// A service with one virtual drive on SQLite unless told otherwise.
    pub fn builder() -> Builder {
        Builder { drives: 1, environment: Vec::new(), database: Database::sqlite(), output: None, address: "127.0.0.1" }
    }

    /// Starts the program (again) and waits until it is ready.
    pub fn restart(&mut self) {
        let log = fs::OpenOptions::new().create(true).append(true).open(self.folder.path().join("log")).expect("log");
        let mut command = Command::new(env!("CARGO_BIN_EXE_disk2iso"));
        command
            .arg("serve")
            .envs(self.environment.iter().cloned())
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("log"))
            .stderr(log);
        self.child = Some(command.process_group(0).spawn().expect("started"));
        self.wait("the service to be ready", |service| service.try_get("/health/ready").filter(|(status, _)| *status == 200));
    }

    /// The secret of the link that the service printed last.
    pub fn set_up_secret(&self) -> String {
        let log = fs::read_to_string(self.folder.path().join("log")).expect("log");
        log.rsplit("/setup?secret=").next().and_then(|rest| rest.split_whitespace().next()).expect("a link").to_owned()
    }

    /// Makes the first administrator as a person would, and a token for the tests; gives the token.
    fn set_up(&self) -> String {
        let client =
            reqwest::blocking::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().expect("client");
        let secret = self.set_up_secret();
        let form = format!("secret={secret}&name={}&password={}&repeated={}", ADMIN.0, ADMIN.1, ADMIN.1).replace(' ', "+");
        let send = |path: &str, kind: &str, headers: &[(&str, &str)], body: String| {
            let request = client.post(self.url(path)).header("content-type", kind).body(body);
            let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
            request.send().unwrap_or_else(|error| panic!("{path}: {error}\n{}", self.log()))
        };
        let answer = send("/setup", "application/x-www-form-urlencoded", &[], form);
        let cookie = answer.headers().get("set-cookie").and_then(|cookie| cookie.to_str().ok()).expect("a cookie");
        let cookie = cookie.split(';').next().expect("a value").to_owned();
        let who = client.get(self.url("/api/v1/session")).header("cookie", &cookie).send().expect("answer");
        let who: Value = who.json().expect("JSON");
        let csrf = who["csrf"].as_str().expect("csrf").to_owned();
        let headers = [("cookie", cookie.as_str()), ("x-csrf-token", csrf.as_str())];
        let made = send("/api/v1/tokens", "application/json", &headers, json!({ "name": "tests", "scope": "admin" }).to_string());
        let made: Value = made.json().expect("JSON");
        made["token"].as_str().unwrap_or_else(|| panic!("{made}")).to_owned()
    }

    /// Process id of the service.
    pub fn id(&self) -> u32 {
        self.child.as_ref().expect("running").id()
    }

    /// Process ids of its read-workers.
    pub fn workers(&self) -> Vec<u32> {
        let parent = self.id().to_string();
        let stat_of = |entry: fs::DirEntry| {
            Some((entry.file_name().to_str()?.parse::<u32>().ok()?, fs::read_to_string(entry.path().join("stat")).ok()?))
        };
        let processes = fs::read_dir("/proc").expect("/proc").filter_map(Result::ok).filter_map(stat_of);
        processes
            .filter(|(_, stat)| stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().nth(1)) == Some(&parent))
            .map(|(id, _)| id)
            .collect()
    }

    /// `kill -9` of the service; its workers live until they notice.
    pub fn kill(&mut self) {
        let mut child = self.child.take().expect("running");
        child.kill().expect("killed");
        child.wait().expect("waited for");
    }

    /// SIGTERM; gives the exit code.
    pub fn stop(&mut self) -> Option<i32> {
        let mut child = self.child.take().expect("running");
        nix::sys::signal::kill(
            nix::unistd::Pid::from_raw(i32::try_from(child.id()).expect("pid")),
            nix::sys::signal::Signal::SIGTERM,
        )
        .expect("signal");
        child.wait().expect("waited for").code()
    }

    /// Address of a path.
    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// GET with its status; `None` without an answer.
    pub fn try_get(&self, path: &str) -> Option<(u16, Value)> {
        let answer = self.client.get(self.url(path)).send().ok()?;
        Some((answer.status().as_u16(), answer.json().unwrap_or(Value::Null)))
    }

    /// Status of a GET; `None` without an answer.
    pub fn status_of(&self, path: &str) -> Option<u16> {
        self.try_get(path).map(|(status, _)| status)
    }

    /// GET that must answer 200.
    pub fn get(&self, path: &str) -> Value {
        let (status, body) = self.try_get(path).unwrap_or_else(|| panic!("GET {path}: no answer\n{}", self.log()));
        assert_eq!(status, 200, "GET {path}: {body}");
        body
    }

    /// A page's text.
    pub fn text(&self, path: &str) -> String {
        self.client.get(self.url(path)).send().expect("answer").text().expect("text")
    }

    /// Presses a button on the page: an empty form without a script; gives the status.
    pub fn form(&self, path: &str) -> u16 {
        let client =
            reqwest::blocking::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().expect("client");
        client.post(self.url(path)).send().expect("answer").status().as_u16()
    }

    /// POST (a JSON body) with its status.
    pub fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        let answer = self
            .client
            .post(self.url(path))
            .json(body)
            .send()
            .unwrap_or_else(|error| panic!("POST {path}: {error}\n{}", self.log()));
        (answer.status().as_u16(), answer.json().unwrap_or(Value::Null))
    }

    /// POST that must succeed.
    pub fn command(&self, path: &str, body: &Value) -> Value {
        let (status, answer) = self.post(path, body);
        assert!((200..300).contains(&status), "POST {path}: {status} {answer}\n{}", self.log());
        answer
    }

    /// DELETE with its status.
    pub fn delete(&self, path: &str) -> u16 {
        self.client.delete(self.url(path)).send().expect("answer").status().as_u16()
    }

    /// All drives.
    pub fn drives(&self) -> Vec<Value> {
        self.get("/api/v1/disks")["items"].as_array().expect("items").clone()
    }

    /// The drive of this number.
    pub fn drive(&self, number: usize) -> Value {
        self.get(&format!("/api/v1/disks/virtual-drive{number}"))
    }

    /// Folder of the drive of this number.
    pub fn drive_folder(&self, number: usize) -> PathBuf {
        self.folder.path().join(format!("drive{number}"))
    }

    /// Writes the drive's script, read at the next insertion.
    pub fn script(&self, number: usize, script: &str) {
        fs::write(self.drive_folder(number).join("drive.toml"), script).expect("script");
    }

    /// Puts a disc into a drive.
    pub fn insert(&self, number: usize, disc: &Path) {
        self.command(&format!("/api/v1/disks/virtual-drive{number}/insert"), &json!({ "image": disc }));
    }

    /// Opens a drive's tray.
    pub fn eject(&self, number: usize) {
        self.command(&format!("/api/v1/disks/virtual-drive{number}/eject"), &json!({}));
    }

    /// All jobs, newest first.
    pub fn jobs(&self) -> Vec<Value> {
        self.get("/api/v1/jobs?limit=200")["items"].as_array().expect("items").clone()
    }

    /// All images.
    pub fn isos(&self) -> Vec<Value> {
        self.get("/api/v1/isos?limit=200")["items"].as_array().expect("items").clone()
    }

    /// One job.
    pub fn job(&self, id: &str) -> Value {
        self.get(&format!("/api/v1/jobs/{id}"))
    }

    /// Creates an image job by hand; gives its id.
    pub fn create_job(&self, number: usize, options: &Value) -> String {
        let body = json!({ "device": self.drive_folder(number), "mode": "standard", "options": options });
        let job = self.command("/api/v1/jobs", &body);
        job["uuid"].as_str().expect("uuid").to_owned()
    }

    /// Waits until the closure gives something.
    pub fn wait<T>(&self, what: &str, mut look: impl FnMut(&Self) -> Option<T>) -> T {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(found) = look(self) {
                return found;
            }
            assert!(Instant::now() < deadline, "waited in vain for {what}; {}", self.situation());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits until a job has this status.
    pub fn wait_for_status(&self, id: &str, status: &str) -> Value {
        self.wait(&format!("job {id} to be {status}"), |service| Some(service.job(id)).filter(|job| job["status"] == status))
    }

    /// Waits until a job has read something but not everything.
    pub fn wait_for_progress(&self, id: &str) -> Value {
        self.wait("progress", |service| {
            Some(service.job(id)).filter(|job| job["status"] == "running" && job["progress"].as_f64() > Some(1.0))
        })
    }

    /// Waits until a drive has this state and reason.
    pub fn wait_for_drive(&self, number: usize, state: &str, reason: &str) -> Value {
        let look = |service: &Self| {
            Some(service.drive(number))
                .filter(|drive| drive["state"] == state && (reason.is_empty() || drive["reason"] == reason))
        };
        self.wait(&format!("drive {number} to be {state} {reason}"), look)
    }

    /// What the service knows and says, for the message of a failed test.
    fn situation(&self) -> String {
        let look = |path| self.try_get(path).map_or_else(|| "no answer".to_owned(), |(_, body)| body.to_string());
        let (drives, jobs, events) = (look("/api/v1/disks"), look("/api/v1/jobs?limit=5"), look("/api/v1/system/logs?limit=20"));
        format!("drives: {drives}\njobs: {jobs}\nevents: {events}\nlog:\n{}", self.log())
    }

    /// The end of the service's log.
    pub fn log(&self) -> String {
        let log = fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(40)..].join("\n")
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
