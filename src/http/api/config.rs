//! Settings.

use super::State;
use crate::{
    config::{Config, KEYS, RUNTIME_SETTINGS},
    domain::event::{Level, NewEvent},
    error::{Code, Problem},
    http::{
        auth::{Administer, Look, May},
        body::Json,
        params::Params,
        problem::{ProblemDocument, from_storage},
        wire::{ConfigChange, ConfigDocument, Setting},
    },
    storage,
};
use actix_web::web;
use serde_json::{Map, Value, json};

/// Settings that can change while the service runs: name in the file, field of the API.
const CHANGEABLE: [(&str, &str); 5] = [
    ("drives.auto", "auto"),
    ("drives.again", "again"),
    ("drives.eject_when_done", "eject_when_done"),
    ("jobs.verify", "verify"),
    ("jobs.max", "max_jobs"),
];

/// Between reading the settings and replacing them no other change may happen; this is the only place that changes them.
static ONE_AT_A_TIME: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// All settings, with their values and where each may be changed.
#[utoipa::path(get, path = "/api/v1/system/config", tag = "system", responses(
    (status = 200, description = "All settings", body = ConfigDocument),
))]
pub async fn get(_: May<Look>, state: State, params: Params) -> Result<web::Json<ConfigDocument>, Problem> {
    params.finish()?;
    Ok(web::Json(document(&state)))
}

fn document(state: &State) -> ConfigDocument {
    let runtime = state.settings.get();
    let now = Config { runtime, ..(*state.config).clone() };
    let setting = |key: &crate::config::Key| Setting {
        key: key.name.to_owned(),
        value: (key.show)(&now),
        allowed: key.allowed.to_owned(),
        environment: key.env.to_owned(),
        api_field: CHANGEABLE.iter().find(|(name, _)| *name == key.name).map(|(_, field)| (*field).to_owned()),
    };
    ConfigDocument { settings: KEYS.iter().map(setting).collect(), runtime: ConfigChange::from(runtime) }
}

/// Changes settings of the running service; they stay changed after a restart.
#[utoipa::path(put, path = "/api/v1/system/config", tag = "system", request_body = ConfigChange, responses(
    (status = 200, description = "All settings as they are now", body = ConfigDocument),
    (status = 400, description = "`bad_json`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 403, description = "`origin_refused`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 413, description = "`too_large`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 415, description = "`unsupported_media_type`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 422, description = "`invalid_field`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 503, description = "`unavailable`", body = ProblemDocument, content_type = "application/problem+json"),
))]
pub async fn put(
    _: May<Administer>,
    state: State,
    params: Params,
    body: Json<ConfigChange>,
) -> Result<web::Json<ConfigDocument>, Problem> {
    params.finish()?;
    let _turn = ONE_AT_A_TIME.lock().await;
    let old = state.settings.get();
    let new = body.0.apply(old)?;
    if new == old {
        return Ok(web::Json(document(&state)));
    }
    let changes = given(&json!(body.0));
    let store = state.journal.commit(move |tx| {
        let mut stored =
            storage::settings::get(tx.conn, RUNTIME_SETTINGS)?.and_then(|value| value.as_object().cloned()).unwrap_or_default();
        stored.extend(changes.clone());
        storage::settings::set(tx.conn, RUNTIME_SETTINGS, &Value::Object(stored))?;
        let words: Vec<_> = changes.iter().map(|(field, value)| format!("{field} = {value}")).collect();
        let message = format!("Settings changed: {}", words.join(", "));
        tx.event(&NewEvent::new("config.changed", Level::Info, message).payload(json!({ "changes": changes })))?;
        Ok(())
    });
    store.await.map_err(|error| from_storage(&error, Code::Internal))?;
    state.settings.set(new);
    Ok(web::Json(document(&state)))
}

/// The fields that came.
fn given(change: &Value) -> Map<String, Value> {
    let all = change.as_object().cloned().unwrap_or_default();
    all.into_iter().filter(|(_, value)| !value.is_null()).collect()
}
