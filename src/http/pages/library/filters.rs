//! What the address of the library says: every view can be bookmarked and sent.

use crate::{
    domain::verdict::Verdict,
    error::Problem,
    http::{
        api::{isos::CHECKS, isos::ORDERS, jobs::DISK_TYPES, jobs::VERDICTS},
        pages::sentences,
        params::Params,
        words::{self, Language},
    },
    storage::{Page, isos::IsoFilter},
};
use chrono::{Days, NaiveDate, NaiveTime};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// Images on a page.
const IMAGES: u32 = 60;

/// One of several values that a field can have.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    /// The value.
    pub value: &'static str,
    /// What it is called.
    pub word: &'static str,
    /// It is chosen.
    pub chosen: bool,
}

/// A filter that is in force, and the address without it.
#[derive(Debug, Clone, PartialEq)]
pub struct Chip {
    /// What it says.
    pub text: String,
    /// The view without it.
    pub without: String,
}

/// The fields as they were typed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Filters {
    /// Text to find.
    pub q: String,
    /// Kind of disc.
    pub kind: String,
    /// Verdict.
    pub verdict: String,
    /// How the last comparison ended.
    pub check: String,
    /// First day.
    pub from: String,
    /// Last day.
    pub to: String,
    /// Smallest size.
    pub min: String,
    /// Largest size.
    pub max: String,
    /// Order.
    pub sort: String,
    /// Where the page begins.
    pub cursor: String,
    /// What is in the trash.
    pub trash: bool,
    /// What was not understood: the field and a sentence.
    pub wrong: Vec<(&'static str, String)>,
}

impl Filters {
    /// Reads the address. What is not understood is told and left out; what is not known is not for us.
    pub fn read(params: &mut Params, language: Language) -> (Self, IsoFilter, Page) {
        let mut text = |name: &str| params.text(name).unwrap_or_default().trim().to_owned();
        let mut filters = Self {
            q: text("q").chars().take(200).collect(),
            kind: text("kind"),
            verdict: text("verdict"),
            check: text("check"),
            from: text("from"),
            to: text("to"),
            min: text("min"),
            max: text("max"),
            sort: text("sort"),
            cursor: text("cursor"),
            trash: text("trash") == "1",
            wrong: Vec::new(),
        };
        for (field, allowed) in
            [(&mut filters.kind, &DISK_TYPES[..]), (&mut filters.verdict, &VERDICTS[..]), (&mut filters.check, &CHECKS[..])]
        {
            if !allowed.contains(&field.as_str()) {
                field.clear();
            }
        }
        if !ORDERS.contains(&filters.sort.trim_start_matches('-')) {
            filters.sort = "-created_at".to_owned();
        }
        let filter = filters.filter(language);
        let page = Page {
            sort: filters.sort.parse().ok(),
            limit: IMAGES,
            cursor: Some(filters.cursor.clone()).filter(|cursor| !cursor.is_empty()),
        };
        (filters, filter, page)
    }

    fn filter(&mut self, language: Language) -> IsoFilter {
        let day = |text: &str| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
        let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let (from, to) = (day(&self.from), day(&self.to).and_then(|day| day.checked_add_days(Days::new(1))));
        let midnight = |day: NaiveDate| day.and_time(NaiveTime::MIN).and_utc();
        let (min, max) = (size(&self.min), size(&self.max));
        for (name, text, known) in [("from", &self.from, from.is_some()), ("to", &self.to, to.is_some())] {
            if !text.is_empty() && !known {
                let why = language.pick("not a date; write 2026-11-20", "kein Datum; zum Beispiel 2026-11-20");
                self.wrong.push((name, why.to_owned()));
            }
        }
        for (name, text, known) in [("min", &self.min, min.is_some()), ("max", &self.max, max.is_some())] {
            if !text.is_empty() && !known {
                let why = language.pick("not a size; write 700 MB or 4.7 GB", "keine Größe; zum Beispiel 700 MB oder 4,7 GB");
                self.wrong.push((name, why.to_owned()));
            }
        }
        IsoFilter {
            q: some(&self.q),
            disk_type: some(&self.kind),
            verdict: some(&self.verdict),
            check: some(&self.check),
            since: from.map(midnight),
            until: to.map(midnight),
            min_size: min,
            max_size: max,
            trash: self.trash,
            job: None,
        }
    }

