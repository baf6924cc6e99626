//! The disc as a disc, small: for lists and cards.

use crate::http::words::Role;

/// The disc as a ring: data lies from the hub outwards, so what was read fills it from there.
#[derive(Debug, Clone, PartialEq)]
pub struct Ring {
    /// Radius of the middle line of what was read.
    pub radius: String,
    /// Width of what was read; 0: nothing.
    pub width: String,
    /// Colour role.
    pub role: &'static str,
    /// Sign in the hub.
    pub symbol: &'static str,
}

/// Radii in a drawing of 48 × 48.
const HUB: f64 = 8.0;
const RIM: f64 = 22.0;

impl Ring {
    /// `part` from 0 to 1.
    pub fn new(part: f64, role: Role) -> Self {
        // Data lies evenly on the disc's area, so the radius grows with the root.
        let outer = (HUB * HUB + part.clamp(0.0, 1.0) * (RIM * RIM - HUB * HUB)).sqrt();
        let (radius, width) = (format!("{:.2}", (HUB + outer) / 2.0), format!("{:.2}", outer - HUB));
        Self { radius, width, role: role.class(), symbol: role.symbol() }
    }
}
