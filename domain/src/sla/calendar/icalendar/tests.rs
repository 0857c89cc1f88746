use std::path::Path;

use super::*;

fn until() -> NaiveDate {
    NaiveDate::from_ymd_opt(2030, 12, 31).unwrap()
}

fn read(text: &str) -> Result<Imported, ImportError> {
    holidays(text, until(), &|| false)
}

fn file(events: &[&str]) -> String {
    let event = |event: &&str| format!("BEGIN:VEVENT\r\n{event}\r\nEND:VEVENT\r\n");
    let events: String = events.iter().map(event).collect();
    format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y//EN\r\n{events}END:VCALENDAR\r\n")
}

fn dates(text: &str) -> String {
    let read = read(text).unwrap();
    assert_eq!(read.left_out, [], "{text}");
    let dates: Vec<_> = read.holidays.into_iter().map(|holiday| holiday.date).collect();
    dates.join(" ")
}

/// What is said of the events, as `code event`.
fn said(notes: &[Note]) -> Vec<String> {
    notes.iter().map(|note| format!("{} {}", note.code, note.event)).collect()
}

#[test]
fn whole_days_are_holidays() {
    let good_friday = "SUMMARY:Good Friday\r\nDTSTART;VALUE=DATE:20260403\r\nDTEND;VALUE=DATE:20260404";
    let between =
        "SUMMARY:Between\r\n  the\\, years\r\nDTSTART;VALUE=DATE:20261230\r\nDTEND;VALUE=DATE:20270102";
    let cancelled = "SUMMARY:Gone\r\nSTATUS:CANCELLED\r\nDTSTART;VALUE=DATE:20260601";
    let read = read(&file(&[good_friday, good_friday, between, cancelled])).unwrap();
    let found: Vec<_> =
        read.holidays.iter().map(|day| (day.date.as_str(), day.name.as_deref().unwrap())).collect();
    assert_eq!(
        found,
        [
            ("2026-04-03", "Good Friday"),
            ("2026-12-30", "Between the, years"),
            ("2026-12-31", "Between the, years"),
            ("2027-01-01", "Between the, years"),
        ]
    );
}

#[test]
fn an_event_lasts_as_long_as_it_says() {
    for (event, expected) in [
        ("DTSTART;VALUE=DATE:20260217\r\nDURATION:P3D", "2026-02-17 2026-02-18 2026-02-19"),
        ("DTSTART;VALUE=DATE:20260217\r\nDURATION:PT48H", "2026-02-17 2026-02-18"),
        ("DTSTART;VALUE=DATE:20260217\r\nDURATION:P1DT0H0M0S\r\nDTEND;VALUE=DATE:20260218", "2026-02-17"),
        ("DTSTART;VALUE=DATE:20260217\r\nDTEND;VALUE=DATE:20260217", "2026-02-17"),
        ("DTSTART;VALUE=DATE:20260217\r\nDURATION:P0D", "2026-02-17"),
        ("DTSTART:20260217", "2026-02-17"),
        (
            "DTSTART;TZID=Europe/Berlin:20260217T000000\r\nDTEND;TZID=Europe/Berlin:20260219T000000",
            "2026-02-17 2026-02-18",
        ),
        ("DTSTART:20260217T000000\r\nX-MICROSOFT-CDO-ALLDAYEVENT:TRUE", "2026-02-17"),
        (
            "BEGIN:VALARM\r\nDTSTART;VALUE=DATE:20200101\r\nDURATION:P9D\r\nEND:VALARM\r\nDTSTART;VALUE=DATE:20260217",
            "2026-02-17",
        ),
    ] {
        assert_eq!(dates(&file(&[event])), expected, "{event}");
    }
}

