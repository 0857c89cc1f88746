//! The words of tickets: subject, number and description, who asked, messages, and apart from them, notes.

use std::borrow::Cow;
use std::collections::BTreeMap;

use async_trait::async_trait;
use domain::ids::MessageId;
use domain::search::{Weight, caseless, index};
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
const REQUESTER: Uuid = Uuid::from_u128(3);

/// A piece of text, and where it stands.
struct Piece<'a> {
    tenant: Uuid,
    internal: bool,
    weight: Weight,
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
        2
    }

    fn sql(&self) -> Sql {
        sql!("search_v2")
    }

    fn tables(&self) -> &'static [&'static str] {
        &["texts", "tags"]
    }

    fn views(&self) -> &'static [&'static str] {
        &["search_texts", "tags"]
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
                    | TicketEvent::TagAdded(_)
            )
        })
    }

    async fn apply(&self, db: &mut PgConnection, facts: &[Fact<'_>]) -> Result<(), sqlx::Error> {
        write_tags(db, &written_tags(facts)).await?;
        write(db, fold(facts)).await
    }
}

/// How tags were written, by tenant, key and spelling; and where first.
fn written_tags(facts: &[Fact<'_>]) -> BTreeMap<(Uuid, String, String), i64> {
    let mut written = BTreeMap::new();
    for fact in facts {
        let tags = match fact.ticket() {
            Some((_, TicketEvent::TicketOpened(event))) => event.tags.as_slice(),
            Some((_, TicketEvent::TagAdded(event))) => std::slice::from_ref(&event.tag),
            _ => continue,
        };
        for tag in tags {
            let spelling = storable(tag).into_owned();
            written.entry((fact.tenant(), caseless(&spelling), spelling)).or_insert(fact.position());
        }
    }
    written
}

async fn write_tags(
    db: &mut PgConnection,
    written: &BTreeMap<(Uuid, String, String), i64>,
) -> Result<(), sqlx::Error> {
    if written.is_empty() {
        return Ok(());
    }
    let (mut tenants, mut keys, mut spellings) = (Vec::new(), Vec::new(), Vec::new());
    for (tenant, key, spelling) in written.keys() {
        tenants.push(*tenant);
        keys.push(key.as_str());
        spellings.push(spelling.as_str());
    }
    let positions: Vec<i64> = written.values().copied().collect();
    sqlx::query!(
        "INSERT INTO tags (tenant_id, key, spelling, position) \
         SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bigint[]) ON CONFLICT DO NOTHING",
        &tenants,
        keys as _,
        spellings as _,
        &positions,
    )
    .execute(db)
    .await?;
    Ok(())
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
                put(SUBJECT, Weight::A, event.subject.expose().into(), false);
                // The number doesn't change, so it stands with what doesn't either.
                let description = format!("{}\n{}", event.number, event.description.expose());
                put(DESCRIPTION, Weight::B, description.into(), false);
                let requester = [&event.requester.name, &event.requester.email];
                let requester: Vec<_> =
                    requester.into_iter().flatten().map(|text| text.expose().as_str()).collect();
                put(REQUESTER, Weight::D, requester.join("\n").into(), false);
            }
            TicketEvent::SubjectChanged(event) => put(SUBJECT, Weight::A, event.to.expose().into(), false),
            TicketEvent::ReplyAdded(event) => {
                put(of(event.message_id), Weight::C, event.body.expose().into(), false);
            }
            TicketEvent::NoteAdded(event) => {
                put(of(event.message_id), Weight::C, event.body.expose().into(), true);
            }
            TicketEvent::MessageEdited(event) => {
                put(of(event.message_id), Weight::C, event.body.expose().into(), event.internal);
            }
            TicketEvent::MessageRedacted(event) => {
                put(of(event.message_id), Weight::C, "".into(), event.internal);
            }
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
    let (mut internals, mut words) = (Vec::new(), Vec::new());
    for ((ticket, name), piece) in pieces {
        tickets.push(ticket);
        names.push(name);
        tenants.push(piece.tenant);
        internals.push(piece.internal);
        words.push(index(&piece.text, piece.weight));
    }
    sqlx::query!(
        "INSERT INTO texts (ticket_id, piece, tenant_id, internal, words) \
         SELECT v.ticket_id, v.piece, v.tenant_id, v.internal, v.words::tsvector \
         FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::bool[], $5::text[]) \
              AS v (ticket_id, piece, tenant_id, internal, words) \
         ON CONFLICT (ticket_id, piece) DO UPDATE SET words = EXCLUDED.words",
        &tickets,
        &names,
        &tenants,
        &internals,
        &words,
    )
    .execute(db)
    .await?;
    Ok(())
}
