//! Who asks, and whether they may.
//!
//! * [`recognise`] stands in front of every address and finds out who asks: a session's cookie, an API token, a trusted proxy. It
//!   leaves its finding ([`Access`]) in the request.
//! * A handler says what it needs by its first argument, [`May<Look>`](May), and a handler that says nothing cannot be registered
//!   ([`Guarded`]): `routes.rs` reads the table of permissions off the handlers' types.

mod access;
mod may;

pub use access::{Access, recognise};
pub use may::{Administer, Guarded, Look, May, Open, Operate, Right, permission};
