//! How right models are, and the labels that tell it.

use super::page::Runbook;
use super::queries::*;
use crate::known;

const PERFORMANCE_CHECKS: &[&str] = &[
    "Is it one version, or all? A version that fell alone points to its release; all of them to the data or the world.",
    "Which rows made it worse? `modelwatch performance … --explain COLUMNS` names the cells that explain most of the loss, \
     and `--segment COLUMN` tells performance of each.",
    "Are the labels right and complete? Early labels may be of other cases than late ones: fraud that is found soon is not all of it.",
    "Did inputs drift, or did a feature break, just before?",
];

pub(super) const RUNBOOKS: &[Runbook] = &[
    Runbook {
        known: &known::PERFORMANCE_FELL,
        meaning: "By the labels that have come, the model is wrong more often, or by more, than in the labelled reference: a loss grew \
                  by more than its threshold, and the reference is twice as far away as the interval reaches. The loss of a measure of which \
                  more is better is 1 less the measure. `__all__` are all versions together. With the labels `segment` and `segment_value` it is about the \
                  predictions of one value alone: compared with the same value in the reference, while over all predictions nothing is above the threshold.",
        checks: PERFORMANCE_CHECKS,
        mitigation: &[
            "If one version fell, give its traffic back to the others.",
            "If a feature broke, mend its pipeline: the model is as good as what it is fed.",
            "If the world changed, retrain on recent labels, and make the reference anew.",
        ],
        queries: |model| {
            vec![
                lost(model),
                explained(model),
                lost_by_segment(model),
                measured(model),
                reference(model),
                labels(model),
                share(model),
                drift_scores(model),
                missing_since(model),
                pipeline(model),
            ]
        },
    },
    Runbook {
        known: &known::ESTIMATE_FELL,
        meaning: "Labels have not come for most predictions yet, and without them the model is expected to be wrong more often, or by \
                  more, than in the reference. The estimate follows the inputs: it holds where they moved and what they mean did not, and says nothing of \
                  the rest. It is silent once half of a version's predictions have a label.",
        checks: &[
            "Which inputs moved? The estimate can have fallen for no other reason.",
            "Does `modelwatch performance` doubt its estimate: are many rows unlike any of the reference?",
            "Do the labels that are there agree with what was estimated for them?",
        ],
        mitigation: &[
            "If an input broke, mend it; the estimate follows.",
            "If the inputs moved for good, get labels sooner for a sample, and retrain if they say the same.",
        ],
        queries: |model| {
            vec![
                estimated(model),
                reference(model),
                measured(model),
                labels(model),
                drift_scores(model),
                missing_since(model),
            ]
        },
    },
    Runbook {
        known: &known::CALIBRATION_OFF,
        meaning: "What the model predicts is off what happens, further than in the reference: probabilities that are no shares any more, or \
                  numbers that are too large or too small on average. Who compares predictions with a threshold, or multiplies by them, decides wrongly, even \
                  where the order of the predictions is still right.",
        checks: &[
            "Did the share of positives change, with the inputs as they were? Then the world changed, and not the data.",
            "Is it one version? Then look at what is done to its scores: a calibration that was left out, another loss, another sampling.",
            "Is the order still right (`roc_auc`)? Then a new calibration is enough.",
        ],
        mitigation: &[
            "Calibrate the scores anew on recent labels: isotonic regression, or a shift of the intercept.",
            "If one version is off, give its traffic back to the others.",
            "Until then, set the threshold of decisions by what happens and not by the score.",
        ],
        queries: |model| {
            vec![
                measured(model),
                reference(model),
                labels(model),
                score_now(model),
                share(model),
            ]
        },
    },
    Runbook {
        known: &known::LABELS_STOPPED,
        meaning: "Nothing tells any more whether the model is right: `modelwatch performance` has not run for too long, no label has come \
                  while predictions have, a smaller share of the predictions gets one, or the exporter's runs can't read what modelwatch.toml names. What fires about performance goes on with the last figures.",
        checks: &[
            "Does the job run, and does it end with exit code 0? Run it by hand: it says what is wrong.",
            "Does the exporter of the drift job tell it (`[models.performance]`)? Its log and `ml_performance_runs_total` say why runs fail: `outcomes`, \
             `predictions` and `reference` are files that can't be read, `columns` a column that is not there, `timeout` a run that took too long.",
            "Does it publish where Prometheus looks: the textfile of a node exporter, or a Pushgateway, that is among the scrape jobs?",
            "Do labels still arrive where `--outcomes` looks? Are they joined: does the report count them as unmatched or late?",
            "Did ids change, so that labels find no prediction?",
        ],
        mitigation: &[
            "Start the job again; it needs nothing of the runs before.",
            "Mend the pipeline of labels. Late ones still count within the horizon.",
            "If labels come less often by nature, raise `labels_age` or `performance_age` in modelwatch.toml.",
        ],
        queries: |model| {
            vec![
                performance_age(model),
                performance_runs(model),
                outcomes(model),
                labels(model),
                labelled_share(model),
                log_records(model),
            ]
        },
    },
];
