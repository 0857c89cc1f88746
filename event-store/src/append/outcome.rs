//! From what `append_events` answers to what each caller is told.

use domain::ids::{Position, Version};

use super::batch::{Answers, Judged};
use super::{Append, Outcome};

/// One outcome per command, in order. `again` as it was sent.
pub(crate) fn outcomes<'a>(
    answers: Answers,
    appends: impl ExactSizeIterator<Item = &'a Append>,
    again: bool,
) -> Vec<Outcome> {
    let Answers { head, at, judged } = answers;
    match judged {
        None => {
            let mut position = head;
            appends
                .map(|append| {
                    position += append.events.len() as i64;
                    Outcome::Appended {
                        version: Version(append.expected.0 + append.events.len() as i64),
                        position: Position(position),
                        recorded_at: at,
                    }
                })
                .collect()
        }
        Some(judged) => judged.into_iter().map(|judged| outcome(judged, again)).collect(),
    }
}

fn outcome(judged: Judged, again: bool) -> Outcome {
    let version = Version(judged.version.unwrap_or_default());
    let position = Position(judged.position.unwrap_or_default());
    match judged.outcome {
        0 => Outcome::Appended { version, position, recorded_at: judged.at },
        // Landed when it was sent before, and the answer was lost on the way. Without the batch
        // being a repeat it is the caller who repeats the command, by its key.
        5 if again || judged.status.is_none() => {
            Outcome::Appended { version, position, recorded_at: judged.at }
        }
        2 | 5 => Outcome::Replayed {
            aggregate_id: judged.holder.unwrap_or_default(),
            version,
            position,
            status: judged.status.unwrap_or(200) as u16,
            answer: json(judged.answer),
        },
        3 => Outcome::KeyReused,
        4 => {
            let claim = json(judged.answer);
            let text = |name: &str| claim[name].as_str().unwrap_or_default().to_owned();
            Outcome::ClaimTaken {
                kind: text("kind"),
                value: text("value"),
                holder: judged.holder.unwrap_or_default(),
            }
        }
        _ => Outcome::Conflict { actual: version },
    }
}

fn json(text: Option<String>) -> serde_json::Value {
    text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
}
