//! The screen of a terminal: what an operator would look at, drawn anew each second.

use std::collections::VecDeque;
use std::time::Duration;

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Borders, Paragraph, RenderDirection, Sparkline, Widget as _, Wrap};

use super::incident::Kind;
use super::page::Quantile;
use super::server::CANARY;
use super::table::{Figures, VersionFigures, milliseconds, score};

/// Seconds a trail remembers: more than a wide terminal shows.
const REMEMBERED: usize = 400;

/// How a version went, a value for each second, the newest first.
#[derive(Debug, Default)]
pub(crate) struct Trail {
    rate: VecDeque<u64>,
    p95: VecDeque<u64>,
    errors: VecDeque<u64>,
}

impl Trail {
    pub(crate) fn push(&mut self, figures: &VersionFigures) {
        let p95 = figures.p95.map_or(0.0, |quantile| match quantile {
            Quantile::AtMost(seconds) | Quantile::About(seconds) | Quantile::Above(seconds) => seconds,
        });
        // In tenths of what is shown; none is negative or near the largest.
        let of = [
            (&mut self.rate, 10.0 * figures.rate),
            (&mut self.p95, 10_000.0 * p95),
            (&mut self.errors, 1_000.0 * figures.error_ratio),
        ];
        for (values, value) in of {
            values.push_front(value.round() as u64);
            values.truncate(REMEMBERED);
        }
    }
}

/// What the team has been told.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    /// Where: a channel of the team.
    pub(crate) channel: String,
    /// The message.
    pub(crate) text: String,
    /// Whether what it is about is over.
    pub(crate) over: bool,
}

/// All that is drawn.
pub(crate) struct Scene<'a> {
    pub(crate) address: &'a str,
    pub(crate) week: &'a str,
    pub(crate) elapsed: Duration,
    /// How long all of it takes.
    pub(crate) duration: Duration,
    /// What is broken, and for how long.
    pub(crate) broken: Option<(Kind, Duration)>,
    /// What will break, and how long until then.
    pub(crate) announced: Option<(Kind, Duration)>,
    pub(crate) figures: &'a Figures,
    /// Of the versions of the figures, in their order.
    pub(crate) trails: &'a [Trail; 2],
    pub(crate) told: Option<&'a Told>,
    pub(crate) colours: bool,
}

/// How many columns a text takes: all of its characters take one.
fn columns(text: &str) -> usize {
    text.chars().count()
}

/// A list without the items at its end that have no room.
fn fitted(list: &str, width: u16) -> String {
    let width = usize::from(width);
    if columns(list) <= width {
        return list.to_owned();
    }
    let room: String = list.chars().take(width.saturating_sub(3)).collect();
    let whole = room.rfind(", ").map_or(&*room, |end| &room[..end]);
    format!("{whole}, …")
}

/// As much of a message as has room. What says whom to ask and what to do first is left out last: before it go the questions and
/// the query, then the headline, then since when and what else is known, then where and what was released, then what changed.
fn shortened(text: &str, width: u16, height: u16) -> String {
    let fits = |text: &str| lines_of(text, width) <= height;
    if fits(text) {
        return text.to_owned();
    }
    let (head, rest) = text.split_once("\n\n").unwrap_or((text, ""));
    let (_, sections) = rest.split_once("\n\n").unwrap_or(("", rest));
    let (headline, change) = head.split_once('\n').unwrap_or((head, ""));
    // A section begins with its title, and goes on with lines that are indented.
    let of = |left_out: &[&str]| {
        let mut kept = true;
        let mut lines = Vec::new();
        for line in sections.lines() {
            if !line.starts_with(' ') {
                kept = !left_out.iter().any(|title| line.starts_with(title));
            }
            if kept {
                lines.push(line);
            }
        }
        lines.join("\n")
    };
    let long = of(&["Query", "Unknown"]);
    let (place, who) = (
        of(&["Query", "Unknown", "Since", "What", "Log"]),
        of(&["Query", "Unknown", "Since", "What", "Log", "Where", "Released"]),
    );
    let shorter = [
        format!("{headline}\n{change}\n{long}"),
        format!("{change}\n{long}"),
        format!("{change}\n{place}"),
        format!("{change}\n{who}"),
    ];
    shorter
        .into_iter()
        .find(|text| fits(text))
        .unwrap_or(who)
        .trim()
        .to_owned()
}

