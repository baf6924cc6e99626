//! The supervisor: an actor that owns the records of its children. What it understands is here, what follows from it in
//! `transitions`.

use std::{collections::HashMap, sync::Arc, time::Instant};

use actix::{Actor, Context, Handler, Recipient, ResponseFuture};
use tokio::sync::oneshot;

use super::{
    child::{Child, ChildId, State},
    health::{ChildState, HealthSnapshot},
    intensity::RestartWindow,
    messages::{ChildChange, ChildDown, ChildEvent, ChildStarted, StartChild, StartError, StopChild, StopOutcome, Subscribe},
    spec::{ChildSpec, Strategy, SupervisedActor, SupervisorSpec},
    timer::Timer,
};

/// Why a supervisor is stopping its children and then itself.
pub(super) enum Closing {
    /// Its parent wants it.
    Asked,
    /// Its children failed too often; the text is what its parent gets to hear.
    Escalated(String),
}

/// Starts children, hears of their ends, restarts them or gives up. Described by a [`SupervisorSpec`], started by
/// [`Root::start`](super::Root::start) or as a [`ChildSpec::supervisor`].
pub struct Supervisor {
    pub(super) name: String,
    pub(super) strategy: Strategy,
    pub(super) window: RestartWindow,
    pub(super) timer: Arc<dyn Timer>,
    /// In start order.
    pub(super) children: Vec<Child>,
    /// Generations whose threads block, with the names of the children.
    pub(super) abandoned: HashMap<(ChildId, u64), String>,
    pub(super) closing: Option<Closing>,
    subscribers: Vec<Recipient<ChildEvent>>,
    last_id: u64,
    since: Instant,
}

impl Supervisor {
    pub(super) fn new(name: String, spec: SupervisorSpec) -> Self {
        let mut supervisor = Self {
            name,
            strategy: spec.strategy,
            window: RestartWindow::new(spec.intensity),
            since: spec.timer.now(),
            timer: spec.timer,
            children: Vec::new(),
            abandoned: HashMap::new(),
            closing: None,
            subscribers: Vec::new(),
            last_id: 0,
        };
        for child in spec.children {
            supervisor.add(child);
        }
        supervisor
    }

    fn add(&mut self, spec: ChildSpec) -> &mut Child {
        self.last_id += 1;
        self.children.push(Child::new(ChildId(self.last_id), spec, self.timer.now()));
        let last = self.children.len() - 1;
        &mut self.children[last]
    }

    pub(super) fn position(&self, name: &str) -> Option<usize> {
        self.children.iter().position(|child| child.spec.name == name)
    }

    /// The child, if this very generation of it has a thread.
    fn running_position(&self, id: ChildId, generation: u64) -> Option<usize> {
        let matches = |child: &Child| child.id == id && child.generation == generation && child.running().is_some();
        self.children.iter().position(matches)
    }

    /// Logs a change and tells the subscribers.
    pub(super) fn emit(&mut self, index: usize, change: ChildChange) {
        let child = &self.children[index];
        let event = ChildEvent { child: child.spec.name.clone(), generation: child.generation, change };
        event.log(&self.name);
        self.subscribers.retain(Recipient::connected);
        for subscriber in &self.subscribers {
            subscriber.do_send(event.clone());
        }
    }

    /// The supervisor's own line in health; its children are added by who measures them.
    pub(super) fn snapshot(&self, now: Instant) -> HealthSnapshot {
        HealthSnapshot {
            name: self.name.clone(),
            state: if self.closing.is_some() { ChildState::Stopping } else { ChildState::Running },
            generation: 1,
            restarts: 0,
            seconds_in_state: now.saturating_duration_since(self.since).as_secs(),
            last_exit: None,
            abandoned_threads: self.abandoned.len(),
            children: Vec::new(),
        }
    }
}

impl Actor for Supervisor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        self.advance(ctx);
    }
}

impl SupervisedActor for Supervisor {
    fn shutdown(&mut self, ctx: &mut Context<Self>) {
        self.closing.get_or_insert(Closing::Asked);
        self.advance(ctx);
    }
}

impl Handler<StartChild> for Supervisor {
    type Result = ResponseFuture<Result<(), StartError>>;

    fn handle(&mut self, StartChild(spec): StartChild, ctx: &mut Self::Context) -> Self::Result {
        let name = spec.name.clone();
        if self.closing.is_some() {
            return Box::pin(async { Err(StartError::Cancelled(name)) });
        }
        if let Some(index) = self.position(&name) {
            let child = &self.children[index];
            if child.running().is_some() || child.is_pending() {
                return Box::pin(async { Err(StartError::Exists(name)) });
            }
            self.remove(index, ctx);
        }
        let (answer, started) = oneshot::channel();
        self.add(spec).on_start = Some(answer);
        self.advance(ctx);
        Box::pin(async { started.await.unwrap_or(Err(StartError::Cancelled(name))) })
    }
}

impl Handler<StopChild> for Supervisor {
    type Result = ResponseFuture<StopOutcome>;

    fn handle(&mut self, StopChild(name): StopChild, ctx: &mut Self::Context) -> Self::Result {
        let (answer, stopped) = oneshot::channel();
        self.stop_child(&name, answer, ctx);
        // The sender is dropped only with the record of the child.
        Box::pin(async { stopped.await.unwrap_or(StopOutcome::NotFound) })
    }
}

impl Handler<Subscribe> for Supervisor {
    type Result = ();

    fn handle(&mut self, Subscribe(subscriber): Subscribe, _: &mut Self::Context) {
        self.subscribers.push(subscriber);
    }
}

impl Handler<ChildStarted> for Supervisor {
    type Result = ();

    fn handle(&mut self, ChildStarted { id, generation }: ChildStarted, ctx: &mut Self::Context) {
        let Some(index) = self.running_position(id, generation) else { return };
        if matches!(self.children[index].state, State::Starting(_)) {
            self.child_started(index, ctx);
            self.advance(ctx);
        }
    }
}

impl Handler<ChildDown> for Supervisor {
    type Result = ();

    fn handle(&mut self, ChildDown { id, generation, exit }: ChildDown, ctx: &mut Self::Context) {
        if let Some(child) = self.abandoned.remove(&(id, generation)) {
            tracing::info!(supervisor = self.name, child, generation, %exit, "the thread of an abandoned child has come back");
            self.children.retain(|child| child.id != id || !matches!(child.state, State::Abandoned));
            return;
        }
        // An exit of a generation that no longer matters must not touch its successor.
        let Some(index) = self.running_position(id, generation) else { return };
        self.child_down(index, exit, ctx);
        self.advance(ctx);
    }
}
