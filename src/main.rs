//! The program: parses the command line and hands over.

<<<<<<< HEAD
use std::process::ExitCode;

fn main() -> ExitCode {
    disk2iso::cli::run()
=======
use clap::{Parser, Subcommand};
use disk2iso::cli::{image, read_worker};
use std::process::ExitCode;

#[derive(Parser)]
#[command(version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Make an image of one disc now.
    Image(image::ImageArgs),
    #[command(hide = true)]
    ReadWorker(read_worker::ReadWorkerArgs),
}

fn main() -> ExitCode {
    match Cli::parse().command {
        Command::Image(args) => image::run(args),
        Command::ReadWorker(args) => read_worker::run(&args),
    }
>>>>>>> f996e2c21f8c48316c1107a418d30d7aa598d6ae
}
