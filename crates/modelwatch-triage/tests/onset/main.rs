//! When a series left its usual ratio, on series whose change is known.

use modelwatch_triage::onset::{Direction, Moment, Onset, Settings, Unknown, onset};
use modelwatch_triage::series::{Series, Step};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use rand_distr::{Distribution as _, Gamma, Poisson};
use rand_pcg::Pcg64Mcg;

const MINUTE: i64 = 60;
const LENGTH: usize = 240;
const CHANGE: usize = 180;

/// A minute's errors and requests drawn around a ratio; `shape` makes them burst.
struct Noise {
    random: Pcg64Mcg,
    shape: Option<f64>,
}

impl Noise {
    fn step(&mut self, requests: f64, ratio: f64) -> Option<Step> {
        let burst = self.shape.map_or(1.0, |shape| {
            Gamma::new(shape, 1.0 / shape).unwrap().sample(&mut self.random)
        });
        let mut draw = |mean: f64| Poisson::new(mean).map_or(0.0, |poisson| poisson.sample(&mut self.random));
        let trials = draw(requests);
        let events = draw(trials * ratio * burst);
        Some(Step { events, trials })
    }
}

fn series(steps: Vec<Option<Step>>) -> Series {
    Series::new(0, MINUTE, steps)
}

fn since(series: &Series, settings: &Settings) -> Option<Moment> {
    match onset(series, settings) {
        Onset::Since(moment) => Some(moment),
        Onset::Unknown(_) => None,
    }
}

/// How many of a hundred drawn series have their change in the interval, and the likeliest moment within three minutes.
fn found(shape: Option<f64>, settings: &Settings, draw: impl Fn(&mut Noise, usize) -> Option<Step>) -> (usize, usize) {
    let change = CHANGE as i64 * MINUTE;
    let (mut inside, mut near) = (0, 0);
    for seed in 0..100 {
        let mut noise = Noise {
            random: Pcg64Mcg::new(seed),
            shape,
        };
        let steps = (0..LENGTH).map(|minute| draw(&mut noise, minute)).collect();
        if let Some(moment) = since(&series(steps), settings) {
            inside += usize::from(moment.earliest <= change && change <= moment.latest);
            near += usize::from((moment.at - change).abs() <= 3 * MINUTE);
        }
    }
    (inside, near)
}

#[test]
fn finds_a_step_however_noisy_the_errors_are() {
    // Requests a minute, ratio before and after, shape of the bursts.
    let cases = [
        (600.0, 0.002, 0.05, None),
        (600.0, 0.01, 0.1, Some(2.0)),
        (30.0, 0.002, 0.3, None),
        (6000.0, 0.02, 0.03, None),
        (600.0, 0.0, 0.02, None),
    ];
    for (requests, before, after, shape) in cases {
        let (inside, near) = found(shape, &Settings::default(), |noise, minute| {
            noise.step(requests, if minute < CHANGE { before } else { after })
        });
        assert!(
            inside >= 90 && near >= 90,
            "{requests} {before} {after} {shape:?}: {inside} {near}"
        );
    }
}

#[test]
fn passes_over_a_burst_that_is_over() {
    let (inside, near) = found(None, &Settings::default(), |noise, minute| {
        let bad = minute >= CHANGE || (60..64).contains(&minute) || (120..121).contains(&minute);
        noise.step(600.0, if bad { 0.2 } else { 0.002 })
    });
    assert!(inside >= 95 && near >= 95, "{inside} {near}");
}

#[test]
fn passes_over_a_season_that_usual_describes() {
    let usual = |minute: usize| 0.02 * (1.2 + (minute as f64 / 120.0 * std::f64::consts::PI).sin());
    let mut settings = Settings::default();
    settings.usual = Some((0..LENGTH).map(usual).collect());
    let (inside, near) = found(None, &settings, |noise, minute| {
        noise.step(600.0, usual(minute) * if minute < CHANGE { 1.0 } else { 5.0 })
    });
    assert!(inside >= 90 && near >= 90, "{inside} {near}");
    let (inside, near) = found(None, &settings, |noise, minute| noise.step(600.0, usual(minute)));
    assert!(inside + near <= 5, "{inside} {near}");
}

#[test]
fn widens_the_interval_by_the_gap_before() {
    let gap = CHANGE - 15..CHANGE + 5;
    for seed in 0..20 {
        let mut noise = Noise {
            random: Pcg64Mcg::new(seed),
            shape: None,
        };
        let steps = (0..LENGTH).map(|minute| {
            let step = noise.step(600.0, if minute < CHANGE { 0.002 } else { 0.2 });
            step.filter(|_| !gap.contains(&minute))
        });
        let moment = since(&series(steps.collect()), &Settings::default()).unwrap();
        assert!(moment.earliest <= gap.start as i64 * MINUTE, "{moment:?}");
        assert!(moment.latest >= gap.end as i64 * MINUTE, "{moment:?}");
    }
}

