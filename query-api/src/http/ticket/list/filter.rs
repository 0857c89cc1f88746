//! Which tickets a list has, and the SQL for it: only the conditions that were asked for, each one
//! fit for an index.

use chrono::{DateTime, Utc};
use domain::identity::Principal;
use domain::search::Query;
use domain::sla::clock::SlaState;
use sqlx::{Postgres, QueryBuilder};
use utoipa::IntoParams;

use super::candidates::{Candidates, Found};
use crate::conditions::{push_any, push_assigned};
use crate::parameters::{BadParameter, Parameters};
use crate::span::Span;
use crate::visibility::push_visibility;

const CATEGORIES: [&str; 7] =
    ["new", "open", "pending_customer", "pending_internal", "resolved", "closed", "cancelled"];
const SOURCES: [&str; 10] =
    ["portal", "web", "widget", "email", "chat", "phone", "api", "webhook", "manual", "import"];
/// How the moments of a ticket are asked for: from, to, after, before.
const CREATED: [&str; 4] = ["created_from", "created_to", "created_after", "created_before"];
const UPDATED: [&str; 4] = ["updated_from", "updated_to", "updated_after", "updated_before"];
/// The longest text to search for, in characters.
const LONGEST_SEARCH: usize = 500;

/// The filters of a ticket list. A repeated filter is a list of alternatives; filters narrow each other.
#[derive(Clone, Debug, Default, PartialEq, Eq, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Filter {
    /// Keys of the tenant's workflow.
    #[param(required = false, example = json!(["open", "in_progress"]))]
    pub(crate) status: Vec<String>,
    /// What statuses mean: new, open, pending_customer, pending_internal, resolved, closed, cancelled.
    #[param(required = false)]
    pub(crate) status_category: Vec<String>,
    /// Keys of the tenant's priorities.
    #[param(required = false)]
    pub(crate) priority: Vec<String>,
    /// Categories.
    #[param(required = false, explode)]
    pub(crate) category: Vec<String>,
    /// Request types.
    #[param(required = false, explode)]
    pub(crate) request_type: Vec<String>,
    /// Agents: ids, `me`, `none`.
    #[param(required = false, explode, example = json!(["me"]))]
    pub(crate) assignee: Vec<String>,
    /// Teams: ids, `none`.
    #[param(required = false, explode)]
    pub(crate) team: Vec<String>,
    /// Organisations that have the ticket, by assignment; for staff, or else by routing.
    #[param(required = false, explode)]
    pub(crate) organization: Vec<String>,
    /// Users who asked.
    #[param(required = false, explode)]
    pub(crate) requester: Vec<String>,
    /// Tags; one of them is enough. Upper and lower case are the same.
    #[param(required = false, explode)]
    pub(crate) tag: Vec<String>,
    /// How tickets came in: portal, web, widget, email, chat, phone, api, webhook, manual, import.
    #[param(required = false)]
    pub(crate) source: Vec<String>,
    /// How tickets stand with what was promised for them: on_track, response_warning,
    /// response_breached, resolution_warning, resolution_breached, paused, met, missed. For staff.
    #[param(required = false, example = json!(["response_breached", "resolution_breached"]))]
    pub(crate) sla: Vec<String>,
    /// When they were opened.
    #[param(ignore)]
    pub(crate) created: Span,
    /// When they were changed.
    #[param(ignore)]
    pub(crate) updated: Span,
    /// Words, `"a phrase"`, `begin*`, `-without`, `this or that`, in the number, the subject, the
    /// description, the messages (for staff, notes too), and the requester's name and address; whatever
    /// their case and accents. Addresses, paths and identifiers are found whole and by their parts.
    #[param(rename = "q", value_type = Option<String>, max_length = 500, example = "toner")]
    pub(crate) search: Option<Query>,
    /// Deleted tickets instead of the others; for staff.
    #[param(required = false, default = false)]
    pub(crate) deleted: Option<bool>,
    /// Spam instead of the others; for staff. Customers' lists have it among the others: they don't learn of the mark.
    #[param(required = false, default = false)]
    pub(crate) spam: Option<bool>,
}

