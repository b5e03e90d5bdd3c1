//! The demo: train, serve, replay, show.

use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::Ordering;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use chrono::DateTime;
use flights::data::{self, FEATURES, missing_ratios};
use flights::error::Failure;
use flights::model::DelayModel;
use modelwatch::Monitor;
use modelwatch_drift_job::{Subject, SubjectReport, WindowReport};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use crate::cli::Options;
use crate::incident::Incident;
use crate::page::Page;
use crate::quality::{Folder, Quality};
use crate::replay::{Progress, Replay, Week};
use crate::screen::Screen;
use crate::server::{CANARY, STABLE, Service};
use crate::table::{View, drift_of_day};

/// How often the table is drawn.
const REFRESH: Duration = Duration::from_secs(1);
/// Rates are over the time between as many refreshes.
const SPAN: usize = 5;

/// Runs the demo to its end.
///
/// # Errors
///
/// When the data can't be read, the port can't be had, or the service can't be scraped.
pub fn run(options: &Options) -> Result<(), Failure> {
    let runtime = Runtime::new().map_err(|error| Failure::new(format!("can't start the runtime: {error}")))?;
    // The port first: it is what fails most, and training takes a moment.
    let listener = listen(&runtime, options.port)?;
    let address = listener
        .local_addr()
        .map_err(|error| Failure::new(format!("can't tell the address that is served: {error}")))?;

    let training = data::read(&options.data.join("train-2013q1.parquet"))?;
    let april = data::read(&options.data.join("replay-2013-04-08-week.parquet"))?;
    let july = data::read(&options.data.join("replay-2013-07-08-week.parquet"))?;
    let stable = DelayModel::train(&training, &FEATURES)?;
    let canary = DelayModel::train(&training, &["dep_delay", "distance", "hour"])?;
    let mut screen = Screen::new(options.plain);
    for (version, model) in [(STABLE, &stable), (CANARY, &canary)] {
        let (april, july) = (model.area_under_curve(&april), model.area_under_curve(&july));
        screen.head(&format!(
            "{version}: area under the curve {april:.3} in April, {july:.3} in July\n"
        ))?;
    }

    let incident = options.incident.map_or_else(Incident::default, |kind| {
        let after = options.incident_after.unwrap_or(options.duration / 3);
        Incident::at(kind, Instant::now() + after)
    });
    let monitor = Monitor::new();
    let folder = Folder::new(options.log.as_ref())?;
    let quality = Quality::start(&runtime, folder.path(), &options.data, &training, &stable, &monitor)?;
    let service = Service::new(&monitor, quality.log(), &training, stable, canary, incident);
    let service = service.map_err(|error| Failure::new(error.to_string()))?;
    let router = service.into_router(&monitor, &quality.exporter());
    runtime.spawn(axum::serve(listener, router).into_future());
    screen.head(&format!(
        "serving on http://{address}: POST /predict, GET /modelwatch (a page), GET /metrics, GET /drift/metrics, GET /healthz\n"
    ))?;

    let replay = Replay {
        address,
        rate: options.rate,
        duration: options.duration,
        incident,
        mixed: options.mixed,
        weeks: vec![
            Week {
                name: "8 to 14 April 2013",
                begins: DateTime::from_timestamp(1_365_393_600, 0).unwrap_or_default(), // 2013-04-08T04:00:00Z
                flights: april,
            },
            Week {
                name: "8 to 14 July 2013",
                begins: DateTime::from_timestamp(1_373_256_000, 0).unwrap_or_default(), // 2013-07-08T04:00:00Z
                flights: july,
            },
        ],
        progress: Progress::default(),
    };
    let interrupted = interrupts(&runtime)?;
    let trained_missing = missing_ratios(&training);
    let stopped = thread::scope(|scope| {
        scope.spawn(|| replay.run());
        let followed = scope.spawn(|| quality.follow(&runtime, &replay));
        let shown = show(&mut screen, &replay, &quality, &trained_missing, &interrupted);
        if !matches!(shown, Ok(false)) {
            replay.stop(); // before its end
        }
        // A panic there is one here.
        let followed = followed.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        followed.and(shown)
    })?;
    if let Some(report) = quality.latest().filter(|_| !stopped) {
        // The last day that is over, which the last table may have come too early for.
        screen.say(&format!("\n{}", drift_of_day(&report)))?;
    }
    summary(&mut screen, &replay)?;
    drift_of_weeks(&mut screen, &runtime, &replay, &quality)?;
    if options.keep && !stopped {
        screen.say("the replay is over; serving on until Ctrl-C\n")?;
        // An error means that nobody can interrupt any more; then there is nothing to wait for.
        let _ = interrupted.recv();
    }
    Ok(())
}

