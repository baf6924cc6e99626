//! Pictures of discs and what lies on them, kept for as long as the files that they are made of stay the same: a list of fifty rows
//! must not read fifty files for each request, and nobody waits twice for a large disc to be looked through.

use crate::{
    catalog::contents::{Contents, Known},
    domain::{
        disc::Medium,
        ids::SECTOR,
        picture::Picture,
        result::{BadRange, ScanResult},
        sector_map::SectorMap,
        verdict::Verdict,
    },
    error::{Code, Problem},
    http::mapfile::{self, MAX_MAP},
    jobs::{image_file, map_file},
    storage::{
        isos::{IsoFacts, IsoRecord},
        jobs::{JobKind, JobRecord},
    },
};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant, SystemTime},
};

/// Pictures that are kept.
const MAX_PICTURES: usize = 128;
/// Listings that are kept.
const MAX_CONTENTS: usize = 4;
/// Maps that are read from disk for one list; the other rows show how far they are.
const MAX_READS: usize = 16;
/// Largest map that is read for a row of a list, in bytes.
const MAX_SMALL_MAP: u64 = 1 << 20;
/// A listing that is not complete is made again after this time.
const AGAIN: Duration = Duration::from_secs(15);

/// What tells whether a file is still the same.
type Stamp = (u64, Option<SystemTime>);

/// By the file that it was made of.
type Kept<T> = BTreeMap<PathBuf, T>;

#[derive(Default)]
struct Inner {
    pictures: Mutex<Kept<(Stamp, Arc<Picture>)>>,
    contents: Mutex<Kept<(Stamp, Instant, Arc<Contents>)>>,
    /// One disc is looked through at a time.
    looking: tokio::sync::Mutex<()>,
}

/// The store. Cheap to clone.
#[derive(Clone, Default)]
pub struct Pictures(Arc<Inner>);

/// Everything that a picture of a job can be made of.
#[derive(Debug, Clone)]
pub struct Sources {
    /// The job, with the numbers of this moment.
    pub job: Option<JobRecord>,
    /// Its image, or the image itself.
    pub iso: Option<IsoRecord>,
    /// What is known about that.
    pub facts: Option<IsoFacts>,
    /// Result of a scan.
    pub scan: Option<ScanResult>,
}

impl Sources {
    /// The disc.
    pub fn medium(&self) -> Option<&Medium> {
        let of_job = self.job.as_ref().and_then(|job| job.medium.as_ref());
        of_job.or_else(|| self.iso.as_ref().and_then(|iso| iso.medium.as_ref()))
    }

    /// Image and map: where the data is that can be looked at.
    fn data(&self) -> Option<(PathBuf, Option<PathBuf>)> {
        match (&self.iso, &self.job) {
            (Some(iso), _) if iso.filepath.ends_with(".iso") && Path::new(&iso.filepath).exists() => {
                Some((PathBuf::from(&iso.filepath), None))
            }
            (_, Some(job)) if job.kind == JobKind::Image => Some((image_file(job)?, map_file(job))),
            _ => None,
        }
    }

    fn map_path(&self) -> Option<PathBuf> {
        let kept = self.iso.as_ref().and_then(|iso| iso.map_path.as_ref()).map(PathBuf::from).filter(|path| path.exists());
        kept.or_else(|| self.job.as_ref().and_then(map_file))
    }
}

impl Pictures {
    /// The picture of a job or an image. Everything is tried, from the map on disk down to how far the job got.
    ///
    /// # Errors
    /// `internal`.
    pub async fn of(&self, sources: Sources) -> Result<Arc<Picture>, Problem> {
        let pictures = self.clone();
        blocking(move || pictures.make(&sources)).await
    }

    fn make(&self, sources: &Sources) -> Arc<Picture> {
        let mapped = sources.map_path().and_then(|path| self.mapped(&path, MAX_MAP, sources.medium()));
        let base = mapped.map(|picture| (*picture).clone()).or_else(|| from_facts(sources)).unwrap_or_else(|| so_far(sources));
        let mut picture = match sources.medium() {
            Some(medium) => base.on(medium),
            None => base,
        };
        if let Some(iso) =
            sources.iso.as_ref().filter(|iso| iso.verdict == Verdict::CompleteTrimmed && iso.filepath.ends_with(".iso"))
        {
            picture = picture.trimmed_at(iso.size.div_ceil(SECTOR));
        }
        if let Some(facts) = &sources.facts {
            let raw = !facts.details.tracks.is_empty();
            picture = picture.with_curve(&facts.details.statistics.curve, raw);
        }
        if let Some(scan) = &sources.scan {
            picture = picture.with_curve(&scan.statistics.curve, false);
        }
        Arc::new(picture.bounded())
    }

    /// Small pictures for a list: of those jobs whose map is at hand. By their ids.
    ///
    /// # Errors
    /// `internal`.
    pub async fn of_jobs(&self, jobs: impl IntoIterator<Item = &JobRecord>) -> Result<BTreeMap<String, Arc<Picture>>, Problem> {
        let wanted: Vec<_> = jobs
            .into_iter()
            .filter(|job| job.kind == JobKind::Image && !is_good(job))
            .filter_map(|job| Some((job.id.to_string(), map_file(job)?, job.medium.clone())))
            .take(MAX_READS)
            .collect();
        let pictures = self.clone();
        let read = move || {
            let each = wanted.into_iter();
            each.filter_map(|(id, path, medium)| Some((id, pictures.mapped(&path, MAX_SMALL_MAP, medium.as_ref())?))).collect()
        };
        blocking(read).await
    }

