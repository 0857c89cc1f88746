//! Due times a second on a business calendar: `cargo bench -p domain`.

#![expect(
    clippy::print_stdout,
    clippy::expect_used,
    reason = "a bench prints, measures time, and stops at the first error"
)]

use std::hint::black_box;
use std::time::Instant;

use chrono::{DateTime, TimeDelta};
use domain::sla::Configuration;
use domain::sla::calendar::Calendar;

const ROUNDS: i64 = 5_000_000;

fn main() {
    if std::env::args().any(|argument| argument == "--test" || argument == "--list") {
        return;
    }
    let mut spec = Configuration::starting().calendars.get("office").expect("office hours").clone();
    // The hard way: daylight-saving changes and holidays.
    "Europe/Berlin".clone_into(&mut spec.time_zone);
    spec.holidays =
        serde_json::from_str(r#"[{"date":"12-25"},{"date":"01-01"},{"date":"2026-04-06"}]"#).expect("dates");
    let calendar = Calendar::new(&spec).expect("a calendar");
    let begun = Instant::now();
    for round in 0..ROUNDS {
        // Starts all over ten years, targets from a minute to four weeks.
        let start = DateTime::from_timestamp(1_577_836_800 + round * 7_919 % 315_360_000, 0).expect("a time");
        black_box(calendar.after(black_box(start), TimeDelta::minutes(1 + round * 31 % 9_600)));
    }
    let rate = ROUNDS as f64 / begun.elapsed().as_secs_f64();
    println!("due times on a business calendar: {rate:.0}/s on one core (at least 1,000,000)");
}
