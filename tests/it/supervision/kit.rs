//! What the supervision tests are made of: a clock that stands still, an actor that misbehaves on demand, a place to block at.

use std::{
    sync::{Arc, Condvar, Mutex},
    time::{Duration, Instant},
};

use actix::{Actor, ActorContext, AsyncContext, Context, Handler, Message, Running, WrapFuture};
use disk2iso::supervision::*;
use futures_util::future::{BoxFuture, FutureExt};
use tokio::sync::oneshot;

pub const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Waits for a condition that something on another thread will make true. The limit is for broken code only.
pub async fn eventually(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    for _ in 0..15_000 {
        if condition().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    panic!("never happened: {what}");
}

/// Time that passes only when a test says so.
pub struct TestTimer(Mutex<(Instant, Vec<Sleeper>)>);

/// Until when, and how to wake it.
type Sleeper = (Instant, oneshot::Sender<()>);

impl TestTimer {
    pub fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new((Instant::now(), Vec::new()))))
    }

    pub fn advance(&self, duration: Duration) {
        let mut time = self.0.lock().unwrap();
        time.0 += duration;
        let now = time.0;
        for (_, sleeper) in time.1.extract_if(.., |(deadline, _)| *deadline <= now) {
            let _ = sleeper.send(());
        }
    }

    /// The remaining times of those who wait, shortest first.
    pub fn pending(&self) -> Vec<Duration> {
        let mut time = self.0.lock().unwrap();
        time.1.retain(|(_, sleeper)| !sleeper.is_closed());
        let mut remaining: Vec<_> = time.1.iter().map(|(deadline, _)| *deadline - time.0).collect();
        remaining.sort();
        remaining
    }

    pub async fn waits_for(&self, delays: &[Duration]) {
        eventually(&format!("timers for {delays:?}, there are {:?}", self.pending()), async || self.pending() == delays).await;
    }
}

impl Timer for TestTimer {
    fn now(&self) -> Instant {
        self.0.lock().unwrap().0
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        let (wake, woken) = oneshot::channel();
        let mut time = self.0.lock().unwrap();
        let deadline = time.0 + duration;
        time.1.push((deadline, wake));
        woken.map(drop).boxed()
    }
}

/// A place where a thread blocks for real until the test opens it.
#[derive(Default)]
pub struct Gate(Mutex<(bool, usize)>, Condvar);

impl Gate {
    pub fn block(&self) {
        let mut state = self.0.lock().unwrap();
        state.1 += 1;
        while !state.0 {
            state = self.1.wait(state).unwrap();
        }
    }

    pub fn open(&self) {
        self.0.lock().unwrap().0 = true;
        self.1.notify_all();
    }

    pub async fn is_blocking(&self) {
        eventually("somebody blocks at the gate", async || self.0.lock().unwrap().1 > 0).await;
    }
}

impl Drop for OpenAtEnd {
    fn drop(&mut self) {
        self.0.open();
    }
}

/// Opens a gate when the test ends, also if it fails, so that no thread outlives it.
pub struct OpenAtEnd(pub Arc<Gate>);

/// What happened, in order, as "name what".
#[derive(Clone, Default)]
pub struct Diary(Arc<Mutex<Vec<String>>>);

impl Diary {
    pub fn write(&self, name: &str, what: &str) {
        self.0.lock().unwrap().push(format!("{name} {what}"));
    }

