//! Structured logs: text on a terminal, one JSON object a line otherwise. Logs go to standard error.

use std::io::IsTerminal;
use tracing_subscriber::{EnvFilter, fmt, layer::SubscriberExt, util::SubscriberInitExt};

/// Starts logging for this process. `level` is what the settings say; `RUST_LOG` goes before it.
pub fn init(level: &str) {
    let filter = EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| EnvFilter::new(format!("{level},actix_server=warn,diesel_migrations=warn")));
    let registry = tracing_subscriber::registry().with(filter);
    // A second initialisation (tests) changes nothing.
    let _ = if std::io::stderr().is_terminal() {
        registry.with(fmt::layer().with_writer(std::io::stderr).with_target(false)).try_init()
    } else {
        registry.with(fmt::layer().json().flatten_event(true).with_writer(std::io::stderr)).try_init()
    };
}
