//! `disk2iso doctor`: what is wrong, if anything, and what to do about it.

use crate::{
    config::Config,
    doctor::{self, Circumstances, Finding, Severity},
};
use std::process::ExitCode;

/// Prints one line per finding, or all of them as JSON; exit code 1 if anything is bad.
pub fn run(config: &Config, as_json: bool) -> ExitCode {
    let findings = doctor::examine(config, &Circumstances::default(), &|_| ());
    let healthy = doctor::is_healthy(&findings);
    if as_json {
        let findings: Vec<_> = findings.iter().map(json).collect();
        println!("{:#}", serde_json::json!({ "healthy": healthy, "findings": findings }));
    } else {
        findings.iter().for_each(print);
    }
    if healthy { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn json(finding: &Finding) -> serde_json::Value {
    let mut value = serde_json::json!({ "topic": finding.topic, "severity": finding.severity.as_str(), "text": finding.text.en });
    let advice = finding.full_advice();
    if !advice.is_empty() {
        value["advice"] = advice.into();
    }
    value
}

fn print(finding: &Finding) {
    let word = match finding.severity {
        Severity::Ok => "ok  ",
        Severity::Note => "note",
        Severity::Bad => "bad ",
    };
    println!("{word}  {:9} {}", finding.topic, finding.text.en);
    let advice = finding.full_advice();
    if !advice.is_empty() {
        println!("                → {advice}");
    }
}