    pub fn read(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    pub fn clear(&self) {
        self.0.lock().unwrap().clear();
    }

    pub fn count(&self, line: &str) -> usize {
        self.read().iter().filter(|entry| *entry == line).count()
    }

    pub async fn shows(&self, line: &str, times: usize) {
        eventually(&format!("{line:?} × {times} in {:?}", self.read()), async || self.count(line) >= times).await;
    }
}

/// How an actor behaves at some point of its life.
#[derive(Clone)]
pub enum Act {
    Well,
    Panic(&'static str),
    PanicInFuture(&'static str),
    PanicEverywhere,
    Stop,
    Fail(&'static str),
    Block(Arc<Gate>),
    RefuseToStop,
}

/// An actor that counts and, when told, misbehaves.
pub struct Worker {
    name: String,
    diary: Diary,
    at_start: Act,
    count: u64,
    stubborn: bool,
    panics_everywhere: bool,
}

impl Worker {
    pub fn new(name: &str, diary: &Diary, at_start: Act) -> Self {
        Self { name: name.into(), diary: diary.clone(), at_start, count: 0, stubborn: false, panics_everywhere: false }
    }

    fn act(&mut self, act: Act, ctx: &mut Context<Self>) {
        match act {
            Act::Well => {}
            Act::Panic(text) => panic!("{text}"),
            Act::PanicInFuture(text) => drop(ctx.spawn(async move { panic!("{text}") }.into_actor(self))),
            Act::PanicEverywhere => {
                self.panics_everywhere = true;
                panic!("in the handler");
            }
            Act::Stop => ctx.stop(),
            Act::Fail(reason) => fail(ctx, reason),
            Act::Block(gate) => gate.block(),
            Act::RefuseToStop => self.stubborn = true,
        }
    }
}

impl Actor for Worker {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        self.diary.write(&self.name, "started");
        self.act(self.at_start.clone(), ctx);
    }

    fn stopping(&mut self, _: &mut Self::Context) -> Running {
        if self.stubborn { Running::Continue } else { Running::Stop }
    }

    fn stopped(&mut self, _: &mut Self::Context) {
        self.diary.write(&self.name, "stopped");
        assert!(!self.panics_everywhere, "in stopped");
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.diary.write(&self.name, "dropped");
        assert!(!self.panics_everywhere, "in drop");
    }
}

impl SupervisedActor for Worker {}

#[derive(Message)]
#[rtype(result = "()")]
pub struct Do(pub Act);

impl Handler<Do> for Worker {
    type Result = ();

    fn handle(&mut self, Do(act): Do, ctx: &mut Self::Context) {
        self.act(act, ctx);
    }
}

/// Counts one up and answers with the sum since this value was made.
#[derive(Message)]
#[rtype(result = "u64")]
pub struct Count;

impl Handler<Count> for Worker {
    type Result = u64;

    fn handle(&mut self, _: Count, _: &mut Self::Context) -> u64 {
        self.count += 1;
        self.count
    }
}

/// Writes down what a supervisor tells its subscribers.
pub struct Listener(pub Arc<Mutex<Vec<ChildEvent>>>);

impl Actor for Listener {
    type Context = Context<Self>;
}

impl Handler<ChildEvent> for Listener {
    type Result = ();

    fn handle(&mut self, event: ChildEvent, _: &mut Self::Context) {
        self.0.lock().unwrap().push(event);
    }
}

/// A tree under test: one root supervisor on a test clock.
pub struct Tree {
    pub supervisor: ChildRef<Supervisor>,
    pub timer: Arc<TestTimer>,
    pub diary: Diary,
    pub root: Root,
    pub exit: RootExit,
}

impl Tree {
    /// `children` gets the diary and the clock.
    pub fn start(
        strategy: Strategy,
        intensity: Intensity,
        children: impl FnOnce(&Diary, &Arc<TestTimer>) -> Vec<ChildSpec>,
    ) -> Self {
        install_panic_hook();
        let (timer, diary, supervisor) = (TestTimer::new(), Diary::default(), ChildRef::new("root"));
        let spec = SupervisorSpec::new(strategy, intensity).timer(timer.clone());
        let spec = children(&diary, &timer).into_iter().fold(spec, SupervisorSpec::child);
        let (root, exit) = Root::start(&supervisor, spec).unwrap();
        Self { supervisor, timer, diary, root, exit }
    }

    /// The root's thread has got as far as the root supervisor.
    pub async fn is_reachable(&self) {
        eventually("the root is reachable", async || self.supervisor.addr().is_some()).await;
    }

    pub async fn health(&self) -> HealthSnapshot {
        self.is_reachable().await;
        self.supervisor.send(GetHealth { limit: secs(3) }).await.unwrap()
    }

    pub async fn child(&self, name: &str) -> HealthSnapshot {
        self.health().await.find(name).unwrap_or_else(|| panic!("{name} is not in health")).clone()
    }

    pub async fn state(&self, name: &str) -> Option<ChildState> {
        self.health().await.find(name).map(|child| child.state)
    }

    pub async fn becomes(&self, name: &str, state: ChildState) {
        eventually(&format!("{name} is {state:?}"), async || self.state(name).await == Some(state)).await;
    }

    /// The child runs, and in the given life.
    pub async fn runs(&self, name: &str, generation: u64) {
        let wanted = (ChildState::Running, generation);
        eventually(&format!("{name} is {wanted:?}"), async || {
            let health = self.health().await;
            health.find(name).is_some_and(|child| (child.state, child.generation) == wanted)
        })
        .await;
    }

    pub async fn listen(&self) -> Arc<Mutex<Vec<ChildEvent>>> {
        let events = Arc::default();
        let listener = Listener(Arc::clone(&events)).start();
        self.supervisor.send(Subscribe(listener.recipient())).await.unwrap();
        events
    }
}

/// A well-behaved permanent worker and the reference to it.
pub fn worker(name: &str, diary: &Diary) -> (ChildRef<Worker>, ChildSpec) {
    worker_with(name, diary, Restart::Permanent, || Act::Well)
}

pub fn worker_with(
    name: &str,
    diary: &Diary,
    restart: Restart,
    at_start: impl Fn() -> Act + Send + Sync + 'static,
) -> (ChildRef<Worker>, ChildSpec) {
    let child = ChildRef::new(name);
    let (own_name, diary) = (name.to_owned(), diary.clone());
    let spec = ChildSpec::actor(&child, restart, move || Worker::new(&own_name, &diary, at_start()));
    (child, spec)
}

/// Threads of this process with that name (the kernel keeps 15 bytes).
pub fn threads_named(name: &str) -> usize {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    let names = tasks.filter_map(|task| std::fs::read_to_string(task.unwrap().path().join("comm")).ok());
    names.filter(|comm| comm.trim_end() == name).count()
}
