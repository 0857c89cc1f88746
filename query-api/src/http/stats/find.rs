//! Looks figures up: from the sums of days where these tell it, else from all that happened; of a moment of the
//! past from the log.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use domain::ids::TenantId;
use domain::stats::{Dimension, Measure};
use serde::Serialize;

use super::figures::{Figures, GroupKey};
use super::past::{self, Past};
use super::period::{Period, day_that_begins};
use super::query::{Scope, StatsQuery};
use super::tree::{self, Member};
use super::{days, facts, file, tag, tags};
use crate::QueryApi;
use crate::answer::{self, Answer};
use crate::asking::Asking;
use crate::error::QueryError;
use crate::export::File;
use crate::parameters::BadParameter;
use crate::snapshot::{ReadModel, Snapshot, Source};

/// The most rows that are added up for one answer.
pub(super) const MOST: usize = 400_000;

/// What is to be added up of a tenant.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted<'a> {
    pub(super) tenant: TenantId,
    pub(super) zone: Tz,
    pub(super) dimension: Dimension,
    pub(super) period: Option<Period>,
    pub(super) measures: &'a [Measure],
    pub(super) from: Option<DateTime<Utc>>,
    pub(super) to: Option<DateTime<Utc>>,
}

/// Figures by group, in the order of their keys, and those of all.
#[derive(Default)]
pub(crate) struct Found {
    pub(crate) groups: Vec<(GroupKey, Figures)>,
    pub(crate) total: Figures,
}

/// A group while it is added up: tenant, value of the dimension, period.
type Place = (Option<String>, Option<String>, Option<String>);

/// Figures by place.
#[derive(Default)]
pub(super) struct Groups {
    tenant: Option<String>,
    by: BTreeMap<Place, Figures>,
}

impl Groups {
    /// The figures of a group of the tenant that is being read.
    pub(super) fn at(&mut self, key: Option<String>, period: Option<String>) -> &mut Figures {
        self.by.entry((self.tenant.clone(), key, period)).or_default()
    }
}

impl Groups {
    /// Groups whose keys get the same name become one.
    fn rename(&mut self, mut name: impl FnMut(&str) -> String) {
        for ((tenant, key, period), figures) in std::mem::take(&mut self.by) {
            let key = key.map(|key| name(&key));
            self.by.entry((tenant, key, period)).or_default().merge(&figures);
        }
    }

    /// All of them together.
    pub(super) fn into_total(self) -> Figures {
        let mut total = Figures::default();
        self.by.values().for_each(|figures| total.merge(figures));
        total
    }
}

/// The value by which a group is known: `None` for the empty one, which is nobody's.
pub(super) fn named(key: &str) -> Option<String> {
    (!key.is_empty()).then(|| key.to_owned())
}

/// What figures are read from: one moment of the read model, or of the log.
pub(crate) struct Reading {
    snapshot: Snapshot,
    members: Vec<Member>,
    past: BTreeMap<TenantId, Arc<Past>>,
    tag: Option<String>,
}

impl Reading {
    /// Opens it.
    pub(crate) async fn begin(
        api: &QueryApi,
        asking: &Asking,
        query: &StatsQuery,
    ) -> Result<Self, QueryError> {
        let source = match (query.as_of.is_now(), query.scope) {
            (false, _) => Source::Log,
            (true, Scope::Tenant) => Source::Models(&[ReadModel::Stats]),
            (true, Scope::Tree) => Source::Models(&[ReadModel::Stats, ReadModel::Tenants]),
        };
        // Before a connection is taken, which would be held while others are at it.
        let share =
            if query.as_of.is_now() { None } else { Some(api.0.capacity.past(&asking.principal).await?) };
        let mut snapshot = api.snapshot(asking, source).await?;
        query.as_of.check(api.0.clock.now(), snapshot.position)?;
        let members = tree::members(&mut snapshot, &asking.principal, query.scope).await?;
        let mut past = BTreeMap::new();
        if let Some(share) = &share {
            for member in &members {
                let folded = past::fold(api, share, &mut snapshot, member.tenant, query.as_of).await?;
                past.insert(member.tenant, Arc::new(folded));
            }
        }
        let tag = if query.as_of.is_now() {
            Some(tag::of(&members))
        } else {
            query.as_of.position().map(|position| tag::of_past(position, &members))
        };
        Ok(Self { snapshot, members, past, tag })
    }

    /// What is answered if the caller has the figures already: that they are the same.
    pub(crate) fn unchanged(&self, asking: &Asking, file: Option<&File>) -> Option<Response> {
        let tag = self.tag.as_deref().filter(|tag| file.is_none() && asking.has(tag))?;
        Some(answer::unchanged(self.snapshot.position, tag))
    }

    /// Ends it, and answers what changes with the time as well.
    pub(crate) async fn untagged<T: Serialize>(
        self,
        api: &QueryApi,
        file: Option<File>,
        what: &str,
        body: T,
    ) -> Result<Response, QueryError> {
        Self { tag: None, ..self }.answer(api, file, what, body).await
    }