    /// Whether anything is left out.
    pub fn narrowed(&self) -> bool {
        self.fields().iter().any(|(name, value)| !value.is_empty() && !matches!(*name, "sort" | "trash"))
    }

    /// Whether one of the filters behind the fold is in force, or is wrong.
    pub fn unfolded(&self) -> bool {
        let fields = [&self.kind, &self.verdict, &self.check, &self.from, &self.to, &self.min, &self.max];
        fields.iter().any(|value| !value.is_empty())
    }

    /// What is wrong with a field.
    pub fn wrong(&self, field: &str) -> Option<&String> {
        self.wrong.iter().find(|(name, _)| *name == field).map(|(_, why)| why)
    }

    fn fields(&self) -> [(&'static str, &str); 10] {
        [
            ("q", &self.q),
            ("kind", &self.kind),
            ("verdict", &self.verdict),
            ("check", &self.check),
            ("from", &self.from),
            ("to", &self.to),
            ("min", &self.min),
            ("max", &self.max),
            ("sort", if self.sort == "-created_at" { "" } else { &self.sort }),
            ("trash", if self.trash { "1" } else { "" }),
        ]
    }

    /// The address of this view from its beginning, with another value of one field, or a further one.
    pub fn url(&self, name: &str, value: &str) -> String {
        let mut pairs: Vec<(&str, &str)> = self.fields().into_iter().filter(|(field, _)| *field != name).collect();
        pairs.push((name, value));
        let encode = |value| utf8_percent_encode(value, NON_ALPHANUMERIC).to_string();
        let query: Vec<String> = pairs
            .iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| format!("{name}={}", encode(value)))
            .collect();
        if query.is_empty() { "/library".to_owned() } else { format!("/library?{}", query.join("&")) }
    }

    /// The filters in force, each with the way to be without it.
    pub fn chips(&self, language: &Language) -> Vec<Chip> {
        let language = *language;
        let say = |name: &str, value: &str| match name {
            "q" => format!("“{value}”"),
            "kind" => words::find(words::KINDS, value, None).word(language).to_owned(),
            "verdict" => words::find(words::VERDICTS, value, None).word(language).to_owned(),
            "check" => check_word(value, language).to_owned(),
            "from" => format!("{} {value}", language.pick("from", "ab")),
            "to" => format!("{} {value}", language.pick("until", "bis")),
            "min" => format!("≥ {}", said_size(value, language)),
            _ => format!("≤ {}", said_size(value, language)),
        };
        let narrowing = self.fields().into_iter().filter(|(name, value)| !value.is_empty() && !matches!(*name, "sort" | "trash"));
        let understood = narrowing.filter(|(name, _)| self.wrong(name).is_none());
        understood.map(|(name, value)| Chip { text: say(name, value), without: self.url(name, "") }).collect()
    }

    /// Kinds of disc to choose from.
    pub fn kinds(&self, language: &Language) -> Vec<Choice> {
        let language = *language;
        let word = |value| words::find(words::KINDS, value, None).word(language);
        let kinds = DISK_TYPES.iter().filter(|kind| !matches!(**kind, "blank" | "unreadable"));
        kinds.map(|value| Choice { value, word: word(value), chosen: self.kind == *value }).collect()
    }

    /// Verdicts to choose from.
    pub fn verdicts(&self, language: &Language) -> Vec<Choice> {
        let language = *language;
        let all = [Verdict::Complete, Verdict::CompleteTrimmed, Verdict::Degraded, Verdict::Incomplete, Verdict::Failed];
        let word = |value| words::find(words::VERDICTS, value, None).word(language);
        all.iter()
            .map(|verdict| verdict.as_str())
            .map(|value| Choice { value, word: word(value), chosen: self.verdict == value })
            .collect()
    }

    /// How the last comparison can have ended.
    pub fn checks(&self, language: &Language) -> Vec<Choice> {
        let language = *language;
        CHECKS.iter().map(|value| Choice { value, word: check_word(value, language), chosen: self.check == *value }).collect()
    }

    /// Orders to choose from.
    pub fn orders(&self, language: &Language) -> Vec<Choice> {
        let language = *language;
        let all = [
            ("-created_at", "Newest first", "Neueste zuerst"),
            ("created_at", "Oldest first", "Älteste zuerst"),
            ("label", "Disc label, A to Z", "Disc-Name, A bis Z"),
            ("-label", "Disc label, Z to A", "Disc-Name, Z bis A"),
            ("filename", "File name, A to Z", "Dateiname, A bis Z"),
            ("-filename", "File name, Z to A", "Dateiname, Z bis A"),
            ("-size", "Largest first", "Größte zuerst"),
            ("size", "Smallest first", "Kleinste zuerst"),
        ];
        all.map(|(value, en, de)| Choice { value, word: language.pick(en, de), chosen: self.sort == value }).to_vec()
    }
}

