//! Full-text search, as the query API does it.

use domain::ids::{MessageId, TenantId};
use domain::metadata::{Actor, ActorKind};
use domain::search::Query;
use domain::ticket::event::{
    MessageEdited, MessageRedacted, NoteAdded, ReplyAdded, SubjectChanged, TicketOpened,
};
use domain::time::Ids;
use service_kit::clock::RandomIds;
use sqlx::{Connection, Executor, PgConnection};
use uuid::Uuid;

use crate::database::{Database, Running, eventually};
use crate::story::{Story, Ticket, Written, history, user};

/// What a search finds: by the words' index, and the same by looking at each ticket, as the query API does
/// for frequent words.
async fn found(reader: &mut PgConnection, query: &str, notes: bool) -> Vec<Uuid> {
    let query = Query::parse(query).unwrap();
    let find = "SELECT unnest(read.find_tickets($1::text[]::tsquery[], $2::text[]::tsquery[], $3, 5000))";
    let mut found: Vec<Uuid> = sqlx::query_scalar(find)
        .bind(&query.wanted)
        .bind(&query.unwanted)
        .bind(notes)
        .fetch_all(&mut *reader)
        .await
        .unwrap();
    found.sort_unstable();
    if !query.wanted.is_empty() {
        let narrow = "SELECT unnest(read.narrow_tickets((SELECT array_agg(id) FROM read.tickets), \
                                                        $1::text[]::tsquery[], $2::text[]::tsquery[], $3))";
        let mut walked: Vec<Uuid> = sqlx::query_scalar(narrow)
            .bind(&query.wanted)
            .bind(&query.unwanted)
            .bind(notes)
            .fetch_all(reader)
            .await
            .unwrap();
        walked.sort_unstable();
        assert_eq!(found, walked, "{query:?}");
    }
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

/// However it is written, and in whatever script; and what looks like markup is text.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_is_found() {
    let database = Database::new().await;
    let mut story = Story::new(52);
    let texts = [
        (
            "Zugang <script>alert</script> zu <https://wiki.example.com/it/Vpn-Setup?x=1>",
            "C:\\temp\\error_log.txt",
        ),
        ("Le café est fermé", "ışık yanmıyor, İSTANBUL"),
        ("ログイン接続に失敗しました", "无法登录系统"),
        ("로그인할 수 없습니다", "ไม่สามารถเข้าสู่ระบบได้"),
        ("NullPointerException in parseHTTPRequest", "version 3.14.15, it's broken"),
    ];
    let mut events = Vec::new();
    let mut tickets = Vec::new();
    for (subject, description) in texts {
        let (ticket, mut written) = open(&mut story, "one", subject, description);
        let mut opened: TicketOpened = serde_json::from_str(&written.payload).unwrap();
        opened.requester.name = Some(format!("Zoë Müller-{}", tickets.len()).into());
        opened.requester.email =
            Some(format!("zoe.m{}@kunde{}.example.org", tickets.len(), tickets.len()).into());
        written.payload = serde_json::to_string(&opened).unwrap();
        events.push(written);
        tickets.push(ticket.id);
    }
    database.append(&events).await;
    let running = Running::start(database.options());
    database.settled().await;
    let mut reader = database.reader_of("one").await;
    for (index, queries) in [
        &[
            "script",
            "alert",
            "wiki.example.com",
            "wiki",
            "vpn-setup",
            "setup",
            "https://wiki.example.com/it/Vpn-Setup?x=1",
            "it/vpn-setup",
            "error_log",
            "error_log.txt",
            "log.txt",
            "temp",
            "c:\\temp\\error_log.txt",
            "VPN",
            "alrt* or aler*",
        ][..],
        &["cafe", "CAFÉ", "cafe\u{301}", "ferme", "IŞIK", "isik", "ışık", "istanbul", "İstanbul", "ISTANBUL"],
        &["接続", "失敗", "接続に失敗", "ログイン", "ﾛｸﾞｲﾝ", "敗", "登录", "系统", "统", "无法登录"],
        &["로그인", "로그", "없습니다", "เข้าสู่ระบบ", "ระบบ"],
        &[
            "nullpointerexception",
            "null",
            "pointer",
            "exception",
            "http",
            "parsehttprequest",
            "HTTPRequest",
            "3.14.15",
            "3.14",
            "it's",
            "it’s",
            "nullp*",
            "\"exception in parse\"",
            "broken -cafe",
        ],
    ]
    .into_iter()
    .enumerate()
    {
        for query in queries {
            assert_eq!(found(&mut reader, query, false).await, [tickets[index]], "{query}");
        }
        for query in [
            format!("müller-{index}"),
            format!("kunde{index}"),
            format!("kunde{index}.example.org"),
            format!("ZOE.M{index}@kunde{index}.example.org"),
        ] {
            assert_eq!(found(&mut reader, &query, false).await, [tickets[index]], "{query}");
        }
    }
    assert_eq!(found(&mut reader, "zoe", false).await.len(), texts.len());
    for query in ["conn", "続接", "失し", "fermes", "\"in exception\""] {
        assert_eq!(found(&mut reader, query, false).await, Vec::<Uuid>::new(), "{query}");
    }
    reader.close().await.unwrap();
    running.stop().await;
    database.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn search_uses_its_index_under_row_level_security() {
    let database = Database::new().await;
    database.append(&history(51, 8_000, &["one", "two"])).await;
    database.settle().await;
    database.pool.execute("VACUUM ANALYZE search_v2.texts").await.unwrap();

    // The function's own statement, as docket_projection, whose the function is.
    let tenant = TenantId::of_key("one");
    let mut owner = database.pool_as("docket_projection").acquire().await.unwrap().detach();
    owner.execute("SET enable_seqscan = off").await.unwrap();
    let plan: Vec<String> = sqlx::query_scalar(&format!(
        "EXPLAIN SELECT DISTINCT texts.ticket_id FROM read.search_texts AS texts \
         WHERE texts.tenant_id = '{tenant}' AND texts.words @@ '''printer42'''::tsquery"
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
        "SELECT seq_scan FROM pg_stat_user_tables WHERE schemaname = 'search_v2' AND relname = 'texts'";
    let (before, whole_before) = (database.number(scans).await, database.number(whole).await);
    let mut reader = database.reader_of("one").await;
    let searched: Vec<Uuid> =
        sqlx::query_scalar("SELECT unnest(read.find_tickets('{printer,login}', '{}', false, 5000))")
            .fetch_all(&mut reader)
            .await
            .unwrap();
    assert!(!searched.is_empty());
    let frequent = "SELECT read.find_tickets('{printer}', '{}', false, 10)";
    let frequent: Option<Vec<Uuid>> = sqlx::query_scalar(frequent).fetch_one(&mut reader).await.unwrap();
    assert_eq!(frequent, None, "too many to name");
    reader.close().await.unwrap();
    eventually("the index is used", async || (database.number(scans).await > before).then_some(())).await;
    assert_eq!(database.number(whole).await, whole_before, "the table is not scanned");
    owner.close().await.unwrap();
    database.drop().await;
}

/// What a search reads doesn't grow with what there is: a frequent word isn't counted, a rare one is found
/// by its index, and looking at so many tickets reads the texts of so many.
#[tokio::test(flavor = "multi_thread")]
async fn a_search_reads_as_much_of_four_times_as_many_tickets() {
    let database = Database::new().await;
    database.settle().await;
    let tenant = TenantId::of_key("one");
    let mut owner = database.pool_as("docket_projection").acquire().await.unwrap().detach();
    owner.execute(format!("SET docket.tenant = '{tenant}'").as_str()).await.unwrap();
    let mut measured = Vec::new();
    let mut there = 0;
    for size in [4_000, 8_000, 16_000] {
        // Ten texts have a rare word, all have the frequent one.
        sqlx::query(
            "INSERT INTO search_v2.texts (ticket_id, piece, tenant_id, internal, words) \
             SELECT gen_random_uuid(), gen_random_uuid(), $1, false, \
                    array_to_tsvector(ARRAY['common', 'usual', 'rare' || (n % ($3 / 10)), 'of' || n]) \
             FROM generate_series($2::int + 1, $3::int) AS n",
        )
        .bind(tenant.0)
        .bind(there)
        .bind(size)
        .execute(&mut owner)
        .await
        .unwrap();
        there = size;
        owner.execute("SELECT gin_clean_pending_list('search_v2.texts_words')").await.unwrap();
        owner.execute("ANALYZE search_v2.texts").await.unwrap();
        let mut blocks = Vec::new();
        for call in [
            "read.find_tickets('{common}', '{}', true, 1000)",
            "read.find_tickets('{common,usual}', '{}', true, 1000)",
            "read.find_tickets('{rare7}', '{}', true, 1000)",
            "read.find_tickets('{common,rare7}', '{usual}', true, 1000)",
            "read.narrow_tickets((SELECT array_agg(few.ticket_id) FROM (SELECT ticket_id FROM search_v2.texts \
             LIMIT 250) AS few), '{common,usual}', '{rare7}', true)",
        ] {
            // Twice: the first reads the catalogue as well.
            let sql = format!("EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) SELECT {call}");
            owner.execute(sql.as_str()).await.unwrap();
            let plan: serde_json::Value = sqlx::query_scalar(&sql).fetch_one(&mut owner).await.unwrap();
            let read = |kind: &str| plan[0]["Plan"][kind].as_i64().unwrap();
            blocks.push(read("Shared Hit Blocks") + read("Shared Read Blocks"));
        }
        measured.push(blocks);
    }
    for (index, first) in measured[0].iter().enumerate() {
        let last = measured[2][index];
        assert!(last <= 2 * first + 100, "the {index}th: {measured:?}");
    }
    owner.close().await.unwrap();
    database.drop().await;
}
