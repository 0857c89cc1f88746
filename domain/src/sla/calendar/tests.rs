use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDateTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use proptest::prelude::*;

use super::*;

fn window(text: &str) -> Window {
    let (from, to) = text.split_once('-').unwrap();
    Window { from: from.parse().unwrap(), to: to.parse().unwrap() }
}

fn spec(zone: &str, weekly: &[(Day, &[&str])], holidays: &[&str]) -> CalendarSpec {
    CalendarSpec {
        name: "test".into(),
        time_zone: zone.into(),
        weekly: weekly
            .iter()
            .map(|(day, windows)| (*day, windows.iter().map(|text| window(text)).collect()))
            .collect(),
        holidays: holidays.iter().map(|date| Holiday { date: (*date).into(), name: None }).collect(),
    }
}

const WORKDAYS: [Day; 5] = [Day::Monday, Day::Tuesday, Day::Wednesday, Day::Thursday, Day::Friday];

fn every_workday(zone: &str, windows: &[&str], holidays: &[&str]) -> CalendarSpec {
    spec(zone, &WORKDAYS.map(|day| (day, windows)), holidays)
}

fn every_day(zone: &str, windows: &[&str]) -> CalendarSpec {
    spec(zone, &Day::ALL.map(|day| (day, windows)), &[])
}

/// A local time, the earlier one where the clock shows it twice.
fn at(zone: &str, local: &str) -> DateTime<Utc> {
    let zone: Tz = zone.parse().unwrap();
    let local = NaiveDateTime::parse_from_str(local, "%Y-%m-%d %H:%M:%S").unwrap();
    zone.from_local_datetime(&local).earliest().unwrap().to_utc()
}

fn hours(hours: i64) -> TimeDelta {
    TimeDelta::hours(hours)
}

fn minutes(minutes: i64) -> TimeDelta {
    TimeDelta::minutes(minutes)
}

#[test]
fn due_times_to_the_second() {
    const BERLIN: &str = "Europe/Berlin";
    const NEW_YORK: &str = "America/New_York";
    const LORD_HOWE: &str = "Australia/Lord_Howe";
    let office = every_workday(BERLIN, &["09:00-17:00"], &[]);
    let nights = every_day(BERLIN, &["22:00-06:00"]);
    let always = every_day(BERLIN, &["00:00-24:00"]);
    let split = every_workday(BERLIN, &["08:00-12:00", "13:00-17:00"], &[]);
    let american = every_day(NEW_YORK, &["00:00-24:00"]);
    let american_office = every_workday(NEW_YORK, &["09:00-17:00"], &[]);
    let island = every_day(LORD_HOWE, &["00:00-24:00"]);
    let christmas = every_workday(BERLIN, &["09:00-17:00"], &["12-25", "12-26", "2026-12-24"]);
    for (what, spec, zone, start, amount, due) in [
        ("over the weekend", &office, BERLIN, "2026-11-20 16:30:00", hours(1), "2026-11-23 09:30:00"),
        (
            "up to the end of the day",
            &office,
            BERLIN,
            "2026-11-20 16:30:00",
            minutes(30),
            "2026-11-20 17:00:00",
        ),
        ("begun on a Sunday", &office, BERLIN, "2026-11-22 12:00:00", minutes(15), "2026-11-23 09:15:00"),
        ("begun as work ends", &office, BERLIN, "2026-11-19 17:00:00", minutes(1), "2026-11-20 09:01:00"),
        ("begun before work", &office, BERLIN, "2026-11-20 07:00:00", minutes(60), "2026-11-20 10:00:00"),
        ("three days of work", &office, BERLIN, "2026-11-20 09:00:00", hours(24), "2026-11-24 17:00:00"),
        ("over lunch", &split, BERLIN, "2026-11-20 11:30:00", hours(1), "2026-11-20 13:30:00"),
        (
            "spring, beside the windows",
            &office,
            BERLIN,
            "2026-03-27 16:00:00",
            hours(2),
            "2026-03-30 10:00:00",
        ),
        ("spring, within one", &always, BERLIN, "2026-03-29 01:00:00", hours(2), "2026-03-29 04:00:00"),
        ("autumn, within one", &always, BERLIN, "2026-10-25 01:00:00", hours(4), "2026-10-25 04:00:00"),
        (
            "autumn, beside the windows",
            &office,
            BERLIN,
            "2026-10-23 16:00:00",
            hours(2),
            "2026-10-26 10:00:00",
        ),
        (
            "spring overnight: 7 hours",
            &nights,
            BERLIN,
            "2026-03-28 22:00:00",
            hours(7),
            "2026-03-29 06:00:00",
        ),
        (
            "autumn overnight: 9 hours",
            &nights,
            BERLIN,
            "2026-10-24 22:00:00",
            hours(9),
            "2026-10-25 06:00:00",
        ),
        ("overnight, into the next", &nights, BERLIN, "2026-06-01 05:00:00", hours(2), "2026-06-01 23:00:00"),
        ("spring in New York", &american, NEW_YORK, "2026-03-08 01:30:00", hours(1), "2026-03-08 03:30:00"),
        ("autumn in New York", &american, NEW_YORK, "2026-11-01 00:30:00", hours(3), "2026-11-01 02:30:00"),
        (
            "autumn in New York, office",
            &american_office,
            NEW_YORK,
            "2026-10-30 16:00:00",
            hours(2),
            "2026-11-02 10:00:00",
        ),
        (
            "half an hour forward",
            &island,
            LORD_HOWE,
            "2026-10-04 01:45:00",
            minutes(30),
            "2026-10-04 02:45:00",
        ),
        ("half an hour back", &island, LORD_HOWE, "2026-04-05 01:00:00", minutes(90), "2026-04-05 02:00:00"),
        ("a leap day", &office, BERLIN, "2028-02-28 16:00:00", hours(2), "2028-02-29 10:00:00"),
        ("no leap day", &office, BERLIN, "2027-02-26 16:00:00", hours(2), "2027-03-01 10:00:00"),
        ("over Christmas", &christmas, BERLIN, "2026-12-23 16:00:00", hours(2), "2026-12-28 10:00:00"),
        ("over New Year", &christmas, BERLIN, "2026-12-31 16:00:00", hours(2), "2027-01-01 10:00:00"),
    ] {
        let calendar = Calendar::new(spec).unwrap();
        let (start, due) = (at(zone, start), at(zone, due));
        assert_eq!(calendar.after(start, amount).unwrap(), due, "{what}");
        assert_eq!(calendar.between(start, due), amount, "{what}");
    }
}

