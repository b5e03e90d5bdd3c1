//! Features that are missing, defaulted or out of range, in all versions or in one.

use super::page::Runbook;
use super::queries::*;
use crate::known;
use crate::recorded;

pub(super) const RUNBOOKS: &[Runbook] = &[
    Runbook {
        known: &known::MISSING_RATIO_HIGH,
        meaning: "A feature is missing in more observations than is safe. The model answers without it, and its \
                  answers get worse while every request returns 200.",
        checks: &[
            "Look for a release of the feature pipeline or of the service just before it began.",
            "Compare features. If all of one source are missing, that source is down or late.",
            "Compare versions. If one is affected, MLVersionFeatureFaulty fires and its release is the cause.",
            "Look at the scores: they show how much the model's answers changed.",
            "Check whether callers send the feature under another name.",
        ],
        mitigation: &[
            "Roll back the release of the feature pipeline.",
            "Serve a default for the feature, if the model was trained with one.",
            "If the model can't work without it, stop the traffic to the versions that need it.",
        ],
        queries: |model| {
            vec![
                missing_since(model),
                lacked_by_training(model),
                worse_in_one_version(model),
                (
                    "How often does a default replace each feature?",
                    series(model, &recorded::DEFAULTED_RATIO).expr(),
                ),
                pipeline(model),
                score_against_yesterday(model),
            ]
        },
    },
    Runbook {
        known: &known::DEFAULTED_RATIO_HIGH,
        meaning: "A default replaces a feature more often than is safe. Requests succeed, and the model answers \
                  about somebody who does not exist.",
        checks: &[
            "Look at the store that the feature comes from: is it slow or down? Timeouts become defaults.",
            "Compare features. If all of one source are affected, look at that source.",
            "Compare versions. If one is affected, it asks for a name that the store does not have.",
        ],
        mitigation: &[
            "Restore the source, or roll back the release that changed it.",
            "If the model can't work without the feature, refuse requests instead of answering.",
        ],
        queries: |model| {
            vec![
                (
                    "How often does a default replace each feature?",
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
        meaning: "A feature has values outside its declared range or outside the baseline's. A unit, a scale or an \
                  encoding changed, or the world did.",
        checks: &[
            "Look for a change of a schema, a unit or an encoding upstream.",
            "Compare the feature's last values with the declared range.",
            "Check whether the same feature drifts. Then the range is only the first sign.",
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
        meaning: "In one version, a feature is missing, defaulted or out of range more often than in the model's \
                  other versions. The source is healthy, since it feeds the others; suspect the release or its \
                  callers. The label `fault` names which of the three it is.",
        checks: &[
            "Check whether the version asks for the feature under another name, or from another store, than the \
             others.",
            "Check whether its declared range or its defaults changed.",
            "Check whether only some callers reach the version. Then compare what they send.",
        ],
        mitigation: &[
            "Shift the version's traffic back until it reads the feature as the others do.",
            "If the callers are the cause, route them to a version that accepts what they send.",
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
