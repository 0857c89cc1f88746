//! The one table of what can be asked for, and what each thing needs.

#[cfg_attr(
    not(test),
    expect(clippy::enum_glob_use, reason = "the table reads best with the bare names")
)]
use super::permission::Permission::{self, *};

/// Who an operation is for at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Whoever has the permission.
    Everybody,
    /// Those who give support.
    Staff,
    /// The cell's own services alone, on behalf of whoever has the permission.
    Services,
}
use Audience::{Everybody, Services, Staff};

macro_rules! operations {
    ($($name:ident = $text:literal $method:ident $path:literal $permission:ident $audience:ident;)+) => {
        /// Something that can be asked for over HTTP.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Operation {
            $(#[doc = concat!("`", stringify!($method), " ", $path, "`")] $name,)+
        }

        impl Operation {
            /// Every operation.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// Its name in OpenAPI documents, metrics and logs.
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }

            /// Its HTTP method.
            pub fn method(self) -> &'static str {
                match self { $(Self::$name => stringify!($method),)+ }
            }

            /// Its path, parameters in braces.
            pub fn path(self) -> &'static str {
                match self { $(Self::$name => $path,)+ }
            }

            /// The permission that it needs.
            pub fn permission(self) -> Permission {
                match self { $(Self::$name => $permission,)+ }
            }

            /// Whom it is for.
            pub fn audience(self) -> Audience {
                match self { $(Self::$name => $audience,)+ }
            }
        }
    };
}

