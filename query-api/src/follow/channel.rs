//! What one tenant's followers share: its latest events, read and decoded once.
//!
//! A window holds every event of the tenant between two positions, so a follower in it takes what comes
//! next from there, and misses nothing. It is small and young: a follower that fell out of it, and one
//! that would take what was read a while ago, reads from the log instead. So whom an event is shown to
//! is never decided by how things were more than [`FRESH`] ago.

use std::collections::VecDeque;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use domain::ids::Position;
use tokio::sync::watch;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::log::Fact;
use crate::visibility::{Tickets, Withdrawn};

/// How long what was read may be shown.
pub(super) const FRESH: Duration = Duration::from_secs(2);
/// The most events in a window.
const EVENTS: usize = 1_000;
/// The most bytes of payloads in a window.
const BYTES: usize = 512 * 1024;

/// One tenant's latest events.
pub(super) struct Channel {
    window: Mutex<Window>,
    /// How far the window reaches.
    pub(super) head: watch::Sender<Position>,
    /// How far the log has something for this tenant.
    pub(super) due: watch::Sender<Position>,
    /// How many of the followers see only some tickets.
    pub(super) selective: AtomicUsize,
    /// The reader ends with the last follower.
    _reader: DropGuard,
}

#[derive(Default)]
struct Window {
    /// The window has every event after this position. None while nothing was read yet.
    from: Option<Position>,
    events: VecDeque<Arc<Entry>>,
    bytes: usize,
    /// What became of texts in the window since.
    withdrawn: Arc<Withdrawn>,
}

/// An event with what decides who sees it.
pub(super) struct Entry {
    pub(super) fact: Fact,
    /// None if nobody needed it when it was read.
    pub(super) tickets: Option<Arc<Tickets>>,
    read: Instant,
}

impl Entry {
    pub(super) fn new(fact: Fact, tickets: Option<Arc<Tickets>>, read: Instant) -> Self {
        Self { fact, tickets, read }
    }

    fn bytes(&self) -> usize {
        self.fact.logged.payload.len() + self.fact.logged.metadata.len()
    }
}

/// What a follower finds.
pub(super) enum Found {
    /// These come next, with the messages among them that have no text any more.
    Events(Vec<Arc<Entry>>, Arc<Withdrawn>),
    /// Nothing is new, up to here.
    Nothing(Position),
    /// It has to read on from the log.
    Behind,
}

impl Channel {
    /// A channel whose reader ends when the token that comes with it is cancelled.
    pub(super) fn new() -> (Arc<Self>, CancellationToken) {
        let end = CancellationToken::new();
        let channel = Self {
            window: Mutex::default(),
            head: watch::Sender::new(Position::START),
            due: watch::Sender::new(Position::START),
            selective: AtomicUsize::new(0),
            _reader: end.clone().drop_guard(),
        };
        (Arc::new(channel), end)
    }

    /// The next events after a position, `most` of them at most.
    pub(super) fn after(&self, position: Position, most: usize) -> Found {
        let window = self.window();
        // Told after the window has it, so no further than what the window has.
        let head = *self.head.borrow();
        // Until the reader has begun, each reads for itself.
        if window.from.is_none_or(|from| position < from) {
            return Found::Behind;
        }
        let first = window.events.partition_point(|entry| entry.fact.logged.position <= position.0);
        let next: Vec<_> = window.events.iter().skip(first).take(most).cloned().collect();
        match next.first() {
            None => Found::Nothing(position.max(head)),
            Some(entry) if entry.read.elapsed() > FRESH => Found::Behind,
            Some(_) => Found::Events(next, window.withdrawn.clone()),
        }
    }

    /// Begins at a position, with nothing.
    pub(super) fn begin(&self, at: Position) {
        *self.window() = Window { from: Some(at), ..Window::default() };
        self.head.send_replace(at);
    }

    /// Adds what comes next, up to a position, with what became of texts among it.
    pub(super) fn extend(&self, entries: Vec<Entry>, mut withdrawn: Withdrawn, to: Position) {
        let mut window = self.window();
        for entry in &entries {
            withdrawn.note(&entry.fact);
        }
        if !withdrawn.is_empty() {
            Arc::make_mut(&mut window.withdrawn).extend(withdrawn);
        }
        for entry in entries {
            window.bytes += entry.bytes();
            window.events.push_back(Arc::new(entry));
        }
        window.trim();
        drop(window);
        self.head.send_replace(to);
    }

