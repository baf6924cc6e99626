//! The two larger forms of the page: changing a job before it runs, and letting it go on in another way.

use super::{page, parameters};
use crate::{
    domain::{
        ids::JobId,
        job::JobState,
        options::{EngineChoice, JobOptions, OnLoss, Verify},
    },
    error::{Code, Problem},
    http::{
        AppState,
        auth::{May, Operate},
        form::Form,
        pages::frame::{self, Notice},
        params::id,
        words::Language,
    },
    jobs::{Continue, JobAction, JobChange, JobCommand},
    storage::jobs::{JobKind, JobRecord},
};
use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Path},
};
use serde::de::DeserializeOwned;

/// A form that was not accepted, to be shown again with what was typed.
pub struct Rejected {
    /// Which: `change` or `go_on`.
    pub form: &'static str,
    /// What was typed.
    pub values: Form,
    /// Why.
    pub problem: Problem,
}

/// A field of a form.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Field {
    /// What it holds.
    pub value: String,
    /// Why that is not accepted.
    pub problem: Option<String>,
}

/// A choice of a field: its word, what it says, whether it is chosen.
pub type Choice = (&'static str, &'static str, bool);

/// The form that changes a job.
pub struct Change {
    /// Where it posts to.
    pub url: String,
    /// Only the priority can be changed: the job has begun to write.
    pub begun: bool,
    /// Opened: it was not accepted.
    pub open: bool,
    /// What is wrong with no field of it.
    pub problem: Option<String>,
    /// Larger goes first.
    pub priority: Field,
    /// Name of the image.
    pub name: Field,
    /// Tries.
    pub retries: Field,
    /// Speed limit.
    pub speed: Field,
    /// What is compared.
    pub verify: Vec<Choice>,
    /// What to do about losses.
    pub on_loss: Vec<Choice>,
    /// Which program reads.
    pub engine: Vec<Choice>,
}

/// The form that lets a job go on.
pub struct GoOn {
    /// Where it posts to.
    pub url: String,
    /// Opened: it was not accepted.
    pub open: bool,
    /// What is wrong with no field of it.
    pub problem: Option<String>,
    /// Drives: id, name, whether it is chosen.
    pub drives: Vec<(String, String, bool)>,
    /// Why the drive is not accepted.
    pub drive_problem: Option<String>,
    /// Tries.
    pub retries: Field,
    /// Speed limit.
    pub speed: Field,
    /// Which program reads.
    pub engine: Vec<Choice>,
}

/// What was typed, over what is; with what is wrong about it.
struct Values<'a>(Option<&'a Rejected>);

impl Values<'_> {
    fn field(&self, name: &str, api: &str, now: impl ToString) -> Field {
        let Some(rejected) = self.0 else { return Field { value: now.to_string(), problem: None } };
        let problem = rejected.problem.field.as_deref().filter(|field| *field == api || *field == name);
        Field {
            value: rejected.values.text(name).unwrap_or_default().to_owned(),
            problem: problem.map(|_| rejected.problem.detail.clone()),
        }
    }

    fn chosen<'b>(&'b self, name: &str, now: &'b str) -> &'b str {
        self.0.map_or(now, |rejected| rejected.values.text(name).unwrap_or_default())
    }

    /// What is wrong with none of these fields.
    fn other(&self, fields: &[&Field]) -> Option<String> {
        let rejected = self.0?;
        fields.iter().all(|field| field.problem.is_none()).then(|| rejected.problem.to_string())
    }
}

fn optional(number: Option<impl ToString>) -> String {
    number.map(|number| number.to_string()).unwrap_or_default()
}

fn engines(chosen: &str, language: Language) -> Vec<Choice> {
    let word = |engine| parameters::engine(engine, language);
    let all = [
        ("auto", EngineChoice::Auto),
        ("native", EngineChoice::Native),
        ("ddrescue", EngineChoice::Ddrescue),
        ("cdrdao", EngineChoice::Cdrdao),
        ("cd_paranoia", EngineChoice::CdParanoia),
    ];
    all.into_iter().map(|(key, engine)| (key, word(engine), key == chosen)).collect()
}

fn key<T: serde::Serialize>(value: &T) -> String {
    crate::http::wire::word(value).unwrap_or_default()
}

impl Change {
    /// The form, where something can be changed.
    pub fn new(job: &JobRecord, options: &JobOptions, rejected: Option<&Rejected>, language: Language) -> Option<Self> {
        if job.state.is_terminal() {
            return None;
        }
        let values = Values(rejected.filter(|rejected| rejected.form == "change"));
        let priority = values.field("priority", "priority", job.priority);
        let name = values.field("filename", "filename", job.requested_name.clone().unwrap_or_default());
        let retries = values.field("retries", "options.retries", optional(options.retries));
        let speed = values.field("speed_kbps", "options.speed_kbps", optional(options.speed_kbps));
        let now = (
            key(&options.verify.unwrap_or_default()),
            key(&options.on_loss.unwrap_or_default()),
            key(&options.engine.unwrap_or_default()),
        );
        let verify = values.chosen("verify", &now.0);
        let on_loss = values.chosen("on_loss", &now.1);
        let word = |verify| parameters::verify(verify, language);
        let comparisons = [("none", Verify::None), ("image", Verify::Image), ("disc", Verify::Disc), ("both", Verify::Both)];
        Some(Self {
            url: format!("/ui/jobs/{}/change", job.id),
            begun: job.output_path.is_some() || matches!(job.state, JobState::Running { .. }) || job.kind == JobKind::Verify,
            open: values.0.is_some(),
            problem: values.other(&[&priority, &name, &retries, &speed]),
            verify: comparisons.into_iter().map(|(key, choice)| (key, word(choice), key == verify)).collect(),
            on_loss: vec![
                (
                    "finish",
                    language.pick("finish the image and say so", "Abbild fertigstellen und es sagen"),
                    on_loss == "finish",
                ),
                ("ask", language.pick("ask a person", "einen Menschen fragen"), on_loss == "ask"),
            ],
            engine: engines(values.chosen("engine", &now.2), language),
            priority,
            name,
            retries,
            speed,
        })
    }
}