#[test]
fn series_have_their_dates_and_no_others() {
    let once = "DTSTART;VALUE=DATE:20260217\r\nRRULE:FREQ=YEARLY;COUNT=1";
    assert_eq!(dates(&file(&[once])), "2026-02-17");
    // From its first year on, up to the last date that was asked for.
    let open = "DTSTART;VALUE=DATE:20270217\r\nRRULE:FREQ=YEARLY";
    assert_eq!(dates(&file(&[open])), "2027-02-17 2028-02-17 2029-02-17 2030-02-17");
    assert_eq!(said(&read(&file(&[open])).unwrap().notes), ["no_end an event without a name"]);
    // One that was there before any ticket was is each year's.
    assert_eq!(dates(&file(&["DTSTART;VALUE=DATE:19700101\r\nRRULE:FREQ=YEARLY"])), "01-01");
    let without = "UID:s\r\nDTSTART;VALUE=DATE:20260105\r\nRRULE:FREQ=WEEKLY;COUNT=4\r\nEXDATE;VALUE=DATE:20260112,20260119\r\nRDATE;VALUE=DATE:20260301";
    assert_eq!(dates(&file(&[without])), "2026-01-05 2026-01-26 2026-03-01");
    let moved = "UID:s\r\nRECURRENCE-ID;VALUE=DATE:20260126\r\nDTSTART;VALUE=DATE:20260127";
    let gone =
        "UID:s\r\nRECURRENCE-ID;VALUE=DATE:20260301\r\nSTATUS:CANCELLED\r\nDTSTART;VALUE=DATE:20260301";
    assert_eq!(dates(&file(&[moved, without, gone])), "2026-01-05 2026-01-27");
    let pairs = "DTSTART;VALUE=DATE:20261224\r\nDTEND;VALUE=DATE:20261226\r\nRRULE:FREQ=YEARLY;COUNT=2";
    assert_eq!(dates(&file(&[pairs])), "2026-12-24 2026-12-25 2027-12-24 2027-12-25");
    let weekdays =
        "DTSTART;VALUE=DATE:20260101\r\nRRULE:FREQ=YEARLY;UNTIL=20291231\r\nEXRULE:FREQ=YEARLY;INTERVAL=2";
    assert_eq!(dates(&file(&[weekdays])), "2027-01-01 2029-01-01");
}

#[test]
fn files_come_in_every_form() {
    let event =
        |date: &str, end: &str| format!("BEGIN:VEVENT{end}DTSTART;VALUE=DATE:{date}{end}END:VEVENT{end}");
    let mixed = event("20260216", "\r\n") + &event("20260217", "\n") + &event("20260218", "\r");
    assert_eq!(
        dates(&format!("BEGIN:VCALENDAR\r\n{mixed}END:VCALENDAR")),
        "2026-02-16 2026-02-17 2026-02-18"
    );
    let whole = file(&["DTSTART;VALUE=DATE:20260217"]);
    assert_eq!(dates(&format!("\u{feff}{whole}")), "2026-02-17");
    assert_eq!(dates(&(whole.clone() + &file(&["DTSTART;VALUE=DATE:20260218"]))), "2026-02-17 2026-02-18");
    assert_eq!(dates(&whole.to_lowercase().replace("value=date", "Value=Date")), "2026-02-17");
    assert_eq!(dates(&whole.replace("DTSTART;VALUE=DATE", "DTSTART;VALU\r\n E=DATE")), "2026-02-17");
    // A description that isn't folded is nothing to dates.
    assert_eq!(dates(&file(&["DTSTART;VALUE=DATE:20260217\r\nDESCRIPTION:a\r\nof two lines"])), "2026-02-17");
}

