//! Every error that leaves the service: its stable code, what HTTP says, what class it is, and its title for people.
//!
//! A text for people (`detail`) names what was attempted, on what, and what to do next. Text for the log is another thing.

use serde::Serialize;
use std::fmt;

/// What kind of trouble it is: decides whether trying again makes sense and who has to act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// May work in a moment.
    Transient,
    /// The request itself is wrong or asks for something impossible.
    Permanent,
    /// A person has to do something (permissions, space, settings).
    Operator,
    /// Ours.
    Bug,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $status:literal, $class:ident, $title:literal;)*) => {
        /// Stable error codes.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Code { $(#[doc = $title] $name,)* }

        impl Code {
            /// All codes, for documentation and tests.
            pub const ALL: &'static [Code] = &[$(Code::$name,)*];

            /// The word in the API.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// HTTP status.
            pub fn status(self) -> u16 {
                match self { $(Self::$name => $status,)* }
            }

            /// What kind of trouble it is.
            pub fn class(self) -> Class {
                match self { $(Self::$name => Class::$class,)* }
            }

            /// Short text for people.
            pub fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)* }
            }
        }
    };
}

codes! {
    BadJson = "bad_json", 400, Permanent, "The body is not the JSON that is expected here";
    InvalidField = "invalid_field", 422, Permanent, "A field has a value that is not allowed";
    InvalidQuery = "invalid_query", 400, Permanent, "A query parameter has a value that is not allowed";
    TooLarge = "too_large", 413, Permanent, "The request is too large";
    TooSlow = "too_slow", 408, Transient, "The request took too long to arrive";
    AddressTooLong = "address_too_long", 414, Permanent, "The address is too long";
    HeadersTooLarge = "headers_too_large", 431, Permanent, "The headers are too large";
    UnsupportedMedia = "unsupported_media_type", 415, Permanent, "Only application/json is understood here";
    NotFound = "not_found", 404, Permanent, "There is nothing under this address";
    DriveUnknown = "drive_unknown", 404, Permanent, "No such drive";
    JobUnknown = "job_unknown", 404, Permanent, "No such job";
    IsoUnknown = "iso_unknown", 404, Permanent, "No such image";
    IsoTrashed = "iso_trashed", 409, Permanent, "The image is in the trash";
    FileMissing = "file_missing", 410, Operator, "The image's file is not there any more";
    MethodNotAllowed = "method_not_allowed", 405, Permanent, "This address does not know this method";
    SignInNeeded = "sign_in_needed", 401, Permanent, "Nobody is signed in";
    SetUpNeeded = "set_up_needed", 403, Operator, "The service is not set up yet";
    Forbidden = "forbidden", 403, Permanent, "This account may not do this";
    SignInFailed = "sign_in_failed", 401, Permanent, "Name, password or code is wrong";
    LinkUsed = "link_used", 410, Operator, "This link was used, or is too old";
    AuthOff = "auth_off", 409, Operator, "Access control is switched off";
    UserUnknown = "user_unknown", 404, Permanent, "No such account";
    SessionUnknown = "session_unknown", 404, Permanent, "No such session";
    TokenUnknown = "token_unknown", 404, Permanent, "No such API token";
    UserNameTaken = "user_name_taken", 409, Permanent, "An account of this name exists already";
    LastAdmin = "last_admin", 409, Operator, "This is the last account that may administer";
    CsrfRefused = "csrf_refused", 403, Permanent, "The page that sent this was not made for this session";
    RateLimited = "rate_limited", 429, Transient, "Too many requests";
    OriginRefused = "origin_refused", 403, Permanent, "Requests from this origin are not accepted";
    NotADrive = "not_a_drive", 422, Permanent, "This is not an optical drive of this service";
    OutsideRoots = "outside_allowed_roots", 422, Permanent, "The folder is outside the allowed output folders";
    NotVirtual = "not_virtual", 409, Permanent, "Only virtual drives take image files";
    DriveBusy = "drive_busy", 409, Transient, "A job is using this drive";
    DriveWedged = "drive_wedged", 409, Operator, "The drive does not answer";
    DriveGone = "drive_gone", 409, Operator, "The drive is not connected";
    DriveDisabled = "drive_disabled", 409, Operator, "The drive is switched off in its settings";
    DriveInUse = "drive_in_use", 409, Operator, "Another program uses the disc in this drive";
    DriveRefused = "drive_refused", 409, Operator, "The drive refused the command";
    NoMedium = "no_medium", 409, Operator, "There is no disc in the drive";
    DiscUnsupported = "disc_unsupported", 409, Permanent, "This kind of disc cannot be imaged in this mode";
    WrongDisc = "wrong_disc", 409, Operator, "Another disc is in this drive";
    NoDecisionNeeded = "no_decision_needed", 409, Permanent, "The job does not ask for a decision";
    NoMap = "no_map", 404, Permanent, "There is no sector map";
    NoResult = "no_result", 404, Permanent, "The job has no result of this kind";
    JobFinished = "job_finished", 409, Permanent, "The job is over";
    JobNotRetryable = "job_not_retryable", 409, Permanent, "Only a failed, cancelled or damaged job can be tried again";
    JobActive = "job_active", 409, Permanent, "The job is not over yet";
    JobNotRunning = "job_not_running", 409, Permanent, "The job is not running";
    JobNotQueued = "job_not_queued", 409, Permanent, "The job is not in the queue";
    Conflict = "conflict", 409, Transient, "Somebody else changed this at the same time";
    RangeInvalid = "range_invalid", 416, Permanent, "The requested range is not in the file";
    TooManyClients = "too_many_clients", 503, Transient, "Too many live connections";
    Unavailable = "unavailable", 503, Transient, "A part of the service is not available at the moment";
    Internal = "internal", 500, Bug, "Something went wrong inside the service";
    NameTaken = "name_taken", 409, Permanent, "An image of this name exists already";
    ReadFailed = "read_failed", 500, Permanent, "The disc could not be read";
    StorageFailed = "storage_failed", 500, Operator, "The target could not be written";
    SizeUnknown = "size_unknown", 422, Permanent, "Neither the drive nor the disc says how big the disc is";
    WrongMap = "wrong_map", 409, Operator, "The map beside the image is of another disc";
    MapUnusable = "map_unusable", 409, Operator, "The map beside the image is damaged";
    ImageBusy = "image_busy", 409, Transient, "Another process writes this image";
    CopyProtected = "copy_protected", 422, Permanent, "The disc is copy-protected";
    DriveNotReady = "drive_not_ready", 409, Transient, "The drive does not get ready";
    NoPermission = "no_permission", 409, Operator, "The drive may not be used by this user";
    DiscUnidentified = "disc_unidentified", 409, Operator, "The disc could not be identified";
    HashingFailed = "hashing_failed", 500, Operator, "MD5 or SHA-256 is not available on this machine";
    BadTask = "bad_task", 500, Bug, "The reading process did not understand its task";
    WorkerCrashed = "worker_crashed", 500, Bug, "The reading process died several times";
}

