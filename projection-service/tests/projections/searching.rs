//! Full-text search, as the query API does it.

use domain::ids::{MessageId, TenantId};
use domain::metadata::{Actor, ActorKind};
use domain::ticket::event::{
    MessageEdited, MessageRedacted, NoteAdded, ReplyAdded, SubjectChanged, TicketOpened,
};
use domain::time::Ids;
use service_kit::clock::RandomIds;
use sqlx::{Connection, Executor, PgConnection};
use uuid::Uuid;

use crate::database::{Database, Running, eventually};
use crate::story::{Story, Ticket, Written, history, user};

/// What a search finds: by the words' index, and the same by walking the list, as the query API does
/// for frequent words.
async fn found(reader: &mut PgConnection, query: &str, notes: bool) -> Vec<Uuid> {
    let mut found: Vec<Uuid> = sqlx::query_scalar("SELECT unnest(read.find_tickets($1, $2, 5000))")
        .bind(query)
        .bind(notes)
        .fetch_all(&mut *reader)
        .await
        .unwrap();
    let mut walked: Vec<Uuid> = sqlx::query_scalar(
        "SELECT id FROM read.tickets, read.search_terms($1) AS terms \
         WHERE read.ticket_matches(id, terms.wanted, terms.unwanted, $2)",
    )
    .bind(query)
    .bind(notes)
    .fetch_all(reader)
    .await
    .unwrap();
    found.sort_unstable();
    walked.sort_unstable();
    assert_eq!(found, walked, "{query}");
    found
}

fn agent() -> Actor {
    Actor { id: user("ada"), kind: ActorKind::Agent, name: None }
}

fn open(story: &mut Story, tenant: &str, subject: &str, description: &str) -> (Ticket, Written) {
    let (ticket, mut written) = story.open(tenant);
    let mut opened: TicketOpened = serde_json::from_str(&written.payload).unwrap();
    opened.subject = subject.to_owned().into();
    opened.description = description.to_owned().into();
    written.payload = serde_json::to_string(&opened).unwrap();
    (ticket, written)
}

