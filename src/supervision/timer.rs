//! The one place where supervision reads a clock or waits, so that tests can drive time.

use std::time::{Duration, Instant};

use futures_util::future::{BoxFuture, Either, FutureExt, select};

/// A monotonic clock that can also wake somebody.
pub trait Timer: Send + Sync + 'static {
    /// The present.
    fn now(&self) -> Instant;
    /// Ready once `duration` has passed, counted from this call.
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()>;
}

/// The real clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemTimer;

impl Timer for SystemTimer {
    fn now(&self) -> Instant {
        Instant::now()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        tokio::time::sleep(duration).boxed()
    }
}

/// What `future` yields, or `None` if that takes longer than `limit`.
pub(super) async fn within<F: Future>(timer: &dyn Timer, limit: Duration, future: F) -> Option<F::Output> {
    match select(std::pin::pin!(future), timer.sleep(limit)).await {
        Either::Left((output, _)) => Some(output),
        Either::Right(((), _)) => None,
    }
}
