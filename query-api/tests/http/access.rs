//! Who sees what, and who sees nothing.

use std::time::Duration;

use axum::http::Method;
use domain::identity::Operation;
use serde_json::{Value, json};

use crate::app::{App, Caller, pool_as, tenant};
use crate::sla_rows;
use crate::ticket::Ticket;

/// A path with something in it that is there.
fn filled(path: &str, ticket: &Ticket<'_>) -> String {
    let key = if path.contains("calendars") { "office" } else { "critical" };
    path.replace("{id}", &ticket.id.to_string()).replace("{key}", key).replace("{tenant}", "self")
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_is_an_operation_and_asks_for_a_token() {
    let app = App::start().await;
    let ticket = Ticket::open(&app, "TKT-1", "carla").await;
    let routes = query_api::routes();
    let queries = Operation::ALL.iter().filter(|operation| operation.method() == "GET").count();
    assert_eq!(routes.len(), queries);
    assert!(routes.iter().all(|(method, _, _)| method == Method::GET));
    let (nobody, stranger) = (Caller { app: &app, token: None }, app.as_user("x", "no_such_role"));
    for (_, path, _) in &routes {
        let path = filled(path, &ticket);
        nobody.get(&path).await.refused(401, "token_missing");
        stranger.get(&path).await.refused(403, "forbidden");
    }
    for (_, path, operation) in routes {
        let path = filled(path, &ticket);
        for role in ["customer", "client_admin", "support_agent", "auditor", "analyst", "platform_admin"] {
            let caller = app.as_user("carla", role);
            let principal = domain::identity::Principal::new(
                domain::ids::UserId::new("carla").unwrap(),
                tenant(),
                vec![role.to_owned()],
            );
            if principal.may(operation).is_err() {
                caller.get(&path).await.refused(403, "forbidden");
            } else if !matches!(
                operation,
                Operation::StreamEvents | Operation::OpenSocket | Operation::FollowDashboard
            ) {
                caller.get_at(&path, ticket.position).await.ok();
            }
        }
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_may_not_know_of_looks_like_what_is_not_there() {
    let app = App::start().await;
    app.create_tenant("other").await;
    let mine = Ticket::open(&app, "TKT-1", "carla").await;
    let theirs = Ticket::open_with(&app, "other", "TKT-1", "stefan", json!({})).await;
    let nowhere = "/v1/tickets/0198c0de-0000-7000-8000-000000000000";
    let outsider = Caller {
        app: &app,
        token: Some(app.token("olga", "platform_admin", "other", Duration::from_secs(60))),
    };
    app.agent().get_at(&mine.path(), theirs.position).await.ok();
    let mut bodies = Vec::new();
    for below in ["", "/messages", "/activity", "/history", "/attachments", "/assignments", "?as_of=3"] {
        for (caller, path) in [
            (&outsider, mine.path()),
            (&app.agent(), theirs.path()),
            (&app.agent(), nowhere.to_owned()),
            (&app.customer("stefan"), mine.path()),
            (&app.customer("stefan"), "/v1/tickets/TKT-1".to_owned()),
        ] {
            let mut body =
                caller.get_at(&format!("{path}{below}"), theirs.position).await.refused(404, "not_found");
            body["request_id"] = Value::Null;
            bodies.push(body);
        }
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 1, "{bodies:#?}");
    // The number is the tenant's own.
    assert_eq!(outsider.get("/v1/tickets/TKT-1").await.ok()["id"], json!(theirs.id));
    assert_eq!(outsider.get("/v1/tickets").await.each("id"), [json!(theirs.id)]);
    assert_eq!(outsider.get("/v1/queues").await.ok()["total"], 1);
    let text =
        outsider.get("/v1/events").await.ok().to_string() + &outsider.get("/v1/audit").await.ok().to_string();
    assert!(!text.contains(&mine.id.to_string()) && !text.contains("carla"), "{text}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn deleted_tickets_and_spam_are_for_staff_who_ask() {
    let app = App::start().await;
    let mut deleted = Ticket::open(&app, "TKT-1", "carla").await;
    deleted.event("TicketDeleted", json!({}), "lea", "agent").await;
    let mut spam = Ticket::open(&app, "TKT-2", "carla").await;
    spam.event("TicketMarkedSpam", json!({}), "amir", "agent").await;
    let (agent, carla) = (app.agent(), app.customer("carla"));
    assert!(agent.get_at("/v1/tickets", spam.position).await.each("id").is_empty());
    assert_eq!(agent.get("/v1/tickets?deleted=true").await.each("number"), ["TKT-1"]);
    assert_eq!(agent.get("/v1/tickets?spam=true").await.each("number"), ["TKT-2"]);
    assert_eq!(agent.get(&deleted.path()).await.ok()["deleted"], true);
    for query in ["deleted=true", "deleted=false", "spam=true", "spam=false", "spam=true&count=true"] {
        let refused = carla.get(&format!("/v1/tickets?{query}")).await.refused(403, "forbidden");
        assert_eq!(refused["parameter"], query.split('=').next().unwrap());
    }
    // Its customer doesn't notice the mark.
    let theirs = carla.get_at("/v1/tickets?count=true", spam.position).await.ok();
    assert_eq!((&theirs["total"], &theirs["items"][0]["number"]), (&json!(1), &json!("TKT-2")));
    for path in [deleted.path(), format!("{}/history", deleted.path()), format!("{}?as_of=2", deleted.path())]
    {
        carla.get(&path).await.refused(404, "not_found");
    }
    assert_eq!(agent.get("/v1/queues").await.ok()["total"], 0);
    let seen = carla.get(&spam.path()).await.ok();
    for field in ["spam", "deleted", "routing", "escalation_level", "note_count", "internal_updated_at"] {
        assert_eq!(seen.get(field), None, "{field}");
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_tenant_and_a_token_that_is_over_are_told() {
    let app = App::start().await;
    let of = |key: &str, ttl| app.token("olga", "platform_admin", key, Duration::from_secs(ttl));
    let nowhere = Caller { app: &app, token: Some(of("nowhere", 60)) };
    for path in
        ["/v1/tickets", "/v1/queues", "/v1/audit", "/v1/events", "/v1/events/stream", "/v1/projections"]
    {
        nowhere.get(path).await.refused(403, "unknown_tenant");
    }
    let forged = format!("{}x", of("default", 60));
    Caller { app: &app, token: Some(forged) }.get("/v1/tickets").await.refused(401, "token_invalid");
    app.stop().await;
}

/// Row-level security by itself, whatever the queries say: no tenant is no rows.
#[tokio::test(flavor = "multi_thread")]
async fn the_database_fails_closed() {
    let app = App::start().await;
    let mut ticket = Ticket::open(&app, "TKT-1", "carla").await;
    ticket.note("amir", "inside").await;
    ticket.assign("amir").await;
    app.agent().get_at("/v1/audit", ticket.position).await;
    app.agent().get_at("/v1/queues", ticket.position).await.ok();
    sla_rows::standing(&app, "default", ticket.id, Some("met"), sla_rows::NEVER).await;
    sla_rows::count(&app, "default", "met", 1).await;
    sla_rows::outcome(&app, ticket.id, &Default::default()).await;
    let pool = pool_as(&app.url, "docket_query", 1);
    let relations = [
        "events",
        "read.tickets",
        "read.messages",
        "read.message_edits",
        "read.message_reads",
        "read.activity",
        "read.assignments",
        "read.attachments",
        "read.queue_counts",
        "read.agent_load",
        "read.sla",
        "read.sla_outcomes",
        "read.sla_counts",
    ];
    for (setting, sees) in [(None, false), (Some(String::new()), false), (Some(tenant().to_string()), true)] {
        let mut tx = pool.begin().await.unwrap();
        if let Some(setting) = &setting {
            sqlx::query("SELECT set_config('docket.tenant', $1, true)")
                .bind(setting)
                .execute(&mut *tx)
                .await
                .unwrap();
        }
        for relation in relations {
            let sql = format!("SELECT count(*) FROM {relation}");
            let count: i64 = sqlx::query_scalar(&sql).fetch_one(&mut *tx).await.unwrap();
            let empty_anyway = ["read.message_edits", "read.message_reads"].contains(&relation);
            assert_eq!(count > 0, sees && !empty_anyway, "{relation} under {setting:?}");
        }
        let found: i64 =
            sqlx::query_scalar("SELECT cardinality(read.find_tickets('{subject}', '{}', true, 9))::bigint")
                .fetch_one(&mut *tx)
                .await
                .unwrap();
        assert_eq!(found > 0, sees, "search under {setting:?}");
    }
    for forbidden in ["DELETE FROM events", "UPDATE read.tickets SET subject = ''", "SELECT * FROM claims"] {
        assert!(sqlx::query(forbidden).execute(&pool).await.is_err(), "{forbidden}");
    }
    pool.close().await;
    app.stop().await;
}
