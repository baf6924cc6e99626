//! Settings: a TOML file, then what people stored for the next start, then the environment over it, checked key by key.
//!
//! All keys stand in one table ([`KEYS`]); an unknown key or a bad value stops the start with one line that names the key, the
//! value and what is allowed.

mod group;
mod help;
mod keys;
pub mod limits;
mod load;
mod networks;
mod stored;

pub use help::{Applies, Group, HELP, Help, Input, help};
pub use keys::{KEYS, Key};
pub use load::{ConfigError, Origin, Origins, load, parse, rehearse};
pub use networks::Network;
pub use stored::{Prepared, Stored, prepare_stored, read_stored, stored_file, to_toml};

use crate::domain::drive::AgainPolicy;
use serde::{Deserialize, Serialize};
use std::{net::SocketAddr, path::PathBuf, time::Duration};

/// Key of the runtime settings in the database.
pub const RUNTIME_SETTINGS: &str = "runtime";

/// Variables that a hook command finds in its environment. A command that calls this program passes them on, so they are no
/// settings.
pub const HOOK_VARIABLES: [&str; 13] = [
    "DISK2ISO_EVENT",
    "DISK2ISO_DRIVE",
    "DISK2ISO_DRIVE_NAME",
    "DISK2ISO_DEVICE",
    "DISK2ISO_JOB",
    "DISK2ISO_VERDICT",
    "DISK2ISO_LABEL",
    "DISK2ISO_DISK_TYPE",
    "DISK2ISO_FINGERPRINT",
    "DISK2ISO_PATH",
    "DISK2ISO_BAD_SECTORS",
    "DISK2ISO_MD5",
    "DISK2ISO_SHA256",
];

/// Everything that can be set.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// Address of the web interface and the API.
    pub listen: SocketAddr,
    /// Certificate chain (PEM); with [`Config::tls_key`] the service speaks HTTPS only.
    pub tls_cert: Option<PathBuf>,
    /// Its private key (PEM).
    pub tls_key: Option<PathBuf>,
    /// Whether people and programs have to show who they are.
    pub auth: bool,
    /// Further names under which the service is reached; requests that name another one are refused.
    pub hosts: Vec<String>,
    /// Proxies that are believed.
    pub proxies: Vec<Network>,
    /// Header in which they name the account that they signed in; empty: they sign nobody in.
    pub proxy_header: String,
    /// How much one client, and all together, may take.
    pub limits: limits::Limits,
    /// Database URL; empty: SQLite in the state folder.
    pub database_url: String,
    /// Folder for the database and everything else the service must remember.
    pub state_dir: PathBuf,
    /// Folder for images.
    pub output_dir: PathBuf,
    /// Further folders that jobs may write to.
    pub output_roots: Vec<PathBuf>,
    /// Folders that are virtual drives.
    pub virtual_drives: Vec<PathBuf>,
    /// Whether to look for real drives.
    pub real_drives: bool,
    /// Log level: error, warn, info, debug, trace.
    pub log_level: String,
    /// A drive that says nothing for so long during a job is given up (`error`, reason `wedged`). Includes the time that
    /// its worker is given to stop.
    pub wedged_after: Duration,
    /// Program that is run when a drive wants a disc, and when a disc was accepted or rejected.
    pub hook: Option<PathBuf>,
    /// Longest time that it may take.
    pub hook_limit: Duration,
    /// How many days a deleted image can be taken back.
    pub trash_days: u32,
    /// What can be changed while the service runs.
    pub runtime: RuntimeSettings,
    /// Where each of these was set.
    pub origins: Origins,
}

/// Settings that `PUT /system/config` can change; stored in the database then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuntimeSettings {
    /// Image every inserted disc.
    pub auto: bool,
    /// What to do with a disc that is in the catalogue already.
    pub again: AgainPolicy,
    /// Open the tray after an automatic or manual job ended with a good image.
    pub eject_when_done: bool,
    /// Compare image and disc after each automatic job.
    pub verify: bool,
    /// Most jobs at once, 1 to 64.
    pub max_jobs: u32,
}

impl Default for RuntimeSettings {
    fn default() -> Self {
        Self { auto: false, again: AgainPolicy::Skip, eject_when_done: false, verify: false, max_jobs: 8 }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            tls_cert: None,
            tls_key: None,
            auth: true,
            hosts: Vec::new(),
            proxies: Vec::new(),
            proxy_header: String::new(),
            limits: limits::Limits::default(),
            database_url: String::new(),
            state_dir: PathBuf::from("/var/lib/disk2iso"),
            output_dir: PathBuf::from("/var/lib/disk2iso/images"),
            output_roots: Vec::new(),
            virtual_drives: Vec::new(),
            real_drives: true,
            log_level: "info".to_owned(),
            wedged_after: Duration::from_secs(55),
            hook: None,
            hook_limit: Duration::from_secs(120),
            trash_days: 7,
            runtime: RuntimeSettings::default(),
            origins: Origins::default(),
        }
    }
}

impl Config {
    /// The database URL that is really used.
    pub fn database_url(&self) -> String {
        if self.database_url.is_empty() {
            format!("sqlite:{}", self.state_dir.join("disk2iso.db").display())
        } else {
            self.database_url.clone()
        }
    }

    /// Folders that jobs may write to; the first is the default.
    pub fn allowed_roots(&self) -> Vec<PathBuf> {
        std::iter::once(self.output_dir.clone()).chain(self.output_roots.iter().cloned()).collect()
    }
}
