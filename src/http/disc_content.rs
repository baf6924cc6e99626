//! Bytes that come from a disc, on their way to a browser. A disc may hold anything, also pages with scripts and names made to deceive:
//! what is served here is saved, not shown, is never taken for anything but bytes, and could do nothing if it were shown.

use super::problem;
use crate::error::{Code, Problem};
use actix_files::NamedFile;
use actix_web::{
    HttpRequest, HttpResponse,
    http::{
        StatusCode,
        header::{
            CACHE_CONTROL, CONTENT_RANGE, CONTENT_SECURITY_POLICY, Charset, ContentDisposition, ContentEncoding,
            DispositionParam, DispositionType, ExtendedValue, HeaderValue, X_CONTENT_TYPE_OPTIONS,
        },
    },
};
use std::{io, os::unix::fs::OpenOptionsExt, path::Path};

/// Neither scripts nor forms nor plug-ins, an origin of its own, and nothing is loaded.
const SANDBOX: &str = "sandbox; default-src 'none'";
/// Longest name that is proposed, in characters.
const MAX_NAME: usize = 180;

/// Opens exactly this file: a symbolic link put in its place is not followed, and anything that is not a plain file
/// (a pipe would block, a device would be read) is refused. Blocks.
///
/// # Errors
/// Those of the file system.
pub fn open(path: &Path) -> io::Result<NamedFile> {
    let file =
        std::fs::OpenOptions::new().read(true).custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK | libc::O_CLOEXEC).open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("not a plain file"));
    }
    NamedFile::from_file(file, path)
}

/// A whole file, or the range that was asked for, under this name.
pub fn file(file: NamedFile, filename: &str, request: &HttpRequest) -> HttpResponse {
    let size = file.metadata().len();
    let response = file
        // Of no extension: plain bytes.
        .set_content_type(actix_files::file_extension_to_mime(""))
        .set_content_disposition(attachment(filename))
        // The compressor would take a whole image for text and forget its length.
        .set_content_encoding(ContentEncoding::Identity)
        .into_response(request);
    if response.status() != StatusCode::RANGE_NOT_SATISFIABLE {
        return sandboxed(response);
    }
    let refusal = Problem::new(Code::RangeInvalid, format!("the file has {size} bytes")).about("Range");
    let mut refused = problem::response(&refusal, Some(request.path()));
    if let Some(range) = response.headers().get(CONTENT_RANGE) {
        refused.headers_mut().insert(CONTENT_RANGE, range.clone());
    }
    refused
}

/// Any answer with bytes of a disc (a single file, a picture that is shown): with the headers that lock it in. Whoever makes it says
/// the type and, unless it is meant to be shown, the [`attachment`].
pub fn sandboxed(mut response: HttpResponse) -> HttpResponse {
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(SANDBOX));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // Kept by the browser of whoever may see it, asked for again each time.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    response
}

/// "Save this", with a name: plain for old clients, with all its letters for the others (RFC 6266). What would leave the folder, hide
/// the file or turn the name around is replaced.
pub fn attachment(filename: &str) -> ContentDisposition {
    let name = safe_name(filename);
    let simple = |c: char| c.is_ascii_alphanumeric() || " .-_()[]+,=@!~#$&'".contains(c);
    let plain: String = name.chars().map(|c| if simple(c) { c } else { '_' }).collect();
    let mut parameters = vec![DispositionParam::Filename(plain.clone())];
    if plain != name {
        let value = ExtendedValue { charset: Charset::Ext("UTF-8".to_owned()), language_tag: None, value: name.into_bytes() };
        parameters.push(DispositionParam::FilenameExt(value));
    }
    ContentDisposition { disposition: DispositionType::Attachment, parameters }
}

fn safe_name(filename: &str) -> String {
    let turning = |c: char| matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}');
    let bad = |c: char| c.is_control() || turning(c) || matches!(c, '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|');
    let replaced: String = filename.chars().map(|c| if bad(c) { '_' } else { c }).collect();
    let trimmed = replaced.trim_start_matches(['.', ' ', '~']).trim_end_matches(['.', ' ']);
    let count = trimmed.chars().count();
    match count {
        0 => "file".to_owned(),
        _ if count <= MAX_NAME => trimmed.to_owned(),
        // The end says what kind of file it is.
        _ => trimmed.chars().take(MAX_NAME - 20).chain(trimmed.chars().skip(count - 20)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_name_becomes_a_harmless_one() {
        for (name, shown) in [
            ("PHOTOS 2004.iso", "attachment; filename=\"PHOTOS 2004.iso\""),
            (
                "a\"; filename=\"evil.exe",
                "attachment; filename=\"a__ filename=_evil.exe\"; filename*=UTF-8''a_%3B%20filename=_evil.exe",
            ),
            ("x\r\nSet-Cookie: a=b.iso", "attachment; filename=\"x__Set-Cookie_ a=b.iso\""),
            ("../../etc/passwd", "attachment; filename=\"_.._etc_passwd\""),
            ("page.html", "attachment; filename=\"page.html\""),
            ("gpj\u{202e}exe.iso", "attachment; filename=\"gpj_exe.iso\""),
            ("...", "attachment; filename=\"file\""),
            ("", "attachment; filename=\"file\""),
            ("100%.iso", "attachment; filename=\"100_.iso\"; filename*=UTF-8''100%25.iso"),
            ("Jürgen.iso", "attachment; filename=\"J_rgen.iso\"; filename*=UTF-8''J%C3%BCrgen.iso"),
        ] {
            let header = attachment(name).to_string();
            assert_eq!(header, shown, "{name:?}");
            assert!(HeaderValue::from_str(&header).is_ok());
        }
        let long = attachment(&format!("{}.iso", "x".repeat(4_000))).to_string();
        assert!(long.ends_with(".iso\"") && long.len() < 300, "{long}");
    }
}