#[test]
fn twenty_five_closed_days_are_jumped_over() {
    let closed: Vec<String> = (1..=25).map(|day| format!("2026-12-{day:02}")).collect();
    let closed: Vec<&str> = closed.iter().map(String::as_str).collect();
    let calendar = Calendar::new(&every_workday("UTC", &["09:00-17:00"], &closed)).unwrap();
    let due = calendar.after(at("UTC", "2026-11-30 16:00:00"), hours(2)).unwrap();
    assert_eq!(due, at("UTC", "2026-12-28 10:00:00"));
}

#[test]
fn microseconds_are_kept() {
    let calendar = Calendar::new(&every_workday("UTC", &["09:00-17:00"], &[])).unwrap();
    let start = at("UTC", "2026-11-20 16:59:59") + TimeDelta::microseconds(999_999);
    let due = calendar.after(start, TimeDelta::microseconds(2)).unwrap();
    assert_eq!(due, at("UTC", "2026-11-23 09:00:00") + TimeDelta::microseconds(1));
    assert_eq!(calendar.after(start, TimeDelta::zero()), Some(start));
    assert_eq!(calendar.between(due, start), TimeDelta::zero());
    assert_eq!(calendar.after(start, TimeDelta::days(365 * 1000)), None, "beyond what is reckoned with");
}

#[test]
fn every_fault_is_named() {
    let mut bad =
        every_workday("Mars/Olympus", &["09:00-17:00", "16:00-18:00"], &["12-32", "05-01", "05-01"]);
    bad.name = String::new();
    bad.weekly.insert(Day::Saturday, vec![window("09:00-09:00")]);
    bad.weekly.insert(Day::Sunday, vec![window("22:00-10:00")]);
    let errors = Calendar::new(&bad).unwrap_err();
    let told: Vec<String> = errors.iter().map(ToString::to_string).collect();
    for wanted in [
        "name: 1 to 100",
        "Mars/Olympus",
        "weekly.Monday: the window from 09:00 overlaps",
        "weekly.Friday: the window from 16:00 overlaps",
        "weekly.Saturday: the window from 09:00 to 09:00 is empty",
        "\"12-32\" is no date",
        "\"05-01\" is there twice",
    ] {
        assert!(told.iter().any(|line| line.contains(wanted)), "{wanted}: {told:#?}");
    }
}

