//! `disk2iso user`: accounts from the command line, for whoever may read the database anyway.

use super::ConfigArgs;
use crate::{
    bus::{Bus, Journal, Tx},
    config::Config,
    domain::{
        access::{Role, check_name, check_password},
        event::{Level, NewEvent},
    },
    http::auth::{accounts, password, secret, set_up},
    storage::{
        DatabaseUrl, Db, StorageError,
        access::{
            links::{self, Purpose},
            sessions,
            users::{self, User},
        },
    },
    telemetry::Clock,
};
use clap::{Args, Subcommand, ValueEnum};
use std::{io::BufRead as _, process::ExitCode};

/// What to do with accounts.
#[derive(Debug, Args)]
pub struct UserArgs {
    #[command(subcommand)]
    command: UserCommand,
    #[command(flatten)]
    config: ConfigArgs,
}

#[derive(Debug, Subcommand)]
enum UserCommand {
    /// Make an account; prints a link with which its owner chooses a password.
    Add {
        /// Name.
        name: String,
        /// What it may do.
        #[arg(long, value_enum, default_value = "admin")]
        role: RoleArg,
        /// Read the password from standard input (one line) instead of printing a link.
        #[arg(long)]
        password_stdin: bool,
    },
    /// Let the owner of an account choose a new password; prints a link.
    Password {
        /// Name.
        name: String,
        /// Read the password from standard input (one line) instead of printing a link.
        #[arg(long)]
        password_stdin: bool,
        /// Take the second step off, too.
        #[arg(long)]
        remove_second_step: bool,
    },
    /// List all accounts.
    List,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum RoleArg {
    Viewer,
    Operator,
    Admin,
}

impl From<RoleArg> for Role {
    fn from(role: RoleArg) -> Self {
        match role {
            RoleArg::Viewer => Self::Viewer,
            RoleArg::Operator => Self::Operator,
            RoleArg::Admin => Self::Admin,
        }
    }
}

/// Runs it.
pub fn run(args: UserArgs) -> ExitCode {
    let config = match args.config.load() {
        Ok(config) => config,
        Err(code) => return code,
    };
    match work(&config, args.command) {
        Ok(text) => {
            println!("{text}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("disk2iso: {error}");
            ExitCode::FAILURE
        }
    }
}

fn work(config: &Config, command: UserCommand) -> Result<String, String> {
    let url = DatabaseUrl::parse(&config.database_url()).map_err(|error| error.to_string())?;
    if config.database_url.is_empty() && !config.state_dir.is_dir() {
        return Err(format!("{} is no folder; set DISK2ISO_STATE_DIR to the one of the service", config.state_dir.display()));
    }
    let db = Db::open(&url, 2).map_err(|error| format!("the database cannot be opened: {error}"))?;
    db.migrate().map_err(|error| format!("the database cannot be migrated: {error}"))?;
    let host = sysinfo::System::host_name().unwrap_or_else(|_| "localhost".to_owned());
    let journal = Journal { db, bus: Bus::default(), clock: Clock::system(), node: host.as_str().into() };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| error.to_string())?;
    runtime.block_on(async {
        match command {
            UserCommand::List => list(&journal).await,
            UserCommand::Add { name, role, password_stdin } => add(config, &journal, &name, role.into(), password_stdin).await,
            UserCommand::Password { name, password_stdin, remove_second_step } => {
                change(config, &journal, name, password_stdin, remove_second_step).await
            }
        }
    })
}

async fn list(journal: &Journal) -> Result<String, String> {
    let found = journal.db.read(users::list).await.map_err(|error| error.to_string())?;
    let line = |user: &User| {
        let state = match (user.blocked, user.password.is_some()) {
            (true, _) => "blocked",
            (false, true) => "active",
            (false, false) => "waits for a password",
        };
        let step = if user.totp.is_some() { ", second step" } else { "" };
        format!("{:8}  {}  ({state}{step})", user.role.as_str(), user.name)
    };
    Ok(if found.is_empty() { "Nobody has an account.".to_owned() } else { found.iter().map(line).collect::<Vec<_>>().join("\n") })
}

/// The hash of the password on standard input.
fn read_password(name: &str) -> Result<String, String> {
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).map_err(|error| error.to_string())?;
    let typed = line.trim_end_matches(['\n', '\r']);
    check_password(typed, name).map_err(|wrong| format!("the password {wrong}"))?;
    password::hash(typed)
}

