use std::io::Write;
use std::path::Path;

use super::*;

const HEADER: &str = "number,incident_state,opened_by,opened_at,caller_id,sys_updated_by,sys_updated_at,\
                      contact_type,location,category,subcategory,u_symptom,cmdb_ci,impact,urgency,priority,\
                      assignment_group,assigned_to,closed_code";

fn row(number: &str, state: &str, at: &str) -> String {
    format!(
        "{number},{state},Opened by  8,29/2/2016 01:16,Caller 1,Updated by 2,{at},Phone,Location 1,Category 1,\
         Subcategory 1,?,?,2 - Medium,2 - Medium,3 - Moderate,Group 56,?,code 5"
    )
}

/// 2026-11-30.
fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_796_000_000, 0).unwrap()
}

fn read_file(path: &Path, given: &Given) -> Result<(Survey, Vec<Incident>), ReadError> {
    let settings = domain::tenant::profile("platform").unwrap();
    let survey = Survey::of(path, given, &ProgressBar::hidden())?;
    let mut read_so_far = Vec::new();
    read(&survey, &settings, now(), &ProgressBar::hidden(), |incident| {
        read_so_far.push(incident);
        true
    })?;
    Ok((survey, read_so_far))
}

fn read_bytes(bytes: &[u8], given: &Given) -> Result<(Survey, Vec<Incident>), String> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    read_file(file.path(), given).map_err(told)
}

/// With what caused it.
fn told(error: ReadError) -> String {
    let error: &dyn std::error::Error = &error;
    format!("{error}: {}", error.source().map(ToString::to_string).unwrap_or_default())
}

fn incidents(rows: &[String]) -> Vec<Incident> {
    let text = format!("{HEADER}\n{}\n", rows.join("\n"));
    read_bytes(text.as_bytes(), &Given::default()).unwrap().1
}

fn judged(incident: &Incident) -> Vec<&str> {
    incident.judgements.iter().map(|judgement| judgement.what.as_str()).collect()
}

fn refused(incident: &Incident) -> &str {
    incident.history.as_ref().unwrap_err()
}

#[test]
fn rows_of_a_number_are_one_incident() {
    let read = incidents(&[
        row("INC1", "New", "29/2/2016 01:23"),
        row("INC1", "Resolved", "29/2/2016 08:53"),
        row("INC2", "Active", "1/3/2016 10:00"),
    ]);
    assert_eq!(read.iter().map(|incident| incident.rows).collect::<Vec<_>>(), [2, 1]);
    let history = read[0].history.as_ref().unwrap();
    assert_eq!(history.opened_at.to_rfc3339(), "2016-02-29T01:16:00+00:00");
    assert_eq!(history.opening.subject, "Category 1 · Subcategory 1");
    assert_eq!(history.updates[0].state.resolution.as_deref(), Some("code 5"));
    assert_eq!(history.opening.state.resolution, None);
    assert_eq!(judged(&read[0]), [""; 0]);
}

#[test]
fn what_needs_judgement_is_named() {
    let read = incidents(&[
        row("INC1", "New", "29/2/2016 11:10"),
        row("INC1", "-100", "29/2/2016 11:52"),
        row("INC1", "Closed", "29/2/2016 12:00"),
        row("INC1", "Active", "29/2/2016 13:00"),
    ]);
    let judged = judged(&read[0]).join("\n");
    for part in ["state -100", "from New to Closed", "from Closed to Active"] {
        assert!(judged.contains(part), "{part}: {judged}");
    }
    let history = read[0].history.as_ref().unwrap();
    assert_eq!(history.updates[0].state.status, "new");
}

#[test]
fn what_counts_is_the_time_and_not_the_order_of_rows() {
    let read = incidents(&[
        row("INC1", "Resolved", "29/2/2016 11:10"),
        row("INC2", "New", "29/2/2016 10:00"),
        row("INC1", "New", "29/2/2016 09:52"),
        row("INC1", "Closed", "29/2/2016 11:10"),
    ]);
    let one = read.iter().find(|incident| incident.number == "INC1").unwrap();
    assert!(judged(one)[0].starts_with("out of time order"), "{:?}", judged(one));
    let history = one.history.as_ref().unwrap();
    assert_eq!(history.opening.state.status, "new");
    let updates: Vec<_> = history.updates.iter().map(|one| (one.row, one.state.status.as_str())).collect();
    assert_eq!(updates, [(1, "resolved"), (3, "closed")], "those of one time in the order of the file");
}

