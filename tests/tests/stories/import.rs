//! A year of a real service desk. The file is Amaral, Fantinato, Peres: "Incident management process
//! enriched event log", UCI Machine Learning Repository, 2018, DOI 10.24432/C57S4H, CC BY 4.0.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use docket_tests::{Docket, docket_binary, eventually, signal};
use sqlx::Row;

fn file() -> Option<PathBuf> {
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/incident_event_log.csv.gz");
    let found = shared.exists().then_some(shared);
    if found.is_none() {
        eprintln!("skipped: ../shared/data/incident_event_log.csv.gz is not there");
    }
    found
}

async fn number(docket: &Docket, sql: &str) -> i64 {
    let pool = docket.postgres().await;
    sqlx::query(sql).fetch_one(&pool).await.expect("an answer").get(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_year_comes_in_whole_though_killed_half_way() {
    let Some(file) = file() else { return };
    let docket = Docket::up().await;
    docket.run_ok(&["tenant", "create", "desk"]);
    let path = file.to_str().expect("a path");

    // Killed half-way.
    let mut half = Command::new(docket_binary())
        .args(["import", "servicenow", path, "--tenant", "desk", "--data-dir"])
        .arg(docket.data_dir())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("docket runs");
    eventually("half of it is in the log", || {
        let head = docket.status()["log"]["head"].as_i64();
        let ended = half.try_wait().expect("its state").is_some();
        async move { (head? > 40_000 || ended).then_some(()) }
    })
    .await;
    signal(half.id(), "KILL");
    half.wait().expect("it ends");

    let report = docket.run_ok(&["import", "servicenow", path, "--tenant", "desk"]);
    for named in ["-100", "order", "Closed to Active"] {
        assert!(report.contains(named), "the report tells of {named}: {report}");
    }
    let head = docket.settled().await;
    docket.run_ok(&["import", "servicenow", path, "--tenant", "desk"]);
    assert_eq!(docket.settled().await, head, "a second run adds nothing");

    let raised =
        "SELECT count(*) FROM events WHERE event_type IN ('SlaWarned', 'SlaBreached', 'TicketEscalated')";
    assert_eq!(number(&docket, raised).await, 0, "all clocks had stopped before the import");
    let missed = "SELECT count(*) FROM read.sla_outcomes WHERE missed";
    assert!(number(&docket, missed).await > 1_000, "their misses stand");

    let tickets = "SELECT count(*) FROM read.tickets WHERE number LIKE 'INC%'";
    assert_eq!(number(&docket, tickets).await, 24_918);
    assert_eq!(number(&docket, &format!("{tickets} AND status_category = 'closed'")).await, 24_918);
    for (rank, count) in [270, 408, 23_466, 774].into_iter().enumerate() {
        let sql = format!(
            "SELECT count(*) FROM read.tickets t WHERE number LIKE 'INC%' AND priority_rank = \
             (SELECT DISTINCT priority_rank FROM read.tickets ORDER BY 1 OFFSET {rank} LIMIT 1)"
        );
        assert_eq!(number(&docket, &sql).await, count, "priority {rank}");
    }
    assert_eq!(number(&docket, &format!("{tickets} AND reopen_count > 0")).await, 275);
    assert_eq!(number(&docket, "SELECT sum(reopen_count)::bigint FROM read.tickets").await, 331);
    for (what, count) in
        [("type = 'priority_changed'", 436), ("field = 'team'", 23_321), ("field = 'agent'", 14_006)]
    {
        let sql = format!("SELECT count(*) FROM read.activity WHERE {what}");
        assert_eq!(number(&docket, &sql).await, count, "{what}");
    }
    let pool = docket.postgres().await;
    let times = "SELECT min(occurred_at)::date::text, max(occurred_at)::date::text FROM read.activity \
                 WHERE ticket_id IS NOT NULL";
    let row = sqlx::query(times).fetch_one(&pool).await.expect("the times");
    assert_eq!(
        (row.get::<String, _>(0), row.get::<String, _>(1)),
        ("2016-02-29".into(), "2017-02-18".into())
    );
    crate::stats::agree_with_the_file(&docket, "desk", &file).await;
    crate::sla::clocks_agree_with_the_file(&docket, "desk", &file).await;
}
