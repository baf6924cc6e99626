//! The API to read and to try, from the program itself.

use super::support::{ask, settled};
use crate::support::service::Service;

#[test]
fn the_api_can_be_read_and_tried_in_a_browser_and_nothing_comes_from_elsewhere() {
    let service = settled(Service::builder());
    let page = ask(&service, "GET", "/api/docs", &[("accept", "text/html")], b"");
    assert_eq!((page.status, page.header("content-type")), (200, "text/html; charset=utf-8"));
    let text = page.text();
    assert!(text.contains("href=\"/api/v1/openapi.json\"") && !text.contains("://"), "{text}");
    assert!(!page.header("content-security-policy").contains("unsafe"));
    // The front end may not be built where this runs; then the page leads to the document only.
    for address in text.split("data-styles=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
        let styles = ask(&service, "GET", address, &[("accept-encoding", "br")], b"");
        assert_eq!((styles.status, styles.header("content-encoding")), (200, "br"), "{address}");
        assert!(styles.header("cache-control").contains("immutable"), "{address}");
    }
    assert_eq!(ask(&service, "GET", "/api/nothing", &[], b"").status, 404);
    assert_eq!(ask(&service, "GET", "/api/openapi.json", &[], b"").status, 200, "the rest of /api is as before");
}
