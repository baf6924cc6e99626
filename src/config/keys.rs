//! The table of all settings: name in the file, name in the environment, what is allowed, how to set it.

use super::{Config, limits};
use crate::domain::drive::AgainPolicy;
use std::{net::SocketAddr, path::PathBuf, str::FromStr, time::Duration};

/// One setting.
pub struct Key {
    /// `section.key` in the TOML file.
    pub name: &'static str,
    /// Environment variable.
    pub env: &'static str,
    /// What is allowed, in words.
    pub allowed: &'static str,
    /// Sets it; `None`: the value is not allowed.
    pub set: fn(&mut Config, &str) -> Option<()>,
    /// Shows it, without secrets.
    pub show: fn(&Config) -> String,
}

/// All settings.
pub const KEYS: &[Key] = &[
    Key {
        name: "server.listen",
        env: "DISK2ISO_LISTEN",
        allowed: "ADDRESS:PORT, for example 127.0.0.1:8080",
        set: |c, v| SocketAddr::from_str(v).ok().map(|listen| c.listen = listen),
        show: |c| c.listen.to_string(),
    },
    Key {
        name: "server.auth",
        env: "DISK2ISO_AUTH",
        allowed: "on, or off (whoever reaches a loopback address may do everything)",
        set: |c, v| {
            c.auth = v == "on";
            (v == "on" || v == "off").then_some(())
        },
        show: |c| if c.auth { "on" } else { "off" }.to_owned(),
    },
    Key {
        name: "server.hosts",
        env: "DISK2ISO_HOSTS",
        allowed: "names separated by commas, for example discs.example.org",
        set: |c, v| names(v).map(|names| c.hosts = names),
        show: |c| c.hosts.join(","),
    },
    Key {
        name: "access.proxies",
        env: "DISK2ISO_PROXIES",
        allowed: "addresses and networks separated by commas, for example 127.0.0.1,172.16.0.0/12",
        set: |c, v| items(v).map(|part| part.parse().ok()).collect::<Option<_>>().map(|all| c.proxies = all),
        show: |c| c.proxies.iter().map(ToString::to_string).collect::<Vec<_>>().join(","),
    },
    Key {
        name: "access.proxy_header",
        env: "DISK2ISO_PROXY_HEADER",
        allowed: "the name of a header, for example Remote-User, or nothing",
        set: |c, v| {
            let plain = v.len() <= 64 && v.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
            plain.then(|| v.clone_into(&mut c.proxy_header))
        },
        show: |c| c.proxy_header.clone(),
    },
    Key {
        name: "database.url",
        env: "DISK2ISO_DATABASE_URL",
        allowed: "sqlite:PATH or postgres://USER@HOST/DATABASE",
        set: |c, v| {
            let known =
                ["sqlite:", "postgres://", "postgresql://"].iter().any(|scheme| v.len() > scheme.len() && v.starts_with(scheme));
            known.then(|| v.clone_into(&mut c.database_url))
        },
        show: |c| if c.database_url.starts_with("postgres") { "postgres://…".to_owned() } else { c.database_url() },
    },
    Key {
        name: "paths.state_dir",
        env: "DISK2ISO_STATE_DIR",
        allowed: "a folder",
        set: |c, v| path(v).map(|p| c.state_dir = p),
        show: |c| c.state_dir.display().to_string(),
    },
    Key {
        name: "paths.output_dir",
        env: "DISK2ISO_OUTPUT_DIR",
        allowed: "a folder",
        set: |c, v| path(v).map(|p| c.output_dir = p),
        show: |c| c.output_dir.display().to_string(),
    },
    Key {
        name: "paths.output_roots",
        env: "DISK2ISO_OUTPUT_ROOTS",
        allowed: "folders separated by commas",
        set: |c, v| paths(v).map(|p| c.output_roots = p),
        show: |c| show_paths(&c.output_roots),
    },
    Key {
        name: "drives.virtual",
        env: "DISK2ISO_VIRTUAL_DRIVES",
        allowed: "folders separated by commas",
        set: |c, v| paths(v).map(|p| c.virtual_drives = p),
        show: |c| show_paths(&c.virtual_drives),
    },
    Key {
        name: "drives.real",
        env: "DISK2ISO_REAL_DRIVES",
        allowed: "0 or 1",
        set: |c, v| flag(v).map(|f| c.real_drives = f),
        show: |c| u8::from(c.real_drives).to_string(),
    },
    Key {
        name: "drives.auto",
        env: "DISK2ISO_AUTO",
        allowed: "0 or 1",
        set: |c, v| flag(v).map(|f| c.runtime.auto = f),
        show: |c| u8::from(c.runtime.auto).to_string(),
    },
    Key {
        name: "drives.again",
        env: "DISK2ISO_AGAIN",
        allowed: "skip, ask or again",
        set: |c, v| {
            let policy = match v {
                "skip" => AgainPolicy::Skip,
                "ask" => AgainPolicy::Ask,
                "again" => AgainPolicy::Again,
                _ => return None,
            };
            c.runtime.again = policy;
            Some(())
        },
        show: |c| format!("{:?}", c.runtime.again).to_lowercase(),
    },
    Key {
        name: "drives.eject_when_done",
        env: "DISK2ISO_EJECT_WHEN_DONE",
        allowed: "0 or 1",
        set: |c, v| flag(v).map(|f| c.runtime.eject_when_done = f),
        show: |c| u8::from(c.runtime.eject_when_done).to_string(),
    },
    Key {
        name: "drives.wedged_after_seconds",
        env: "DISK2ISO_WEDGED_AFTER_SECONDS",
        allowed: "2 to 3600",
        set: |c, v| v.parse().ok().filter(|s| (2..=3600).contains(s)).map(|s| c.wedged_after = Duration::from_secs(s)),
        show: |c| c.wedged_after.as_secs().to_string(),
    },
    Key {
        name: "hook.command",
        env: "DISK2ISO_HOOK_COMMAND",
        allowed: "the absolute path of a program (no shell, no arguments), or nothing",
        set: |c, v| {
            let program = PathBuf::from(v);
            c.hook = (!v.is_empty()).then_some(program.clone());
            (v.is_empty() || (program.is_absolute() && !v.contains('\0'))).then_some(())
        },
        show: |c| c.hook.as_ref().map(|program| program.display().to_string()).unwrap_or_default(),
    },
    Key {
        name: "hook.seconds",
        env: "DISK2ISO_HOOK_SECONDS",
        allowed: "1 to 3600",
        set: |c, v| v.parse().ok().filter(|s| (1..=3600).contains(s)).map(|s| c.hook_limit = Duration::from_secs(s)),
        show: |c| c.hook_limit.as_secs().to_string(),
    },
    Key {
        name: "jobs.max",
        env: "DISK2ISO_MAX_JOBS",
        allowed: "1 to 64",
        set: |c, v| v.parse().ok().filter(|n| (1..=64).contains(n)).map(|n| c.runtime.max_jobs = n),
        show: |c| c.runtime.max_jobs.to_string(),
    },
    Key {
        name: "jobs.verify",
        env: "DISK2ISO_VERIFY",
        allowed: "0 or 1",
        set: |c, v| flag(v).map(|f| c.runtime.verify = f),
        show: |c| u8::from(c.runtime.verify).to_string(),
    },
    Key {
        name: "library.trash_days",
        env: "DISK2ISO_TRASH_DAYS",
        allowed: "0 to 3650 (days; 0: what is deleted is gone at once)",
        set: |c, v| v.parse().ok().filter(|days| *days <= 3650).map(|days| c.trash_days = days),
        show: |c| c.trash_days.to_string(),
    },
    Key {
        name: "server.tls_cert",
        env: "DISK2ISO_TLS_CERT",
        allowed: "a file with the certificate and its chain (PEM), or nothing",
        set: |c, v| file(v).map(|file| c.tls_cert = file),
        show: |c| c.tls_cert.as_ref().map(|path| path.display().to_string()).unwrap_or_default(),
    },
    Key {
        name: "server.tls_key",
        env: "DISK2ISO_TLS_KEY",
        allowed: "a file with the certificate's private key (PEM), or nothing",
        set: |c, v| file(v).map(|file| c.tls_key = file),
        show: |c| c.tls_key.as_ref().map(|path| path.display().to_string()).unwrap_or_default(),
    },
    Key {
        name: "limits.requests_per_minute",
        env: "DISK2ISO_REQUESTS_PER_MINUTE",
        allowed: "0 (no limit) to 1000000, for each token, account or address",
        set: |c, v| per_minute(v).map(|n| c.limits.requests = Some(n)),
        show: |c| c.limits.requests.unwrap_or(limits::REQUESTS).to_string(),
    },
    Key {
        name: "limits.heavy_requests_per_minute",
        env: "DISK2ISO_HEAVY_REQUESTS_PER_MINUTE",
        allowed: "0 (no limit) to 1000000, for each token, account or address",
        set: |c, v| per_minute(v).map(|n| c.limits.heavy = Some(n)),
        show: |c| c.limits.heavy.unwrap_or(limits::HEAVY).to_string(),
    },
    Key {
        name: "limits.sign_ins_per_minute",
        env: "DISK2ISO_SIGN_INS_PER_MINUTE",
        allowed: "0 (no limit) to 1000000, for each address",
        set: |c, v| per_minute(v).map(|n| c.limits.sign_ins = Some(n)),
        show: |c| c.limits.sign_ins.unwrap_or(limits::SIGN_INS).to_string(),
    },
    Key {
        name: "limits.connections",
        env: "DISK2ISO_CONNECTIONS",
        allowed: "16 to 65536",
        set: |c, v| v.parse().ok().filter(|n| (16..=65_536).contains(n)).map(|n| c.limits.connections = n),
        show: |c| c.limits.connections.to_string(),
    },
    Key {
        name: "limits.live_clients",
        env: "DISK2ISO_LIVE_CLIENTS",
        allowed: "1 to 20000",
        set: |c, v| v.parse().ok().filter(|n| (1..=20_000).contains(n)).map(|n| c.limits.live_clients = n),
        show: |c| c.limits.live_clients.to_string(),
    },
    Key {
        name: "log.level",
        env: "DISK2ISO_LOG_LEVEL",
        allowed: "error, warn, info, debug or trace",
        set: |c, v| ["error", "warn", "info", "debug", "trace"].contains(&v).then(|| v.clone_into(&mut c.log_level)),
        show: |c| c.log_level.clone(),
    },
];

fn per_minute(text: &str) -> Option<u32> {
    text.parse().ok().filter(|n| *n <= 1_000_000)
}

fn flag(text: &str) -> Option<bool> {
    match text {
        "0" | "false" => Some(false),
        "1" | "true" => Some(true),
        _ => None,
    }
}

/// Paths are made absolute, so that a later change of the working folder cannot move them.
fn path(text: &str) -> Option<PathBuf> {
    (!text.is_empty() && !text.contains('\0')).then(|| std::path::absolute(text).ok())?
}

/// A file, or nothing.
fn file(text: &str) -> Option<Option<PathBuf>> {
    if text.is_empty() { Some(None) } else { path(text).map(Some) }
}

fn items(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty())
}

/// Host names: letters, digits, dots, hyphens.
fn names(text: &str) -> Option<Vec<String>> {
    let good = |name: &&str| name.len() <= 253 && name.bytes().all(|b| b.is_ascii_alphanumeric() || b".-_".contains(&b));
    items(text).map(|name| Some(name).filter(good).map(str::to_ascii_lowercase)).collect()
}

fn paths(text: &str) -> Option<Vec<PathBuf>> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(path).collect()
}

fn show_paths(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(",")
}
