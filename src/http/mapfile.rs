//! Mapfiles from disk, within limits.

use crate::domain::sector_map::SectorMap;
use std::{
    fs::File,
    io::{self, Read as _},
    path::Path,
};

/// Largest mapfile that is looked at, in bytes: the worker writes none that is larger.
pub const MAX_MAP: u64 = 48 << 20;

/// Reads a mapfile. Blocks.
///
/// # Errors
/// What the file system says; `InvalidData` for what is no map.
pub fn load(path: &Path) -> io::Result<SectorMap> {
    let invalid = |why: String| io::Error::new(io::ErrorKind::InvalidData, why);
    let meta = path.symlink_metadata()?;
    if !meta.is_file() || meta.len() > MAX_MAP {
        return Err(invalid(format!("not a regular file of at most {MAX_MAP} bytes")));
    }
    let mut text = String::new();
    File::open(path)?.take(MAX_MAP).read_to_string(&mut text)?;
    SectorMap::parse(&text).map_err(|error| invalid(error.to_string()))
}