    /// Ends it, and answers; as a file, if that was asked for.
    pub(crate) async fn answer<T: Serialize>(
        self,
        api: &QueryApi,
        file: Option<File>,
        what: &str,
        body: T,
    ) -> Result<Response, QueryError> {
        let position = self.snapshot.position;
        self.snapshot.close().await?;
        match file {
            Some(file) => file::answer(api, file, what, position, &body).await,
            None => Ok(Answer::at(position, body).tag(self.tag).into_response()),
        }
    }

    /// The time zone in which days begin.
    pub(crate) fn zone(&self, query: &StatsQuery) -> Tz {
        query.time_zone.or(self.members.first().map(|own| own.zone)).unwrap_or(Tz::UTC)
    }

    /// The transaction that it is read in, under the caller's own tenant.
    pub(crate) async fn own(&mut self) -> Result<&mut Snapshot, QueryError> {
        if let [own, _, ..] = self.members.as_slice() {
            tree::look_at(&mut self.snapshot, own.tenant).await?;
        }
        Ok(&mut self.snapshot)
    }

    /// Looks up what was asked, of these measures.
    pub(crate) async fn find(
        &mut self,
        query: &StatsQuery,
        measures: &[Measure],
    ) -> Result<Found, QueryError> {
        self.find_by(query, query.dimension(), query.period(), measures).await
    }

    /// The same by something else than was asked.
    pub(super) async fn find_by(
        &mut self,
        query: &StatsQuery,
        dimension: Dimension,
        period: Option<Period>,
        measures: &[Measure],
    ) -> Result<Found, QueryError> {
        let groups = self.groups(query, dimension, period, measures).await?;
        let mut named: BTreeMap<Vec<(bool, String)>, (GroupKey, Figures)> = BTreeMap::new();
        let mut total = Figures::default();
        for (place, figures) in groups.by {
            total.merge(&figures);
            let key: Vec<Option<String>> =
                query.group_by.iter().map(|name| value(name, &place, period)).collect();
            // Nobody's come last.
            let order =
                key.iter().map(|value| (value.is_none(), value.clone().unwrap_or_default())).collect();
            let group = query.group_by.iter().cloned().zip(key).collect();
            match named.entry(order) {
                Entry::Vacant(place) => drop(place.insert((group, figures))),
                Entry::Occupied(mut there) => there.get_mut().1.merge(&figures),
            }
        }
        if dimension == Dimension::Tag {
            // What has several tags is under each, and what has none is under none.
            total = self.groups(query, Dimension::Total, None, measures).await?.into_total();
        }
        Ok(Found { groups: named.into_values().collect(), total })
    }

    async fn groups(
        &mut self,
        query: &StatsQuery,
        dimension: Dimension,
        period: Option<Period>,
        measures: &[Measure],
    ) -> Result<Groups, QueryError> {
        let mut groups = Groups::default();
        let many = self.members.len() > 1;
        let mut left = MOST;
        let mut spellings = tags::Spellings::default();
        for member in &self.members {
            if many {
                tree::look_at(&mut self.snapshot, member.tenant).await?;
            }
            groups.tenant = Some(member.key.clone().unwrap_or_else(|| member.tenant.to_string()));
            let zone = query.time_zone.unwrap_or(member.zone);
            let (tenant, from, to) = (member.tenant, query.from, query.to);
            let wanted = Wanted { tenant, zone, dimension, period, measures, from, to };
            let read = if let Some(past) = self.past.get(&member.tenant) {
                past.add_up(wanted, &mut groups)
            } else if let Some(span) = days_of(wanted, member) {
                days::read(&mut self.snapshot, wanted, span, left, &mut groups).await?
            } else {
                facts::read(&mut self.snapshot, wanted, left, &mut groups).await?
            };
            if dimension == Dimension::Tag {
                tags::spellings(&mut self.snapshot, &mut spellings).await?;
            }
            left = left.checked_sub(read).ok_or_else(|| {
                let detail = "that is too much at once; ask for a shorter time, or for longer periods";
                BadParameter::invalid("group_by", detail)
            })?;
        }
        if dimension == Dimension::Tag {
            groups.rename(|tag| spellings.shown(tag));
        }
        Ok(groups)
    }
}

/// The value of a name in `group_by`.
fn value(name: &str, place: &Place, period: Option<Period>) -> Option<String> {
    let (tenant, key, time) = place;
    match name {
        "tenant" => tenant.clone(),
        name if Period::named(name).is_some() && period.is_some() => time.clone(),
        _ => key.clone(),
    }
}

/// From which day, and up to which one.
pub(super) type Span = (Option<NaiveDate>, Option<NaiveDate>);

/// The days that tell what is wanted, if the tenant's own days do.
fn days_of(wanted: Wanted<'_>, member: &Member) -> Option<Span> {
    let day = |at: Option<DateTime<Utc>>| match at {
        None => Some(None),
        Some(at) => day_that_begins(at, wanted.zone).map(Some),
    };
    let told = wanted.zone == member.zone && wanted.period.is_none_or(Period::is_of_days);
    told.then(|| Some((day(wanted.from)?, day(wanted.to)?)))?
}
