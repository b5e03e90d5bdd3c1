//! Scores, classes, outcomes.

use super::page::Runbook;
use super::queries::*;
use crate::known;
use crate::promql::Expr;
use crate::recorded;

const SHIFT_CHECKS: &[&str] = &[
    "Compare versions. If one is affected, the model changed, perhaps on purpose: a new version is compared with the \
     others.",
    "If all versions are affected, the input changed: look at missing features, ranges and drift.",
    "Look at the mix of traffic: did routes, callers or the time of week change?",
    "Look for a release of the feature pipeline.",
];
const SHIFT_MITIGATION: &[&str] = &[
    "If the feature pipeline broke, roll it back.",
    "If a version is wrong, shift its traffic back.",
    "If the world changed, inform the model's owner: it needs retraining and a new baseline.",
    "If the change is intended, wait a day: then it is what the rule compares with.",
];

fn non_finite(model: &modelwatch_config::Model) -> (&'static str, Expr) {
    (
        "What share of each version's scores is NaN or infinite?",
        series(model, &recorded::NON_FINITE_RATIO).expr(),
    )
}

pub(super) const RUNBOOKS: &[Runbook] = &[
    Runbook {
        known: &known::SCORE_SHIFT,
        meaning: "The distribution of the scores differs from an hour ago and from a day or a week ago. For a \
                  version without a yesterday, it differs from the other versions'. Answers still have status 200 \
                  and may be wrong.",
        checks: SHIFT_CHECKS,
        mitigation: SHIFT_MITIGATION,
        queries: |model| {
            vec![
                score_against_yesterday(model),
                score_now(model),
                missing_since(model),
                drifting(model),
                pipeline(model),
            ]
        },
    },
    Runbook {
        known: &known::CLASS_SHIFT,
        meaning: "The model predicts a class much more or much less often than a day ago, or than its other versions \
                  do.",
        checks: SHIFT_CHECKS,
        mitigation: SHIFT_MITIGATION,
        queries: |model| {
            vec![
                (
                    "What share has each class, by version?",
                    series(model, &recorded::CLASS_RATIO).expr(),
                ),
                score_now(model),
                missing_since(model),
                drifting(model),
            ]
        },
    },
    Runbook {
        known: &known::OUTCOME_SHIFT,
        meaning: "The shares of what follows from predictions, such as approvals or reviews, differ from a day ago. \
                  Money or people's time is involved.",
        checks: &[
            "Compare with the scores. If they did not shift, what acts on them changed: a threshold, a policy, a \
             queue of reviewers.",
            "Compare versions. If one is affected, suspect its release.",
            "Look at the input: missing features, ranges, drift.",
        ],
        mitigation: SHIFT_MITIGATION,
        queries: |model| {
            vec![
                (
                    "What share has each outcome, by version?",
                    series(model, &recorded::OUTCOME_RATIO).expr(),
                ),
                score_against_yesterday(model),
                score_now(model),
                drifting(model),
            ]
        },
    },
    Runbook {
        known: &known::NON_FINITE,
        meaning: "The model returns NaN or infinity. Such scores are in no histogram: the distribution shows only \
                  the others.",
        checks: &[
            "Compare versions. If one is affected, its weights or its numerics are broken.",
            "Look for a feature that is missing or out of range where the model expects a number.",
        ],
        mitigation: &[
            "Shift the version's traffic back.",
            "Answer with an error, or a default, where the score is not a number.",
        ],
        queries: |model| vec![non_finite(model), missing_since(model), versions(model)],
    },
];
