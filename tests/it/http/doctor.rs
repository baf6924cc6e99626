//! The doctor on the page and in the API.

use super::support::{ask, settled};
use crate::support::service::Service;

#[test]
fn the_page_says_what_is_wrong_and_how_to_mend_it_in_both_languages() {
    let folder = tempfile::tempdir().expect("folder");
    let hook = folder.path().join("a <b>hook");
    std::fs::write(&hook, "#!/bin/sh\n").expect("hook");
    let service = settled(Service::builder().set("DISK2ISO_HOOK_COMMAND", hook.display()));
    for (language, words) in [
        ("en", ["does not work", "is not executable", "make it executable", "Folder for images", "the service answers on"]),
        ("de", ["geht nicht", "ist nicht ausführbar", "ausführbar machen", "Ordner für Abbilder", "der Dienst antwortet auf"]),
    ] {
        let page = ask(&service, "GET", "/system/doctor", &[("accept-language", language)], b"").text();
        assert!(words.iter().all(|word| page.contains(word)), "{page}");
        assert!(page.contains("<code>chmod +x") && !page.contains("<b>hook"), "copyable, and only text: {page}");
    }
}

#[test]
fn a_look_is_told_again_until_somebody_asks_for_another() {
    let mut service = settled(Service::builder());
    let first = service.get("/api/v1/system/doctor");
    assert!(first["at"].is_string() && first["running"].is_null(), "{first}");
    for topic in ["drive", "tool", "state", "output", "database", "web"] {
        assert!(
            first["findings"].as_array().expect("findings").iter().any(|finding| finding["topic"] == topic),
            "{topic}: {first}"
        );
    }
    assert_eq!(service.get("/api/v1/system/doctor")["at"], first["at"]);
    let anew = service.get("/api/v1/system/doctor?anew=true");
    assert_ne!(anew["at"], first["at"]);
    let pressed = ask(
        &service,
        "POST",
        "/ui/system/doctor",
        &[("content-type", "application/x-www-form-urlencoded")],
        b"next=/system/doctor",
    );
    assert_eq!((pressed.status, pressed.header("location")), (303, "/system/doctor"));
    assert_ne!(service.get("/api/v1/system/doctor")["at"], anew["at"]);
    assert_eq!(service.status_of("/api/v1/system/doctor?anew=perhaps"), Some(400));
    assert_eq!(service.stop(), Some(0));
}
