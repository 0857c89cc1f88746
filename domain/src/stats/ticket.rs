//! A ticket as it is counted.

mod view;

pub use view::View;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::office::{Office, wall};
use super::standing::{Answered, Rated, Solved};
use super::{Counted, Dimension, Measure};
use crate::metadata::ActorKind;
use crate::tenant::StatusCategory;
use crate::ticket::TicketEvent;
use crate::ticket::event::{
    Assignment, CategoryChanged, PriorityChanged, ReplyAdded, StatusChanged, TagAdded, TagRemoved,
    TicketAssigned, TicketCancelled, TicketClosed, TicketDeleted, TicketMarkedSpam, TicketOpened,
    TicketRated, TicketReopened, TicketResolved, TicketRestored, TicketUnassigned, TicketUnmarkedSpam,
};

/// Milliseconds of an hour.
const HOUR: i64 = 3_600_000;

/// A ticket as it is counted. Times are microseconds since 1970.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ticket {
    keys: Keys,
    opened: i64,
    status: String,
    category: StatusCategory,
    /// Since when it has this status.
    since: i64,
    /// What happened, and is counted for ever.
    said: Vec<Counted>,
    reopened: bool,
    agents_replies: u32,
    /// Since when an agent has had it in work.
    in_hand: Option<i64>,
    /// How long agents had it in work, in milliseconds of working time.
    handled: i64,
    /// What that cost, in hundredths an hour times milliseconds.
    cost: i64,
    answered: Option<Answered>,
    solved: Option<Solved>,
    rated: Option<Rated>,
    spam: bool,
    deleted: bool,
}

/// What a ticket is counted under. Empty for none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Keys {
    priority: String,
    category: String,
    source: String,
    team: String,
    agent: String,
    tags: Vec<String>,
}

impl Keys {
    /// The values of a dimension: one, but for tags.
    fn of(&self, dimension: Dimension) -> &[String] {
        const TOTAL: &[String] = &[String::new()];
        match dimension {
            Dimension::Total => TOTAL,
            Dimension::Priority => std::slice::from_ref(&self.priority),
            Dimension::Category => std::slice::from_ref(&self.category),
            Dimension::Source => std::slice::from_ref(&self.source),
            Dimension::Team => std::slice::from_ref(&self.team),
            Dimension::Agent => std::slice::from_ref(&self.agent),
            Dimension::Tag => &self.tags,
        }
    }

    /// The values that something counts under.
    fn under<'a>(&'a self, dimension: Dimension, counted: &'a Counted) -> &'a [String] {
        match &counted.agent {
            Some(agent) if dimension == Dimension::Agent => std::slice::from_ref(agent),
            _ => self.of(dimension),
        }
    }
}

