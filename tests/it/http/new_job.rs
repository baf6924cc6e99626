//! The form of a new job: without a script, with mistakes, with a memory.

use super::support::{Answer, ask, one_image, settled};
use crate::support::{disc, service::Service};

fn send(service: &Service, body: &str, language: &str) -> Answer {
    let own = service.url("");
    let headers =
        [("origin", own.as_str()), ("content-type", "application/x-www-form-urlencoded"), ("accept-language", language)];
    ask(service, "POST", "/ui/new-job", &headers, body.as_bytes())
}

fn ready(service: &Service, label: &str) {
    service.insert(0, &disc::file(service.folder.path(), label, 300, 9));
    service.wait_for_drive(0, "idle", "");
}

#[test]
fn a_job_is_made_as_it_was_filled_in_and_the_choice_is_remembered() {
    let service = settled(Service::builder());
    ready(&service, "CHOSEN");
    let form = service.text("/jobs/new");
    assert!(form.contains("value=\"CHOSEN\"") && form.contains("The image will be called CHOSEN."), "{form}");
    let sent = send(
        &service,
        "device=virtual-drive0&mode=standard&filename=My+disc&output_path=sub&options.retries=4&options.verify=image",
        "en",
    );
    assert_eq!(sent.status, 303, "{}", sent.text());
    let job = service.jobs().remove(0);
    let id = job["uuid"].as_str().expect("uuid").to_owned();
    assert_eq!(sent.header("location"), format!("/jobs/{id}"));
    assert_eq!((&job["options"]["retries"], &job["options"]["verify"]), (&4.into(), &"image".into()));
    let done = service.wait_for_status(&id, "completed");
    assert!(done["output_path"].as_str().expect("path").ends_with("/sub/My disc.iso"), "{done}");
    let cookies: Vec<String> =
        sent.headers.get_all("set-cookie").iter().filter_map(|value| value.to_str().ok().map(str::to_owned)).collect();
    let last = cookies.iter().find(|cookie| cookie.starts_with("last_job=")).expect("a cookie");
    assert!(last.contains("HttpOnly") && last.contains("SameSite=Lax"));
    let cookie = last.split(';').next().expect("a pair");
    let again = ask(&service, "GET", "/jobs/new?drive=virtual-drive0", &[("cookie", cookie)], b"").text();
    assert!(again.contains("value=\"sub\"") && again.contains("name=\"options.retries\" value=\"4\""), "{again}");
    assert!(!again.contains("value=\"My disc\""), "a name is for one disc only");
    assert!(again.contains("This disc is archived already:"), "{again}");
}

#[test]
fn mistakes_stand_beside_their_fields_and_nothing_is_lost() {
    let service = settled(Service::builder());
    ready(&service, "WRONG");
    for (body, language, words) in [
        ("filename=a%2Fb", "en", "must be a name without folder"),
        ("filename=a%2Fb", "de", "keinen Ordner und keine Steuerzeichen"),
        ("output_path=%2Fetc", "de", "in einem der erlaubten Ordner"),
        ("mode=magic", "en", "magic"),
        ("options.retries=many", "de", "eine ganze Zahl von 0 bis 100"),
        ("priority=101", "en", "a whole number from -100 to 100"),
    ] {
        let answer = send(&service, &format!("device=virtual-drive0&filename=Kept&{body}&options.speed_kbps=1400"), language);
        let text = answer.text();
        assert!(answer.status == 422 && text.contains(words), "{body}: {} {text}", answer.status);
        assert!(
            text.contains("name=\"options.speed_kbps\" value=\"1400\"") && text.contains("invalid-feedback"),
            "{body}: {text}"
        );
    }
    let hostile = send(&service, "device=virtual-drive0&filename=%22%3E%3Cscript%3E%2F", "en").text();
    assert!(!hostile.contains("\"><script>"), "{hostile}");
    let nowhere = send(&service, "device=nobody", "en");
    assert_eq!(nowhere.status, 422);
    assert!(service.jobs().is_empty(), "nothing was made");
}

#[test]
fn names_are_checked_while_they_are_typed_with_the_same_words() {
    let service = settled(Service::builder());
    one_image(&service, "TAKEN");
    let check = |query: &str, language| {
        let answer = ask(&service, "GET", &format!("/api/v1/jobs/check-name?{query}"), &[("accept-language", language)], b"");
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()
    };
    let taken = check("filename=TAKEN", "de");
    assert_eq!((&taken["ok"], &taken["taken"]), (&true.into(), &true.into()));
    assert_eq!(taken["message"], "Der Name ist vergeben; das Abbild wird TAKEN_2 heißen.");
    let free = check("filename=Free.iso&output_path=sub", "en");
    assert!(free["path"].as_str().expect("path").ends_with("/sub/Free"), "{free}");
    let refused = check("filename=a%2Fb", "de");
    assert_eq!((&refused["ok"], &refused["field"]), (&false.into(), &"filename".into()));
    assert!(
        send(&service, "device=virtual-drive0&filename=a%2Fb", "de").text().contains(refused["message"].as_str().expect("words"))
    );
    assert_eq!(check("filename=a&output_path=..%2Fx", "en")["field"], "output_path");
    assert_eq!(check("", "en")["ok"], false);
}

#[test]
fn with_several_drives_one_is_chosen_first() {
    let service = settled(Service::builder().drives(2));
    let text = service.text("/jobs/new");
    assert!(text.contains("Which drive?") && !text.contains("action=\"/ui/new-job\""), "{text}");
    let chosen = service.text("/jobs/new?drive=virtual-drive1");
    assert!(chosen.contains("name=\"device\" value=\"virtual-drive1\"") && chosen.contains("aria-current=\"true\""), "{chosen}");
    assert!(chosen.contains("the job waits until one is inserted"), "{chosen}");
}
