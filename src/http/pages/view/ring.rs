//! The disc as a disc, small: for lists and cards.

use std::sync::Arc;

use crate::{
    domain::picture::Picture,
    http::{pages::disc, words::Role},
};

/// The disc as a ring: data lies from the hub outwards, so what was read fills it from there.
#[derive(Debug, Clone, PartialEq)]
pub struct Ring {
    /// The rings as SVG, made of numbers and our own words only.
    pub drawing: String,
    /// Colour role.
    pub role: &'static str,
    /// Sign in the hub.
    pub symbol: &'static str,
}

impl Ring {
    /// `part` from 0 to 1, where no more is known than how far it got.
    pub fn new(part: f64, role: Role) -> Self {
        Self::drawn(disc::part(part), role)
    }

    /// With what is known where on the disc, if that is known.
    #[must_use]
    pub fn showing(self, picture: Option<&Arc<Picture>>) -> Self {
        match picture {
            Some(picture) => Self { drawing: disc::icon(picture), ..self },
            None => self,
        }
    }

    fn drawn(drawing: String, role: Role) -> Self {
        Self { drawing, role: role.class(), symbol: role.symbol() }
    }
}
