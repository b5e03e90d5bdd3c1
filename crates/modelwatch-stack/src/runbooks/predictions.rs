//! Scores, classes, outcomes.

use super::page::Runbook;
use super::queries::*;
use crate::known;
use crate::promql::Expr;
use crate::recorded;

const SHIFT_CHECKS: &[&str] = &[
    "Is it one version? A new one is compared with the others: then the model changed, perhaps on purpose.",
    "All versions at once? Then the input changed: look at missing features, ranges and drift.",
    "Did traffic change its mix, by route, caller or time of week?",
    "Did the feature pipeline have a release?",
];
const SHIFT_MITIGATION: &[&str] = &[
    "If the feature pipeline broke, roll it back.",
    "If a version is wrong, shift its traffic back.",
    "If the world changed, tell the model's owner: retraining is next, and a new baseline.",
    "If it is as intended, wait a day: tomorrow it is yesterday.",
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
        meaning: "The scores are distributed in another way than an hour ago and a day or a week ago or, for a version without a \
                  yesterday, than the other versions'. Answers are still 200, and may be wrong.",
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
        meaning: "A class is predicted much more, or much less, than a day ago or than by the other versions.",
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
        meaning: "What follows from predictions, such as approvals or reviews, has another balance than a day ago. Money or people's \
                  time is involved.",
        checks: &[
            "Did the scores shift too? If not, what acts on them changed: a threshold, a policy, a queue of reviewers.",
            "Is it one version?",
            "Did the input change: missing features, ranges, drift?",
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
        meaning: "The model returns NaN or infinity. Such scores are in no histogram: the distribution shows only the others.",
        checks: &[
            "Is it one version? Then its weights or its numerics are broken.",
            "Is a feature missing or out of range where the model expects a number?",
        ],
        mitigation: &[
            "Shift the version's traffic back.",
            "Answer with an error, or a default, where the score is no number.",
        ],
        queries: |model| vec![non_finite(model), missing_since(model), versions(model)],
    },
];
