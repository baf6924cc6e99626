//! Whether the service would start with changed settings: the same looks as the start itself takes.

use super::{
    Both, Severity,
    finding::both,
    service::{hook, writable},
};
use crate::config::Config;
use std::path::{Path, PathBuf};

/// Something that would stop the next start, or make a setting useless.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Obstacle {
    /// The setting.
    pub key: &'static str,
    /// Why.
    pub why: Both,
}

/// What stands against starting with `next` instead of `now`; what is the same in both is not looked at, and neither is the port that
/// the asking service listens on. Folders that had to be made for the look are taken away again.
pub fn obstacles(now: &Config, next: &Config, own_port: u16) -> Vec<Obstacle> {
    let mut found = Vec::new();
    let mut folder = |key, path: &Path| {
        found.extend(cannot_write(path).map(|error| {
            let shown = path.display();
            let why = both!("{shown} cannot be written to: {error}", "in {shown} kann nicht geschrieben werden: {error}");
            Obstacle { key, why }
        }));
    };
    if next.output_dir != now.output_dir {
        folder("paths.output_dir", &next.output_dir);
    }
    for path in next.output_roots.iter().filter(|path| !now.output_roots.contains(path)) {
        folder("paths.output_roots", path);
    }
    for path in next.virtual_drives.iter().filter(|path| !now.virtual_drives.contains(path)) {
        folder("drives.virtual", path);
    }
    if let Some(program) = next.hook.as_ref().filter(|program| now.hook.as_ref() != Some(program)) {
        let finding = hook(program, next.hook_limit.as_secs());
        found.extend((finding.severity == Severity::Bad).then_some(Obstacle { key: "hook.command", why: finding.text }));
    }
    if next.listen != now.listen
        && next.listen.port() != own_port
        && let Err(error) = std::net::TcpListener::bind(next.listen)
    {
        let address = next.listen;
        let why = both!("{address} cannot be listened on: {error}", "auf {address} kann nicht gehört werden: {error}");
        found.push(Obstacle { key: "server.listen", why });
    }
    found
}

fn cannot_write(folder: &Path) -> Option<std::io::Error> {
    let made: Vec<PathBuf> = folder.ancestors().take_while(|path| !path.exists()).map(Path::to_owned).collect();
    let error = writable(folder).err();
    for path in made {
        // One that is not empty any more has found a use.
        let _ = std::fs::remove_dir(path);
    }
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_programs_and_addresses_are_tried_and_nothing_is_left_behind() {
        let root = tempfile::tempdir().expect("folder");
        let now = Config { state_dir: root.path().join("state"), ..Config::default() };
        let good = Config { output_dir: root.path().join("a/b"), output_roots: vec![root.path().join("c")], ..now.clone() };
        assert_eq!(obstacles(&now, &good, 1), []);
        assert!(!root.path().join("a").exists() && !root.path().join("c").exists());
        let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        std::fs::write(root.path().join("file"), "x").expect("file");
        let bad = Config {
            output_dir: "/proc/nothing".into(),
            output_roots: vec![root.path().join("file/below")],
            virtual_drives: vec!["/proc/drive".into()],
            hook: Some(root.path().join("file")),
            listen: taken.local_addr().expect("address"),
            ..now.clone()
        };
        let found: Vec<_> = obstacles(&now, &bad, 1).into_iter().map(|obstacle| obstacle.key).collect();
        let all = ["paths.output_dir", "paths.output_roots", "drives.virtual", "hook.command", "server.listen"];
        assert_eq!(found, all);
        assert_eq!(obstacles(&bad, &bad, 1), [], "what is the same is not looked at");
    }
}
