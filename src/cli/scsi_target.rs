//! `disk2iso scsi-target` (hidden): a virtual drive that answers the SCSI commands of a kernel, for tests in a virtual machine.

use crate::optical::{virtual_create, virtual_eject, virtual_insert, virtual_press_button, virtual_serve};
use clap::Args;
use std::{
    io::{stdin, stdout},
    path::PathBuf,
    process::ExitCode,
};

/// Arguments of the hidden subcommand. Without an option it serves the drive on standard input and output.
#[derive(Debug, Clone, Args)]
pub struct ScsiTargetArgs {
    /// The virtual drive's folder; it is made if it is missing.
    folder: PathBuf,
    /// Put this image or description of a disc in, and end.
    #[arg(long, group = "hand")]
    insert: Option<PathBuf>,
    /// Open the tray whatever the lock says, and end.
    #[arg(long, group = "hand")]
    eject: bool,
    /// Press the button of the drive, and end.
    #[arg(long, group = "hand")]
    press_button: bool,
}

/// Serves the drive, or does what a hand does.
pub fn run(args: &ScsiTargetArgs) -> ExitCode {
    let folder = &args.folder;
    let done = virtual_create(folder).and_then(|()| match args {
        ScsiTargetArgs { insert: Some(image), .. } => virtual_insert(folder, image).map(|_| ()),
        ScsiTargetArgs { eject: true, .. } => virtual_eject(folder),
        ScsiTargetArgs { press_button: true, .. } => virtual_press_button(folder),
        _ => virtual_serve(folder, &mut stdin().lock(), &mut stdout().lock()),
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("disk2iso scsi-target: {error}");
            ExitCode::FAILURE
        }
    }
}