/// How many lines a text takes when it is wrapped.
fn lines_of(text: &str, width: u16) -> u16 {
    let area = Rect::new(0, 0, width, 100);
    let mut drawn = Buffer::empty(area);
    Paragraph::new(text.trim_end())
        .wrap(Wrap { trim: false })
        .render(area, &mut drawn);
    let is_drawn = |line: &u16| (0..width).any(|column| drawn[(column, *line)].symbol() != " ");
    (0..area.height).rev().find(is_drawn).map_or(0, |last| last + 1)
}

/// What the keys do: in few words where many have no room.
fn keys_of(width: u16) -> Line<'static> {
    let long = [
        (" 1 ", " canary fails "),
        (" 2 ", " canary slow "),
        (" 3 ", " feature missing "),
        (" 4 ", " drift "),
        (" f ", " fix "),
        (" q ", " quit"),
    ];
    let short = [
        (" 1 ", ""),
        (" 2 ", ""),
        (" 3 ", ""),
        (" 4 ", " break  "),
        (" f ", " fix  "),
        (" q ", " quit"),
    ];
    let line = |keys: [(&'static str, &'static str); 6]| {
        let style = Style::new().add_modifier(Modifier::REVERSED);
        let spans = keys
            .into_iter()
            .flat_map(|(key, does)| [Span::styled(key, style), Span::raw(does)]);
        Line::from_iter(spans)
    };
    let all = line(long);
    if all.width() <= usize::from(width) {
        all
    } else {
        line(short)
    }
}

/// With fewer lines there is room for a line a version, and for nothing else but the keys and the message.
const LINES_OF_PLOTS: u16 = 20;
/// With fewer columns the plots of a version do not fit beside each other.
const COLUMNS_OF_PLOTS: u16 = 60;
/// A version's frame, its figures and its plots.
const LINES_OF_VERSION: u16 = 5;

