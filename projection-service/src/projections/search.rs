//! The words of tickets: subject, number and description, messages, and apart from them, notes.

use std::borrow::Cow;
use std::collections::BTreeMap;

use async_trait::async_trait;
use domain::ids::MessageId;
use domain::ticket::event::TicketEvent;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Projection, Sql, sql};
use crate::entry::Fact;
use crate::lane::Lane;
use crate::row::storable;

/// The pieces of a ticket that are no messages. Messages have UUIDs of another version, so these
/// can't be taken for one.
const SUBJECT: Uuid = Uuid::from_u128(1);
const DESCRIPTION: Uuid = Uuid::from_u128(2);

/// How much of a text is searched, in characters. A tsvector takes 1 MiB; words that are all
/// different take a few bytes more each than they have letters.
const SEARCHED: usize = 100_000;

/// A piece of text, and how much it weighs: A (the most) to D.
struct Piece<'a> {
    tenant: Uuid,
    internal: bool,
    weight: &'static str,
    text: Cow<'a, str>,
}

/// The words.
pub(super) struct Search;

#[async_trait]
impl Projection for Search {
    fn name(&self) -> &'static str {
        "search"
    }

    fn version(&self) -> i32 {
        1
    }

    fn sql(&self) -> Sql {
        sql!("search_v1")
    }

    fn tables(&self) -> &'static [&'static str] {
        &["texts"]
    }

    fn views(&self) -> &'static [&'static str] {
        &["search_texts"]
    }

    fn lane(&self) -> Lane {
        Lane::Search
    }

    fn concerns(&self, fact: &Fact<'_>) -> bool {
        fact.ticket().is_some_and(|(_, event)| {
            matches!(
                event,
                TicketEvent::TicketOpened(_)
                    | TicketEvent::SubjectChanged(_)
                    | TicketEvent::ReplyAdded(_)
                    | TicketEvent::NoteAdded(_)
                    | TicketEvent::MessageEdited(_)
                    | TicketEvent::MessageRedacted(_)
            )
        })
    }

    async fn apply(&self, db: &mut PgConnection, facts: &[Fact<'_>]) -> Result<(), sqlx::Error> {
        write(db, fold(facts)).await
    }
}

/// The last content of each piece that the facts touch, by ticket and piece.
fn fold<'a>(facts: &[Fact<'a>]) -> BTreeMap<(Uuid, Uuid), Piece<'a>> {
    let mut pieces = BTreeMap::new();
    for fact in facts {
        let Some((ticket, event)) = fact.ticket() else { continue };
        let tenant = fact.tenant();
        let mut put = |piece, weight, text, internal| {
            pieces.insert((ticket, piece), Piece { tenant, internal, weight, text });
        };
        let of = |message: MessageId| message.0;
        match event {
            TicketEvent::TicketOpened(event) => {
                put(SUBJECT, "A", shown(event.subject.expose()), false);
                // The number doesn't change, so it stands with what doesn't either.
                let description =
                    format!("{}\n{}", storable(&event.number), shown(event.description.expose()));
                put(DESCRIPTION, "B", description.into(), false);
            }
            TicketEvent::SubjectChanged(event) => put(SUBJECT, "A", shown(event.to.expose()), false),
            TicketEvent::ReplyAdded(event) => {
                put(of(event.message_id), "C", shown(event.body.expose()), false);
            }
            TicketEvent::NoteAdded(event) => put(of(event.message_id), "C", shown(event.body.expose()), true),
            TicketEvent::MessageEdited(event) => {
                put(of(event.message_id), "C", shown(event.body.expose()), event.internal);
            }
            TicketEvent::MessageRedacted(event) => put(of(event.message_id), "C", "".into(), event.internal),
            _ => {}
        }
    }
    pieces
}

async fn write(db: &mut PgConnection, pieces: BTreeMap<(Uuid, Uuid), Piece<'_>>) -> Result<(), sqlx::Error> {
    if pieces.is_empty() {
        return Ok(());
    }
    let (mut tickets, mut names, mut tenants) = (Vec::new(), Vec::new(), Vec::new());
    let (mut internals, mut weights, mut texts) = (Vec::new(), Vec::new(), Vec::new());
    for ((ticket, name), piece) in pieces {
        tickets.push(ticket);
        names.push(name);
        tenants.push(piece.tenant);
        internals.push(piece.internal);
        weights.push(piece.weight);
        texts.push(piece.text);
    }
    sqlx::query!(
        "INSERT INTO texts (ticket_id, piece, tenant_id, internal, words) \
         SELECT v.ticket_id, v.piece, v.tenant_id, v.internal, \
                setweight(to_tsvector('simple', v.text), v.weight::\"char\") \
         FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::bool[], $5::text[], $6::text[]) \
              AS v (ticket_id, piece, tenant_id, internal, weight, text) \
         ON CONFLICT (ticket_id, piece) DO UPDATE SET words = EXCLUDED.words",
        &tickets,
        &names,
        &tenants,
        &internals,
        weights as _,
        texts as _,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// As much of a text as is searched.
fn shown(text: &str) -> Cow<'_, str> {
    storable(text.char_indices().nth(SEARCHED).map_or(text, |(end, _)| &text[..end]))
}