fn say(config: &Config, journal: &Journal, done: &str, link: Option<String>) -> String {
    match link {
        Some(link) => {
            let address = accounts::link_address(&set_up::base(config, &journal.node), &link);
            format!("{done} Open this link to choose the password (it works once, for three days):\n{address}")
        }
        None => done.to_owned(),
    }
}

fn put_link(tx: &mut Tx<'_>, user: &str, link: Option<&String>) -> Result<(), StorageError> {
    let Some(link) = link else { return Ok(()) };
    let expires = Some(tx.now + accounts::LINK);
    links::replace(tx.conn, &secret::hash(link), &Purpose::Password(user.to_owned()), tx.now, expires)
}

async fn add(config: &Config, journal: &Journal, name: &str, role: Role, typed: bool) -> Result<String, String> {
    let name = check_name(name).map_err(|wrong| format!("the name {wrong}"))?;
    let stored = if typed { Some(read_password(&name)?) } else { None };
    let link = if typed { None } else { Some(secret::random()?) };
    let user = accounts::blank(&journal.clock, name.clone(), role, stored, secret::random()?);
    let given = link.clone();
    let store = journal.commit(move |tx| {
        users::insert(tx.conn, &user)?;
        put_link(tx, &user.id, given.as_ref())?;
        let message = format!("The account {} ({}) was made on the command line", user.name, user.role.as_str());
        tx.event(&NewEvent::new("access.user_created", Level::Warning, message).payload(serde_json::json!({ "user": user.id })))?;
        Ok(())
    });
    store.await.map_err(|error| match error {
        StorageError::Unique(_) => {
            format!("there is an account {name:?} already; disk2iso user password {name:?} lets its owner in")
        }
        other => other.to_string(),
    })?;
    Ok(say(config, journal, &format!("The account {name} is made."), link))
}

async fn change(config: &Config, journal: &Journal, name: String, typed: bool, no_step: bool) -> Result<String, String> {
    let wanted = name.clone();
    let user = journal.db.read(move |conn| users::by_name(conn, &wanted)).await.map_err(|error| error.to_string())?;
    let user = user.ok_or_else(|| format!("there is no account {name:?}; disk2iso user list tells which there are"))?;
    let stored = if typed { Some(read_password(&user.name)?) } else { None };
    let link = if typed { None } else { Some(secret::random()?) };
    let (given, id, shown) = (link.clone(), user.id.clone(), user.name.clone());
    let store = journal.commit(move |tx| {
        let user = users::get(tx.conn, &id)?;
        let mut user = User { failures: 0, locked_until: None, updated_at: tx.now, ..user };
        if no_step {
            (user.totp, user.recovery) = (None, Vec::new());
        }
        if let Some(stored) = stored {
            user.password = Some(stored);
            sessions::delete_others(tx.conn, &id, None)?;
        }
        users::update(tx.conn, &user)?;
        put_link(tx, &id, given.as_ref())?;
        let message = format!("{} may choose a password anew, or has one: on the command line", user.name);
        tx.event(&NewEvent::new("access.link_created", Level::Warning, message).payload(serde_json::json!({ "user": id })))?;
        Ok(())
    });
    store.await.map_err(|error| error.to_string())?;
    let done = if link.is_some() {
        format!("Now {shown} chooses.")
    } else {
        format!("{shown} has a new password; all sessions have ended.")
    };
    Ok(say(config, journal, &done, link))
}
