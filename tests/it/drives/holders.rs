//! Who uses a device.

use disk2iso::drives::holders::program;
use std::{
    fs::File,
    process::{Command, Stdio},
};

#[test]
fn the_program_that_has_a_node_open_is_named() {
    let file = tempfile::NamedTempFile::new().unwrap();
    assert_eq!(program(file.path()), None);
    let mut child = Command::new("sleep").arg("600").stdin(Stdio::from(File::open(file.path()).unwrap())).spawn().unwrap();
    let found = program(file.path());
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(found.map(|(_, id)| id), Some(child.id()));
}