#[test]
fn where_updates_are_counted_in_the_order_of_rows_a_clock_that_contradicts_is_wrong() {
    let told = |rows: &[(&str, &str, &str)]| {
        let rows = rows.iter().map(|(state, at, count)| format!("{},{count}", row("INC1", state, at)));
        let text = format!("{HEADER},sys_mod_count\n{}\n", rows.collect::<Vec<_>>().join("\n"));
        read_bytes(text.as_bytes(), &Given::default()).unwrap().1.remove(0)
    };
    let states = |incident: &Incident| {
        let history = incident.history.as_ref().unwrap();
        let updates = history.updates.iter().map(|one| one.state.status.clone());
        std::iter::once(history.opening.state.status.clone()).chain(updates).collect::<Vec<_>>()
    };
    let (early, late, last) = ("29/2/2016 09:52", "29/2/2016 11:10", "29/2/2016 12:00");
    let counted = told(&[
        ("New", late, "1"),
        ("New", early, "1"),
        ("Resolved", "29/2/2016 11:03", "2"),
        ("Closed", last, "10"),
    ]);
    assert_eq!(states(&counted), ["new", "new", "resolved", "closed"]);
    assert!(judged(&counted).iter().all(|what| what.contains("sys_mod_count")), "{:?}", judged(&counted));
    let shuffled = told(&[("Closed", last, "3"), ("New", early, "1"), ("Resolved", late, "2")]);
    assert_eq!(states(&shuffled), ["new", "resolved", "closed"], "the count says no order of the rows");
    let wrong = told(&[("New", early, "0"), ("Closed", late, "many")]);
    assert!(refused(&wrong).starts_with("row 3, column sys_mod_count"), "{}", refused(&wrong));
}

#[test]
fn another_file_is_refused_by_the_column_it_lacks() {
    let error = read_bytes(b"number,state\nINC1,New\n", &Given::default()).unwrap_err();
    assert!(error.contains("it has no column opened_at"), "{error}");
    let error = read_bytes(b"", &Given::default()).unwrap_err();
    assert!(error.contains("it is empty"), "{error}");
    let twice = format!("{HEADER},priority\n");
    let error = read_bytes(twice.as_bytes(), &Given::default()).unwrap_err();
    assert!(error.contains("two columns priority"), "{error}");
}

#[test]
fn what_cannot_be_read_refuses_its_ticket_by_row_and_column() {
    let at = "29/2/2016 11:10";
    let moderate = row("INC1", "New", at);
    for (column, wrong) in [
        ("sys_updated_at", row("INC1", "New", "yesterday")),
        ("sys_updated_at", row("INC1", "New", "?")),
        ("sys_updated_at", row("INC1", "New", "1/1/2099 00:00")),
        ("opened_at", moderate.replace("29/2/2016 01:16", "30/2/2016 01:16")),
        ("incident_state", row("INC1", "Wandering", at)),
        ("incident_state", row("INC1", "-100", at)),
        ("priority", moderate.replace("3 - Moderate", "Urgentissimo")),
        ("caller_id", moderate.replace("Caller 1", &"x".repeat(256))),
        ("category", moderate.replace("Category 1", &"x".repeat(256))),
        ("subcategory", moderate.replace("Subcategory 1", &"x".repeat(600))),
        ("location", moderate.replace("Location 1", "L\u{1}")),
        ("location", moderate.replace("Location 1", &"x".repeat(70_000))),
    ] {
        let good = row("INC2", "New", at);
        let read = incidents(&[good.clone(), wrong.clone(), good.replace("INC2", "INC3")]);
        let one = read.iter().find(|incident| incident.number == "INC1").unwrap();
        let why = refused(one);
        assert!(why.starts_with("row 3") && why.contains(column), "{wrong}: {why}");
        assert!(read.iter().all(|other| other.number == "INC1" || other.history.is_ok()), "{wrong}");
    }
}

