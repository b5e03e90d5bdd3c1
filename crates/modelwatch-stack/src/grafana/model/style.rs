//! The look of values: units, colours, thresholds, mappings, and overrides for single fields.

use std::collections::BTreeMap;

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};
use serde_json::json;

use super::link::DataLink;

/// Grafana's identifiers of the units that panels use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) enum Unit {
    /// A plain number, shortened.
    #[serde(rename = "short")]
    Number,
    /// 0 to 1, shown as 0 to 100 %.
    #[serde(rename = "percentunit")]
    Ratio,
    #[serde(rename = "s")]
    Seconds,
    #[serde(rename = "reqps")]
    RequestsPerSecond,
    #[serde(rename = "bytes")]
    Bytes,
}

/// Colours, named by their meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Color {
    Green,
    Orange,
    Red,
    Blue,
    Purple,
    Text,
    Transparent,
}

/// `color` applies from `value` on. The first threshold has no value and is the base.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Threshold {
    pub(crate) color: Color,
    pub(crate) value: Option<f64>,
}

/// Thresholds from low to high.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Thresholds {
    mode: &'static str,
    pub(crate) steps: Vec<Threshold>,
}

impl Thresholds {
    pub(crate) fn none() -> Self {
        Self::of(Color::Text, &[])
    }

    /// Makes thresholds with `base` below the first step.
    pub(crate) fn of(base: Color, steps: &[(f64, Color)]) -> Self {
        let base = Threshold {
            color: base,
            value: None,
        };
        let steps = steps.iter().map(|&(value, color)| Threshold {
            color,
            value: Some(value),
        });
        Self {
            mode: "absolute",
            steps: std::iter::once(base).chain(steps).collect(),
        }
    }

    /// Green, orange from four fifths of the limit, red from the limit.
    pub(crate) fn limit(limit: f64) -> Self {
        Self::of(
            Color::Green,
            &[(plain(limit * 0.8), Color::Orange), (limit, Color::Red)],
        )
    }
}

/// Rounds to a readable number: 0.35 times 0.8 is 0.28.
pub(crate) fn plain(number: f64) -> f64 {
    (number * 1e9).round() / 1e9
}

/// A text or a colour in place of a value.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "type", content = "options", rename_all = "camelCase")]
pub(crate) enum ValueMapping {
    Value(BTreeMap<String, Mapped>),
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Mapped {
    pub(crate) text: String,
    pub(crate) color: Color,
}

impl ValueMapping {
    pub(crate) fn of<const N: usize>(texts: [(&str, &str, Color); N]) -> Self {
        let mapped = texts.map(|(value, text, color)| {
            let text = text.to_owned();
            (value.to_owned(), Mapped { text, color })
        });
        Self::Value(mapped.into())
    }
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct FieldColor {
    mode: &'static str,
}

/// The look of all values of a panel. `C` is what the kind of panel adds.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Field<C> {
    pub(crate) defaults: Defaults<C>,
    pub(crate) overrides: Vec<Override>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Defaults<C> {
    pub(crate) unit: Unit,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) decimals: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) min: Option<f64>,
    /// The text in place of a missing value.
    no_value: String,
    color: FieldColor,
    pub(crate) thresholds: Thresholds,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) mappings: Vec<ValueMapping>,
    pub(crate) custom: C,
}

impl<C> Field<C> {
    pub(crate) fn new(unit: Unit, no_value: &str, custom: C) -> Self {
        Self {
            defaults: Defaults {
                unit,
                decimals: None,
                min: None,
                no_value: no_value.to_owned(),
                color: FieldColor {
                    mode: "palette-classic-by-name",
                },
                thresholds: Thresholds::none(),
                mappings: Vec::new(),
                custom,
            },
            overrides: Vec::new(),
        }
    }

    /// Colours values by the threshold they exceed.
    pub(crate) fn coloured_by(mut self, thresholds: Thresholds) -> Self {
        self.defaults.color.mode = "thresholds";
        self.thresholds(thresholds)
    }

    pub(crate) fn thresholds(mut self, thresholds: Thresholds) -> Self {
        self.defaults.thresholds = thresholds;
        self
    }

    pub(crate) fn min(mut self, min: f64) -> Self {
        self.defaults.min = Some(min);
        self
    }

    pub(crate) fn decimals(mut self, decimals: u8) -> Self {
        self.defaults.decimals = Some(decimals);
        self
    }

    pub(crate) fn mapping(mut self, mapping: ValueMapping) -> Self {
        self.defaults.mappings.push(mapping);
        self
    }

    pub(crate) fn exception(mut self, exception: Override) -> Self {
        self.overrides.push(exception);
        self
    }
}

/// Properties of the field with a name.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Override {
    matcher: Matcher,
    pub(crate) properties: Vec<Property>,
}

#[derive(Clone, Debug, Serialize)]
struct Matcher {
    id: &'static str,
    options: String,
}

/// The properties an [`Override`] can set.
#[derive(Clone, Debug)]
pub(crate) enum Property {
    Unit(Unit),
    Decimals(u8),
    Fixed(Color),
    Thresholds(Thresholds),
    /// Paints a table's cell in the colour of the threshold.
    Cell,
    Link(DataLink),
}

impl Override {
    pub(crate) fn of<const N: usize>(field: &str, properties: [Property; N]) -> Self {
        Self {
            matcher: Matcher {
                id: "byName",
                options: field.to_owned(),
            },
            properties: properties.into(),
        }
    }

    /// Returns the name of the field.
    pub(crate) fn field(&self) -> &str {
        &self.matcher.options
    }
}

impl Serialize for Property {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (id, value) = match self {
            Self::Unit(unit) => ("unit", json!(unit)),
            Self::Decimals(decimals) => ("decimals", json!(decimals)),
            Self::Fixed(color) => ("color", json!({"mode": "fixed", "fixedColor": color})),
            Self::Thresholds(thresholds) => ("thresholds", json!(thresholds)),
            Self::Cell => (
                "custom.cellOptions",
                json!({"type": "color-background", "mode": "basic"}),
            ),
            Self::Link(link) => ("links", json!([link])),
        };
        let mut property = serializer.serialize_struct("Property", 2)?;
        property.serialize_field("id", id)?;
        property.serialize_field("value", &value)?;
        property.end()
    }
}
