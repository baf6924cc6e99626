//! The web, black-box: the real program over its sockets.

mod access;
mod assets;
mod assistant;
mod diagnostics;
mod doctor;
mod download;
mod frame;
mod guard;
mod limits;
mod lists;
mod openapi;
mod page;
mod problems;
mod settings;
mod speed;
mod sse;
mod support;
mod system;
mod tls;
mod websocket;
