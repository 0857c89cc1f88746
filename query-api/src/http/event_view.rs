//! Events as CloudEvents 1.0 in the structured mode of JSON.

mod columns;

use chrono::{DateTime, Utc};
use domain::ids::TenantId;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::log::Fact;
use crate::time::Time;
use crate::visibility::Shown;

/// An event (CloudEvents 1.0). Names without underscores are the standard's.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct CloudEvent {
    /// The version of the standard.
    #[schema(example = "1.0")]
    specversion: &'static str,
    /// The event's id.
    id: Uuid,
    /// The cell whose log it is in.
    #[schema(example = "/docket/main")]
    source: String,
    /// What happened.
    #[schema(example = "TicketOpened")]
    r#type: String,
    /// What it happened to: a ticket's id, or a tenant's.
    subject: String,
    /// When it happened.
    time: Time,
    /// The form of `data`.
    #[schema(example = "application/json")]
    datacontenttype: &'static str,
    /// The schema that `data` fits, by its URI: see `GET /schemas`. Not there if this program can't read the event.
    #[schema(example = "urn:docket:schema:TicketOpened:1")]
    #[serde(skip_serializing_if = "Option::is_none")]
    dataschema: Option<&'static str>,
    /// The place in the log: without gaps over all tenants, in commit order.
    #[schema(example = 4711)]
    pub(crate) position: i64,
    /// The tenant.
    #[schema(value_type = Uuid)]
    tenant: TenantId,
    /// What kind of thing `subject` is.
    #[schema(example = "ticket")]
    aggregatetype: String,
    /// The place among the events of the same thing, from 1; to customers, among those that they may know of.
    #[schema(example = 1)]
    pub(crate) version: i64,
    /// The command that it came from.
    commandid: Uuid,
    /// When it was written down; later than `time` for what was imported.
    recordedat: Time,
    /// Who did it.
    #[schema(example = "carla")]
    actorid: String,
    /// On whose side: customer, agent, system.
    #[schema(example = "customer")]
    actorkind: &'static str,
    /// The name to show.
    #[serde(skip_serializing_if = "Option::is_none")]
    actorname: Option<String>,
    /// The request that it came with.
    #[serde(skip_serializing_if = "Option::is_none")]
    requestid: Option<String>,
    /// W3C Trace Context.
    #[serde(skip_serializing_if = "Option::is_none")]
    traceparent: Option<String>,
    /// The event that made it follow.
    #[serde(skip_serializing_if = "Option::is_none")]
    causationid: Option<Uuid>,
    /// The import that brought it.
    #[serde(skip_serializing_if = "Option::is_none")]
    import: Option<String>,
    /// The address that it came from; for staff, and for oneself.
    #[serde(skip_serializing_if = "Option::is_none")]
    ip: Option<String>,
    /// The program that it came by; for staff, and for oneself.
    #[serde(skip_serializing_if = "Option::is_none")]
    useragent: Option<String>,
    /// The fact itself, in the public form of its type.
    #[schema(value_type = Object)]
    data: Box<RawValue>,
}

impl CloudEvent {
    /// An event as it is shown to somebody.
    pub(crate) fn new(fact: &Fact, shown: Shown, cell: &str, tenant: TenantId) -> Self {
        let Shown { data, contract, metadata, version } = shown;
        let logged = &fact.logged;
        Self {
            specversion: "1.0",
            id: logged.event_id,
            source: format!("/docket/{cell}"),
            r#type: logged.event_type.clone(),
            subject: logged.aggregate_id.clone(),
            time: metadata.occurred_at.into(),
            datacontenttype: "application/json",
            dataschema: contract.map(|contract| contract.uri),
            position: logged.position,
            tenant,
            aggregatetype: logged.aggregate_type.clone(),
            version,
            commandid: logged.command_id,
            recordedat: logged.recorded_at.into(),
            actorid: metadata.actor.id.into(),
            actorkind: metadata.actor.kind.as_str(),
            actorname: metadata.actor.name.map(domain::personal::Personal::into_inner),
            requestid: metadata.request_id,
            traceparent: metadata.traceparent,
            causationid: metadata.causation_id.map(|id| id.0),
            import: metadata.import,
            ip: metadata.ip.map(domain::personal::Personal::into_inner),
            useragent: metadata.user_agent.map(domain::personal::Personal::into_inner),
            data,
        }
    }

    /// When it happened.
    pub(crate) fn time(&self) -> DateTime<Utc> {
        self.time.0
    }

    /// What happened.
    pub(crate) fn event_type(&self) -> &str {
        &self.r#type
    }
}
