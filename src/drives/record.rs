//! How a drive's state is written down: its row, its events, and problems with its device for people.

use super::registry::DriveSnapshot;
use crate::{
    domain::{
        disc::Medium,
        drive::{DriveReason, DriveState},
        event::{Level, NewEvent},
    },
    error::{Code, Problem},
    optical::DeviceError,
    storage::drives::{DriveKind, DriveRecord},
};

/// The events of a step from `before` to `after`, in which a medium may have been found.
pub fn news(before: &DriveSnapshot, after: &DriveSnapshot, found: Option<&Medium>) -> Vec<NewEvent> {
    let (mut events, next) = (Vec::new(), &after.drive);
    if after.settings != before.settings {
        let changes = changes(before, after);
        let words: Vec<_> = changes.iter().map(|(field, value)| format!("{field} = {value}")).collect();
        let message = format!("{}: {}", after.name, words.join(", "));
        let payload = serde_json::json!({ "changes": changes, "settings": after.settings });
        events.push(NewEvent::new("drive.settings_changed", Level::Info, message).drive(&before.id).payload(payload));
    }
    if let Some(medium) = found {
        let message = format!("{}: disc {:?} found, {}", before.name, medium.label, medium.kind.as_str());
        let payload = serde_json::json!({ "session": next.session, "label": medium.label, "kind": medium.kind, "fingerprint": medium.fingerprint });
        events.push(NewEvent::new("disc.identified", Level::Info, message).drive(&before.id).payload(payload));
    }
    if next.state != before.drive.state {
        let reason = next.state.reason();
        let level = if matches!(next.state, DriveState::Error { .. }) || reason == Some(DriveReason::EjectFailed) {
            Level::Warning
        } else {
            Level::Info
        };
        let payload = serde_json::json!({ "state": next.state.name(), "reason": reason, "previous": before.drive.state.name(), "session": next.session, "detail": after.detail });
        let because = reason
            .and_then(|reason| serde_json::to_value(reason).ok())
            .and_then(|v| v.as_str().map(|r| format!(" ({r})")))
            .unwrap_or_default();
        let detail = after.detail.as_ref().map(|detail| format!(": {detail}")).unwrap_or_default();
        let message = format!("{}: {}{because}{detail}", before.name, next.state.name());
        events.push(NewEvent::new("drive.state_changed", level, message).drive(&before.id).payload(payload));
    }
    events
}

/// The settings that are not as they were.
fn changes(before: &DriveSnapshot, after: &DriveSnapshot) -> serde_json::Map<String, serde_json::Value> {
    let fields = |drive: &DriveSnapshot| serde_json::json!(drive.settings).as_object().cloned().unwrap_or_default();
    let old = fields(before);
    fields(after).into_iter().filter(|(field, value)| old.get(field) != Some(value)).collect()
}

/// The event of a pressed button that does nothing.
pub fn button_refused(drive: &DriveSnapshot) -> NewEvent {
    let message =
        format!("{}: somebody pressed the eject button; the disc is being read; pause or cancel the job first", drive.name);
    let mut event = NewEvent::new("drive.eject_refused", Level::Warning, message).drive(&drive.id);
    event.job_id = drive.job();
    event
}

/// What a command's failure means for whoever asked for it.
pub fn device_problem(name: &str, error: &DeviceError) -> Problem {
    let code = match error {
        DeviceError::NoMedium => Code::NoMedium,
        DeviceError::Gone => Code::DriveGone,
        DeviceError::Timeout(_) => Code::DriveWedged,
        _ => Code::DriveRefused,
    };
    Problem::new(code, format!("{name}: {error}"))
}

/// The row of a drive.
pub fn row(snapshot: &DriveSnapshot, now: chrono::DateTime<chrono::Utc>) -> DriveRecord {
    DriveRecord {
        id: snapshot.id.clone(),
        kind: if snapshot.is_virtual() { DriveKind::Virtual } else { DriveKind::Scsi },
        path: snapshot.path(),
        name: snapshot.name.clone(),
        identity: serde_json::json!(snapshot.identity),
        drive: snapshot.drive.clone(),
        medium: snapshot.medium.clone(),
        created_at: now,
        updated_at: now,
        seen_at: now,
    }
}
