//! Metrics for Prometheus. One registry, handed around; nothing is global. Names follow Prometheus' conventions.

use prometheus::{
    Encoder, Histogram, HistogramOpts, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry, TextEncoder,
};
use std::sync::Arc;

/// All metrics of the service. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Metrics(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    registry: Registry,
    /// Finished jobs by kind and result.
    jobs: IntCounterVec,
    /// Jobs by status right now.
    jobs_now: IntGaugeVec,
    /// Drives by state right now.
    drives_now: IntGaugeVec,
    /// Bytes read from discs.
    bytes_read: IntCounter,
    /// Sectors given up.
    bad_sectors: IntCounter,
    /// Committed events.
    events: IntCounter,
    /// Live WebSocket and SSE clients.
    clients: IntGauge,
    /// Seconds a job took.
    job_seconds: Histogram,
}

impl Metrics {
    /// Registers everything.
    ///
    /// # Errors
    /// Only if two metrics had the same name.
    pub fn new() -> Result<Self, prometheus::Error> {
        let registry = Registry::new();
        registry.register(Box::new(prometheus::process_collector::ProcessCollector::for_self()))?;
        let counters = |name: &str, help: &str, labels: &[&str]| -> Result<IntCounterVec, prometheus::Error> {
            let metric = IntCounterVec::new(Opts::new(name, help), labels)?;
            registry.register(Box::new(metric.clone()))?;
            Ok(metric)
        };
        let gauges = |name: &str, help: &str, labels: &[&str]| -> Result<IntGaugeVec, prometheus::Error> {
            let metric = IntGaugeVec::new(Opts::new(name, help), labels)?;
            registry.register(Box::new(metric.clone()))?;
            Ok(metric)
        };
        let counter = |name: &str, help: &str| -> Result<IntCounter, prometheus::Error> {
            let metric = IntCounter::new(name, help)?;
            registry.register(Box::new(metric.clone()))?;
            Ok(metric)
        };
        let clients = IntGauge::new("disk2iso_live_clients", "WebSocket and SSE clients connected now")?;
        registry.register(Box::new(clients.clone()))?;
        let buckets = vec![10.0, 30.0, 60.0, 180.0, 600.0, 1800.0, 3600.0, 10_800.0, 36_000.0];
        let job_seconds = Histogram::with_opts(
            HistogramOpts::new("disk2iso_job_duration_seconds", "Time from start to end of a job").buckets(buckets),
        )?;
        registry.register(Box::new(job_seconds.clone()))?;
        let inner = Inner {
            jobs: counters("disk2iso_jobs_total", "Jobs that ended, by kind and result", &["kind", "result"])?,
            jobs_now: gauges("disk2iso_jobs", "Jobs by status", &["status"])?,
            drives_now: gauges("disk2iso_drives", "Drives by state", &["state"])?,
            bytes_read: counter("disk2iso_read_bytes_total", "Bytes read from discs")?,
            bad_sectors: counter("disk2iso_unreadable_sectors_total", "Sectors that could not be read")?,
            events: counter("disk2iso_events_total", "Events committed")?,
            clients,
            job_seconds,
            registry,
        };
        Ok(Self(Arc::new(inner)))
    }

    /// The text that `/metrics` serves.
    pub fn render(&self) -> String {
        let mut buffer = Vec::new();
        match TextEncoder::new().encode(&self.0.registry.gather(), &mut buffer) {
            Ok(()) => String::from_utf8_lossy(&buffer).into_owned(),
            Err(error) => format!("# {error}\n"),
        }
    }

    /// A job ended. `result` is a verdict, `failed` or `cancelled`.
    pub fn job_ended(&self, kind: &str, result: &str, seconds: Option<f64>) {
        self.0.jobs.with_label_values(&[kind, result]).inc();
        if let Some(seconds) = seconds {
            self.0.job_seconds.observe(seconds);
        }
    }

    /// Sets how many jobs have each status.
    pub fn jobs_now<'a>(&self, counts: impl IntoIterator<Item = (&'a str, i64)>) {
        self.0.jobs_now.reset();
        for (status, count) in counts {
            self.0.jobs_now.with_label_values(&[status]).set(count);
        }
    }

    /// Sets how many drives are in each state.
    pub fn drives_now<'a>(&self, states: impl IntoIterator<Item = &'a str>) {
        self.0.drives_now.reset();
        for state in states {
            self.0.drives_now.with_label_values(&[state]).inc();
        }
    }

    /// More bytes came from discs.
    pub fn bytes_read(&self, bytes: u64) {
        self.0.bytes_read.inc_by(bytes);
    }

    /// More sectors were given up.
    pub fn bad_sectors(&self, sectors: u64) {
        self.0.bad_sectors.inc_by(sectors);
    }

    /// Events were committed.
    pub fn events(&self, count: u64) {
        self.0.events.inc_by(count);
    }

    /// A live client came (+1) or went (-1).
    pub fn clients(&self, change: i64) {
        self.0.clients.add(change);
    }

    /// Live clients now.
    pub fn client_count(&self) -> i64 {
        self.0.clients.get()
    }
}
