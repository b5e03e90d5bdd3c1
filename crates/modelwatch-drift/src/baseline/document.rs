//! Holds the baseline, and reads and writes it as JSON.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::categorical_profile::{CategoricalDocument, CategoricalProfile};
use super::error::BaselineError;
use super::format::{FORMAT, OLDEST_FORMAT};
use super::numeric_profile::{NumericDocument, NumericProfile};
use super::profile::Profile;
use super::time_span::TimeSpan;
use crate::joint::JointProfile;

/// Says where a baseline comes from.
///
/// [`Baseline`] has an example.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct About {
    /// The model's name, as in the label `model_name`.
    pub model: String,
    /// The baseline's own version, as in the label `baseline_version`.
    pub version: String,
    /// The time at which it was built.
    pub created: DateTime<Utc>,
    /// The number of rows of the reference.
    pub rows: u64,
    /// The time that the rows span, if they have times.
    pub time_span: Option<TimeSpan>,
    /// A digest of the data, `<algorithm>:<hex>`. The same rows give the same digest.
    pub fingerprint: String,
}

/// Describes the data that a model was trained on.
///
/// # Example: to a file and back
///
/// ```
/// use modelwatch_drift::baseline::{About, Baseline, BaselineError, CategoricalProfile, Hygiene, Profile, TimeSpan};
///
/// let rows = [("web".to_owned(), 700), ("branch".to_owned(), 300)];
/// let channel = CategoricalProfile::new("channel", rows, 0, &Hygiene::default())?;
/// let about = About {
///     model: "claims-risk".to_owned(),
///     version: "2026-q1".to_owned(),
///     created: "2026-04-01T00:00:00Z".parse()?,
///     rows: 1_000,
///     time_span: Some(TimeSpan {
///         from: "2026-01-01T00:00:00Z".parse()?,
///         to: "2026-03-31T00:00:00Z".parse()?,
///     }),
///     fingerprint: "sha256:5f70bf18".to_owned(),
/// };
/// let baseline = Baseline::new(about, vec![("channel".to_owned(), Profile::Categorical(channel))], None, None)?;
/// assert_eq!(Baseline::from_json(&baseline.to_json()?)?, baseline);
///
/// assert!(matches!(Baseline::from_json("{}"), Err(BaselineError::Json(_))));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Baseline {
    about: About,
    features: Vec<(String, Profile)>,
    score: Option<NumericProfile>,
    classes: Option<CategoricalProfile>,
    joint: Option<JointProfile>,
}

impl Baseline {
    /// Creates a baseline from profiles, each of [`About::rows`] rows.
    ///
    /// # Errors
    ///
    /// [`BaselineError::Empty`] when there are no rows or nothing to compare; [`BaselineError::DuplicateFeature`];
    /// [`BaselineError::Inconsistent`] when a profile has a different number of rows, a name is empty, or the time span
    /// ends before it begins.
    pub fn new(
        about: About,
        features: Vec<(String, Profile)>,
        score: Option<NumericProfile>,
        classes: Option<CategoricalProfile>,
    ) -> Result<Self, BaselineError> {
        if about.rows == 0 || (features.is_empty() && score.is_none() && classes.is_none()) {
            return Err(BaselineError::Empty { feature: None });
        }
        for (field, text) in [("model", &about.model), ("version", &about.version)] {
            if text.is_empty() {
                return Err(BaselineError::inconsistent(field, "it is empty".to_owned()));
            }
        }
        if about.time_span.is_some_and(|span| span.from > span.to) {
            let what = "it ends before it begins".to_owned();
            return Err(BaselineError::inconsistent("time_span", what));
        }
        let mut names = HashSet::new();
        for (name, profile) in &features {
            if name.is_empty() {
                return Err(BaselineError::inconsistent("features", "one has no name".to_owned()));
            }
            if !names.insert(name) {
                return Err(BaselineError::DuplicateFeature { feature: name.clone() });
            }
            same_rows(name, profile.rows(), about.rows)?;
        }
        if let Some(score) = &score {
            same_rows("score", score.counts().rows(), about.rows)?;
        }
        if let Some(classes) = &classes {
            same_rows("classes", classes.counts().rows(), about.rows)?;
        }
        Ok(Self {
            about,
            features,
            score,
            classes,
            joint: None,
        })
    }

    /// Returns the same baseline with a profile of how its numeric features go together.
    ///
    /// # Errors
    ///
    /// [`BaselineError::Inconsistent`] when the joint profile has a feature that is not a numeric feature of the
    /// baseline, or contradicts itself.
    pub fn with_joint(self, joint: JointProfile) -> Result<Self, BaselineError> {
        let wrong = |what: String| BaselineError::inconsistent("joint", what);
        joint.check().map_err(wrong)?;
        let numbers: HashSet<&str> = self
            .features
            .iter()
            .filter(|(_, profile)| matches!(profile, Profile::Numeric(_)))
            .map(|(name, _)| name.as_str())
            .collect();
        let mut named = HashSet::new();
        for feature in joint.features() {
            if !numbers.contains(feature.name.as_str()) || !named.insert(feature.name.as_str()) {
                let what = format!("{:?} is no number of the baseline's, or is there twice", feature.name);
                return Err(wrong(what));
            }
        }
        Ok(Self {
            joint: Some(joint),
            ..self
        })
    }

