//! When the hook is run. No I/O.

use crate::domain::{
    drive::{DriveReason, DriveState},
    event::NewEvent,
    ids::DriveId,
    job::JobState,
};
use std::time::Duration;

/// A loader that has just put a disc in is not asked for another one while that disc spins up.
const PATIENCE: Duration = Duration::from_secs(90);

/// What the hook is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// The drive is empty: put the next disc in.
    Load,
    /// The disc has a good image.
    Accept,
    /// The disc has none, or a damaged one.
    Reject,
}

impl Moment {
    /// The word in the environment and in events.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Load => "load",
            Self::Accept => "accept",
            Self::Reject => "reject",
        }
    }
}

/// What an event means for the hook, and for which drive.
pub fn moment(event: &NewEvent) -> Option<(Moment, DriveId)> {
    let drive = event.drive_id.clone()?;
    let moment = match event.kind.as_str() {
        "drive.state_changed" => {
            let empty = [DriveReason::Empty, DriveReason::TrayOpen].iter().any(|reason| {
                let state = DriveState::WaitingForMedia { reason: *reason };
                event.payload["state"] == state.name() && event.payload["reason"] == serde_json::json!(reason)
            });
            empty.then_some(Moment::Load)?
        }
        "job.completed" => match serde_json::from_value(event.payload["state"].clone()).ok()? {
            JobState::Completed { verdict } if verdict.is_good() => Moment::Accept,
            JobState::Completed { .. } => Moment::Reject,
            _ => return None,
        },
        "job.failed" => Moment::Reject,
        _ => return None,
    };
    Some((moment, drive))
}

/// Whether that is still so. Results are always told; a disc is asked for only if the drive (in this state now) has none, and
/// not again right after the loader said that it had put one in.
pub fn shall_run(moment: Moment, state: Option<&DriveState>, since_last_load: Option<Duration>) -> bool {
    let empty = matches!(state, Some(DriveState::WaitingForMedia { reason: DriveReason::Empty | DriveReason::TrayOpen }));
    moment != Moment::Load || (empty && since_last_load.is_none_or(|since| since > PATIENCE))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{event::Level, verdict::Verdict};
    use serde_json::json;

    fn event(kind: &str, payload: serde_json::Value) -> NewEvent {
        NewEvent::new(kind, Level::Info, "").drive(&DriveId::new("a")).payload(payload)
    }

    #[test]
    fn events_that_matter_to_a_loader_are_recognised() {
        let heard = |event: &NewEvent| moment(event).map(|(moment, _)| moment.as_str());
        let drive = |state: &str, reason: &str| event("drive.state_changed", json!({ "state": state, "reason": reason }));
        assert_eq!(heard(&drive("waiting_for_media", "empty")), Some("load"));
        assert_eq!(heard(&drive("waiting_for_media", "tray_open")), Some("load"));
        assert_eq!(heard(&drive("waiting_for_media", "becoming_ready")), None);
        assert_eq!(heard(&drive("idle", "disabled")), None);
        let ended = |verdict| event("job.completed", json!({ "state": JobState::Completed { verdict } }));
        assert_eq!(heard(&ended(Verdict::Complete)), Some("accept"));
        assert_eq!(heard(&ended(Verdict::Degraded)), Some("reject"));
        assert_eq!(heard(&event("job.failed", json!({}))), Some("reject"));
        assert_eq!(heard(&event("job.completed", json!({ "state": "nonsense" }))), None);
        // The job of a stored image has no drive.
        let no_drive = NewEvent { drive_id: None, ..ended(Verdict::Complete) };
        assert_eq!(heard(&no_drive), None);
    }

    #[test]
    fn a_disc_is_asked_for_once_and_only_while_there_is_none() {
        let empty = DriveState::WaitingForMedia { reason: DriveReason::Empty };
        assert!(shall_run(Moment::Load, Some(&empty), None));
        assert!(!shall_run(Moment::Load, Some(&empty), Some(Duration::from_secs(5))));
        assert!(shall_run(Moment::Load, Some(&empty), Some(Duration::from_secs(91))));
        assert!(!shall_run(Moment::Load, Some(&DriveState::MediaDetected), None));
        assert!(!shall_run(Moment::Load, None, None));
        assert!(shall_run(Moment::Reject, None, Some(Duration::ZERO)));
    }
}
