//! The page of one image: `/library/{id}`.

use super::history::{self, Line};
use crate::{
    catalog::{contents::Known, sidecar},
    domain::{
        event::Event,
        ids::IsoId,
        result::{FileRole, StoredFile},
    },
    error::{Code, Problem},
    http::{
        AppState,
        auth::{Look, May},
        pages::{
            frame::{self, Frame, Place},
            sentences,
            view::{self, Disc, Evidence, IsoRow, JobRow},
            visible::visible,
        },
        params::{Params, id},
        pictures::Sources,
        wire::{Disk, Iso, Job},
        words::Language,
    },
    storage::{
        events::{self, EventFilter},
        isos::{self, IsoFacts, IsoRecord},
        jobs::JobRecord,
    },
};
use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};
use askama::Template;
use chrono::TimeDelta;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// Files of the disc on one page.
const FILES: usize = 40;
/// Other images of the disc that are named.
const COPIES: u32 = 20;
/// Events that are shown.
const EVENTS: u32 = 30;

#[derive(Template)]
#[template(path = "image.html")]
struct ImagePage {
    frame: Frame,
    image: IsoRow,
    /// Folder of the image.
    folder: String,
    fingerprint: String,
    /// Job that made it.
    job: Option<String>,
    /// When it goes for good, if it is in the trash.
    goes: String,
    disc: Disc,
    evidence: Evidence,
    files: Vec<FileLine>,
    on_disc: OnDisc,
    damage: Vec<String>,
    /// Files that miss something, those that miss most first.
    hit: Vec<HitLine>,
    /// A comparison with the stored hashes that is under way.
    checking: Option<JobRow>,
    copies: Vec<IsoRow>,
    history: Vec<Line>,
    name: NameForm,
}

/// A file of the image.
#[derive(Debug, Clone, PartialEq)]
struct FileLine {
    name: String,
    role: &'static str,
    size: String,
    bytes: String,
    /// Name of the function and the hash, SHA-256 first.
    hashes: Vec<(String, String)>,
}

/// A file on the disc.
#[derive(Debug, Clone, PartialEq)]
struct DiscFile {
    path: String,
    size: String,
    bytes: String,
    sector: String,
}

/// What is on the disc, as far as its file systems tell.
#[derive(Debug, Clone, Default, PartialEq)]
struct OnDisc {
    files: Vec<DiscFile>,
    /// "1 to 100 of 2,340 files"; empty if there is none.
    count: String,
    /// What is not known.
    unknown: &'static str,
    /// Text that paths must have in them.
    q: String,
    previous: Option<String>,
    next: Option<String>,
    /// There is a file system.
    any: bool,
}

/// A file on the disc that misses something.
#[derive(Debug, Clone, PartialEq)]
struct HitLine {
    path: String,
    size: String,
    missing: String,
    bytes: String,
}

/// The form for another name.
#[derive(Debug, Clone, Default, PartialEq)]
struct NameForm {
    value: String,
    wrong: String,
}

struct Read {
    record: IsoRecord,
    facts: IsoFacts,
    copies: Vec<IsoRecord>,
    check: Option<JobRecord>,
    events: Vec<Event>,
}

/// The page.
///
/// # Errors
/// `iso_unknown`; `unavailable` without a database.
pub async fn show(
    _: May<Look>,
    state: Data<AppState>,
    image: Path<String>,
    mut params: Params,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let id: IsoId = id(&image, Code::IsoUnknown)?;
    let q: String = params.text("files").unwrap_or_default().trim().chars().take(200).collect();
    let skip = params.text("at").and_then(|at| at.parse().ok()).unwrap_or(0);
    let page = gather(&state, &request, id, (q, skip)).await?;
    Ok(frame::show(StatusCode::OK, &page.frame, &page))
}

/// The page with the name that could not be given, and why.
///
/// # Errors
/// As for [`show`].
pub async fn refused_name(
    state: &AppState,
    request: &HttpRequest,
    id: IsoId,
    (value, problem): (String, Problem),
) -> Result<HttpResponse, Problem> {
    let mut page = gather(state, request, id, Default::default()).await?;
    page.frame.here = format!("/library/{id}");
    page.name = NameForm { value, wrong: problem.detail };
    let status = StatusCode::from_u16(problem.code.status()).unwrap_or(StatusCode::UNPROCESSABLE_ENTITY);
    Ok(frame::show(status, &page.frame, &page))
}

