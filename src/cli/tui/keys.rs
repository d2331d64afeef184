//! What a key does. Must not know how keys arrive.

use std::num::NonZeroUsize;

use fetchall::engine::{Change, Stop};
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::sight::Sight;
use crate::cli::{control::Run, signals};

/// A key that does something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    Pause,
    More,
    Less,
    Drain,
    Quit,
}

impl Key {
    /// Of what was pressed.
    pub fn of(event: &KeyEvent) -> Option<Key> {
        let is_ctrl = event.modifiers.contains(KeyModifiers::CONTROL);
        match event.code {
            _ if event.kind == KeyEventKind::Release => None,
            KeyCode::Char('c') if is_ctrl => Some(Key::Quit),
            _ if is_ctrl => None,
            KeyCode::Char('q' | 'Q') => Some(Key::Quit),
            KeyCode::Char('p' | 'P' | ' ') => Some(Key::Pause),
            KeyCode::Char('+' | '=') => Some(Key::More),
            KeyCode::Char('-' | '_') => Some(Key::Less),
            KeyCode::Char('d' | 'D') => Some(Key::Drain),
            _ => None,
        }
    }
}

/// Nothing can be changed.
const NOBODY: &str = "nothing is asked of the network now";

/// A quarter more, or less, and one at least.
fn stepped(now: usize, key: Key) -> NonZeroUsize {
    let step = (now / 4).max(1);
    let next = if key == Key::More { now.saturating_add(step) } else { now.saturating_sub(step) };
    NonZeroUsize::new(next).unwrap_or(NonZeroUsize::MIN)
}

/// Does it, and says so.
pub fn press(key: Key, run: &Run, sight: &mut Sight) {
    let change = |change| run.change(change).is_ok();
    let told = match key {
        Key::Pause => {
            let (next, told) = match sight.run.state.as_str() {
                "paused" => (Change::Resume, "it goes on"),
                _ => (Change::Pause, "paused: p goes on"),
            };
            if change(next) { told } else { NOBODY }.to_owned()
        }
        Key::More | Key::Less => match sight.run.concurrency.map(|now| stepped(now, key)) {
            Some(most) if change(Change::Concurrency(most)) => format!("up to {most} at once"),
            _ => NOBODY.to_owned(),
        },
        Key::Drain => {
            run.stop(Stop::Drain);
            "draining: what was started is finished".to_owned()
        }
        Key::Quit => {
            // As Ctrl-C does it: the first asks the run to end, the second ends the process.
            signals::interrupt();
            "stopping; what is in flight gets 5 s (once more leaves at once)".to_owned()
        }
    };
    sight.told = told;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_known_and_steps_are_a_quarter() {
        let key = |c, modifiers| Key::of(&KeyEvent::new(KeyCode::Char(c), modifiers));
        let none = KeyModifiers::NONE;
        assert_eq!(
            (key('q', none), key('c', KeyModifiers::CONTROL), key('c', none)),
            (Some(Key::Quit), Some(Key::Quit), None)
        );
        assert_eq!(
            (key('p', none), key('+', none), key('-', none)),
            (Some(Key::Pause), Some(Key::More), Some(Key::Less))
        );
        assert_eq!((key('d', none), key('d', KeyModifiers::CONTROL)), (Some(Key::Drain), None));
        for (now, more, less) in [(1, 2, 1), (3, 4, 2), (32, 40, 24)] {
            assert_eq!((stepped(now, Key::More).get(), stepped(now, Key::Less).get()), (more, less), "{now}");
        }
    }
}
