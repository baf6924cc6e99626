//! Bodies that clients send. Unknown fields are refused.

use super::JobOptionsBody;
use crate::{
    domain::{job::Decision, options::JobOptions},
    error::Problem,
    http::body::object_or_null,
    jobs::{Continue, CreateJob, JobAction, JobChange},
};
use serde::Deserialize;
use utoipa::ToSchema;

/// A new image job.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "device": "/dev/sr0", "mode": "standard", "filename": "PHOTOS 2004.iso", "priority": 10, "options": { "verify": true } }))]
pub struct CreateJobBody {
    /// Drive: id, device node, or the virtual drive's folder.
    pub device: String,
    /// `standard`, `rescue`, `clone` or `scan`; default: the mode that the drive is set to.
    #[serde(default)]
    pub mode: Option<String>,
    /// Name of the image without folder; default: the disc's label.
    #[serde(default)]
    pub filename: Option<String>,
    /// Folder, absolute or below the output folder; default: the output folder.
    #[serde(default)]
    pub output_path: Option<String>,
    /// -100 to 100; larger goes first.
    #[serde(default)]
    #[schema(minimum = -100, maximum = 100)]
    pub priority: i32,
    /// How to read.
    #[serde(default, deserialize_with = "object_or_null")]
    #[schema(value_type = JobOptionsBody)]
    pub options: Option<JobOptions>,
}

impl From<CreateJobBody> for CreateJob {
    fn from(body: CreateJobBody) -> Self {
        Self {
            device: body.device,
            mode: body.mode,
            filename: body.filename,
            output_path: body.output_path,
            priority: body.priority,
            options: body.options.unwrap_or_default(),
            by: None,
        }
    }
}

/// Changes of a job; what is absent stays as it is.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "priority": 50 }))]
pub struct ChangeJobBody {
    /// New priority, -100 to 100; as long as the job is not over.
    #[serde(default)]
    #[schema(minimum = -100, maximum = 100)]
    pub priority: Option<i32>,
    /// New name; as long as the job has not begun to write.
    #[serde(default)]
    pub filename: Option<String>,
    /// New options, over those it has; as long as the job has not begun to write.
    #[serde(default, deserialize_with = "object_or_null")]
    #[schema(value_type = Option<JobOptionsBody>)]
    pub options: Option<JobOptions>,
}

impl From<ChangeJobBody> for JobChange {
    fn from(body: ChangeJobBody) -> Self {
        Self { priority: body.priority, filename: body.filename, options: body.options }
    }
}

/// Changes of an image.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "filename": "Photos 2004" }))]
pub struct ChangeIsoBody {
    /// New name, with or without `.iso`, without folder.
    pub filename: String,
}

/// How a job goes on.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "device": "virtual-b", "options": { "retries": 5 } }))]
pub struct ContinueBody {
    /// Drive: id, device node, or the virtual drive's folder. Default: the one it had.
    #[serde(default)]
    pub device: Option<String>,
    /// Options over those it has.
    #[serde(default, deserialize_with = "object_or_null")]
    #[schema(value_type = Option<JobOptionsBody>)]
    pub options: Option<JobOptions>,
}

impl From<ContinueBody> for JobAction {
    fn from(body: ContinueBody) -> Self {
        Self::Continue(Continue { device: body.device, options: body.options.unwrap_or_default() })
    }
}

/// What shall become of an image with unreadable sectors.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "decision": "accept" }))]
pub struct DecisionBody {
    /// `accept`: finish with what there is; `retry`: one more pass; `other_drive`: go on in another drive.
    pub decision: String,
    /// For `other_drive`: which drive (id, device node, or the virtual drive's folder).
    #[serde(default)]
    pub device: Option<String>,
}

impl TryFrom<DecisionBody> for JobAction {
    type Error = Problem;

    fn try_from(body: DecisionBody) -> Result<Self, Problem> {
        let decision = Decision::parse(&body.decision).ok_or_else(|| {
            Problem::field("decision", format!("{:?} is not allowed; allowed: accept, retry, other_drive", body.decision))
        })?;
        Ok(Self::Decide { decision, device: body.device })
    }
}

/// An image file for a virtual drive.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "image": "/srv/samples/photos.iso" }))]
pub struct InsertBody {
    /// Path of the image file on the machine of the service.
    pub image: String,
}
