//! The panic hook: keeps the text of a panic for the supervisor and logs it. The only thing here that is global to the process.

use std::{
    any::Any,
    cell::Cell,
    panic::{self, PanicHookInfo},
    sync::Once,
};

thread_local! {
    static LAST_PANIC: Cell<Option<String>> = const { Cell::new(None) };
}

/// Makes every panic a log event with its place, and lets [`Exit::Panicked`](super::Exit::Panicked) say where it was.
///
/// Installs itself once; calling it again does nothing. As long as no log subscriber is set, the hook that was there before
/// runs as well, since a panic must not be silent.
pub fn install_panic_hook() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        let previous = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            let text = describe(info);
            tracing::error!(thread = std::thread::current().name(), panic = %text, "panic");
            LAST_PANIC.set(Some(text));
            if !tracing::dispatcher::has_been_set() {
                previous(info);
            }
        }));
    });
}

/// The text of the panic that was just caught on this thread: message and place, or only the message without the hook.
pub(super) fn panic_text(payload: &(dyn Any + Send)) -> String {
    LAST_PANIC.take().unwrap_or_else(|| message(payload).to_owned())
}

fn describe(info: &PanicHookInfo<'_>) -> String {
    let message = message(info.payload());
    match info.location() {
        Some(location) => format!("{message} at {}:{}", location.file(), location.line()),
        None => message.to_owned(),
    }
}

fn message(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<&str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("a panic without text")
}
