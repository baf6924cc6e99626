//! What every page has around it: language, navigation, search, and refusals as pages.

use super::support::{ask, one_image, settled};
use crate::support::service::Service;

const PAGE: (&str, &str) = ("accept", "text/html,application/xhtml+xml,*/*;q=0.8");

#[test]
fn a_refusal_is_a_page_for_people_and_a_document_for_programs() {
    let service = settled(Service::builder());
    let english = ask(&service, "GET", "/nowhere", &[PAGE, ("accept-language", "en")], b"");
    assert_eq!((english.status, english.header("content-type")), (404, "text/html; charset=utf-8"));
    let text = english.text();
    assert!(text.contains("There is no page /nowhere.") && text.contains("To the dashboard") && text.contains("<nav"), "{text}");
    let german = ask(&service, "GET", "/nowhere", &[PAGE, ("accept-language", "de")], b"").text();
    assert!(german.contains("Es gibt keine Seite /nowhere.") && german.contains("Zur Übersicht"), "{german}");
    let hostile = ask(&service, "GET", "/%3Cscript%3Ealert(1)%3C/script%3E", &[PAGE], b"");
    assert!(hostile.status == 404 && !hostile.text().contains("<script>alert"), "{}", hostile.text());
    let method = ask(&service, "POST", "/search", &[PAGE], b"");
    assert_eq!((method.status, method.header("allow")), (405, "GET, HEAD"));
    assert!(method.text().contains("<h1>"), "{}", method.text());
    for (path, accept) in [("/nowhere", "application/json"), ("/api/v1/nowhere", PAGE.1), ("/assets/nowhere.js", PAGE.1)] {
        let answer = ask(&service, "GET", path, &[("accept", accept)], b"");
        assert_eq!((answer.status, answer.header("content-type")), (404, "application/problem+json"), "{path}");
    }
}

#[test]
fn the_language_is_the_chosen_one_then_the_browsers() {
    let service = settled(Service::builder());
    let chosen = ask(&service, "GET", "/language/de?next=%2Fsearch%3Fq%3Dx", &[("accept-language", "en")], b"");
    assert_eq!((chosen.status, chosen.header("location")), (303, "/search?q=x"));
    let cookie = chosen.header("set-cookie").split(';').next().expect("a cookie").to_owned();
    let german = ask(&service, "GET", "/", &[("cookie", &cookie), ("accept-language", "en")], b"");
    assert_eq!(german.header("content-language"), "de");
    let asked = ask(&service, "GET", "/?lang=en", &[("cookie", &cookie)], b"");
    assert_eq!(asked.header("content-language"), "en");
    assert_eq!(
        ask(&service, "GET", "/", &[("cookie", "lang=xx"), ("accept-language", "de")], b"").header("content-language"),
        "de"
    );
    assert_eq!(ask(&service, "GET", "/language/fr", &[], b"").status, 404);
    let elsewhere = ask(&service, "GET", "/language/en?next=https%3A%2F%2Fevil.example", &[], b"");
    assert_eq!(elsewhere.header("location"), "/");
}

#[test]
fn one_box_finds_images_jobs_and_drives() {
    let service = settled(Service::builder());
    one_image(&service, "HOLIDAY <b>2004</b>");
    let found = ask(&service, "GET", "/search?q=holiday", &[("accept-language", "en")], b"").text();
    assert!(found.contains("id=\"images\"") && found.contains("id=\"jobs\"") && found.contains("HOLIDAY"), "{found}");
    assert!(!found.contains("<b>2004"), "labels are text");
    let drive = ask(&service, "GET", "/search?q=VIRTUAL", &[("accept-language", "en")], b"").text();
    assert!(drive.contains("id=\"drives\"") && drive.contains("value=\"VIRTUAL\""), "{drive}");
    let nothing = ask(&service, "GET", "/search?q=%F0%9F%92%BFnothing", &[("accept-language", "de")], b"");
    assert!(nothing.status == 200 && nothing.text().contains("class=\"empty\""), "{}", nothing.text());
    let empty = ask(&service, "GET", "/search", &[("accept-language", "en")], b"").text();
    assert!(empty.contains("Type a part of a label"), "{empty}");
}
