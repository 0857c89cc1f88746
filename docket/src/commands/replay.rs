//! `docket replay`: a ticket as of any moment, from the log alone.

use crate::print::say;
use chrono::{DateTime, Utc};
use domain::event::{Event, TICKET};
use domain::ids::{TenantId, TicketId};
use domain::metadata::Metadata;
use domain::ticket::Ticket;
use domain::ticket::upcast::Upcasters;
use domain::time::Clock;
use event_store::RecordedEvent;
use event_store::reader::LogReader;
use serde::Serialize;
use serde_json::value::RawValue;
use service_kit::clock::SystemClock;
use sqlx::PgPool;

use crate::as_of::AsOf;
use crate::cli::ReplayArgs;
use crate::failure::{Failure, Outcome, While};
use crate::instance::Target;
use crate::settings::Settings;
use crate::{database, tenants};

#[derive(Serialize)]
struct Replayed {
    id: String,
    number: String,
    version: i64,
    position: i64,
    ticket: Ticket,
    events: Vec<Entry>,
}

#[derive(Serialize)]
struct Entry {
    sequence: i64,
    position: i64,
    r#type: String,
    occurred_at: DateTime<Utc>,
    recorded_at: DateTime<Utc>,
    actor: String,
    payload: Box<RawValue>,
}

pub(crate) async fn run(settings: &Settings, args: ReplayArgs) -> Outcome {
    let target = Target::of(settings)?;
    let pool = database::connect(&target.database_url, 1).await?;
    let tenant = tenants::find(&pool, &args.tenant).await?;
    let reader = LogReader::new(pool.clone());
    if let Some(as_of) = args.as_of {
        not_in_the_future(as_of, &reader).await?;
    }
    let id = resolve(&pool, tenant, &args.ticket).await?;
    let events = reader.read_stream(TICKET, &id).await.while_doing("the log cannot be read")?;
    let unknown = || Failure::said(format!("tenant {} has no ticket {}", args.tenant, args.ticket));
    if events.first().is_none_or(|event| event.tenant_id != tenant) {
        return Err(unknown());
    }
    let replayed = replay(id, events, args.as_of)?;
    let text = serde_json::to_string_pretty(&replayed).while_doing("the ticket cannot be written as JSON")?;
    say!("{text}");
    Ok(())
}

async fn not_in_the_future(as_of: AsOf, reader: &LogReader) -> Outcome {
    let future = match as_of {
        AsOf::Time(time) => time > SystemClock.now(),
        AsOf::Position(position) => position > reader.head().await.while_doing("the log cannot be read")?,
    };
    if future {
        Err(Failure::said("--as-of lies in the future: take a moment that has passed"))
    } else {
        Ok(())
    }
}

async fn resolve(pool: &PgPool, tenant: TenantId, ticket: &str) -> Result<String, Failure> {
    if let Ok(id) = ticket.parse::<TicketId>() {
        return Ok(id.to_string());
    }
    let holder = sqlx::query_scalar!(
        "SELECT aggregate_id FROM claims WHERE tenant_id = $1 AND kind = 'ticket_number' AND value = $2",
        tenant.0,
        ticket,
    )
    .fetch_optional(pool)
    .await
    .while_doing("the ticket's number cannot be looked up")?;
    holder.ok_or_else(|| Failure::said(format!("there is no ticket {ticket}")))
}

fn replay(id: String, recorded: Vec<RecordedEvent>, as_of: Option<AsOf>) -> Result<Replayed, Failure> {
    let upcasters = Upcasters::default();
    let mut ticket = Ticket::default();
    let mut events: Vec<Entry> = Vec::new();
    for event in recorded {
        let decoded = event.decode(&upcasters).while_doing("an event of the ticket cannot be read")?;
        let within = match as_of {
            None => true,
            Some(AsOf::Time(time)) => decoded.metadata.occurred_at <= time,
            Some(AsOf::Position(position)) => event.position <= position,
        };
        if !within {
            continue;
        }
        events.push(entry(event, &decoded.metadata)?);
        if let Event::Ticket(happened) = decoded.event {
            ticket.apply(happened);
        }
    }
    let Some(last) = events.last() else {
        return Err(Failure::said("the ticket was not opened yet at that moment"));
    };
    let (version, position) = (last.sequence, last.position);
    Ok(Replayed { id, number: ticket.number.clone(), version, position, ticket, events })
}

fn entry(event: RecordedEvent, metadata: &Metadata) -> Result<Entry, Failure> {
    Ok(Entry {
        sequence: event.sequence.0,
        position: event.position.0,
        r#type: event.event_type,
        occurred_at: metadata.occurred_at,
        recorded_at: event.recorded_at,
        actor: metadata.actor.id.to_string(),
        payload: RawValue::from_string(event.payload).while_doing("an event's payload is no JSON")?,
    })
}
