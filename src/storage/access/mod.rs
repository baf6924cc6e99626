//! Accounts, and what opens the door for them: sessions, API tokens, one-time links.
//!
//! Secrets arrive here as hashes and leave as hashes; nothing in these tables opens anything if it is stolen, but for the seeds of
//! one-time codes, which have to be kept as they are.

pub mod links;
pub mod sessions;
pub mod tokens;
pub mod users;
