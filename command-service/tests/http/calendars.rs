//! Calendars over HTTP.

use serde_json::json;

use super::harness::App;

#[tokio::test(flavor = "multi_thread")]
async fn a_calendars_life() {
    let app = App::start().await;
    let manager = app.manager();
    let night = json!({"key": "night", "name": "Night", "time_zone": "Europe/Berlin",
        "weekly": {"monday": [{"from": "22:00", "to": "06:00"}]}});
    let added = manager.post("/v1/calendars", night.clone()).await.expect(201);
    assert_eq!((added.body["id"].as_str(), added.header("location")), (Some("night"), "/v1/calendars/night"));
    manager.post("/v1/calendars", night).await.problem(409, "exists");
    let weekly = json!({"weekly": {"monday": null, "tuesday": [{"from": "20:00", "to": "24:00"}]}});
    assert_eq!(manager.patch("/v1/calendars/night", weekly).await.expect(200).version(), 2);

    manager.patch("/v1/sla/policies/low", json!({"calendar": "night"})).await.expect(200);
    let refused = manager.delete("/v1/calendars/night").await.problem(409, "calendar_in_use");
    assert_eq!(refused.body["policies"], json!(["low"]));
    manager.patch("/v1/sla/policies/low", json!({"calendar": null})).await.expect(200);
    assert_eq!(manager.delete("/v1/calendars/night").await.expect(200).header("etag"), "\"5\"");
    manager.delete("/v1/calendars/night").await.problem(404, "not_found");
    manager.patch("/v1/calendars/night", json!({})).await.problem(404, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_calendar_is_said_at_once() {
    let app = App::start().await;
    let bad = json!({"key": "Night!", "name": "", "time_zone": "Europe/Atlantis", "holidays": [{"date": "02-30"}],
        "weekly": {"monday": [{"from": "22:00", "to": "06:00"}], "tuesday": [{"from": "05:00", "to": "07:00"}]}});
    let refused = app.manager().post("/v1/calendars", bad).await.problem(422, "validation_failed");
    assert_eq!(
        refused.errors(),
        [
            ("/name", "invalid"),
            ("/time_zone", "unknown_value"),
            ("/weekly/tuesday", "overlap"),
            ("/holidays", "invalid"),
            ("/key", "invalid"),
        ]
    );
    let without = app.manager().post("/v1/calendars", json!({"name": "x"})).await;
    assert_eq!(without.problem(422, "validation_failed").errors(), [("/key", "required")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn holidays_are_imported_once() {
    let app = App::start().await;
    let manager = app.manager();
    let file = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:x\r\nSUMMARY:Good Friday\r\n\
        DTSTART;VALUE=DATE:20270326\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
    let path = "/v1/calendars/office/holidays";
    let imported = manager.post(path, json!({"icalendar": file})).await.expect(200);
    assert_eq!((imported.body["id"].as_str(), imported.version()), (Some("office"), 1));
    let holiday = "SELECT count(*) FROM events WHERE payload->'to'->'holidays'->0->>'date' = '2027-03-26'";
    assert_eq!(app.count(holiday).await, 1);
    assert_eq!(manager.post(path, json!({"icalendar": file})).await.expect(200).version(), 1);
    let refused = manager.post(path, json!({"icalendar": "?"})).await.problem(422, "validation_failed");
    assert_eq!(refused.errors(), [("/icalendar", "invalid")]);
    let mixed = file.replace(
        "END:VCALENDAR",
        "BEGIN:VEVENT\r\nSUMMARY:Party\r\nDTSTART:20261224T140000Z\r\nEND:VEVENT\r\n\
        BEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20270517\r\nEND:VEVENT\r\nEND:VCALENDAR",
    );
    let strict = json!({"icalendar": mixed, "strict": true});
    assert_eq!(
        manager.post(path, strict).await.problem(422, "validation_failed").errors(),
        [("/icalendar", "invalid")]
    );
    let strict = format!("{path}?strict=true");
    manager.post(&strict, json!({"icalendar": mixed})).await.problem(422, "validation_failed");
    let imported = manager.post(path, json!({"icalendar": mixed})).await.expect(200);
    assert_eq!(imported.body["holidays"]["added"], 1);
    assert_eq!(imported.body["holidays"]["left_out"][0]["event"], "Party");
    assert_eq!(imported.body["holidays"]["left_out"][0]["code"], "timed");
    manager.post("/v1/calendars/moon/holidays", json!({"icalendar": file})).await.problem(404, "not_found");
}
