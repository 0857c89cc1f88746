//! The dates that a rule gives, one after the other, counting the work.

use std::cell::Cell;
use std::collections::VecDeque;

use chrono::{Datelike, Days, Months, NaiveDate, Weekday};

use super::{Frequency, Rule};

/// The dates of a rule from its first one on, in order, up to a last one. Each date that is looked at takes
/// a step; without steps left they end.
pub(in crate::sla::calendar::icalendar) struct Dates<'a> {
    rule: &'a Rule,
    first: NaiveDate,
    last: NaiveDate,
    /// The day that the next period begins on; `None` after the last.
    period: Option<NaiveDate>,
    found: VecDeque<NaiveDate>,
    left: Option<u32>,
    steps: &'a Cell<u64>,
}

impl Rule {
    /// Its dates from `first`, on which the event begins, to `last`.
    pub(in crate::sla::calendar::icalendar) fn dates<'a>(
        &'a self,
        first: NaiveDate,
        last: NaiveDate,
        steps: &'a Cell<u64>,
    ) -> Dates<'a> {
        let period = match self.frequency {
            Frequency::Yearly => first.with_ordinal(1),
            Frequency::Monthly => first.with_day(1),
            Frequency::Weekly => first.checked_sub_days(Days::new(into_week(first, self.week_start).into())),
            Frequency::Daily => Some(first),
        };
        let last = self.until.map_or(last, |until| until.min(last));
        Dates { rule: self, first, last, period, found: VecDeque::new(), left: self.count, steps }
    }

    /// Whether it ends of itself by then.
    pub(in crate::sla::calendar::icalendar) fn ends_by(&self, last: NaiveDate) -> bool {
        self.until.is_some_and(|until| until <= last)
    }

    /// How many dates it gives, if it says so.
    pub(in crate::sla::calendar::icalendar) fn count(&self) -> Option<u32> {
        self.count
    }

    fn after(&self, period: NaiveDate) -> Option<NaiveDate> {
        match self.frequency {
            Frequency::Yearly => period.checked_add_months(Months::new(12 * self.interval)),
            Frequency::Monthly => period.checked_add_months(Months::new(self.interval)),
            Frequency::Weekly => period.checked_add_days(Days::new(u64::from(self.interval) * 7)),
            Frequency::Daily => period.checked_add_days(Days::new(self.interval.into())),
        }
    }
}

impl Iterator for Dates<'_> {
    type Item = NaiveDate;

    fn next(&mut self) -> Option<NaiveDate> {
        if self.left == Some(0) {
            return None;
        }
        loop {
            while let Some(date) = self.found.pop_front() {
                if date > self.last {
                    return None;
                }
                if date >= self.first {
                    self.left = self.left.map(|left| left - 1);
                    return Some(date);
                }
            }
            let period = self.period.filter(|period| *period <= self.last && self.steps.get() > 0)?;
            self.period = self.rule.after(period);
            self.fill(period);
        }
    }
}

