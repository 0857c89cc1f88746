//! Realistic tickets, made up: the same seed makes the same ones, each by itself.

mod scenarios;

use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::tenant::{StatusCategory, TenantSettings};
use domain::ticket::TicketCommand;
use domain::ticket::commands::{
    AddNote, Assign, ChangeStatus, ChangeTags, Close, Escalate, Open, Rate, Reply, Resolve,
};
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use scenarios::{AGENTS, CUSTOMERS, FIRST_NAMES, LAST_NAMES, SCENARIOS, Scenario, TEAMS};

/// How far back the first tickets were opened.
const DAYS: u64 = 60;
const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// Somebody in the story.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Person {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) role: &'static str,
}

/// One command of the story.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Step {
    pub(crate) by: Person,
    pub(crate) at: DateTime<Utc>,
    pub(crate) command: TicketCommand,
}

/// What happens to the ticket of this index up to `now`. The first step opens it.
pub(crate) fn story(
    settings: &TenantSettings,
    seed: u64,
    index: u32,
    now: DateTime<Utc>,
) -> Result<Vec<Step>, serde_json::Error> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(u64::from(index));
    let opened = now - Duration::from_secs(rng.random_range(10 * MINUTE..DAYS * DAY));
    let scenario = SCENARIOS.choose(&mut rng).unwrap_or(&SCENARIOS[0]);
    let customer = customer(rng.random_range(0..CUSTOMERS));
    let agent = agent(rng.random_range(0..AGENTS));
    let status = settings.initial_status.clone();
    let mut story = Story { settings, rng, now, at: opened, status, steps: Vec::new() };
    story.tell(scenario, &customer, &agent)?;
    Ok(story.steps)
}

fn customer(number: usize) -> Person {
    let name = format!(
        "{} {}",
        FIRST_NAMES[number % FIRST_NAMES.len()],
        LAST_NAMES[number / FIRST_NAMES.len() % LAST_NAMES.len()]
    );
    Person { id: format!("customer-{number:03}"), name, role: "customer" }
}

fn agent(number: usize) -> Person {
    let name = format!("{} {}", FIRST_NAMES[FIRST_NAMES.len() - 1 - number], LAST_NAMES[number]);
    Person { id: format!("agent-{number:02}"), name, role: "support_agent" }
}

struct Story<'a> {
    settings: &'a TenantSettings,
    rng: ChaCha8Rng,
    now: DateTime<Utc>,
    at: DateTime<Utc>,
    status: String,
    steps: Vec<Step>,
}

