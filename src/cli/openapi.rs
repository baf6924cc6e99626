//! `disk2iso openapi`

use std::{io::Write, process::ExitCode};

/// Prints the OpenAPI document.
pub fn run() -> ExitCode {
    let written = serde_json::to_string_pretty(crate::http::openapi::document()).map_err(std::io::Error::other);
    match written.and_then(|text| writeln!(std::io::stdout(), "{text}")) {
        Ok(()) => ExitCode::SUCCESS,
        // A closed pipe (`| head`) is no error of ours.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("disk2iso: {error}");
            ExitCode::FAILURE
        }
    }
}