    /// Small pictures for a list of images: of those that are damaged and whose map is at hand. By their ids.
    ///
    /// # Errors
    /// `internal`.
    pub async fn of_images(&self, images: &[IsoRecord]) -> Result<BTreeMap<String, Arc<Picture>>, Problem> {
        let wanted: Vec<_> = images
            .iter()
            .filter(|iso| !iso.verdict.is_good())
            .filter_map(|iso| Some((iso.id.to_string(), PathBuf::from(iso.map_path.as_ref()?), iso.medium.clone())))
            .take(MAX_READS)
            .collect();
        let pictures = self.clone();
        let read = move || {
            let each = wanted.into_iter();
            each.filter_map(|(id, path, medium)| Some((id, pictures.mapped(&path, MAX_SMALL_MAP, medium.as_ref())?))).collect()
        };
        blocking(read).await
    }

    /// What lies where on the disc of a job or an image; nothing if there is no file system to look at.
    ///
    /// # Errors
    /// `internal`.
    pub async fn contents(&self, sources: &Sources) -> Result<Arc<Contents>, Problem> {
        let Some((image, map)) = sources.data() else { return Ok(Arc::default()) };
        let (pictures, medium) = (self.clone(), sources.medium().cloned());
        let _one = self.0.looking.lock().await;
        blocking(move || pictures.looked_through(&image, map.as_deref(), medium.as_ref())).await
    }

    fn looked_through(&self, image: &Path, map: Option<&Path>, medium: Option<&Medium>) -> Arc<Contents> {
        let Some(stamp) = stamp(image) else { return Arc::default() };
        let kept = lock(&self.0.contents).get(image).cloned();
        // Of an image that grows, what is known completely does not change.
        let growing = map.is_some();
        if let Some((_, _, contents)) = kept.filter(|(then, at, contents)| {
            (*then == stamp || growing) && (contents.known() == Known::All || at.elapsed() < AGAIN)
        }) {
            return contents;
        }
        let map: Option<SectorMap> = map.and_then(|path| mapfile::load(path).ok());
        if growing && map.is_none() {
            return Arc::default();
        }
        let contents = Arc::new(Contents::of_image(image, map.as_ref(), medium));
        let mut all = lock(&self.0.contents);
        make_room(&mut all, MAX_CONTENTS, |(_, at, _)| *at);
        all.insert(image.to_owned(), (stamp, Instant::now(), Arc::clone(&contents)));
        contents
    }

    fn mapped(&self, path: &Path, most: u64, medium: Option<&Medium>) -> Option<Arc<Picture>> {
        let stamp = stamp(path)?;
        if let Some((then, picture)) = lock(&self.0.pictures).get(path)
            && *then == stamp
        {
            return Some(Arc::clone(picture));
        }
        if stamp.0 > most {
            return None;
        }
        let map = mapfile::load(path).ok()?;
        let picture = Picture::of_map(&map);
        let picture = Arc::new(medium.map_or_else(|| picture.clone(), |medium| picture.clone().on(medium)).bounded());
        let mut all = lock(&self.0.pictures);
        make_room(&mut all, MAX_PICTURES, |(stamp, _)| stamp.1);
        all.insert(path.to_owned(), (stamp, Arc::clone(&picture)));
        Some(picture)
    }
}

fn is_good(job: &JobRecord) -> bool {
    matches!(job.state, crate::domain::job::JobState::Completed { verdict } if verdict.is_good())
}

/// A finished disc without a map.
fn from_facts(sources: &Sources) -> Option<Picture> {
    if let Some(scan) = &sources.scan {
        return Some(Picture::of_damage(scan.sectors_total, &scan.ranges));
    }
    let (iso, facts) = (sources.iso.as_ref()?, sources.facts.as_ref()?);
    let sectors = iso.medium.as_ref().map_or(iso.size.div_ceil(SECTOR), |medium| medium.size.sectors);
    let damage: &[BadRange] = facts.details.damage.as_ref().map_or(&[], |damage| &damage.ranges);
    let known = iso.verdict.is_good() || !damage.is_empty() || !facts.details.tracks.is_empty();
    known.then(|| Picture::of_damage(sectors, damage))
}

/// How far the job got, as if everything before had been read.
fn so_far(sources: &Sources) -> Picture {
    let Some(job) = &sources.job else { return Picture::part(0, 0) };
    let known = job.medium.as_ref().map_or(0, |medium| medium.size.sectors);
    let total = if known > 0 { known } else { job.progress.size_total.div_ceil(SECTOR) };
    let done = if job.progress.size_total == 0 {
        0
    } else {
        let share = u128::from(job.progress.size_processed) * u128::from(total) / u128::from(job.progress.size_total);
        u64::try_from(share).unwrap_or(total)
    };
    Picture::part(total, if is_good(job) { total } else { done.min(total) })
}

fn stamp(path: &Path) -> Option<Stamp> {
    let meta = path.symlink_metadata().ok().filter(std::fs::Metadata::is_file)?;
    Some((meta.len(), meta.modified().ok()))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The oldest goes.
fn make_room<V, A: Ord>(all: &mut BTreeMap<PathBuf, V>, most: usize, age: impl Fn(&V) -> A) {
    while all.len() >= most {
        let Some(oldest) = all.iter().min_by_key(|(_, value)| age(value)).map(|(path, _)| path.clone()) else { return };
        all.remove(&oldest);
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
    tokio::task::spawn_blocking(work).await.map_err(|error| Problem::new(Code::Internal, error.to_string()))
}