impl Scene<'_> {
    pub(crate) fn draw(&self, frame: &mut Frame) {
        let area = frame.area();
        let plots = area.height >= LINES_OF_PLOTS && area.width >= COLUMNS_OF_PLOTS;
        let version = if plots { LINES_OF_VERSION } else { 1 };
        let banner_text = self.banner();
        let lines_of_banner = u16::from(banner_text.width() > usize::from(area.width)) + 1;
        let [title, banner, stable, canary, data, message, keys] = Layout::vertical([
            Constraint::Length(1),
            Constraint::Length(lines_of_banner),
            Constraint::Length(version),
            Constraint::Length(version),
            Constraint::Length(if area.height >= 12 { self.data_lines() } else { 0 }),
            Constraint::Fill(1),
            Constraint::Length(1),
        ])
        .areas(area);
        frame.render_widget(self.title(area.width), title);
        frame.render_widget(
            Paragraph::new(Line::from(banner_text)).wrap(Wrap { trim: false }),
            banner,
        );
        for ((figures, trail), area) in self.figures.versions.iter().zip(self.trails).zip([stable, canary]) {
            if plots {
                self.plots(frame, area, figures, trail);
            } else {
                frame.render_widget(Line::from(self.numbers(figures, true, area.width)), area);
            }
        }
        frame.render_widget(Paragraph::new(self.data(area.width)), data);
        frame.render_widget(self.message(message), message);
        frame.render_widget(keys_of(keys.width), keys);
    }

    /// A narrow terminal keeps the address whole, and does without the week, then the name, the scheme and the end.
    fn title(&self, width: u16) -> Line<'_> {
        let now = format!(" {:.0}", self.elapsed.as_secs_f64());
        let of = format!(" of {:.0}", self.duration.as_secs_f64());
        let week = format!(" s · flights of {} · http://", self.week);
        let address = format!("{}/modelwatch", self.address);
        let titles = [
            [" modelwatch ", &now, &of, &week, &address],
            [" modelwatch ", &now, &of, " s · http://", &address],
            ["", &now, &of, " s · http://", &address],
            ["", &now, &of, " s · ", &address],
        ];
        let fits = |parts: &[&str; 5]| columns(&parts.concat()) <= usize::from(width);
        let least = ["", &now, "", " s · ", &address];
        let [name, rest @ ..] = titles.into_iter().find(fits).unwrap_or(least);
        Line::from(vec![
            Span::styled(
                name.to_owned(),
                Style::new().add_modifier(Modifier::BOLD | Modifier::REVERSED),
            ),
            Span::raw(rest.concat()),
        ])
    }

    fn banner(&self) -> Span<'_> {
        match self.broken {
            Some((kind, since)) => {
                let style = self.loud(Color::Red).add_modifier(Modifier::REVERSED);
                let text = format!(" INCIDENT for {:.0} s: {} ", since.as_secs_f64(), kind.describe());
                Span::styled(text, style)
            }
            None if self.figures.wrong.is_empty() => {
                let soon = self.announced.map_or_else(String::new, |(kind, until)| {
                    format!("; in {:.0} s, {}", until.as_secs_f64().ceil(), kind.describe())
                });
                Span::styled(format!(" nothing is wrong{soon}"), self.colour(Color::Green))
            }
            None => Span::styled(
                " nothing is broken any more; the last seconds still show it",
                self.colour(Color::Yellow),
            ),
        }
    }

    /// The figures of a version in a line: rate, p95 and errors, and of the others those that have room. Where not even the first
    /// three have room, errors come before the others, unless the version is slow.
    fn numbers(&self, figures: &VersionFigures, named: bool, width: u16) -> Vec<Span<'static>> {
        let bad = |wrong: bool| if wrong { self.loud(Color::Red) } else { Style::new() };
        let mut spans = Vec::new();
        if named {
            spans.push(Span::styled(
                format!("{:<17}", figures.version),
                Style::new().add_modifier(Modifier::BOLD),
            ));
        }
        let rate = Span::raw(format!("{:>6.1} req/s", figures.rate));
        let p95 = Span::styled(
            format!("  p95 {:<8}", milliseconds(figures.p95)),
            bad(figures.is_slow()),
        );
        let errors = Span::styled(
            format!(" errors {:<7}", format!("{:.1} %", 100.0 * figures.error_ratio)),
            bad(figures.fails()),
        );
        let room = |spans: &[Span<'_>]| usize::from(width).saturating_sub(spans.iter().map(Span::width).sum());
        let usual = [rate, p95, errors];
        if room(&spans) < usual.iter().map(Span::width).sum() {
            // What is wrong is seen first.
            let [rate, p95, errors] = usual;
            let first = if figures.is_slow() && !figures.fails() {
                [p95, errors, rate]
            } else {
                [errors, p95, rate]
            };
            for span in first {
                if columns(span.content.trim_end()) <= room(&spans) {
                    spans.push(span);
                }
            }
            return spans;
        }
        spans.extend(usual);
        let mut room = room(&spans);
        let others = [
            format!(" p50 {:<8}", milliseconds(figures.p50)),
            format!(" median score {:<5}", score(figures.median_score)),
            format!(" in flight {:<3}", figures.in_flight),
        ];
        for other in others {
            let Some(left) = room.checked_sub(columns(other.trim_end())) else {
                break;
            };
            room = left.min(room.saturating_sub(columns(&other)));
            spans.push(Span::raw(other));
        }
        spans
    }

    fn plots(&self, frame: &mut Frame, area: Rect, figures: &VersionFigures, trail: &Trail) {
        let kind = if figures.version == CANARY {
            "canary, one request in ten"
        } else {
            "stable, nine in ten"
        };
        let block = Block::new().borders(Borders::TOP).title(Line::from(vec![
            Span::styled(
                format!(" {} ", figures.version),
                Style::new().add_modifier(Modifier::BOLD),
            ),
            Span::raw(format!("({kind}) ")),
        ]));
        let inner = block.inner(area);
        frame.render_widget(block, area);
        let [numbers, plots] = Layout::vertical([Constraint::Length(1), Constraint::Fill(1)]).areas(inner);
        frame.render_widget(Line::from(self.numbers(figures, false, numbers.width)), numbers);
        let columns: [Rect; 3] = Layout::horizontal([Constraint::Fill(1); 3]).spacing(2).areas(plots);
        // A share of errors is drawn against a half, and a latency against half a second unless there is more.
        let of = [
            ("req/s", &trail.rate, 1, self.colour(Color::Cyan)),
            ("p95", &trail.p95, 5_000, self.alarm(figures.is_slow(), Color::Blue)),
            ("errors", &trail.errors, 500, self.alarm(figures.fails(), Color::Blue)),
        ];
        for ((name, values, least, style), area) in of.into_iter().zip(columns) {
            let [word, area] = Layout::horizontal([Constraint::Length(7), Constraint::Fill(1)]).areas(area);
            frame.render_widget(
                Line::from(Span::styled(name, Style::new().add_modifier(Modifier::DIM))),
                word,
            );
            let shown = values.iter().take(usize::from(area.width));
            let most = shown.clone().copied().max().unwrap_or(0).max(least);
            let plot = Sparkline::default()
                .data(shown.copied())
                .max(most)
                .direction(RenderDirection::RightToLeft)
                .style(style);
            frame.render_widget(plot, area);
        }
    }

    fn data_lines(&self) -> u16 {
        // Two or three lines.
        u16::try_from(self.data(u16::MAX).len()).unwrap_or(u16::MAX)
    }

    /// What the versions are fed.
    fn data(&self, width: u16) -> Vec<Line<'_>> {
        let missing = Line::raw(fitted(&format!("most missing: {}", self.figures.missing), width));
        let drift = self
            .figures
            .drift
            .lines()
            .map(move |line| match line.strip_prefix("~~") {
                Some(_) => Line::from(Span::styled(fitted(line, width), self.colour(Color::Yellow))),
                None => Line::raw(fitted(line, width)),
            });
        let wrong = (self.figures.wrong.iter())
            .map(|wrong| Line::from(Span::styled(format!("!! {}", wrong.line), self.loud(Color::Red))));
        [missing].into_iter().chain(drift).chain(wrong).collect()
    }

    fn message(&self, area: Rect) -> Paragraph<'_> {
        let Some(told) = self.told else {
            let waits = matches!(self.broken, Some((Kind::FeatureDrift, _)));
            let title = if waits {
                " no message yet: the drift job compares each day when it is over "
            } else {
                " no message to anybody "
            };
            let block = Block::new().borders(Borders::TOP).title(title);
            return Paragraph::new("").block(block);
        };
        let text = shortened(&told.text, area.width, area.height.saturating_sub(1));
        let short = if columns(&text) < columns(&told.text) {
            ", in short"
        } else {
            ""
        };
        let over = if told.over { ", which is over" } else { "" };
        let block = Block::new().borders(Borders::TOP).title(Line::from(vec![
            Span::styled(format!(" message to {}", told.channel), self.loud(Color::Magenta)),
            Span::raw(format!("{over}{short} ")),
        ]));
        Paragraph::new(text).wrap(Wrap { trim: false }).block(block)
    }

    fn colour(&self, colour: Color) -> Style {
        if self.colours {
            Style::new().fg(colour)
        } else {
            Style::new()
        }
    }

    fn loud(&self, colour: Color) -> Style {
        self.colour(colour).add_modifier(Modifier::BOLD)
    }

    fn alarm(&self, wrong: bool, usual: Color) -> Style {
        if wrong {
            self.loud(Color::Red)
        } else {
            self.colour(usual)
        }
    }
}