impl Code {
    /// Back from the word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.as_str() == text)
    }
}

/// An error for whoever asked: code, a sentence that names what and why, and the field it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Stable code.
    pub code: Code,
    /// What was attempted on what, why it failed, what to do.
    pub detail: String,
    /// The field of the request, where there is one.
    pub field: Option<String>,
}

impl Problem {
    /// A problem without a field.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), field: None }
    }

    /// A value that is not allowed.
    pub fn field(field: &str, detail: impl Into<String>) -> Self {
        Self { code: Code::InvalidField, detail: detail.into(), field: Some(field.to_owned()) }
    }

    /// The same problem, about this field.
    #[must_use]
    pub fn about(mut self, field: &str) -> Self {
        self.field = Some(field.to_owned());
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.field {
            Some(field) => write!(f, "{field}: {}", self.detail),
            None => f.write_str(&self.detail),
        }
    }
}

impl std::error::Error for Problem {}

#[cfg(test)]
mod tests {
    use super::Code;
    use std::collections::BTreeSet;

    #[test]
    fn codes_are_unique_and_known_to_http() {
        let words: BTreeSet<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(words.len(), Code::ALL.len());
        assert!(Code::ALL.iter().all(|code| (400..600).contains(&code.status()) && Code::parse(code.as_str()) == Some(*code)));
    }
}
