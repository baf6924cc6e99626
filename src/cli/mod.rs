//! The command line: one file per subcommand.

mod doctor;
mod image;
mod migrate;
mod openapi;
mod read_worker;
mod scsi_target;
mod serve;
mod signals;
mod user;

use crate::config::{Config, load};
use clap::{Parser, Subcommand};
use std::{path::PathBuf, process::ExitCode};

/// Turns optical discs into verified, catalogued images.
#[derive(Debug, Parser)]
#[command(name = "disk2iso", version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the service.
    Serve(ConfigArgs),
    /// Make one image and end.
    Image(image::ImageArgs),
    /// Look at drives, permissions, tools, folders, space and database, and say what to do.
    Doctor(DoctorArgs),
    /// Bring the database up to date.
    Migrate(ConfigArgs),
    /// Make accounts, choose passwords anew, list accounts; also while the service runs. For whoever is locked out.
    User(user::UserArgs),
    /// Print the OpenAPI document.
    Openapi,
    /// Read a disc for the service (started by it).
    #[command(hide = true)]
    ReadWorker(read_worker::ReadWorkerArgs),
    /// Be the drive behind a kernel's SCSI commands (for tests in a virtual machine).
    #[command(hide = true)]
    ScsiTarget(scsi_target::ScsiTargetArgs),
}

/// Where the settings are.
#[derive(Debug, clap::Args)]
struct ConfigArgs {
    /// TOML file with settings; DISK2ISO_… variables go over it.
    #[arg(long)]
    config: Option<PathBuf>,
}

/// How the doctor answers.
#[derive(Debug, clap::Args)]
struct DoctorArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// Print the findings as JSON.
    #[arg(long)]
    json: bool,
}

impl ConfigArgs {
    fn load(&self) -> Result<Config, ExitCode> {
        load(self.config.as_deref(), std::env::vars()).map_err(|error| {
            eprintln!("disk2iso: {error}");
            ExitCode::from(2)
        })
    }
}

/// Parses the command line and runs the subcommand.
pub fn run() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Serve(args) => args.load().map(serve::run),
        Command::Doctor(args) => args.config.load().map(|config| doctor::run(&config, args.json)),
        Command::Migrate(args) => args.load().map(|config| migrate::run(&config)),
        Command::User(args) => Ok(user::run(args)),
        Command::Image(args) => Ok(image::run(args)),
        Command::Openapi => Ok(openapi::run()),
        Command::ReadWorker(args) => Ok(read_worker::run(&args)),
        Command::ScsiTarget(args) => Ok(scsi_target::run(&args)),
    };
    result.unwrap_or_else(|code| code)
}
