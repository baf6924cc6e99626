//! Logs, metrics and the clock.

mod clock;
pub mod logging;
mod metrics;

pub use clock::Clock;
pub use metrics::Metrics;