#[test]
fn which_of_day_and_month_comes_first_is_never_guessed() {
    let file = |opened: &str, updated: &[&str]| {
        let rows = updated.iter().map(|at| row("INC1", "New", at).replace("29/2/2016 01:16", opened));
        format!("{HEADER}\n{}\n", rows.collect::<Vec<_>>().join("\n"))
    };
    let opened = |text: &str, given: &Given| {
        let (_, read) = read_bytes(text.as_bytes(), given)?;
        read[0].history.as_ref().map(|history| history.opened_at.to_rfc3339()).map_err(Clone::clone)
    };
    let clear = file("03/04/2016 01:16", &["03/25/2016 09:00", "03/04/2016 09:00"]);
    let error = opened(&clear, &Given::default()).unwrap_err();
    assert!(error.contains("opened_at") && error.contains("--date-format"), "{error}");
    let named = |order| Given { date_format: Some(order), ..Given::default() };
    assert_eq!(opened(&clear, &named(Order::MonthDayYear)).unwrap(), "2016-03-04T01:16:00+00:00");
    let error = opened(&clear, &named(Order::DayMonthYear)).unwrap_err();
    assert!(error.contains("row 2") && error.contains("03/25/2016"), "{error}");
    let both = file("29/2/2016 01:16", &["03/25/2016 09:00", "25/03/2016 09:00"]);
    let error = opened(&both, &Given::default()).unwrap_err();
    assert!(error.contains("(row 2)") && error.contains("(row 3)"), "{error}");
    let same = file("03/03/2016 01:16", &["2016-03-04 09:00"]);
    assert!(opened(&same, &Given::default()).unwrap_err().contains("year first"));
}

#[test]
fn times_are_of_the_zone_that_is_named() {
    let given = Given { time_zone: "Europe/Berlin".parse().unwrap(), ..Given::default() };
    let text = format!("{HEADER}\n{}\n", row("INC1", "New", "29/2/2016 11:10"));
    let (_, read) = read_bytes(text.as_bytes(), &given).unwrap();
    assert_eq!(read[0].history.as_ref().unwrap().opened_at.to_rfc3339(), "2016-02-29T00:16:00+00:00");
}

#[test]
fn text_is_read_in_whatever_it_is_written_in() {
    let text =
        format!("{HEADER}\n{}\n", row("INC1", "New", "29/2/2016 11:10")).replace("Location 1", "Zürich");
    let wide: Vec<u8> =
        "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_be_bytes).collect();
    let latin: Vec<u8> = text.chars().map(|c| c as u8).collect();
    let marked = format!("\u{feff}{text}");
    for (bytes, name) in
        [(text.as_bytes(), "UTF-8"), (marked.as_bytes(), "UTF-8"), (&wide, "UTF-16BE"), (&latin, "Latin-1")]
    {
        let (survey, read) = read_bytes(bytes, &Given::default()).unwrap();
        assert_eq!(survey.encoding.to_string(), name);
        let fields = &read[0].history.as_ref().unwrap().opening.custom_fields;
        assert_eq!(fields["location"], "Zürich", "{name}");
    }
    // As UTF-8, because somebody says so: then what isn't is refused by name.
    let given = Given { encoding: Some(Encoding::UTF_8), ..Given::default() };
    let (_, read) = read_bytes(&latin, &given).unwrap();
    assert!(refused(&read[0]).starts_with("row 2: location: "), "{}", refused(&read[0]));
}

#[test]
fn separators_are_found_and_can_be_named() {
    let text = format!("{HEADER}\n{}\n", row("INC1", "New", "29/2/2016 11:10"));
    for (separator, named) in [(";", None), ("\t", None), ("|", Some(b'|'))] {
        let text = text.replace(',', separator);
        let given = Given { separator: named, ..Given::default() };
        let (_, read) = read_bytes(text.as_bytes(), &given).unwrap();
        assert!(read[0].history.is_ok(), "{separator:?}");
    }
    let error = read_bytes(text.replace(',', "|").as_bytes(), &Given::default()).unwrap_err();
    assert!(error.contains("separated by commas") && error.contains("--separator"), "{error}");
}

/// What the file `name` of the cases that were read wrongly is read as; `None` where they aren't there.
fn case(name: &str, date_format: Option<Order>) -> Option<Result<(Survey, Vec<Incident>), String>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/cases").join(name);
    if !path.exists() {
        eprintln!("skipped: ../shared/data/cases is not there");
        return None;
    }
    Some(read_file(&path, &Given { date_format, ..Given::default() }).map_err(told))
}

