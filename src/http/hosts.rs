//! By which names this service may be called. A foreign name that leads here is DNS rebinding: a web page of somebody else who has
//! pointed its own name at this machine.

use crate::config::Config;
use std::net::IpAddr;

/// Whether the value of `Host` names this service. `node` is the name of this host.
///
/// Everybody: `localhost`, loopback addresses, the address that is listened on, the names of `server.hosts`. With access control,
/// where more than loopback is listened on, also this host's name (with `.local` as well) and every address: no page of another
/// origin can have an address as its own that leads here, and in a container the machine's addresses are not known.
pub fn is_ours(host: &str, config: &Config, node: &str) -> bool {
    let name = name(host).trim_end_matches('.').to_ascii_lowercase();
    let open = config.auth && !config.listen.ip().is_loopback();
    if let Ok(address) = name.parse::<IpAddr>() {
        return open || address.is_loopback() || address == config.listen.ip();
    }
    let node = node.to_ascii_lowercase();
    let own = open && !node.is_empty() && (name == node || name.strip_suffix(".local").is_some_and(|short| short == node));
    name == "localhost" || own || config.hosts.contains(&name)
}

/// The name without port and without the brackets of IPv6.
fn name(host: &str) -> &str {
    match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.rsplit_once(':').map_or(host, |(name, _)| name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(listen: &str, auth: bool) -> Config {
        let listen = listen.parse().expect("an address");
        Config { listen, auth, hosts: vec!["discs.example.org".to_owned()], ..Config::default() }
    }

    const FOREIGN: [&str; 8] = [
        "",
        "evil.example",
        "evil.example:8080",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "discs.example.org.evil.example",
        "[",
        ":",
    ];
    const OWN: [&str; 8] =
        ["localhost", "LOCALHOST:8080", "localhost.", "127.0.0.1:8080", "127.1.2.3", "[::1]:8080", "[::1]", "Discs.example.org"];

    #[test]
    fn on_loopback_only_names_of_this_machine_are_ours() {
        for config in [config("127.0.0.1:80", false), config("127.0.0.1:80", true)] {
            assert!(OWN.iter().all(|host| is_ours(host, &config, "archive-1")));
            for host in FOREIGN.into_iter().chain(["192.168.0.1:8080", "[::2]", "archive-1", "archive-1.local"]) {
                assert!(!is_ours(host, &config, "archive-1"), "{host}");
            }
        }
    }

    #[test]
    fn where_everybody_may_ask_addresses_and_the_hosts_name_are_ours_and_foreign_names_are_not() {
        for listen in ["0.0.0.0:80", "[::]:80", "192.168.0.7:80"] {
            let config = config(listen, true);
            for host in OWN.into_iter().chain(["192.168.0.7:80", "0.0.0.0", "[fe80::1]:80", "archive-1:80", "Archive-1.local"]) {
                assert!(is_ours(host, &config, "archive-1"), "{listen} {host}");
            }
            for host in FOREIGN.into_iter().chain(["archive-2", "archive-1.evil.example"]) {
                assert!(!is_ours(host, &config, "archive-1"), "{listen} {host}");
            }
        }
    }
}
