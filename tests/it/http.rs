//! The web, black-box: the real program over its sockets.

mod assets;
mod download;
mod frame;
mod guard;
mod library;
mod limits;
mod lists;
mod openapi;
mod page;
mod problems;
mod speed;
mod sse;
mod support;
mod websocket;
