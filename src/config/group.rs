//! The groups that settings stand in on their page.

/// What settings have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// Address and whatever fits nowhere else.
    General,
    /// Folders and the database.
    Paths,
    /// Drives.
    Drives,
    /// Jobs.
    Jobs,
    /// The program of the operator.
    Hook,
    /// Logs.
    Logging,
    /// Who may use the service.
    Access,
    /// How much of anything.
    Limits,
    /// Encryption.
    Tls,
}

impl Group {
    /// In the order of the page.
    pub const ALL: [Self; 9] =
        [Self::General, Self::Paths, Self::Drives, Self::Jobs, Self::Hook, Self::Logging, Self::Access, Self::Limits, Self::Tls];

    /// The word in addresses.
    pub fn word(self) -> &'static str {
        match self {
            Self::General => "general",
            Self::Paths => "paths",
            Self::Drives => "drives",
            Self::Jobs => "jobs",
            Self::Hook => "hook",
            Self::Logging => "logging",
            Self::Access => "access",
            Self::Limits => "limits",
            Self::Tls => "tls",
        }
    }

    /// Title, English and German.
    pub fn title(self) -> (&'static str, &'static str) {
        match self {
            Self::General => ("General", "Allgemein"),
            Self::Paths => ("Folders and database", "Ordner und Datenbank"),
            Self::Drives => ("Drives", "Laufwerke"),
            Self::Jobs => ("Jobs", "Aufgaben"),
            Self::Hook => ("Hook", "Eigenes Programm"),
            Self::Logging => ("Logging", "Protokoll"),
            Self::Access => ("Access", "Zugang"),
            Self::Limits => ("Limits", "Grenzen"),
            Self::Tls => ("Encryption (TLS)", "Verschlüsselung (TLS)"),
        }
    }
}
