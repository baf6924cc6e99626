//! Making a draft true.

use super::Draft;
use crate::{
    config::{Prepared, RUNTIME_SETTINGS, Stored, prepare_stored},
    domain::event::{Level, NewEvent},
    error::{Code, Problem},
    http::{AppState, problem::from_storage},
    storage::{self, StorageError},
    telemetry::logging,
};
use actix_web::web;
use serde_json::{Map, Value, json};
use std::path::PathBuf;

/// Makes a draft true, whole or not at all: file, database and event. The caller holds [`super::ONE_AT_A_TIME`] since it was drafted.
///
/// # Errors
/// The first refusal of the draft; `storage_failed` if the file cannot be written; `unavailable` without a database. Nothing is
/// changed then.
pub async fn apply(state: &AppState, draft: Draft, by: &str) -> Result<(), Problem> {
    if let Some(refusal) = draft.refused.first() {
        return Err(refusal.into());
    }
    if draft.changes.is_empty() {
        return Ok(());
    }
    let folder = state.config.state_dir.clone();
    let changed = draft.stored != draft.stored_before;
    let prepared = if changed { Some(prepare(folder.clone(), draft.stored.clone()).await?) } else { None };
    let (event, fields) = (event(&draft, by), draft.runtime_fields.clone());
    let committed = state.journal.commit(move |tx| {
        if !fields.is_empty() {
            store_runtime(tx.conn, fields)?;
        }
        tx.event(&event)?;
        // Last, so that nothing but the commit itself can fail after it.
        match prepared.map(|prepared| prepared.commit()) {
            Some(Err(error)) => Err(StorageError::Conflict(error.to_string())),
            Some(Ok(())) | None => Ok(()),
        }
    });
    match committed.await {
        Ok(()) => {}
        Err(StorageError::Conflict(why)) => return Err(unwritten(why)),
        Err(error) => {
            if changed {
                put_back(folder, draft.stored_before).await;
            }
            return Err(from_storage(&error, Code::Internal));
        }
    }
    state.settings.set(draft.runtime);
    if draft.changes.iter().any(|change| change.key == "log.level") {
        logging::set_level(&draft.next.log_level);
    }
    Ok(())
}

async fn prepare(folder: PathBuf, stored: Stored) -> Result<Prepared, Problem> {
    let written = web::block(move || prepare_stored(&folder, &stored)).await;
    written.map_err(|error| Problem::new(Code::Internal, error.to_string()))?.map_err(|error| unwritten(error.to_string()))
}

/// The database did not take the change, so the file must not say it either.
async fn put_back(folder: PathBuf, stored: Stored) {
    let written = web::block(move || prepare_stored(&folder, &stored).and_then(|prepared| prepared.commit())).await;
    if !matches!(written, Ok(Ok(()))) {
        tracing::error!("the file of stored settings may hold a change that was refused");
    }
}

fn unwritten(why: String) -> Problem {
    Problem::new(Code::StorageFailed, format!("the settings cannot be written to the folder of the service: {why}"))
}

fn store_runtime(conn: &mut storage::Connection, fields: Map<String, Value>) -> Result<(), StorageError> {
    let stored = storage::settings::get(conn, RUNTIME_SETTINGS)?;
    let mut stored = stored.and_then(|value| value.as_object().cloned()).unwrap_or_default();
    for (field, value) in fields {
        if value.is_null() {
            stored.remove(&field);
        } else {
            stored.insert(field, value);
        }
    }
    storage::settings::set(conn, RUNTIME_SETTINGS, &Value::Object(stored))
}

fn event(draft: &Draft, by: &str) -> NewEvent {
    let words: Vec<_> = draft
        .changes
        .iter()
        .map(|change| {
            let when = if change.at_once { "" } else { " (from the next start on)" };
            format!("{} = {}{when}", change.key, change.new)
        })
        .collect();
    let who = if by.is_empty() { String::new() } else { format!(" by {by}") };
    let others: Map<String, Value> = draft
        .changes
        .iter()
        .filter(|change| super::draft::field(change.key).is_none())
        .map(|change| (change.key.to_owned(), json!(change.new)))
        .collect();
    let mut payload = json!({ "changes": draft.runtime_fields, "by": by });
    if !others.is_empty() {
        payload["settings"] = Value::Object(others);
    }
    NewEvent::new("config.changed", Level::Info, format!("Settings changed{who}: {}", words.join(", "))).payload(payload)
}
