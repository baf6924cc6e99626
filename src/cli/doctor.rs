//! `disk2iso doctor`: looks at everything that has to be right, and says what to do about what is not.

mod drives;
mod facts;
mod service;

use crate::config::Config;
use serde::Serialize;
use std::process::ExitCode;

/// How a finding is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Severity {
    /// As it should be.
    Ok,
    /// Works without, but.
    Note,
    /// Does not work.
    Bad,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Finding {
    topic: &'static str,
    severity: Severity,
    /// What was found.
    text: String,
    /// What to do; empty if nothing has to be done.
    #[serde(skip_serializing_if = "String::is_empty")]
    advice: String,
}

impl Finding {
    fn ok(topic: &'static str, text: impl Into<String>) -> Self {
        Self { topic, severity: Severity::Ok, text: text.into(), advice: String::new() }
    }

    fn note(topic: &'static str, text: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { topic, severity: Severity::Note, text: text.into(), advice: advice.into() }
    }

    fn bad(topic: &'static str, text: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { topic, severity: Severity::Bad, text: text.into(), advice: advice.into() }
    }
}

/// Prints one line per finding, or all of them as JSON; exit code 1 if anything is bad.
pub fn run(config: &Config, as_json: bool) -> ExitCode {
    let facts = facts::collect(config);
    let mut findings = drives::judge(&facts);
    findings.extend(service::look(config));
    let bad = findings.iter().any(|finding| finding.severity == Severity::Bad);
    if as_json {
        println!("{:#}", serde_json::json!({ "healthy": !bad, "findings": findings }));
    } else {
        for Finding { topic, severity, text, advice } in &findings {
            let word = match severity {
                Severity::Ok => "ok  ",
                Severity::Note => "note",
                Severity::Bad => "bad ",
            };
            println!("{word}  {topic:9} {text}");
            if !advice.is_empty() {
                println!("                → {advice}");
            }
        }
    }
    if bad { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
