//! The working time of one year (of UTC), as instants.

use chrono::{
    DateTime, Datelike, Days, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeDelta, TimeZone, Utc,
};
use chrono_tz::Tz;

use super::hours::Rules;
use super::spec::Day;

/// The working stretches of a year, in order, in microseconds of Unix time.
pub(super) struct Year {
    stretches: Vec<Stretch>,
    /// Working time of the whole year.
    pub(super) total: i64,
}

/// Working time from one instant up to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stretch {
    from: i64,
    to: i64,
    /// Working time of the year before it.
    before: i64,
}

impl Year {
    pub(super) fn of(rules: &Rules, year: i32) -> Self {
        let first = |year| NaiveDate::from_ymd_opt(year, 1, 1).unwrap_or_default();
        let midnight = |date: NaiveDate| micros(date.and_time(NaiveTime::MIN).and_utc());
        let (begins, ends) = (midnight(first(year)), midnight(first(year + 1)));
        let mut found = Vec::new();
        // No local date is further away from UTC's than one.
        let dates = (first(year) - Days::new(1)).iter_days().take_while(|date| *date <= first(year + 1));
        for date in dates.filter(|date| !rules.is_holiday(*date)) {
            for &(from, to) in &rules.week[Day::of(date.weekday()).index()] {
                let local = |seconds: u32| date.and_time(NaiveTime::MIN) + TimeDelta::seconds(seconds.into());
                found.extend(instants(rules.zone, local(from), local(to)));
            }
        }
        // A clock that is put back over midnight shows a part of the day before again.
        found.sort_unstable();
        let (mut stretches, mut total): (Vec<Stretch>, i64) = (Vec::new(), 0);
        for (from, to) in found.into_iter().map(|(from, to)| (from.max(begins), to.min(ends))) {
            if from >= to {
                continue;
            }
            match stretches.last_mut() {
                Some(last) if last.to == from => last.to = to,
                _ => stretches.push(Stretch { from, to, before: total }),
            }
            total += to - from;
        }
        Self { stretches, total }
    }

    /// Working time of the year before an instant of it.
    pub(super) fn worked_before(&self, instant: i64) -> i64 {
        let after = self.stretches.partition_point(|stretch| stretch.from <= instant);
        match after.checked_sub(1).map(|index| self.stretches[index]) {
            Some(last) => last.before + (instant.min(last.to) - last.from),
            None => 0,
        }
    }

    /// The first instant before which so much (more than nothing, at most all) was worked.
    pub(super) fn when_worked(&self, amount: i64) -> Option<i64> {
        let after = self.stretches.partition_point(|stretch| stretch.before < amount);
        let last = self.stretches.get(after.checked_sub(1)?)?;
        Some(last.from + (amount - last.before))
    }
}

/// The instants at which the local clock shows a time from `from` up to, but not including, `to`.
pub(super) fn instants(zone: Tz, from: NaiveDateTime, to: NaiveDateTime) -> Vec<(i64, i64)> {
    let single = |local: &NaiveDateTime| zone.from_local_datetime(local).single();
    if let (Some(from), Some(to)) = (single(&from), single(&to)) {
        // Whatever the clock did between the two, it showed only times between the two.
        return if from < to { vec![(micros(from), micros(to))] } else { Vec::new() };
    }
    // The clock is put forward or back at one of the two: reckon before that and after that.
    let Some((change, before, after)) = change(zone, from, to) else { return Vec::new() };
    let instant = |local: NaiveDateTime, offset: TimeDelta| micros((local - offset).and_utc());
    let pieces = [
        (instant(from, before), instant(to, before).min(change)),
        (instant(from, after).max(change), instant(to, after)),
    ];
    let mut found: Vec<(i64, i64)> = pieces.into_iter().filter(|(from, to)| from < to).collect();
    if let [first, second] = found[..]
        && first.1 == second.0
    {
        found = vec![(first.0, second.1)];
    }
    found
}

/// When the zone's offset changes near these times, and what it is before and after.
fn change(zone: Tz, from: NaiveDateTime, to: NaiveDateTime) -> Option<(i64, TimeDelta, TimeDelta)> {
    let offset = |seconds: i64| {
        let utc = DateTime::from_timestamp(seconds, 0)?.naive_utc();
        Some(TimeDelta::seconds(zone.offset_from_utc_datetime(&utc).fix().local_minus_utc().into()))
    };
    // No offset is further from UTC than 15 hours.
    let mut low = (from.checked_sub_days(Days::new(1))?).and_utc().timestamp();
    let mut high = (to.checked_add_days(Days::new(1))?).and_utc().timestamp();
    let (before, after) = (offset(low)?, offset(high)?);
    while high - low > 1 {
        let middle = i64::midpoint(low, high);
        if offset(middle)? == before { low = middle } else { high = middle }
    }
    Some((high * 1_000_000, before, after))
}

fn micros(instant: DateTime<impl TimeZone>) -> i64 {
    instant.with_timezone(&Utc).timestamp_micros()
}
