//! Which lines of the audit trail, in which order.

use chrono::{DateTime, Utc};
use domain::identity::{Principal, Visibility};
use serde::{Deserialize, Serialize};
use sqlx::{Postgres, QueryBuilder};
use utoipa::IntoParams;
use uuid::Uuid;

use crate::conditions::push_any;
use crate::http::activity_view::ActivityRow;
use crate::parameters::{BadParameter, FromParameters, Parameters};
use crate::span::Span;
use crate::visibility::{push_known, push_visibility};

/// The filters of the audit trail. Values of one filter are alternatives; filters narrow each other.
#[derive(Clone, Debug, Default, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Filter {
    /// Users who did it.
    #[param(required = false, explode)]
    pub(crate) actor: Vec<String>,
    /// Tickets: ids or numbers.
    #[param(required = false, example = "TKT-00000001")]
    pub(crate) ticket: Vec<String>,
    /// What was done, for example `status_changed,note_added`.
    #[param(required = false)]
    pub(crate) r#type: Vec<String>,
    /// The address that it came from.
    #[param(example = "192.0.2.1")]
    pub(crate) ip: Option<String>,
    /// When it was done.
    #[param(ignore)]
    pub(crate) span: Span,
}

impl FromParameters for Filter {
    fn take(parameters: &mut Parameters) -> Result<Self, BadParameter> {
        Ok(Self {
            actor: parameters.values("actor")?,
            ticket: parameters.words("ticket")?,
            r#type: parameters.words("type")?,
            ip: parameters
                .one::<std::net::IpAddr>("ip", "an address, such as 192.0.2.1")?
                .map(|ip| ip.to_canonical().to_string()),
            span: Span::take(parameters)?,
        })
    }
}

/// How many bits of a position are within a stretch, as the table `activity` has them.
const STRETCH: u32 = 12;

/// Where a page goes on.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct After {
    position: i64,
    ordinal: i16,
    /// Microseconds since 1970, where the order is by time.
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<i64>,
}

impl Filter {
    /// A period alone is read along the index of times, everything else along those that end in the
    /// position. Either way the latest come first; the two differ where history was imported.
    fn by_time(&self) -> bool {
        !self.span.is_ever()
            && self.actor.is_empty()
            && self.ticket.is_empty()
            && self.r#type.is_empty()
            && self.ip.is_none()
    }

    /// One actor, type or address is read along its own index, which has the latest stretches of positions
    /// first, and within each the rows in no order. Several values have no order in theirs.
    fn by_stretch(&self) -> bool {
        let single = [self.actor.len(), self.r#type.len(), usize::from(self.ip.is_some())];
        single.contains(&1) && self.ticket.is_empty()
    }

    /// The place after a row.
    pub(crate) fn after(&self, row: &ActivityRow) -> After {
        let time = self.by_time().then(|| row.occurred_at.0.timestamp_micros());
        After { position: row.position, ordinal: row.ordinal, time }
    }

    /// Adds `FROM` and the conditions.
    pub(crate) fn push<'a>(
        &'a self,
        caller: &'a Principal,
        tickets: Option<&'a [Uuid]>,
        sql: &mut QueryBuilder<'a, Postgres>,
    ) {
        sql.push(" FROM read.activity AS a WHERE a.tenant_id = ").push_bind(caller.tenant.0);
        push_known(caller, sql);
        if caller.visibility() != Visibility::Tenant {
            sql.push(" AND a.ticket_id IN (SELECT t.id FROM read.tickets AS t WHERE t.tenant_id = ");
            sql.push_bind(caller.tenant.0);
            push_visibility(caller, sql);
            sql.push(")");
        }
        for (column, values) in [("a.actor_id", &self.actor), ("a.type", &self.r#type)] {
            push_any(column, values.iter().map(String::as_str).collect(), sql);
        }
        if let Some(tickets) = tickets {
            sql.push(" AND a.ticket_id = ANY(").push_bind(tickets).push(")");
        }
        self.span.push("a.occurred_at", sql);
        if let Some(ip) = &self.ip {
            sql.push(" AND a.ip = ").push_bind(ip);
        }
    }

    /// Adds the place to go on after, and the order.
    pub(crate) fn push_page(&self, after: Option<After>, sql: &mut QueryBuilder<'_, Postgres>) {
        let (by_time, by_stretch) = (self.by_time(), self.by_stretch());
        if let Some(after) = after.filter(|_| by_stretch) {
            sql.push(" AND a.stretch <= ").push_bind((after.position >> STRETCH) as i32);
        }
        if let Some(after) = after {
            if by_time {
                let time = after.time.and_then(DateTime::<Utc>::from_timestamp_micros).unwrap_or_default();
                sql.push(" AND (a.occurred_at, a.position, a.ordinal) < (").push_bind(time).push(", ");
            } else {
                sql.push(" AND (a.position, a.ordinal) < (");
            }
            sql.push_bind(after.position).push(", ").push_bind(after.ordinal).push(")");
        }
        sql.push(match (by_time, by_stretch) {
            (true, _) => " ORDER BY a.occurred_at DESC, a.position DESC, a.ordinal DESC",
            (false, true) => " ORDER BY a.stretch DESC, a.position DESC, a.ordinal DESC",
            (false, false) => " ORDER BY a.position DESC, a.ordinal DESC",
        });
    }
}
