//! What each type of event does to the read models.

use domain::export::ExportEvent;
use domain::sla::event::SlaEvent;
use domain::tenant::TenantEvent;
use domain::ticket::event::TicketEvent;
use sqlx::Row;

use crate::database::Database;
use crate::story::{Story, Written, history};

/// Events of every type there is.
fn every_type() -> Vec<Written> {
    let events = history(60, 4_000, &["one"]);
    for (name, _) in TicketEvent::TYPES {
        assert!(events.iter().any(|event| event.event_type == *name), "the story lacks {name}");
    }
    events
}

#[tokio::test(flavor = "multi_thread")]
async fn every_type_of_event_is_told_by_the_audit_trail() {
    let database = Database::new().await;
    database.append(&every_type()).await;
    database.settle().await;
    for (event, kinds) in [
        ("TicketOpened", "created"),
        ("TicketAssigned", "assigned"),
        ("TicketUnassigned", "unassigned"),
        ("ReplyAdded", "attachment_added message_added"),
        ("NoteAdded", "attachment_added note_added"),
        ("MessageEdited", "message_edited"),
        ("MessageRedacted", "message_redacted"),
        ("MessageRead", "message_read"),
        ("StatusChanged", "status_changed"),
        ("TicketResolved", "resolved"),
        ("TicketClosed", "closed"),
        ("TicketReopened", "reopened"),
        ("TicketCancelled", "cancelled"),
        ("TicketRated", "rated"),
        ("PriorityChanged", "priority_changed"),
        ("CategoryChanged", "category_changed"),
        ("RequestTypeChanged", "field_changed"),
        ("SubjectChanged", "field_changed"),
        ("TagAdded", "tag_added"),
        ("TagRemoved", "tag_removed"),
        ("CustomFieldsSet", "field_changed"),
        ("TicketEscalated", "escalated"),
        ("TicketRouted", "routed"),
        ("TicketMarkedSpam", "marked_spam"),
        ("TicketUnmarkedSpam", "unmarked_spam"),
        ("TicketDeleted", "deleted"),
        ("TicketRestored", "restored"),
        ("SlaWarned", "sla_warned"),
        ("SlaBreached", "sla_breached"),
    ] {
        let sql = format!(
            "SELECT string_agg(DISTINCT type, ' ' ORDER BY type) FROM read.activity WHERE event_type = '{event}'"
        );
        assert_eq!(database.text(&sql).await.as_deref(), Some(kinds), "{event}");
    }
    // Each line tells who, when and from where.
    let silent = "SELECT count(*) FROM read.activity WHERE actor_name IS NULL OR ip IS NULL \
                  OR user_agent IS NULL OR request_id IS NULL OR ticket_id IS NULL";
    assert_eq!(database.number(silent).await, 0);
    let notes = "SELECT count(*) FROM read.activity AS a JOIN read.messages AS m ON m.id = a.message_id \
                 WHERE a.internal <> (m.kind = 'note')";
    assert_eq!(database.number(notes).await, 0, "whatever is about a note is internal");
    let parts = "SELECT count(*) FROM read.activity WHERE type IN ('assigned', 'unassigned') \
                 AND (field NOT IN ('agent', 'team', 'organization') OR old_value IS NOT DISTINCT FROM new_value)";
    assert_eq!(database.number(parts).await, 0);
    database.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_read_models_agree_with_each_other() {
    let database = Database::new().await;
    database.append(&every_type()).await;
    database.settle().await;
    database.assert_equal_to_the_log().await;
    for (what, sql) in [
        (
            "counts are those of the tickets",
            "WITH counted AS (
                 SELECT tenant_id, status_category NOT IN ('resolved', 'closed', 'cancelled') AS open, d.dimension, d.key
                 FROM read.tickets, LATERAL (VALUES
                     ('total', ''), ('status', status), ('status_category', status_category),
                     ('priority', priority), ('category', coalesce(category, '')), ('source', source),
                     ('agent', coalesce(agent, '')), ('team', coalesce(team, '')),
                     ('organization', coalesce(organization, ''))) AS d (dimension, key)
                 WHERE NOT spam AND NOT deleted),
             expected AS (SELECT tenant_id, dimension, key, open, count(*) FROM counted GROUP BY 1, 2, 3, 4)
             SELECT count(*) FROM (
                 (TABLE expected EXCEPT SELECT * FROM read.queue_counts)
                 UNION ALL (SELECT * FROM read.queue_counts EXCEPT TABLE expected)) AS difference",
        ),
        (
            "loads are those of the tickets",
            "WITH expected AS (
                 SELECT tenant_id, agent, count(*) AS assigned,
                        count(*) FILTER (WHERE status_category NOT IN ('resolved', 'closed', 'cancelled')) AS active,
                        count(*) FILTER (WHERE status_category = 'open') AS open,
                        count(*) FILTER (WHERE status_category = 'resolved') AS resolved
                 FROM read.tickets WHERE NOT spam AND NOT deleted AND agent IS NOT NULL GROUP BY 1, 2)
             SELECT count(*) FROM (
                 (TABLE expected EXCEPT SELECT * FROM read.agent_load)
                 UNION ALL (SELECT * FROM read.agent_load EXCEPT TABLE expected)) AS difference",
        ),
        (
            "messages are counted",
            "SELECT count(*) FROM read.tickets AS t, LATERAL (
                 SELECT count(*) FILTER (WHERE kind = 'comment') AS comments, count(*) FILTER (WHERE kind = 'note') AS notes
                 FROM read.messages AS m WHERE m.ticket_id = t.id) AS said
             WHERE (t.public_messages, t.internal_messages) <> (said.comments, said.notes)",
        ),
        (
            "the assignment that holds is the ticket's",
            "SELECT count(*) FROM read.tickets AS t
             LEFT JOIN read.assignments AS a ON a.ticket_id = t.id AND a.assigned_until IS NULL
             WHERE (t.agent, t.team, t.assigned_organization) IS DISTINCT FROM (a.agent, a.team, a.organization)",
        ),
        (
            "assignments follow each other",
            "SELECT count(*) FROM (SELECT assigned_until, lead(assigned_from) OVER (PARTITION BY ticket_id ORDER BY position) AS next
                                   FROM read.assignments) AS a
             WHERE next IS NOT NULL AND (assigned_until IS NULL OR assigned_until > next)",
        ),
        (
            "versions and positions are the log's",
            "SELECT count(*) FROM read.tickets AS t JOIN (
                 SELECT aggregate_id, max(sequence) AS version, max(position) AS position FROM events GROUP BY 1) AS e
                 ON e.aggregate_id = t.id::text WHERE (t.version, t.position) <> (e.version, e.position)",
        ),
        (
            "what is redacted is gone, former texts too",
            "SELECT count(*) FROM read.messages AS m LEFT JOIN read.message_edits AS e ON e.message_id = m.id
             WHERE m.redacted AND (m.body <> '' OR m.html IS NOT NULL OR e.former_body <> '')",
        ),
        (
            "attachments are listed twice alike",
            "SELECT abs((SELECT sum(jsonb_array_length(attachments)) FROM read.messages)
                        - (SELECT count(*) FROM read.attachments))::bigint",
        ),
        (
            "a closed or resolved time is only where it holds",
            "SELECT count(*) FROM read.tickets WHERE (closed_at IS NULL AND status_category = 'closed')
                 OR (resolved_at IS NULL AND status_category = 'resolved')
                 OR (coalesce(closed_at, resolved_at) IS NOT NULL AND status_category NOT IN ('resolved', 'closed', 'cancelled'))",
        ),
        (
            "an internal change doesn't show in the public time",
            "SELECT count(*) FROM read.tickets WHERE updated_at > internal_updated_at",
        ),
    ] {
        assert_eq!(database.number(sql).await, 0, "{what}");
    }
    database.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn columns_keep_what_events_say() {
    let database = Database::new().await;
    let events = every_type();
    let opened = events.iter().find(|event| event.event_type == "TicketOpened").unwrap();
    let payload: serde_json::Value = serde_json::from_str(&opened.payload).unwrap();
    database.append(std::slice::from_ref(opened)).await;
    database.settle().await;
    let row = sqlx::query(
        "SELECT number, subject, description, requester_email, source, category, tags, custom_fields, status, \
                priority_rank, version, position FROM read.tickets",
    )
    .fetch_one(&database.pool)
    .await
    .unwrap();
    assert_eq!(row.get::<String, _>("number"), payload["number"]);
    assert_eq!(row.get::<String, _>("subject"), payload["subject"]);
    assert_eq!(row.get::<String, _>("description"), payload["description"]);
    assert_eq!(row.get::<String, _>("requester_email"), payload["requester"]["email"]);
    assert_eq!(row.get::<String, _>("source"), payload["source"]);
    assert_eq!(row.get::<String, _>("category"), payload["category"]);
    assert_eq!(row.get::<Vec<String>, _>("tags"), ["first"]);
    assert_eq!(row.get::<serde_json::Value, _>("custom_fields"), payload["custom_fields"]);
    assert_eq!((row.get::<i64, _>("version"), row.get::<i64, _>("position")), (1, 1));
    database.drop().await;
}

