//! Where the figures go: a terminal that is drawn over, or plain lines.

use std::io::{ErrorKind, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use flights::error::Failure;
use ratatui::DefaultTerminal;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::ended::Ended;
use super::incident::Kind;
use super::terminal::Scene;

/// How often it is looked whether the terminal is closed, between keys.
const LOOK: Duration = Duration::from_millis(100);

/// What somebody at the terminal, or a signal, asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Input {
    Break(Kind),
    Fix,
    Quit,
    /// The terminal has another size.
    Redraw,
}

/// Says something after everything so far.
pub(crate) fn say(text: &str) -> Result<(), Ended> {
    let mut out = std::io::stdout().lock();
    let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    written.map_err(|error| unwritable(&error))
}

fn unwritable(error: &std::io::Error) -> Ended {
    if error.kind() == ErrorKind::BrokenPipe {
        Ended::Unread
    } else {
        Failure::new(format!("can't write the figures: {error}")).into()
    }
}

/// A terminal that is drawn over, until this is dropped.
pub(crate) struct Screen {
    terminal: DefaultTerminal,
    closed: Arc<AtomicBool>,
}

impl Screen {
    /// Takes the terminal, and sends what is typed there.
    pub(crate) fn open(inputs: mpsc::Sender<Input>) -> Result<Self, Failure> {
        let terminal = ratatui::try_init().map_err(|error| {
            Failure::new(format!(
                "can't draw on this terminal: {error}; give --plain for lines of text"
            ))
        })?;
        let closed = Arc::new(AtomicBool::new(false));
        let watched = Arc::clone(&closed);
        thread::spawn(move || listen(&inputs, &watched));
        Ok(Self { terminal, closed })
    }

    pub(crate) fn draw(&mut self, scene: &Scene<'_>) -> Result<(), Ended> {
        let drawn = self.terminal.draw(|frame| scene.draw(frame));
        drawn.map(|_| ()).map_err(|error| unwritable(&error))
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.closed.store(true, Ordering::Relaxed);
        ratatui::restore();
    }
}

/// Sends what is typed until the terminal is closed. Where nothing can be read, nothing is typed, and a signal ends the demo.
fn listen(inputs: &mpsc::Sender<Input>, closed: &AtomicBool) {
    while !closed.load(Ordering::Relaxed) {
        match event::poll(LOOK) {
            Ok(false) => {}
            Ok(true) => {
                let Ok(event) = event::read() else { return };
                if let Some(input) = input(&event)
                    && inputs.send(input).is_err()
                {
                    return;
                }
            }
            Err(_) => return,
        }
    }
}

fn input(event: &Event) -> Option<Input> {
    match event {
        Event::Resize(..) => Some(Input::Redraw),
        Event::Key(KeyEvent {
            code, modifiers, kind, ..
        }) if *kind != KeyEventKind::Release => match code {
            KeyCode::Char('c' | 'd') if modifiers.contains(KeyModifiers::CONTROL) => Some(Input::Quit),
            KeyCode::Char('q') | KeyCode::Esc => Some(Input::Quit),
            KeyCode::Char('1') => Some(Input::Break(Kind::CanaryErrors)),
            KeyCode::Char('2') => Some(Input::Break(Kind::CanarySlow)),
            KeyCode::Char('3') => Some(Input::Break(Kind::FeatureMissing)),
            KeyCode::Char('4') => Some(Input::Break(Kind::FeatureDrift)),
            KeyCode::Char('f' | '0') => Some(Input::Fix),
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_break_fix_and_quit() {
        let typed = |code, modifiers| input(&Event::Key(KeyEvent::new(code, modifiers)));
        let cases = [
            ('1', KeyModifiers::NONE, Some(Input::Break(Kind::CanaryErrors))),
            ('2', KeyModifiers::NONE, Some(Input::Break(Kind::CanarySlow))),
            ('3', KeyModifiers::NONE, Some(Input::Break(Kind::FeatureMissing))),
            ('4', KeyModifiers::NONE, Some(Input::Break(Kind::FeatureDrift))),
            ('f', KeyModifiers::NONE, Some(Input::Fix)),
            ('q', KeyModifiers::NONE, Some(Input::Quit)),
            ('c', KeyModifiers::CONTROL, Some(Input::Quit)),
            ('c', KeyModifiers::NONE, None),
            ('x', KeyModifiers::NONE, None),
        ];
        for (character, modifiers, expected) in cases {
            assert_eq!(typed(KeyCode::Char(character), modifiers), expected, "{character}");
        }
        assert_eq!(typed(KeyCode::Esc, KeyModifiers::NONE), Some(Input::Quit));
        assert_eq!(input(&Event::Resize(80, 24)), Some(Input::Redraw));
    }
}
