//! Encrypted connections: certificate and key from files, renewed without a restart when the files change.
//!
//! New connections see the new certificate, open ones stay as they are. A new file that is no good changes nothing: the certificate
//! that works stays, and the log says why.

use crate::{
    bus::Journal,
    domain::event::{Level, NewEvent},
};
use rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
    version::{TLS12, TLS13},
};
use serde_json::json;
use std::{
    fs,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};
use tokio::signal::unix::{SignalKind, signal};

/// How often the files are looked at; SIGHUP looks at once.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// A certificate with its key, and where they come from.
#[derive(Debug)]
pub struct Tls {
    cert: PathBuf,
    key: PathBuf,
    current: RwLock<Arc<CertifiedKey>>,
}

/// What tells one version of a file from another.
type Stamp = Option<(i64, i64, u64, u64)>;

impl Tls {
    /// Reads both files; `None` if neither is set.
    ///
    /// # Errors
    /// One sentence about the setting and the file that is wrong.
    pub fn open(cert: Option<&Path>, key: Option<&Path>) -> Result<Option<Self>, String> {
        match (cert, key) {
            (None, None) => Ok(None),
            (Some(cert), Some(key)) => {
                let current = RwLock::new(Arc::new(load(cert, key)?));
                Ok(Some(Self { cert: cert.to_owned(), key: key.to_owned(), current }))
            }
            (Some(_), None) => Err("server.tls_cert is set without server.tls_key; set both or neither".to_owned()),
            (None, Some(_)) => Err("server.tls_key is set without server.tls_cert; set both or neither".to_owned()),
        }
    }

    /// For the web server: TLS 1.2 and later. The protocol (HTTP/1.1) is added by the server.
    ///
    /// # Errors
    /// Only if the cryptography were built without these versions.
    pub fn server_config(self: &Arc<Self>) -> Result<ServerConfig, rustls::Error> {
        let provider = Arc::new(ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider).with_protocol_versions(&[&TLS13, &TLS12])?;
        Ok(config.with_no_client_auth().with_cert_resolver(Arc::new(Current(Arc::clone(self)))))
    }

    fn stamps(&self) -> [Stamp; 2] {
        [&self.cert, &self.key].map(|path| {
            let meta = fs::metadata(path).ok()?;
            Some((meta.mtime(), meta.mtime_nsec(), meta.len(), meta.ino()))
        })
    }

    fn renew(&self) -> Result<(), String> {
        let new = Arc::new(load(&self.cert, &self.key)?);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = new;
        Ok(())
    }
}

/// Gives each new connection the certificate of this moment.
#[derive(Debug)]
struct Current(Arc<Tls>);

impl ResolvesServerCert for Current {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0.current.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

/// Looks at the files for as long as the server runs.
pub async fn watch(tls: Arc<Tls>, journal: Journal) {
    let stamps = |tls: Arc<Tls>| async move { tokio::task::spawn_blocking(move || tls.stamps()).await.unwrap_or_default() };
    let mut seen = stamps(Arc::clone(&tls)).await;
    let mut hang_up = signal(SignalKind::hangup()).ok();
    loop {
        let asked = async {
            match &mut hang_up {
                Some(signal) => signal.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = tokio::time::sleep(LOOK_EVERY) => {}
            _ = asked => {}
        }
        let now = stamps(Arc::clone(&tls)).await;
        if now == seen {
            continue;
        }
        seen = now;
        let renewing = Arc::clone(&tls);
        let renewed = tokio::task::spawn_blocking(move || renewing.renew()).await.unwrap_or_else(|error| Err(error.to_string()));
        tell(&tls, &journal, renewed).await;
    }
}

async fn tell(tls: &Tls, journal: &Journal, renewed: Result<(), String>) {
    let event = match renewed {
        Ok(()) => {
            let message = format!("New certificate from {}", tls.cert.display());
            tracing::info!(cert = %tls.cert.display(), "new certificate");
            NewEvent::new("tls.renewed", Level::Info, message)
        }
        Err(error) => {
            tracing::warn!(error, "the new certificate is no good; the old one stays");
            NewEvent::new("tls.refused", Level::Warning, format!("The new certificate is no good, the old one stays: {error}"))
        }
    };
    let event = event.payload(json!({ "cert": tls.cert.display().to_string() }));
    if let Err(error) = journal.commit(move |tx| tx.event(&event).map(drop)).await {
        tracing::warn!(%error, "an event cannot be written");
    }
}

fn load(cert: &Path, key: &Path) -> Result<CertifiedKey, String> {
    let cannot = |setting: &str, path: &Path, why: &dyn std::fmt::Display| format!("{setting} ({}): {why}", path.display());
    let chain = CertificateDer::pem_file_iter(cert).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let chain = chain.map_err(|error| cannot("server.tls_cert", cert, &error))?;
    if chain.is_empty() {
        return Err(cannot("server.tls_cert", cert, &"there is no certificate in it"));
    }
    let private = PrivateKeyDer::from_pem_file(key).map_err(|error| cannot("server.tls_key", key, &error))?;
    let private = ring::sign::any_supported_type(&private).map_err(|error| cannot("server.tls_key", key, &error))?;
    let certified = CertifiedKey::new(chain, private);
    match certified.keys_match() {
        Ok(()) | Err(rustls::Error::InconsistentKeys(rustls::InconsistentKeys::Unknown)) => Ok(certified),
        Err(error) => Err(cannot("server.tls_key", key, &format!("does not belong to {}: {error}", cert.display()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_are_no_good_are_named_with_their_setting() {
        let folder = tempfile::tempdir().expect("folder");
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::write(&path, text).expect("written");
            path
        };
        let made = || rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).expect("a certificate");
        let (one, other) = (made(), made());
        let cert = file("cert", &one.cert.pem());
        let key = file("key", &one.signing_key.serialize_pem());
        let foreign = file("foreign", &other.signing_key.serialize_pem());
        let (empty, missing) = (file("empty", ""), folder.path().join("missing"));
        assert!(Tls::open(Some(&cert), Some(&key)).is_ok_and(|tls| tls.is_some()));
        assert!(Tls::open(None, None).is_ok_and(|tls| tls.is_none()));
        for (cert, key, setting) in [
            (Some(&missing), Some(&key), "server.tls_cert"),
            (Some(&empty), Some(&key), "server.tls_cert"),
            (Some(&key), Some(&key), "server.tls_cert"),
            (Some(&cert), Some(&empty), "server.tls_key"),
            (Some(&cert), Some(&cert), "server.tls_key"),
            (Some(&cert), Some(&foreign), "server.tls_key"),
            (Some(&cert), None, "server.tls_key"),
            (None, Some(&key), "server.tls_cert"),
        ] {
            let text = Tls::open(cert.map(PathBuf::as_path), key.map(PathBuf::as_path)).expect_err("refused");
            assert!(text.contains(setting) && !text.contains('\n'), "{text}");
        }
    }
}
