//! Statistics: a recount of the whole log, written another way, gives the same figures, whatever the tenant
//! reckons by meanwhile.

use chrono::{DateTime, Utc};
use domain::event::{Event, SLA, TENANT};
use domain::ids::TenantId;
use domain::metadata::{Actor, ActorKind, Metadata};
use domain::sla::Configuration;
use domain::sla::event::{CalendarChanged, CalendarRemoved, SlaEvent};
use domain::stats::Measure;
use domain::tenant::{Reporting, ReportingChanged};
use domain::time::Ids;
use service_kit::clock::RandomIds;

use crate::database::Database;
use crate::story::{Written, history, user};

/// What the tenant changes of how it reckons, one after the other.
fn changes() -> Vec<Event> {
    let reporting = |to: Reporting| -> Event {
        Event::Tenant(ReportingChanged { from: Reporting::default(), to }.into())
    };
    let rated = Reporting {
        currency: Some("EUR".into()),
        hourly_rate: Some(4_500),
        team_hourly_rates: [("desk".to_owned(), 7_125)].into(),
        ..Reporting::default()
    };
    let office = Configuration::starting().calendars["office"].clone();
    let mut other = office.clone();
    other.time_zone = "Europe/Berlin".into();
    other.weekly.values_mut().for_each(|windows| windows.truncate(1));
    let changed = CalendarChanged { key: "office".into(), from: office.clone(), to: other.clone() };
    let removed = CalendarRemoved { key: "office".into(), calendar: other };
    let sla = |event: SlaEvent| Event::Sla(event);
    vec![
        reporting(rated.clone()),
        reporting(Reporting { time_zone: "Asia/Kathmandu".into(), ..rated.clone() }),
        sla(changed.into()),
        reporting(Reporting { time_zone: "America/St_Johns".into(), hourly_rate: None, ..rated.clone() }),
        sla(removed.into()),
        reporting(Reporting { time_zone: "Europe/Berlin".into(), currency: Some("CHF".into()), ..rated }),
    ]
}

fn written(tenant: &str, event: &Event, sequence: i64, at: DateTime<Utc>) -> Written {
    let tenant = TenantId::of_key(tenant);
    let actor = Actor { id: user("root"), kind: ActorKind::System, name: None };
    let metadata = Metadata {
        actor,
        occurred_at: at,
        request_id: None,
        traceparent: None,
        ip: None,
        user_agent: None,
        causation_id: None,
        import: None,
    };
    Written {
        tenant,
        aggregate_type: if matches!(event, Event::Sla(_)) { SLA } else { TENANT },
        aggregate_id: tenant.to_string(),
        sequence,
        event_type: event.name().to_owned(),
        event_version: "1".to_owned(),
        payload: event.encode().unwrap(),
        metadata: serde_json::to_string(&metadata).unwrap(),
        event_id: RandomIds.next(),
    }
}

/// Months of two tenants; one of them changes how it reckons again and again.
fn story(seed: u64) -> Vec<Written> {
    let told = history(seed, 3_000, &["one", "two"]);
    let at = |event: &Written| -> DateTime<Utc> {
        serde_json::from_str::<Metadata>(&event.metadata).unwrap().occurred_at
    };
    let (begin, every) = (at(&told[0]), told.len() / 7);
    let (mut changes, mut sequences) = (changes().into_iter(), [0; 2]);
    let mut events = Vec::new();
    for (place, mut event) in told.into_iter().enumerate() {
        let mut metadata: Metadata = serde_json::from_str(&event.metadata).unwrap();
        metadata.occurred_at = begin + (metadata.occurred_at - begin) * 60;
        event.metadata = serde_json::to_string(&metadata).unwrap();
        events.push(event);
        if place % every == every - 1
            && let Some(change) = changes.next()
        {
            let sequence = &mut sequences[usize::from(matches!(change, Event::Sla(_)))];
            *sequence += 1;
            events.push(written("one", &change, *sequence, metadata.occurred_at));
        }
    }
    assert!(changes.next().is_none());
    events
}