/// When tickets were opened and changed. All that are given hold.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it documents what `Span` reads")]
pub(crate) struct FilterTimes {
    /// Opened at this moment or after it.
    created_from: Option<DateTime<Utc>>,
    /// Opened before this moment.
    created_to: Option<DateTime<Utc>>,
    /// Opened after this moment.
    created_after: Option<DateTime<Utc>>,
    /// Opened before this moment.
    created_before: Option<DateTime<Utc>>,
    /// Changed at this moment or after it.
    updated_from: Option<DateTime<Utc>>,
    /// Changed before this moment.
    updated_to: Option<DateTime<Utc>>,
    /// Changed after this moment.
    updated_after: Option<DateTime<Utc>>,
    /// Changed before this moment.
    updated_before: Option<DateTime<Utc>>,
}

impl Filter {
    pub(crate) fn take(parameters: &mut Parameters) -> Result<Self, BadParameter> {
        let what = "true or false";
        Ok(Self {
            status: parameters.words("status")?,
            status_category: parameters.among("status_category", &CATEGORIES)?,
            priority: parameters.words("priority")?,
            category: parameters.values("category")?,
            request_type: parameters.values("request_type")?,
            assignee: parameters.values("assignee")?,
            team: parameters.values("team")?,
            organization: parameters.values("organization")?,
            requester: parameters.values("requester")?,
            tag: parameters.values("tag")?,
            source: parameters.among("source", &SOURCES)?,
            sla: parameters.among("sla", &SlaState::ALL.map(SlaState::as_str))?,
            search: search(parameters)?,
            deleted: parameters.one("deleted", what)?,
            spam: parameters.one("spam", what)?,
            created: Span::take_all(parameters, CREATED)?,
            updated: Span::take_all(parameters, UPDATED)?,
        })
    }

    /// Adds the conditions to a statement over `read.tickets AS t`, and `read.sla AS s` where how they
    /// stand is asked for, after its `WHERE`.
    pub(crate) fn push<'a>(
        &'a self,
        candidates: &'a Found,
        caller: &'a Principal,
        sql: &mut QueryBuilder<'a, Postgres>,
    ) {
        // Row-level security says the same; said here too, the planner knows the value.
        sql.push("t.tenant_id = ").push_bind(caller.tenant.0);
        push_visibility(caller, sql);
        if caller.is_staff() {
            sql.push(if self.deleted == Some(true) { " AND t.deleted" } else { " AND NOT t.deleted" });
            sql.push(if self.spam == Some(true) { " AND t.spam" } else { " AND NOT t.spam" });
        }
        // Customers don't learn where a ticket is routed.
        let organization = if caller.is_staff() { "t.organization" } else { "t.assigned_organization" };
        for (column, values) in [
            ("t.status", &self.status),
            ("t.status_category", &self.status_category),
            ("t.priority", &self.priority),
            ("t.category", &self.category),
            ("t.request_type", &self.request_type),
            (organization, &self.organization),
            ("t.requester_id", &self.requester),
            ("t.source", &self.source),
            ("s.state", &self.sla),
        ] {
            push_any(column, values.iter().map(String::as_str).collect(), sql);
        }
        push_assigned("t.agent", &self.assignee, Some(caller.user.as_str()), sql);
        push_assigned("t.team", &self.team, None, sql);
        match &candidates.tagged {
            Some(Candidates::These(ids)) => {
                sql.push(" AND t.id = ANY(").push_bind(ids).push(")");
            }
            Some(Candidates::Many) => {
                sql.push(" AND t.tags && ").push_bind(&candidates.tags);
            }
            None => {}
        }
        self.created.push("t.created_at", sql);
        self.updated.push("t.updated_at", sql);
        match &candidates.worded {
            Some(Candidates::These(ids)) => {
                sql.push(" AND t.id = ANY(").push_bind(ids).push(")");
            }
            Some(Candidates::Many) => {
                let query = self.search.as_ref();
                sql.push(" AND t.id IN (SELECT unnest(read.find_tickets(");
                sql.push_bind(query.map(|query| &query.wanted)).push("::text[]::tsquery[], ");
                sql.push_bind(query.map(|query| &query.unwanted)).push("::text[]::tsquery[], ");
                sql.push_bind(caller.sees_notes()).push(", NULL)))");
            }
            None => {}
        }
    }
}

