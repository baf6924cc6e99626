//! `disk2iso migrate`

use crate::{
    config::Config,
    storage::{DatabaseUrl, Db},
};
use std::process::ExitCode;

/// Brings the database up to date and says what was done.
pub fn run(config: &Config) -> ExitCode {
    let migrate = || -> Result<Vec<String>, String> {
        if config.database_url.is_empty() {
            std::fs::create_dir_all(&config.state_dir).map_err(|error| format!("{}: {error}", config.state_dir.display()))?;
        }
        let url = DatabaseUrl::parse(&config.database_url()).map_err(|error| error.to_string())?;
        Db::open(&url, 1).and_then(|db| db.migrate()).map_err(|error| error.to_string())
    };
    match migrate() {
        Ok(done) if done.is_empty() => println!("The database is up to date."),
        Ok(done) => done.iter().for_each(|version| println!("migrated: {version}")),
        Err(error) => {
            eprintln!("disk2iso: the database cannot be migrated: {error}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
