//! `modelwatch triage serve`: a page for each alert, and the answer in the team's channel.
//!
//! It stands beside the way of an alert, never in it: Alertmanager's webhook is answered before anything is looked into, and
//! whatever fails here is logged. What it may do is bounded: answers at once, answers kept, alerts that wait, and every
//! question has the time and size that the client allows.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Query, State};
use axum::http::{HeaderName, StatusCode, header};
use axum::middleware::from_fn;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use chrono::Utc;
use clap::Args;
use modelwatch_config::Config;
use modelwatch_triage::page;
use modelwatch_triage::prometheus::Prometheus;
use modelwatch_triage::triage::Subject;
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::signal::unix::{SignalKind, signal};
use url::Url;

use super::common::Common;
use super::connections::{self, in_time};
use super::follow_up::FollowUp;
use super::notification::Notification;
use super::shared::{Asked, NARROWING, QUEUED, Shared};
use crate::failure::Failure;
use crate::runtime::runtime;
use crate::values::address;

/// Where to serve, and what to say of itself.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Serve {
    /// The address for the pages; port 0 picks a free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:9110", value_parser = address)]
    listen: SocketAddr,
    /// The public URL of the pages, for the link in a follow-up.
    #[arg(long, value_name = "URL")]
    url: Option<Url>,
}

const EXAMPLES: &str = "\
Examples:
  modelwatch triage serve
  modelwatch triage serve --listen 0.0.0.0:9110 --url https://triage.example.com";

/// Bytes of a notification of Alertmanager.
const NOTIFICATION: usize = 4 << 20;
/// Alerts on the first page.
const LISTED: usize = 100;
/// Characters of a name in an address.
const LONGEST_NAME: usize = 1024;

pub(super) fn run(command: &Serve, common: &Common) -> Result<(), Failure> {
    let (config, client) = common.load()?;
    let listen = command.listen;
    let runtime = runtime()?;
    let served = runtime.block_on(async {
        let listener = TcpListener::bind(listen).await.map_err(|error| {
            Failure::new(format!(
                "can't serve on {listen}: {error}; name another address with --listen"
            ))
        })?;
        let address = listener.local_addr().map_err(Failure::new)?;
        let logs = common.logs(&Handle::current());
        let (shared, alerts) = Shared::new(config, client, logs, command.url.clone());
        let follow_up = tokio::spawn(FollowUp::new(Arc::clone(&shared)).run(alerts));
        let notifications = post(told)
            .layer(DefaultBodyLimit::max(NOTIFICATION))
            .layer(from_fn(in_time));
        let router = Router::new()
            .route("/", get(index))
            .route("/triage", get(one))
            .route("/healthy", get(async || "triage is running\n"))
            .route("/alertmanager", notifications)
            .with_state(Arc::clone(&shared));
        tracing::info!("serving on http://{address}/");
        let unheard = |error| Failure::new(format!("can't listen for signals: {error}"));
        let mut interrupt = signal(SignalKind::interrupt()).map_err(unheard)?;
        let mut terminate = signal(SignalKind::terminate()).map_err(unheard)?;
        let end = async move {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        };
        connections::serve(listener, router, end).await;
        follow_up.abort();
        Ok(())
    });
    // A log that hangs does not keep it from ending.
    runtime.shutdown_background();
    served
}

/// Headers that keep a page from loading anything, or being loaded into anything.
const HEADERS: [(HeaderName, &str); 4] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CACHE_CONTROL, "no-store"),
];

fn html(status: StatusCode, page: String) -> Response {
    (status, HEADERS, Html(page)).into_response()
}

fn no_answer(status: StatusCode, why: &str) -> Response {
    html(status, page::problem(why))
}

