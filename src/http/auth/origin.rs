//! Where a request comes from: the address, through proxies that are believed, and whether it came encrypted.

use crate::config::Config;
use actix_web::{HttpRequest, http::header::HeaderMap};
use std::net::IpAddr;

/// Longest text of a header that is kept.
const MOST: usize = 200;

fn peer(request: &HttpRequest) -> Option<IpAddr> {
    request.peer_addr().map(|peer| peer.ip().to_canonical())
}

/// Whether the other end of the connection is a proxy that is believed.
pub fn is_proxy(request: &HttpRequest, config: &Config) -> bool {
    peer(request).is_some_and(|peer| believed(config, peer))
}

fn believed(config: &Config, address: IpAddr) -> bool {
    config.proxies.iter().any(|network| network.contains(address))
}

/// The address of whoever asks: the last one in `X-Forwarded-For` that is no proxy of ours, or the other end of the connection.
pub fn address(request: &HttpRequest, config: &Config) -> String {
    let Some(peer) = peer(request) else { return "unknown".to_owned() };
    forwarded(request.headers(), config, peer).to_string()
}

fn forwarded(headers: &HeaderMap, config: &Config, peer: IpAddr) -> IpAddr {
    if !believed(config, peer) {
        return peer;
    }
    let lines: Vec<&str> = headers.get_all("x-forwarded-for").filter_map(|line| line.to_str().ok()).collect();
    let hops = lines.iter().rev().flat_map(|line| line.rsplit(','));
    let mut last = peer;
    for hop in hops.map(|hop| hop.trim().parse::<IpAddr>()) {
        let Ok(hop) = hop else { break };
        last = hop.to_canonical();
        if !believed(config, last) {
            break;
        }
    }
    last
}

/// Whether the browser speaks TLS, to us or to a proxy that is believed.
pub fn is_secure(request: &HttpRequest, config: &Config) -> bool {
    let proto = request.headers().get("x-forwarded-proto").and_then(|proto| proto.to_str().ok());
    request.app_config().secure() || (proto.is_some_and(|proto| proto.eq_ignore_ascii_case("https")) && is_proxy(request, config))
}

/// What the browser calls itself, bounded and printable.
pub fn agent(request: &HttpRequest) -> String {
    let agent = request.headers().get("user-agent").and_then(|agent| agent.to_str().ok()).unwrap_or_default();
    agent.chars().filter(|c| !c.is_control()).take(MOST).collect()
}

/// Address of this service as whoever asks writes it, for links. The name was checked before (`guard`).
pub fn base(request: &HttpRequest, config: &Config) -> String {
    let host = request.headers().get("host").and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    format!("{}://{host}", if is_secure(request, config) { "https" } else { "http" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::{HeaderName, HeaderValue};

    #[test]
    fn only_proxies_that_are_believed_say_who_stands_behind_them() {
        let config = Config { proxies: vec!["10.0.0.0/8".parse().expect("network")], ..Config::default() };
        let ask = |peer: &str, lines: &[&'static str]| {
            let pairs = lines.iter().map(|line| (HeaderName::from_static("x-forwarded-for"), HeaderValue::from_static(line)));
            let mut headers = HeaderMap::new();
            pairs.for_each(|(name, value)| headers.append(name, value));
            forwarded(&headers, &config, peer.parse().expect("address")).to_string()
        };
        assert_eq!(ask("192.0.2.1", &["203.0.113.5"]), "192.0.2.1", "forged");
        assert_eq!(ask("10.0.0.1", &["203.0.113.5"]), "203.0.113.5");
        assert_eq!(ask("10.0.0.1", &["1.1.1.1, 203.0.113.5", "10.9.9.9"]), "203.0.113.5", "what stands left is forged");
        assert_eq!(ask("10.0.0.1", &["nonsense"]), "10.0.0.1");
        assert_eq!(ask("10.0.0.1", &[]), "10.0.0.1");
    }
}