impl Story<'_> {
    fn tell(
        &mut self,
        scenario: &Scenario,
        customer: &Person,
        agent: &Person,
    ) -> Result<(), serde_json::Error> {
        self.open(scenario, customer, agent)?;
        if self.rng.random_bool(0.05) {
            // Nobody has seen it yet.
            return Ok(());
        }
        let team = TEAMS[self.rng.random_range(0..TEAMS.len())];
        self.after(5 * MINUTE, 6 * HOUR);
        self.add::<Assign>(agent, json!({"agent": agent.id, "team": team}))?;
        self.add::<ChangeTags>(agent, json!({"add": scenario.tags}))?;
        self.move_to(agent, self.last(StatusCategory::Open))?;
        let answered = self.talk(scenario, customer, agent)?;
        if self.rng.random_bool(0.06) {
            self.after(MINUTE, HOUR);
            let reason = "The customer waits for an important date";
            self.add::<Escalate>(agent, json!({"to_role": "support_lead", "reason": reason}))?;
        }
        if self.rng.random_bool(if answered { 0.9 } else { 0.5 }) {
            self.resolve(scenario, customer, agent)?;
        }
        Ok(())
    }

    fn open(
        &mut self,
        scenario: &Scenario,
        customer: &Person,
        agent: &Person,
    ) -> Result<(), serde_json::Error> {
        let priorities = &self.settings.priorities;
        // Most are neither urgent nor unimportant.
        let place = [0, 1, 1, 2, 2, 2, 2, 2, 3, 3][self.rng.random_range(0..10)].min(priorities.len() - 1);
        let source =
            ["portal", "portal", "email", "email", "web", "phone", "chat"][self.rng.random_range(0..7)];
        let device = format!("Reported from workstation WS-{:04}.", self.rng.random_range(0..10_000));
        let mut body = json!({
            "subject": scenario.subject,
            "description": format!("{}\n\n{device}", scenario.description),
            "category": scenario.category,
            "priority": priorities[place].key,
            "source": source,
        });
        // Who mails or calls has support write it down.
        if matches!(source, "email" | "phone") {
            body["requester"] = json!({"id": customer.id, "name": customer.name});
            return self.add::<Open>(agent, body);
        }
        self.add::<Open>(customer, body)
    }

    /// Whether the customer answered.
    fn talk(
        &mut self,
        scenario: &Scenario,
        customer: &Person,
        agent: &Person,
    ) -> Result<bool, serde_json::Error> {
        self.after(10 * MINUTE, 10 * HOUR);
        self.add::<Reply>(
            agent,
            json!({"body": format!("Hello {},\n\n{}", customer.name, scenario.question)}),
        )?;
        self.move_to(agent, self.first(StatusCategory::PendingCustomer))?;
        if self.rng.random_bool(0.4) {
            self.after(MINUTE, HOUR);
            self.add::<AddNote>(agent, json!({"body": scenario.note}))?;
        }
        let answers = self.rng.random_bool(0.8);
        if answers {
            self.after(20 * MINUTE, 2 * DAY);
            self.add::<Reply>(customer, json!({"body": scenario.answer}))?;
            self.status = self.after_reply();
            self.move_to(agent, self.last(StatusCategory::Open))?;
        }
        Ok(answers)
    }

    fn resolve(
        &mut self,
        scenario: &Scenario,
        customer: &Person,
        agent: &Person,
    ) -> Result<(), serde_json::Error> {
        let Some(resolved) = self.first(StatusCategory::Resolved) else { return Ok(()) };
        if !self.allowed(&resolved) {
            return Ok(());
        }
        self.after(30 * MINUTE, 3 * DAY);
        self.add::<Resolve>(agent, json!({"notes": scenario.resolution}))?;
        self.status = resolved;
        if self.rng.random_bool(0.45) {
            self.after(HOUR, 2 * DAY);
            let rating = [5, 5, 5, 4, 4, 3, 2, 1][self.rng.random_range(0..8)];
            self.add::<Rate>(customer, json!({"rating": rating}))?;
        }
        let closed = self.first(StatusCategory::Closed);
        if closed.is_some_and(|closed| self.allowed(&closed)) && self.rng.random_bool(0.7) {
            self.after(2 * DAY, 5 * DAY);
            self.add::<Close>(agent, json!({}))?;
        }
        Ok(())
    }

    /// Time passes.
    fn after(&mut self, least: u64, most: u64) {
        self.at += Duration::from_secs(self.rng.random_range(least..most));
    }

    /// What hasn't happened yet isn't told.
    fn add<C>(&mut self, by: &Person, body: Value) -> Result<(), serde_json::Error>
    where
        C: DeserializeOwned + Into<TicketCommand>,
    {
        if self.at <= self.now {
            let command = serde_json::from_value::<C>(body)?.into();
            self.steps.push(Step { by: by.clone(), at: self.at, command });
        }
        Ok(())
    }

    fn move_to(&mut self, by: &Person, status: Option<String>) -> Result<(), serde_json::Error> {
        let Some(status) = status.filter(|status| *status != self.status && self.allowed(status)) else {
            return Ok(());
        };
        self.add::<ChangeStatus>(by, json!({"status": status}))?;
        self.status = status;
        Ok(())
    }

    /// The status after a customer's reply: one that waits for them goes back to work.
    fn after_reply(&self) -> String {
        let waits = |status: &domain::tenant::Status| status.category == StatusCategory::PendingCustomer;
        let mut open = self.settings.statuses.iter().filter(|status| status.category == StatusCategory::Open);
        let to = open.find(|status| self.allowed(&status.key));
        match to.filter(|_| self.settings.status(&self.status).is_some_and(waits)) {
            Some(to) => to.key.clone(),
            None => self.status.clone(),
        }
    }

    fn allowed(&self, status: &str) -> bool {
        self.settings.allowed_from(&self.status).contains(&status)
    }

    fn first(&self, category: StatusCategory) -> Option<String> {
        self.settings.first_of(category).map(|status| status.key.clone())
    }

    fn last(&self, category: StatusCategory) -> Option<String> {
        let of_category = self.settings.statuses.iter().rev().find(|status| status.category == category);
        of_category.map(|status| status.key.clone())
    }
}

#[cfg(test)]
mod tests {
    use domain::tenant::PROFILES;

    use super::*;

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_780_000_000, 0).unwrap()
    }

    #[test]
    fn the_same_seed_makes_the_same_tickets() {
        let settings = domain::tenant::profile("platform").unwrap();
        let of =
            |seed| (0..50).map(|index| story(&settings, seed, index, now()).unwrap()).collect::<Vec<_>>();
        assert_eq!(of(1), of(1));
        assert_ne!(of(1), of(2));
    }

    #[test]
    fn every_profile_has_tickets_in_order_of_time() {
        for profile in PROFILES {
            let settings = domain::tenant::profile(profile).unwrap();
            for index in 0..200 {
                let steps = story(&settings, 1, index, now()).unwrap();
                assert!(matches!(steps[0].command, TicketCommand::Open(_)));
                assert!(steps.windows(2).all(|pair| pair[0].at <= pair[1].at));
                assert!(steps.iter().all(|step| step.at <= now()));
            }
        }
    }
}
