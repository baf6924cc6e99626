//! What is taken away from a batch: labels to print, and a table.

use super::{
    find,
    rows::{self, Row},
};
use crate::{
    domain::ids::JobId,
    error::{Code, Problem},
    http::{
        AppState,
        auth::{Look, May},
        pages::frame::{self, Frame, Place},
        wire::{BatchBody, BatchItem, Disk},
    },
    storage::{self, isos::IsoRecord},
};
use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header},
    web::{Data, Path},
};
use askama::Template;
use qrcode::{Color, QrCode};
use std::{collections::BTreeMap, fmt::Write as _};

/// The page of labels.
#[derive(Template)]
#[template(path = "batch_labels.html")]
struct Labels {
    frame: Frame,
    id: String,
    title: String,
    labels: Vec<Label>,
}

/// One label.
struct Label {
    row: Row,
    code: Code2d,
}

/// A QR code as a path in a square.
struct Code2d {
    size: usize,
    path: String,
    text: String,
}

/// Labels of the discs that are done, with the address of the image's page.
///
/// # Errors
/// `not_found`, or `unavailable` without a database.
pub async fn labels(
    _: May<Look>,
    state: Data<AppState>,
    batch: Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let record = find(&state, &batch).await?;
    let mut frame = Frame::new(&request, Place::Batches, "");
    frame.title = frame.language.pick(format!("Labels: {}", record.batch.title), format!("Etiketten: {}", record.batch.title));
    let disks: Vec<Disk> = state.registry.all().iter().map(Disk::from).collect();
    let images = images(&state, record.batch.items.iter().filter_map(|item| item.job()).collect()).await?;
    let origin = {
        let connection = request.connection_info();
        format!("{}://{}", connection.scheme(), connection.host())
    };
    let label = |row: Row| {
        let image = row.job.as_ref().and_then(|job| images.get(job));
        let page = image.map(|image| format!("/library/{}", image.id)).or_else(|| row.url.clone()).unwrap_or_default();
        Label { code: draw(format!("{origin}{page}")), row }
    };
    let rows = rows::rows(&record.batch, &disks, frame.language);
    let page = Labels {
        id: record.id.to_string(),
        title: record.batch.title.clone(),
        labels: rows.into_iter().filter(|row| row.job.is_some() && (row.done || row.rejected)).map(label).collect(),
        frame,
    };
    Ok(frame::show(StatusCode::OK, &page.frame, &page))
}

/// The images that these jobs made.
async fn images(state: &AppState, jobs: Vec<JobId>) -> Result<BTreeMap<String, IsoRecord>, Problem> {
    let read = state.read(Code::NotFound, move |conn| {
        let mut found = BTreeMap::new();
        for job in jobs {
            found.extend(storage::isos::by_job(conn, job)?.map(|image| (job.to_string(), image)));
        }
        Ok(found)
    });
    read.await
}

/// What is too long for a code gets none; its text stands there in any case.
fn draw(text: String) -> Code2d {
    let Ok(code) = QrCode::new(text.as_bytes()) else { return Code2d { size: 1, path: String::new(), text } };
    let size = code.width();
    let mut path = String::new();
    for (index, _) in code.to_colors().iter().enumerate().filter(|(_, colour)| **colour == Color::Dark) {
        // Writing to a string does not fail.
        let _ = write!(path, "M{} {}h1v1h-1z", index % size, index / size);
    }
    Code2d { size, path, text }
}

/// The results as a table for other programs.
///
/// # Errors
/// `not_found`, or `unavailable` without a database.
pub async fn table(_: May<Look>, state: Data<AppState>, batch: Path<String>) -> Result<HttpResponse, Problem> {
    let record = find(&state, &batch).await?;
    let images = images(&state, record.batch.items.iter().filter_map(|item| item.job()).collect()).await?;
    let body = BatchBody::from(record);
    let mut text = "\u{feff}number,mark,state,verdict,reason,drive,job,image,sha256,at\r\n".to_owned();
    for item in body.items {
        let image = item.job_uuid.as_ref().and_then(|job| images.get(job));
        text.push_str(&line(&item, image));
    }
    let name = format!("attachment; filename=\"batch-{}.csv\"", body.id);
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "text/csv; charset=utf-8"))
        .insert_header((header::CONTENT_DISPOSITION, name))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(text))
}

fn line(item: &BatchItem, image: Option<&IsoRecord>) -> String {
    let or_empty = |text: &Option<String>| text.clone().unwrap_or_default();
    let cells = [
        (item.number + 1).to_string(),
        item.mark.clone(),
        item.state.clone(),
        or_empty(&item.verdict),
        or_empty(&item.reason),
        or_empty(&item.drive_id),
        or_empty(&item.job_uuid),
        image.map(|image| image.filepath.clone()).unwrap_or_default(),
        image.and_then(|image| image.sha256sum.clone()).unwrap_or_default(),
        item.at.map(|at| at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)).unwrap_or_default(),
    ];
    format!("{}\r\n", cells.map(|cell| quoted(&cell)).join(","))
}

/// A cell (RFC 4180); spreadsheets would compute what begins like a formula.
fn quoted(cell: &str) -> String {
    let guard = if cell.starts_with(['=', '+', '-', '@']) { "'" } else { "" };
    format!("\"{guard}{}\"", cell.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_and_compute_nothing() {
        assert_eq!(quoted("a\"b,c"), "\"a\"\"b,c\"");
        assert_eq!(quoted("=1+1"), "\"'=1+1\"");
    }

    #[test]
    fn codes_are_squares_and_what_is_too_long_has_none() {
        let code = draw("http://archive:8080/library/0198a2c4-9b20-7d11-8c40-13d5b0a7f9e2".to_owned());
        assert!((21..=77).contains(&code.size) && code.path.starts_with("M0 0h1v1h-1z"), "a corner is dark");
        assert!(draw("x".repeat(5_000)).path.is_empty());
    }
}
