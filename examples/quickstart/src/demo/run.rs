//! From the start of the demo to its end: serve, replay, show.

use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::Ordering;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::{self, ScopedJoinHandle};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use clap::ValueEnum as _;
use flights::data::{self, FEATURES};
use flights::error::Failure;
use flights::version::{CANARY, STABLE, Version, divide, quiet};
use modelwatch::Monitor;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};

use super::cli::Options;
use super::ended::Ended;
use super::incident::{Incident, Kind};
use super::page::Page;
use super::quality::{Drift, Quality};
use super::replay::{Progress, Replay, Week};
use super::screen::{Input, Screen, say};
use super::server::Service;
use super::table::{Figures, View, drift_of_day, render};
use super::team::Team;
use super::terminal::{Scene, Told, Trail};
use super::training::Training;
use crate::drift::protocol::{Report, Subject};
use crate::folder::Folder;

/// How often the figures are looked at.
const REFRESH: Duration = Duration::from_secs(1);
/// How often it is looked whether what is waited for is there.
const LOOK: Duration = Duration::from_millis(50);
/// Rates are over the time between as many refreshes.
const SPAN: usize = 5;

/// Before somebody at the keys can break anything: what goes wrong is told from what went before.
const PEACE: Duration = Duration::from_secs(16);

/// Midnight in New York of the day that the week of July begins with.
const JULY_BEGINS: i64 = 1_373_256_000; // 2013-07-08T04:00:00Z

/// As somebody in the folder of the repository names them.
const TRAINING: &str = "examples/data/flights/train-2013q1.parquet";
const JULY: &str = "examples/data/flights/replay-2013-07-08-week.parquet";

/// Runs the demo to its end.
///
/// # Errors
///
/// When the data can't be read, the port can't be had, the service can't be scraped, or the drift job fails: then all else is
/// shown before. Or when nobody reads the output any more.
pub fn run(options: &Options) -> Result<(), Ended> {
    let runtime = Runtime::new().map_err(|error| Failure::new(format!("can't start the runtime: {error}")))?;
    // The port first: it is what fails most, and the baseline takes a moment.
    let listener = listen(&runtime, options.port)?;
    let address = listener
        .local_addr()
        .map_err(|error| Failure::new(format!("can't tell the address that is served: {error}")))?;

    let quarter = data::read(&options.data.join("train-2013q1.parquet"))?;
    let (february, training) = divide(quarter);
    let july = data::read(&options.data.join("replay-2013-07-08-week.parquet"))?;
    let (stable, canary) = (STABLE.load()?, CANARY.load()?);
    for (Version { name, .. }, model) in [(STABLE, &stable), (CANARY, &canary)] {
        let (february, july) = (model.area_under_curve(&february), model.area_under_curve(&july));
        say(&format!(
            "{name}: area under the curve {february:.3} in February, {july:.3} in July\n"
        ))?;
    }

    let incident = Incident::default();
    let monitor = Monitor::new();
    let folder = Folder::new(options.log.as_ref())?;
    let quality = Quality::start(folder.path(), &monitor, options)?;
    let service = Service::new(&monitor, quality.log(), stable, canary, incident.clone());
    let service = service.map_err(|error| Failure::new(error.to_string()))?;
    let router = service.into_router(&monitor).merge(quality.route());
    runtime.spawn(axum::serve(listener, router).into_future());
    say(&format!(
        "serving on http://{address}: POST /predict, GET /modelwatch (a page), GET /metrics, GET /drift/metrics, GET /healthz\n"
    ))?;

    let replay = Replay {
        address,
        rate: options.rate,
        duration: options.duration,
        incident: incident.clone(),
        mixed: options.mixed,
        timed: options.window.is_none(),
        weeks: vec![
            Week {
                name: "18 to 24 February 2013",
                begins: quiet().start.into(),
                flights: february,
            },
            Week {
                name: "8 to 14 July 2013",
                begins: midnight(JULY_BEGINS),
                flights: july,
            },
        ],
        progress: Progress::default(),
    };
    let (sender, inputs) = mpsc::channel();
    signals(&runtime, &sender)?;
    let training = Training::new(&training);
    let mut watch = Watch {
        replay: &replay,
        quality: &quality,
        training: &training,
        team: Team::new(address.to_string(), REFRESH)?,
        trails: Default::default(),
        pages: VecDeque::new(),
        figures: None,
    };
    if let Some(kind) = options.incident {
        // From the first request on: the baseline takes its time.
        let after = options.incident_after.unwrap_or(options.duration / 3);
        incident.start(kind, Instant::now() + after);
    }
    let stopped = thread::scope(|scope| {
        scope.spawn(|| replay.run());
        let follower = scope.spawn(|| quality.follow(&replay));
        let shown = watch.show(options, &inputs, &sender);
        if !matches!(shown, Ok(false)) {
            replay.stop(); // before its end
            if !quality.is_ready() {
                quality.give_up();
            }
        }
        let ended = shown.and_then(|stopped| {
            if !options.plain {
                // The screen is gone, and with it what it showed last.
                watch.say()?;
            }
            Ok(wait_for_drift(&follower, &quality, &inputs)? || stopped)
        });
        if ended.is_err() {
            replay.stop();
            quality.give_up();
        }
        // A panic there is one here.
        follower.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        ended
    })?;
    if let (Drift::Compared(report), false) = (quality.drift(), stopped) {
        // The last day that is over, which the last table may have come too early for.
        let drift = drift_of_day(&report);
        if watch.figures.as_ref().is_none_or(|figures| figures.drift != drift) {
            say(&format!("\n{drift}"))?;
        }
    }
    summary(&replay)?;
    if options.window.is_none() {
        drift_of_weeks(&replay, &quality)?;
    }
    next_steps(options)?;
    if options.keep && !stopped {
        if let Some(failure) = quality.failure() {
            say(&format!("{failure}\n"))?;
        }
        say("the replay is over; serving on until Ctrl-C\n")?;
        // Without anybody who could send, there is nothing to wait for.
        while inputs.recv().is_ok_and(|input| input != Input::Quit) {}
    }
    quality.failure().map_or(Ok(()), |failure| Err(failure.into()))
}

