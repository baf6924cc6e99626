//! The web, black-box: the real program over its sockets.

mod access;
mod download;
mod guard;
mod lists;
mod openapi;
mod page;
mod problems;
mod sse;
mod support;
mod websocket;