impl Ticket {
    /// The types of events that can change what a ticket is counted as.
    pub const CONCERNS: &'static [&'static str] = &[
        TicketOpened::NAME,
        ReplyAdded::NAME,
        TicketAssigned::NAME,
        TicketUnassigned::NAME,
        StatusChanged::NAME,
        TicketResolved::NAME,
        TicketClosed::NAME,
        TicketReopened::NAME,
        TicketCancelled::NAME,
        TicketRated::NAME,
        PriorityChanged::NAME,
        CategoryChanged::NAME,
        TagAdded::NAME,
        TagRemoved::NAME,
        TicketMarkedSpam::NAME,
        TicketUnmarkedSpam::NAME,
        TicketDeleted::NAME,
        TicketRestored::NAME,
    ];

    /// Whether an event can change what any ticket is counted as.
    pub fn concerns(event: &TicketEvent) -> bool {
        match event {
            TicketEvent::ReplyAdded(event) => event.author.kind == ActorKind::Agent || event.first_response,
            event => Self::CONCERNS.contains(&event.name()),
        }
    }

    /// A ticket that was just opened.
    pub fn opened(event: &TicketOpened, at: DateTime<Utc>, office: &Office) -> Self {
        let at = at.timestamp_micros();
        let mut ticket = Self {
            keys: Keys {
                priority: event.priority.clone(),
                category: event.category.clone().unwrap_or_default(),
                source: event.source.as_str().to_owned(),
                tags: event.tags.clone(),
                ..Keys::default()
            },
            opened: at,
            status: event.status.clone(),
            category: StatusCategory::New,
            since: at,
            said: vec![Counted::once(Measure::Created, at), Counted::with(Measure::Backlog, at, 1)],
            reopened: false,
            agents_replies: 0,
            in_hand: None,
            handled: 0,
            cost: 0,
            answered: None,
            solved: None,
            rated: None,
            spam: false,
            deleted: false,
        };
        if event.assignment != Assignment::default() {
            ticket.assign(&event.assignment, at, office);
        }
        ticket.enter(event.status_category, at, office);
        ticket
    }

    /// Takes in what happened.
    pub fn apply(&mut self, event: &TicketEvent, at: DateTime<Utc>, office: &Office) {
        let at = at.timestamp_micros();
        match event {
            TicketEvent::ReplyAdded(event) => self.replied(event, at, office),
            TicketEvent::TicketAssigned(event) => self.assign(&event.to, at, office),
            TicketEvent::TicketUnassigned(_) => self.assign(&Assignment::default(), at, office),
            TicketEvent::StatusChanged(event) => self.moved(&event.to, event.to_category, at, office),
            TicketEvent::TicketResolved(event) => self.moved(&event.to, event.to_category, at, office),
            TicketEvent::TicketCancelled(event) => self.moved(&event.to, event.to_category, at, office),
            TicketEvent::TicketClosed(event) => {
                self.moved(&event.to, event.to_category, at, office);
                self.said.push(Counted::once(Measure::Closed, at));
            }
            TicketEvent::TicketReopened(event) => {
                self.reopened = true;
                self.moved(&event.to, event.to_category, at, office);
                self.said.push(Counted::once(Measure::Reopened, at));
            }
            TicketEvent::TicketRated(event) => self.rated = Some(Rated { at, rating: event.rating }),
            TicketEvent::PriorityChanged(event) => self.keys.priority.clone_from(&event.to),
            TicketEvent::CategoryChanged(event) => {
                self.keys.category = event.to.clone().unwrap_or_default();
            }
            TicketEvent::TagAdded(event) if !self.keys.tags.contains(&event.tag) => {
                self.keys.tags.push(event.tag.clone());
            }
            TicketEvent::TagRemoved(event) => self.keys.tags.retain(|tag| *tag != event.tag),
            TicketEvent::TicketMarkedSpam(_) => self.spam = true,
            TicketEvent::TicketUnmarkedSpam(_) => self.spam = false,
            TicketEvent::TicketDeleted(_) => self.deleted = true,
            TicketEvent::TicketRestored(_) => self.deleted = false,
            _ => {}
        }
    }

    fn replied(&mut self, event: &ReplyAdded, at: i64, office: &Office) {
        if event.author.kind == ActorKind::Agent {
            self.agents_replies += 1;
            self.said.push(Counted::once(Measure::Replies, at).by(event.author.id.as_str()));
        }
        if event.first_response {
            let (wall, working) = (wall(self.opened, at), office.working(self.opened, at));
            self.answered = Some(Answered { at, wall, working });
        }
    }

    fn assign(&mut self, to: &Assignment, at: i64, office: &Office) {
        self.settle(at, office);
        let text = |id: Option<&str>| id.unwrap_or_default().to_owned();
        let agent = text(to.agent.as_ref().map(crate::ids::UserId::as_str));
        let team = text(to.team.as_ref().map(crate::ids::TeamId::as_str));
        let other = |before: &str, now: &str| !before.is_empty() && !now.is_empty() && before != now;
        if other(&self.keys.agent, &agent) || other(&self.keys.team, &team) {
            self.said.push(Counted::once(Measure::HandedOver, at));
        }
        if !agent.is_empty() && agent != self.keys.agent {
            self.said.push(Counted::once(Measure::Assigned, at).by(&agent));
        }
        (self.keys.agent, self.keys.team) = (agent, team);
        self.take_in_hand(at);
    }

    fn moved(&mut self, to: &str, category: StatusCategory, at: i64, office: &Office) {
        let stayed = Counted::with(Measure::InStatus, at, wall(self.since, at));
        self.said.push(stayed.part(&self.status));
        to.clone_into(&mut self.status);
        self.since = at;
        self.enter(category, at, office);
    }

    /// It is in a status of this category from here on.
    fn enter(&mut self, category: StatusCategory, at: i64, office: &Office) {
        self.settle(at, office);
        if self.category.is_done() != category.is_done() {
            let more = if category.is_done() { -1 } else { 1 };
            self.said.push(Counted::with(Measure::Backlog, at, more));
        }
        self.category = category;
        self.take_in_hand(at);
        match category {
            StatusCategory::Resolved | StatusCategory::Closed if self.solved.is_none() => {
                self.said.push(Counted::once(Measure::Resolved, at));
                self.solved = Some(self.solution(at, office));
            }
            StatusCategory::Resolved | StatusCategory::Closed => {}
            _ => self.solved = None,
        }
    }

    fn solution(&self, at: i64, office: &Office) -> Solved {
        let reporting = office.reporting();
        let currency = reporting.currency.as_ref().filter(|_| reporting.has_rates());
        Solved {
            at,
            wall: wall(self.opened, at),
            working: office.working(self.opened, at),
            handling: self.handled,
            cost: currency.map(|currency| ((self.cost + HOUR / 2) / HOUR, currency.clone())),
            first_contact: self.agents_replies <= 1 && !self.reopened,
        }
    }

    /// Counts the work up to here, at the rate that holds now.
    fn settle(&mut self, at: i64, office: &Office) {
        if let Some(since) = self.in_hand.take() {
            let worked = office.working(since, at);
            self.handled += worked;
            let rate = office.reporting().rate(&self.keys.team).unwrap_or_default();
            self.cost = self.cost.saturating_add(worked.saturating_mul(rate));
        }
    }

    fn take_in_hand(&mut self, at: i64) {
        let in_work = self.category == StatusCategory::Open && !self.keys.agent.is_empty();
        self.in_hand = in_work.then_some(at);
    }

    /// Whether it counts nowhere: spam, and what was put away.
    pub fn is_hidden(&self) -> bool {
        self.spam || self.deleted
    }

    /// Everything that is counted of it, wherever it counts.
    pub fn counted(&self) -> impl Iterator<Item = Counted> {
        self.said.iter().cloned().chain(self.standing())
    }

    /// The values of a dimension that something of it counts under.
    pub fn keys<'a>(&'a self, dimension: Dimension, counted: &'a Counted) -> &'a [String] {
        self.keys.under(dimension, counted)
    }

    /// The values of a dimension that it has.
    pub fn values(&self, dimension: Dimension) -> &[String] {
        self.keys.of(dimension)
    }

    /// What is counted as long as it stands.
    fn standing(&self) -> Vec<Counted> {
        let mut standing = Vec::new();
        if let Some(answered) = self.answered {
            answered.counted(&mut standing);
        }
        if let Some(solved) = &self.solved {
            solved.counted(self.rated.is_some(), &mut standing);
        }
        if let Some(rated) = self.rated {
            rated.counted(&mut standing);
        }
        standing
    }
}