/// The golden payloads of every version there ever was, as events of one ticket, one tenant and one export.
fn golden() -> Vec<Written> {
    let contracts = concat!(env!("CARGO_MANIFEST_DIR"), "/../domain/contracts");
    let mut files: Vec<_> = std::fs::read_dir(contracts)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .filter(|path| !path.to_string_lossy().ends_with(".schema.json"))
        // Beside them lies the document of the stream.
        .filter(|path| path.to_string_lossy().contains(".v"))
        .collect();
    // A ticket is opened first, and something is said before that is edited.
    let order = ["TicketOpened", "ReplyAdded", "NoteAdded"];
    let name = |path: &std::path::Path| path.file_name().unwrap().to_string_lossy().into_owned();
    files.sort_by_key(|path| {
        let place = order.iter().position(|first| name(path).starts_with(first));
        (place.unwrap_or(order.len()), name(path))
    });
    let mut story = Story::new(61);
    let (mut ticket, _) = story.open("one");
    let actor = domain::metadata::Actor {
        id: crate::story::user("ada"),
        kind: domain::metadata::ActorKind::Agent,
        name: None,
    };
    let mut sequences = std::collections::HashMap::new();
    files
        .iter()
        .map(|path| {
            let name = name(path);
            let mut parts = name.split('.');
            let event_type = parts.next().unwrap().to_owned();
            let version = parts.next().unwrap().trim_start_matches('v').to_owned();
            let placeholder = domain::ticket::event::TagAdded { tag: "any".into() };
            let mut written = story.write(&mut ticket, placeholder, actor.clone());
            let is_sla = SlaEvent::TYPES.iter().any(|(known, _)| *known == event_type);
            if is_sla || TenantEvent::TYPES.iter().any(|(known, _)| *known == event_type) {
                written.aggregate_type = if is_sla { domain::event::SLA } else { domain::event::TENANT };
                written.aggregate_id = written.tenant.to_string();
            } else if ExportEvent::TYPES.iter().any(|(known, _)| *known == event_type) {
                written.aggregate_type = domain::event::EXPORT;
                written.aggregate_id = domain::ids::NAMESPACE.to_string();
            }
            let sequence =
                sequences.entry((written.aggregate_type, written.aggregate_id.clone())).or_insert(0);
            *sequence += 1;
            let mut payload = std::fs::read_to_string(path).unwrap();
            if event_type == "NoteAdded" {
                // The examples share their ids; in one ticket a note is another message than a reply.
                payload = payload.replace("0198c0de-", "0198c0df-");
            }
            Written { sequence: *sequence, event_type, event_version: version, payload, ..written }
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_golden_payload_is_applied() {
    let database = Database::new().await;
    let events = golden();
    assert!(events.len() > TicketEvent::TYPES.len());
    database.append(&events).await;
    database.settle().await;
    assert_eq!(database.number("SELECT count(*) FROM parked_streams").await, 0);
    for event in &events {
        let told = format!("SELECT count(*) FROM read.activity WHERE event_type = '{}'", event.event_type);
        assert!(database.number(&told).await > 0, "{}", event.event_type);
    }
    let tenant = "SELECT count(*) FROM read.activity WHERE type = 'tenant_created' AND ticket_id IS NULL";
    assert_eq!(database.number(tenant).await, 1);
    let exported = "SELECT count(*) FROM read.activity WHERE type = 'exported' AND ticket_id IS NULL \
                    AND internal AND field = 'tickets' AND new_value::json->>'form' = 'csv'";
    assert_eq!(database.number(exported).await, 1);
    database.assert_equal_to_the_log().await;
    database.drop().await;
}
