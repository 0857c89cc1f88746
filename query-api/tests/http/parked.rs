//! Tickets that a read model can't go on with: what there is can be read, and nobody is told that it is all.

use domain::ids::TenantId;
use serde_json::{Value, json};

use crate::app::App;
use crate::ticket::{Ticket, circumstances, new_event};

/// What every event of a ticket after an unreadable one waits for.
async fn spoil(app: &App, ticket: &Ticket<'_>, version: i64) -> i64 {
    let event = new_event("TagAdded", &json!({"nonsense": true}), &circumstances("amir", "agent"));
    let tenant = TenantId::of_key("default");
    app.append(tenant, "ticket", ticket.id.to_string(), version, vec![event]).await
}

/// The endpoints of one ticket that read models answer.
const PARTS: [&str; 5] = ["", "/messages", "/activity", "/attachments", "/assignments"];

#[tokio::test(flavor = "multi_thread")]
async fn a_parked_ticket_says_so_and_claims_nothing_that_it_does_not_show() {
    let app = App::start().await;
    let mut ticket = Ticket::open(&app, "TKT-1", "carla").await;
    ticket.reply("amir", "agent", "On my way.").await;
    let shown = ticket.position;
    let other = Ticket::open(&app, "TKT-2", "carla").await;
    let parked = spoil(&app, &ticket, 2).await;
    let head = Ticket::open(&app, "TKT-3", "carla").await.position;
    app.agent().get_at("/v1/tickets", head).await.ok();
    app.agent().get_at(&format!("{}/messages", other.path()), head).await.ok();
    app.agent().get_at(&format!("{}/activity", other.path()), head).await.ok();

    for (caller, staff) in [(app.agent(), true), (app.customer("carla"), false)] {
        let found = caller.get(&ticket.path()).await;
        assert!(found.position() >= shown && found.position() < parked, "{}", found.position());
        let mark = found.ok()["parked"].clone();
        assert!(mark["since"].is_string(), "{mark}");
        let models = mark["read_models"].as_array().map(Vec::len);
        assert_eq!(
            (mark["position"].as_i64(), models.is_some_and(|models| models > 0)),
            (staff.then_some(parked), staff)
        );
        for part in PARTS {
            let path = format!("{}{part}", ticket.path());
            let found = caller.get(&path).await;
            assert!(found.position() < parked, "{path} claims {}", found.position());
            found.ok();
            let late = caller.get_at(&path, parked).await;
            assert_eq!(late.headers["retry-after"], "60");
            let late = late.refused(503, "not_yet_visible");
            assert_eq!(
                (&late["reason"], late["position"].as_i64()),
                (&json!("ticket_parked"), Some(parked - 1))
            );
            caller.get_at(&path, shown).await.ok();
        }
        // The list goes on, and marks it; so do the others.
        let list = caller.get_at("/v1/tickets?sort=number", head).await.ok();
        let marked: Vec<bool> =
            list["items"].as_array().unwrap().iter().map(|item| item.get("parked").is_some()).collect();
        assert_eq!(marked, [true, false, false]);
        assert!(caller.get_at(&other.path(), head).await.ok().get("parked").is_none());
    }
    let read_models = app.agent().get("/v1/projections").await.each("parked");
    assert!(read_models.iter().all(|parked| *parked == 1), "{read_models:?}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_that_is_parked_from_the_beginning_is_not_missing() {
    let app = App::start().await;
    Ticket::open(&app, "TKT-1", "carla").await;
    // The same number again, as no command gives it: the list keeps numbers apart.
    sqlx::query("DELETE FROM claims").execute(&app.owner).await.unwrap();
    let twin = Ticket::open(&app, "TKT-1", "carla").await;
    let head = Ticket::open(&app, "TKT-2", "carla").await.position;
    app.agent().get_at("/v1/tickets", head).await.ok();
    let late: Value = app.customer("carla").get(&twin.path()).await.refused(503, "not_yet_visible");
    assert_eq!(late["reason"], "ticket_parked");
    // Whoever may not know of it learns nothing.
    app.customer("stefan").get(&twin.path()).await.refused(404, "not_found");
    app.stop().await;
}
