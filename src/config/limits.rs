//! How much one client, and all together, may take.

/// Limits of the web server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Requests that one token, account or address may make in a minute; 0: no limit. `None`: [`REQUESTS`], and none for whoever uses
    /// this machine while access control is off.
    pub requests: Option<u32>,
    /// The same for requests that cost much: reading an image back, collecting a bundle.
    pub heavy: Option<u32>,
    /// The same for attempts to sign in, by address.
    pub sign_ins: Option<u32>,
    /// Most open connections.
    pub connections: usize,
    /// Most live clients (WebSocket, server-sent events).
    pub live_clients: usize,
}

/// Requests in a minute unless set: a page that is refreshed at every event stays far below it.
pub const REQUESTS: u32 = 3_000;
/// Requests in a minute that cost much, unless set.
pub const HEAVY: u32 = 120;
/// Attempts to sign in in a minute, unless set.
pub const SIGN_INS: u32 = 60;

impl Default for Limits {
    fn default() -> Self {
        Self { requests: None, heavy: None, sign_ins: None, connections: 4_096, live_clients: 2_000 }
    }
}