/// After the replay, until every day that is over has been compared, or somebody ends it: then the result is true.
fn wait_for_drift(
    follower: &ScopedJoinHandle<'_, ()>,
    quality: &Quality,
    inputs: &mpsc::Receiver<Input>,
) -> Result<bool, Ended> {
    let mut say_so = Some(Instant::now() + REFRESH);
    while !follower.is_finished() {
        if say_so.is_some_and(|due| Instant::now() >= due) {
            say_so = None;
            let how_far = match quality.drift() {
                Drift::Compiling => ", which is being compiled",
                Drift::Starting => ", which makes its baseline",
                _ => "",
            };
            say(&format!(
                "\nwaiting for the drift job{how_far}; Ctrl-C ends the demo without it\n"
            ))?;
        }
        if inputs.recv_timeout(LOOK) == Ok(Input::Quit) {
            quality.give_up();
            return Ok(true);
        }
    }
    Ok(false)
}

fn midnight(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, 0).unwrap_or_default()
}

fn listen(runtime: &Runtime, port: u16) -> Result<TcpListener, Failure> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    runtime.block_on(TcpListener::bind(address)).map_err(|error| {
        Failure::new(format!(
            "can't serve on {address}: {error}; name another port with --port, or 0 for a free one"
        ))
    })
}

/// Sends a wish to quit for each signal that asks for it.
fn signals(runtime: &Runtime, inputs: &mpsc::Sender<Input>) -> Result<(), Failure> {
    for kind in [SignalKind::interrupt(), SignalKind::terminate()] {
        let mut signals = runtime
            .block_on(async { signal(kind) })
            .map_err(|error| Failure::new(format!("can't listen for signals: {error}")))?;
        let inputs = inputs.clone();
        runtime.spawn(async move { while signals.recv().await.is_some() && inputs.send(Input::Quit).is_ok() {} });
    }
    Ok(())
}

/// What is looked at each second.
struct Watch<'a> {
    replay: &'a Replay,
    quality: &'a Quality,
    training: &'a Training,
    team: Team,
    trails: [Trail; 2],
    pages: VecDeque<(Instant, Page)>,
    figures: Option<Figures>,
}

