//! Converts a panel of the board for Perses.

use super::model::{
    Bars, Calculation, Column, Display, Enabled, Format, History, Kind, Legend, Lines, Link, Mapped, Mapping, Palette,
    Panel, PromQl, Query, Sparkline, Stat, Step, Table, Thresholds, TimeSeries, Visual, YAxis, kind,
};
use crate::grafana::model as board;
use crate::promql::{Expr, Moment, Writer};

/// Returns the panels for a chart, which share its width. That is one panel, except for single figures with their own limits: in
/// Perses, the limits of a panel apply to all its figures.
pub(super) fn panels(writer: &Writer, chart: &board::Chart) -> Vec<Panel> {
    let board::Visual::Stat { field_config, .. } = &chart.visual else {
        return vec![panel(writer, chart, &chart.title, &chart.targets, None)];
    };
    let own = |query: &board::Query| {
        let properties = of_field(&field_config.overrides, query.legend());
        properties.iter().find_map(|property| match property {
            board::Property::Thresholds(thresholds) => Some(thresholds),
            _ => None,
        })
    };
    if !chart.targets.iter().any(|query| own(query).is_some()) {
        return vec![panel(writer, chart, &chart.title, &chart.targets, None)];
    }
    let of_one = |query: &board::Query| {
        let title = title_of_one(chart, query);
        panel(writer, chart, &title, std::slice::from_ref(query), own(query))
    };
    chart.targets.iter().map(of_one).collect()
}

/// Returns a title of about ten letters, which fits a share of the panel's width: the figure's legend or, for the figure `now`,
/// which comes first, the chart's title.
fn title_of_one(chart: &board::Chart, query: &board::Query) -> String {
    let mut letters = query.legend().chars();
    match (query.legend(), letters.next()) {
        ("now", _) | (_, None) => chart.title.clone(),
        (_, Some(first)) => first.to_uppercase().chain(letters).collect(),
    }
}

fn panel(
    writer: &Writer,
    chart: &board::Chart,
    title: &str,
    targets: &[board::Query],
    limits: Option<&board::Thresholds>,
) -> Panel {
    let links = chart.links.iter().filter_map(board::DashboardLink::to_page);
    let mut description = chart.description.clone();
    if matches!(chart.visual, board::Visual::Heatmap { .. }) {
        description += " Drawn as quantiles: Perses draws no classic buckets.";
    }
    Panel {
        display: Display {
            name: format!("{title}{}", unit_of_bars(&chart.visual)),
            description,
        },
        plugin: visual(chart, limits),
        queries: targets
            .iter()
            .flat_map(|target| queries(writer, chart, target))
            .collect(),
        links: links
            .map(|(name, url)| Link {
                name: name.to_owned(),
                url: url.to_owned(),
                target_blank: true,
            })
            .collect(),
    }
}

fn queries(writer: &Writer, chart: &board::Chart, target: &board::Query) -> Vec<Kind<Query>> {
    let query = |expr: &Expr, name: &str, moment| {
        let plugin = kind(
            "PrometheusTimeSeriesQuery",
            PromQl {
                query: writer.perses(expr, moment),
                series_name_format: name.to_owned(),
            },
        );
        kind("TimeSeriesQuery", Query { plugin })
    };
    if !target.quantiles().is_empty() {
        let quantiles = target.quantiles().iter();
        return quantiles
            .map(|(name, written)| query(&written.expr, name, Moment::EachStep))
            .collect();
    }
    // Tables query once, for the end of the time range. All other panels query the whole range.
    let moment = if target.is_instant() && !matches!(chart.visual, board::Visual::Table { .. }) {
        Moment::End
    } else {
        Moment::EachStep
    };
    vec![query(&target.written().expr, target.legend(), moment)]
}

fn visual(chart: &board::Chart, limits: Option<&board::Thresholds>) -> Visual {
    match &chart.visual {
        board::Visual::Stat { options, field_config } => {
            let defaults = &field_config.defaults;
            Visual::Stat(Stat {
                calculation: Calculation::Last,
                format: format(defaults.unit, defaults.decimals),
                thresholds: thresholds(limits.unwrap_or(&defaults.thresholds)),
                sparkline: options.has_sparkline().then_some(Sparkline {}),
            })
        }
        board::Visual::TimeSeries { field_config, .. } => {
            let defaults = &field_config.defaults;
            let stacked = defaults.custom.is_stacked();
            let limits = defaults.custom.shows_limits().then_some(&defaults.thresholds);
            Visual::TimeSeries(TimeSeries {
                legend: Legend::BELOW,
                y_axis: YAxis {
                    format: format(defaults.unit, defaults.decimals),
                    min: defaults.min,
                },
                thresholds: limits.and_then(thresholds),
                visual: Lines {
                    area_opacity: if stacked { 0.3 } else { 0.0 },
                    stack: stacked.then_some("all"),
                    palette: has_colours(&field_config.overrides).then_some(Palette::IN_TURN),
                },
            })
        }
        board::Visual::Heatmap { options, .. } => Visual::TimeSeries(TimeSeries {
            legend: Legend::BELOW,
            y_axis: YAxis {
                format: format(options.unit(), None),
                min: None,
            },
            thresholds: None,
            visual: Lines {
                area_opacity: 0.0,
                stack: None,
                palette: None,
            },
        }),
        board::Visual::Table { options, field_config } => Visual::Table(table(chart, options, field_config)),
        board::Visual::BarGauge { field_config, .. } => {
            let defaults = &field_config.defaults;
            let unit = match unit_of_bars(&chart.visual) {
                "" => defaults.unit,
                _ => board::Unit::Number,
            };
            Visual::Bars(Bars {
                calculation: Calculation::Last,
                format: format(unit, defaults.decimals),
                sort: "desc",
                mode: "value",
            })
        }
        board::Visual::StateTimeline { field_config, .. } => {
            let mappings = field_config.defaults.mappings.iter();
            let values = mappings.flat_map(|board::ValueMapping::Value(values)| values);
            Visual::History(History {
                mappings: values
                    .map(|(value, mapped)| {
                        let result = Mapped {
                            value: mapped.text.clone(),
                            color: color(mapped.color),
                        };
                        let value = value.clone();
                        kind("Value", Mapping { value, result })
                    })
                    .collect(),
            })
        }
    }
}

