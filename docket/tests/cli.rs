//! The `docket` command as people and scripts use it.

#[path = "cli/first.rs"]
mod first;
#[path = "cli/running.rs"]
mod running;

use std::process::Command;

use first::{first_up, passable};
use running::{BINARY, Running, eventually};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn starts_serves_stops_and_keeps_what_it_had() {
    let mut docket = Running::up().await;
    let status = docket.status();
    assert!(status["url"].as_str().unwrap().starts_with("http://127.0.0.1:"));
    assert!(status["postgres"]["pid"].is_u64() && status["nats"]["pid"].is_u64(), "{status}");
    assert_eq!(status["parked"], 0);
    let names: Vec<_> = status["projections"].as_array().unwrap().iter().map(|each| &each["name"]).collect();
    assert!(!names.is_empty() && names.iter().all(|name| name.is_string()), "{status}");
    assert!(docket.printed().contains("#token="), "{}", docket.printed());

    let other = docket.fails(&["up", "--port", "0"]);
    assert!(other.contains("another `docket up` runs"), "{other}");

    let id = docket.prints(&["tenant", "create", "desk", "--profile", "saas"]);
    assert_eq!(id, docket.prints(&["tenant", "create", "desk", "--profile", "saas"]));
    let opened = docket.open("desk", "The lift stands still").await;
    assert_eq!(opened["version"], 1);
    let number = opened["number"].as_str().unwrap().to_owned();

    let replayed: Value =
        serde_json::from_str(&docket.prints(&["replay", &number, "--tenant", "desk"])).unwrap();
    assert_eq!(replayed["id"], opened["id"]);
    assert_eq!(replayed["events"][0]["type"], "TicketOpened");
    let before = docket.fails(&["replay", &number, "--tenant", "desk", "--as-of", "2001-01-01T00:00:00Z"]);
    assert!(before.contains("not opened yet"), "{before}");

    let head = docket.status()["log"]["head"].clone();
    assert!(docket.interrupt().await.success());
    let stopped = docket.fails(&["status"]);
    assert!(stopped.contains("docket up"), "{stopped}");

    docket.up_again().await;
    assert_eq!(docket.status()["log"]["head"], head);
    assert_eq!(docket.ticket("desk", &number).await["id"], opened["id"]);
    assert_eq!(docket.prints(&["parked", "list"]), "nothing is parked");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_engine_is_started_again_and_work_goes_on() {
    let docket = Running::up().await;
    docket.open("default", "Before").await;
    for engine in ["nats", "postgres"] {
        let pid = docket.status()[engine]["pid"].clone();
        running::signal(pid.as_u64().unwrap(), "KILL");
        eventually(&format!("{engine} runs again"), || async {
            let status = docket.try_status()?;
            (status[engine]["pid"].is_u64() && status[engine]["pid"] != pid).then_some(())
        })
        .await;
        eventually("commands are taken again", || docket.try_open("default", "After")).await;
        assert!(docket.printed().contains("an engine ended by itself"), "{}", docket.printed());
    }
    eventually("read models and relay are at the head", || async { docket.is_settled().then_some(()) }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_by_force_it_starts_again_with_what_it_answered() {
    let mut docket = Running::up().await;
    let opened = docket.open("default", "Acknowledged").await;
    let number = opened["number"].as_str().unwrap().to_owned();
    docket.kill().await;
    docket.up_again().await;
    assert_eq!(docket.ticket("default", &number).await["id"], opened["id"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_are_made_while_nothing_runs_and_for_tenants_that_are_there_alone() {
    let mut docket = Running::up().await;
    let refused = docket.fails(&["token", "--tenant", "nowhere", "--role", "customer", "--sub", "a"]);
    assert!(refused.contains("docket tenant create nowhere"), "{refused}");
    let refused = docket.fails(&["token", "--tenant", "default", "--role", "king", "--sub", "a"]);
    assert!(refused.contains("support_agent"), "{refused}");
    assert!(docket.interrupt().await.success());
    let token = docket.prints(&["token", "--tenant", "default", "--role", "customer", "--sub", "a"]);
    assert_eq!(token.split('.').count(), 3, "{token}");
    let refused = docket.fails(&["token", "--tenant", "nowhere", "--role", "customer", "--sub", "a"]);
    assert!(refused.contains("docket tenant create nowhere"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn history_and_demo_come_in_once_however_often_they_are_told() {
    // What is overdue in the demo would be raised between two looks at the log's head.
    let docket = Running::up_with(&[("DOCKET_TIMERS", "off")]).await;
    let file = docket.dir().join("incidents.csv");
    std::fs::write(&file, include_str!("cli/incidents.csv")).unwrap();
    let import = ["import", "servicenow", file.to_str().unwrap()];
    let report = docket.prints(&import);
    assert!(report.contains("2 tickets added") && report.contains("from Closed to Active"), "{report}");
    let ticket = docket.ticket("default", "INC0000002").await;
    assert_eq!(ticket["status"], "closed", "{ticket}");
    assert_eq!(ticket["reopen_count"], 1, "{ticket}");
    docket.prints(&["demo", "--tickets", "40", "--seed", "7"]);
    let head = docket.status()["log"]["head"].clone();
    assert!(head.as_i64().unwrap() > 100, "{head}");

    let report = docket.prints(&import);
    assert!(report.contains("0 tickets added"), "{report}");
    docket.prints(&["demo", "--tickets", "40", "--seed", "7"]);
    assert_eq!(docket.status()["log"]["head"], head);

    // The file has grown, by an update of its last incident.
    let rows = include_str!("cli/incidents.csv");
    let last = rows.lines().last().unwrap();
    let more = last.replace(",Closed,", ",Active,").replace("8/3/2016", "9/3/2016");
    std::fs::write(&file, format!("{rows}{more}\n")).unwrap();
    let report = docket.prints(&import);
    assert!(report.contains("1 tickets added with 1 events, 1 were there"), "{report}");
    assert_eq!(docket.ticket("default", "INC0000002").await["reopen_count"], 2);
    let head = docket.status()["log"]["head"].clone();

    docket.prints(&["relay", "reset"]);
    eventually("the stream was built anew", || async {
        let status = docket.try_status()?;
        (status["relay"]["epoch"].as_i64()? > 1 && docket.is_settled()).then_some(())
    })
    .await;
    let rebuilt = docket.prints(&["rebuild", docket.status()["projections"][0]["name"].as_str().unwrap()]);
    assert!(rebuilt.contains(&format!("up to position {head}")), "{rebuilt}");
}

#[test]
fn wrong_usage_is_two_and_failure_is_one_line_and_one() {
    let dir = tempfile::tempdir().unwrap();
    let run = |args: &[&str]| Command::new(BINARY).args(args).current_dir(dir.path()).output().unwrap();
    assert_eq!(run(&["fly"]).status.code(), Some(2));
    assert_eq!(run(&["token"]).status.code(), Some(2));
    let failed = run(&["status"]);
    assert_eq!(failed.status.code(), Some(1));
    assert_eq!(String::from_utf8(failed.stderr).unwrap().lines().count(), 1);
    assert!(failed.stdout.is_empty());

    std::fs::write(dir.path().join("docket.toml"), "prot = 80\n").unwrap();
    let failed = run(&["status"]);
    assert_eq!(failed.status.code(), Some(1));
    let line = String::from_utf8(failed.stderr).unwrap();
    assert!(line.contains("`prot`"), "{line}");
    assert_eq!(json!(line.lines().count()), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn history_goes_on_where_a_breach_was_raised_meanwhile() {
    let docket = Running::up().await;
    let file = docket.dir().join("incidents.csv");
    let rows: Vec<&str> = include_str!("cli/incidents.csv").lines().collect();
    let import = ["import", "servicenow", file.to_str().unwrap()];
    std::fs::write(&file, rows[..2].join("\n")).unwrap();
    docket.prints(&import);
    eventually("an open ticket of long ago is overdue", || async {
        let ticket = docket.ticket("default", "INC0000001").await;
        (ticket["sla"]["state"] == "resolution_breached").then_some(())
    })
    .await;
    std::fs::write(&file, rows[..4].join("\n")).unwrap();
    let report = docket.prints(&import);
    assert!(!report.contains("went on here"), "{report}");
    let ticket = eventually("its history goes on", || async {
        let ticket = docket.ticket("default", "INC0000001").await;
        (ticket["status"] == "closed").then_some(ticket)
    })
    .await;
    assert_eq!(ticket["sla"]["state"], "missed", "{ticket}");
}

/// What an operator's Postgres is asked, as somebody.
fn psql(url: &str, statement: &str) -> Result<String, String> {
    let output = Command::new("psql").args([url, "-XAtqc", statement]).output();
    let output = output.map_err(|error| error.to_string())?;
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).trim().to_owned();
    if output.status.success() { Ok(text(output.stdout)) } else { Err(text(output.stderr)) }
}

#[tokio::test(flavor = "multi_thread")]
async fn services_log_in_as_roles_that_own_nothing() {
    let mut docket = Running::up().await;
    let opened = docket.open("default", "For ever").await;
    docket.ticket("default", opened["number"].as_str().unwrap()).await;
    let owner = docket.status()["postgres"]["url"].as_str().unwrap().to_owned();
    // Who is logged in now, but for those who ask here.
    let sessions = "SELECT DISTINCT usename FROM pg_stat_activity WHERE datname = 'docket' \
                    AND pid <> pg_backend_pid() AND usename = 'docket'";
    // The command that told the status logs in as the owner, and its farewell takes a moment.
    eventually("the owner serves nobody", || async {
        (psql(&owner, sessions) == Ok(String::new())).then_some(())
    })
    .await;
    let serving = psql(&owner, &sessions.replace("usename = 'docket'", "usename LIKE 'docket\\_%'")).unwrap();
    assert_eq!(serving.lines().count(), 3, "{serving}");
    let logins: Value =
        serde_json::from_slice(&std::fs::read(docket.dir().join("data/logins.json")).unwrap()).unwrap();
    for (role, login) in
        ["docket_command", "docket_projection", "docket_query"].iter().zip(logins.as_array().unwrap())
    {
        let (user, password) = (login["user"].as_str().unwrap(), login["password"].as_str().unwrap());
        assert!(serving.contains(user), "{user}: {serving}");
        let (_, server) = owner.split_once('@').unwrap();
        let url = format!("postgres://{user}:{password}@{server}");
        assert_eq!(psql(&url, "SELECT current_user").as_deref(), Ok(user));
        for statement in [
            "SET ROLE docket",
            "SET ROLE docket; ALTER TABLE events DISABLE TRIGGER ALL",
            "DELETE FROM events",
            "ALTER TABLE events DISABLE TRIGGER ALL",
            "DELETE FROM idempotency_keys",
        ] {
            let error = psql(&url, statement).unwrap_err();
            assert!(
                error.contains("permission denied") || error.contains("must be owner"),
                "{role}: {error}"
            );
        }
    }
    // One that was made before there were logins comes up with them, and so does one whose logins were lost.
    assert!(docket.interrupt().await.success());
    std::fs::remove_file(docket.dir().join("data/logins.json")).unwrap();
    docket.up_again().await;
    docket.open("default", "As before").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_server_of_ones_own_logins_are_made_or_named_and_too_much_is_refused() {
    let engines = Running::up_with(&[("DOCKET_PROJECTIONS", "off")]).await;
    let status = engines.status();
    let [owner, nats] = ["postgres", "nats"].map(|name| status[name]["url"].as_str().unwrap().to_owned());
    let roles = ["command", "projection", "query"];
    for role in roles {
        let made = format!("CREATE ROLE own_{role} LOGIN PASSWORD 'x' IN ROLE docket_{role}");
        psql(&owner, &made).unwrap();
    }
    psql(&owner, "CREATE ROLE owner_too LOGIN PASSWORD 'x' IN ROLE docket_query, docket").unwrap();
    psql(&owner, "CREATE ROLE other_too LOGIN PASSWORD 'x' IN ROLE docket_query, docket_command").unwrap();
    psql(&owner, "CREATE ROLE nobody LOGIN PASSWORD 'x'").unwrap();
    let (_, server) = owner.split_once('@').unwrap();
    let url = |user: &str| format!("postgres://{user}:x@{server}");
    let dir = tempfile::tempdir().unwrap();
    let up = |query: &str| {
        let mut command = Command::new(BINARY);
        command.args(["up", "--port", "0", "--database-url", &owner, "--nats-url", &nats, "--data-dir"]);
        command.arg(dir.path().join("data")).arg("--command-database-url").arg(url("own_command"));
        command
            .arg("--projection-database-url")
            .arg(url("own_projection"))
            .arg("--query-database-url")
            .arg(query);
        command
    };
    for (query, why) in [
        (owner.clone(), "is a superuser"),
        (url("owner_too"), "may become docket, who is a superuser"),
        (url("other_too"), "may become docket_command, who is the role of another service"),
        (url("own_projection"), "may become docket_projection"),
        (url("nobody"), "may not become docket_query"),
        (url("missing"), "does not get into the database"),
    ] {
        let output = up(&query).output().unwrap();
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && error.contains(why), "{query}: {error}");
    }
    let mut right = up(&url("own_query"))
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let serving = "SELECT count(DISTINCT usename) >= 2 FROM pg_stat_activity WHERE usename LIKE 'own\\_%'";
    eventually("the named ones serve", || async {
        (psql(&owner, serving).as_deref() == Ok("t")).then_some(())
    })
    .await;
    running::signal(right.id(), "TERM");
    right.wait().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn with_an_issuer_of_its_own_the_development_issuer_is_not_trusted() {
    let keys = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(keys.path(), r#"{"keys":[]}"#).unwrap();
    let keys = keys.path().to_str().unwrap().to_owned();
    let env = |development: &'static str| -> &'static [(&'static str, &'static str)] {
        let keys: &'static str = keys.clone().leak();
        vec![
            ("DOCKET_OIDC_ISSUER", "https://id.example"),
            ("DOCKET_OIDC_KEYS", keys),
            ("DOCKET_DEVELOPMENT_TOKENS", development),
        ]
        .leak()
    };
    let mut docket = Running::up().await;
    let token = docket.prints(&[
        "token",
        "--tenant",
        "default",
        "--role",
        "platform_admin",
        "--sub",
        "eve",
        "--ttl",
        "1d",
    ]);
    let answers = async |docket: &Running| {
        let url = docket.status()["url"].as_str().unwrap().to_owned();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        http.get(format!("{url}/v1/tickets")).bearer_auth(&token).send().await.unwrap().status().as_u16()
    };
    assert_eq!(answers(&docket).await, 200);
    assert!(docket.interrupt().await.success());
    let printed = docket.printed().len();

    docket.set_env(env(""));
    docket.up_again().await;
    assert_eq!(answers(&docket).await, 401, "its key was trusted a moment ago");
    assert!(!docket.printed()[printed..].contains("eyJ"), "no token is printed or logged");
    let refused = docket.fails(&["token", "--tenant", "default", "--role", "customer", "--sub", "carla"]);
    assert!(refused.contains("--development-tokens"), "{refused}");
    // What an operator does here needs no token.
    docket.prints(&["demo", "--tickets", "2"]);
    assert!(docket.interrupt().await.success());

    docket.set_env(env("true"));
    docket.up_again().await;
    assert_eq!(answers(&docket).await, 200);
    assert!(!docket.printed()[printed..].contains("eyJ"), "nobody reads here");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_file_of_the_data_directory_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let mut docket = Running::up().await;
    docket.prints(&["tenant", "create", "desk"]);
    assert!(docket.interrupt().await.success());
    let data = docket.dir().join("data");
    let set = |path: &std::path::Path, mode| {
        std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
    };
    let token = ["token", "--tenant", "desk", "--role", "customer", "--sub", "carla"];
    // What Docket keeps itself: the engines look after theirs.
    let mut folders = vec![data.clone()];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            let name = entry.file_name().unwrap().to_string_lossy().into_owned();
            if ["postgres", "jetstream", "logs", "tenants"].contains(&name.as_str()) {
                continue;
            }
            if entry.is_dir() { folders.push(entry) } else { files.push((entry, name)) }
        }
    }
    assert!(files.len() > 6, "{files:?}");
    for (file, name) in files {
        let before = std::fs::metadata(&file).unwrap().permissions().mode();
        set(&file, 0o666);
        let refused = docket.fails(&token);
        assert!(refused.contains(&name) && refused.contains("chmod"), "{name}: {refused}");
        set(&file, 0o644);
        let is_public = name == "jwks.json"
            || file.extension().is_some_and(|kind| kind == "lock" || kind == "pid")
            || name == "lock";
        if is_public {
            docket.prints(&token);
        } else {
            assert!(docket.fails(&token).contains("others can read"), "{name}");
        }
        set(&file, before & 0o777);
    }
    let before = std::fs::metadata(&data).unwrap().permissions().mode();
    set(&data, 0o777);
    assert!(docket.fails(&token).contains("chmod go-w"));
    assert!(docket.fails(&["up", "--port", "0"]).contains("chmod go-w"));
    set(&data, before & 0o777);
    docket.prints(&token);
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_in_the_first_set_up_ends_it_in_order() {
    use std::os::unix::process::CommandExt;
    let dir = passable();
    // Neither does it end by itself, nor by the terminal's own Ctrl-C, which goes to a whole group.
    let initdb = "mkdir \"$last\" && echo $$ > \"$last/pid.new\" && mv \"$last/pid.new\" \"$last/pid\" && exec sleep 600";
    let child = first_up(dir.path(), initdb)
        .process_group(0)
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let noted = dir.path().join("data/postgres/data.new/pid");
    let pid = eventually("initdb runs", || async { std::fs::read_to_string(&noted).ok() }).await;
    let process = std::path::PathBuf::from(format!("/proc/{}", pid.trim()));
    assert!(process.exists());
    let group = format!("-{}", child.id());
    assert!(Command::new("kill").args(["-INT", "--", &group]).status().unwrap().success());
    let output = tokio::task::spawn_blocking(|| child.wait_with_output()).await.unwrap().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(!said.contains("failed"), "{said}");
    assert!(!process.exists(), "initdb is left behind");
}

#[test]
fn an_initdb_that_fails_is_told_with_what_it_said_or_how_it_ended() {
    for (initdb, told) in [
        ("echo 'no room' >&2; exit 1", "initdb failed: no room"),
        ("exit 3", "exit status: 3"),
        ("kill -9 $$", "signal: 9"),
    ] {
        let dir = passable();
        let output = first_up(dir.path(), initdb).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains(told), "{initdb}: {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_who_leaves_is_no_failure() {
    let docket = Running::up().await;
    let data = docket.dir().join("data");
    for args in [
        &["status", "--json"][..],
        &["status"],
        &["token", "--tenant", "default", "--role", "support_agent", "--sub", "a"],
        &["tenant", "create", "desk"],
        &["consumer", "list"],
        &["parked", "list"],
        &["stats", "verify"],
        &["demo", "--tickets", "1"],
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = Command::new(BINARY);
        command.args(args).arg("--data-dir").arg(&data).stdout(writer);
        let output =
            command.stderr(std::process::Stdio::piped()).spawn().unwrap().wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{args:?}: {said}");
        assert!(!said.contains("panicked") && !said.contains("docket:"), "{args:?}: {said}");
    }
}

#[test]
fn a_file_for_the_data_directory_is_told_with_what_to_do() {
    let dir = passable();
    let file = dir.path().join("f");
    std::fs::write(&file, "").unwrap();
    for command in ["up", "status"] {
        let output = Command::new(BINARY).args([command, "--data-dir"]).arg(&file).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains("is no directory") && said.contains("--data-dir"), "{said}");
    }
}
