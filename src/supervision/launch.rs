//! Runs one generation of a child: its thread, its actor, its end.

use std::{
    ffi::CString,
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    sync::Arc,
    task::{self, Poll, Waker},
};

use actix::{
    ActorContext, Addr, Arbiter, ArbiterHandle, AsyncContext, Context, ContextFutureSpawner, WrapFuture, dev::ContextFut,
    fut::ActorFutureExt,
};
use futures_util::FutureExt;
use tokio::sync::oneshot;

use super::{
    child_ref::ChildRef,
    exit::{Exit, ExitGuard, Report, Reporter, take_failure},
    panic_hook::panic_text,
    spec::SupervisedActor,
};

/// Threads for blocking work that one child may have at a time.
const MAX_BLOCKING_THREADS: usize = 4;

/// Starts generations of one child, whatever the type of its actor.
pub(super) trait Launch: Send + Sync {
    /// A number that no generation of this child had before.
    fn next_generation(&self) -> u64;
    /// Starts a thread with the actor on it. The reporter is called from that thread.
    fn launch(&self, generation: u64, reporter: Reporter) -> io::Result<Running>;
    /// Makes a generation unreachable through its [`ChildRef`].
    fn forget(&self, generation: u64);
}

/// The parent's hold on one running generation. Dropping it asks the child to stop, so that the children of a supervisor that
/// died do not outlive it.
pub(super) struct Running {
    arbiter: ArbiterHandle,
    stop: Option<oneshot::Sender<()>>,
}

impl Running {
    /// Asks the actor to shut down.
    pub(super) fn request_stop(&mut self) {
        self.stop = None;
    }

    /// Ends the thread with everything on it, as soon as that thread gives up control.
    pub(super) fn kill(&self) {
        self.arbiter.stop();
    }

    /// Resolves, to an error, when the child's thread has run an empty task: proof that nothing blocks it.
    pub(super) fn probe(&self) -> oneshot::Receiver<()> {
        let (answer, probe) = oneshot::channel();
        // Dropping the sender is the answer: to those who wait, a thread that has ended is not a blocked one either.
        self.arbiter.spawn_fn(move || drop(answer));
        probe
    }
}

pub(super) type Factory<A> = Arc<dyn Fn() -> Result<A, String> + Send + Sync>;

pub(super) struct ActorLauncher<A: SupervisedActor> {
    pub(super) child: ChildRef<A>,
    pub(super) factory: Factory<A>,
}

impl<A: SupervisedActor> Launch for ActorLauncher<A> {
    fn next_generation(&self) -> u64 {
        self.child.next_generation()
    }

    fn launch(&self, generation: u64, mut reporter: Reporter) -> io::Result<Running> {
        let arbiter = start_thread(self.child.name().to_owned())?;
        let (stop, stopped) = oneshot::channel();
        let (child, factory) = (self.child.clone(), Arc::clone(&self.factory));
        let unpublish = child.clone();
        let reporter: Reporter = Box::new(move |report| {
            if matches!(report, Report::Ended(_)) {
                unpublish.forget(generation);
            }
            reporter(report);
        });
        let guard = ExitGuard::new(reporter, arbiter.clone());
        let publish = move |addr| child.publish(generation, addr);
        arbiter.spawn_fn(move || drop(actix::spawn(run(guard, factory, publish, stopped))));
        Ok(Running { arbiter, stop: Some(stop) })
    }

    fn forget(&self, generation: u64) {
        self.child.forget(generation);
    }
}

fn start_thread(name: String) -> io::Result<ArbiterHandle> {
    let arbiter = Arbiter::try_with_tokio_rt(move || {
        // Runs on the new thread. The kernel keeps 15 bytes of the name; without one the thread works just as well.
        let _ = CString::new(name.as_str()).map(|name| nix::sys::prctl::set_name(&name));
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        runtime.enable_all().max_blocking_threads(MAX_BLOCKING_THREADS).thread_name(name).build()
    })?;
    Ok(arbiter.handle())
}

/// Drives the actor to its end. The guard comes first among the parameters, hence is dropped last.
async fn run<A: SupervisedActor>(
    mut guard: ExitGuard,
    factory: Factory<A>,
    publish: impl FnOnce(Addr<A>),
    stopped: oneshot::Receiver<()>,
) {
    let exit = live(&mut guard, &factory, publish, stopped).await;
    guard.finish(exit);
}

async fn live<A: SupervisedActor>(
    guard: &mut ExitGuard,
    factory: &Factory<A>,
    publish: impl FnOnce(Addr<A>),
    mut stopped: oneshot::Receiver<()>,
) -> Exit {
    let actor = match caught(|| factory()) {
        Ok(Ok(actor)) => actor,
        Ok(Err(reason)) => return Exit::Failed(reason),
        Err(panicked) => return panicked,
    };
    if stopped.try_recv() != Err(oneshot::error::TryRecvError::Empty) {
        // Given up while its start function ran: it must not begin to act, a successor may be running already.
        return caught(|| drop(actor)).err().unwrap_or(Exit::Normal);
    }
    let mut ctx = Context::new();
    // Published before `started`, because the children of a supervisor, started there, may want to call it.
    publish(ctx.address());
    stopped.into_actor(&actor).map(|_, actor: &mut A, ctx| actor.shutdown(ctx)).spawn(&mut ctx);

    let mut future = ctx.into_future(actor);
    let result = {
        let mut polled = pin!(AssertUnwindSafe(&mut future).catch_unwind());
        match futures_util::poll!(polled.as_mut()) {
            Poll::Ready(result) => result,
            Poll::Pending => {
                guard.report_started();
                polled.await
            }
        }
    };
    let exit = match result {
        Ok(()) => take_failure().map_or(Exit::Normal, Exit::Failed),
        Err(panic) => {
            let exit = Exit::Panicked(panic_text(&*panic));
            stop_at_once(&mut future);
            exit
        }
    };
    match (caught(|| drop(future)), exit) {
        (Err(panicked), Exit::Normal) => panicked,
        (_, exit) => exit,
    }
}

/// Gives an actor that panicked its `stopping` and `stopped`, as actix does on dropping it. Done here and not there, because
/// there a panic in `stopped` followed by one in the actor's `Drop` would be a panic while unwinding: the end of the process.
fn stop_at_once<A: SupervisedActor>(future: &mut ContextFut<A, Context<A>>) {
    future.ctx().stop();
    // The exit is told already; what goes wrong after it has been logged by the panic hook.
    let _ = caught(|| future.poll_unpin(&mut task::Context::from_waker(Waker::noop())));
    future.ctx().terminate();
}

/// Runs code of the actor's author outside the actor's future.
fn caught<T>(run: impl FnOnce() -> T) -> Result<T, Exit> {
    catch_unwind(AssertUnwindSafe(run)).map_err(|panic| Exit::Panicked(panic_text(&*panic)))
}
