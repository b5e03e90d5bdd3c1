//! What effects come to for one kind of request at one time.

use crate::incident::Incident;
use crate::incident::effect::{Effect, Models, ScoreChange, What};

/// Where and when a request is.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) is_hero: bool,
    pub(crate) version: &'a str,
    pub(crate) route: &'a str,
    pub(crate) replica: usize,
    pub(crate) minutes: f64,
}

/// What happens to a request there.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Condition {
    pub(crate) errors: f64,
    pub(crate) client_errors: f64,
    /// The shape by which the usual share of errors scatters.
    pub(crate) errors_scatter: Option<f64>,
    pub(crate) client_errors_scatter: Option<f64>,
    pub(crate) slow: f64,
    pub(crate) slow_stage: f64,
    pub(crate) score: Option<ScoreChange>,
    pub(crate) non_finite: f64,
    pub(crate) threshold: Option<f64>,
    pub(crate) escalated: f64,
    pub(crate) features: Vec<FeatureCondition>,
}

/// What happens to a feature.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct FeatureCondition {
    pub(crate) missing: f64,
    pub(crate) defaulted: f64,
    pub(crate) out_of_range: f64,
}

/// Whether an effect reaches a model.
pub(crate) fn reaches(effect: &Effect, is_hero: bool) -> bool {
    match effect.scope.models {
        Models::Hero => is_hero,
        Models::Neighbour => !is_hero,
        Models::All => true,
    }
}

/// What happens at a place.
pub(crate) fn condition(incident: &Incident, features: &[String], place: Place<'_>) -> Condition {
    let mut condition = Condition {
        errors: 0.0,
        client_errors: 0.0,
        errors_scatter: None,
        client_errors_scatter: None,
        slow: 1.0,
        slow_stage: 0.0,
        score: None,
        non_finite: 0.0,
        threshold: None,
        escalated: 0.0,
        features: vec![FeatureCondition::default(); features.len()],
    };
    for effect in &incident.effects {
        let strength = effect.strength(place.minutes);
        let scope = &effect.scope;
        let elsewhere = strength <= 0.0
            || !reaches(effect, place.is_hero)
            || scope.version.as_ref().is_some_and(|version| version != place.version)
            || scope.route.as_ref().is_some_and(|route| route != place.route)
            || scope.replica.is_some_and(|replica| replica != place.replica);
        if !elsewhere {
            condition.add(effect, strength, features);
        }
    }
    condition
}

impl Condition {
    fn add(&mut self, effect: &Effect, strength: f64, features: &[String]) {
        // Of what happens twice, neither excludes the other.
        let also = |share: &mut f64, more: f64| *share = 1.0 - (1.0 - *share) * (1.0 - more * strength);
        let mut feature = |also_of: &dyn Fn(&mut FeatureCondition)| {
            let wanted = features.iter().zip(&mut self.features);
            wanted
                .filter(|(name, _)| effect.scope.feature.as_ref().is_none_or(|wanted| wanted == *name))
                .for_each(|(_, condition)| also_of(condition));
        };
        match effect.what {
            What::Errors(share) => also(&mut self.errors, share),
            What::ClientErrors(share) => also(&mut self.client_errors, share),
            What::ErrorsScatter(shape) => self.errors_scatter = Some(shape),
            What::ClientErrorsScatter(share) => self.client_errors_scatter = Some(share),
            What::Slow(factor) => self.slow *= 1.0 + (factor - 1.0) * strength,
            What::SlowStage(seconds) => self.slow_stage += seconds * strength,
            What::Score(ScoreChange::Shift(by)) => self.score = Some(ScoreChange::Shift(by * strength)),
            What::Score(change) => self.score = Some(change),
            What::NonFinite(share) => also(&mut self.non_finite, share),
            What::Threshold(score) => self.threshold = Some(score),
            What::Escalated(share) => also(&mut self.escalated, share),
            What::Missing(share) => feature(&|condition| also(&mut condition.missing, share)),
            What::Defaulted(share) => feature(&|condition| also(&mut condition.defaulted, share)),
            What::OutOfRange(share) => feature(&|condition| also(&mut condition.out_of_range, share)),
            // These happen to targets, jobs and labels, not to requests.
            What::Wrong(_)
            | What::ExpectedWrong(_)
            | What::LabelsStop
            | What::OutcomesUnreadable
            | What::Traffic(_)
            | What::Drift(_)
            | What::WrongBaseline(_)
            | What::Down
            | What::DriftDown
            | What::Restarts(_)
            | What::DriftStuck
            | What::DriftFails
            | What::LogDrops(_)
            | What::Queue(_)
            | What::InFlight(_)
            | What::Overflow(_)
            | What::RuntimeLate(_) => {}
        }
    }
}
