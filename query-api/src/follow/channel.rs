//! What one tenant's followers share: its latest events, read and decoded once.
//!
//! A window holds every event of the tenant between two positions, so a follower in it takes what comes
//! next from there, and misses nothing. It is small and young: a follower that fell out of it, and one
//! that would take what was read a while ago, reads from the log instead. So whom an event is shown to
//! is never decided by how things were more than [`FRESH`] ago.

use std::collections::{HashSet, VecDeque};
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use domain::event::Event;
use domain::ids::Position;
use domain::ticket::TicketEvent;
use tokio::sync::watch;
use tokio_util::sync::{CancellationToken, DropGuard};
use uuid::Uuid;

use crate::log::Fact;
use crate::visibility::Tickets;

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
    /// Messages in the window whose text was taken out of sight since.
    redacted: Arc<HashSet<Uuid>>,
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
    Events(Vec<Arc<Entry>>, Arc<HashSet<Uuid>>),
    /// Nothing is new.
    Nothing,
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
        let head = *self.head.borrow();
        // Until the reader has begun, each reads for itself.
        if window.from.is_none_or(|from| position < from) {
            return Found::Behind;
        }
        if position >= head {
            return Found::Nothing;
        }
        let first = window.events.partition_point(|entry| entry.fact.logged.position <= position.0);
        let next: Vec<_> = window.events.iter().skip(first).take(most).cloned().collect();
        match next.first() {
            None => Found::Nothing,
            Some(entry) if entry.read.elapsed() > FRESH => Found::Behind,
            Some(_) => Found::Events(next, window.redacted.clone()),
        }
    }

    /// Begins at a position, with nothing.
    pub(super) fn begin(&self, at: Position) {
        *self.window() = Window { from: Some(at), ..Window::default() };
        self.head.send_replace(at);
    }

    /// Adds what comes next, up to a position, with the messages among it that have no text.
    pub(super) fn extend(&self, entries: Vec<Entry>, redacted: HashSet<Uuid>, to: Position) {
        let mut window = self.window();
        let gone = entries.iter().filter_map(|entry| match &entry.fact.event {
            Some(Event::Ticket(TicketEvent::MessageRedacted(event))) => Some(event.message_id.0),
            _ => None,
        });
        let gone: HashSet<Uuid> = gone.chain(redacted).collect();
        if !gone.is_subset(&window.redacted) {
            Arc::make_mut(&mut window.redacted).extend(gone);
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
        self.redacted = Arc::default();
    }
}