#[cfg(test)]
mod tests {
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;

    use super::*;
    use crate::demo::server::STABLE;
    use crate::demo::table::Wrong;

    fn version(version: &'static str, error_ratio: f64) -> VersionFigures {
        VersionFigures {
            version,
            rate: 200.0,
            p50: Some(Quantile::About(0.002)),
            p95: Some(Quantile::About(0.004)),
            error_ratio,
            in_flight: 1.0,
            median_score: Some(Quantile::About(0.12)),
        }
    }

    fn figures(error_ratio: f64) -> Figures {
        let wrong = if error_ratio > 0.0 {
            vec![Wrong {
                line: format!("{CANARY} answers 50 % of its requests with errors"),
                alert: "MLCanaryErrorRateHigh",
                feature: None,
            }]
        } else {
            Vec::new()
        };
        Figures {
            versions: [version(STABLE, 0.0), version(CANARY, error_ratio)],
            missing: "pressure 11.8 %".into(),
            wrong,
            drift: "drift on 8 April 2013, 900 flights: temp 0.31\n~~ no longer as in training: temp\n".into(),
        }
    }

    fn drawn(width: u16, height: u16, error_ratio: f64, colours: bool) -> Buffer {
        let figures = figures(error_ratio);
        let mut trails = [Trail::default(), Trail::default()];
        for _ in 0..300 {
            for (trail, figures) in trails.iter_mut().zip(&figures.versions) {
                trail.push(figures);
            }
        }
        let told = Told {
            channel: "#ml-observability".into(),
            text: "model flight-delay · errors\n1. Which half of the system? The serving path.".into(),
            over: false,
        };
        let scene = Scene {
            address: "127.0.0.1:8000",
            week: "8 to 14 April 2013",
            elapsed: Duration::from_secs(12),
            duration: Duration::from_secs(60),
            broken: (error_ratio > 0.0).then_some((Kind::CanaryErrors, Duration::from_secs(5))),
            announced: (error_ratio == 0.0).then_some((Kind::CanarySlow, Duration::from_secs(3))),
            figures: &figures,
            trails: &trails,
            told: (error_ratio > 0.0).then_some(&told),
            colours,
        };
        let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("a terminal");
        terminal.draw(|frame| scene.draw(frame)).expect("drawn");
        terminal.backend().buffer().clone()
    }

