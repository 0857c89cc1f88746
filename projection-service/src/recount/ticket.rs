//! Everything that is to be counted of a ticket, read off its whole history, measure by measure.

use chrono::{DateTime, Utc};
use domain::stats::Office;
use serde_json::Value;
use uuid::Uuid;

use super::{Offices, Told};

/// Something that counts.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) measure: &'static str,
    pub(super) part: String,
    pub(super) at: DateTime<Utc>,
    pub(super) value: i64,
    pub(super) agent: Option<String>,
}

/// A ticket's history.
pub(super) struct History<'a> {
    pub(super) tenant: Uuid,
    pub(super) told: &'a [Told],
    pub(super) offices: &'a Offices,
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn milliseconds(from: DateTime<Utc>, to: DateTime<Utc>) -> i64 {
    (to.timestamp_micros() - from.timestamp_micros()).max(0) / 1_000
}

fn is_done(category: &str) -> bool {
    ["resolved", "closed", "cancelled"].contains(&category)
}

fn is_solved(category: &str) -> bool {
    ["resolved", "closed"].contains(&category)
}

impl History<'_> {
    /// Everything that counts, in no order; nothing of what was never opened, is spam, or was put away.
    pub(super) fn said(&self) -> Vec<Said> {
        let Some(first) = self.told.first().filter(|first| first.kind == "TicketOpened") else {
            return Vec::new();
        };
        if self.is_last("TicketMarkedSpam", "TicketUnmarkedSpam")
            || self.is_last("TicketDeleted", "TicketRestored")
        {
            return Vec::new();
        }
        let mut said = vec![said("created", first.at, 0), said("backlog", first.at, 1)];
        said.extend(self.each("TicketClosed").map(|told| say("closed", told)));
        said.extend(self.each("TicketReopened").map(|told| say("reopened", told)));
        self.moves(&mut said);
        self.hands(&mut said);
        self.replies(&mut said);
        self.solution(&mut said);
        said
    }

    /// The values of each dimension at the end.
    pub(super) fn keys(&self) -> Vec<(&'static str, Vec<String>)> {
        let opened = &self.told[0].payload;
        let last = |kind: &str, begin: &Value| {
            let changed = self.each(kind).last().map(|told| text(&told.payload["to"]));
            changed.unwrap_or_else(|| text(begin))
        };
        let (team, agent) = self.assignments().last().map(|(_, to)| to.clone()).unwrap_or_default();
        let mut tags: Vec<String> = Vec::new();
        for tag in opened["tags"].as_array().into_iter().flatten() {
            tags.push(text(tag));
        }
        for told in self.told {
            let tag = text(&told.payload["tag"]);
            match told.kind.as_str() {
                "TagAdded" if !tags.contains(&tag) => tags.push(tag),
                "TagRemoved" => tags.retain(|one| *one != tag),
                _ => {}
            }
        }
        vec![
            ("total", vec![String::new()]),
            ("priority", vec![last("PriorityChanged", &opened["priority"])]),
            ("category", vec![last("CategoryChanged", &opened["category"])]),
            ("source", vec![text(&opened["source"])]),
            ("team", vec![team]),
            ("agent", vec![agent]),
            ("tag", tags),
        ]
    }

    fn each<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Told> {
        self.told.iter().filter(move |told| told.kind == kind)
    }

    fn is_last(&self, one: &str, other: &str) -> bool {
        let mut both = self.told.iter().filter(|told| told.kind == one || told.kind == other);
        both.next_back().is_some_and(|last| last.kind == one)
    }

    /// Each status that it came into: the place in the history, status, category.
    fn statuses(&self) -> Vec<(usize, String, String)> {
        let status = |(place, told): (usize, &Told)| match told.kind.as_str() {
            "TicketOpened" => {
                Some((place, text(&told.payload["status"]), text(&told.payload["status_category"])))
            }
            _ if told.payload["to_category"].is_string() => {
                Some((place, text(&told.payload["to"]), text(&told.payload["to_category"])))
            }
            _ => None,
        };
        self.told.iter().enumerate().filter_map(status).collect()
    }

    /// Each assignment: the place in the history, team and agent.
    fn assignments(&self) -> Vec<(usize, (String, String))> {
        let of = |to: &Value| (text(&to["team"]), text(&to["agent"]));
        let assigned = |(place, told): (usize, &Told)| match told.kind.as_str() {
            "TicketOpened" => Some((place, of(&told.payload["assignment"]))),
            "TicketAssigned" => Some((place, of(&told.payload["to"]))),
            "TicketUnassigned" => Some((place, (String::new(), String::new()))),
            _ => None,
        };
        self.told.iter().enumerate().filter_map(assigned).collect()
    }

    fn moves(&self, out: &mut Vec<Said>) {
        let statuses = self.statuses();
        let mut open = true;
        for (place, _, category) in &statuses {
            if open == is_done(category) {
                open = !open;
                out.push(said("backlog", self.told[*place].at, if open { 1 } else { -1 }));
            }
        }
        for pair in statuses.windows(2) {
            let (left, came) = (&pair[0], self.told[pair[1].0].at);
            let stayed = milliseconds(self.told[left.0].at, came);
            out.push(Said { part: left.1.clone(), ..said("in_status", came, stayed) });
        }
        let mut solved = false;
        for (place, _, category) in &statuses {
            if is_solved(category) && !solved {
                out.push(said("resolved", self.told[*place].at, 0));
            }
            solved = is_solved(category);
        }
    }

    fn hands(&self, out: &mut Vec<Said>) {
        let mut before = (String::new(), String::new());
        for (place, now) in self.assignments() {
            let at = self.told[place].at;
            let other = |one: &String, other: &String| !one.is_empty() && !other.is_empty() && one != other;
            if other(&before.0, &now.0) || other(&before.1, &now.1) {
                out.push(said("handed_over", at, 0));
            }
            if !now.1.is_empty() && now.1 != before.1 {
                out.push(Said { agent: Some(now.1.clone()), ..said("assigned", at, 0) });
            }
            before = now;
        }
    }

    fn replies(&self, out: &mut Vec<Said>) {
        for told in self.each("ReplyAdded").filter(|told| told.payload["author"]["kind"] == "agent") {
            let agent = Some(text(&told.payload["author"]["id"]));
            out.push(Said { agent, ..say("replies", told) });
        }
        if let Some(first) =
            self.each("ReplyAdded").filter(|told| told.payload["first_response"] == true).last()
        {
            let opened = self.told[0].at;
            out.push(said("first_response", first.at, milliseconds(opened, first.at)));
            let working = self.working(first, opened);
            out.push(said("first_response_working", first.at, working));
        }
        if let Some(rated) = self.each("TicketRated").last() {
            out.push(said("rating", rated.at, rated.payload["rating"].as_i64().unwrap_or_default()));
        }
    }

    /// The resolving that stands, if one does: the place in the history.
    fn solved(&self) -> Option<usize> {
        let mut solved = None;
        for (place, _, category) in self.statuses() {
            solved = is_solved(&category).then(|| solved.unwrap_or(place));
        }
        solved
    }

    fn solution(&self, out: &mut Vec<Said>) {
        let Some(place) = self.solved() else { return };
        let (solved, until) = (&self.told[place], &self.told[..=place]);
        let opened = self.told[0].at;
        out.push(said("resolution", solved.at, milliseconds(opened, solved.at)));
        out.push(said("resolution_working", solved.at, self.working(solved, opened)));
        let (handled, cost) = self.handled(place);
        out.push(said("handling", solved.at, handled));
        let office = self.office(solved);
        let reporting = office.reporting();
        let rated = reporting.hourly_rate.is_some() || !reporting.team_hourly_rates.is_empty();
        if let Some(currency) = reporting.currency.clone().filter(|_| rated) {
            // Hundredths an hour times milliseconds; half and more is rounded up.
            let hundredths = (cost + 1_800_000) / 3_600_000;
            out.push(Said { part: currency, ..said("cost", solved.at, hundredths) });
        }
        let agents = |told: &&Told| told.kind == "ReplyAdded" && told.payload["author"]["kind"] == "agent";
        let reopened = until.iter().any(|told| told.kind == "TicketReopened");
        if until.iter().filter(agents).count() <= 1 && !reopened {
            out.push(said("first_contact", solved.at, 0));
        }
        if self.each("TicketRated").next().is_none() {
            out.push(said("unrated", solved.at, 0));
        }
    }

    /// The work up to a place in the history: milliseconds, and hundredths an hour times milliseconds.
    fn handled(&self, until: usize) -> (i64, i64) {
        let (statuses, assignments) = (self.statuses(), self.assignments());
        let mut places: Vec<usize> =
            statuses.iter().map(|one| one.0).chain(assignments.iter().map(|one| one.0)).collect();
        places.sort_unstable();
        places.dedup();
        let (mut handled, mut cost) = (0, 0);
        for pair in places.windows(2).filter(|pair| pair[1] <= until) {
            let category = statuses.iter().rev().find(|one| one.0 <= pair[0]).map(|one| one.2.as_str());
            let hands = assignments.iter().rev().find(|one| one.0 <= pair[0]).map(|one| one.1.clone());
            let (team, agent) = hands.unwrap_or_default();
            if category == Some("open") && !agent.is_empty() {
                let end = &self.told[pair[1]];
                let worked = self.working(end, self.told[pair[0]].at);
                let office = self.office(end);
                let reporting = office.reporting();
                let rate = reporting.team_hourly_rates.get(&team).copied().or(reporting.hourly_rate);
                handled += worked;
                cost += worked * rate.unwrap_or_default();
            }
        }
        (handled, cost)
    }

    fn office(&self, told: &Told) -> Office {
        self.offices.at(self.tenant, told.position)
    }

    /// Working time from a moment to when this happened, by the hours that were known then.
    fn working(&self, told: &Told, from: DateTime<Utc>) -> i64 {
        self.office(told).working(from.timestamp_micros(), told.at.timestamp_micros())
    }
}

fn said(measure: &'static str, at: DateTime<Utc>, value: i64) -> Said {
    Said { measure, part: String::new(), at, value, agent: None }
}

fn say(measure: &'static str, told: &Told) -> Said {
    said(measure, told.at, 0)
}
