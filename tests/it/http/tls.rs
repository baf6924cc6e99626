//! Encrypted connections, and certificates that are renewed while the service runs.

use crate::support::service::PATIENCE;
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    pki_types::{CertificateDer, ServerName},
};
use serde_json::Value;
use std::{
    fs,
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Instant,
};
use tokio_tungstenite::tungstenite::{Message, WebSocket, client};

type Stream = StreamOwned<ClientConnection, TcpStream>;

struct Pair {
    cert: CertificateDer<'static>,
    pem: String,
    key: String,
}

fn pair() -> Pair {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).expect("a certificate");
    Pair { cert: made.cert.der().clone(), pem: made.cert.pem(), key: made.signing_key.serialize_pem() }
}

/// The program with a certificate.
struct Secure {
    folder: tempfile::TempDir,
    port: u16,
    child: Child,
}

impl Drop for Secure {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn command(folder: &tempfile::TempDir, port: u16) -> Command {
    let below = |name: &str| folder.path().join(name).display().to_string();
    let mut command = Command::new(env!("CARGO_BIN_EXE_disk2iso"));
    command.arg("serve").stdin(Stdio::null()).stdout(Stdio::null()).envs([
        ("DISK2ISO_LISTEN", format!("127.0.0.1:{port}")),
        ("DISK2ISO_STATE_DIR", below("state")),
        ("DISK2ISO_OUTPUT_DIR", below("images")),
        ("DISK2ISO_REAL_DRIVES", "0".to_owned()),
        ("DISK2ISO_AUTH", "off".to_owned()),
        ("DISK2ISO_TLS_CERT", below("cert.pem")),
        ("DISK2ISO_TLS_KEY", below("key.pem")),
    ]);
    command
}

impl Secure {
    fn start(pair: &Pair) -> Self {
        let folder = tempfile::tempdir().expect("folder");
        fs::write(folder.path().join("cert.pem"), &pair.pem).expect("cert");
        fs::write(folder.path().join("key.pem"), &pair.key).expect("key");
        let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").port();
        let child = command(&folder, port).stderr(Stdio::null()).spawn().expect("started");
        let secure = Self { folder, port, child };
        secure.wait("the service to answer", || secure.get("/health/live", &[pair]).filter(|(text, _)| text.contains(" 200 ")));
        secure
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn wait<T>(&self, what: &str, mut look: impl FnMut() -> Option<T>) -> T {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(found) = look() {
                return found;
            }
            assert!(Instant::now() < deadline, "waited in vain for {what}");
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
    }

    /// A connection that trusts these certificates and no other.
    fn connect(&self, trusted: &[&Pair]) -> Option<Stream> {
        let mut roots = RootCertStore::empty();
        for pair in trusted {
            roots.add(pair.cert.clone()).expect("a root");
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().expect("versions");
        let mut config = config.with_root_certificates(roots).with_no_client_auth();
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let name = ServerName::try_from("localhost").expect("name");
        let stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        stream.set_read_timeout(Some(PATIENCE)).expect("timeout");
        Some(StreamOwned::new(ClientConnection::new(Arc::new(config), name).expect("connection"), stream))
    }

    /// The whole answer, and the certificate that it came with.
    fn get(&self, path: &str, trusted: &[&Pair]) -> Option<(String, CertificateDer<'static>)> {
        let mut stream = self.connect(trusted)?;
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost:{}\r\nConnection: close\r\n\r\n", self.port);
        stream.write_all(request.as_bytes()).ok()?;
        let mut text = Vec::new();
        // The server may close without the farewell of TLS.
        let _ = stream.read_to_end(&mut text);
        assert_eq!(stream.conn.alpn_protocol(), Some(b"http/1.1".as_slice()));
        let cert = stream.conn.peer_certificates()?.first()?.clone();
        Some((String::from_utf8_lossy(&text).into_owned(), cert))
    }

    fn live(&self, trusted: &Pair) -> WebSocket<Stream> {
        let stream = self.connect(&[trusted]).expect("connected");
        let (mut socket, _) = client(format!("wss://localhost:{}/ws", self.port), stream).expect("a handshake");
        socket.send(Message::text(r#"{"subscribe":["system"]}"#)).expect("sent");
        socket
    }
}

/// Reads until an event of this kind.
fn hear(socket: &mut WebSocket<Stream>, kind: &str) -> Value {
    loop {
        let Message::Text(text) = socket.read().expect("the connection lives") else { continue };
        let message: Value = serde_json::from_str(&text).expect("JSON");
        if message["event"]["kind"] == kind {
            return message;
        }
    }
}

#[test]
fn a_new_certificate_is_used_at_once_and_open_connections_live_on() {
    let (old, new) = (pair(), pair());
    let secure = Secure::start(&old);
    let (answer, shown) = secure.get("/", &[&old]).expect("an answer");
    assert!(shown == old.cert && answer.to_lowercase().contains("strict-transport-security: max-age="), "{answer}");
    let mut socket = secure.live(&old);
    // For a moment the files do not belong together; that changes nothing.
    fs::write(secure.file("key.pem"), &new.key).expect("key");
    hear(&mut socket, "tls.refused");
    assert!(secure.get("/health/live", &[&old, &new]).expect("an answer").1 == old.cert);
    fs::write(secure.file("cert.pem"), &new.pem).expect("cert");
    hear(&mut socket, "tls.renewed");
    assert!(secure.get("/health/live", &[&old, &new]).expect("an answer").1 == new.cert);
    fs::write(secure.file("cert.pem"), "no certificate").expect("cert");
    let told = hear(&mut socket, "tls.refused");
    assert!(told["event"]["message"].as_str().is_some_and(|text| text.contains("server.tls_cert")), "{told}");
    assert!(secure.get("/health/live", &[&old, &new]).expect("an answer").1 == new.cert);
}

#[test]
fn a_certificate_that_is_no_good_stops_the_start_with_one_sentence() {
    let folder = tempfile::tempdir().expect("folder");
    let stopped = command(&folder, 1).output().expect("run");
    let text = String::from_utf8_lossy(&stopped.stderr).into_owned();
    assert!(!stopped.status.success() && text.contains("server.tls_cert") && text.contains("cert.pem"), "{text}");
}
