//! Lists: filters, orders, pages, counts.

use serde_json::json;

use crate::app::App;
use crate::ticket::Ticket;

/// Five tickets of different kinds; gives the position that shows them all.
async fn five(app: &App) -> i64 {
    let more = [
        json!({"priority": "critical", "priority_rank": 1, "tags": ["vip"], "category": "it", "source": "email"}),
        json!({"subject": "Printer on fire", "tags": ["vip", "fire"], "organization": "acme"}),
        json!({"priority": "low", "priority_rank": 4, "request_type": "access", "source": "phone"}),
        json!({"status": "open", "status_category": "open"}),
        json!({"description": "About the printer"}),
    ];
    let mut last = 0;
    for (index, more) in more.into_iter().enumerate() {
        let requester = if index < 2 { "carla" } else { "stefan" };
        let number = format!("TKT-{}", index + 1);
        let mut ticket = Ticket::open_with(app, "default", &number, requester, more).await;
        if index == 0 {
            ticket.assign("amir").await;
            ticket.note("amir", "a secret word: xyzzy").await;
        }
        if index == 2 {
            let to = json!({"from": {}, "to": {"agent": "olga", "team": "second"}});
            ticket.event("TicketAssigned", to, "amir", "agent").await;
        }
        last = ticket.position;
    }
    last
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_narrow_and_orders_order() {
    let app = App::start().await;
    let last = five(&app).await;
    let agent = app.agent();
    agent.get_at("/v1/tickets?q=printer", last).await.ok();
    for (query, numbers) in [
        ("", &["TKT-5", "TKT-4", "TKT-3", "TKT-2", "TKT-1"][..]),
        ("sort=number", &["TKT-1", "TKT-2", "TKT-3", "TKT-4", "TKT-5"]),
        ("sort=-priority&limit=1", &["TKT-1"]),
        ("sort=priority&limit=1", &["TKT-3"]),
        ("sort=created_at&limit=2", &["TKT-1", "TKT-2"]),
        ("status=open", &["TKT-4"]),
        ("status=open,new&status_category=open", &["TKT-4"]),
        ("priority=critical&priority=low&sort=number", &["TKT-1", "TKT-3"]),
        ("category=it", &["TKT-1"]),
        ("request_type=access", &["TKT-3"]),
        ("source=email,phone&sort=number", &["TKT-1", "TKT-3"]),
        ("assignee=me", &["TKT-1"]),
        ("assignee=olga", &["TKT-3"]),
        ("assignee=none&sort=number", &["TKT-2", "TKT-4", "TKT-5"]),
        ("assignee=none&assignee=me&sort=number", &["TKT-1", "TKT-2", "TKT-4", "TKT-5"]),
        ("team=second", &["TKT-3"]),
        ("team=none&assignee=me", &["TKT-1"]),
        ("requester=carla&sort=number", &["TKT-1", "TKT-2"]),
        ("tag=vip&sort=number", &["TKT-1", "TKT-2"]),
        ("tag=fire&tag=none", &["TKT-2"]),
        ("q=printer&sort=number", &["TKT-2", "TKT-5"]),
        ("q=printer+-fire", &["TKT-5"]),
        ("q=xyzzy", &["TKT-1"]),
        ("created_after=2999-01-01T00:00:00Z", &[]),
        ("created_before=2999-01-01T00:00:00Z&updated_after=2000-01-01T00:00:00Z&limit=1", &["TKT-5"]),
        ("deleted=true", &[]),
        ("spam=true", &[]),
    ] {
        let found = agent.get(&format!("/v1/tickets?{query}")).await.each("number");
        assert_eq!(found, numbers, "{query}");
    }
    // Words of notes find nothing for those who may not read them.
    for caller in [app.customer("carla"), app.as_user("ann", "analyst"), app.as_user("cli", "client_admin")] {
        assert!(caller.get("/v1/tickets?q=xyzzy").await.each("number").is_empty());
    }
    assert_eq!(app.customer("carla").get("/v1/tickets?sort=number").await.each("number"), ["TKT-1", "TKT-2"]);
    assert!(app.customer("carla").get("/v1/tickets?requester=stefan").await.each("number").is_empty());
    assert_eq!(app.as_user("cli", "client_user").get("/v1/tickets").await.each("number").len(), 5);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_stay_right_while_tickets_change() {
    let app = App::start().await;
    let last = five(&app).await;
    let agent = app.agent();
    for sort in ["-created_at", "created_at", "-updated_at", "-priority", "priority", "number", "-number"] {
        let whole = agent.get_at(&format!("/v1/tickets?sort={sort}"), last).await.each("number");
        let mut seen = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = agent.get(&format!("/v1/tickets?sort={sort}&limit=2{cursor}")).await.ok();
            seen.extend(page["items"].as_array().unwrap().iter().map(|item| item["number"].clone()));
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(seen, whole, "{sort}");
    }
    let page = agent.get("/v1/tickets?limit=2&sort=-created_at&count=true").await.ok();
    assert_eq!(page["total"], 5);
    let newcomer = Ticket::open(&app, "TKT-6", "carla").await;
    let next = page["next_cursor"].as_str().unwrap();
    let path = format!("/v1/tickets?limit=2&sort=-created_at&cursor={next}");
    assert_eq!(agent.get_at(&path, newcomer.position).await.each("number"), ["TKT-3", "TKT-2"]);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cursors_are_good_for_one_list_of_one_caller() {
    let app = App::start().await;
    let last = five(&app).await;
    let agent = app.agent();
    let page = agent.get_at("/v1/tickets?limit=1&status=new", last).await.ok();
    let cursor = page["next_cursor"].as_str().unwrap();
    agent.get(&format!("/v1/tickets?limit=2&status=new&cursor={cursor}")).await.ok();
    for query in ["limit=1", "status=open", "status=new&sort=number", "status=new&deleted=true"] {
        agent.get(&format!("/v1/tickets?{query}&cursor={cursor}")).await.refused(400, "invalid_cursor");
    }
    let same = format!("/v1/tickets?status=new&cursor={cursor}");
    for other in [app.as_user("olga", "support_agent"), app.customer("carla"), app.as_user("ann", "analyst")]
    {
        other.get(&same).await.refused(400, "invalid_cursor");
    }
    let forged = cursor.replace(|c: char| c.is_ascii_digit(), "A");
    for bad in ["", "x", &cursor[1..], &cursor[..cursor.len() - 1], &forged] {
        agent.get(&format!("/v1/tickets?status=new&cursor={bad}")).await.refused(400, "invalid_cursor");
    }
    agent.get(&format!("/v1/audit?cursor={cursor}")).await.refused(403, "forbidden");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_is_named() {
    let app = App::start().await;
    let agent = app.agent();
    for (query, code, parameter) in [
        ("limit=0", "invalid_parameter", "limit"),
        ("limit=201", "invalid_parameter", "limit"),
        ("limit=ten", "invalid_parameter", "limit"),
        ("limit=99999999999999999999", "invalid_parameter", "limit"),
        ("sla=breached", "invalid_parameter", "sla"),
        ("colour=red", "unknown_parameter", "colour"),
        ("sort=subject", "invalid_parameter", "sort"),
        ("q=%00", "invalid_parameter", "q"),
        ("status=%ff", "invalid_parameter", "status"),
        ("count=maybe", "invalid_parameter", "count"),
    ] {
        let refused = agent.get(&format!("/v1/tickets?{query}")).await.refused(400, code);
        assert_eq!(refused["parameter"], parameter, "{query}");
        assert!(refused["detail"].as_str().unwrap().contains(parameter), "{query}");
    }
    for path in ["/v1/queues?x=1", "/v1/projections?x=1", "/v1/tickets/TKT-1?x=1"] {
        agent.get(path).await.refused(400, "unknown_parameter");
    }
    agent.get("/v1/tickets/TKT-%00").await.refused(404, "not_found");
    agent.get("/v1/tickets/%ff").await.refused(404, "not_found");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn queues_count_what_the_caller_sees() {
    let app = App::start().await;
    let last = five(&app).await;
    let queues = app.agent().get_at("/v1/queues", last).await.ok();
    assert_eq!((&queues["total"], &queues["open"], &queues["unassigned"]), (&json!(5), &json!(5), &json!(3)));
    let count = |list: &str, key: serde_json::Value| {
        let all = queues[list].as_array().unwrap();
        all.iter().find(|one| one["key"] == key).map(|one| one["count"].as_i64().unwrap())
    };
    assert_eq!(count("by_status", json!("new")), Some(4));
    assert_eq!(count("by_status_category", json!("open")), Some(1));
    assert_eq!(count("by_priority", json!("critical")), Some(1));
    assert_eq!(count("by_assignee", json!("amir")), Some(1));
    assert_eq!(count("by_assignee", json!(null)), Some(3));
    assert_eq!(count("by_team", json!("second")), Some(1));
    assert_eq!(count("by_source", json!("email")), Some(1));
    // Somebody of an organisation is told of what they see: here, nothing.
    let none = app.as_user("otto", "org_support").get_at("/v1/queues", last).await.ok();
    assert_eq!((&none["total"], &none["by_status"]), (&json!(0), &json!([])));
    app.stop().await;
}

/// A frequent word is looked for ticket by ticket, a rare one by its index: the same is found.
#[tokio::test(flavor = "multi_thread")]
async fn both_ways_to_search_find_the_same() {
    let app = App::start().await;
    let last = five(&app).await;
    app.agent().get_at("/v1/tickets?q=printer", last).await.ok();
    let mut tx = app.owner.begin().await.unwrap();
    let set = "SELECT set_config('docket.tenant', $1, true)";
    sqlx::query(set).bind(crate::app::tenant().to_string()).execute(&mut *tx).await.unwrap();
    for words in [
        "printer",
        "printer fire",
        "printer -fire",
        "subject or fire",
        "xyzzy",
        "\"on fire\"",
        "nowhere",
        "-printer",
        "",
    ] {
        for notes in [true, false] {
            let query = domain::search::Query::parse(words).unwrap();
            let by_index: Vec<uuid::Uuid> = sqlx::query_scalar(
                "SELECT unnest(read.find_tickets($1::text[]::tsquery[], $2::text[]::tsquery[], $3, 100)) AS id \
                 ORDER BY id",
            )
            .bind(&query.wanted)
            .bind(&query.unwanted)
            .bind(notes)
            .fetch_all(&mut *tx)
            .await
            .unwrap();
            let mut walked: Vec<uuid::Uuid> = sqlx::query_scalar(
                "SELECT unnest(read.narrow_tickets((SELECT array_agg(t.id) FROM read.tickets AS t), \
                                                   $1::text[]::tsquery[], $2::text[]::tsquery[], $3)) AS id \
                 ORDER BY id",
            )
            .bind(&query.wanted)
            .bind(&query.unwanted)
            .bind(notes)
            .fetch_all(&mut *tx)
            .await
            .unwrap();
            if query.wanted.is_empty() {
                walked.clear();
            }
            assert_eq!(by_index, walked, "{words:?}, notes: {notes}");
        }
    }
    let frequent = "SELECT read.find_tickets('{printer}', '{}', true, 1)";
    let many: Option<Vec<uuid::Uuid>> = sqlx::query_scalar(frequent).fetch_one(&mut *tx).await.unwrap();
    assert_eq!(many, None);
    let many: Option<Vec<uuid::Uuid>> =
        sqlx::query_scalar("SELECT read.tagged_tickets('{vip}', 1)").fetch_one(&mut *tx).await.unwrap();
    assert_eq!(many, None);
    drop(tx);
    app.stop().await;
}
