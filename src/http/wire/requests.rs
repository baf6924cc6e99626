//! Bodies that clients send. Unknown fields are refused.

use super::JobOptionsBody;
use crate::{
    http::body::object_or_null,
    jobs::{CreateJob, JobChange},
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
    /// `standard`.
    pub mode: String,
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
    pub options: Option<JobOptionsBody>,
}

impl From<CreateJobBody> for CreateJob {
    fn from(body: CreateJobBody) -> Self {
        let mut job = Self {
            device: body.device,
            mode: body.mode,
            filename: body.filename,
            output_path: body.output_path,
            priority: body.priority,
            ..Self::default()
        };
        let options = body.options.unwrap_or_default();
        (job.options.verify, job.options.retries) = (options.verify, options.retries);
        job
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
    /// New options; as long as the job has not begun to write.
    #[serde(default, deserialize_with = "object_or_null")]
    pub options: Option<JobOptionsBody>,
}

impl From<ChangeJobBody> for JobChange {
    fn from(body: ChangeJobBody) -> Self {
        let mut change = Self { priority: body.priority, filename: body.filename, ..Self::default() };
        if let Some(options) = body.options {
            let target = change.options.get_or_insert_with(Default::default);
            (target.verify, target.retries) = (options.verify, options.retries);
        }
        change
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
