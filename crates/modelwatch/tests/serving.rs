//! The choice of a version, from whichever thread and in whatever order it comes.

use std::cell::Cell;
use std::sync::mpsc;
use std::thread;

use modelwatch::{Format, Model, Monitor, Serving, Status, Watched};
use modelwatch_testkit::MetricsPage;
use proptest::prelude::*;

fn page(monitor: &Monitor) -> MetricsPage {
    MetricsPage::parse(&monitor.encode(Format::PrometheusText))
}

fn versions<const N: usize>(monitor: &Monitor, versions: [&str; N]) -> [Model; N] {
    versions.map(|version| monitor.model("m", version).register().expect("valid"))
}

/// Where and when the next choice is made.
#[derive(Clone, Copy, Debug)]
enum Place {
    /// In the handler.
    Here,
    /// On another thread, while the handler waits for it.
    Meanwhile,
    /// On another thread, while nobody polls the request.
    Between,
    /// In the handler, by a handle it takes anew.
    Anew,
    /// By whoever answers.
    Answer,
}

fn places() -> impl Strategy<Value = Vec<(Place, usize)>> {
    let place = prop_oneof![
        Just(Place::Here),
        Just(Place::Meanwhile),
        Just(Place::Between),
        Just(Place::Anew),
        Just(Place::Answer),
    ];
    prop::collection::vec((place, 0..3_usize), 1..8)
}

/// What ends the request.
#[derive(Clone, Copy, Debug)]
enum End {
    Finish,
    Drop,
    Panic,
}

fn elsewhere(serving: &Serving, model: &Model) {
    thread::scope(|scope| scope.spawn(|| serving.by(model)).join().expect("no panic"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]
    /// Each step happens after the one before, so the last one counts, whatever the threads.
    #[test]
    fn counts_for_the_last_choice_wherever_it_was_made(
        steps in places(),
        end in prop_oneof![Just(End::Finish), Just(End::Drop), Just(End::Panic)],
        keeps in any::<bool>(),
        at_once in any::<bool>(),
    ) {
        let monitor = Monitor::new();
        let models = versions(&monitor, ["a", "b", "c"]);
        let [first, ..] = &models;
        let mut watched = Watched::new(first.route("predict").start());
        let mut kept = None;
        let last = Cell::new(0);
        let run = |serving: &Serving, steps: &[(Place, usize)]| {
            for (place, version) in steps {
                match place {
                    Place::Here => serving.by(&models[*version]),
                    Place::Meanwhile => elsewhere(serving, &models[*version]),
                    Place::Anew => Serving::current().by(&models[*version]),
                    Place::Between | Place::Answer => continue,
                }
                last.set(*version);
            }
        };
        if at_once {
            watched.poll(|| run(&Serving::current(), &steps));
        } else {
            for step in &steps {
                let serving = watched.poll(|| {
                    let serving = Serving::current();
                    run(&serving, &[*step]);
                    serving
                });
                match step.0 {
                    Place::Between => elsewhere(&serving, &models[step.1]),
                    Place::Answer => watched.served_by(&models[step.1]),
                    _ => continue,
                }
                last.set(step.1);
                if keeps {
                    kept = Some(serving);
                }
            }
        }
        let before = page(&monitor);
        let version = [("model_version", models[last.get()].version())];
        prop_assert_eq!(before.sum("ml_inference_in_flight", &version), 1.0);
        prop_assert_eq!(before.sum("ml_inference_in_flight", &[]), 1.0);
        match end {
            End::Finish => watched.finish(Status::Success),
            End::Drop => drop(watched),
            End::Panic => {
                let panics = std::panic::AssertUnwindSafe(|| watched.poll(|| std::panic::resume_unwind(Box::new(()))));
                drop(std::panic::catch_unwind(panics).map(|(): ()| ()));
            }
        }
        // Too late for anything.
        if let Some(serving) = kept {
            serving.by(first);
        }
        let page = page(&monitor);
        prop_assert_eq!(page.sum("ml_inference_requests_total", &version), 1.0);
        prop_assert_eq!(page.all_requests(), 1);
        prop_assert_eq!(page.sum("ml_inference_in_flight", &[]), 0.0);
    }
}

/// Requests that others choose for while they are polled, suspended and ended: each is counted once.
#[test]
fn counts_each_request_once_while_others_choose() {
    let monitor = Monitor::new();
    let models = versions(&monitor, ["a", "b", "c"]);
    const REQUESTS: usize = 2_000;
    thread::scope(|scope| {
        let (hand_on, handed) = mpsc::channel::<Serving>();
        let chooses = models.clone();
        scope.spawn(move || {
            for (number, serving) in handed.into_iter().enumerate() {
                serving.by(&chooses[number % 3]);
                serving.by(&chooses[(number + 1) % 3]);
            }
        });
        for thread in 0..3 {
            let (hand_on, models) = (hand_on.clone(), models.clone());
            scope.spawn(move || {
                let route = models[thread].route("predict");
                for number in 0..REQUESTS {
                    let mut watched = Watched::new(route.start());
                    watched.poll(|| hand_on.send(Serving::current()).expect("somebody chooses"));
                    if number % 3 == 0 {
                        watched.poll(|| Serving::current().by(&models[number % 2]));
                    }
                    match number % 5 {
                        0 => drop(watched),
                        1 => watched.served_by(&models[0]),
                        _ => watched.finish(Status::Success),
                    }
                }
            });
        }
        drop(hand_on);
    });
    let page = page(&monitor);
    assert_eq!(page.all_requests(), 3 * REQUESTS as u64);
    assert_eq!(page.sum("ml_inference_in_flight", &[]), 0.0);
}
