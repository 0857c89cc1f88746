//! The audit trail across tickets.

use serde_json::json;

use crate::app::App;
use crate::ticket::{Ticket, circumstances};

#[tokio::test(flavor = "multi_thread")]
async fn the_trail_is_searched_by_who_what_when_and_where() {
    let app = App::start().await;
    let mut first = Ticket::open(&app, "TKT-1", "carla").await;
    first.assign("amir").await;
    first.note("amir", "inside").await;
    let mut second = Ticket::open(&app, "TKT-2", "stefan").await;
    let mut long_ago = circumstances("olga", "agent");
    long_ago["occurred_at"] = json!("2016-02-29T10:00:00Z");
    long_ago["ip"] = json!("2001:db8::1");
    second.event_of("TagAdded", json!({"tag": "old"}), &long_ago).await;

    let auditor = app.as_user("ada", "auditor");
    auditor.get_at("/v1/audit?ticket=TKT-1", second.position).await.ok();
    let id = second.id;
    for (query, types) in [
        ("actor=olga".to_owned(), &["tag_added"][..]),
        ("type=assigned".into(), &["assigned"]),
        ("type=assigned,note_added".into(), &["note_added", "assigned"]),
        (format!("ticket={id}"), &["tag_added", "created"]),
        ("ticket=TKT-1".into(), &["attachment_added", "note_added", "assigned", "created"]),
        ("ticket=TKT-404".into(), &[]),
        ("ip=2001:db8:0::1".into(), &["tag_added"]),
        ("ip=192.0.2.7&actor=stefan".into(), &["created"]),
        ("from=2016-01-01T00:00:00Z&to=2017-01-01T00:00:00Z".into(), &["tag_added"]),
        ("to=2016-02-29T10:00:00Z".into(), &[]),
        ("from=2016-02-29T10:00:00Z&to=2016-02-29T10:00:01Z".into(), &["tag_added"]),
    ] {
        let found = auditor.get(&format!("/v1/audit?{query}")).await.each("type");
        assert_eq!(found, types, "{query}");
    }
    for period in ["", "&from=2000-01-01T00:00:00Z"] {
        let whole = auditor.get(&format!("/v1/audit?count=true{period}")).await.ok();
        let whole_positions: Vec<_> =
            whole["items"].as_array().unwrap().iter().map(|item| item["position"].clone()).collect();
        assert_eq!(whole["total"], whole_positions.len());
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = auditor.get(&format!("/v1/audit?limit=2{period}{cursor}")).await.ok();
            seen.extend(page["items"].as_array().unwrap().iter().map(|item| item["position"].clone()));
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(seen, whole_positions, "{period}");
    }
    let refused = auditor.get("/v1/audit?ip=here").await.refused(400, "invalid_parameter");
    assert_eq!(refused["parameter"], "ip");
    for role in ["customer", "client_admin", "support_agent", "analyst"] {
        app.as_user("x", role).get("/v1/audit").await.refused(403, "forbidden");
    }
    app.stop().await;
}