operations! {
    OpenTicket        = "open_ticket"         POST "/v1/tickets"                                        TicketsCreate   Everybody;
    AssignTicket      = "assign_ticket"       POST "/v1/tickets/{id}/assign"                            TicketsAssign   Staff;
    UnassignTicket    = "unassign_ticket"     POST "/v1/tickets/{id}/unassign"                          TicketsAssign   Staff;
    ReplyToTicket     = "reply_to_ticket"     POST "/v1/tickets/{id}/reply"                             TicketsCreate   Everybody;
    AddNote           = "add_note"            POST "/v1/tickets/{id}/note"                              NotesWrite      Staff;
    EditMessage       = "edit_message"        POST "/v1/tickets/{id}/messages/{message_id}/edit"        TicketsCreate   Everybody;
    RedactMessage     = "redact_message"      POST "/v1/tickets/{id}/messages/{message_id}/redact"      TicketsDelete   Staff;
    MarkMessageRead   = "mark_message_read"   POST "/v1/tickets/{id}/messages/{message_id}/read"        TicketsCreate   Everybody;
    ChangeStatus      = "change_status"       POST "/v1/tickets/{id}/status"                            TicketsUpdate   Everybody;
    ResolveTicket     = "resolve_ticket"      POST "/v1/tickets/{id}/resolve"                           TicketsClose    Everybody;
    CloseTicket       = "close_ticket"        POST "/v1/tickets/{id}/close"                             TicketsClose    Everybody;
    ReopenTicket      = "reopen_ticket"       POST "/v1/tickets/{id}/reopen"                            TicketsClose    Everybody;
    CancelTicket      = "cancel_ticket"       POST "/v1/tickets/{id}/cancel"                            TicketsClose    Everybody;
    RateTicket        = "rate_ticket"         POST "/v1/tickets/{id}/rate"                              TicketsCreate   Everybody;
    ChangePriority    = "change_priority"     POST "/v1/tickets/{id}/priority"                          TicketsUpdate   Everybody;
    ChangeCategory    = "change_category"     POST "/v1/tickets/{id}/category"                          TicketsUpdate   Everybody;
    ChangeRequestType = "change_request_type" POST "/v1/tickets/{id}/request-type"                      TicketsUpdate   Staff;
    ChangeSubject     = "change_subject"      POST "/v1/tickets/{id}/subject"                           TicketsUpdate   Everybody;
    ChangeTags        = "change_tags"         POST "/v1/tickets/{id}/tags"                              TicketsUpdate   Staff;
    SetCustomFields   = "set_custom_fields"   POST "/v1/tickets/{id}/custom-fields"                     TicketsUpdate   Staff;
    EscalateTicket    = "escalate_ticket"     POST "/v1/tickets/{id}/escalate"                          TicketsUpdate   Staff;
    RouteTicket       = "route_ticket"        POST "/v1/tickets/{id}/route"                             TicketsAssign   Staff;
    MarkSpam          = "mark_spam"           POST "/v1/tickets/{id}/spam"                              TicketsUpdate   Staff;
    UnmarkSpam        = "unmark_spam"         POST "/v1/tickets/{id}/not-spam"                          TicketsUpdate   Staff;
    DeleteTicket      = "delete_ticket"       POST "/v1/tickets/{id}/delete"                            TicketsDelete   Everybody;
    RestoreTicket     = "restore_ticket"      POST "/v1/tickets/{id}/restore"                           TicketsDelete   Staff;
    // Each command in the batch is asked about on its own as well.
    BulkCommands      = "bulk_commands"       POST "/v1/commands"                                       TicketsCreate   Everybody;
    CreateTenant      = "create_tenant"       POST "/v1/tenants"                                        PlatformManage  Staff;
    ChangeTenant      = "change_tenant"       PATCH "/v1/tenants/{tenant}"                              TenantManage    Staff;
    AddPolicy         = "add_sla_policy"      POST "/v1/sla/policies"                                   SlaManage       Staff;
    ChangePolicy      = "change_sla_policy"   PATCH "/v1/sla/policies/{key}"                            SlaManage       Staff;
    RemovePolicy      = "remove_sla_policy"   DELETE "/v1/sla/policies/{key}"                           SlaManage       Staff;
    ChangeSla         = "change_sla"          PATCH "/v1/sla"                                           SlaManage       Staff;
    BacktestSla       = "backtest_sla"        POST "/v1/sla/backtest"                                   SlaManage       Staff;
    AddCalendar       = "add_calendar"        POST "/v1/calendars"                                      SlaManage       Staff;
    ChangeCalendar    = "change_calendar"     PATCH "/v1/calendars/{key}"                               SlaManage       Staff;
    RemoveCalendar    = "remove_calendar"     DELETE "/v1/calendars/{key}"                              SlaManage       Staff;
    ImportHolidays    = "import_holidays"     POST "/v1/calendars/{key}/holidays"                       SlaManage       Staff;
    RecordExport      = "record_export"       POST "/v1/exports"                                        TicketsRead     Services;
    ListTickets       = "list_tickets"        GET  "/v1/tickets"                                        TicketsRead     Everybody;
    GetTicket         = "get_ticket"          GET  "/v1/tickets/{id}"                                   TicketsRead     Everybody;
    GetMessages       = "get_messages"        GET  "/v1/tickets/{id}/messages"                          TicketsRead     Everybody;
    GetActivity       = "get_activity"        GET  "/v1/tickets/{id}/activity"                          TicketsRead     Everybody;
    GetHistory        = "get_history"         GET  "/v1/tickets/{id}/history"                           TicketsRead     Everybody;
    GetSla            = "get_sla"             GET  "/v1/tickets/{id}/sla"                               TicketsRead     Staff;
    GetSlaConfig      = "get_sla_configuration" GET "/v1/sla"                                           TicketsRead     Staff;
    GetSlaHistory     = "get_sla_history"     GET  "/v1/sla/history"                                    AuditRead       Staff;
    ListPolicies      = "list_sla_policies"   GET  "/v1/sla/policies"                                   TicketsRead     Staff;
    GetPolicy         = "get_sla_policy"      GET  "/v1/sla/policies/{key}"                             TicketsRead     Staff;
    ListCalendars     = "list_calendars"      GET  "/v1/calendars"                                      TicketsRead     Staff;
    GetCalendar       = "get_calendar"        GET  "/v1/calendars/{key}"                                TicketsRead     Staff;
    GetTenant         = "get_tenant"          GET  "/v1/tenants/{tenant}"                               TicketsRead     Staff;
    GetStats          = "get_stats"           GET  "/v1/stats"                                          StatsRead       Staff;
    GetVolume         = "get_volume"          GET  "/v1/stats/volume"                                   StatsRead       Staff;
    GetSatisfaction   = "get_satisfaction"    GET  "/v1/stats/satisfaction"                             StatsRead       Staff;
    GetAgentStats     = "get_agent_stats"     GET  "/v1/stats/agents"                                   StatsRead       Staff;
    GetBusiestHours   = "get_busiest_hours"   GET  "/v1/stats/busiest"                                  StatsRead       Staff;
    GetTop            = "get_top"             GET  "/v1/stats/top"                                      StatsRead       Staff;
    GetDashboard      = "get_dashboard"       GET  "/v1/stats/dashboard"                                StatsRead       Staff;
    FollowDashboard   = "follow_dashboard"    GET  "/v1/stats/dashboard/stream"                         StatsRead       Staff;
    GetSlaStats       = "get_sla_stats"       GET  "/v1/stats/sla"                                      StatsRead       Staff;
    GetAttachments    = "get_attachments"     GET  "/v1/tickets/{id}/attachments"                       TicketsRead     Everybody;
    GetAssignments    = "get_assignments"     GET  "/v1/tickets/{id}/assignments"                       TicketsRead     Everybody;
    GetQueues         = "get_queues"          GET  "/v1/queues"                                         TicketsRead     Staff;
    SearchAudit       = "search_audit"        GET  "/v1/audit"                                          AuditRead       Staff;
    ReadEvents        = "read_events"         GET  "/v1/events"                                         EventsSubscribe Everybody;
    StreamEvents      = "stream_events"       GET  "/v1/events/stream"                                  EventsSubscribe Everybody;
    OpenSocket        = "open_event_socket"   GET  "/v1/events/socket"                                  EventsSubscribe Everybody;
    GetProjections    = "get_projections"     GET  "/v1/projections"                                    TicketsRead     Staff;
}

impl Operation {
    /// Whether it changes anything.
    pub fn is_command(self) -> bool {
        self.method() != "GET"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_routes_are_unique() {
        for (index, one) in Operation::ALL.iter().enumerate() {
            for other in &Operation::ALL[index + 1..] {
                assert_ne!(one.name(), other.name());
                assert!((one.method(), one.path()) != (other.method(), other.path()));
            }
        }
    }
}
