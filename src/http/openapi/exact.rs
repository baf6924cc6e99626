//! What values are allowed, from the very tables that the handlers check against.

use super::common::operations;
use crate::{
    domain::{
        drive_settings::Quirk,
        job::Decision,
        options::{HashKind, Mode},
    },
    http::{
        api::{isos, jobs, pictures::MAX_SECTORS},
        params::MAX_LENGTH,
    },
    storage::{MAX_LIMIT, Page},
};
use serde_json::{Value, json};

/// Puts them in.
pub fn apply(document: &mut Value) {
    for (path, _, operation) in operations(document) {
        for parameter in operation.get_mut("parameters").and_then(Value::as_array_mut).into_iter().flatten() {
            exact_parameter(path.trim_start_matches("/api/v1"), parameter);
        }
    }
    let schemas = &mut document["components"]["schemas"];
    apply_to_schemas(schemas);
}

fn apply_to_schemas(schemas: &mut Value) {
    for (schema, field, words) in words() {
        restrict(&mut schemas[schema]["properties"][field], &words);
    }
    let names: Vec<String> = schemas.as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect();
    for name in &names {
        // A page of a list refers to the row's type instead of repeating it.
        if let Some(row) = name.strip_prefix("List_").filter(|row| names.iter().any(|name| name == row)) {
            let reference = json!({ "$ref": format!("#/components/schemas/{row}") });
            schemas[name]["properties"]["items"]["items"] = reference;
        }
    }
    // Options that nobody knows are refused, and the drive's are the same options.
    schemas["JobOptionsBody"]["additionalProperties"] = json!(false);
    let options = json!({ "oneOf": [{ "$ref": "#/components/schemas/JobOptionsBody" }, { "type": "null" }] });
    for schema in ["CreateJobBody", "DiskChange"] {
        let text = schemas[schema]["properties"]["options"]["description"].clone();
        schemas[schema]["properties"]["options"] = options.clone();
        schemas[schema]["properties"]["options"]["description"] = text;
    }
    let verify = &mut schemas["JobOptionsBody"]["properties"]["verify"];
    let text = verify["description"].clone();
    *verify = json!({ "enum": ["none", "image", "disc", "both", true, false, null], "description": text });
}

/// One value, or null where that is allowed, becomes one of these words; a list becomes a list of them.
fn restrict(property: &mut Value, words: &[&str]) {
    let list = property.get("items").is_some();
    if list {
        property["items"] = json!({ "type": "string", "enum": words });
        return;
    }
    let nullable = property["type"].as_array().is_some_and(|kinds| kinds.iter().any(|kind| kind == "null"));
    let mut all: Vec<Value> = words.iter().map(|word| json!(word)).collect();
    if nullable {
        all.push(Value::Null);
    }
    property["enum"] = Value::Array(all);
}

/// Schema, field, its words.
fn words() -> Vec<(&'static str, &'static str, Vec<&'static str>)> {
    let modes = || Mode::ALL.map(Mode::as_str).to_vec();
    let quirks = || Quirk::ALL.map(Quirk::as_str).to_vec();
    let phases = ["analyzing", "reading", "rescuing", "hashing", "verifying", "publishing"];
    let decisions = || [Decision::Accept, Decision::Retry, Decision::OtherDrive].map(Decision::as_str).to_vec();
    vec![
        ("CreateJobBody", "mode", modes()),
        ("DecisionBody", "decision", decisions()),
        ("DiskChange", "mode", modes()),
        ("DiskChange", "quirks", quirks()),
        ("DiskSettings", "mode", modes()),
        ("DiskSettings", "quirks", quirks()),
        ("ConfigChange", "again", vec!["skip", "ask", "again"]),
        ("JobOptionsBody", "engine", vec!["auto", "native", "ddrescue", "cdrdao", "cd_paranoia"]),
        ("JobOptionsBody", "format", vec!["bin_cue", "flac"]),
        ("JobOptionsBody", "hashes", HashKind::ALL.map(HashKind::as_str).to_vec()),
        ("JobOptionsBody", "on_loss", vec!["finish", "ask"]),
        ("Job", "kind", jobs::KINDS.to_vec()),
        ("Job", "status", jobs::STATUSES.to_vec()),
        ("Job", "phase", phases.to_vec()),
        ("Job", "verdict", jobs::VERDICTS.to_vec()),
        ("Job", "decision", decisions()),
        ("Iso", "verdict", jobs::VERDICTS.to_vec()),
        ("Iso", "disk_type", jobs::DISK_TYPES.to_vec()),
        ("Media", "kind", jobs::DISK_TYPES.to_vec()),
        ("EventBody", "level", vec!["info", "warning", "error"]),
        ("ProblemDocument", "class", vec!["transient", "permanent", "operator", "bug"]),
        ("Live", "status", vec!["alive"]),
        ("Ready", "status", vec!["ready", "not_ready"]),
    ]
}

