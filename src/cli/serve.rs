//! `disk2iso serve`

use crate::{app::App, config::Config, imaging::process::WorkerProgram, supervision::install_panic_hook, telemetry::logging};
use std::process::ExitCode;
use tokio::signal::unix::{SignalKind, signal};

/// Runs the service until SIGTERM or SIGINT. Exit codes: 0 stopped, 1 did not start, 70 the supervision tree gave up.
pub fn run(config: Config) -> ExitCode {
    logging::init(&config.log_level);
    install_panic_hook();
    actix::System::new().block_on(async move {
        let (Ok(mut terminate), Ok(mut interrupt)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt())) else {
            eprintln!("disk2iso: signals cannot be caught");
            return ExitCode::FAILURE;
        };
        match App::start(config, WorkerProgram::this_program()).await {
            Ok(app) => {
                let stop = async move {
                    tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
                };
                ExitCode::from(app.run(stop).await)
            }
            Err(error) => {
                eprintln!("disk2iso: {error}");
                ExitCode::FAILURE
            }
        }
    })
}
