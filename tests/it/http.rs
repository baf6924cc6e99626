//! The web, black-box: the real program over its sockets.

mod access;
mod assets;
mod batches;
mod dashboard;
mod download;
mod drives_pages;
mod frame;
mod guard;
mod limits;
mod lists;
mod new_job;
mod openapi;
mod page;
mod problems;
mod speed;
mod sse;
mod support;
mod websocket;
