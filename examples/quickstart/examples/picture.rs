//! Turns what a terminal was sent into a page of HTML that shows its screen: `picture LINES COLUMNS <SENT >PAGE`.
//!
//! `scripts/pictures` photographs the page. A screen that was given back is shown as it was before that.

use std::error::Error;
use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::num::NonZero;

use vt100::{Cell, Color, Parser, Screen};

/// What a terminal is told when a program gives its screen back.
const GIVEN_BACK: &[u8] = b"\x1b[?1049l";

fn main() -> Result<(), Box<dyn Error>> {
    let size = |position| -> Result<NonZero<u16>, Box<dyn Error>> {
        let given = std::env::args().nth(position);
        Ok(given.ok_or("usage: picture LINES COLUMNS <SENT >PAGE")?.parse()?)
    };
    let mut parser = Parser::new(size(1)?, size(2)?, 0);
    let mut sent = Vec::new();
    std::io::stdin().read_to_end(&mut sent)?;
    let end = sent.windows(GIVEN_BACK.len()).position(|part| part == GIVEN_BACK);
    parser.process(&sent[..end.unwrap_or(sent.len())]);
    std::io::stdout().write_all(page(parser.screen()).as_bytes())?;
    Ok(())
}

fn page(screen: &Screen) -> String {
    let mut page = String::from(
        "<!doctype html><meta charset=\"utf-8\"><style>body{margin:12px;background:#14161a}\
         pre{margin:0;font:14px/18px 'DejaVu Sans Mono',monospace;color:#d8dce2}</style><pre>",
    );
    let (lines, columns) = screen.size();
    for line in 0..lines.get() {
        for column in 0..columns.get() {
            let Some(cell) = screen.cell(line, column) else {
                continue;
            };
            let text = if cell.has_contents() { cell.contents() } else { " " };
            let text = text.replace('&', "&amp;").replace('<', "&lt;");
            // Writing into a string can't fail.
            let _ = write!(page, "<span style=\"{}\">{text}</span>", style(cell));
        }
        page.push('\n');
    }
    page + "</pre>\n"
}

fn style(cell: &Cell) -> String {
    let (mut front, mut back) = (colour(cell.fgcolor(), "#d8dce2"), colour(cell.bgcolor(), "#14161a"));
    if cell.inverse() {
        (front, back) = (back, front);
    }
    let weight = if cell.bold() { "bold" } else { "normal" };
    let opacity = if cell.dim() { "0.7" } else { "1" };
    format!("color:{front};background:{back};font-weight:{weight};opacity:{opacity}")
}

/// The colours that the screen uses, as a dark terminal shows them.
fn colour(colour: Color, usual: &'static str) -> &'static str {
    match colour {
        Color::Idx(1) => "#ff6b68",
        Color::Idx(2) => "#5fd38d",
        Color::Idx(3) => "#e5c07b",
        Color::Idx(4) => "#61afef",
        Color::Idx(5) => "#d58fe6",
        Color::Idx(6) => "#56c8d8",
        _ => usual,
    }
}
