//! Forms of pages: read within a limit, with the session's token checked, every mistake named by its field.

use super::{
    auth::{Access, secret},
    body,
};
use crate::error::{Code, Problem};
use actix_web::{FromRequest, HttpRequest, dev::Payload, http::header};
use futures_util::future::LocalBoxFuture;
use std::collections::BTreeMap;

/// The fields of a form. The last argument of every handler that takes a form's POST: reading it checks the token.
#[derive(Debug, Default)]
pub struct Form(BTreeMap<String, Vec<String>>);

impl Form {
    /// The last value of a field, trimmed; `None` if it is missing or empty.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.last().map(|text| text.trim()).filter(|text| !text.is_empty())
    }

    /// The last value of a field as it came (passwords).
    pub fn exact(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.last().map(String::as_str).filter(|text| !text.is_empty())
    }

    /// Whether a box is ticked.
    pub fn ticked(&self, name: &str) -> bool {
        self.text(name).is_some_and(|value| matches!(value, "1" | "on" | "true"))
    }

    /// All values of a field (rows that are selected).
    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.get(name).into_iter().flatten().map(String::as_str)
    }

    /// A field that must be there.
    ///
    /// # Errors
    /// `invalid_field`.
    pub fn required(&self, name: &str) -> Result<&str, Problem> {
        self.text(name).ok_or_else(|| Problem::field(name, "must not be empty"))
    }

    /// A field as a number or another parsed type; `None` if it is missing or empty.
    ///
    /// # Errors
    /// `invalid_field` with what is allowed.
    pub fn parsed<T: std::str::FromStr>(&self, name: &str, allowed: &str) -> Result<Option<T>, Problem> {
        let Some(text) = self.text(name) else { return Ok(None) };
        text.parse().map(Some).map_err(|_| Problem::field(name, format!("{text:?} is not allowed; allowed: {allowed}")))
    }

    /// A form as it comes over the wire, for tests of what is made of it.
    #[cfg(test)]
    pub fn parse(bytes: &[u8]) -> Result<Self, Problem> {
        parse(bytes)
    }

    /// Where the form wants to lead; `fallback` if it does not say.
    pub fn next<'a>(&'a self, fallback: &'a str) -> &'a str {
        self.text("next").unwrap_or(fallback)
    }
}

impl FromRequest for Form {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let bytes = body::collect(&request, payload).await?;
            if !bytes.is_empty() {
                check_type(&request)?;
            }
            let form = parse(&bytes)?;
            check_token(&request, &form)?;
            Ok(form)
        })
    }
}

fn check_type(request: &HttpRequest) -> Result<(), Problem> {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return Ok(());
    }
    Err(Problem::new(Code::UnsupportedMedia, "A form is expected here").about("Content-Type"))
}

fn parse(bytes: &[u8]) -> Result<Form, Problem> {
    let mut fields: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let text = std::str::from_utf8(bytes).map_err(|_| Problem::new(Code::InvalidField, "The form is not UTF-8 text"))?;
    for pair in text.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        fields.entry(decode(name)?).or_default().push(decode(value)?);
    }
    Ok(Form(fields))
}

fn decode(text: &str) -> Result<String, Problem> {
    let text = text.replace('+', " ");
    match percent_encoding::percent_decode_str(&text).decode_utf8() {
        Ok(text) if !text.contains('\0') => Ok(text.into_owned()),
        _ => Err(Problem::new(Code::InvalidField, "The form is not UTF-8 text")),
    }
}

/// The page that the form came from was made for this session.
fn check_token(request: &HttpRequest, form: &Form) -> Result<(), Problem> {
    let access = Access::of(request);
    let header = request.headers().get("x-csrf-token").and_then(|token| token.to_str().ok());
    let given = form.exact("csrf").or(header).unwrap_or_default();
    let wanted = access.csrf();
    if wanted.is_empty() || secret::same(given, wanted) {
        return Ok(());
    }
    Err(Problem::new(Code::CsrfRefused, "This page is out of date; load it again and press the button once more").about("csrf"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_decoded_and_mistakes_are_named() {
        let form = parse(b"name=Fotos+%26+mehr&box=on&row=1&row=2&empty=&n=12&bad=x").expect("a form");
        assert_eq!((form.text("name"), form.ticked("box"), form.text("empty")), (Some("Fotos & mehr"), true, None));
        assert_eq!(form.all("row").collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!(form.parsed::<u32>("n", "a number"), Ok(Some(12)));
        assert_eq!(form.parsed::<u32>("bad", "a number").expect_err("refused").field.as_deref(), Some("bad"));
        assert!(parse(b"a=%ff").is_err() && parse(b"a=%00").is_err());
    }
}
