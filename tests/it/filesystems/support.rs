//! Discs made by the tools that people make discs with.

use disk2iso::filesystems::{FileSystems, ListedFile, Listing, list, probe};
use std::{collections::BTreeSet, fs, os::unix::fs::FileExt as _, path::Path, process::Command};
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

/// A disc in an image file, which may be too big for memory.
pub fn reader(image: &str) -> impl FnMut(u64) -> Option<Vec<u8>> {
    let file = fs::File::open(image).unwrap();
    move |lba| {
        let mut sector = vec![0; 2048];
        file.read_exact_at(&mut sector, lba.checked_mul(2048)?).ok()?;
        Some(sector)
    }
}

/// What our parsers see in the session of an image that starts at a sector.
pub fn look_in(image: &str, session: u64) -> FileSystems {
    probe(&mut reader(image), Some(sectors(image)), session)
}

/// Our listing of the session of an image that starts at a sector.
pub fn list_in(image: &str, session: u64) -> Listing {
    list(&mut reader(image), Some(sectors(image)), session)
}

/// The bytes of a listed file, from the image.
pub fn bytes_of(image: &str, file: &ListedFile) -> Vec<u8> {
    let disc = fs::File::open(image).unwrap();
    let mut bytes = Vec::new();
    for extent in &file.extents {
        let mut part = vec![0; (extent.end - extent.start) as usize];
        disc.read_exact_at(&mut part, extent.start).unwrap_or_else(|error| panic!("{file:?}: {error}"));
        bytes.extend(part);
    }
    bytes
}

/// Asserts that each file below a folder is in the listing by its path, and that the bytes at its extents are the file's; returns
/// the paths that are in the listing only.
pub fn assert_holds(image: &str, listing: &Listing, source: &Path) -> Vec<String> {
    let mut others: BTreeSet<String> = listing.files.iter().map(|file| file.path.clone()).collect();
    for entry in walkdir::WalkDir::new(source).into_iter().map(Result::unwrap).filter(|entry| entry.file_type().is_file()) {
        let path = entry.path().strip_prefix(source).unwrap().to_str().unwrap();
        let listed = listing.files.iter().find(|file| file.path == path);
        let listed = listed.unwrap_or_else(|| panic!("{path} is not in {:?}", listing.files));
        let content = fs::read(entry.path()).unwrap();
        assert_eq!(listed.size, content.len() as u64, "{path}");
        assert!(bytes_of(image, listed) == content, "{path}: other bytes");
        others.remove(path);
    }
    others.into_iter().collect()
}

/// What isolyzer says about an image, as XML.
pub fn isolyzer(image: &str) -> String {
    let tools = std::env::var("DISK2ISO_TOOLS").unwrap_or_else(|_| "/var/tmp/disk2iso-tools".to_owned());
    let found = fs::read_dir(tools).into_iter().flatten().flatten().map(|entry| entry.path().join("bin/isolyzer"));
    let tool = found.into_iter().find(|tool| tool.exists());
    let tool = tool.map_or("isolyzer".to_owned(), |tool| tool.to_str().unwrap().to_owned());
    let output = Command::new(&tool).arg(image).output();
    let output = output.unwrap_or_else(|error| panic!("{tool}: {error}; install it (deploy/bootstrap.sh test)"));
    String::from_utf8(output.stdout).unwrap()
}

/// The texts of all elements with this name.
pub fn elements<'a>(xml: &'a str, name: &str) -> Vec<&'a str> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    xml.split(&open).skip(1).filter_map(|rest| rest.split(&close).next()).collect()
}

/// An empty file of some size, in a folder of its own.
pub fn empty(bytes: u64) -> (TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let image = folder.path().join("disc.img").to_str().unwrap().to_owned();
    fs::File::create(&image).unwrap().set_len(bytes).unwrap();
    (folder, image)
}

/// An image of a folder.
pub fn image_of(tool: &str, options: &[&str], source: &Path) -> (TempDir, String) {
    let (target, image) = empty(0);
    run(tool, &[options, &["-o", &image, source.to_str().unwrap()]].concat());
    (target, image)
}