#[test]
fn what_is_not_understood_is_named() {
    for (event, expected) in [
        ("DTSTART:20261224T140000Z", "timed x"),
        ("DTSTART;TZID=Europe/Berlin:20260218T120000\r\nDTEND;TZID=Europe/Berlin:20260218T180000", "timed x"),
        ("DTSTART:20260218T000000\r\nDTEND:20260218T120000", "timed x"),
        ("DTSTART;VALUE=DATE:20260218\r\nDURATION:PT12H", "timed x"),
        ("DESCRIPTION:none", "no_date x"),
        ("DTSTART;VALUE=DATE:20260405\r\nDTEND;VALUE=DATE:20260401", "length x"),
        ("DTSTART;VALUE=DATE:20260405\r\nDTEND;VALUE=DATE:20280405", "length x"),
        ("DTSTART;VALUE=DATE:20260405\r\nDTEND;VALUE=DATE:20260406\r\nDURATION:P3D", "length x"),
        ("DTSTART;VALUE=DATE:20260230", "unreadable x"),
        ("DTSTART;VALUE=DATE:2026-02-17", "unreadable x"),
        ("DTSTART20260217", "unreadable x"),
        ("DTSTART;VALUE=DATE:20260217\r\nDTSTART;VALUE=DATE:20260218", "unreadable x"),
        ("DTSTART;VALUE=DATE:20260217\r\nRRULE;FREQ=YEARLY", "unreadable x"),
        ("DTSTART;VALUE=DATE:20260217\r\nEXDATE:yesterday", "unreadable x"),
        ("DTSTART;VALUE=DATE:20260217\r\nDURATION:3 days", "unreadable x"),
        ("DTSTART;VALUE=DATE:20260405\r\nRRULE:FREQ=YEARLY;BYEASTER=0", "rule_not_understood x"),
        ("DTSTART;VALUE=DATE:20260405\r\nRRULE:FREQ=HOURLY", "rule_not_understood x"),
        (
            "DTSTART;VALUE=DATE:20260405\r\nRECURRENCE-ID;RANGE=THISANDFUTURE:20260405",
            "rule_not_understood x",
        ),
        ("DTSTART;VALUE=DATE:20260405\r\nRRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "no_dates x"),
    ] {
        let read = read(&file(&[&format!("UID:x\r\n{event}"), "DTSTART;VALUE=DATE:20260217"])).unwrap();
        assert_eq!(said(&read.left_out), [expected], "{event}");
        assert_eq!((read.holidays.len(), read.left_out[0].line), (1, 4), "{event}");
    }
    let off = "UID:x\r\nDTSTART;VALUE=DATE:20260101\r\nRRULE:FREQ=YEARLY;BYMONTH=1;BYDAY=3MO;COUNT=1";
    let read = read(&file(&[off])).unwrap();
    assert_eq!(said(&read.notes), ["first_not_in_rule x"]);
    assert_eq!(read.holidays[0].date, "2026-01-19");
}

#[test]
fn a_file_that_is_not_whole_is_refused() {
    let whole = file(&["DTSTART;VALUE=DATE:20260217"]);
    let refused = |text: &str| read(text).unwrap_err();
    assert_eq!(refused("Dear all, we are closed at Easter."), ImportError::Unreadable);
    assert_eq!(refused(""), ImportError::Unreadable);
    assert_eq!(refused(&file(&[])), ImportError::Empty);
    assert_eq!(refused(&file(&["STATUS:CANCELLED\r\nDTSTART;VALUE=DATE:20260217"])), ImportError::Empty);
    for cut in ["END:VCALENDAR", "END:VEVENT"] {
        let text = whole.split(cut).next().unwrap();
        assert!(matches!(refused(text), ImportError::Broken(..)), "{text}");
    }
    assert!(matches!(refused(&whole.replace("END:VEVENT\r\n", "")), ImportError::Broken(6, _)));
    assert!(matches!(refused(&whole.replace("END:VEVENT", "BEGIN:VEVENT")), ImportError::Broken(6, _)));
    assert_eq!(holidays(&whole, until(), &|| true), Err(ImportError::Stopped));
}

#[test]
fn work_and_memory_have_bounds() {
    let year = |from: i32| format!("DTSTART;VALUE=DATE:{from}0101\r\nDURATION:P366D");
    let years: Vec<String> = (1950..2020).map(year).collect();
    let years: Vec<&str> = years.iter().map(String::as_str).collect();
    assert_eq!(read(&file(&years)), Err(ImportError::TooMany));
    let daily = "DTSTART;VALUE=DATE:20000101\r\nRRULE:FREQ=DAILY";
    assert_eq!(read(&file(&[daily])), Err(ImportError::TooMany));
    let nothing = "DTSTART;VALUE=DATE:00010101\r\nRRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30";
    assert_eq!(read(&file(&[nothing; 10])), Err(ImportError::Work));
    let long = format!("UID:{0}\r\nSUMMARY:{0}\r\n{daily};COUNT=4000", "x".repeat(100_000));
    let read = read(&file(&[&long])).unwrap();
    assert!(read.holidays.iter().all(|holiday| holiday.name.as_ref().unwrap().chars().count() == 255));
}

/// Real forms of files, with what is right, where they are at hand.
#[test]
fn files_as_people_have_them_are_read() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/cases");
    if !cases.is_dir() {
        eprintln!("skipped: ../shared/data/cases is not there");
        return;
    }
    let dates = |name: &str| dates(&std::fs::read_to_string(cases.join(name)).unwrap());
    for (name, expected) in [
        ("duration.ics", "2026-02-17 2026-02-18 2026-02-19"),
        ("yearly-from-2027.ics", "2027-02-17 2028-02-17 2029-02-17 2030-02-17"),
        ("mixed-line-ends.ics", "2026-02-16 2026-02-17 2026-02-18"),
        ("bom.ics", "2026-02-17"),
        ("folded.ics", "2026-02-17"),
        ("end-is-start.ics", "2026-02-17"),
        ("cr-only.ics", "2026-02-17"),
        ("two-calendars.ics", "2026-02-17 2026-02-18"),
    ] {
        assert_eq!(dates(name), expected, "{name}");
    }
    let rules = dates("rules.ics");
    for date in ["2026-01-19", "2027-01-18", "2026-03-01", "2028-03-01", "2020-06-01", "2027-06-01"] {
        assert!(rules.contains(date), "{date}");
    }
    for date in ["2029-03-01", "2019-06-01", "2028-06-01", "2025-01-20"] {
        assert!(!rules.contains(date), "{date}");
    }
    let timed = read(&std::fs::read_to_string(cases.join("one-timed-of-three.ics")).unwrap()).unwrap();
    assert_eq!(timed.holidays.len(), 2);
    assert_eq!(said(&timed.left_out), ["timed half-day"]);
}
