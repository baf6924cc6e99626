//! The actor that owns the queue.

use super::{
    actor::JobDeps,
    bulk, create, deletion,
    messages::{BulkCommand, BulkDone, CreateJob, JobCommand, MoveJob, UndoBulk, VerifyIso},
    moving,
    queue::{ended, look, reap},
    wishes::obey,
};
use crate::{
    bus::Broadcast,
    domain::ids::JobId,
    error::Problem,
    storage::jobs::JobRecord,
    supervision::{ChildChange, ChildEvent, ChildRef, Subscribe, SupervisedActor, Supervisor, fail},
};
use actix::prelude::*;
use std::time::Duration;
use tokio_stream::wrappers::{BroadcastStream, errors::BroadcastStreamRecvError};

/// How often what was deleted long enough ago is looked for.
const PURGE: Duration = Duration::from_secs(30);
/// How often waiting conditions are looked at even if no event came.
const TICK: Duration = Duration::from_secs(3);

/// The dispatcher.
pub struct Dispatcher {
    deps: JobDeps,
    supervisor: ChildRef<Supervisor>,
    /// A look at the queue is under way.
    looking: bool,
    /// Something happened meanwhile: look again.
    again: bool,
}

impl Dispatcher {
    /// A dispatcher whose jobs become children of `supervisor`.
    pub fn new(deps: JobDeps, supervisor: ChildRef<Supervisor>) -> Self {
        Self { deps, supervisor, looking: false, again: false }
    }

    /// Looks at the queue, one look at a time.
    fn look(&mut self, ctx: &mut Context<Self>) {
        if self.looking {
            self.again = true;
            return;
        }
        self.looking = true;
        let (deps, supervisor) = (self.deps.clone(), self.supervisor.clone());
        let work = async move { look(&deps, &supervisor).await };
        ctx.spawn(work.into_actor(self).map(|result, actor, ctx| {
            actor.looking = false;
            if let Err(problem) = result {
                tracing::error!(%problem, "the queue could not be looked at");
            }
            if std::mem::take(&mut actor.again) {
                actor.look(ctx);
            }
        }));
    }

    /// Removes for good what was deleted long enough ago.
    fn purge(&mut self, ctx: &mut Context<Self>) {
        let deps = self.deps.clone();
        let work = async move { deletion::purge(&deps).await };
        ctx.spawn(work.into_actor(self).map(|result, _, _| {
            if let Err(problem) = result {
                tracing::warn!(%problem, "deleted jobs could not be removed for good");
            }
        }));
    }
}

impl Actor for Dispatcher {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        let Some(supervisor) = self.supervisor.addr() else { return fail(ctx, "the supervisor of jobs is gone") };
        supervisor.do_send(Subscribe(ctx.address().recipient()));
        ctx.add_stream(BroadcastStream::new(self.deps.journal.bus.subscribe()));
        ctx.run_interval(TICK, Self::look);
        ctx.run_interval(PURGE, Self::purge);
        self.purge(ctx);
        // Jobs whose actor died while no dispatcher was there to hear of it.
        let deps = self.deps.clone();
        ctx.wait(async move { reap(&deps).await }.into_actor(self).map(|result, actor, ctx| match result {
            Ok(()) => actor.look(ctx),
            Err(problem) => fail(ctx, problem.to_string()),
        }));
    }
}

impl SupervisedActor for Dispatcher {}

impl StreamHandler<Result<Broadcast, BroadcastStreamRecvError>> for Dispatcher {
    /// Whatever happened to a drive or a job may let another one start; being behind means the same.
    fn handle(&mut self, item: Result<Broadcast, BroadcastStreamRecvError>, ctx: &mut Self::Context) {
        let relevant = match item {
            Ok(Broadcast::Event(event)) => {
                ["drive.", "job.", "config."].iter().any(|kind| event.event.kind.starts_with(kind))
                    && event.event.kind != "job.phase"
            }
            Ok(Broadcast::Progress(..) | Broadcast::Shutdown) => false,
            Err(_) => true,
        };
        if relevant {
            self.look(ctx);
        }
    }
}

impl Handler<ChildEvent> for Dispatcher {
    type Result = ();

    fn handle(&mut self, event: ChildEvent, ctx: &mut Self::Context) {
        let Some(id) = event.child.strip_prefix("job:").and_then(|id| id.parse::<JobId>().ok()) else { return };
        let ChildChange::Down(exit) = event.change else { return };
        let deps = self.deps.clone();
        ctx.spawn(async move { ended(&deps, id, &exit).await }.into_actor(self).map(|(), actor, ctx| actor.look(ctx)));
    }
}

impl Handler<CreateJob> for Dispatcher {
    type Result = ResponseActFuture<Self, Result<JobRecord, Problem>>;

    fn handle(&mut self, request: CreateJob, _: &mut Self::Context) -> Self::Result {
        let deps = self.deps.clone();
        let create = async move { create::image_job(&deps.journal, &deps.registry, &deps.roots, &request).await };
        Box::pin(create.into_actor(self).map(|result, actor, ctx| {
            actor.look(ctx);
            result
        }))
    }
}

impl Handler<VerifyIso> for Dispatcher {
    type Result = ResponseActFuture<Self, Result<JobRecord, Problem>>;

    fn handle(&mut self, request: VerifyIso, _: &mut Self::Context) -> Self::Result {
        let journal = self.deps.journal.clone();
        Box::pin(async move { create::verify_job(&journal, request).await }.into_actor(self).map(|result, actor, ctx| {
            actor.look(ctx);
            result
        }))
    }
}

impl Handler<JobCommand> for Dispatcher {
    type Result = ResponseActFuture<Self, Result<JobRecord, Problem>>;

    fn handle(&mut self, command: JobCommand, _: &mut Self::Context) -> Self::Result {
        let deps = self.deps.clone();
        Box::pin(async move { obey(&deps, command).await }.into_actor(self).map(|result, actor, ctx| {
            actor.look(ctx);
            result
        }))
    }
}

impl Handler<BulkCommand> for Dispatcher {
    type Result = ResponseActFuture<Self, Result<BulkDone, Problem>>;

    fn handle(&mut self, command: BulkCommand, _: &mut Self::Context) -> Self::Result {
        let deps = self.deps.clone();
        Box::pin(async move { bulk::all(&deps, command).await }.into_actor(self).map(|result, actor, ctx| {
            actor.look(ctx);
            result
        }))
    }
}

impl Handler<MoveJob> for Dispatcher {
    type Result = ResponseActFuture<Self, Result<JobRecord, Problem>>;

    fn handle(&mut self, wish: MoveJob, _: &mut Self::Context) -> Self::Result {
        let deps = self.deps.clone();
        Box::pin(async move { moving::put(&deps, wish).await }.into_actor(self).map(|result, actor, ctx| {
            actor.look(ctx);
            result
        }))
    }
}

impl Handler<UndoBulk> for Dispatcher {
    type Result = ResponseActFuture<Self, Result<BulkDone, Problem>>;

    fn handle(&mut self, wish: UndoBulk, _: &mut Self::Context) -> Self::Result {
        let deps = self.deps.clone();
        Box::pin(async move { bulk::undo(&deps, wish).await }.into_actor(self).map(|result, actor, ctx| {
            actor.look(ctx);
            result
        }))
    }
}
