//! A reference to a child that outlives the child's restarts.

use std::sync::{
    Arc, PoisonError, RwLock,
    atomic::{AtomicU64, Ordering},
};

use actix::{Actor, Addr, Context, Handler, Message, Recipient};

/// Why a message got no answer from a child.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreachable {
    /// The child is not running at present; the message was not delivered.
    #[error("{0} is down")]
    Down(String),
    /// The child ended before it answered; it may or may not have acted on the message.
    #[error("{0} went down before it answered")]
    Lost(String),
}

/// The name of a child and, while it runs, its address.
///
/// Made before the child is, so that siblings can be given references to each other; cheap to clone. Nobody keeps the `Addr`
/// itself, because it dies with the child.
pub struct ChildRef<A: Actor> {
    shared: Arc<Shared<A>>,
}

struct Shared<A: Actor> {
    name: String,
    generations: AtomicU64,
    slot: RwLock<Slot<A>>,
}

struct Slot<A: Actor> {
    /// The newest generation that was published or forgotten here; an older one must not come back, see `publish`.
    generation: u64,
    addr: Option<Addr<A>>,
}

impl<A: Actor<Context = Context<A>>> ChildRef<A> {
    /// A reference to a child that does not run yet.
    pub fn new(name: impl Into<String>) -> Self {
        let slot = RwLock::new(Slot { generation: 0, addr: None });
        Self { shared: Arc::new(Shared { name: name.into(), generations: AtomicU64::new(0), slot }) }
    }

    /// The child's name: unique among its siblings, shown in logs and health.
    pub fn name(&self) -> &str {
        &self.shared.name
    }

    /// The address of the running child. Use it at once; do not keep it.
    pub fn addr(&self) -> Option<Addr<A>> {
        let slot = self.shared.slot.read().unwrap_or_else(PoisonError::into_inner);
        slot.addr.clone().filter(Addr::connected)
    }

    /// The running child as a receiver of one kind of message. Use it at once; do not keep it.
    pub fn recipient<M>(&self) -> Option<Recipient<M>>
    where
        A: Handler<M>,
        M: Message<Result: Send> + Send + 'static,
    {
        self.addr().map(Addr::recipient)
    }

    /// Sends a message and waits for the answer. There is no time limit: a blocked child lets its callers wait.
    pub fn send<M>(&self, message: M) -> impl Future<Output = Result<M::Result, Unreachable>> + use<A, M>
    where
        A: Handler<M>,
        M: Message<Result: Send> + Send + 'static,
    {
        let name = self.shared.name.clone();
        let request = self.addr().map(|addr| addr.send(message));
        async move {
            match request {
                None => Err(Unreachable::Down(name)),
                Some(request) => request.await.map_err(|_| Unreachable::Lost(name)),
            }
        }
    }

    /// Sends a message without waiting. `Ok` means that the mailbox took it, not that it will be handled.
    pub fn tell<M>(&self, message: M) -> Result<(), Unreachable>
    where
        A: Handler<M>,
        M: Message<Result: Send> + Send + 'static,
    {
        let addr = self.addr().ok_or_else(|| Unreachable::Down(self.shared.name.clone()))?;
        addr.do_send(message);
        Ok(())
    }

    pub(super) fn next_generation(&self) -> u64 {
        self.shared.generations.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Makes a generation reachable, unless it was given up or replaced while it was still starting on a blocked thread.
    pub(super) fn publish(&self, generation: u64, addr: Addr<A>) {
        let mut slot = self.shared.slot.write().unwrap_or_else(PoisonError::into_inner);
        if generation > slot.generation {
            *slot = Slot { generation, addr: Some(addr) };
        }
    }

    /// Makes a generation unreachable for good; newer ones are not touched.
    pub(super) fn forget(&self, generation: u64) {
        let mut slot = self.shared.slot.write().unwrap_or_else(PoisonError::into_inner);
        if generation >= slot.generation {
            *slot = Slot { generation, addr: None };
        }
    }
}

impl<A: Actor> Clone for ChildRef<A> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<A: Actor> std::fmt::Debug for ChildRef<A> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("ChildRef").field(&self.shared.name).finish()
    }
}
