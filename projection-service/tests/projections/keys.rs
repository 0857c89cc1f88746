//! What read models are keyed by, and what an old log may say that no command takes any more.

use domain::ids::{AttachmentId, MessageId};
use domain::metadata::{Actor, ActorKind};
use domain::ticket::event::{Attachment, NoteAdded, ReplyAdded, TicketEscalated};
use uuid::Uuid;

use crate::database::Database;
use crate::story::{Story, Written, user};

/// Columns of ids that Docket makes: no caller can choose one, so that no two things can have the same.
const MADE_BY_DOCKET: [&str; 3] = ["ticket_id", "message_id", "position"];
/// Tables whose `id` is one of those.
const WITH_SUCH_AN_ID: [&str; 2] = ["tickets", "messages"];

/// A key that began with what callers choose would let them stop each other's tickets from being shown, and
/// tell what ids there are in another tenant.
#[tokio::test(flavor = "multi_thread")]
async fn every_key_begins_with_the_tenant_or_an_id_made_by_docket() {
    let database = Database::new().await;
    let keys: Vec<(String, String, String)> = sqlx::query_as(
        "SELECT t.relname::text, i.relname::text, coalesce(a.attname::text, '') \
         FROM pg_index AS x \
         JOIN pg_class AS i ON i.oid = x.indexrelid \
         JOIN pg_class AS t ON t.oid = x.indrelid \
         JOIN read.checkpoints AS c \
           ON t.relnamespace = to_regnamespace(c.projection || '_v' || c.version) \
         LEFT JOIN pg_attribute AS a ON a.attrelid = t.oid AND a.attnum = x.indkey[0] \
         WHERE x.indisunique OR x.indisprimary OR x.indisexclusion",
    )
    .fetch_all(&database.pool)
    .await
    .unwrap();
    let tables: i64 = database
        .number(
            "SELECT count(DISTINCT c.projection) FROM read.checkpoints AS c \
             WHERE to_regnamespace(c.projection || '_v' || c.version) IS NOT NULL",
        )
        .await;
    assert!(tables >= 9 && keys.len() as i64 > tables, "{tables} projections, {} keys", keys.len());
    for (table, key, column) in &keys {
        let made = MADE_BY_DOCKET.contains(&column.as_str())
            || (column == "id" && WITH_SUCH_AN_ID.contains(&table.as_str()));
        assert!(column == "tenant_id" || made, "{table}: {key} begins with {column:?}");
    }
    database.drop().await;
}

fn actor() -> Actor {
    Actor { id: user("ada"), kind: ActorKind::Agent, name: Some("A\0da".to_owned().into()) }
}

fn file(id: u128, size: u64) -> Attachment {
    Attachment {
        id: AttachmentId(Uuid::from_u128(id)),
        name: "a\0.png".to_owned().into(),
        content_type: "image/png".to_owned(),
        size,
    }
}

/// What commands took before they had bounds: ids of files that are there twice or another tenant's, sizes
/// that no column holds, texts with NUL.
#[tokio::test(flavor = "multi_thread")]
async fn an_old_log_is_shown_whatever_it_says() {
    let database = Database::new().await;
    let mut story = Story::new(60);
    let mut events: Vec<Written> = Vec::new();
    let mut shown = Vec::new();
    for tenant in ["one", "two"] {
        let (mut ticket, opened) = story.open(tenant);
        events.push(opened);
        for number in 0..2 {
            let reply = ReplyAdded {
                message_id: MessageId(Uuid::from_u128(u128::from(ticket.id.as_u128() as u64) << 8 | number)),
                author: actor(),
                body: "before\0after".to_owned().into(),
                html: Some("<p>\0</p>".to_owned().into()),
                attachments: vec![file(7, u64::MAX), file(7, 1 << 63), file(8, 1)],
                canned_response: Some("\0".to_owned()),
                first_response: number == 0,
            };
            events.push(story.write(&mut ticket, reply, actor()));
        }
        let note = NoteAdded {
            message_id: MessageId(Uuid::from_u128(u128::from(ticket.id.as_u128() as u64) << 8 | 9)),
            author: actor(),
            body: "\0".to_owned().into(),
            html: None,
            attachments: vec![file(7, 7)],
            mentions: vec![user("bob")],
        };
        events.push(story.write(&mut ticket, note, actor()));
        let escalated = TicketEscalated {
            level: u32::MAX,
            to_role: Some("a\0role".to_owned()),
            to_agent: None,
            to_team: None,
            reason: "\0".to_owned(),
            rule: None,
        };
        events.push(story.write(&mut ticket, escalated, actor()));
        shown.push(ticket.id);
    }
    database.append(&events).await;
    database.settle().await;
    assert_eq!(database.number("SELECT count(*) FROM parked_streams").await, 0);
    database.assert_equal_to_the_log().await;
    for ticket in shown {
        let files = format!("SELECT count(*) FROM read.attachments WHERE ticket_id = '{ticket}'");
        assert_eq!(database.number(&files).await, 7);
        let sizes = format!("{files} AND size = {}", i64::MAX);
        assert_eq!(database.number(&sizes).await, 4, "as much as a column holds");
        let texts = format!(
            "SELECT count(*) FROM read.messages WHERE ticket_id = '{ticket}' AND body = E'before\\uFFFDafter'"
        );
        assert_eq!(database.number(&texts).await, 2);
        let level = format!("SELECT escalation_level::int8 FROM read.tickets WHERE id = '{ticket}'");
        assert_eq!(database.number(&level).await, i64::from(i32::MAX));
    }
    database.drop().await;
}
