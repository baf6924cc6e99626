//! Requests with any header and body, and one image to ask about.

use crate::support::{
    disc,
    service::{Builder, Service},
};
use reqwest::{Method, blocking::Response, header::HeaderMap};
use serde_json::Value;

/// A service whose drives have looked around: what happens from now on was asked for.
pub fn settled(builder: Builder) -> Service {
    let service = builder.start();
    for number in 0..service.drives().len() {
        service.wait_for_drive(number, "waiting_for_media", "empty");
    }
    service
}

/// An answer, read whole.
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

/// A request; nothing is followed, nothing is added.
pub fn ask(service: &Service, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    let answer = open(service, method, path, headers, body);
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    Answer { status, headers, body: answer.bytes().expect("a body").to_vec() }
}

/// The same, with the body still to be read.
pub fn open(service: &Service, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Response {
    let client =
        reqwest::blocking::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().expect("client");
    let mut request = client.request(Method::from_bytes(method.as_bytes()).expect("method"), service.url(path));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    if !body.is_empty() {
        request = request.body(body.to_vec());
    }
    request.send().unwrap_or_else(|error| panic!("{method} {path}: {error}\n{}", service.log()))
}

/// Images a small disc with this label; gives the image's JSON and the disc's bytes.
pub fn one_image(service: &Service, label: &str) -> (Value, Vec<u8>) {
    let file = disc::file(service.folder.path(), "disc", 300, 7);
    let bytes = disc::bytes(label, 300, 7);
    std::fs::write(&file, &bytes).expect("disc");
    service.insert(0, &file);
    service.wait_for_drive(0, "idle", "");
    let job = service.create_job(0, &serde_json::json!({}));
    service.wait_for_status(&job, "completed");
    let image = service.isos().into_iter().find(|iso| iso["job_uuid"] == job.as_str()).expect("an image");
    (image, bytes)
}
