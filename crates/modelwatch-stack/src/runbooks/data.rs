//! Features that are missing, defaulted or out of range, in all versions or in one.

use super::page::Runbook;
use super::queries::*;
use crate::known;
use crate::recorded;

pub(super) const RUNBOOKS: &[Runbook] = &[
    Runbook {
        known: &known::MISSING_RATIO_HIGH,
        meaning: "A feature is missing in more observations than is safe. The model goes on without it, and its answers get worse \
                  while every request returns 200.",
        checks: &[
            "Did it begin with a release of the feature pipeline, or of the service?",
            "Is it one feature or all of one source? All: that source is down or late.",
            "Is it one version? MLVersionFeatureFaulty says so, and then it is the release.",
            "Is the model's answer much changed by it? The scores tell.",
            "Do callers send it under another name?",
        ],
        mitigation: &[
            "Roll back the release of the feature pipeline.",
            "Serve a default for the feature, if the model was trained with one.",
            "If the model can't do without it, stop the traffic to the versions that need it.",
        ],
        queries: |model| {
            vec![
                missing_since(model),
                lacked_by_training(model),
                worse_in_one_version(model),
                (
                    "How often does a default stand in?",
                    series(model, &recorded::DEFAULTED_RATIO).expr(),
                ),
                pipeline(model),
                score_against_yesterday(model),
            ]
        },
    },
    Runbook {
        known: &known::DEFAULTED_RATIO_HIGH,
        meaning: "A default stands in for a feature more often than is safe. Requests succeed, and the model answers about somebody \
                  who does not exist.",
        checks: &[
            "Is the store the feature comes from slow or down? Time-outs become defaults.",
            "Is it one feature or all of one source?",
            "Is it one version? Then it asks for a name the store does not have.",
        ],
        mitigation: &[
            "Restore the source, or roll back the release that changed it.",
            "If the model can't do without the feature, refuse rather than answer.",
        ],
        queries: |model| {
            vec![
                (
                    "How often does a default stand in?",
                    series(model, &recorded::DEFAULTED_RATIO).expr(),
                ),
                worse_in_one_version(model),
                missing_since(model),
                pipeline(model),
                score_against_yesterday(model),
            ]
        },
    },
    Runbook {
        known: &known::OUT_OF_RANGE_HIGH,
        meaning: "A feature has values outside the range it was declared with, or outside the baseline's: a unit, a scale or an \
                  encoding changed, or the world did.",
        checks: &[
            "Did a schema, a unit or an encoding change upstream?",
            "Is it one feature? Compare its last values with the declared range.",
            "Does the same feature drift? Then the range is only the first sign.",
        ],
        mitigation: &[
            "Roll back the upstream change.",
            "If the values are right, declare a wider range and retrain.",
        ],
        queries: |model| {
            vec![
                (
                    "Which features are out of range, and how often?",
                    series(model, &recorded::OUT_OF_RANGE_RATIO).expr(),
                ),
                worse_in_one_version(model),
                drift_scores(model),
                pipeline(model),
            ]
        },
    },
    Runbook {
        known: &known::VERSION_FAULTY,
        meaning: "One version lacks a feature, has a default in its place or gets it out of range more often than the model's other                   versions. The source is well, since it feeds the others: the release or its callers are not. The label                   `fault` says which of the three.",
        checks: &[
            "Does the version ask for the feature under another name, or from another store, than the others?",
            "Did its declared range or its defaults change?",
            "Do only some callers reach the version? Then compare what they send.",
        ],
        mitigation: &[
            "Take the version's traffic back until it reads the feature as the others do.",
            "If the callers are to blame, route them to a version that takes what they send.",
        ],
        queries: |model| {
            vec![
                worse_in_one_version(model),
                versions(model),
                share(model),
                missing_since(model),
            ]
        },
    },
];
