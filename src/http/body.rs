//! JSON bodies: read within a limit, checked, and every mistake named by its field.

use crate::error::{Code, Problem};
use actix_web::{FromRequest, HttpRequest, dev::Payload, http::header};
use futures_util::{StreamExt, future::LocalBoxFuture};
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, MapAccess, Visitor, value::MapAccessDeserializer},
};
use std::{fmt, marker::PhantomData, time::Duration};

/// Largest body in bytes.
pub const MAX_BODY: usize = 64 * 1024;

/// How long a body may take to arrive whole.
const BODY_LIMIT: Duration = Duration::from_secs(10);

/// A JSON body of this type.
pub struct Json<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for Json<T> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            check_type(&request)?;
            parse(&collect(&request, payload).await?).map(Json)
        })
    }
}

fn check_type(request: &HttpRequest) -> Result<(), Problem> {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    let shown = if essence.is_empty() { "nothing" } else { essence };
    Err(Problem::new(Code::UnsupportedMedia, format!("Content-Type says {shown}; send application/json")).about("Content-Type"))
}

pub(super) async fn collect(request: &HttpRequest, mut payload: Payload) -> Result<Vec<u8>, Problem> {
    let too_large = || Problem::new(Code::TooLarge, format!("The body is larger than {MAX_BODY} bytes"));
    let announced = request.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > MAX_BODY) {
        return Err(too_large());
    }
    let mut body = Vec::new();
    let too_slow = |_| Problem::new(Code::TooSlow, format!("The body did not arrive within {} seconds", BODY_LIMIT.as_secs()));
    let deadline = tokio::time::Instant::now() + BODY_LIMIT;
    while let Some(chunk) = tokio::time::timeout_at(deadline, payload.next()).await.map_err(too_slow)? {
        let chunk = chunk.map_err(|error| Problem::new(Code::BadJson, format!("The body did not arrive whole: {error}")))?;
        if body.len() + chunk.len() > MAX_BODY {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// Parses a body: not JSON at all is `bad_json`, a wrong, missing or unknown field `invalid_field`.
///
/// # Errors
/// As above, with the field's path, for example `options.retries`.
pub fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    // Serde would also fill a struct from an array.
    if body.trim_ascii_start().first() == Some(&b'[') {
        return Err(Problem::new(Code::BadJson, "a JSON object is expected here, not an array"));
    }
    let mut reader = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let (path, inner) = (error.path().to_string(), error.into_inner());
        if !inner.is_data() {
            return Problem::new(Code::BadJson, inner.to_string());
        }
        let text = inner.to_string();
        match field(&path, &text) {
            Some(field) => Problem::field(&field, text),
            None => Problem::new(Code::BadJson, text),
        }
    })?;
    reader.end().map_err(|error| Problem::new(Code::BadJson, error.to_string()))?;
    Ok(value)
}

/// For a field that is an object or null: serde would also fill a struct from an array.
///
/// # Errors
/// If it is anything else.
pub fn object_or_null<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    struct Object<T>(PhantomData<T>);

    impl<'de, T: Deserialize<'de>> Visitor<'de> for Object<T> {
        type Value = Option<T>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
            T::deserialize(MapAccessDeserializer::new(map)).map(Some)
        }
    }

    deserializer.deserialize_any(Object(PhantomData))
}

/// Where it is: the path, and for a missing, unknown or repeated field the name that only the text knows.
fn field(path: &str, text: &str) -> Option<String> {
    let parent = if path == "." || path == "?" { "" } else { path };
    let named = ["missing field `", "unknown field `", "duplicate field `"]
        .iter()
        .find_map(|prefix| text.strip_prefix(prefix)?.split('`').next());
    match (parent, named) {
        ("", None) => None,
        ("", Some(name)) => Some(name.to_owned()),
        (parent, None) => Some(parent.to_owned()),
        (parent, Some(name)) if parent == name || parent.ends_with(&format!(".{name}")) => Some(parent.to_owned()),
        (parent, Some(name)) => Some(format!("{parent}.{name}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code)]
    struct Outer {
        device: String,
        #[serde(default, deserialize_with = "object_or_null")]
        options: Option<Inner>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code)]
    struct Inner {
        retries: Option<u32>,
    }

    #[test]
    fn every_mistake_is_named_by_its_field() {
        for (body, code, name) in [
            ("{", Code::BadJson, None),
            ("[]", Code::BadJson, None),
            ("[\"x\", null]", Code::BadJson, None),
            ("{\"device\":\"x\"} {}", Code::BadJson, None),
            ("{}", Code::InvalidField, Some("device")),
            ("{\"device\":1}", Code::InvalidField, Some("device")),
            ("{\"device\":\"x\",\"devcie\":1}", Code::InvalidField, Some("devcie")),
            ("{\"device\":\"x\",\"options\":{\"retries\":-1}}", Code::InvalidField, Some("options.retries")),
            ("{\"device\":\"x\",\"options\":{\"speed\":1}}", Code::InvalidField, Some("options.speed")),
            ("{\"device\":\"x\",\"options\":[]}", Code::InvalidField, Some("options")),
            ("{\"device\":\"x\",\"device\":\"y\"}", Code::InvalidField, Some("device")),
        ] {
            let problem = parse::<Outer>(body.as_bytes()).expect_err(body);
            assert_eq!((problem.code, problem.field.as_deref()), (code, name), "{body}");
        }
    }
}
