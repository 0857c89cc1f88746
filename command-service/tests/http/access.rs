//! Every route without a token, with a role that isn't enough, and from another tenant. The list of
//! routes is the router's own, so a new route is tried without anybody remembering to.

use command_service::routes;
use domain::identity::{Operation, Principal, Role};
use domain::ids::{TenantId, UserId};
use serde_json::{Value, json};

use super::harness::App;

/// A body that each operation takes: a row must be added with a new route.
fn body(operation: Operation) -> Value {
    match operation {
        Operation::OpenTicket => json!({"subject": "x", "description": "y"}),
        Operation::AssignTicket => json!({"agent": "amir"}),
        Operation::ReplyToTicket | Operation::AddNote | Operation::EditMessage => json!({"body": "x"}),
        Operation::ChangeStatus => json!({"status": "open"}),
        Operation::RateTicket => json!({"rating": 5}),
        Operation::ChangePriority => json!({"priority": "high"}),
        Operation::ChangeCategory => json!({"category": "general"}),
        Operation::ChangeRequestType => json!({"request_type": "question"}),
        Operation::ChangeSubject => json!({"subject": "y"}),
        Operation::ChangeTags => json!({"add": ["a"]}),
        Operation::SetCustomFields => json!({"a": 1}),
        Operation::EscalateTicket => json!({"to_role": "support_lead", "reason": "x"}),
        Operation::RouteTicket => json!({"routing": "organization", "organization": "o"}),
        Operation::UnassignTicket
        | Operation::RedactMessage
        | Operation::MarkMessageRead
        | Operation::ResolveTicket
        | Operation::CloseTicket
        | Operation::ReopenTicket
        | Operation::CancelTicket
        | Operation::MarkSpam
        | Operation::UnmarkSpam
        | Operation::DeleteTicket
        | Operation::RestoreTicket
        | Operation::RemovePolicy
        | Operation::RemoveCalendar => json!({}),
        Operation::BulkCommands => {
            json!({"commands": [{"type": "open", "subject": "x", "description": "y"}]})
        }
        Operation::CreateTenant => json!({"key": "new", "profile": "platform"}),
        Operation::ChangeTenant => json!({"reporting": {"time_zone": "Europe/Berlin"}}),
        Operation::RecordExport => json!({"what": "tickets", "form": "csv"}),
        Operation::AddPolicy => {
            json!({"key": "vip", "name": "VIP", "when": {"tag": ["vip"]}, "resolution": 60})
        }
        Operation::ChangePolicy => json!({"first_response": 10}),
        Operation::ChangeSla => json!({"auto_close_days": 7}),
        Operation::BacktestSla => json!({"draft": {}}),
        Operation::AddCalendar => json!({"key": "sunday", "name": "Sundays", "time_zone": "UTC",
            "weekly": {"sunday": [{"from": "00:00", "to": "24:00"}]}}),
        Operation::ChangeCalendar => json!({"name": "Hours"}),
        Operation::ImportHolidays => json!({"icalendar": "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"}),
        other => panic!("{other:?} has no row here"),
    }
}

/// A role that isn't enough, if there is one.
fn too_little(operation: Operation) -> Option<&'static str> {
    let may = |role: &&Role| {
        let user = UserId::new("u").unwrap();
        Principal::new(user, TenantId::of_key("desk"), vec![role.name.to_owned()]).may(operation).is_ok()
    };
    Role::BUILT_IN.iter().find(|role| !may(role)).map(|role| role.name)
}

#[tokio::test(flavor = "multi_thread")]
async fn no_route_is_open_to_those_it_is_not_for() {
    let app = App::start().await;
    app.tenant("other", "platform").await;
    let owner = app.client("support_lead", "lena");
    let ticket = owner.open("x").await.rsplit('/').next().unwrap().to_owned();
    let replied = owner.post(&format!("/v1/tickets/{ticket}/reply"), json!({"body": "x"})).await.expect(200);
    let message = replied.body["message_id"].as_str().unwrap();
    let events = "SELECT count(*) FROM events";
    let mut left = app.count(events).await;
    let outsider = app.anybody(Some(app.token("other", "platform_admin", "olga")));
    for (method, path, operation) in routes() {
        let key = if path.contains("calendars") { "office" } else { "critical" };
        let path = path
            .replace("{id}", &ticket)
            .replace("{message_id}", message)
            .replace("{key}", key)
            .replace("{tenant}", "self");
        let say = format!("{method} {path}");
        let ask = async |token: Option<String>, body: Value| {
            let client = app.anybody(token);
            let request = client.request(method.as_str().parse().unwrap(), &path).json(&body);
            client.send(request).await
        };
        assert_eq!(ask(None, body(operation)).await.status, 401, "{say}");
        assert_eq!(ask(Some("x".into()), json!({})).await.status, 401, "{say}");
        let nobody = app.token("desk", "no_such_role", "nora");
        assert_eq!(ask(Some(nobody), body(operation)).await.status, 403, "{say}");
        let role = too_little(operation);
        assert!(role.is_some() || operation == Operation::RecordExport, "{say} is for everybody");
        for (role, body) in
            role.into_iter().flat_map(|role| [(role, body(operation)), (role, json!({"wrong": 1}))])
        {
            let answer = ask(Some(app.token("desk", role, "rita")), body).await;
            assert_eq!(answer.status, 403, "{say} as {role}: {:#}", answer.body);
        }
        let nowhere = ask(Some(app.token("no-such-tenant", "platform_admin", "nemo")), body(operation)).await;
        if operation == Operation::RecordExport {
            // For services alone, whoever asks.
            nowhere.problem(403, "forbidden");
        } else if operation != Operation::BulkCommands && operation != Operation::CreateTenant {
            nowhere.problem(403, "unknown_tenant");
        }
        if path.contains(&ticket) {
            let answer = outsider.post(&path, body(operation)).await;
            answer.problem(404, "not_found");
        }
        if operation == Operation::CreateTenant {
            // It was allowed to the administrator of a tenant that isn't there; nothing else was.
            left += 1;
        }
        assert_eq!(app.count(events).await, left, "{say} left something behind");
    }
}
