//! The supervision tree: who starts an actor, who hears that it died, and what happens then.
//!
//! `actix::Supervisor` restarts after `ctx.stop()` with the same value, does not restart after a panic, and neither limits
//! restarts nor escalates; so this module does not use it. Here
//!
//! * every child runs on **its own thread** (`launch.rs`), so that a blocked child harms nobody else;
//! * a restart runs the child's **start function** again ([`ChildSpec`]) and never reuses the old value;
//! * a guard around the actor, not inside it, reports the end ([`Exit`]) **after** the actor and all it owned are dropped, so
//!   that a successor finds the device, the file and the socket free;
//! * others hold a [`ChildRef`], which stays valid over restarts, and are told "down" instead of reaching a dead mailbox;
//! * a child with a [`BackOff`] has its own budget and can never take its siblings down; a child without one is restarted at
//!   once and counts against its supervisor's [`Intensity`], beyond which the supervisor stops its children in reverse order
//!   and fails towards its own parent, up to [`RootExit`].
//!
//! ```text
//!                 start function ran,                     asked to stop
//!                 `started` returned                      (StopChild, rest_for_one, supervisor ends)
//!  waiting ──▶ starting ──▶ running ──────────────────────────▶ stopping ──▶ gone, or waiting again
//!     ▲            │           │                                    │ time limit: killed; still there: abandoned
//!     │            └─────┬─────┘                                    ▼
//!     │                  ▼ ended by itself                      abandoned ──▶ gone, if its thread ever returns
//!     ├── at once, within the intensity
//!     ├── backing_off, after its delay
//!     ├── failed: the delays are used up, siblings go on
//!     └── stopped: Transient and normal end (a Temporary child is gone)
//! ```
//!
//! What supervision cannot see: a panic in a task started with `actix::spawn` instead of `ctx.spawn` ends that task only (the
//! panic hook logs it), because it is not part of the actor.

mod back_off;
mod child;
mod child_ref;
mod exit;
mod health;
mod intensity;
mod launch;
mod messages;
mod panic_hook;
mod plan;
mod root;
mod spec;
mod supervisor;
mod timer;
mod transitions;

pub use back_off::BackOff;
pub use child_ref::{ChildRef, Unreachable};
pub use exit::{Exit, fail};
pub use health::{ChildState, GetHealth, HealthSnapshot};
pub use intensity::{Intensity, RestartWindow};
pub use messages::{ChildChange, ChildEvent, StartChild, StartError, StopChild, StopOutcome, Subscribe};
pub use panic_hook::install_panic_hook;
pub use root::{Root, RootExit};
pub use spec::{ChildSpec, Restart, Strategy, SupervisedActor, SupervisorSpec};
pub use supervisor::Supervisor;
pub use timer::{SystemTimer, Timer};
