//! What was written before an edit: for its author and for staff.

use serde_json::json;

use crate::app::App;
use crate::exports::{CSV, NDJSON};
use crate::sse::Stream;
use crate::ticket::Ticket;

#[tokio::test(flavor = "multi_thread")]
async fn what_an_agent_wrote_before_an_edit_is_in_no_view_of_a_customers() {
    let app = App::start().await;
    let mut ticket = Ticket::open(&app, "TKT-1", "carla").await;
    let own = ticket.reply("carla", "customer", "MINEBEFORE").await;
    let theirs = ticket.reply("amir", "agent", "WRONGPRICE").await;
    let carla = app.customer("carla");
    let live = carla.get("/v1/events").await.ok();
    assert!(live.to_string().contains("WRONGPRICE"), "until it is edited it is what was said");
    for (message, actor, kind, former) in
        [(own, "carla", "customer", "MINEBEFORE"), (theirs, "amir", "agent", "WRONGPRICE")]
    {
        for (former, body) in [(former, "STILLWRONG"), ("STILLWRONG", "right")] {
            let edit = json!({"message_id": message, "internal": false, "former_body": former, "body": body});
            ticket.event("MessageEdited", edit, actor, kind).await;
        }
    }
    let history = format!("{}/history", ticket.path());
    carla.get_at(&format!("{}/messages", ticket.path()), ticket.position).await.ok();
    let mut views = Vec::new();
    for path in [&*history, "/v1/events", &ticket.path(), &format!("{}/messages", ticket.path())] {
        views.push(carla.get(path).await.ok().to_string());
    }
    for path in [&*history, "/v1/events"] {
        for form in [&CSV, &NDJSON] {
            views.push(carla.get_with(path, &form[..]).await.body.to_string());
        }
    }
    let mut stream = Stream::open(&carla, "/v1/events/stream?after=0", &[]).await;
    let mut sent = String::new();
    for _ in 0..7 {
        sent += &stream.next().await.unwrap().data.to_string();
    }
    views.push(sent);
    for view in &views {
        assert!(!view.contains("WRONGPRICE"), "{view}");
        assert!(view.contains("right") || view.contains("Subject of"), "{view}");
    }
    // Her own is hers to read, and staff read all of it.
    assert!(views[0].contains("MINEBEFORE"), "{}", views[0]);
    let agents = app.agent().get(&history).await.ok().to_string();
    assert!(agents.contains("WRONGPRICE") && agents.contains("MINEBEFORE"), "{agents}");
    app.stop().await;
}