#[test]
fn begins_a_ramp_at_its_foot() {
    let mut settled = 0;
    for seed in 0..50 {
        let mut noise = Noise {
            random: Pcg64Mcg::new(seed),
            shape: None,
        };
        let steps = (0..LENGTH).map(|minute| {
            let risen = (minute.saturating_sub(CHANGE) as f64 / 20.0).min(1.0);
            noise.step(600.0, 0.002 + 0.3 * risen)
        });
        let moment = since(&series(steps.collect()), &Settings::default()).unwrap();
        let after = moment.at / MINUTE - CHANGE as i64;
        settled += usize::from((-2..=10).contains(&after));
    }
    assert!(settled >= 48, "{settled}");
}

#[test]
fn finds_when_traffic_fell() {
    let mut settings = Settings::default();
    settings.direction = Direction::Fall;
    let (inside, near) = found(None, &settings, |noise, minute| {
        let requests = if minute < CHANGE { 40.0 } else { 0.0 };
        noise.step(requests, 1.0).map(|step| Step {
            events: step.trials,
            trials: 60.0,
        })
    });
    assert!(inside >= 95 && near >= 95, "{inside} {near}");
}

#[test]
fn says_when_it_ended() {
    let steps = (0..LENGTH).map(|minute| {
        let bad = (CHANGE..CHANGE + 40).contains(&minute);
        Some(Step {
            events: if bad { 60.0 } else { 1.0 },
            trials: 600.0,
        })
    });
    let moment = since(&series(steps.collect()), &Settings::default()).unwrap();
    assert_eq!(moment.at, CHANGE as i64 * MINUTE);
    assert_eq!(moment.until, Some((CHANGE as i64 + 40) * MINUTE));
    assert!((moment.before - 1.0 / 600.0).abs() < 1e-9 && (moment.since - 0.1).abs() < 1e-9);
}

#[test]
fn bridges_a_pause_of_the_trouble() {
    let steps = (0..LENGTH).map(|minute| {
        let bad = minute >= CHANGE && !(CHANGE + 20..CHANGE + 22).contains(&minute);
        Some(Step {
            events: if bad { 60.0 } else { 1.0 },
            trials: 600.0,
        })
    });
    assert_eq!(
        since(&series(steps.collect()), &Settings::default()).unwrap().at,
        CHANGE as i64 * MINUTE
    );
}

#[test]
fn says_unknown_where_the_series_does_not_tell() {
    let flat = |events: f64, length: usize| series(vec![Some(Step { events, trials: 600.0 }); length]);
    let mut strict = Settings::default();
    strict.fine = Some(0.01);
    let cases = [
        (series(Vec::new()), Settings::default(), Unknown::NoData),
        (series(vec![None; 100]), Settings::default(), Unknown::NoData),
        (flat(0.0, 3), Settings::default(), Unknown::NoData),
        (flat(0.0, 100), Settings::default(), Unknown::Steady),
        (flat(30.0, 100), Settings::default(), Unknown::Steady),
        (flat(30.0, 100), strict, Unknown::BeforeTheSeries),
    ];
    for (series, settings, reason) in cases {
        assert_eq!(onset(&series, &settings), Onset::Unknown(reason), "{series:?}");
    }
}

#[test]
fn finds_nothing_in_steady_noise() {
    for shape in [None, Some(2.0)] {
        let mut noise = Noise {
            random: Pcg64Mcg::new(5),
            shape,
        };
        let accused = (0..100)
            .filter(|_| {
                let steps = (0..LENGTH).map(|_| noise.step(600.0, 0.02)).collect();
                since(&series(steps), &Settings::default()).is_some()
            })
            .count();
        assert!(accused <= 10, "{accused} with bursts of shape {shape:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_series_has_an_ordered_answer_within_it(
        start in -1_000_000_000_i64..2_000_000_000,
        step in 1..600_i64,
        steps in vec(option::of((prop_oneof![5 => 0.0..100.0, 1 => proptest::num::f64::ANY], prop_oneof![5 => 0.0..1000.0, 1 => Just(0.0), 1 => proptest::num::f64::ANY])), 0..60),
        fall in any::<bool>(),
    ) {
        let series = Series::new(start, step, steps.into_iter().map(|step| step.map(|(events, trials)| Step { events, trials })));
        let mut settings = Settings::default();
        if fall {
            settings.direction = Direction::Fall;
        }
        if let Onset::Since(moment) = onset(&series, &settings) {
            prop_assert!(series.start <= moment.earliest && moment.earliest <= moment.at);
            prop_assert!(moment.at < moment.latest && moment.latest <= series.end());
            prop_assert!(moment.until.is_none_or(|until| moment.at < until && until <= series.end()));
        }
    }
}