#[tokio::test(flavor = "multi_thread")]
async fn every_figure_is_what_a_recount_of_the_log_gives() {
    for (seed, batch) in [(81, 3_000), (82, 40)] {
        let database = Database::new().await;
        for part in story(seed).chunks(batch * 10) {
            database.append(part).await;
        }
        database.settle().await;
        let recount = projection_service::recount(&database.pool).await.unwrap();
        assert_eq!(recount.differences, []);
        assert!(recount.tickets > 200 && recount.figures > 5_000, "{recount:?}");
        for measure in Measure::ALL {
            let sql = format!("SELECT count(*) FROM stats_v3.days WHERE measure = '{}'", measure.as_str());
            assert!(database.number(&sql).await > 10, "{measure:?}");
        }
        assert_eq!(database.number("SELECT count(*) FROM stats_v3.days WHERE count <= 0").await, 0);
        database.assert_equal_to_the_log().await;
        database.drop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_figure_that_is_wrong_is_found() {
    let database = Database::new().await;
    database.append(&story(83)[..600]).await;
    database.settle().await;
    let change = async |sql: &str| {
        sqlx::query(sql).execute(&database.pool).await.unwrap();
        projection_service::recount(&database.pool).await.unwrap()
    };
    let one = "(SELECT ctid FROM stats_v3.days WHERE measure = 'in_status' ORDER BY day, key, part LIMIT 1)";
    let found = change(&format!("UPDATE stats_v3.days SET sum = sum + 1 WHERE ctid = {one}")).await;
    assert_eq!(found.differing, 1, "{found:?}");
    let [difference] = found.differences.as_slice() else { panic!("{found:?}") };
    let (kept, recounted) = (difference.kept.unwrap(), difference.recounted.unwrap());
    assert_eq!(kept.1, recounted.1 + 1);
    let one = "(SELECT ctid FROM stats_v3.facts WHERE measure = 'created' LIMIT 1)";
    let found = change(&format!("DELETE FROM stats_v3.facts WHERE ctid = {one}")).await;
    assert_eq!(found.differing, 2, "{found:?}");
    // One value in another bin: count and sum are right, and the percentiles that are told are not.
    let one =
        "(SELECT ctid FROM stats_v3.days WHERE measure = 'resolution' AND count = 1 AND sum > 60000 LIMIT 1)";
    let found = change(&format!("UPDATE stats_v3.days SET bins = '\\x0a02' WHERE ctid = {one}")).await;
    assert_eq!(found.differing, 3, "{found:?}");
    let one = "(SELECT f.ctid FROM stats_v3.facts AS f JOIN stats_v3.measured AS m USING (ticket_id) \
               WHERE NOT m.hidden AND measure = 'resolution' AND value > 60000 LIMIT 1)";
    let found = change(&format!("UPDATE stats_v3.facts SET bin = bin + 2 WHERE ctid = {one}")).await;
    assert_eq!(found.differing, 4, "{found:?}");
    database.drop().await;
}

/// How many sums of hours and quarters differ from what is counted, row by row.
const DIFFERING: &str = "SELECT count(*) FROM ( \
     SELECT tenant_id, m.minutes, measure, date_bin(m.minutes * interval '1 minute', at, 'epoch') AS at, part, \
            count(*) AS count, sum(value) AS sum \
     FROM read.stats_facts, (VALUES (60::int2), (15::int2)) AS m (minutes) GROUP BY 1, 2, 3, 4, 5) AS f \
     FULL JOIN stats_v3.hours AS h USING (tenant_id, minutes, measure, at, part) \
     WHERE f.count IS DISTINCT FROM h.count OR f.sum IS DISTINCT FROM h.sum";

#[tokio::test(flavor = "multi_thread")]
async fn hours_are_what_is_counted_in_them_and_their_number_does_not_grow() {
    let mut rows = Vec::new();
    for times in [1, 4] {
        let database = Database::new().await;
        for seed in 0..times {
            database.append(&history(90 + seed, 1_500, &["one"])).await;
        }
        database.settle().await;
        assert_eq!(database.number(DIFFERING).await, 0);
        // As many as there are hours, measures and parts of them, whatever happens in each.
        rows.push(
            database
                .number(
                    "SELECT max(n) FROM (SELECT count(*) AS n FROM stats_v3.hours GROUP BY minutes, at) AS h",
                )
                .await,
        );
        database.drop().await;
    }
    let bound = (Measure::ALL.len() * 8) as i64;
    assert!(rows.iter().all(|rows| *rows <= bound), "{rows:?}");
}