fn reply(body: &str) -> ReplyAdded {
    ReplyAdded {
        message_id: MessageId(RandomIds.next()),
        author: agent(),
        body: body.to_owned().into(),
        html: None,
        attachments: Vec::new(),
        canned_response: None,
        first_response: false,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn words_find_tickets_wherever_they_stand() {
    let database = Database::new().await;
    let mut story = Story::new(50);
    let (mut ticket, opened) =
        open(&mut story, "one", "Drucker streikt", "Seit dem Update nur noch Streifen.");
    let said = reply("Bitte Toner tauschen: Größe XL, siehe kb-article-17.");
    let said_id = said.message_id;
    let note = NoteAdded {
        message_id: MessageId(RandomIds.next()),
        author: agent(),
        body: "Kunde ist schwierig".to_owned().into(),
        html: None,
        attachments: Vec::new(),
        mentions: Vec::new(),
    };
    let mut events = vec![opened];
    events.push(story.write(&mut ticket, said, agent()));
    events.push(story.write(&mut ticket, note, agent()));
    let (other, elsewhere) = open(&mut story, "one", "Rechnung falsch", "Drucker bestellt, Toner berechnet.");
    events.push(elsewhere);
    events.push(open(&mut story, "two", "Drucker", "anderswo").1);
    database.append(&events).await;
    let running = Running::start(database.options());
    database.settled().await;

    let mut reader = database.reader_of("one").await;
    let (none, first, second) = (Vec::<Uuid>::new(), vec![ticket.id], vec![other.id]);
    let mut both = vec![ticket.id, other.id];
    both.sort_unstable();
    for (query, wanted) in [
        ("drucker", &both),
        ("Streikt", &first),
        ("drucker toner", &both),
        ("streikt toner", &first),
        ("größe", &first),
        ("\"nur noch streifen\"", &first),
        ("\"noch nur\"", &none),
        ("drucker -rechnung", &first),
        ("streikt or rechnung", &both),
        ("drucker OR nichts -streikt", &second),
        ("TKT-00000001", &first),
        ("", &none),
        ("-drucker", &none),
        ("\"", &none),
        ("':* & | !(", &none),
    ] {
        assert_eq!(found(&mut reader, query, false).await, *wanted, "{query}");
    }
    assert_eq!(found(&mut reader, "schwierig", true).await, first, "staff find by a note's words");
    assert_eq!(found(&mut reader, "schwierig", false).await, none, "customers don't");
    assert_eq!(found(&mut reader, "drucker -schwierig", false).await, both, "nor by their absence");
    assert_eq!(found(&mut reader, "drucker -schwierig", true).await, second);

    // What is no longer said no longer finds.
    let edited = MessageEdited {
        message_id: said_id,
        internal: false,
        former_body: String::new().into(),
        former_html: None,
        body: "Bitte Papier nachlegen.".to_owned().into(),
        html: None,
    };
    let renamed =
        SubjectChanged { from: String::new().into(), to: "Papierstau".to_owned().into(), reason: None };
    let changes = [story.write(&mut ticket, edited, agent()), story.write(&mut ticket, renamed, agent())];
    database.append(&changes).await;
    database.settled().await;
    assert_eq!(found(&mut reader, "größe", false).await, none);
    assert_eq!(found(&mut reader, "streikt", false).await, none);
    assert_eq!(found(&mut reader, "papier papierstau", false).await, first);
    let redacted = MessageRedacted { message_id: said_id, internal: false, reason: None };
    database.append(&[story.write(&mut ticket, redacted, agent())]).await;
    database.settled().await;
    assert_eq!(found(&mut reader, "papier", false).await, none);
    database.assert_equal_to_the_log().await;

    reader.execute("SET docket.tenant = ''").await.unwrap();
    assert_eq!(found(&mut reader, "papierstau", true).await, none, "without a tenant nothing is found");
    reader.close().await.unwrap();
    running.stop().await;
    database.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn search_uses_its_index_under_row_level_security() {
    let database = Database::new().await;
    database.append(&history(51, 8_000, &["one", "two"])).await;
    database.settle().await;
    database.pool.execute("VACUUM ANALYZE search_v1.texts").await.unwrap();

    // The function's own statement, as docket_projection, whose the function is.
    let tenant = TenantId::of_key("one");
    let mut owner = database.pool_as("docket_projection").acquire().await.unwrap().detach();
    owner.execute("SET enable_seqscan = off").await.unwrap();
    let plan: Vec<String> = sqlx::query_scalar(&format!(
        "EXPLAIN SELECT DISTINCT texts.ticket_id FROM read.search_texts AS texts \
         WHERE texts.tenant_id = '{tenant}' AND texts.words @@ websearch_to_tsquery('simple', 'printer42')"
    ))
    .fetch_all(&mut owner)
    .await
    .unwrap();
    let plan = plan.join("\n");
    let condition = plan.lines().find(|line| line.contains("Index Cond")).unwrap_or_default();
    assert!(plan.contains("texts_words") && condition.contains("@@"), "{plan}");

    // And what it really does, called as docket_query: the scans of the index are counted.
    let scans = "SELECT coalesce(sum(idx_scan), 0)::bigint FROM pg_stat_user_indexes WHERE indexrelname = 'texts_words'";
    let whole =
        "SELECT seq_scan FROM pg_stat_user_tables WHERE schemaname = 'search_v1' AND relname = 'texts'";
    let (before, whole_before) = (database.number(scans).await, database.number(whole).await);
    let mut reader = database.reader_of("one").await;
    let searched: Vec<Uuid> =
        sqlx::query_scalar("SELECT unnest(read.find_tickets('printer login', false, 5000))")
            .fetch_all(&mut reader)
            .await
            .unwrap();
    assert!(!searched.is_empty());
    let frequent: Option<Vec<Uuid>> = sqlx::query_scalar("SELECT read.find_tickets('printer', false, 10)")
        .fetch_one(&mut reader)
        .await
        .unwrap();
    assert_eq!(frequent, None, "too many to name");
    reader.close().await.unwrap();
    eventually("the index is used", async || (database.number(scans).await > before).then_some(())).await;
    assert_eq!(database.number(whole).await, whole_before, "the table is not scanned");
    owner.close().await.unwrap();
    database.drop().await;
}
