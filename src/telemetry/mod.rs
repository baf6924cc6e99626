//! Logs, metrics and the clock.

mod clock;
pub mod logging;
mod metrics;
mod ring;
mod scrub;

pub use clock::Clock;
pub use metrics::Metrics;
pub use ring::{CAPACITY as LINES_KEPT, Line};
pub use scrub::scrub;