    fn text(buffer: &Buffer) -> String {
        let width = usize::from(buffer.area.width);
        let cells: Vec<_> = buffer.content.iter().map(|cell| cell.symbol()).collect();
        cells.chunks(width).map(|line| line.concat() + "\n").collect()
    }

    #[test]
    fn a_usual_terminal_has_all_of_it() {
        for (width, height) in [(80, 24), (200, 50)] {
            let screen = text(&drawn(width, height, 0.5, true));
            for part in [
                "12 of 60 s",
                "INCIDENT for 5 s: half of the canary's answers are a 500",
                STABLE,
                CANARY,
                "errors 50.0 %",
                "█",
                "most missing: pressure",
                "~~ no longer as in training: temp",
                "!! 2013q1-noweather answers 50 %",
                "message to #ml-observability",
                "1. Which half of the system?",
                " 3  feature missing  4  drift  f  fix  q  quit",
            ] {
                assert!(screen.contains(part), "{width}x{height}: no {part:?} in\n{screen}");
            }
        }
        let quiet = text(&drawn(80, 24, 0.0, true));
        assert!(
            quiet.contains("nothing is wrong") && quiet.contains("no message to anybody"),
            "{quiet}"
        );
    }

    #[test]
    fn leaves_out_what_has_no_room_and_cuts_nothing() {
        let screen = text(&drawn(80, 24, 0.5, true));
        for part in [
            "modelwatch  12 of 60 s · http://127.0.0.1:8000/modelwatch",
            "p50 2.0 ms   median score 0.12",
        ] {
            assert!(screen.contains(part), "no {part:?} in\n{screen}");
        }
        let list = "drift on 8 April 2013: temp 0.31, pressure 0.22, dewp 0.19";
        assert_eq!(fitted(list, 58), list);
        assert_eq!(fitted(list, 57), "drift on 8 April 2013: temp 0.31, pressure 0.22, …");
        assert_eq!(fitted(list, 40), "drift on 8 April 2013: temp 0.31, …");
    }

