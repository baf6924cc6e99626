//! The web, black-box: the real program over its sockets.

mod access;
mod assets;
mod download;
mod frame;
mod guard;
mod limits;
mod lists;
mod openapi;
mod page;
mod permissions;
mod problems;
mod speed;
mod sse;
mod support;
mod websocket;
