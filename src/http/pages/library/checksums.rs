//! A list of checksums to take along: what `sha256sum -c` and `md5sum -c` read.

use crate::{
    catalog::sidecar::{self, Place, sum_line},
    domain::{options::HashKind, result::FileRole},
    storage::isos::{IsoFacts, IsoRecord},
};
use actix_web::{HttpResponse, http::header};
use std::path::Path;

/// The list. Names are those in the folder of each image; folders of sets are named.
pub fn text(images: &[(IsoRecord, IsoFacts)], kind: HashKind) -> String {
    let mut text = String::new();
    for (record, facts) in images {
        let set = Place::of(Path::new(&record.filepath)).and_then(|place| place.set);
        for file in sidecar::files(record, facts).iter().filter(|file| file.role != FileRole::Map) {
            let Some(hash) = file.hashes.get(&kind) else { continue };
            let name = set.as_ref().map_or_else(|| file.name.clone(), |set| format!("{set}/{}", file.name));
            text.push_str(&sum_line(hash, &name));
        }
    }
    text
}

/// As a file to keep.
pub fn answer(images: &[(IsoRecord, IsoFacts)], kind: HashKind) -> HttpResponse {
    let name = format!("attachment; filename=\"disk2iso.{}\"", kind.as_str());
    HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "text/plain; charset=utf-8"))
        .insert_header((header::CONTENT_DISPOSITION, name))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(text(images, kind))
}