/// What a page was asked for, without what means nothing to it.
fn subject(config: &Config, asked: &Asked) -> Option<Subject> {
    let identity = &config.prometheus.identity;
    let short = |value: &String| !value.is_empty() && value.chars().count() <= LONGEST_NAME;
    let value = |name: &str| asked.get(name).filter(|value| short(value));
    let now = Utc::now().timestamp();
    let at = value("at").and_then(|at| at.parse().ok()).unwrap_or(now);
    let mut subject = Subject::model(value("model")?, at.clamp(0, now));
    subject.alert = value("alert").cloned();
    let labels = |names: &mut dyn Iterator<Item = &str>| -> BTreeMap<String, String> {
        names
            .filter_map(|name| Some((name.to_owned(), value(name)?.clone())))
            .collect()
    };
    subject.labels = labels(&mut NARROWING.into_iter());
    subject.only = labels(&mut identity.iter().map(String::as_str));
    Some(subject)
}

async fn one(State(shared): State<Arc<Shared>>, Query(mut asked): Query<Asked>) -> Response {
    let Some(subject) = subject(&shared.config, &asked) else {
        return no_answer(
            StatusCode::BAD_REQUEST,
            "The address names no model: /triage?model=NAME",
        );
    };
    // A page is the same whatever else is in its address.
    let identity = &shared.config.prometheus.identity;
    asked.retain(|name, _| {
        ["model", "alert", "at"].contains(&name.as_str())
            || NARROWING.contains(&name.as_str())
            || identity.contains(name)
    });
    if let Some(page) = shared.fresh(&asked) {
        return html(StatusCode::OK, page.to_string());
    }
    match shared.work(move |shared| shared.report(subject)).await {
        Some(Ok(report)) => {
            let page = Arc::new(page::page(&report));
            shared.keep(asked, Arc::clone(&page));
            html(StatusCode::OK, page.to_string())
        }
        Some(Err(failure)) => no_answer(StatusCode::BAD_GATEWAY, &failure.to_string()),
        None => busy(),
    }
}

fn busy() -> Response {
    no_answer(
        StatusCode::SERVICE_UNAVAILABLE,
        "Too many answers are being worked out; try again in a moment.",
    )
}

async fn index(State(shared): State<Arc<Shared>>) -> Response {
    let firing = shared.work(|shared| {
        let source = Prometheus::new(shared.client.asking());
        source.firing(None, Utc::now().timestamp())
    });
    let firing = match firing.await {
        Some(Ok(firing)) => firing,
        Some(Err(error)) => return no_answer(StatusCode::BAD_GATEWAY, &error.to_string()),
        None => return busy(),
    };
    let identity = &shared.config.prometheus.identity;
    let now = Utc::now().timestamp();
    let mut entries: Vec<_> = firing
        .iter()
        .filter_map(|labels| Subject::alert(labels, identity, now))
        .map(|subject| {
            let alert = subject.alert.clone().unwrap_or_default();
            let narrowing = subject
                .labels
                .iter()
                .filter(|(label, _)| NARROWING.contains(&label.as_str()));
            let narrowing: String = narrowing.map(|(label, value)| format!(", {label} {value}")).collect();
            (format!("{}: {alert}{narrowing}", subject.model), Shared::path(&subject))
        })
        .collect();
    entries.sort();
    entries.dedup();
    let more = entries.len().saturating_sub(LISTED);
    entries.truncate(LISTED);
    let note = match (entries.len(), more) {
        (0, _) => "No alert of a model fires.".to_owned(),
        (_, 0) => "Alerts that fire now:".to_owned(),
        (_, more) => format!("Alerts that fire now, and {more} more:"),
    };
    html(StatusCode::OK, page::index(&entries, &note))
}

/// Takes Alertmanager's word and answers at once, whatever comes of it: a retry would change nothing.
async fn told(State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    let notification: Notification = match serde_json::from_slice(&body) {
        Ok(notification) => notification,
        Err(error) => {
            return (
                StatusCode::BAD_REQUEST,
                format!("not a notification of Alertmanager: {error}\n"),
            )
                .into_response();
        }
    };
    let mut left_out = 0;
    for alert in notification.firing() {
        if !shared.queue(alert) {
            left_out += 1;
        }
    }
    if left_out > 0 {
        tracing::warn!("{left_out} alerts get no follow-up: {QUEUED} wait already");
    }
    StatusCode::ACCEPTED.into_response()
}