fn listen(runtime: &Runtime, port: u16) -> Result<TcpListener, Failure> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    runtime.block_on(TcpListener::bind(address)).map_err(|error| {
        Failure::new(format!(
            "can't serve on {address}: {error}; name another port with --port, or 0 for a free one"
        ))
    })
}

/// Gets a message for each Ctrl-C.
fn interrupts(runtime: &Runtime) -> Result<mpsc::Receiver<()>, Failure> {
    let (sender, receiver) = mpsc::channel();
    let mut interrupt = runtime
        .block_on(async { tokio::signal::unix::signal(tokio::signal::unix::SignalKind::interrupt()) })
        .map_err(|error| Failure::new(format!("can't listen for Ctrl-C: {error}")))?;
    runtime.spawn(async move { while interrupt.recv().await.is_some() && sender.send(()).is_ok() {} });
    Ok(receiver)
}

/// Draws the table until the replay is over, or somebody interrupts: then the result is true.
fn show(
    screen: &mut Screen,
    replay: &Replay,
    quality: &Quality,
    trained_missing: &[f64; FEATURES.len()],
    interrupted: &mpsc::Receiver<()>,
) -> Result<bool, Failure> {
    let started = Instant::now();
    let mut pages = VecDeque::from([(Instant::now(), scrape(replay.address)?)]);
    loop {
        match interrupted.recv_timeout(REFRESH) {
            Ok(()) => return Ok(true),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => thread::sleep(REFRESH),
        }
        pages.push_back((Instant::now(), scrape(replay.address)?));
        if pages.len() > SPAN + 1 {
            pages.pop_front();
        }
        if let (Some((from, earlier)), Some((to, latest))) = (pages.front(), pages.back()) {
            let drift = quality.latest();
            let view = View {
                drift: drift.as_ref(),
                earlier,
                latest,
                span: *to - *from,
                trained_missing,
            };
            let broken = replay.incident.now();
            let incident = broken
                .map(|kind| format!("; incident: {}", kind.describe()))
                .unwrap_or_default();
            let heading = format!(
                "\n{:.0} s, flights of {}{incident}\n",
                started.elapsed().as_secs_f64(),
                replay.week()
            );
            screen.draw(&(heading + &view.render()))?;
        }
        if !replay.goes_on() {
            return Ok(false);
        }
    }
}

/// Whether every request is in the figures.
fn summary(screen: &mut Screen, replay: &Replay) -> Result<(), Failure> {
    let page = scrape(replay.address)?;
    let counted = page.sum("ml_inference_requests_total", &[]);
    let answered = replay.progress.answered.load(Ordering::Relaxed);
    let unanswered = replay.progress.unanswered.load(Ordering::Relaxed);
    let lost = if unanswered == 0 {
        String::new()
    } else {
        format!(" and {unanswered} got no answer")
    };
    screen.say(&format!(
        "\n{answered} requests were answered{lost}; ml_inference_requests_total counts {counted}, and the latency \
         histogram {}\n",
        page.sum("ml_inference_latency_seconds_count", &[])
    ))
}

/// How far each whole week is from the training quarter.
fn drift_of_weeks(screen: &mut Screen, runtime: &Runtime, replay: &Replay, quality: &Quality) -> Result<(), Failure> {
    let windows = replay.weeks.iter().filter_map(Week::whole);
    let reports: Vec<WindowReport> = windows
        .map(|week| quality.run(runtime, week))
        .collect::<Result<_, _>>()?;
    let mut text = format!("\n{:<20}", "drift from training");
    replay
        .weeks
        .iter()
        .for_each(|week| text += &format!("{:>22}", week.name));
    let subjects = FEATURES.map(|name| Subject::Feature(name.into()));
    for subject in subjects.into_iter().chain([Subject::Score, Subject::Classes]) {
        text += &format!("\n{:<20}", subject.to_string());
        for report in &reports {
            text += &format!(
                "{:>22}",
                report.subject(&subject).map_or("too few rows".into(), distance)
            );
        }
    }
    screen.say(
        &(text + "\n(population stability index over the training deciles; ! is above the threshold and no chance)\n"),
    )
}

fn distance(report: &SubjectReport) -> String {
    match &report.measurement {
        Ok(measurement) => {
            let mark = if measurement.drifts(&report.rule) { " !" } else { "  " };
            format!("{:.3}{mark}", measurement.score)
        }
        Err(why) => why.clone(),
    }
}

fn scrape(address: SocketAddr) -> Result<Page, Failure> {
    let url = format!("http://{address}/metrics");
    let text = ureq::get(&url)
        .call()
        .and_then(|mut answer| answer.body_mut().read_to_string());
    text.map(|text| Page::parse(&text))
        .map_err(|error| Failure::new(format!("can't scrape {url}: {error}")))
}