    /// Returns how the numeric features go together. `None` if an older version made the baseline, or fewer than two
    /// features vary.
    #[must_use]
    pub fn joint(&self) -> Option<&JointProfile> {
        self.joint.as_ref()
    }

    /// Returns where the baseline comes from.
    #[must_use]
    pub fn about(&self) -> &About {
        &self.about
    }

    /// Returns the features by name, in the order of the file.
    #[must_use]
    pub fn features(&self) -> &[(String, Profile)] {
        &self.features
    }

    /// Returns the profile of the prediction score, if training's scores were given.
    #[must_use]
    pub fn score(&self) -> Option<&NumericProfile> {
        self.score.as_ref()
    }

    /// Returns the profile of the predicted classes, if training's were given.
    #[must_use]
    pub fn classes(&self) -> Option<&CategoricalProfile> {
        self.classes.as_ref()
    }

    /// Reads a baseline from JSON. If this succeeds, the baseline keeps every promise of these types, no matter who
    /// wrote the text.
    ///
    /// # Errors
    ///
    /// [`BaselineError::Json`] with line and column, [`BaselineError::UnknownFormat`], or any error of
    /// [`new`](Self::new) and of the profiles.
    pub fn from_json(text: &str) -> Result<Self, BaselineError> {
        // Reads the format first: a later one may have other fields, and "unknown field" would hide the reason.
        let Format { format } = serde_json::from_str(text).map_err(BaselineError::Json)?;
        if !(OLDEST_FORMAT..=FORMAT).contains(&format) {
            return Err(BaselineError::UnknownFormat { format });
        }
        let document: Document = serde_json::from_str(text).map_err(BaselineError::Json)?;
        let features = document
            .features
            .into_iter()
            .map(|feature| {
                let profile = match feature.profile {
                    ProfileDocument::Numeric(numbers) => Profile::Numeric(numbers.into_profile(&feature.name)?),
                    ProfileDocument::Categorical(categories) => {
                        Profile::Categorical(categories.into_profile(&feature.name)?)
                    }
                };
                Ok((feature.name, profile))
            })
            .collect::<Result<_, BaselineError>>()?;
        let score = document
            .score
            .map(|numbers| numbers.into_profile("score"))
            .transpose()?;
        let classes = document
            .classes
            .map(|categories| categories.into_profile("classes"))
            .transpose()?;
        let baseline = Self::new(document.baseline, features, score, classes)?;
        match document.joint {
            None => Ok(baseline),
            Some(joint) => baseline.with_joint(joint),
        }
    }

    /// Writes the baseline as JSON, one line per feature, with a newline at the end. [`from_json`](Self::from_json)
    /// reads back the same baseline.
    ///
    /// # Errors
    ///
    /// [`BaselineError::Json`] if serialization fails.
    pub fn to_json(&self) -> Result<String, BaselineError> {
        let mut json = format!("{{\n\"format\": {FORMAT},\n\"baseline\": {},\n", line(&self.about)?);
        json.push_str("\"features\": [");
        for (place, (name, profile)) in self.features.iter().enumerate() {
            json.push_str(if place == 0 { "\n" } else { ",\n" });
            json.push_str(&line(&FeatureDocument {
                name: name.clone(),
                profile: match profile {
                    Profile::Numeric(numbers) => ProfileDocument::Numeric(NumericDocument::of(numbers)),
                    Profile::Categorical(categories) => {
                        ProfileDocument::Categorical(CategoricalDocument::of(categories))
                    }
                },
            })?);
        }
        let score = line(&self.score.as_ref().map(NumericDocument::of))?;
        let classes = line(&self.classes.as_ref().map(CategoricalDocument::of))?;
        json.push_str(&format!("\n],\n\"score\": {score},\n\"classes\": {classes}"));
        if let Some(joint) = &self.joint {
            json.push_str(&format!(",\n\"joint\": {}", line(joint)?));
        }
        json.push_str("\n}\n");
        Ok(json)
    }
}

fn line(part: &impl Serialize) -> Result<String, BaselineError> {
    serde_json::to_string(part).map_err(BaselineError::Json)
}

fn same_rows(name: &str, rows: u64, all: u64) -> Result<(), BaselineError> {
    if rows == all {
        return Ok(());
    }
    let what = format!("it counts {rows} rows of a reference of {all}");
    Err(BaselineError::inconsistent(name, what))
}

/// Holds the one field that every format has.
#[derive(Deserialize)]
struct Format {
    format: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(rename = "format")]
    _format: u64,
    baseline: About,
    features: Vec<FeatureDocument>,
    score: Option<NumericDocument>,
    classes: Option<CategoricalDocument>,
    joint: Option<JointProfile>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct FeatureDocument {
    name: String,
    profile: ProfileDocument,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
enum ProfileDocument {
    Numeric(NumericDocument),
    Categorical(CategoricalDocument),
}
