//! Takes names of discs, files, folders and machines out of a bundle: each becomes the same placeholder everywhere.

use crate::telemetry::scrub;
use serde_json::Value;
use std::collections::BTreeMap;

/// Fields that hold names.
const NAMES: [&str; 14] = [
    "label",
    "disk_label",
    "filename",
    "filepath",
    "output_path",
    "path",
    "folder",
    "name",
    "node",
    "serial",
    "title",
    "md5sum",
    "sha256sum",
    "fingerprint",
];
/// Fields of events whose words say nothing about anybody.
const HARMLESS: [&str; 12] =
    ["kind", "level", "at", "drive_id", "job_uuid", "iso_id", "state", "reason", "verdict", "code", "status", "phase"];
/// Shorter names would be found in other words.
const SHORTEST: usize = 3;

/// Names and what stands for them, longest first.
#[derive(Debug, Default)]
pub struct Disguise(Vec<(String, String)>);

impl Disguise {
    /// Nobody is to be recognised: these folders and names, and every name in these documents.
    pub fn new(folders: &[String], names: &[String], documents: &[&Value]) -> Self {
        let mut found = BTreeMap::new();
        for (number, folder) in folders.iter().enumerate() {
            found.entry(folder.clone()).or_insert_with(|| format!("[folder {}]", number + 1));
        }
        let mut all: Vec<String> = names.to_vec();
        documents.iter().for_each(|document| gather(document, &mut all));
        for name in all {
            let number = found.len() + 1;
            found.entry(name).or_insert_with(|| format!("[name {number}]"));
        }
        let mut all: Vec<_> = found.into_iter().filter(|(name, _)| name.chars().count() >= SHORTEST).collect();
        all.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
        Self(all)
    }

    /// A text without those names.
    pub fn text(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, (name, stands)| text.replace(name, stands))
    }

    /// A document without them.
    pub fn value(&self, value: &mut Value) {
        each_text(value, "", &mut |_, text| *text = self.text(text));
    }
}

/// What is left of an event for somebody who must not know what it was about.
pub fn without_words(event: &mut Value) {
    each_text(event, "", &mut |field, text| {
        if !HARMLESS.contains(&field) {
            text.clear();
        }
    });
}

/// A document without what looks like a secret.
pub fn scrubbed(value: &mut Value) {
    each_text(value, "", &mut |field, text| {
        // Whether the field's own name makes its text a secret is found out the same way as in a log.
        *text = if scrub(&format!("{field}=x")).ends_with("=x") { scrub(text) } else { "[removed]".to_owned() };
    });
}

fn each_text(value: &mut Value, field: &str, change: &mut dyn FnMut(&str, &mut String)) {
    match value {
        Value::String(text) => change(field, text),
        Value::Array(items) => items.iter_mut().for_each(|item| each_text(item, field, change)),
        Value::Object(fields) => fields.iter_mut().for_each(|(name, value)| each_text(value, name, change)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn gather(value: &Value, names: &mut Vec<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| gather(item, names)),
        Value::Object(fields) => {
            for (name, value) in fields {
                match value {
                    // A device node says nothing about anybody, and much about the trouble.
                    Value::String(text) if NAMES.contains(&name.as_str()) && !text.starts_with("/dev/") => {
                        names.push(text.clone());
                    }
                    other => gather(other, names),
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn names_are_gone_everywhere_and_the_same_name_is_the_same_placeholder() {
        let mut jobs =
            json!([{ "disk_label": "GEHEIM", "output_path": "/srv/private/GEHEIM.iso", "device": "sr0", "path": "/dev/sr0" }]);
        let disguise = Disguise::new(&["/srv/private".to_owned()], &["host1".to_owned(), String::new()], &[&jobs]);
        disguise.value(&mut jobs);
        let text = jobs.to_string();
        assert!(!text.contains("GEHEIM") && !text.contains("private") && text.contains("/dev/sr0"), "{text}");
        let log = disguise.text("host1: GEHEIM of /srv/private/other is read, GEHEIM");
        assert!(!log.contains("GEHEIM") && !log.contains("host1") && log.contains("[folder 1]/other"), "{log}");
        assert_eq!(log.matches(jobs[0]["disk_label"].as_str().expect("text")).count(), 2);
    }

    #[test]
    fn events_keep_their_kind_and_numbers_only() {
        let mut event =
            json!({ "seq": 5, "kind": "job.failed", "message": "GEHEIM", "payload": { "label": "GEHEIM", "n": 1, "code": "x" } });
        without_words(&mut event);
        let left = json!({ "seq": 5, "kind": "job.failed", "message": "", "payload": { "label": "", "n": 1, "code": "x" } });
        assert_eq!(event, left);
    }

    #[test]
    fn secrets_in_documents_are_gone() {
        let mut value = json!({ "api_token": "abc", "url": "postgres://me:pw@h/d", "session": 5, "items": ["password=x"] });
        scrubbed(&mut value);
        let left =
            json!({ "api_token": "[removed]", "url": "postgres://[removed]@h/d", "session": 5, "items": ["password=[removed]"] });
        assert_eq!(value, left);
    }
}