#[test]
fn files_as_people_have_them_are_read_or_refused_by_name() {
    for name in
        ["secs", "utf8", "utf16", "bom", "cp1252", "semicolon", "tabs", "nl", "crlf_nl", "short", "long600"]
    {
        let Some(read) = case(&format!("{name}.csv"), None) else { return };
        let error = read.unwrap_err();
        assert!(error.contains("05/03/2026") && error.contains("--date-format"), "{name}: {error}");
    }
    let day_first = |name: &str| case(&format!("{name}.csv"), Some(Order::DayMonthYear)).unwrap().unwrap();
    let fields = |name: &str| {
        let history = day_first(name).1.remove(0).history.unwrap_or_else(|why| panic!("{name}: {why}"));
        assert!(history.opened_at.to_rfc3339().starts_with("2026-03-05T09:00"), "{name}");
        (history.opening.state.category.unwrap(), history.opening.custom_fields)
    };
    let (category, custom) = fields("utf8");
    assert_eq!((category.as_str(), &custom["location"]), ("Drucker größer", &"Zürich".into()));
    assert_eq!(custom["symptom"], "プリンター");
    assert_eq!(fields("cp1252").0, "Preis 5 € – „dringend“");
    for name in ["secs", "utf16", "bom", "semicolon"] {
        fields(name);
    }
    for name in ["nl", "crlf_nl", "tabs"] {
        let (survey, read) = day_first(name);
        let history = read[0].history.as_ref().unwrap();
        let text = &history.opening.description;
        assert!(
            text.contains("Line one\n") || text.contains("Line one\r\n") || text.contains("Line\tone"),
            "{text:?}"
        );
        assert!(!history.opening.subject.contains(['\n', '\t']), "a subject is one line");
        assert_eq!(survey.rows, 1, "{name}");
    }
    let iso = case("iso.csv", None).unwrap().unwrap().1.remove(0).history.unwrap();
    assert_eq!(iso.updates[0].at.to_rfc3339(), "2026-03-05T11:30:00+00:00");
    let us = case("us.csv", None).unwrap().unwrap().1;
    let opened: Vec<_> = us.iter().map(|one| one.history.as_ref().unwrap().opened_at.to_rfc3339()).collect();
    assert_eq!(
        opened,
        ["2026-03-25T09:00:00+00:00", "2026-03-05T09:00:00+00:00", "2026-05-03T09:00:00+00:00"]
    );
    let dash = case("dash_us.csv", None).unwrap().unwrap().1.remove(0).history.unwrap();
    assert_eq!(dash.opened_at.to_rfc3339(), "2025-03-17T06:04:00+00:00");
    let short = day_first("short").1;
    assert!(refused(&short[0]).starts_with("row 2: it ends after 6 of 19 cells: sys_updated_at"));
    assert!(short[1].history.is_ok());
    let long = day_first("long600").1;
    for part in ["row 2", "u_symptom", "600", "500"] {
        assert!(refused(&long[0]).contains(part), "{part}: {}", refused(&long[0]));
    }
    let error = case("unclosed.csv", None).unwrap().unwrap_err();
    assert!(error.contains("row 2") && error.contains("column category is never closed"), "{error}");
    assert!(refused(&day_first("future").1[0]).contains("lies in the future"));
    let (survey, read) = day_first("blank");
    assert_eq!((survey.blank, read.len()), (1, 1));
    let (survey, read) = day_first("headonly");
    assert!(read.is_empty() && survey.to_string().contains("no rows below the head"), "{survey}");
}

/// Hostile files: their size, and how they go on. Work and what is held stay within a constant times the size.
#[test]
fn work_grows_with_the_file_and_not_faster() {
    let head = format!("{HEADER}\n");
    let good = row("INC1", "New", "29/2/2016 11:10");
    let cell = |text: String| format!("{head}{}\n", good.replace("Location 1", &text));
    let hostile: [(&str, &dyn Fn(usize) -> String); 7] = [
        ("rows of one incident", &|n| head.clone() + &format!("{good}\n").repeat(n / 100)),
        ("incidents that don't stand together", &|n| {
            let rows = (0..n / 100)
                .map(|row| good.replace("INC1", &format!("INC{}", row % (n / 200))))
                .collect::<Vec<_>>();
            head.clone() + &rows.join("\n")
        }),
        ("quotes", &|n| cell(format!("\"{}\"", "\"\"".repeat(n / 2)))),
        ("cells", &|n| format!("{head}{}\n", ",".repeat(n))),
        ("blank rows", &|n| head.clone() + &"\r\n".repeat(n / 2)),
        ("line breaks in a cell", &|n| cell(format!("\"{}\"", "\n".repeat(n)))),
        ("a number of digits", &|n| format!("{head}{}\n", good.replace("29/2/2016 11:10", &"1".repeat(n)))),
    ];
    for (name, file) in hostile {
        let took = |n: usize| {
            let text = file(n);
            let least = (0..3).map(|_| {
                let began = std::time::Instant::now();
                let _ = read_bytes(text.as_bytes(), &Given::default());
                began.elapsed()
            });
            least.min().unwrap_or_default()
        };
        let (once, four_times) = (took(200_000), took(800_000));
        let bound = once * 16 + std::time::Duration::from_millis(200);
        assert!(four_times < bound, "{name}: {once:?} for n, {four_times:?} for 4n");
    }
}
