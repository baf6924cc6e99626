//! The JSON types of the API.

mod access;
mod batch;
mod check_name;
mod config;
mod disk;
mod disk_settings;
mod disk_statistics;
mod doctor;
mod event;
mod iso;
mod job;
mod machine;
mod options;
mod picture;
pub mod queue;
mod requests;
mod result;
mod speed;
mod system;

pub use access::{
    ChangeUserBody, CreateTokenBody, CreateUserBody, NewTokenBody, NewUserBody, SessionBody, TokenBody, UserBody, WhoBody, role,
    scope,
};
pub use batch::{BatchBody, BatchItem, CreateBatchBody};
pub use check_name::NameDocument;
pub use config::{ConfigChange, ConfigDocument, ConfigImport, ImportResult, KeptSetting, Setting, SettingChange};
pub use disk::{Bridge, Disk, DiskDetails, DiskType, Identity, Media};
pub use disk_settings::{DiskChange, DiskSettings};
pub use disk_statistics::{DiskStatistics, ReadElsewhereBody, ZoneBody};
pub use doctor::{DoctorReport, FindingBody};
pub use event::{EventBody, ProgressBody};
pub use iso::Iso;
pub use job::Job;
pub use machine::{MachineDocument, MachineSample};
pub use options::JobOptionsBody;
pub use picture::{AreaBody, PictureDocument, PlacedFile, SectorsDocument};
pub use queue::{BulkBody, BulkDocument, BulkResult, MoveBody};
pub use requests::{ChangeIsoBody, ChangeJobBody, ContinueBody, CreateJobBody, DecisionBody, InsertBody};
pub use result::{
    DamageDocument, FileBody, HitFile, IsoDocument, JobDocument, MapBody, MapDocument, PointBody, RangeBody, ScanBody,
    ScanDocument, StatisticsBody, ToolBody, TrackBody,
};
pub use speed::{SpeedDocument, SpeedPointBody};
pub use system::{Cpu, DriveSummary, Live, Memory, Ready, Space, Status};

use serde::Serialize;
use utoipa::ToSchema;

/// One page of a list.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct List<T> {
    /// The rows.
    pub items: Vec<T>,
    /// Give it back as `cursor` for the next page; null on the last one.
    pub next_cursor: Option<String>,
}

/// The word that serde writes for an enum without data.
pub(in crate::http) fn word<T: Serialize>(value: &T) -> Option<String> {
    serde_json::to_value(value).ok()?.as_str().map(str::to_owned)
}