impl Watch<'_> {
    /// Shows the figures until the replay is over, or somebody ends it: then the result is true.
    fn show(
        &mut self,
        options: &Options,
        inputs: &mpsc::Receiver<Input>,
        sender: &mpsc::Sender<Input>,
    ) -> Result<bool, Ended> {
        let started = Instant::now();
        self.pages.push_back((started, scrape(self.replay.address)?));
        let mut screen = if options.plain {
            None
        } else {
            Some(Screen::open(sender.clone())?)
        };
        let mut due = started + REFRESH;
        loop {
            match inputs.recv_timeout(due.saturating_duration_since(Instant::now())) {
                Ok(Input::Quit) => return Ok(true),
                Ok(Input::Break(kind)) => self.replay.incident.start(kind, Instant::now().max(started + PEACE)),
                Ok(Input::Fix) => self.replay.incident.fix(),
                Ok(Input::Redraw) | Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => thread::sleep(REFRESH),
            }
            if Instant::now() >= due {
                due = Instant::now() + REFRESH;
                let news = self.look()?;
                if screen.is_none() {
                    self.say_now(started, news)?;
                }
            }
            if let (Some(screen), Some(figures)) = (&mut screen, &self.figures) {
                screen.draw(&Scene {
                    address: &self.replay.address.to_string(),
                    week: self.replay.week(),
                    elapsed: started.elapsed(),
                    duration: self.replay.duration,
                    broken: self
                        .replay
                        .incident
                        .begun()
                        .map(|(kind, begun)| (kind, begun.elapsed())),
                    announced: (self.replay.incident.announced())
                        .map(|(kind, begins)| (kind, begins.saturating_duration_since(Instant::now()))),
                    figures,
                    trails: &self.trails,
                    told: self.team.told(),
                    colours: options.colours,
                })?;
            }
            if !self.replay.goes_on() {
                return Ok(false);
            }
        }
    }

    /// Scrapes the service. Returns whether there is news for the team.
    fn look(&mut self) -> Result<bool, Failure> {
        self.pages.push_back((Instant::now(), scrape(self.replay.address)?));
        if self.pages.len() > SPAN + 1 {
            self.pages.pop_front();
        }
        let (Some((from, earlier)), Some((to, latest))) = (self.pages.front(), self.pages.back()) else {
            return Ok(false);
        };
        let drift = self.quality.drift();
        let view = View {
            drift: &drift,
            earlier,
            latest,
            span: *to - *from,
            training: self.training,
        };
        let figures = view.figures();
        for (trail, figures) in self.trails.iter_mut().zip(&figures.versions) {
            trail.push(figures);
        }
        let news = self.team.look(&[latest, &self.quality.page()], &figures.wrong, &drift);
        self.figures = Some(figures);
        Ok(news)
    }

    /// The figures as text.
    fn say_now(&self, started: Instant, news: bool) -> Result<(), Ended> {
        let broken = self.replay.incident.now();
        let incident = broken.map_or_else(String::new, |kind| format!("; incident: {}", kind.describe()));
        say(&format!(
            "\n{:.0} s, flights of {}{incident}\n",
            started.elapsed().as_secs_f64(),
            self.replay.week()
        ))?;
        if news { self.say() } else { self.say_figures() }
    }

    fn say_figures(&self) -> Result<(), Ended> {
        self.figures.as_ref().map_or(Ok(()), |figures| say(&render(figures)))
    }

    /// The figures, and what the team has been told.
    fn say(&self) -> Result<(), Ended> {
        self.say_figures()?;
        match self.team.told() {
            Some(Told { channel, text, .. }) => say(&format!("\nmessage to {channel}:\n{text}")),
            None => Ok(()),
        }
    }
}

/// Where to go from here.
fn next_steps(options: &Options) -> Result<(), Ended> {
    let incident = options.incident.unwrap_or(Kind::CanaryErrors);
    let name = incident.to_possible_value();
    let name = name.as_ref().map_or("canary-errors", |name| name.get_name());
    say(&format!(
        "\nNext:\n\n\
         # The same under a real Prometheus and Alertmanager, to its culprit:\n\
         make demo-stack ARGS='--incident {name}'\n\n\
         # Twenty lines of a service of your own; then open docs/getting-started.md:\n\
         cargo run -p example-axum\n\n\
         # Two files, with yours in their place:\n\
         cargo run -p modelwatch-cli -- drift compare \\\n  {TRAINING} \\\n  {JULY}\n"
    ))
}

/// Whether every request is in the figures.
fn summary(replay: &Replay) -> Result<(), Ended> {
    let page = scrape(replay.address)?;
    let counted = page.sum("ml_inference_requests_total", &[]);
    let answered = replay.progress.answered.load(Ordering::Relaxed);
    let unanswered = replay.progress.unanswered.load(Ordering::Relaxed);
    let lost = if unanswered == 0 {
        String::new()
    } else {
        format!(" and {unanswered} got no answer")
    };
    say(&format!(
        "\n{answered} requests were answered{lost}; ml_inference_requests_total counts {counted}, and the latency \
         histogram {}\n",
        page.sum("ml_inference_latency_seconds_count", &[])
    ))
}

/// How far each whole week is from the training quarter.
fn drift_of_weeks(replay: &Replay, quality: &Quality) -> Result<(), Ended> {
    let reports: Vec<Report> = (replay.weeks.iter())
        .map_while(|week| quality.compare(week.whole()))
        .collect();
    if reports.len() < replay.weeks.len() {
        let why = if quality.failure().is_some() {
            "failed"
        } else {
            "was not there yet"
        };
        return say(&format!("\nno week was compared with training: the drift job {why}\n"));
    }
    let mut text = format!("\n{:<20}", "drift from training");
    replay
        .weeks
        .iter()
        .for_each(|week| text += &format!("{:>22}", week.name));
    // A week of too few rows has distances of nothing; score and classes come after the features.
    let subjects = reports.iter().flat_map(|report| &report.subjects);
    let mut names: Vec<_> = FEATURES.into_iter().collect();
    for subject in subjects {
        if !names.contains(&subject.name.as_str()) {
            names.push(&subject.name);
        }
    }
    for name in names {
        text += &format!("\n{name:<20}");
        for report in &reports {
            let subject = report.subjects.iter().find(|subject| subject.name == name);
            text += &format!("{:>22}", subject.map_or("too few rows".into(), distance));
        }
    }
    say(&(text + "\n(population stability index; ! is drift: above the threshold and significant)\n"))
}

fn distance(subject: &Subject) -> String {
    match &subject.distance {
        Ok(distance) => format!("{distance:.3} {}", if subject.drifts { "!" } else { " " }),
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
