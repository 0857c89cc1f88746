//! How many tickets a filter lets through, from what the read models count anyway.

use domain::identity::{Principal, Visibility};
use domain::ids::TenantId;

use super::filter::Filter;
use crate::snapshot::Snapshot;

/// Counts that are kept and tell how many tickets there are: of one dimension, or of all tickets.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Kept {
    dimension: &'static str,
    keys: Vec<String>,
}

/// A filter by one of the dimensions that are counted.
type Named = (&'static str, fn(&mut Filter) -> &mut Vec<String>);

/// The filters whose values are counted, with what their dimension is called.
const COUNTED: [Named; 9] = [
    ("status", |filter| &mut filter.status),
    ("status_category", |filter| &mut filter.status_category),
    ("priority", |filter| &mut filter.priority),
    ("category", |filter| &mut filter.category),
    ("source", |filter| &mut filter.source),
    ("agent", |filter| &mut filter.assignee),
    ("team", |filter| &mut filter.team),
    ("organization", |filter| &mut filter.organization),
    ("sla", |filter| &mut filter.sla),
];

impl Filter {
    /// What is kept of what this filter lets through. None where it combines several things, or where the caller
    /// doesn't see all of the tickets that are counted.
    pub(crate) fn kept(&self, caller: &Principal) -> Option<Kept> {
        if caller.visibility() != Visibility::Tenant || !caller.is_staff() {
            return None;
        }
        if *self == Self::default() {
            return Some(Kept { dimension: "total", keys: vec![String::new()] });
        }
        COUNTED.into_iter().find_map(|(dimension, values)| {
            let mut rest = self.clone();
            let mut keys = std::mem::take(values(&mut rest));
            if rest != Self::default() || keys.is_empty() {
                return None;
            }
            for key in &mut keys {
                match (dimension, key.as_str()) {
                    ("agent" | "team", "none") => key.clear(),
                    ("agent", "me") => caller.user.as_str().clone_into(key),
                    _ => {}
                }
            }
            Some(Kept { dimension, keys })
        })
    }
}

impl Kept {
    /// Adds the counts up.
    pub(crate) async fn read(&self, snapshot: &mut Snapshot, tenant: TenantId) -> Result<i64, sqlx::Error> {
        sqlx::query_scalar!(
            r#"SELECT coalesce(sum(count), 0)::int8 AS "count!" FROM (
                   SELECT count FROM read.queue_counts
                   WHERE tenant_id = $1 AND dimension = $2 AND key = ANY($3)
                   UNION ALL
                   SELECT count FROM read.sla_counts
                   WHERE tenant_id = $1 AND $2 = 'sla' AND state = ANY($3)) AS counts"#,
            tenant.0,
            self.dimension,
            &self.keys,
        )
        .fetch_one(&mut *snapshot.tx)
        .await
    }
}

#[cfg(test)]
mod tests {
    use domain::ids::UserId;

    use super::*;
    use crate::parameters::Parameters;

    fn caller(role: &str) -> Principal {
        Principal::new(UserId::new("ada").unwrap(), TenantId::of_key("t"), vec![role.to_owned()])
    }

    fn kept(query: &str, role: &str) -> Option<(&'static str, Vec<String>)> {
        let filter = Filter::take(&mut Parameters::parse(Some(query)).unwrap()).unwrap();
        filter.kept(&caller(role)).map(|kept| (kept.dimension, kept.keys))
    }

    #[test]
    fn one_dimension_is_told_by_its_counts() {
        let agent = "support_agent";
        assert_eq!(kept("", agent), Some(("total", vec![String::new()])));
        assert_eq!(kept("status=open", agent), Some(("status", vec!["open".to_owned()])));
        let (dimension, mut mine) = kept("assignee=none&assignee=me", agent).unwrap();
        mine.sort();
        assert_eq!((dimension, mine), ("agent", vec![String::new(), "ada".to_owned()]));
        assert_eq!(kept("sla=met", agent).unwrap().0, "sla");
    }

    #[test]
    fn what_is_counted_otherwise_is_not() {
        for query in ["status=open&priority=high", "spam=true", "deleted=true", "q=toner", "tag=vip"] {
            assert_eq!(kept(query, "support_agent"), None, "{query}");
        }
        for role in ["customer", "client_user", "org_support"] {
            assert_eq!(kept("", role), None, "{role}");
        }
    }
}