impl GoOn {
    /// The form, where the job can go on.
    pub fn new(
        job: &JobRecord,
        options: &JobOptions,
        drives: &[(String, String)],
        rejected: Option<&Rejected>,
        language: Language,
    ) -> Option<Self> {
        let possible = match job.state {
            JobState::Completed { verdict } => !verdict.is_good(),
            JobState::Running { .. } | JobState::Queued => false,
            _ => true,
        };
        if !possible || job.kind != JobKind::Image {
            return None;
        }
        let values = Values(rejected.filter(|rejected| rejected.form == "go_on"));
        let now = job.drive_id.as_ref().map(ToString::to_string).unwrap_or_default();
        let device = values.field("device", "device", &now);
        let retries = values.field("retries", "options.retries", options.retries.unwrap_or(1));
        let speed = values.field("speed_kbps", "options.speed_kbps", optional(options.speed_kbps));
        let engine = key(&options.engine.unwrap_or_default());
        Some(Self {
            url: format!("/ui/jobs/{}/continue", job.id),
            open: values.0.is_some(),
            problem: values.other(&[&device, &retries, &speed]),
            drives: drives.iter().map(|(id, name)| (id.clone(), name.clone(), *id == device.value)).collect(),
            drive_problem: device.problem,
            engine: engines(values.chosen("engine", &engine), language),
            retries,
            speed,
        })
    }
}

/// Changes a job.
///
/// # Errors
/// Trouble with showing the page again.
pub async fn change(
    _: May<Operate>,
    state: Data<AppState>,
    uuid: Path<String>,
    request: HttpRequest,
    form: Form,
) -> Result<HttpResponse, Problem> {
    let outcome = match wanted_change(&form) {
        Ok(change) => act(&state, &uuid, JobAction::Change(change)).await,
        Err(problem) => Err(problem),
    };
    let done = Language::of(&request).pick("Changed.", "Geändert.");
    answer(&state, &uuid, &request, ("change", form), outcome, done).await
}

/// Lets a job go on in this or another drive.
///
/// # Errors
/// Trouble with showing the page again.
pub async fn go_on(
    _: May<Operate>,
    state: Data<AppState>,
    uuid: Path<String>,
    request: HttpRequest,
    form: Form,
) -> Result<HttpResponse, Problem> {
    let outcome = match wanted_options(&form) {
        Ok(options) => {
            let wish = Continue { device: form.text("device").map(str::to_owned), options };
            act(&state, &uuid, JobAction::Continue(wish)).await
        }
        Err(problem) => Err(problem),
    };
    let done = Language::of(&request)
        .pick("It goes on as soon as drive and disc are there.", "Es geht weiter, sobald Laufwerk und Disc da sind.");
    answer(&state, &uuid, &request, ("go_on", form), outcome, done).await
}

async fn act(state: &AppState, uuid: &str, action: JobAction) -> Result<(), Problem> {
    let id: JobId = id(uuid, Code::JobUnknown)?;
    state.ask(&state.dispatcher, JobCommand { id, action }).await.map(drop)
}

async fn answer(
    state: &Data<AppState>,
    uuid: &str,
    request: &HttpRequest,
    (form, values): (&'static str, Form),
    outcome: Result<(), Problem>,
    done: &str,
) -> Result<HttpResponse, Problem> {
    match outcome {
        Ok(()) => Ok(frame::back(values.next(&format!("/jobs/{uuid}")), Ok(Notice::done(done)))),
        Err(problem) if problem.code == Code::JobUnknown => Err(problem),
        Err(problem) => page::render(state, uuid, request, None, Some(Rejected { form, values, problem })).await,
    }
}

fn wanted_change(form: &Form) -> Result<JobChange, Problem> {
    let options = wanted_options(form)?;
    Ok(JobChange {
        priority: form.parsed("priority", "-100 to 100")?,
        filename: form.text("filename").map(str::to_owned),
        options: (options != JobOptions::default()).then_some(options),
    })
}

/// Options that the form tells; what it does not tell stays.
fn wanted_options(form: &Form) -> Result<JobOptions, Problem> {
    let numbered = |name: &str, allowed: &str| {
        form.parsed::<u32>(name, allowed).map_err(|problem| problem.about(&format!("options.{name}")))
    };
    Ok(JobOptions {
        verify: worded::<Verify>(form, "verify")?,
        on_loss: worded::<OnLoss>(form, "on_loss")?,
        engine: worded::<EngineChoice>(form, "engine")?,
        retries: numbered("retries", "0 to 100")?,
        speed_kbps: numbered("speed_kbps", "150 to 100000")?,
        ..JobOptions::default()
    })
}

fn worded<T: DeserializeOwned>(form: &Form, name: &str) -> Result<Option<T>, Problem> {
    let Some(text) = form.text(name) else { return Ok(None) };
    let read = serde_json::from_value(serde_json::Value::String(text.to_owned()));
    read.map(Some).map_err(|_| Problem::field(&format!("options.{name}"), format!("{text:?} is not allowed")))
}