/// Parameters are called alike everywhere, so their limits are said once.
fn exact_parameter(path: &str, parameter: &mut Value) {
    let name = parameter["name"].as_str().unwrap_or_default().to_owned();
    let text = parameter.pointer("/schema/type").and_then(Value::as_str) == Some("string");
    let one = |words: &[&str]| Some(json!({ "type": "string", "enum": words }));
    let schema = match (path, name.as_str()) {
        (_, "limit") => Some(json!({ "type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": Page::default().limit })),
        (_, "q") => Some(json!({ "type": "string", "maxLength": 200, "pattern": TEXT })),
        (_, "since" | "until") if text => Some(
            json!({ "anyOf": [{ "type": "string", "format": "date-time" }, { "type": "string", "format": "date" }, { "const": "" }] }),
        ),
        (_, "since" | "before" | "Last-Event-ID" | "min_size" | "max_size") | ("/system/logs", "cursor") => {
            Some(json!({ "type": "integer", "format": "int64", "minimum": 0, "maximum": i64::MAX }))
        }
        (_, "uuid") => Some(json!({ "type": "string", "format": "uuid" })),
        // Nothing restricts nothing, so that a form can be sent as it is.
        (_, "job" | "iso") => Some(json!({ "anyOf": [{ "type": "string", "format": "uuid" }, { "const": "" }] })),
        (path, "id") if path.starts_with("/isos") => Some(json!({ "type": "string", "format": "uuid" })),
        (_, "level") => one(&["info", "warning", "error"]),
        (_, "disk_type") => one(&jobs::DISK_TYPES),
        (_, "verdict") => one(&jobs::VERDICTS),
        ("/jobs", "kind") => one(&jobs::KINDS),
        ("/jobs", "status") => {
            parameter["style"] = json!("form");
            parameter["explode"] = json!(false);
            parameter["example"] = json!(["queued", "running"]);
            Some(json!({ "type": "array", "items": { "type": "string", "enum": jobs::STATUSES } }))
        }
        ("/jobs", "sort") => one(&both_ways(&jobs::ORDERS).iter().map(String::as_str).collect::<Vec<_>>()),
        ("/isos", "sort") => one(&both_ways(&isos::ORDERS).iter().map(String::as_str).collect::<Vec<_>>()),
        (_, "from") if path.ends_with("/sectors") => Some(json!({ "type": "integer", "minimum": 0, "maximum": MAX_SECTORS })),
        (_, "count") if path.ends_with("/sectors") => {
            Some(json!({ "type": "integer", "minimum": 1, "maximum": MAX_SECTORS, "default": 1 }))
        }
        _ if text => Some(json!({ "type": "string", "maxLength": MAX_LENGTH, "pattern": TEXT })),
        _ => None,
    };
    if let Some(schema) = schema {
        parameter["schema"] = schema;
    }
    if parameter.get("example").is_none()
        && let Some(example) = example(path, &name)
    {
        parameter["example"] = json!(example);
    }
}

/// Any text without a NUL.
const TEXT: &str = r"^[^\u0000]*$";

fn both_ways(orders: &[&str]) -> Vec<String> {
    orders.iter().flat_map(|order| [(*order).to_owned(), format!("-{order}")]).collect()
}

fn example(path: &str, name: &str) -> Option<&'static str> {
    match name {
        "uuid" | "job" => Some("0198a2c4-5f10-7c3a-9a51-7d2f0c9e1b44"),
        "iso" => Some("0198a2c4-9b20-7d11-8c40-13d5b0a7f9e2"),
        "id" if path.starts_with("/isos") => Some("0198a2c4-9b20-7d11-8c40-13d5b0a7f9e2"),
        "id" if path.starts_with("/disks") => Some("virtual-drive0"),
        "drive" => Some("virtual-drive0"),
        _ => None,
    }
}