fn search(parameters: &mut Parameters) -> Result<Option<Query>, BadParameter> {
    let text = parameters.text("q")?;
    match text.as_deref().map(str::trim) {
        None => Ok(None),
        Some("") => Err(BadParameter::invalid("q", "it is empty")),
        Some(words) if words.chars().count() > LONGEST_SEARCH => {
            Err(BadParameter::invalid("q", format!("it takes {LONGEST_SEARCH} characters at most")))
        }
        Some(words) => match Query::parse(words) {
            Ok(query) => Ok(Some(query)),
            Err(refused) => Err(BadParameter::invalid("q", refused.to_string())),
        },
    }
}

#[cfg(test)]
mod tests {
    use domain::ids::{OrganizationId, TenantId, UserId};

    use super::*;

    fn caller(role: &str) -> Principal {
        Principal::new(UserId::new("carla").unwrap(), TenantId::of_key("t"), vec![role.to_owned()])
    }

    fn filter(query: &str) -> Filter {
        Filter::take(&mut Parameters::parse(Some(query)).unwrap()).unwrap()
    }

    fn refused(query: &str) -> String {
        let refusal = Filter::take(&mut Parameters::parse(Some(query)).unwrap()).unwrap_err();
        refusal.name().to_owned()
    }

    fn sql(query: &str, caller: &Principal) -> String {
        let filter = filter(query);
        let mut sql = QueryBuilder::new("");
        let found = Found {
            worded: filter.search.as_ref().map(|_| Candidates::Many),
            tagged: (!filter.tag.is_empty()).then(|| Candidates::These(Vec::new())),
            tags: filter.tag.clone(),
        };
        filter.push(&found, caller, &mut sql);
        sql.into_sql()
    }

    #[test]
    fn nothing_asked_is_nothing_in_the_way() {
        assert_eq!(sql("", &caller("support_agent")), "t.tenant_id = $1 AND NOT t.deleted AND NOT t.spam");
    }

    #[test]
    fn one_value_is_compared_several_are_alternatives() {
        let agent = caller("support_agent");
        assert!(sql("status=open", &agent).ends_with("AND t.status = $2"));
        assert!(sql("sla=met,missed", &agent).ends_with("AND s.state = ANY($2)"));
        assert!(sql("status=open,new", &agent).ends_with("AND t.status = ANY($2)"));
        assert!(sql("assignee=none", &agent).ends_with("AND t.agent IS NULL"));
        assert!(
            sql("assignee=none&assignee=me", &agent).ends_with("AND (t.agent IS NULL OR t.agent = ANY($2))")
        );
        assert!(sql("q=toner", &agent).contains("IN (SELECT unnest(read.find_tickets($2"));
        assert!(sql("tag=vip", &agent).ends_with("AND t.id = ANY($2)"));
    }

    #[test]
    fn everybody_is_kept_to_what_they_may_see() {
        assert!(sql("", &caller("customer")).contains("t.requester_id = $2"));
        assert!(
            sql("", &caller("customer")).ends_with("AND NOT t.deleted"),
            "spam isn't told from the others"
        );
        assert!(sql("organization=acme", &caller("customer")).contains("t.assigned_organization = "));
        assert!(!sql("", &caller("client_user")).contains("requester_id"));
        let mut org = caller("org_support");
        assert!(sql("", &org).contains("AND t.requester_id = $2 AND"));
        org.organization = Some(OrganizationId::new("acme").unwrap());
        assert!(sql("", &org).contains("AND t.routed_organization = $4))"));
    }

    #[test]
    fn bad_values_name_their_filter() {
        assert_eq!(refused("source=pigeon"), "source");
        assert_eq!(refused("sla=breached"), "sla");
        assert_eq!(refused("status_category=open,odd"), "status_category");
        assert_eq!(refused("created_after=yesterday"), "created_after");
        assert_eq!(refused("deleted=perhaps"), "deleted");
        assert_eq!(refused("q="), "q");
        assert_eq!(refused("q=x*"), "q");
        assert_eq!(refused(&format!("q={}", "x".repeat(501))), "q");
    }
}
