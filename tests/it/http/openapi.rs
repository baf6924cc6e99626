//! The OpenAPI document tells everything that the service has, and nothing else.

use super::support::settled;
use crate::support::service::Service;
use disk2iso::http::{openapi::document, routes};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    process::Command,
};

const METHODS: [&str; 5] = ["get", "put", "post", "delete", "patch"];

fn documented() -> (Value, BTreeMap<String, BTreeSet<String>>) {
    let document = serde_json::to_value(document()).expect("JSON");
    let paths = document["paths"].as_object().expect("paths").iter();
    let methods =
        |item: &Value| METHODS.iter().filter(|method| item.get(**method).is_some()).map(|method| method.to_uppercase()).collect();
    let all = paths.map(|(path, item)| (path.clone(), methods(item))).collect();
    (document, all)
}

#[test]
fn every_address_is_documented_and_every_documented_address_exists() {
    let below = |prefix: &'static str, table: &[routes::Address]| {
        let entry = |(path, methods): &routes::Address| {
            (format!("{prefix}{path}"), methods.iter().map(|method| (*method).to_owned()).collect())
        };
        table.iter().map(entry).collect::<BTreeMap<String, BTreeSet<String>>>()
    };
    let mut routes = below("/api/v1", routes::API);
    routes.extend(below("", routes::OUTSIDE));
    assert_eq!(documented().1, routes);
}

#[test]
fn operations_have_ids_of_their_own_answers_parameters_and_resolved_references() {
    let (document, _) = documented();
    let mut ids = BTreeSet::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in
            item.as_object().expect("operations").iter().filter(|(method, _)| METHODS.contains(&method.as_str()))
        {
            assert!(ids.insert(operation["operationId"].as_str().expect("id").to_owned()), "{method} {path}");
            assert!(operation["summary"].as_str().is_some_and(|summary| !summary.is_empty()), "{method} {path}");
            let answers = operation["responses"].as_object().expect("answers");
            assert!(!answers.is_empty(), "{method} {path}");
            let parameters: BTreeSet<_> =
                operation["parameters"].as_array().into_iter().flatten().filter_map(|one| one["name"].as_str()).collect();
            for name in path.split('{').skip(1).filter_map(|rest| rest.split('}').next()) {
                assert!(parameters.contains(name), "{method} {path}: {name}");
            }
            for (status, answer) in answers.iter().filter(|(status, _)| status.starts_with('4')) {
                let shared = answer["$ref"].as_str().and_then(|reference| document.pointer(reference.trim_start_matches('#')));
                let schema = &shared.unwrap_or(answer)["content"]["application/problem+json"]["schema"]["$ref"];
                assert_eq!(schema, "#/components/schemas/ProblemDocument", "{method} {path} {status}");
            }
        }
    }
    let text = document.to_string();
    for reference in text.split("\"$ref\":\"#/").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert!(!document.pointer(&format!("/{reference}")).unwrap_or(&Value::Null).is_null(), "{reference}");
    }
}

#[test]
fn every_operation_says_who_may_and_what_can_always_be_refused() {
    let (document, _) = documented();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            let security = operation["security"].as_array().unwrap_or_else(|| panic!("{method} {path}: security"));
            let expected = if operation["x-permission"] == "open" { 0 } else { 2 };
            assert_eq!(security.len(), expected, "{method} {path}");
            let answers = operation["responses"].as_object().expect("answers");
            let mut always = vec!["400", "403", "414", "431", "500", "503"];
            always.extend(if expected == 0 { [].as_slice() } else { &["401", "429"] });
            always.extend(if operation.get("requestBody").is_some() { ["413", "415", "422"].as_slice() } else { &[] });
            for status in always {
                assert!(answers.contains_key(status), "{method} {path}: {status}");
            }
        }
    }
    let entries = routes::api_entries().into_iter().map(|entry| ("/api/v1", entry));
    for (prefix, entry) in entries.chain(routes::outside_entries().into_iter().map(|entry| ("", entry))) {
        let operation = &document["paths"][format!("{prefix}{}", entry.path)][entry.method.to_lowercase()];
        assert_eq!(operation["x-permission"], entry.permission.as_str(), "{entry:?}");
    }
    for scheme in ["session", "token"] {
        assert!(document["components"]["securitySchemes"][scheme].is_object(), "{scheme}");
    }
    let words = &document["components"]["schemas"]["Job"]["properties"]["status"]["enum"];
    assert_eq!(words.as_array().map(Vec::len), Some(6), "{words}");
}

#[test]
fn the_copy_that_the_front_ends_types_are_made_of_is_current() {
    let copy: Value = serde_json::from_str(include_str!("../../../web/openapi.json")).expect("JSON");
    assert!(copy == *document(), "web/openapi.json is out of date; `make api` renews it");
}

#[test]
fn the_command_line_and_the_service_tell_the_same_document() {
    let printed = Command::new(env!("CARGO_BIN_EXE_disk2iso")).arg("openapi").output().expect("run");
    assert!(printed.status.success());
    let printed: Value = serde_json::from_slice(&printed.stdout).expect("JSON");
    let service = settled(Service::builder());
    assert_eq!(printed, service.get("/api/v1/openapi.json"));
    assert_eq!(printed, service.get("/openapi.json"));
    assert_eq!(printed["openapi"].as_str().map(|version| version.starts_with("3.")), Some(true));
}

#[test]
fn the_page_for_reading_names_every_address_and_every_error() {
    let text = include_str!("../../../docs/api.md");
    for (path, methods) in routes::API {
        let row = text.lines().find(|line| line.starts_with(&format!("| `{path}` |"))).unwrap_or_else(|| panic!("{path}"));
        assert!(row.contains(&format!("| {} |", methods.join(", "))), "{path}: {row}");
    }
    assert!(routes::OUTSIDE.iter().all(|(path, _)| text.contains(&format!("`{path}`"))));
    for code in disk2iso::error::Code::ALL {
        let class = disk2iso::http::problem::class_word(code.class());
        let row = format!("| `{}` | {} | {class} | {} |", code.as_str(), code.status(), code.title());
        assert!(text.contains(&row), "{row}");
    }
}