    #[test]
    fn a_small_terminal_keeps_what_matters() {
        let screen = text(&drawn(50, 8, 0.5, true));
        for part in ["INCIDENT", STABLE, CANARY, "#ml-observability", " 1 "] {
            assert!(screen.contains(part), "no {part:?} in\n{screen}");
        }
    }

    #[test]
    fn a_message_without_room_keeps_who_acts_to_the_last() {
        let whole = "MLCanaryErrorRateHigh · model flight-delay · errors\n25% of requests fail; 0% before.\n\n1. Is it only one \
                     route? Yes.\n\nWhere    version canary\nSince    02:09 UTC\nWhat     12% lack pressure\n         2% lack \
                     temp\nReleased canary: yes\nWho      ml-platform (serving)\n         shift traffic away\nQuery    sum(up)\n";
        assert_eq!(shortened(whole, 80, 14), whole);
        let lines = |height| -> Vec<String> { shortened(whole, 80, height).lines().map(str::to_owned).collect() };
        let nine = lines(9);
        assert_eq!(
            (nine.len(), &*nine[0], &*nine[8]),
            (
                9,
                "MLCanaryErrorRateHigh · model flight-delay · errors",
                "         shift traffic away"
            )
        );
        assert_eq!(lines(8)[0], "25% of requests fail; 0% before.");
        assert_eq!(
            lines(7),
            [
                "25% of requests fail; 0% before.",
                "Where    version canary",
                "Released canary: yes",
                "Who      ml-platform (serving)",
                "         shift traffic away"
            ]
        );
        assert!(!lines(4).concat().contains("Where"));
        assert_eq!(
            lines(2),
            ["Who      ml-platform (serving)", "         shift traffic away"]
        );
    }

    #[test]
    fn a_narrow_line_has_what_is_wrong_first() {
        let narrow = text(&drawn(40, 10, 0.5, true));
        for part in [
            "127.0.0.1:8000/modelwatch",
            "2013q1-noweather  errors 50.0 %",
            "answers are a 500",
            " 4  break   f  fix   q  quit",
        ] {
            assert!(narrow.contains(part), "no {part:?} in\n{narrow}");
        }
    }

    #[test]
    fn every_size_is_drawn() {
        for width in [1, 2, 7, 20, 59, 60, 61, 80, 131, 250] {
            for height in 1..=40 {
                drawn(width, height, 0.5, true);
            }
        }
    }

    #[test]
    fn without_colours_an_incident_still_stands_out() {
        let plain = drawn(80, 24, 0.5, false);
        let coloured = |cell: &ratatui::buffer::Cell| cell.fg != Color::Reset || cell.bg != Color::Reset;
        assert!(!plain.content.iter().any(coloured));
        let banner = plain.cell((1, 1)).expect("a cell");
        assert!(banner.modifier.contains(Modifier::REVERSED));
        assert!(drawn(80, 24, 0.5, true).content.iter().any(coloured));
    }
}
