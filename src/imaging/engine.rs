//! Engines read a disc until every byte of its map is either finished or bad.

use super::{interrupt::Interruption, session::Session};

/// A way to read a disc. GNU ddrescue is to become a second one.
pub trait Engine {
    /// Goes on from `session.map` until nothing in it is untried: each sector ends as finished or bad.
    /// Unreadable sectors are no error.
    ///
    /// # Errors
    /// [`Interruption`] when the run ends before; what was read until then is in the session.
    fn image(&self, session: &mut Session<'_>) -> Result<(), Interruption>;
}
