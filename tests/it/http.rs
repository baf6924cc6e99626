//! The web, black-box: the real program over its sockets.

mod access;
mod assets;
mod assistant;
mod dashboard;
mod diagnostics;
mod doctor;
mod download;
mod drives_pages;
mod frame;
mod guard;
mod job_page;
mod jobs_page;
mod limits;
mod lists;
mod new_job;
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
