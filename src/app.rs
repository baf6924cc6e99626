//! The composition root: the one place that knows every part and puts them together.
//!
//! ```text
//! root  rest_for_one 3/60 s
//! ├─ event_log
//! ├─ catalog
//! ├─ jobs      ├─ dispatcher   ├─ batches   ├─ hook (if there is one)   ├─ job:<uuid> …
//! ├─ drives    ├─ manager      ├─ drive:<id> …
//! ├─ machine
//! └─ http
//! ```

use crate::{
    bus::{Bus, EventLog, Journal},
    catalog::Catalog,
    config::{Config, RUNTIME_SETTINGS, RuntimeSettings},
    drives::{DriveDeps, DriveManager, DriveRegistry, LiveSettings},
    http::{AppState, Checkup, HttpServerActor, Listener, MachineHistory, MachineWatch, Tls, auth},
    imaging::{process::WorkerProgram, watchdog::WatchdogLimits},
    jobs::{BatchDeps, Batches, Dispatcher, Hook, HookDeps, JobDeps, LiveJobs},
    optical::virtual_create,
    storage::{self, DatabaseUrl, Db},
    supervision::{BackOff, ChildRef, ChildSpec, Exit, Intensity, Restart, Root, RootExit, Strategy, Supervisor, SupervisorSpec},
    telemetry::{Clock, Metrics},
};
use std::{
    net::TcpListener,
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

/// Why the service does not start: one sentence with what to do.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct StartError(String);

/// Delays before the hook's actor is started again; it never takes others down.
const HOOK_DELAYS: [Duration; 3] = [Duration::from_secs(1), Duration::from_secs(10), Duration::from_secs(60)];
/// Delays before the machine is watched again; it never takes others down.
const WATCH_DELAYS: [Duration; 2] = [Duration::from_secs(3), Duration::from_secs(60)];
/// Connections to the database. SQLite has one writer; readers are the API and the actors.
const POOL: u32 = 4;
/// Open files that are enough for all connections, the database and the drives.
const FILES: u64 = 65_536;

/// The running service.
pub struct App {
    root: Root,
    exit: RootExit,
    bus: Bus,
    stopping: Arc<AtomicBool>,
    /// Keeps a second service away from the same state folder.
    _lock: nix::fcntl::Flock<std::fs::File>,
}

impl App {
    /// Opens what it needs, recovers jobs, starts the tree. `worker` is the program that reads discs: this one, outside of tests.
    ///
    /// # Errors
    /// What is missing and what to do about it.
    pub async fn start(config: Config, worker: WorkerProgram) -> Result<Self, StartError> {
        let fail = |what: &str| {
            let what = what.to_owned();
            move |error: &dyn std::fmt::Display| StartError(format!("{what}: {error}"))
        };
        raise_file_limit();
        let lock = prepare_folders(&config)?;
        let url = DatabaseUrl::parse(&config.database_url()).map_err(|e| fail("database.url")(&e))?;
        let db = Db::open(&url, POOL).map_err(|e| fail("the database cannot be opened")(&e))?;
        db.migrate().map_err(|e| fail("the database cannot be migrated")(&e))?;
        let tls = Tls::open(config.tls_cert.as_deref(), config.tls_key.as_deref()).map_err(StartError)?;
        let socket = TcpListener::bind(config.listen)
            .map_err(|e| fail(&format!("{} is not free (another service? set DISK2ISO_LISTEN)", config.listen))(&e))?;
        let listener = Listener { socket: Arc::new(socket), tls: tls.map(Arc::new) };
        let bus = Bus::default();
        let journal = Journal { db, bus: bus.clone(), clock: Clock::system(), node: node().into() };
        let settings = LiveSettings::new(stored_settings(&journal, config.runtime).await?);
        let metrics = Metrics::new().map_err(|e| fail("metrics")(&e))?;
        let recovered = crate::jobs::recover(&journal).await.map_err(|e| fail("jobs cannot be recovered")(&e))?;
        tracing::info!(version = env!("CARGO_PKG_VERSION"), listen = %config.listen, recovered, "disk2iso starts");
        auth::set_up::announce(&journal, &config).await.map_err(|e| fail("the set-up link")(&e))?;
        let stopping = Arc::new(AtomicBool::new(false));
        let parts = Parts { config: Arc::new(config), journal, settings, metrics, worker, stopping: Arc::clone(&stopping) };
        let (root, exit) = parts.grow(listener).map_err(|e| fail("the supervision tree")(&e))?;
        Ok(Self { root, exit, bus, stopping, _lock: lock })
    }

    /// Runs until `stop` resolves or the tree gives up. 0: stopped; 70: the tree gave up and the service manager should restart it.
    pub async fn run(mut self, stop: impl Future<Output = ()>) -> u8 {
        tokio::select! {
            exit = &mut self.exit => return gave_up(&exit),
            () = stop => {}
        }
        tracing::info!("stopping; running jobs make durable what they have and go on at the next start");
        self.stopping.store(true, Ordering::SeqCst);
        self.bus.shutdown();
        self.root.shutdown();
        match tokio::time::timeout(Duration::from_secs(60), &mut self.exit).await {
            Ok(Exit::Normal) => 0,
            Ok(exit) => gave_up(&exit),
            Err(_) => 0,
        }
    }
}

fn gave_up(exit: &Exit) -> u8 {
    tracing::error!(%exit, "the supervision tree gave up");
    70
}

/// What every part of the tree is made of.
struct Parts {
    config: Arc<Config>,
    journal: Journal,
    settings: LiveSettings,
    metrics: Metrics,
    worker: WorkerProgram,
    stopping: Arc<AtomicBool>,
}

impl Parts {
    fn grow(self, listener: Listener) -> std::io::Result<(Root, RootExit)> {
        let intensity = Intensity::new(3, Duration::from_secs(60));
        let nested = |name: &str| ChildRef::<Supervisor>::new(name);
        let (root_ref, jobs, drives) = (nested("root"), nested("jobs"), nested("drives"));
        let (event_log, catalog, dispatcher) =
            (ChildRef::new("event_log"), ChildRef::new("catalog"), ChildRef::new("dispatcher"));
        let (manager, http) = (ChildRef::new("manager"), ChildRef::new("http"));
        let (registry, live) = (DriveRegistry::default(), LiveJobs::default());
        let job_deps = self.job_deps(&registry, &live, &catalog);
        let drive_deps = DriveDeps {
            journal: self.journal.clone(),
            registry: registry.clone(),
            settings: self.settings.clone(),
            output_dir: self.config.output_dir.clone(),
            wedged_after: self.config.wedged_after,
            hook: self.config.hook.is_some(),
        };
        let state = AppState {
            config: Arc::clone(&self.config),
            journal: self.journal.clone(),
            registry,
            live,
            settings: self.settings.clone(),
            metrics: self.metrics.clone(),
            dispatcher: dispatcher.clone(),
            catalog: catalog.clone(),
            batches: ChildRef::new("batches"),
            pictures: Default::default(),
            gate: auth::Gate::default(),
            root: root_ref.clone(),
            machine: MachineHistory::default(),
            checkup: Checkup::default(),
        };
        let machine = self.watch(&state.machine);
        let shared = self.config.database_url().starts_with("postgres");
        let (journal, metrics) = (self.journal.clone(), self.metrics.clone());
        let log =
            ChildSpec::actor(&event_log, Restart::Permanent, move || EventLog::new(journal.clone(), metrics.clone(), shared));
        let (journal, days) = (self.journal.clone(), self.config.trash_days);
        let catalogue = ChildSpec::actor(&catalog, Restart::Permanent, move || Catalog::new(journal.clone(), days));
        let jobs_ref = jobs.clone();
        let queue =
            ChildSpec::actor(&dispatcher, Restart::Permanent, move || Dispatcher::new(job_deps.clone(), jobs_ref.clone()));
        let mut job_tree = SupervisorSpec::new(Strategy::OneForOne, intensity).child(queue).child(self.batches(&state));
        if let Some(hook) = self.hook(&state.registry) {
            job_tree = job_tree.child(hook);
        }
        let jobs = ChildSpec::supervisor(&jobs, job_tree);
        let (drives_ref, config) = (drives.clone(), Arc::clone(&self.config));
        let finder = ChildSpec::actor(&manager, Restart::Permanent, move || {
            DriveManager::new(drive_deps.clone(), drives_ref.clone(), config.virtual_drives.clone(), config.real_drives)
        });
        let drives = ChildSpec::supervisor(&drives, SupervisorSpec::new(Strategy::OneForOne, intensity).child(finder));
        let web = ChildSpec::actor(&http, Restart::Permanent, move || HttpServerActor::new(state.clone(), listener.clone()));
        let tree = SupervisorSpec::new(Strategy::RestForOne, intensity)
            .child(log)
            .child(catalogue)
            .child(jobs)
            .child(drives)
            .child(machine)
            .child(web);
        Root::start(&root_ref, tree)
    }

    fn job_deps(&self, registry: &DriveRegistry, live: &LiveJobs, catalog: &ChildRef<Catalog>) -> JobDeps {
        JobDeps {
            journal: self.journal.clone(),
            registry: registry.clone(),
            live: live.clone(),
            catalog: catalog.clone(),
            settings: self.settings.clone(),
            metrics: self.metrics.clone(),
            roots: self.config.allowed_roots(),
            patience: patience(self.config.wedged_after),
            stopping: Arc::clone(&self.stopping),
            worker: self.worker.clone(),
        }
    }

    /// The part that takes discs for batches.
    fn batches(&self, state: &AppState) -> ChildSpec {
        let (registry, dispatcher) = (state.registry.clone(), state.dispatcher.clone());
        let deps = BatchDeps { journal: self.journal.clone(), registry, dispatcher, turn: Arc::default() };
        ChildSpec::actor(&state.batches, Restart::Permanent, move || Batches::new(deps.clone()))
            .back_off(BackOff::repeating(HOOK_DELAYS))
    }

    /// The operator's program, if there is one.
    fn hook(&self, registry: &DriveRegistry) -> Option<ChildSpec> {
        let deps = HookDeps {
            journal: self.journal.clone(),
            registry: registry.clone(),
            settings: self.settings.clone(),
            program: self.config.hook.clone()?,
            limit: self.config.hook_limit,
        };
        let hook = ChildSpec::actor(&ChildRef::new("hook"), Restart::Permanent, move || Hook::new(deps.clone()));
        Some(hook.back_off(BackOff::repeating(HOOK_DELAYS)))
    }

    /// The part that watches the machine; it never takes others down.
    fn watch(&self, history: &MachineHistory) -> ChildSpec {
        let (history, clock, folder) = (history.clone(), self.journal.clock.clone(), self.config.output_dir.clone());
        let start = move || MachineWatch::new(history.clone(), clock.clone(), folder.clone());
        ChildSpec::actor(&ChildRef::new("machine"), Restart::Permanent, start).back_off(BackOff::repeating(WATCH_DELAYS))
    }
}

/// Splits the time after which a drive counts as wedged into silence, asking and killing.
fn patience(wedged_after: Duration) -> WatchdogLimits {
    let grace = (wedged_after / 5).min(Duration::from_secs(5));
    WatchdogLimits { silent: wedged_after.saturating_sub(grace * 2), terminate: grace, kill: grace }
}

/// Every connection is a file, and the usual limit of 1024 is less than the live clients alone. The hard limit is the administrator's.
fn raise_file_limit() {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    let raised = getrlimit(Resource::RLIMIT_NOFILE).and_then(|(soft, hard)| {
        let wanted = hard.min(FILES);
        if soft < wanted { setrlimit(Resource::RLIMIT_NOFILE, wanted, hard) } else { Ok(()) }
    });
    if let Err(error) = raised {
        tracing::warn!(%error, "the limit of open files cannot be raised");
    }
}

fn prepare_folders(config: &Config) -> Result<nix::fcntl::Flock<std::fs::File>, StartError> {
    let cannot = |what: &str, path: &Path, error: &dyn std::fmt::Display| {
        StartError(format!(
            "{what} {} cannot be used: {error}; create it and give this user the right to write, or set another one",
            path.display()
        ))
    };
    std::fs::create_dir_all(&config.state_dir).map_err(|error| cannot("state folder", &config.state_dir, &error))?;
    std::fs::create_dir_all(&config.output_dir).map_err(|error| cannot("output folder", &config.output_dir, &error))?;
    for folder in &config.virtual_drives {
        virtual_create(folder).map_err(|error| cannot("folder of the virtual drive", folder, &error))?;
    }
    let path = config.state_dir.join("lock");
    let file = std::fs::OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(&path)
        .map_err(|error| cannot("lock file", &path, &error))?;
    nix::fcntl::Flock::lock(file, nix::fcntl::FlockArg::LockExclusiveNonblock).map_err(|_| {
        StartError(format!(
            "another disk2iso uses the state folder {}; stop it or set DISK2ISO_STATE_DIR",
            config.state_dir.display()
        ))
    })
}

/// Settings changed by people go over the file and the environment.
async fn stored_settings(journal: &Journal, configured: RuntimeSettings) -> Result<RuntimeSettings, StartError> {
    let stored = journal
        .db
        .read(|conn| storage::settings::get(conn, RUNTIME_SETTINGS))
        .await
        .map_err(|error| StartError(format!("settings cannot be read: {error}")))?;
    let Some(changes) = stored else { return Ok(configured) };
    let mut merged = serde_json::to_value(configured).map_err(|error| StartError(error.to_string()))?;
    if let (Some(all), Some(changes)) = (merged.as_object_mut(), changes.as_object()) {
        all.extend(changes.iter().filter(|(key, _)| configured_key(key)).map(|(key, value)| (key.clone(), value.clone())));
    }
    serde_json::from_value(merged).map_err(|error| {
        StartError(format!(
            "the stored settings are damaged ({error}); delete the row {RUNTIME_SETTINGS:?} of the table settings"
        ))
    })
}

/// A key of an older version must not stop the start.
fn configured_key(key: &str) -> bool {
    serde_json::to_value(RuntimeSettings::default()).is_ok_and(|all| all.get(key).is_some())
}

/// Name of this host, for events and leases.
fn node() -> String {
    sysinfo::System::host_name().unwrap_or_else(|_| "localhost".to_owned())
}
