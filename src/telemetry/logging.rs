//! Structured logs: text on a terminal, one JSON object a line otherwise. Logs go to standard error; the last lines are also kept
//! in memory for the page. The level can be changed while the service runs.

use super::{
    Clock,
    ring::{Line, Ring},
};
use std::{
    io::IsTerminal,
    sync::{LazyLock, OnceLock},
};
use tracing_subscriber::{EnvFilter, Registry, fmt, layer::SubscriberExt, reload, util::SubscriberInitExt};

/// The variable that goes before the setting.
const OVERRIDE: &str = "RUST_LOG";

// A process has one subscriber, so these belong to the process as well.
static FILTER: OnceLock<reload::Handle<EnvFilter, Registry>> = OnceLock::new();
static LINES: LazyLock<Ring> = LazyLock::new(|| Ring::new(Clock::system()));

/// Starts logging for this process. `level` is what the settings say; `RUST_LOG` goes before it.
pub fn init(level: &str) {
    let (filter, handle) = reload::Layer::new(EnvFilter::try_from_default_env().unwrap_or_else(|_| filter(level)));
    let registry = tracing_subscriber::registry().with(filter).with(LINES.clone());
    // A second initialisation (tests) changes nothing.
    let started = if std::io::stderr().is_terminal() {
        registry.with(fmt::layer().with_writer(std::io::stderr).with_target(false)).try_init()
    } else {
        registry.with(fmt::layer().json().flatten_event(true).with_writer(std::io::stderr)).try_init()
    };
    if started.is_ok() {
        let _ = FILTER.set(handle);
    }
}

fn filter(level: &str) -> EnvFilter {
    EnvFilter::new(format!("{level},actix_server=warn,diesel_migrations=warn"))
}

/// From now on this level; nothing happens where [`init`] was not called.
pub fn set_level(level: &str) {
    if let Some(handle) = FILTER.get()
        && let Err(error) = handle.reload(filter(level))
    {
        tracing::warn!(%error, "the log's level is not changed");
    }
}

/// Whether the environment decides about the level, whatever the settings say.
pub fn overridden() -> Option<&'static str> {
    std::env::var(OVERRIDE).is_ok_and(|text| !text.is_empty()).then_some(OVERRIDE)
}

/// The last lines of this process, oldest first.
pub fn recent() -> Vec<Line> {
    LINES.lines()
}
