//! Query parameters and ids in paths. Whatever is not known or not allowed is named, never ignored.

use crate::{
    domain::ids::DriveId,
    error::{Code, Problem},
    storage::{MAX_LIMIT, Page, Sort},
};
use actix_web::{FromRequest, HttpRequest, dev::Payload};
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use std::{
    collections::BTreeMap,
    future::{Ready, ready},
    str::FromStr,
};

/// The query string. Take every known parameter, then call [`Params::finish`].
pub struct Params(BTreeMap<String, String>);

/// Longest parameter in characters.
pub const MAX_LENGTH: usize = 4096;

fn refuse(name: &str, why: impl Into<String>) -> Problem {
    Problem::new(Code::InvalidQuery, why).about(name)
}

impl FromRequest for Params {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::parse(request.query_string()))
    }
}

impl Params {
    /// Parses a query string.
    ///
    /// # Errors
    /// `invalid_query`: a parameter came twice or is too long.
    pub fn parse(query: &str) -> Result<Self, Problem> {
        let mut values = BTreeMap::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (name, value) = (decode("query", name)?, value);
            let value = decode(&name, value)?;
            if value.chars().count() > MAX_LENGTH {
                return Err(refuse(&name, format!("{name} is longer than {MAX_LENGTH} characters")));
            }
            if values.insert(name.clone(), value).is_some() {
                return Err(refuse(&name, format!("{name} came twice; several values are separated by commas")));
            }
        }
        Ok(Self(values))
    }

    /// A parameter as text; an empty one counts as absent.
    pub fn text(&mut self, name: &str) -> Option<String> {
        self.0.remove(name).filter(|value| !value.is_empty())
    }

    /// A parameter that parses; `allowed` says what does.
    ///
    /// # Errors
    /// `invalid_query` with the parameter's name.
    pub fn parsed<T: FromStr>(&mut self, name: &str, allowed: &str) -> Result<Option<T>, Problem> {
        let parse =
            |value: String| value.parse().map_err(|_| refuse(name, format!("{name}={value} is not allowed; allowed: {allowed}")));
        self.text(name).map(parse).transpose()
    }

    /// Words separated by commas, each one of `allowed`.
    ///
    /// # Errors
    /// `invalid_query` with the parameter's name.
    pub fn words(&mut self, name: &str, allowed: &[&str]) -> Result<Vec<String>, Problem> {
        let Some(text) = self.text(name) else { return Ok(Vec::new()) };
        let mut words: Vec<String> = Vec::new();
        for word in text.split(',').map(str::trim).filter(|word| !word.is_empty()) {
            if !allowed.contains(&word) {
                return Err(refuse(name, format!("{name}={word} is not allowed; allowed: {}", allowed.join(", "))));
            }
            if !words.iter().any(|known| known == word) {
                words.push(word.to_owned());
            }
        }
        Ok(words)
    }

    /// One word of `allowed`.
    ///
    /// # Errors
    /// `invalid_query` with the parameter's name.
    pub fn word(&mut self, name: &str, allowed: &[&str]) -> Result<Option<String>, Problem> {
        let Some(word) = self.text(name) else { return Ok(None) };
        let known = allowed.contains(&word.as_str());
        if known {
            Ok(Some(word))
        } else {
            Err(refuse(name, format!("{name}={word} is not allowed; allowed: {}", allowed.join(", "))))
        }
    }

    /// A point in time: RFC 3339, or a date (midnight UTC).
    ///
    /// # Errors
    /// `invalid_query` with the parameter's name.
    pub fn time(&mut self, name: &str) -> Result<Option<DateTime<Utc>>, Problem> {
        // `+02:00` unescaped arrives as a space.
        let Some(text) = self.text(name).map(|text| text.replace(' ', "+")) else { return Ok(None) };
        let date = || NaiveDate::parse_from_str(&text, "%Y-%m-%d").ok().map(|date| date.and_time(NaiveTime::MIN).and_utc());
        let time = DateTime::parse_from_rfc3339(&text).ok().map(|time| time.to_utc()).or_else(date);
        time.map(Some)
            .ok_or_else(|| refuse(name, format!("{name}={text} is not a time; allowed: 2026-11-20T10:30:00Z or 2026-11-20")))
    }

    /// `limit`, 1 to the largest page.
    ///
    /// # Errors
    /// `invalid_query` about `limit`.
    pub fn limit(&mut self) -> Result<u32, Problem> {
        let limit = self.parsed("limit", &format!("1 to {MAX_LIMIT}"))?.unwrap_or_else(|| Page::default().limit);
        if (1..=MAX_LIMIT).contains(&limit) {
            Ok(limit)
        } else {
            Err(refuse("limit", format!("limit={limit} is not allowed; allowed: 1 to {MAX_LIMIT}")))
        }
    }

    /// `sort`, `limit` and `cursor`; `orders` are the fields that the list can be sorted by.
    ///
    /// # Errors
    /// `invalid_query` with the parameter's name.
    pub fn page(&mut self, orders: &[&str]) -> Result<Page, Problem> {
        let sort: Option<Sort> = self.text("sort").and_then(|text| text.parse().ok());
        if let Some(sort) = sort.as_ref().filter(|sort| !orders.contains(&sort.by.as_str())) {
            return Err(refuse(
                "sort",
                format!("sort={sort} is not allowed; allowed: {}, each also with - in front", orders.join(", ")),
            ));
        }
        Ok(Page { sort, limit: self.limit()?, cursor: self.text("cursor") })
    }

    /// A search text of at most 200 characters.
    ///
    /// # Errors
    /// `invalid_query` about `q`.
    pub fn search(&mut self) -> Result<Option<String>, Problem> {
        let text = self.text("q");
        if text.as_ref().is_some_and(|text| text.chars().count() > 200) {
            return Err(refuse("q", "q has more than 200 characters"));
        }
        Ok(text)
    }

    /// Whatever is left is not known here.
    ///
    /// # Errors
    /// `invalid_query` about the first of them.
    pub fn finish(self) -> Result<(), Problem> {
        match self.0.keys().next() {
            Some(name) => Err(refuse(name, format!("{name} is not a parameter of this address"))),
            None => Ok(()),
        }
    }
}

