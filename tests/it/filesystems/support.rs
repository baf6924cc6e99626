//! Discs made by the tools that people make discs with.

use disk2iso::filesystems::{FileSystems, probe};
use std::{fs, path::Path, process::Command};
use tempfile::TempDir;

/// Runs a tool and returns what it printed. A tool that is missing is a failed test, not a skipped one.
pub fn run(tool: &str, arguments: &[&str]) -> String {
    let output =
        Command::new(tool).args(arguments).env("LC_ALL", "C.UTF-8").env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").output();
    let output = output.unwrap_or_else(|error| panic!("{tool}: {error}; install it (deploy/bootstrap.sh)"));
    let printed = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{tool} {arguments:?}: {printed}");
    printed
}

/// A folder with these files, empty but for their name.
pub fn tree(files: &[&str]) -> TempDir {
    let root = tempfile::tempdir().unwrap();
    for file in files {
        let path = root.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, file.repeat(500)).unwrap();
    }
    root
}

/// Makes an image of a folder.
pub fn iso(tool: &str, options: &[&str], files: &[&str]) -> (TempDir, String) {
    let (source, target) = (tree(files), tempfile::tempdir().unwrap());
    let image = target.path().join("disc.iso").to_str().unwrap().to_owned();
    let arguments = [options, &["-o", &image, source.path().to_str().unwrap()]].concat();
    run(tool, &arguments);
    (target, image)
}

/// What our parsers see in an image.
pub fn look(image: &str) -> FileSystems {
    look_at(&fs::read(image).unwrap())
}

/// What our parsers see in these bytes.
pub fn look_at(bytes: &[u8]) -> FileSystems {
    let mut read = |lba: u64| bytes.get(usize::try_from(lba.checked_mul(2048)?).ok()?..)?.get(..2048).map(<[u8]>::to_vec);
    probe(&mut read, Some(bytes.len() as u64 / 2048), 0)
}

/// The value after `key` in a tool's output.
pub fn value<'a>(printed: &'a str, key: &str) -> &'a str {
    let line = printed.lines().find_map(|line| line.strip_prefix(key));
    line.unwrap_or_else(|| panic!("no {key:?} in {printed}")).trim()
}

/// Sectors of an image file.
pub fn sectors(image: &str) -> u64 {
    fs::metadata(Path::new(image)).unwrap().len() / 2048
}
