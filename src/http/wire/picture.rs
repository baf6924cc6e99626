//! A disc as it can be drawn, and what lies on it.

use super::word;
use crate::{
    catalog::contents::{Found, Known},
    domain::picture::{AreaState, Picture},
};
use serde::Serialize;
use std::{collections::BTreeMap, ops::Range};
use utoipa::ToSchema;

/// A disc as it can be drawn: the number of a sector is its radius.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(example = json!({
    "sectors": 330_000, "class": "cd", "layers": [0], "places": 1, "counts": { "read": 329_998, "bad": 2 },
    "areas": [{ "start": 0, "count": 1000, "state": "read" }, { "start": 1000, "count": 2, "state": "bad" },
              { "start": 1002, "count": 328_998, "state": "read" }]
}))]
pub struct PictureDocument {
    /// Sectors of the disc.
    pub sectors: u64,
    /// `cd`, `dvd`, `bd` or `other`.
    pub class: String,
    /// First sector of each layer. Every second layer lies from the rim inwards.
    pub layers: Vec<u64>,
    /// Number of places that could not be read (yet), exact.
    pub places: usize,
    /// Number of sectors of each state that occurs, exact: `bad`, `skipped`, `slow`, `trimmed`, `read`, `gap`, `untried`.
    pub counts: BTreeMap<String, u64>,
    /// The whole disc in ascending order without gaps, at most 2048 areas. Where there are more, neighbours are one, as bad as the
    /// worst of them.
    pub areas: Vec<AreaBody>,
}

/// Sectors that are alike.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct AreaBody {
    /// First sector.
    pub start: u64,
    /// Number of sectors.
    pub count: u64,
    /// One of the states in `counts`.
    pub state: String,
}

impl From<&Picture> for PictureDocument {
    fn from(picture: &Picture) -> Self {
        let area = |area: &crate::domain::picture::Area| AreaBody {
            start: area.sectors.start,
            count: area.sectors.end - area.sectors.start,
            state: word(&area.state).unwrap_or_default(),
        };
        let counts = AreaState::ALL.into_iter().map(|state| (state.as_str().to_owned(), picture.count(state)));
        Self {
            sectors: picture.sectors,
            class: picture.class.to_owned(),
            layers: picture.layers.clone(),
            places: picture.places,
            counts: counts.filter(|(_, count)| *count > 0).collect(),
            areas: picture.areas.iter().map(area).collect(),
        }
    }
}

/// Which files lie in some sectors.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(example = json!({
    "from": 1000, "count": 2, "files": [{ "path": "PHOTOS/IMG_1234.JPG", "size": 123_456, "start": 990 }], "files_all": 1,
    "system": false, "known": "all"
}))]
pub struct SectorsDocument {
    /// First sector.
    pub from: u64,
    /// Number of sectors.
    pub count: u64,
    /// Files that lie there, at most 50, in the order of their places.
    pub files: Vec<PlacedFile>,
    /// Number of all of them.
    pub files_all: usize,
    /// Folders and tables of the file system are among it.
    pub system: bool,
    /// How much is known: `all`, `part` (folders that could not be read, or not yet) or `nothing`.
    pub known: String,
}

/// A file and where it begins.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct PlacedFile {
    /// Path on the disc; `Track 3` of a CD that is read raw.
    pub path: String,
    /// Bytes.
    pub size: u64,
    /// First sector.
    pub start: u64,
}

impl SectorsDocument {
    /// What was found in these sectors.
    pub fn new(sectors: &Range<u64>, found: Found, known: Known) -> Self {
        let placed =
            |file: crate::catalog::contents::FoundFile| PlacedFile { path: file.path, size: file.size, start: file.start };
        Self {
            from: sectors.start,
            count: sectors.end - sectors.start,
            files: found.files.into_iter().map(placed).collect(),
            files_all: found.all,
            system: found.system,
            known: known.as_str().to_owned(),
        }
    }
}
