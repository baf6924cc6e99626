//! The web, black-box: the real program over its sockets.

mod download;
mod guard;
mod limits;
mod lists;
mod openapi;
mod page;
mod problems;
mod sse;
mod support;
mod tls;
mod websocket;
