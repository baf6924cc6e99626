//! The first account, made with the link that the service prints as long as there is none.

use super::{accounts, secret, session};
use crate::{
    bus::Journal,
    config::Config,
    domain::{
        access::Role,
        event::{Level, NewEvent},
    },
    error::{Code, Problem},
    http::AppState,
    storage::access::{
        links::{self, Purpose},
        users,
    },
};
use actix_web::{HttpRequest, cookie::Cookie};

/// Address of the service for the machine that it runs on, or for others if it listens everywhere.
pub fn base(config: &Config, host: &str) -> String {
    let listen = config.listen;
    let host = match config.hosts.first() {
        Some(name) => format!("{name}:{}", listen.port()),
        None if listen.ip().is_unspecified() => format!("{host}:{}", listen.port()),
        None => listen.to_string(),
    };
    let scheme = if config.tls_cert.is_some() { "https" } else { "http" };
    format!("{scheme}://{host}")
}

/// Prints the link if there is no account yet. It is a new one at each start; those before it end. The only secret that is ever
/// printed, and it is of no use once there is an account.
///
/// # Errors
/// A sentence.
pub async fn announce(journal: &Journal, config: &Config) -> Result<(), String> {
    if !config.auth {
        return Ok(());
    }
    let link = secret::random()?;
    let hash = secret::hash(&link);
    let needed = journal.commit(move |tx| {
        let needed = !users::any(tx.conn)?;
        if needed {
            links::replace(tx.conn, &hash, &Purpose::SetUp, tx.now, None)?;
        }
        Ok(needed)
    });
    if needed.await.map_err(|error| error.to_string())? {
        println!(
            "disk2iso: nobody has an account yet. Open this link to make the first one (it works once, and until the next start):"
        );
        println!("disk2iso: {}/setup?secret={link}", base(config, &journal.node));
    }
    Ok(())
}

/// Whether this is the link that was printed.
///
/// # Errors
/// `link_used`, or trouble with the database.
pub async fn check(state: &AppState, link: &str) -> Result<(), Problem> {
    let (hash, now) = (secret::hash(link), state.journal.clock.now());
    let found = state.read(Code::LinkUsed, move |conn| Ok((users::any(conn)?, links::find(conn, &hash, now)?))).await?;
    if found == (false, Some(Purpose::SetUp)) { Ok(()) } else { Err(accounts::link_used()) }
}

/// Makes the first account and signs its owner in.
///
/// # Errors
/// `link_used`, `invalid_field`, or trouble with the database.
pub async fn create(
    state: &AppState,
    request: &HttpRequest,
    link: &str,
    name: &str,
    password: &str,
) -> Result<Cookie<'static>, Problem> {
    check(state, link).await?;
    let user = accounts::new_user(state, name, Role::Admin, Some(password)).await?;
    let (hash, id) = (secret::hash(link), user.id.clone());
    accounts::commit(state, move |tx| {
        if users::any(tx.conn)? || links::find(tx.conn, &hash, tx.now)? != Some(Purpose::SetUp) {
            return Ok(Err(accounts::link_used()));
        }
        users::insert(tx.conn, &user)?;
        links::end(tx.conn, &Purpose::SetUp)?;
        let message = format!("{} set the service up and is its first administrator", user.name);
        tx.event(&NewEvent::new("access.set_up", Level::Warning, message).payload(serde_json::json!({ "user": user.id })))?;
        Ok(Ok(()))
    })
    .await?;
    let event = NewEvent::new("access.signed_in", Level::Info, "The first administrator signed in");
    session::open(state, request, id, event).await
}
