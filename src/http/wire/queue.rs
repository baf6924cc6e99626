//! The order of the queue, and commands for several jobs.

use super::Job;
use crate::{
    domain::{ids::JobId, queue_order::Target},
    error::Problem,
    http::problem::ProblemDocument,
    jobs::{BulkCommand, BulkDone, BulkOutcome, JobAction, LiveJobs},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use utoipa::ToSchema;

/// Most jobs of one command.
const MAX_JOBS: usize = 200;

/// Where a waiting job shall stand: `direction` alone, or `before`, `after` or both.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "before": "0198a2c4-5f10-7c3a-9a51-7d2f0c9e1b44" }))]
pub struct MoveBody {
    /// Just before this job.
    #[serde(default)]
    pub before: Option<String>,
    /// Just after this job. With `before`, both must stand side by side.
    #[serde(default)]
    pub after: Option<String>,
    /// `top`, `up`, `down` or `bottom`.
    #[serde(default)]
    pub direction: Option<String>,
}

/// The target of this word.
pub fn direction(word: &str) -> Option<Target> {
    match word {
        "top" => Some(Target::Top),
        "up" => Some(Target::Up),
        "down" => Some(Target::Down),
        "bottom" => Some(Target::Bottom),
        _ => None,
    }
}

impl TryFrom<MoveBody> for Target {
    type Error = Problem;

    fn try_from(body: MoveBody) -> Result<Self, Problem> {
        let job = |field: &str, text: Option<String>| {
            let parse =
                |text: String| text.parse::<JobId>().map_err(|_| Problem::field(field, format!("{text:?} is no job's id")));
            text.map(parse).transpose()
        };
        match (body.direction, job("before", body.before)?, job("after", body.after)?) {
            (Some(word), None, None) => direction(&word)
                .ok_or_else(|| Problem::field("direction", format!("{word:?} is not allowed; allowed: top, up, down, bottom"))),
            (Some(_), ..) => Err(Problem::field("direction", "stands alone, without `before` and `after`")),
            (None, Some(before), None) => Ok(Self::Before(before)),
            (None, None, Some(after)) => Ok(Self::After(after)),
            (None, Some(before), Some(after)) => Ok(Self::Between(after, before)),
            (None, None, None) => Err(Problem::field("direction", "where to? Give `direction`, `before` or `after`")),
        }
    }
}

/// The same for several jobs.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "action": "cancel", "jobs": ["0198a2c4-5f10-7c3a-9a51-7d2f0c9e1b44"] }))]
pub struct BulkBody {
    /// `pause`, `resume`, `cancel`, `retry`, `delete` or `restore`.
    pub action: String,
    /// Ids of 1 to 200 jobs.
    #[schema(min_items = 1, max_items = 200)]
    pub jobs: Vec<String>,
}

/// The action of this word.
pub fn action(word: &str) -> Option<JobAction> {
    JobAction::parse(word).filter(|action| !matches!(action, JobAction::Uncancel(_)))
}

/// Reads ids of jobs, each once.
///
/// # Errors
/// `invalid_field` about `jobs`.
pub fn ids<'a>(jobs: impl Iterator<Item = &'a str>) -> Result<Vec<JobId>, Problem> {
    let (mut ids, mut seen) = (Vec::new(), BTreeSet::new());
    for text in jobs {
        let id: JobId = text.parse().map_err(|_| Problem::field("jobs", format!("{text:?} is no job's id")))?;
        if seen.insert(id) {
            ids.push(id);
        }
        if ids.len() > MAX_JOBS {
            return Err(Problem::field("jobs", format!("are more than {MAX_JOBS}")));
        }
    }
    if ids.is_empty() {
        return Err(Problem::field("jobs", "names no job"));
    }
    Ok(ids)
}

impl TryFrom<BulkBody> for BulkCommand {
    type Error = Problem;

    fn try_from(body: BulkBody) -> Result<Self, Problem> {
        let action = action(&body.action).ok_or_else(|| {
            let allowed = "pause, resume, cancel, retry, delete, restore";
            Problem::field("action", format!("{:?} is not allowed; allowed: {allowed}", body.action))
        })?;
        Ok(Self { ids: ids(body.jobs.iter().map(String::as_str))?, action })
    }
}

/// What became of each job.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct BulkDocument {
    /// With how many it was done.
    pub done: usize,
    /// One entry a job, in the order of the request.
    pub results: Vec<BulkResult>,
}

/// What became of one job.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct BulkResult {
    /// Id of the job.
    pub uuid: String,
    /// The job as it is now; null if nothing was done.
    pub job: Option<Job>,
    /// Why nothing was done; null if it was.
    pub problem: Option<ProblemDocument>,
}

impl BulkDocument {
    /// The outcomes on the wire.
    pub fn new(done: BulkDone, live: &LiveJobs) -> Self {
        let results: Vec<BulkResult> = done.outcomes.into_iter().map(|outcome| BulkResult::new(outcome, live)).collect();
        Self { done: results.iter().filter(|result| result.problem.is_none()).count(), results }
    }
}

impl BulkResult {
    fn new(outcome: BulkOutcome, live: &LiveJobs) -> Self {
        let uuid = outcome.id.to_string();
        match outcome.result {
            Ok(job) => Self { uuid, job: Some(Job::new(job, live)), problem: None },
            Err(problem) => Self { uuid, job: None, problem: Some(ProblemDocument::new(&problem, None)) },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Code;

    #[test]
    fn a_move_says_exactly_where_to() {
        let (a, b) = ("0198a2c4-5f10-7c3a-9a51-7d2f0c9e1b44", "0198a2c4-5f10-7c3a-9a51-7d2f0c9e1b45");
        let ask = |text: &str| Target::try_from(serde_json::from_str::<MoveBody>(text).expect("a body"));
        let id = |text: &str| text.parse::<JobId>().expect("an id");
        assert_eq!(ask("{\"direction\":\"top\"}"), Ok(Target::Top));
        assert_eq!(ask(&format!("{{\"before\":\"{a}\",\"after\":null}}")), Ok(Target::Before(id(a))));
        assert_eq!(ask(&format!("{{\"after\":\"{a}\",\"before\":\"{b}\"}}")), Ok(Target::Between(id(a), id(b))));
        let field = |text: &str| ask(text).expect_err(text).field.expect("a field");
        assert_eq!(field("{}"), "direction");
        assert_eq!(field("{\"direction\":\"left\"}"), "direction");
        assert_eq!(field(&format!("{{\"direction\":\"up\",\"after\":\"{a}\"}}")), "direction");
        assert_eq!(field("{\"before\":\"x\"}"), "before");
    }

    #[test]
    fn several_jobs_are_named_once_each_and_within_a_limit() {
        let many: Vec<String> = (0..201_u128).map(|number| uuid::Uuid::from_u128(number).to_string()).collect();
        let read = |texts: &[String]| ids(texts.iter().map(String::as_str)).map(|ids| ids.len());
        assert_eq!(read(&[many[0].clone(), many[1].clone(), many[0].clone()]), Ok(2));
        assert_eq!(read(&many[..200]), Ok(200));
        assert!(read(&many).is_err() && read(&[]).is_err() && read(&["x".to_owned()]).is_err());
        assert!(BulkCommand::try_from(BulkBody { action: "explode".to_owned(), jobs: many[..1].to_vec() }).is_err());
        assert_eq!(Code::parse("invalid_field"), read(&[]).err().map(|problem| problem.code));
    }
}