#[test]
fn a_calendar_without_working_time_is_refused() {
    assert_eq!(Calendar::new(&every_day("UTC", &[])).unwrap_err(), [CalendarError::NoHours]);
    // Only on a day that is always free.
    let days: Vec<String> = (1..=12)
        .flat_map(|month| (1..=31).map(move |day| (month, day)))
        .filter(|(month, day)| chrono::NaiveDate::from_ymd_opt(2000, *month, *day).is_some())
        .map(|(month, day)| format!("{month:02}-{day:02}"))
        .collect();
    let all: Vec<&str> = days.iter().map(String::as_str).collect();
    let never = every_workday("UTC", &["09:00-17:00"], &all);
    assert_eq!(Calendar::new(&never).unwrap_err(), [CalendarError::NoHours]);
}

#[test]
fn times_of_day_are_read_and_shown() {
    for text in ["00:00", "09:30", "23:59:59", "24:00"] {
        assert_eq!(text.parse::<TimeOfDay>().unwrap().to_string(), text);
    }
    for bad in ["24:01", "9:00", "09", "09:60", "09:00:60", "-1:00", "+9:00", ""] {
        assert!(bad.parse::<TimeOfDay>().is_err(), "{bad}");
    }
}

const ZONES: [&str; 9] = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "America/Sao_Paulo",
    "Pacific/Apia",
    "Africa/Casablanca",
    "America/Havana",
];

fn calendars() -> impl Strategy<Value = CalendarSpec> {
    // Edges of up to three windows a day, a quarter of an hour apart at least; half-hours are common.
    let windows = proptest::collection::btree_set(0_u32..96, 0..6).prop_map(|edges| {
        let edges: Vec<u32> = edges.into_iter().map(|quarter| quarter * 900).collect();
        let window = |pair: &[u32]| Window { from: TimeOfDay(pair[0]), to: TimeOfDay(pair[1]) };
        edges.chunks_exact(2).map(window).collect::<Vec<_>>()
    });
    let week = proptest::collection::vec(windows, 7);
    (week, 0..ZONES.len(), proptest::collection::vec(0_i64..400, 0..4), any::<bool>()).prop_map(
        |(week, zone, holidays, nights)| {
            let mut weekly: BTreeMap<Day, Vec<Window>> = Day::ALL.into_iter().zip(week).collect();
            if nights {
                weekly.insert(Day::Friday, vec![window("21:30-01:15")]);
                weekly.insert(Day::Saturday, vec![window("02:30-24:00")]);
            }
            let first = chrono::NaiveDate::from_ymd_opt(2011, 1, 1).unwrap();
            let mut dates: Vec<String> =
                holidays.into_iter().map(|day| (first + TimeDelta::days(day)).to_string()).collect();
            dates.sort();
            dates.dedup();
            let dates: Vec<&str> = dates.iter().map(String::as_str).collect();
            CalendarSpec { weekly, ..spec(ZONES[zone], &[], &dates) }
        },
    )
}

proptest! {
    // The reference asks second by second.
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Over 2011, when Samoa skipped a day, and with starts near the changes of several zones.
    #[test]
    fn agrees_with_the_clock_on_the_wall(
        spec in calendars(), day in 0_i64..400, second in 0_i64..86_400, length in 1_i64..50 * 3600,
    ) {
        let Ok(calendar) = Calendar::new(&spec) else { return Ok(()) };
        let start = at("UTC", "2011-01-01 00:00:00") + TimeDelta::seconds(day * 86_400 + second);
        let end = start + TimeDelta::seconds(length);
        let worked = reference::between(&spec, start, end);
        prop_assert_eq!(calendar.between(start, end), TimeDelta::seconds(worked));
        if worked > 0 {
            let due = calendar.after(start, TimeDelta::seconds(worked)).unwrap();
            prop_assert_eq!(due, reference::after(&spec, start, worked));
        }
    }

}

proptest! {
    #[test]
    fn what_is_due_was_worked(spec in calendars(), start in 0_i64..4_000_000_000, amount in 1_i64..1_000_000_000_000) {
        let Ok(calendar) = Calendar::new(&spec) else { return Ok(()) };
        let start = DateTime::from_timestamp_micros(start * 1_000_000 + amount % 1_000_000).unwrap();
        let amount = TimeDelta::microseconds(amount);
        let due = calendar.after(start, amount).unwrap();
        prop_assert_eq!(calendar.between(start, due), amount);
        prop_assert_eq!(calendar.between(start, due - TimeDelta::microseconds(1)), amount - TimeDelta::microseconds(1));
    }
}