fn check_word(check: &str, language: Language) -> &'static str {
    match check {
        "passed" => language.pick("Checked and unchanged", "Geprüft und unverändert"),
        "failed" => language.pick("Check failed", "Prüfung fehlgeschlagen"),
        _ => language.pick("Never checked", "Nie geprüft"),
    }
}

fn said_size(text: &str, language: Language) -> String {
    size(text).map(|bytes| sentences::size(bytes, language)).unwrap_or_else(|| text.to_owned())
}

/// A size as people write it: `700 MB`, `4,7GB`, `650` (megabytes). Powers of ten, as discs are sold.
fn size(text: &str) -> Option<u64> {
    let text = text.trim().replace(',', ".");
    let split = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let factor: u64 = match unit.trim().to_ascii_lowercase().as_str() {
        "b" | "bytes" => 1,
        "kb" | "k" => 1_000,
        "" | "mb" | "m" => 1_000_000,
        "gb" | "g" => 1_000_000_000,
        "tb" | "t" => 1_000_000_000_000,
        _ => return None,
    };
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    if part.len() > 6 || part.contains('.') || whole.is_empty() {
        return None;
    }
    let (whole, parts): (u64, u64) = (whole.parse().ok()?, if part.is_empty() { 0 } else { part.parse().ok()? });
    let scale = 10_u64.checked_pow(u32::try_from(part.len()).ok()?)?;
    whole.checked_mul(factor)?.checked_add(parts.checked_mul(factor)? / scale)
}

/// A refusal of the list about the address: a cursor that is not ours leads to the beginning.
pub fn is_about_cursor(problem: &Problem) -> bool {
    problem.detail.contains("cursor")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> (Filters, IsoFilter) {
        let mut params = Params::parse(query).expect("a query");
        let (filters, filter, _) = Filters::read(&mut params, Language::En);
        (filters, filter)
    }

    #[test]
    fn sizes_are_understood_as_people_write_them() {
        let sizes = ["700 MB", "4,7GB", "4.7 gb", "650", "1.5k", "12 B", "2 TB", "0.000001 TB"].map(size);
        let wanted = [700_000_000, 4_700_000_000, 4_700_000_000, 650_000_000, 1_500, 12, 2_000_000_000_000, 1_000_000];
        assert_eq!(sizes, wanted.map(Some));
        for bad in ["", "GB", "-1", "1.2.3", "1 PiB", "99999999999 TB", "1.1234567", ".5"] {
            assert_eq!(size(bad), None, "{bad}");
        }
    }

    #[test]
    fn an_address_says_what_it_shows_and_chips_lead_out_of_it() {
        let (filters, filter) = read("q=Fotos+%26&kind=audio_cd&from=2026-01-01&to=2026-01-31&min=1+GB&sort=-size&lang=de");
        assert_eq!(
            (filter.q.as_deref(), filter.disk_type.as_deref(), filter.min_size),
            (Some("Fotos &"), Some("audio_cd"), Some(1_000_000_000))
        );
        assert_eq!(filter.until.map(|day| day.to_rfc3339()).as_deref(), Some("2026-02-01T00:00:00+00:00"), "the last day, too");
        let chips = filters.chips(&Language::En);
        assert_eq!(chips.len(), 5);
        assert_eq!(chips[1].without, "/library?q=Fotos%20%26&from=2026%2D01%2D01&to=2026%2D01%2D31&min=1%20GB&sort=%2Dsize");
        assert!(filters.narrowed() && filters.unfolded() && filters.wrong.is_empty());
        assert_eq!(read("").0.url("view", "list"), "/library?view=list");
    }

    #[test]
    fn what_is_not_understood_is_said_and_left_out() {
        let (filters, filter) = read("min=huge&from=yesterday&kind=vinyl&sort=colour&verdict=nice");
        assert_eq!(filter, IsoFilter::default());
        assert_eq!((filters.wrong.len(), filters.wrong("min").is_some(), filters.sort.as_str()), (2, true, "-created_at"));
        assert!(filters.chips(&Language::De).is_empty());
    }
}
