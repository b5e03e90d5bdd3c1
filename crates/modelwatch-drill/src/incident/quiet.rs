//! Stretches on which nothing is wrong, though it may look so.

use super::builtin::{BASELINE, BUILD, Cast, NoRoom, OLDER, PIPELINE, RELEASED, SERVING, halves, neighbours_version};
use super::effect::{Effect, Models, ScoreChange, What};
use super::{Incident, Pattern, Release, ReleaseKind};
use crate::scene::Scene;

/// Every quiet stretch, in the order of the table.
#[must_use]
pub fn stretches(scene: &Scene) -> Vec<Cast> {
    let two_models = |cast: Incident| match scene.neighbour {
        Some(_) => Ok(cast),
        None => Err(NoRoom::of(&cast, "a second model of the same job")),
    };
    let allowed = 1.0 - scene.hero.model.availability_objective;
    let casts = vec![
        Ok(quiet("quiet-day", "Nothing happens.")),
        Ok(quiet(
            "quiet-canary",
            "A healthy canary gets a tenth of the traffic, then half of it, then all.",
        )
        .releases(vec![
            Release::new(ReleaseKind::Version(0.1), RELEASED, 0.0),
            Release::new(ReleaseKind::Traffic(0.5), RELEASED, 20.0),
            Release::new(ReleaseKind::Traffic(1.0), RELEASED, 40.0),
        ])),
        Ok(quiet("quiet-rollback", "A healthy version is rolled back.")
            .versions(&[(SERVING, 0.9), (OLDER, 0.1)])
            .releases(vec![Release::new(ReleaseKind::Traffic(1.0), OLDER, 0.0)])),
        Ok(quiet(
            "quiet-releases",
            "A healthy pipeline, baseline and build of the service are released.",
        )
        .releases(vec![
            Release::new(ReleaseKind::Pipeline, PIPELINE, 0.0),
            Release::new(ReleaseKind::Baseline, BASELINE, 10.0),
            Release::new(ReleaseKind::Service, BUILD, 20.0),
        ])),
        two_models(
            quiet("quiet-neighbour", "A healthy version of another model is released.")
                .releases(vec![neighbours_version(scene, 0.0)]),
        ),
        Ok(
            quiet("quiet-scattered-errors", "The usual few errors come in clusters.")
                .effects(vec![Effect::new(What::ErrorsScatter(0.1)).models(Models::All).always()]),
        ),
        Ok(quiet(
            "quiet-short-bursts",
            "One request in twenty fails for a minute, three times in an hour and a half.",
        )
        .effects(
            [-80.0, 5.0, 40.0]
                .map(|from| Effect::new(What::Errors((50.0 * allowed).min(0.05))).between(from, from + 1.0))
                .to_vec(),
        )),
        Ok(quiet(
            "quiet-client-errors",
            "Client errors come in waves, four in a hundred requests on average.",
        )
        .effects(vec![Effect::new(What::ClientErrorsScatter(0.04)).always()])),
        Ok(quiet(
            "quiet-batches",
            "A client sends all requests within five of every thirty minutes.",
        )
        .rate(3.0)
        .pattern(Pattern::Batches)),
        Ok(quiet("quiet-bursts", "Traffic comes in bursts.").pattern(Pattern::Bursts)),
        Ok(quiet("quiet-evening", "Traffic falls to a tenth over the hours.").pattern(Pattern::Falling)),
        Ok(quiet(
            "quiet-slow-week",
            "Scores move by 0.05 over the hours, as a season does.",
        )
        .effects(vec![
            Effect::new(What::Score(ScoreChange::Shift(0.05)))
                .between(-120.0, f64::INFINITY)
                .ramp(300.0),
        ])),
        Ok(quiet(
            "quiet-few-requests",
            "There are two requests a minute; those of half a minute fail.",
        )
        .rate(0.03)
        .effects(vec![Effect::new(What::Errors(1.0)).between(5.0, 5.5)])),
        Ok(quiet(
            "quiet-pauses",
            "Every ten minutes all requests of one replica take four times as long, for 15 seconds.",
        )
        .effects(
            (-11..9)
                .map(|number| {
                    Effect::new(What::Slow(4.0))
                        .replica(1)
                        .between(f64::from(number) * 10.0, f64::from(number) * 10.0 + 0.25)
                })
                .collect(),
        )),
    ];
    halves(casts)
}

fn quiet(name: &str, about: &str) -> Incident {
    Incident::new(name, about).minutes(90)
}
