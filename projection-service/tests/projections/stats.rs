//! Statistics: a recount of the whole log, written another way, gives the same figures.

use std::collections::BTreeMap;

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use serde_json::Value;
use sqlx::Row;

use crate::database::Database;
use crate::story::{Written, history};

/// What there is to say of one ticket at the end.
#[derive(Default)]
struct Told {
    /// By dimension.
    keys: BTreeMap<&'static str, String>,
    opened: DateTime<Utc>,
    /// Measure, time, value.
    said: Vec<(&'static str, DateTime<Utc>, i64)>,
    answered: Option<DateTime<Utc>>,
    solved: Option<DateTime<Utc>>,
    rated: Option<(DateTime<Utc>, i64)>,
    open: bool,
    gone: [bool; 2],
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

impl Told {
    fn assign(&mut self, to: &Value) {
        self.keys.insert("team", text(&to["team"]));
        self.keys.insert("agent", text(&to["agent"]));
    }

    fn take(&mut self, event: &Written) {
        let payload: Value = serde_json::from_str(&event.payload).unwrap();
        let metadata: Value = serde_json::from_str(&event.metadata).unwrap();
        let at: DateTime<Utc> = metadata["occurred_at"].as_str().unwrap().parse().unwrap();
        match event.event_type.as_str() {
            "TicketOpened" => {
                self.opened = at;
                self.said.push(("created", at, 0));
                for name in ["priority", "category", "source"] {
                    self.keys.insert(name, text(&payload[name]));
                }
                self.keys.insert("total", String::new());
                self.said.push(("backlog", at, 1));
                self.open = true;
                self.assign(&payload["assignment"]);
            }
            "TicketAssigned" => {
                let (team, agent) = (self.keys["team"].clone(), self.keys["agent"].clone());
                self.assign(&payload["to"]);
                for (before, name) in [(team, "team"), (agent, "agent")] {
                    if !before.is_empty() && !self.keys[name].is_empty() && before != self.keys[name] {
                        self.said.push(("handed_over", at, 0));
                        break;
                    }
                }
            }
            "TicketUnassigned" => self.assign(&Value::Null),
            "PriorityChanged" => drop(self.keys.insert("priority", text(&payload["to"]))),
            "CategoryChanged" => drop(self.keys.insert("category", text(&payload["to"]))),
            "ReplyAdded" if payload["first_response"] == true => self.answered = Some(at),
            "TicketRated" => self.rated = Some((at, payload["rating"].as_i64().unwrap())),
            "TicketMarkedSpam" => self.gone[0] = true,
            "TicketUnmarkedSpam" => self.gone[0] = false,
            "TicketDeleted" => self.gone[1] = true,
            "TicketRestored" => self.gone[1] = false,
            "TicketClosed" => self.said.push(("closed", at, 0)),
            "TicketReopened" => self.said.push(("reopened", at, 0)),
            _ => {}
        }
        if let Some(category) = payload["to_category"].as_str() {
            let open = !["resolved", "closed", "cancelled"].contains(&category);
            if open != self.open {
                self.said.push(("backlog", at, if open { 1 } else { -1 }));
                self.open = open;
            }
        }
        match payload["to_category"].as_str() {
            Some("resolved" | "closed") if self.solved.is_none() => {
                self.solved = Some(at);
                self.said.push(("resolved", at, 0));
            }
            Some("resolved" | "closed") | None => {}
            Some(_) => self.solved = None,
        }
    }
}

type Figures = BTreeMap<(String, String, String, DateTime<Utc>), (i64, i64)>;

fn recount(events: &[Written]) -> Figures {
    let mut tickets: BTreeMap<&str, Told> = BTreeMap::new();
    for event in events {
        tickets.entry(&event.aggregate_id).or_default().take(event);
    }
    let mut figures = Figures::new();
    for ticket in tickets.into_values().filter(|ticket| ticket.gone == [false, false]) {
        let since = |at: DateTime<Utc>| (at - ticket.opened).num_milliseconds();
        let mut said = ticket.said.clone();
        said.extend(ticket.answered.map(|at| ("first_response", at, since(at))));
        said.extend(ticket.solved.map(|at| ("resolution", at, since(at))));
        said.extend(ticket.rated.map(|(at, rating)| ("rating", at, rating)));
        for (measure, at, value) in said {
            let quarter = at.duration_trunc(TimeDelta::minutes(15)).unwrap();
            for (dimension, key) in &ticket.keys {
                let figure = figures
                    .entry((measure.to_owned(), (*dimension).to_owned(), key.clone(), quarter))
                    .or_default();
                figure.0 += 1;
                figure.1 += value;
            }
        }
    }
    figures
}

#[tokio::test(flavor = "multi_thread")]
async fn every_figure_is_what_a_recount_of_the_log_gives() {
    for (seed, batch) in [(81, 3_000), (82, 40)] {
        let database = Database::new().await;
        let events = history(seed, 3_000, &["one"]);
        for part in events.chunks(batch * 10) {
            database.append(part).await;
        }
        database.settle().await;
        let rows = sqlx::query(
            "SELECT measure, dimension, key, at, sum(count)::int8, sum(sum)::int8 FROM stats_v1.cells \
             GROUP BY 1, 2, 3, 4",
        )
        .fetch_all(&database.pool)
        .await
        .unwrap();
        let read = |row: &sqlx::postgres::PgRow| {
            ((row.get(0), row.get(1), row.get(2), row.get(3)), (row.get(4), row.get(5)))
        };
        let figures: Figures = rows.iter().map(read).collect();
        let recounted = recount(&events);
        assert!(recounted.len() > 200);
        for (key, figure) in &recounted {
            assert_eq!(figures.get(key), Some(figure), "{key:?}");
        }
        assert_eq!(figures.len(), recounted.len());
        assert_eq!(database.number("SELECT count(*) FROM stats_v1.cells WHERE count <= 0").await, 0);
        database.assert_equal_to_the_log().await;
        database.drop().await;
    }
}