async fn gather(state: &AppState, request: &HttpRequest, id: IsoId, wish: (String, usize)) -> Result<ImagePage, Problem> {
    let known = read(state, id).await?;
    let frame = Frame::new(request, Place::Library, visible(&known.record.filename));
    let language = frame.language;
    let Read { record, facts, copies, check, events } = known;
    let sources = Sources { job: None, iso: Some(record.clone()), facts: Some(facts.clone()), scan: None };
    let picture = state.pictures.of(sources.clone()).await?;
    let contents = state.pictures.contents(&sources).await?;
    let subject = if record.disk_label.is_empty() { visible(&record.filename) } else { visible(&record.disk_label) };
    let about = (format!("{} {subject}", frame.t("The disc", "Die Disc")), format!("/api/v1/isos/{id}"));
    let disc = Disc::new(&picture, Some(&contents), about, language).recovered(facts.details.statistics.recovered, language);
    let disks: Vec<Disk> = state.registry.all().iter().map(Disk::from).collect();
    let checking =
        check.map(|job| Job::new(job, &state.live)).filter(|job| matches!(job.status.as_str(), "queued" | "running" | "paused"));
    let kept = state.config.trash_days;
    let goes = record.trashed_at.map(|at| sentences::moment(at + TimeDelta::days(i64::from(kept)), language));
    let place = record.filepath.strip_suffix(&record.filename).unwrap_or(&record.filepath);
    Ok(ImagePage {
        folder: visible(place.trim_end_matches('/')),
        fingerprint: record.fingerprint.as_ref().map(ToString::to_string).unwrap_or_default(),
        job: record.job_id.map(|job| job.to_string()),
        goes: goes.unwrap_or_default(),
        disc,
        evidence: Evidence::new(&record, &facts, language),
        files: sidecar::files(&record, &facts).iter().map(|file| file_line(file, language)).collect(),
        on_disc: on_disc(&contents, id, wish, language),
        damage: damage(&record, &facts, language),
        hit: hit(&facts, language),
        copies: copies.into_iter().map(|image| view::iso(&Iso::from(image), language)).collect(),
        history: history::lines(&events, language),
        name: NameForm { value: name_of(&record), wrong: String::new() },
        image: view::iso(&Iso::from(record), language),
        frame: if checking.is_some() { frame.refreshed(5) } else { frame },
        checking: checking.map(|job| view::job(&job, &disks, language)),
    })
}

async fn read(state: &AppState, id: IsoId) -> Result<Read, Problem> {
    let read = state.read(Code::IsoUnknown, move |conn| {
        let record = isos::get(conn, id)?;
        let copies = match &record.fingerprint {
            Some(disc) => isos::same_disc(conn, disc, id, COPIES)?,
            None => Vec::new(),
        };
        let about = EventFilter { iso_id: Some(id), ..EventFilter::default() };
        let (facts, check) = (isos::facts(conn, id)?, isos::last_check(conn, id)?);
        Ok(Read { facts, copies, check, events: events::latest(conn, EVENTS, None, &about)?, record })
    });
    read.await
}

/// What people may change: the name without what says how it is stored.
fn name_of(record: &IsoRecord) -> String {
    let place = sidecar::Place::of(std::path::Path::new(&record.filepath));
    place.map_or_else(|| record.filename.clone(), |place| place.name)
}

fn file_line(file: &StoredFile, language: Language) -> FileLine {
    let role = match file.role {
        FileRole::Iso => ("sectors with data, 2048 bytes each", "Datensektoren zu je 2048 Bytes"),
        FileRole::Bin => ("raw sectors, 2352 bytes each", "rohe Sektoren zu je 2352 Bytes"),
        FileRole::Cue => ("cue sheet: which track is where", "Cue-Sheet: welche Spur wo liegt"),
        FileRole::Toc => ("table of contents for cdrdao", "Inhaltsverzeichnis für cdrdao"),
        FileRole::Flac => ("one track of music, compressed without loss", "eine Musikspur, verlustfrei komprimiert"),
        FileRole::Sub => ("sub-channel data", "Subkanal-Daten"),
        FileRole::CdText => ("titles from the disc (CD-Text)", "Titel von der Disc (CD-Text)"),
        FileRole::Map => ("map of what was read", "Karte dessen, was gelesen wurde"),
    };
    let mut hashes: Vec<(String, String)> =
        file.hashes.iter().map(|(kind, hash)| (hash_name(kind.as_str()), hash.clone())).collect();
    hashes.sort_by_key(|(name, _)| (name != "SHA-256", name != "MD5", name.clone()));
    FileLine {
        name: visible(&file.name),
        role: language.pick(role.0, role.1),
        size: sentences::size(file.size, language),
        bytes: format!("{} {}", sentences::grouped(file.size, language), language.pick("bytes", "Bytes")),
        hashes,
    }
}

