//! Which database, from a URL. Parsed here and not by Diesel, which takes any text that PostgreSQL refuses for the name of a
//! SQLite file and creates it.

use std::{fmt, str::FromStr};

/// A checked database URL. Its `Display` and `Debug` never show a password.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl(pub(super) Target);

#[derive(Clone, PartialEq, Eq)]
pub(super) enum Target {
    /// Path of the file, in a form that SQLite takes for nothing but a path.
    Sqlite(String),
    /// The whole URL, for libpq.
    Postgres(String),
}

/// Why a text is no database URL. Does not repeat the text, which may hold a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0}; allowed are sqlite:PATH, sqlite:///ABSOLUTE/PATH, postgres://[USER[:PASSWORD]@][HOST][:PORT]/DATABASE and postgresql://…"
)]
pub struct DatabaseUrlError(&'static str);

impl DatabaseUrl {
    /// Reads a URL.
    ///
    /// # Errors
    /// [`DatabaseUrlError`], which names what is allowed, for everything else. Nothing is opened or created.
    pub fn parse(text: &str) -> Result<Self, DatabaseUrlError> {
        if text.contains('\0') {
            return Err(DatabaseUrlError("a database URL cannot contain a NUL character"));
        }
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Self(Target::Postgres(text.to_owned())));
        }
        let Some(rest) = text.strip_prefix("sqlite:") else {
            return Err(DatabaseUrlError("not a database URL"));
        };
        let path = match rest.strip_prefix("//") {
            Some(path) if path.starts_with('/') => path,
            Some(_) => return Err(DatabaseUrlError("a SQLite database has no host: after sqlite:// comes an absolute path")),
            None => rest,
        };
        match path {
            "" => Err(DatabaseUrlError("the path of the SQLite database is empty")),
            // Every connection of a pool would have a database of its own.
            ":memory:" => Err(DatabaseUrlError("a SQLite database in memory cannot be shared by a pool")),
            path if path.contains('?') => Err(DatabaseUrlError("parameters after ? are not supported for SQLite")),
            path if path.starts_with('/') => Ok(Self(Target::Sqlite(path.to_owned()))),
            // With "./" in front, no name is special to SQLite ("file:…", ":memory:").
            path => Ok(Self(Target::Sqlite(format!("./{path}")))),
        }
    }

    /// Path of the database file, if it is one.
    pub fn sqlite_path(&self) -> Option<&str> {
        match &self.0 {
            Target::Sqlite(path) => Some(path),
            Target::Postgres(_) => None,
        }
    }
}

impl FromStr for DatabaseUrl {
    type Err = DatabaseUrlError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Target::Sqlite(path) => write!(f, "sqlite:{path}"),
            Target::Postgres(url) => f.write_str(&without_secrets(url)),
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DatabaseUrl({self})")
    }
}

/// Hides the password before the `@` and the values of parameters that are secrets. Hides too much rather than too little.
fn without_secrets(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("postgres", url));
    let (address, query) = rest.split_once('?').map_or((rest, None), |(address, query)| (address, Some(query)));
    // A password may contain a raw '?' or '@'; then the last '@' of the whole text ends it.
    let (address, query) = match query {
        Some(query) if query.contains('@') && !address.contains('@') => (rest, None),
        query => (address, query),
    };
    let address = match address.rsplit_once('@') {
        Some((user_info, host)) => match user_info.split_once(':') {
            Some((user, _)) => format!("{user}:***@{host}"),
            None => address.to_owned(),
        },
        None => address.to_owned(),
    };
    let hide = |pair: &str| match pair.split_once('=') {
        Some((name, _)) if name.contains("pass") => format!("{name}=***"),
        _ => pair.to_owned(),
    };
    let query = query.map(|query| format!("?{}", query.split('&').map(hide).collect::<Vec<_>>().join("&")));
    format!("{scheme}://{address}{}", query.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::DatabaseUrl;

    fn shown(text: &str) -> String {
        DatabaseUrl::parse(text).map_or_else(|error| format!("error: {error}"), |url| url.to_string())
    }

    #[test]
    fn paths_and_servers_are_told_apart() {
        assert_eq!(shown("sqlite:state/d.db"), "sqlite:./state/d.db");
        assert_eq!(shown("sqlite:///var/lib/d.db"), "sqlite:/var/lib/d.db");
        assert_eq!(shown("sqlite:/var/lib/d.db"), "sqlite:/var/lib/d.db");
        assert_eq!(shown("sqlite:file:x"), "sqlite:./file:x");
        assert_eq!(shown("postgresql://d@%2Frun%2Fpg/db"), "postgresql://d@%2Frun%2Fpg/db");
    }

    #[test]
    fn everything_else_is_refused_and_says_what_is_allowed() {
        for text in
            ["", "host=127.0.0.1 user=x", "mysql://x/y", "sqlite:", "sqlite://host/x", "sqlite::memory:", "sqlite:a?b", "/d.db"]
        {
            let error = DatabaseUrl::parse(text).expect_err(text).to_string();
            assert!(error.contains("sqlite:PATH") && error.contains("postgres://"), "{text}: {error}");
        }
    }

    #[test]
    fn a_password_is_never_shown() {
        for text in [
            "postgres://user:geheim@db:5432/x",
            "postgres://user:geheim@h@db/x",
            "postgres://user:geh/geheim@db/x",
            "postgres://user:a?geheim@db/x",
            "postgres://db/x?user=u&password=geheim&sslmode=require",
            "postgres://db/x?sslpassword=geheim",
        ] {
            assert!(!shown(text).contains("geheim"), "{}", shown(text));
            assert!(shown(text).contains("***"), "{}", shown(text));
            assert!(!format!("{:?}", DatabaseUrl::parse(text)).contains("geheim"));
        }
    }
}
