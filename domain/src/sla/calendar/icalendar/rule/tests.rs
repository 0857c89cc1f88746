use std::cell::Cell;

use super::*;

fn date(text: &str) -> NaiveDate {
    NaiveDate::parse_from_str(text, "%Y%m%d").unwrap()
}

fn dates(first: &str, rule: &str) -> String {
    let steps = Cell::new(1_000_000);
    let rule = Rule::read(rule).unwrap_or_else(|| panic!("{rule}"));
    let dates: Vec<String> = rule
        .dates(date(first), date("20351231"), &steps)
        .take(8)
        .map(|date| date.format("%Y%m%d").to_string())
        .collect();
    dates.join(" ")
}

/// From RFC 5545, 3.8.5.3, where dates can have it, and what holiday files say.
#[test]
fn dates_are_those_of_the_standard() {
    for (first, rule, expected) in [
        ("20260119", "FREQ=YEARLY;BYMONTH=1;BYDAY=3MO;UNTIL=20291231", "20260119 20270118 20280117 20290115"),
        ("20260301", "FREQ=YEARLY;COUNT=3", "20260301 20270301 20280301"),
        ("20200601", "FREQ=YEARLY;UNTIL=20221231T235959Z", "20200601 20210601 20220601"),
        ("20240229", "FREQ=YEARLY;COUNT=2", "20240229 20280229"),
        ("20260525", "FREQ=YEARLY;BYMONTH=5;BYDAY=-1MO;COUNT=3", "20260525 20270531 20280529"),
        ("20261126", "FREQ=YEARLY;BYDAY=4TH;BYMONTH=11;COUNT=2", "20261126 20271125"),
        ("19970902", "FREQ=DAILY;INTERVAL=2;COUNT=3", "19970902 19970904 19970906"),
        (
            "19970902",
            "FREQ=WEEKLY;COUNT=5;WKST=SU;BYDAY=TU,TH",
            "19970902 19970904 19970909 19970911 19970916",
        ),
        (
            "19970902",
            "FREQ=WEEKLY;INTERVAL=2;COUNT=4;WKST=SU;BYDAY=TU,TH",
            "19970902 19970904 19970916 19970918",
        ),
        (
            "19970805",
            "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO",
            "19970805 19970810 19970819 19970824",
        ),
        (
            "19970805",
            "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU",
            "19970805 19970817 19970819 19970831",
        ),
        ("19970905", "FREQ=MONTHLY;COUNT=3;BYDAY=1FR", "19970905 19971003 19971107"),
        ("19970928", "FREQ=MONTHLY;BYMONTHDAY=-3;COUNT=3", "19970928 19971029 19971128"),
        ("19970930", "FREQ=MONTHLY;COUNT=4;BYMONTHDAY=1,-1", "19970930 19971001 19971031 19971101"),
        ("19970910", "FREQ=MONTHLY;INTERVAL=18;COUNT=3;BYMONTHDAY=10,11", "19970910 19970911 19990310"),
        (
            "19970101",
            "FREQ=YEARLY;INTERVAL=3;COUNT=4;BYYEARDAY=1,100,200",
            "19970101 19970410 19970719 20000101",
        ),
        ("19970519", "FREQ=YEARLY;BYDAY=20MO;COUNT=3", "19970519 19980518 19990517"),
        ("19970512", "FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO;COUNT=3", "19970512 19980511 19990517"),
        ("19980213", "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13;COUNT=3", "19980213 19980313 19981113"),
        (
            "19961105",
            "FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8;COUNT=2",
            "19961105 20001107",
        ),
        ("19970904", "FREQ=MONTHLY;COUNT=3;BYDAY=TU,WE,TH;BYSETPOS=3", "19970904 19971007 19971106"),
        ("19970929", "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2;COUNT=3", "19970929 19971030 19971127"),
        ("20070115", "FREQ=MONTHLY;BYMONTHDAY=15,30;COUNT=5", "20070115 20070130 20070215 20070315 20070330"),
        ("20260131", "FREQ=MONTHLY;COUNT=3", "20260131 20260331 20260531"),
        ("20260101", "freq=yearly;bymonth=1;bymonthday=1;interval=10;byhour=0", "20260101"),
        ("20260101", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", ""),
    ] {
        assert_eq!(dates(first, rule), expected, "{rule}");
    }
}

#[test]
fn what_has_no_meaning_is_no_rule() {
    for rule in [
        "",
        "YEARLY",
        "FREQ=HOURLY",
        "FREQ=YEARLY;BYEASTER=0",
        "FREQ=YEARLY;RSCALE=HEBREW",
        "FREQ=YEARLY;INTERVAL=0",
        "FREQ=YEARLY;COUNT=x",
        "FREQ=YEARLY;COUNT=2;UNTIL=20270101",
        "FREQ=YEARLY;BYMONTH=13",
        "FREQ=YEARLY;BYMONTHDAY=0",
        "FREQ=YEARLY;BYDAY=54MO",
        "FREQ=YEARLY;BYDAY=ä",
        "FREQ=WEEKLY;BYDAY=1MO",
        "FREQ=WEEKLY;BYMONTHDAY=1",
        "FREQ=MONTHLY;BYYEARDAY=1",
        "FREQ=MONTHLY;BYWEEKNO=1",
        "FREQ=YEARLY;BYSETPOS=1",
        "FREQ=YEARLY;UNTIL=2027",
    ] {
        assert_eq!(Rule::read(rule), None, "{rule}");
    }
}

#[test]
fn each_years_date_is_known() {
    let each_year = |rule: &str| Rule::read(rule).unwrap().is_each_year(date("20260501"));
    for rule in
        ["FREQ=YEARLY", "FREQ=YEARLY;BYMONTH=5;BYMONTHDAY=1;INTERVAL=1;WKST=SU", "FREQ=YEARLY;BYMONTH=5"]
    {
        assert!(each_year(rule), "{rule}");
    }
    for rule in [
        "FREQ=YEARLY;COUNT=3",
        "FREQ=YEARLY;INTERVAL=2",
        "FREQ=YEARLY;BYMONTH=6",
        "FREQ=YEARLY;BYMONTHDAY=1",
        "FREQ=DAILY",
    ] {
        assert!(!each_year(rule), "{rule}");
    }
}

/// A rule that gives nothing ends with its steps.
#[test]
fn work_is_counted() {
    let steps = Cell::new(50);
    let rule = Rule::read("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30").unwrap();
    assert_eq!(rule.dates(date("20260101"), date("21991231"), &steps).next(), None);
    assert_eq!(steps.get(), 0);
}