fn hash_name(kind: &str) -> String {
    match kind {
        "crc32" => "CRC-32".to_owned(),
        "sha1" => "SHA-1".to_owned(),
        "sha256" => "SHA-256".to_owned(),
        "sha512" => "SHA-512".to_owned(),
        other => other.to_uppercase(),
    }
}

fn on_disc(contents: &crate::catalog::contents::Contents, id: IsoId, (q, skip): (String, usize), language: Language) -> OnDisc {
    let (found, all) = contents.search(&q, skip, FILES);
    let number = |number: usize| sentences::grouped(number as u64, language);
    let to = |at: usize| {
        let text = utf8_percent_encode(&q, NON_ALPHANUMERIC);
        let q = if q.is_empty() { String::new() } else { format!("files={text}&") };
        format!("/library/{id}?{q}at={at}#files")
    };
    let count = match (all, found.len(), language) {
        (0, ..) => String::new(),
        (1, 1, _) => language.pick("1 file", "1 Datei").to_owned(),
        (_, shown, _) if shown == all => format!("{} {}", number(all), language.pick("files", "Dateien")),
        (_, shown, Language::En) => format!("{} to {} of {} files", number(skip + 1), number(skip + shown), number(all)),
        (_, shown, Language::De) => format!("{} bis {} von {} Dateien", number(skip + 1), number(skip + shown), number(all)),
    };
    let file = |file: &crate::catalog::contents::FoundFile| DiscFile {
        path: visible(&file.path),
        size: sentences::size(file.size, language),
        bytes: format!("{} {}", sentences::grouped(file.size, language), language.pick("bytes", "Bytes")),
        sector: sentences::grouped(file.start, language),
    };
    OnDisc {
        files: found.iter().map(file).collect(),
        count,
        unknown: match contents.known() {
            Known::All | Known::Nothing => "",
            Known::Part => language.pick(
                "Some folders could not be read: there may be more files.",
                "Manche Ordner ließen sich nicht lesen: Es kann noch mehr Dateien geben.",
            ),
        },
        previous: (skip > 0).then(|| to(skip.saturating_sub(FILES))),
        next: (skip.saturating_add(found.len()) < all).then(|| to(skip + FILES)),
        any: contents.known() != Known::Nothing,
        q,
    }
}

fn hit(facts: &IsoFacts, language: Language) -> Vec<HitLine> {
    let files = facts.details.damage.iter().flat_map(|damage| &damage.files).take(FILES);
    let line = |file: &crate::domain::result::DamagedFile| HitLine {
        path: visible(&file.path),
        size: sentences::size(file.size, language),
        missing: sentences::size(file.missing, language),
        bytes: format!("{} {}", sentences::grouped(file.missing, language), language.pick("bytes", "Bytes")),
    };
    files.map(line).collect()
}

/// What the missing sectors mean, in sentences.
fn damage(record: &IsoRecord, facts: &IsoFacts, language: Language) -> Vec<String> {
    let mut said: Vec<String> =
        sentences::damage(record.bad_sectors, language).map(|text| format!("{text}.")).into_iter().collect();
    let Some(damage) = &facts.details.damage else { return said };
    let size = |bytes| sentences::size(bytes, language);
    let number = |number| sentences::grouped(number, language);
    match (damage.files_hit, damage.files.first(), language) {
        (0, ..) => {}
        (1, Some(file), Language::En) => said.push(format!(
            "They belong to {}: {} of {} are missing.",
            visible(&file.path),
            size(file.missing),
            size(file.size)
        )),
        (1, Some(file), Language::De) => {
            said.push(format!("Sie gehören zu {}: {} von {} fehlen.", visible(&file.path), size(file.missing), size(file.size)))
        }
        (hit, _, Language::En) => said.push(format!("{} files are hit.", number(hit))),
        (hit, _, Language::De) => said.push(format!("{} Dateien sind betroffen.", number(hit))),
    }
    if damage.metadata > 0 {
        said.push(match language {
            Language::En => format!("{} of folders and tables of the file system are missing.", size(damage.metadata)),
            Language::De => format!("{} an Ordnern und Tabellen des Dateisystems fehlen.", size(damage.metadata)),
        });
    }
    if damage.unused > 0 {
        said.push(match language {
            Language::En => format!("{} of what is missing belongs to no file.", size(damage.unused)),
            Language::De => format!("{} von dem, was fehlt, gehören zu keiner Datei.", size(damage.unused)),
        });
    }
    if damage.files_hit > damage.files.len().min(FILES) as u64 {
        said.push(match language {
            Language::En => format!("The {} that miss most are listed.", number(damage.files.len().min(FILES) as u64)),
            Language::De => {
                format!("Die {}, denen am meisten fehlt, sind aufgeführt.", number(damage.files.len().min(FILES) as u64))
            }
        });
    }
    said
}
