//! What a supervisor needs to know of a child, and of itself.

use std::{fmt::Display, sync::Arc, time::Duration};

use actix::{Actor, ActorContext, Context};

use super::{
    back_off::BackOff,
    child_ref::ChildRef,
    intensity::Intensity,
    launch::{ActorLauncher, Factory, Launch},
    supervisor::Supervisor,
    timer::{SystemTimer, Timer},
};

/// An actor that can be a child in the tree.
pub trait SupervisedActor: Actor<Context = Context<Self>> {
    /// Asked to end, within the time limit of its [`ChildSpec`]. The default stops at once; an actor with something to finish
    /// begins that here and calls `ctx.stop()` when it is done. Not called while `ctx.wait` holds the actor up.
    fn shutdown(&mut self, ctx: &mut Context<Self>) {
        ctx.stop();
    }
}

/// When a child that ended by itself is started again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Restart {
    /// Always; a normal end counts as a failure, too.
    Permanent,
    /// Only if it did not end normally.
    Transient,
    /// Never: its end is an event for the subscribers, and the child is forgotten.
    Temporary,
}

/// What else is restarted when a child is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strategy {
    /// Nothing: children do not depend on each other and start side by side.
    OneForOne,
    /// The children after it, which depend on it: they are stopped in reverse order, then all are started in order, each one
    /// when the one before has started.
    RestForOne,
}

/// How to start, restart and stop one child. Cloning it clones the recipe, not the child.
#[derive(Clone)]
pub struct ChildSpec {
    pub(super) name: String,
    pub(super) restart: Restart,
    pub(super) back_off: Option<BackOff>,
    pub(super) shutdown_limit: Option<Duration>,
    pub(super) launcher: Arc<dyn Launch>,
    pub(super) nested: Option<ChildRef<Supervisor>>,
}

impl ChildSpec {
    /// How long a child may take to stop unless [`ChildSpec::shutdown_limit`] says otherwise.
    pub const SHUTDOWN_LIMIT: Duration = Duration::from_secs(10);

    /// A child actor. `start` is run on the child's own thread for every start and makes a fresh value each time.
    pub fn actor<A, F>(child: &ChildRef<A>, restart: Restart, start: F) -> Self
    where
        A: SupervisedActor,
        F: Fn() -> A + Send + Sync + 'static,
    {
        Self::new(child, restart, Arc::new(move || Ok(start())))
    }

    /// A child actor whose start can fail; the error counts like any other failure of the child.
    pub fn try_actor<A, E, F>(child: &ChildRef<A>, restart: Restart, start: F) -> Self
    where
        A: SupervisedActor,
        E: Display,
        F: Fn() -> Result<A, E> + Send + Sync + 'static,
    {
        Self::new(child, restart, Arc::new(move || start().map_err(|error| error.to_string())))
    }

    /// A nested supervisor. It has no time limit for stopping, since each of its children has one.
    pub fn supervisor(child: &ChildRef<Supervisor>, spec: SupervisorSpec) -> Self {
        let name = child.name().to_owned();
        let start = move || Ok(Supervisor::new(name.clone(), spec.clone()));
        let spec = Self::new(child, Restart::Permanent, Arc::new(start));
        Self { shutdown_limit: None, nested: Some(child.clone()), ..spec }
    }

    fn new<A: SupervisedActor>(child: &ChildRef<A>, restart: Restart, factory: Factory<A>) -> Self {
        Self {
            name: child.name().to_owned(),
            restart,
            back_off: None,
            shutdown_limit: Some(Self::SHUTDOWN_LIMIT),
            launcher: Arc::new(ActorLauncher { child: child.clone(), factory }),
            nested: None,
        }
    }

    /// Restarts with these delays instead of at once, and takes the child out of its supervisor's restart intensity.
    #[must_use]
    pub fn back_off(mut self, back_off: BackOff) -> Self {
        self.back_off = Some(back_off);
        self
    }

    /// Sets how long the child may take to stop before its thread is taken down.
    #[must_use]
    pub fn shutdown_limit(mut self, limit: Duration) -> Self {
        self.shutdown_limit = Some(limit);
        self
    }

    /// The child's name.
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// A supervisor's strategy, its limit, and the children that it always has, in start order.
#[derive(Clone)]
pub struct SupervisorSpec {
    pub(super) strategy: Strategy,
    pub(super) intensity: Intensity,
    pub(super) timer: Arc<dyn Timer>,
    pub(super) children: Vec<ChildSpec>,
}

impl SupervisorSpec {
    /// A supervisor without children, on the real clock.
    pub fn new(strategy: Strategy, intensity: Intensity) -> Self {
        Self { strategy, intensity, timer: Arc::new(SystemTimer), children: Vec::new() }
    }

    /// Adds a child after those added before.
    #[must_use]
    pub fn child(mut self, child: ChildSpec) -> Self {
        self.children.push(child);
        self
    }

    /// Sets the clock. Children that are supervisors have their own setting.
    #[must_use]
    pub fn timer(mut self, timer: Arc<dyn Timer>) -> Self {
        self.timer = timer;
        self
    }
}
