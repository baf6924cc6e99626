//! What the address of the page says: filters, order and place, so that every view can be kept and sent.

use crate::{
    error::{Code, Problem},
    http::{api, params::Params},
    storage::{Page, jobs::JobFilter},
};
use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};

/// Jobs on a page of the table.
const ROWS: u32 = 50;
/// States of jobs that are over.
pub const OVER: [&str; 3] = ["completed", "failed", "cancelled"];

/// The view that the address asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// In these states.
    pub status: Vec<String>,
    /// Of this kind of disc.
    pub disk_type: Option<String>,
    /// Of the drive of this id.
    pub drive: Option<String>,
    /// With this verdict.
    pub verdict: Option<String>,
    /// Doing this.
    pub kind: Option<String>,
    /// Created on this day (UTC) or later.
    pub from: Option<NaiveDate>,
    /// Created on this day (UTC) or before.
    pub to: Option<NaiveDate>,
    /// Text to find.
    pub q: Option<String>,
    /// Order; newest first if absent.
    pub sort: Option<String>,
    /// Where the page begins.
    pub cursor: Option<String>,
}

impl Wanted {
    /// Reads the address.
    ///
    /// # Errors
    /// `invalid_query` with the parameter's name.
    pub fn read(mut params: Params) -> Result<Self, Problem> {
        // Read by the frame.
        params.text("lang");
        let page = params.page(&api::jobs::ORDERS)?;
        let wanted = Self {
            status: params.words("status", &api::jobs::STATUSES)?,
            disk_type: params.word("disk_type", &api::jobs::DISK_TYPES)?,
            drive: params.text("drive"),
            verdict: params.word("verdict", &api::jobs::VERDICTS)?,
            kind: params.word("kind", &api::jobs::KINDS)?,
            from: params.parsed("from", "a date as 2026-11-20")?,
            to: params.parsed("to", "a date as 2026-11-20")?,
            q: params.search()?.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()),
            sort: page.sort.map(|sort| sort.to_string()).filter(|sort| sort != "-created_at"),
            cursor: page.cursor,
        };
        params.finish()?;
        if wanted.to.zip(wanted.from).is_some_and(|(to, from)| to < from) {
            return Err(Problem::new(Code::InvalidQuery, "to is before from").about("to"));
        }
        Ok(wanted)
    }

    /// Whether nothing is filtered: the page shows the queue and what is over.
    pub fn is_overview(&self) -> bool {
        *self == Self { sort: self.sort.clone(), cursor: self.cursor.clone(), ..Self::default() }
    }

    /// Filters beside the state and the text, which are always in sight.
    pub fn is_narrowed(&self) -> bool {
        !Self { status: Vec::new(), q: None, ..self.clone() }.is_overview()
    }

    /// For the database.
    pub fn filter(&self) -> JobFilter {
        let over = || OVER.map(str::to_owned).to_vec();
        let midnight = |day: NaiveDate| day.and_time(NaiveTime::MIN).and_utc();
        let next = |day: DateTime<Utc>| day.checked_add_signed(TimeDelta::days(1)).unwrap_or(day);
        JobFilter {
            status: if self.is_overview() { over() } else { self.status.clone() },
            device: None,
            drive: self.drive.clone(),
            disk_type: self.disk_type.clone(),
            since: self.from.map(midnight),
            until: self.to.map(midnight).map(next),
            q: self.q.clone(),
            kind: self.kind.clone(),
            verdict: self.verdict.clone(),
        }
    }

    /// For the database.
    pub fn page(&self) -> Page {
        Page { sort: self.sort.as_deref().and_then(|sort| sort.parse().ok()), limit: ROWS, cursor: self.cursor.clone() }
    }

    /// The order, as in the address.
    pub fn sort(&self) -> &str {
        self.sort.as_deref().unwrap_or("-created_at")
    }

    /// Address of this view.
    pub fn link(&self) -> String {
        let day = |day: Option<NaiveDate>| day.map(|day| day.to_string());
        let status = Some(self.status.join(",")).filter(|status| !status.is_empty());
        let pairs = [
            ("status", status),
            ("disk_type", self.disk_type.clone()),
            ("drive", self.drive.clone()),
            ("verdict", self.verdict.clone()),
            ("kind", self.kind.clone()),
            ("from", day(self.from)),
            ("to", day(self.to)),
            ("q", self.q.clone()),
            ("sort", self.sort.clone()),
            ("cursor", self.cursor.clone()),
        ];
        let encode = |text: &str| percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string();
        let said: Vec<String> =
            pairs.iter().filter_map(|(name, value)| Some(format!("{name}={}", encode(value.as_deref()?)))).collect();
        if said.is_empty() { "/jobs".to_owned() } else { format!("/jobs?{}", said.join("&")) }
    }

    /// The same from another row on.
    pub fn at(&self, cursor: Option<String>) -> Self {
        Self { cursor, ..self.clone() }
    }

    /// The same in another state, from the beginning.
    pub fn in_state(&self, status: Option<&str>) -> Self {
        Self { status: status.map(str::to_owned).into_iter().collect(), cursor: None, ..self.clone() }
    }

    /// The same in another order, from the beginning; the other way round if it is in this order already.
    pub fn sorted(&self, by: &str) -> Self {
        let sort = if self.sort() == by { format!("-{by}") } else { by.to_owned() };
        // Times are looked at newest first.
        let sort = if by.ends_with("_at") && self.sort() != format!("-{by}") { format!("-{by}") } else { sort };
        Self { sort: Some(sort).filter(|sort| sort != "-created_at"), cursor: None, ..self.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> Wanted {
        Wanted::read(Params::parse(query).expect("a query")).expect("known")
    }

    #[test]
    fn an_address_says_all_and_comes_back_the_same() {
        for query in [
            "",
            "status=queued%2Crunning",
            "q=%3Cb%3E%26%20ümlaut&drive=usb-1%2F2&verdict=degraded",
            "from=2026-11-01&to=2026-11-30&kind=scan&disk_type=data_cd&sort=label",
        ] {
            let wanted = read(query);
            let link = wanted.link();
            assert_eq!(read(link.trim_start_matches("/jobs").trim_start_matches('?')), wanted, "{link}");
        }
        assert_eq!(read("status=&drive=&q=++&from=&sort=-created_at&lang=de").link(), "/jobs");
    }

    #[test]
    fn a_day_is_whole_and_the_overview_is_what_is_over() {
        let filter = read("from=2026-11-20&to=2026-11-20").filter();
        assert_eq!(filter.until.zip(filter.since).map(|(until, since)| until - since), Some(TimeDelta::days(1)));
        assert!(filter.status.is_empty(), "a search looks at every state");
        assert_eq!(read("sort=label").filter().status, OVER);
        assert!(read("status=failed").filter().status == ["failed"] && !read("status=failed").is_narrowed());
        assert!(read("to=9999-12-31").filter().until.is_some(), "far ahead");
    }

    #[test]
    fn a_heading_sorts_and_sorts_the_other_way_round() {
        let wanted = read("status=failed&cursor=x");
        assert_eq!(wanted.sorted("label").link(), "/jobs?status=failed&sort=label");
        assert_eq!(wanted.sorted("label").sorted("label").sort(), "-label");
        assert_eq!(wanted.sorted("created_at").sort(), "created_at");
        assert_eq!(wanted.sorted("updated_at").sort(), "-updated_at");
        assert_eq!(wanted.sorted("updated_at").sorted("updated_at").sort(), "updated_at");
    }

    #[test]
    fn what_is_not_known_is_named() {
        for (query, field) in
            [("status=odd", "status"), ("from=x", "from"), ("page=2", "page"), ("from=2026-02-02&to=2026-02-01", "to")]
        {
            let refused = Wanted::read(Params::parse(query).expect("a query")).expect_err(query);
            assert_eq!(refused.field.as_deref(), Some(field));
        }
    }
}