fn table(chart: &board::Chart, options: &board::Table, field: &board::Field<board::TableField>) -> Table {
    let mut table = Table {
        density: "compact",
        column_settings: Vec::new(),
        transforms: Vec::new(),
    };
    for step in &chart.transformations {
        match step {
            board::Transformation::Merge => table.transforms.push(kind("MergeSeries", Enabled {})),
            board::Transformation::Columns(columns) => {
                table.column_settings.extend(
                    columns
                        .iter()
                        .map(|(name, header)| column(name, header, options, field)),
                );
            }
        }
    }
    table
}

fn column(name: &str, header: &str, options: &board::Table, field: &board::Field<board::TableField>) -> Column {
    let name = column_name(name);
    if header.is_empty() {
        return Column {
            name,
            hide: true,
            ..Column::default()
        };
    }
    let properties = of_field(&field.overrides, header);
    let unit = properties.iter().find_map(|property| match property {
        board::Property::Unit(unit) => Some(*unit),
        _ => None,
    });
    let decimals = properties.iter().find_map(|property| match property {
        board::Property::Decimals(decimals) => Some(*decimals),
        _ => None,
    });
    let is_value = name.starts_with("value");
    let sort = options.sort_by.iter().find(|by| by.display_name == header);
    Column {
        name,
        header: header.to_owned(),
        format: is_value.then(|| format(unit.unwrap_or(field.defaults.unit), decimals)),
        sort: sort.map(|by| if by.desc { "desc" } else { "asc" }),
        enable_sorting: true,
        hide: false,
    }
}

/// Grafana's columns are `Time`, `Value`, `Value #A`; those of Perses are `timestamp`, `value`, `value #1`.
fn column_name(name: &str) -> String {
    match name {
        "Time" => "timestamp".to_owned(),
        "Value" => "value".to_owned(),
        _ => match name.strip_prefix("Value #").map(str::as_bytes) {
            Some([letter @ b'A'..=b'Z']) => format!("value #{}", letter - b'A' + 1),
            _ => name.to_owned(),
        },
    }
}

/// Whether the colours of lines have a meaning, such as red for errors. Perses has no colours for single lines, and the colour it
/// derives from a name may mean the opposite.
fn has_colours(overrides: &[board::Override]) -> bool {
    let mut properties = overrides.iter().flat_map(|own| &own.properties);
    properties.any(|property| matches!(property, board::Property::Fixed(_)))
}

fn of_field<'o>(overrides: &'o [board::Override], field: &str) -> &'o [board::Property] {
    let own = overrides.iter().find(|own| own.field() == field);
    own.map_or(&[], |own| &own.properties)
}

/// The unit goes into the title of bars, because words beside every number would overlap.
fn unit_of_bars(visual: &board::Visual) -> &'static str {
    match visual {
        board::Visual::BarGauge { field_config, .. }
            if matches!(field_config.defaults.unit, board::Unit::RequestsPerSecond) =>
        {
            ", requests/s"
        }
        _ => "",
    }
}

fn format(unit: board::Unit, decimals: Option<u8>) -> Format {
    let (unit, short) = match unit {
        board::Unit::Number => ("decimal", true),
        board::Unit::Ratio => ("percent-decimal", false),
        board::Unit::Seconds => ("seconds", false),
        board::Unit::RequestsPerSecond => ("requests/sec", true),
        board::Unit::Bytes => ("bytes", true),
    };
    Format {
        unit,
        decimal_places: decimals,
        short_values: short.then_some(true),
    }
}

/// Returns `None` without a colour and without a limit.
fn thresholds(of: &board::Thresholds) -> Option<Thresholds> {
    let base = of.steps.iter().find(|step| step.value.is_none());
    let base = base.and_then(|step| color(step.color));
    let steps: Vec<_> = of
        .steps
        .iter()
        .filter_map(|step| {
            Some(Step {
                value: step.value?,
                color: color(step.color),
            })
        })
        .collect();
    (base.is_some() || !steps.is_empty()).then(|| Thresholds::new(base, steps))
}

/// The colours of Grafana's palette, with the names from Perses' own migration.
fn color(color: board::Color) -> Option<&'static str> {
    match color {
        board::Color::Green => Some("#73bf69"),
        board::Color::Orange => Some("#ff9830"),
        board::Color::Red => Some("#f2495c"),
        board::Color::Blue => Some("#5794f2"),
        board::Color::Purple => Some("#b877d9"),
        board::Color::Text | board::Color::Transparent => None,
    }
}