    /// Lets go of what nobody may be shown from here any more.
    pub(super) fn trim(&self) {
        self.window().trim();
    }

    fn window(&self) -> MutexGuard<'_, Window> {
        self.window.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Window {
    fn trim(&mut self) {
        while let Some(first) = self.events.front() {
            let crowded = self.events.len() > EVENTS || self.bytes > BYTES;
            if !crowded && first.read.elapsed() <= FRESH {
                return;
            }
            self.from = Some(Position(first.fact.logged.position));
            self.bytes -= first.bytes();
            self.events.pop_front();
        }
        // Without events there are no texts either.
        self.withdrawn = Arc::default();
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use domain::event::TICKET;
    use domain::ticket::upcast::Upcasters;
    use uuid::Uuid;

    use super::*;
    use crate::log::Logged;

    fn entry(position: i64, payload: usize, read: Instant) -> Entry {
        let logged = Logged {
            position,
            event_id: Uuid::nil(),
            aggregate_type: TICKET.to_owned(),
            aggregate_id: Uuid::nil().to_string(),
            sequence: position,
            event_type: "TagAdded".to_owned(),
            event_version: "1".to_owned(),
            payload: format!("{{\"tag\":\"{}\"}}", "x".repeat(payload)),
            metadata: "{}".to_owned(),
            command_id: Uuid::nil(),
            recorded_at: DateTime::UNIX_EPOCH,
        };
        Entry::new(logged.read(&Upcasters::default()), None, read)
    }

    /// What a follower at a position finds.
    fn found(channel: &Channel, position: i64) -> Result<Vec<i64>, &'static str> {
        match channel.after(Position(position), 10) {
            Found::Events(next, _) => Ok(next.iter().map(|entry| entry.fact.logged.position).collect()),
            Found::Nothing(Position(up_to)) if up_to == position => Err("nothing"),
            Found::Nothing(_) => Err("nothing for long"),
            Found::Behind => Err("behind"),
        }
    }

    #[test]
    fn a_follower_takes_what_comes_next_and_misses_nothing() {
        let (channel, _end) = Channel::new();
        assert_eq!(found(&channel, 0), Err("behind"));
        channel.begin(Position(10));
        assert_eq!((found(&channel, 9), found(&channel, 10)), (Err("behind"), Err("nothing")));
        let now = Instant::now();
        channel.extend(vec![entry(12, 1, now), entry(15, 1, now)], Withdrawn::default(), Position(20));
        assert_eq!((found(&channel, 9), found(&channel, 10)), (Err("behind"), Ok(vec![12, 15])));
        assert_eq!((found(&channel, 12), found(&channel, 15)), (Ok(vec![15]), Err("nothing for long")));
        // One that read further by itself.
        assert_eq!(found(&channel, 25), Err("nothing"));
    }

    #[test]
    fn what_is_too_much_or_too_old_leaves_the_window() {
        let (channel, _end) = Channel::new();
        channel.begin(Position(0));
        let now = Instant::now();
        channel.extend(vec![entry(1, 10, now), entry(2, BYTES, now)], Withdrawn::default(), Position(2));
        // The large one doesn't stay either: whoever wants it reads it from the log.
        assert_eq!((found(&channel, 0), found(&channel, 1)), (Err("behind"), Err("behind")));
        assert_eq!(found(&channel, 2), Err("nothing"));
        let old = now.checked_sub(FRESH * 2).unwrap();
        channel.extend(vec![entry(3, 1, now)], Withdrawn::default(), Position(3));
        assert_eq!(found(&channel, 2), Ok(vec![3]));
        channel.extend(vec![entry(4, 1, old)], Withdrawn::redacted(Uuid::nil()), Position(4));
        assert_eq!(found(&channel, 3), Err("behind"));
    }

    #[tokio::test]
    async fn the_reader_ends_with_the_last_follower() {
        let (channel, end) = Channel::new();
        let other = channel.clone();
        drop(channel);
        assert!(!end.is_cancelled());
        drop(other);
        end.cancelled().await;
    }
}