fn decode(name: &str, text: &str) -> Result<String, Problem> {
    let text = text.replace('+', " ");
    let decoded = percent_encoding::percent_decode_str(&text).decode_utf8().map(std::borrow::Cow::into_owned);
    match decoded {
        Ok(text) if !text.contains('\0') => Ok(text),
        _ => Err(refuse(name, format!("{name} is not UTF-8 text"))),
    }
}

/// An id in the path. One that cannot be an id is as unknown as one that is none.
///
/// # Errors
/// `unknown`.
pub fn id<T: FromStr>(text: &str, unknown: Code) -> Result<T, Problem> {
    text.parse().map_err(|_| Problem::new(unknown, format!("{text:?}: {}", unknown.title())))
}

/// A drive's id in the path.
///
/// # Errors
/// `drive_unknown`.
pub fn drive_id(text: &str) -> Result<DriveId, Problem> {
    let id = DriveId::new(text);
    if id.as_str() == text {
        Ok(id)
    } else {
        Err(Problem::new(Code::DriveUnknown, format!("There is no drive {text:?}; GET /api/v1/disks lists them")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_or_not_allowed_is_named() {
        let field = |query: &str, take: fn(&mut Params) -> Result<(), Problem>| {
            let outcome = Params::parse(query).and_then(|mut params| take(&mut params).and_then(|()| params.finish()));
            outcome.expect_err(query).field
        };
        let page = |params: &mut Params| params.page(&["created_at"]).map(drop);
        assert_eq!(field("limit=0", page).as_deref(), Some("limit"));
        assert_eq!(field("limit=x", page).as_deref(), Some("limit"));
        assert_eq!(field("sort=-secret", page).as_deref(), Some("sort"));
        assert_eq!(field("limit=1&limit=2", page).as_deref(), Some("limit"));
        assert_eq!(field("colour=red", page).as_deref(), Some("colour"));
        assert_eq!(field("since=yesterday", |params| params.time("since").map(drop)).as_deref(), Some("since"));
        assert_eq!(
            field("status=running,odd", |params| params.words("status", &["running"]).map(drop)).as_deref(),
            Some("status")
        );
        assert_eq!(field("q=%ff", page).as_deref(), Some("q"));
    }

    #[test]
    fn times_may_be_dates_and_may_have_an_unescaped_plus() {
        let mut params = Params::parse("since=2026-11-20&until=2026-11-20T12:00:00+02:00").expect("parsed");
        let (since, until) = (params.time("since").expect("time"), params.time("until").expect("time"));
        assert_eq!(since.map(|time| time.to_rfc3339()).as_deref(), Some("2026-11-20T00:00:00+00:00"));
        assert_eq!(until.map(|time| time.to_rfc3339()).as_deref(), Some("2026-11-20T10:00:00+00:00"));
    }
}