impl Dates<'_> {
    /// All dates of a period, in order.
    fn fill(&mut self, period: NaiveDate) {
        let mut found = Vec::new();
        match self.rule.frequency {
            Frequency::Yearly => {
                for month in self.months() {
                    if let Some(begin) = period.with_month(month) {
                        self.month(begin, &mut found);
                    }
                }
            }
            Frequency::Monthly
                if self.rule.months.is_empty() || self.rule.months.contains(&(period.month() as i32)) =>
            {
                self.month(period, &mut found);
            }
            Frequency::Monthly => self.step(),
            Frequency::Weekly => {
                for date in period.iter_days().take(7) {
                    self.look_at(date, &mut found);
                }
            }
            Frequency::Daily => self.look_at(period, &mut found),
        }
        let positions = &self.rule.positions;
        if positions.is_empty() {
            self.found.extend(found);
            return;
        }
        let chosen = (1..).zip(&found).filter(|(place, _)| {
            positions.contains(place) || positions.contains(&(place - 1 - found.len() as i32))
        });
        self.found.extend(chosen.map(|(_, date)| *date));
    }

    /// The months of a year in which its dates can be.
    fn months(&self) -> Vec<u32> {
        let rule = self.rule;
        let any = !rule.weeks.is_empty()
            || !rule.year_days.is_empty()
            || !rule.month_days.is_empty()
            || !rule.weekdays.is_empty();
        match (rule.months.is_empty(), any) {
            (false, _) => rule.months.iter().map(|month| *month as u32).collect(),
            (true, true) => (1..=12).collect(),
            (true, false) => vec![self.first.month()],
        }
    }

    /// The dates of a month: on its named days alone, where days are named.
    fn month(&self, begin: NaiveDate, found: &mut Vec<NaiveDate>) {
        let rule = self.rule;
        let length = i32::from(begin.num_days_in_month());
        let nothing_else = rule.weeks.is_empty() && rule.year_days.is_empty() && rule.weekdays.is_empty();
        let mut days: Vec<i32> = if !rule.month_days.is_empty() {
            let day = |day: &i32| if *day > 0 { *day } else { length + 1 + *day };
            rule.month_days.iter().map(day).collect()
        } else if nothing_else {
            vec![self.first.day() as i32]
        } else {
            (1..=length).collect()
        };
        days.sort_unstable();
        days.dedup();
        for day in days {
            match u32::try_from(day).ok().and_then(|day| begin.with_day(day)) {
                Some(date) => self.look_at(date, found),
                None => self.step(),
            }
        }
    }

    /// Takes a date, if it is one of the weekdays, weeks and days of the year that the rule names.
    fn look_at(&self, date: NaiveDate, found: &mut Vec<NaiveDate>) {
        self.step();
        let rule = self.rule;
        let months = &rule.months;
        let month_days = &rule.month_days;
        let from_end = |day: u32, length: u32| day as i32 - 1 - length as i32;
        let (day, length) = (date.day(), u32::from(date.num_days_in_month()));
        let fits = (months.is_empty() || months.contains(&(date.month() as i32)))
            && (month_days.is_empty()
                || month_days.contains(&(day as i32))
                || month_days.contains(&from_end(day, length)))
            && (rule.year_days.is_empty() || {
                let (day, length) = (date.ordinal(), days_in_year(date.year()));
                rule.year_days.contains(&(day as i32)) || rule.year_days.contains(&from_end(day, length))
            })
            && (rule.weeks.is_empty() || {
                let (week, weeks) = week_of_year(date, rule.week_start);
                rule.weeks.contains(&week) || rule.weeks.contains(&(week - 1 - weeks))
            })
            && self.is_on_a_weekday(date);
        if fits {
            found.push(date);
        }
    }

    fn is_on_a_weekday(&self, date: NaiveDate) -> bool {
        let rule = self.rule;
        let weekday = date.weekday();
        if rule.weekdays.is_empty() {
            // What a rule doesn't say is as on the first day.
            let by_week = !rule.weeks.is_empty() || rule.frequency == Frequency::Weekly;
            return !by_week || weekday == self.first.weekday();
        }
        let index = weekday.num_days_from_monday() as u8;
        if rule.weekdays.contains(&(0, index)) {
            return true;
        }
        let within_year = rule.frequency == Frequency::Yearly && rule.months.is_empty();
        let (day, length) = if within_year {
            (date.ordinal(), days_in_year(date.year()))
        } else {
            (date.day(), u32::from(date.num_days_in_month()))
        };
        let from_begin = ((day - 1) / 7 + 1) as i32;
        let from_end = -(((length - day) / 7 + 1) as i32);
        rule.weekdays.contains(&(from_begin, index)) || rule.weekdays.contains(&(from_end, index))
    }

    fn step(&self) {
        self.steps.set(self.steps.get().saturating_sub(1));
    }
}

fn days_in_year(year: i32) -> u32 {
    NaiveDate::from_ymd_opt(year, 12, 31).map_or(365, |date| date.ordinal())
}

/// How many days of its week are before a date.
fn into_week(date: NaiveDate, week_start: Weekday) -> u32 {
    date.weekday().days_since(week_start)
}

/// The number of a date's week, and how many weeks that year has: the first week is the one with four days
/// in the year.
fn week_of_year(date: NaiveDate, week_start: Weekday) -> (i32, i32) {
    let begin = |year: i32| {
        let fourth = NaiveDate::from_ymd_opt(year, 1, 4).unwrap_or_default();
        fourth - Days::new(into_week(fourth, week_start).into())
    };
    let mut year = date.year();
    if date < begin(year) {
        year -= 1;
    } else if date >= begin(year + 1) {
        year += 1;
    }
    let weeks_to = |date: NaiveDate| ((date - begin(year)).num_days() / 7) as i32;
    (weeks_to(date) + 1, weeks_to(begin(year + 1)))
}
