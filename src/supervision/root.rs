//! The root of the tree, and how the program hears of its end.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use tokio::sync::oneshot;

use super::{
    child_ref::ChildRef,
    exit::{Exit, Report},
    launch::{ActorLauncher, Launch, Running},
    spec::SupervisorSpec,
    supervisor::Supervisor,
};

/// The running tree. Dropping it stops the tree, too.
#[must_use = "dropping the root stops the tree"]
pub struct Root {
    running: Running,
}

impl Root {
    /// Starts the root supervisor on a thread of its own. An actix `System` must run on the calling thread.
    ///
    /// Only an error of the operating system when it makes that thread is an error here; everything later is told by
    /// [`RootExit`].
    pub fn start(child: &ChildRef<Supervisor>, spec: SupervisorSpec) -> io::Result<(Self, RootExit)> {
        let name = child.name().to_owned();
        let factory = Arc::new(move || Ok(Supervisor::new(name.clone(), spec.clone())));
        let launcher = ActorLauncher { child: child.clone(), factory };
        let (ended, exit) = oneshot::channel();
        let mut ended = Some(ended);
        let reporter = move |report| {
            if let Report::Ended(exit) = report
                && let Some(ended) = ended.take()
            {
                // An error means that the program does not want to know.
                let _ = ended.send(exit);
            }
        };
        let running = launcher.launch(launcher.next_generation(), Box::new(reporter))?;
        Ok((Self { running }, RootExit(exit)))
    }

    /// Asks the tree to stop, last child first. [`RootExit`] resolves when it has.
    pub fn shutdown(&mut self) {
        self.running.request_stop();
    }
}

/// Resolves when the root has ended: `Normal` after [`Root::shutdown`], otherwise with the reason why the tree gave up. The
/// program then flushes, logs and exits, so that the service manager starts it afresh.
pub struct RootExit(oneshot::Receiver<Exit>);

impl Future for RootExit {
    type Output = Exit;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Exit> {
        Pin::new(&mut self.0).poll(cx).map(|exit| exit.unwrap_or(Exit::Killed))
    }
}
