//! The web, black-box: the real program over its sockets.

mod download;
mod guard;
mod lists;
mod openapi;
mod page;
mod problems;
mod speed;
mod sse;
mod support;
mod websocket;
