//! A batch of discs.

use crate::{domain::batch::ItemState, storage::batches::BatchRecord};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A session for a stack of discs.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(example = json!({ "id": "0198a2c4-5f10-7c3a-9a51-7d2f0c9e1b44", "title": "Box 3", "open": true, "automatic": true,
    "drives": ["virtual-a"], "next": 1, "created_at": "2026-11-20T10:30:00Z", "updated_at": "2026-11-20T10:40:00Z",
    "items": [{ "number": 0, "mark": "BOX-3/1", "state": "done", "drive_id": "virtual-a",
        "job_uuid": "0198a2c4-5f10-7c3a-9a51-7d2f0c9e1b45", "verdict": "complete", "reason": null, "at": "2026-11-20T10:40:00Z" }] }))]
pub struct BatchBody {
    /// Id.
    pub id: String,
    /// What it is called.
    pub title: String,
    /// Whether discs are still taken.
    pub open: bool,
    /// Whether an inserted disc is taken without being asked for.
    pub automatic: bool,
    /// Drives that it uses; empty: all.
    pub drives: Vec<String>,
    /// Number of the next item that waits; null if none does.
    pub next: Option<usize>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
    /// The discs in their order.
    pub items: Vec<BatchItem>,
}

/// One disc of a batch.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct BatchItem {
    /// Its place in the list, from 0.
    pub number: usize,
    /// Its shelf mark.
    pub mark: String,
    /// `waiting`, `claimed` (its job is about to be created), `reading`, `done`, `rejected` or `skipped`.
    pub state: String,
    /// The drive that it was put into.
    pub drive_id: Option<String>,
    /// Its job.
    pub job_uuid: Option<String>,
    /// What its image is worth.
    pub verdict: Option<String>,
    /// Why it is rejected, where no verdict says it.
    pub reason: Option<String>,
    /// When it was done or rejected.
    pub at: Option<DateTime<Utc>>,
}

/// A new batch.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "title": "Box 3", "marks": ["BOX-3/1", "BOX-3/2"], "automatic": true, "drives": [] }))]
pub struct CreateBatchBody {
    /// What it is called, 1 to 120 characters.
    pub title: String,
    /// Shelf marks in the order of the stack; at most 2000.
    #[serde(default)]
    pub marks: Vec<String>,
    /// Whether an inserted disc is taken without being asked for.
    #[serde(default)]
    pub automatic: bool,
    /// Ids of the drives that it uses; empty: all.
    #[serde(default)]
    pub drives: Vec<String>,
}

impl From<BatchRecord> for BatchBody {
    fn from(record: BatchRecord) -> Self {
        let BatchRecord { id, batch, created_at, updated_at } = record;
        let next = batch.next();
        let items = batch.items.iter().enumerate().map(|(number, item)| {
            let (state, verdict, reason, at) = match &item.state {
                ItemState::Waiting => ("waiting", None, None, None),
                ItemState::Claimed { .. } => ("claimed", None, None, None),
                ItemState::Reading { .. } => ("reading", None, None, None),
                ItemState::Done { verdict, at, .. } => ("done", Some(*verdict), None, Some(*at)),
                ItemState::Rejected { verdict, reason, at, .. } => {
                    ("rejected", *verdict, Some(reason.clone()).filter(|reason| !reason.is_empty()), Some(*at))
                }
                ItemState::Skipped => ("skipped", None, None, None),
            };
            BatchItem {
                number,
                mark: item.mark.clone(),
                state: state.to_owned(),
                drive_id: item.disc().map(|disc| disc.drive.to_string()),
                job_uuid: item.job().map(|job| job.to_string()),
                verdict: verdict.map(|verdict| verdict.as_str().to_owned()),
                reason,
                at,
            }
        });
        Self {
            id: id.to_string(),
            items: items.collect(),
            title: batch.title,
            open: batch.open,
            automatic: batch.automatic,
            drives: batch.drives.iter().map(ToString::to_string).collect(),
            next,
            created_at,
            updated_at,
        }
    }
}
