//! Ctrl-C and SIGTERM for the synchronous subcommands.

use crate::imaging::StopFlag;
use nix::sys::signal::{SigSet, Signal, raise};

/// Raises `stop` at the first SIGTERM, SIGINT or SIGHUP; the second one ends the program. Call it before any thread is
/// started, because threads inherit which signals are blocked.
///
/// # Errors
/// A sentence, if the system refuses.
pub fn stop_on_signals(stop: &StopFlag) -> Result<(), String> {
    let mut signals = SigSet::empty();
    for signal in [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP] {
        signals.add(signal);
    }
    signals.thread_block().map_err(|error| format!("cannot block signals: {error}"))?;
    let stop = stop.clone();
    let wait = move || {
        if signals.wait().is_ok() {
            stop.raise();
        }
        if let Ok(signal) = signals.wait() {
            // A read that hangs cannot be stopped; whoever asks twice does not want to wait for it.
            let _ = signals.thread_unblock();
            let _ = raise(signal);
        }
    };
    std::thread::Builder::new()
        .name("signals".to_owned())
        .spawn(wait)
        .map_err(|error| format!("cannot start a thread: {error}"))?;
    Ok(())
}
