//! Somebody whose token was verified.

use super::operation::{Audience, Operation};
use super::permission::{Permission, Permissions};
use super::role::Role;
use crate::ids::{OrganizationId, TenantId, UserId};
use crate::metadata::{Actor, ActorKind};
use crate::personal::Personal;

/// Which tickets of the tenant somebody sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Visibility {
    /// Those that they asked for.
    Own,
    /// Their own, those assigned to their organisation, and those routed to it.
    Organization,
    /// All.
    Tenant,
}

/// The role doesn't allow it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// A permission is missing.
    #[error("this needs the permission {0}")]
    Missing(Permission),
    /// Customers can't do this, whatever they are permitted.
    #[error("only staff can do this")]
    StaffOnly,
}

/// Who asks for something, as a verified token says it.
#[derive(Clone, PartialEq, Eq)]
pub struct Principal {
    /// The user's id.
    pub user: UserId,
    /// The tenant that everything they do is in.
    pub tenant: TenantId,
    /// The roles that the token bears, known or not.
    pub roles: Vec<String>,
    /// What those allow together.
    pub permissions: Permissions,
    /// The organisation that they belong to.
    pub organization: Option<OrganizationId>,
    /// Roles that request types and fields can be limited to.
    pub audience_roles: Vec<String>,
    /// The name to show.
    pub name: Option<String>,
    /// The address to answer to.
    pub email: Option<String>,
    kind: ActorKind,
    visibility: Visibility,
}

impl Principal {
    /// Somebody with these roles. Unknown roles allow nothing; one staff role makes staff.
    pub fn new(user: UserId, tenant: TenantId, roles: Vec<String>) -> Self {
        let mut permissions = Permissions::NONE;
        let mut kind = ActorKind::Customer;
        let mut visibility = Visibility::Own;
        for role in roles.iter().filter_map(|name| Role::named(name)) {
            permissions = permissions.with(role.permissions);
            visibility = visibility.max(role.visibility);
            if role.kind == ActorKind::Agent {
                kind = ActorKind::Agent;
            }
        }
        Self {
            user,
            tenant,
            roles,
            permissions,
            organization: None,
            audience_roles: Vec::new(),
            name: None,
            email: None,
            kind,
            visibility,
        }
    }

    /// Docket itself: imports, processes, operators on this machine. May do everything.
    pub fn system(user: UserId, tenant: TenantId) -> Self {
        Self {
            permissions: Permissions::of(Permission::ALL),
            kind: ActorKind::System,
            visibility: Visibility::Tenant,
            ..Self::new(user, tenant, Vec::new())
        }
    }

    /// Whether the roles allow an operation. Whether they allow it on this very ticket is
    /// asked of the ticket.
    pub fn may(&self, operation: Operation) -> Result<(), Denied> {
        if !self.has(operation.permission()) {
            return Err(Denied::Missing(operation.permission()));
        }
        if operation.audience() == Audience::Staff && !self.is_staff() {
            return Err(Denied::StaffOnly);
        }
        Ok(())
    }

    /// Whether a permission is among theirs.
    pub fn has(&self, permission: Permission) -> bool {
        self.permissions.contains(permission)
    }

    /// On whose side they act.
    pub fn kind(&self) -> ActorKind {
        self.kind
    }

    /// Whether they act on the side of support.
    pub fn is_staff(&self) -> bool {
        self.kind != ActorKind::Customer
    }

    /// Whether internal notes, and that there are any, may reach them.
    pub fn sees_notes(&self) -> bool {
        self.is_staff() && self.has(Permission::NotesRead)
    }

    /// Which tickets they see.
    pub fn visibility(&self) -> Visibility {
        self.visibility
    }

    /// Whether they see what is below their tenant in the tree as well: those who administer it.
    pub fn sees_descendants(&self) -> bool {
        self.visibility == Visibility::Tenant && self.has(Permission::MembersManage)
    }

    /// As events name them.
    pub fn actor(&self) -> Actor {
        Actor { id: self.user.clone(), kind: self.kind, name: self.name.clone().map(Personal::new) }
    }
}

impl std::fmt::Debug for Principal {
    /// Without what says something about the person.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Principal")
            .field("user", &self.user)
            .field("tenant", &self.tenant)
            .field("roles", &self.roles)
            .field("kind", &self.kind)
            .field("visibility", &self.visibility)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(roles: &[&str]) -> Principal {
        Principal::new(
            UserId::new("u").unwrap(),
            TenantId::of_key("t"),
            roles.iter().map(|role| (*role).to_owned()).collect(),
        )
    }

    #[test]
    fn no_known_role_allows_nothing() {
        for roles in [&[][..], &["god"]] {
            let nobody = with(roles);
            assert!(Operation::ALL.iter().all(|operation| nobody.may(*operation).is_err()));
            assert_eq!(nobody.kind(), ActorKind::Customer);
            assert_eq!(nobody.visibility(), Visibility::Own);
            assert!(!nobody.sees_notes());
        }
    }

    #[test]
    fn roles_add_up() {
        let both = with(&["customer", "support_lead"]);
        assert_eq!(both.kind(), ActorKind::Agent);
        assert_eq!(both.visibility(), Visibility::Tenant);
        assert!(both.sees_notes());
        assert_eq!(both.may(Operation::RedactMessage), Ok(()));
    }

    /// The table as a person would write it down: what each role may do, in full.
    #[test]
    fn each_role_may_do_what_it_should() {
        use Operation::*;
        let own = [
            OpenTicket,
            ReplyToTicket,
            EditMessage,
            MarkMessageRead,
            RateTicket,
            BulkCommands,
            RecordExport,
            ListTickets,
            GetTicket,
            GetMessages,
            GetActivity,
            GetHistory,
            GetAssignments,
            GetAttachments,
            ReadEvents,
            StreamEvents,
            OpenSocket,
        ];
        let client_admin = [
            ChangeStatus,
            ResolveTicket,
            CloseTicket,
            ReopenTicket,
            CancelTicket,
            ChangePriority,
            ChangeCategory,
            ChangeSubject,
            DeleteTicket,
        ];
        let desk = [
            ChangeStatus,
            ResolveTicket,
            CloseTicket,
            ReopenTicket,
            CancelTicket,
            ChangePriority,
            ChangeCategory,
            ChangeSubject,
            ChangeRequestType,
            ChangeTags,
            SetCustomFields,
            EscalateTicket,
            MarkSpam,
            UnmarkSpam,
            AddNote,
            GetQueues,
            GetProjections,
            GetSla,
            GetSlaConfig,
            ListPolicies,
            GetPolicy,
            ListCalendars,
            GetCalendar,
            GetTenant,
        ];
        let agent = [AssignTicket, UnassignTicket, RouteTicket, ReadEvents, StreamEvents, OpenSocket];
        let lead = [DeleteTicket, RestoreTicket, RedactMessage];
        let stats = [
            GetStats,
            GetVolume,
            GetSatisfaction,
            GetAgentStats,
            GetSlaStats,
            GetBusiestHours,
            GetTop,
            GetDashboard,
            FollowDashboard,
        ];
        let reading = [
            RecordExport,
            ListTickets,
            GetTicket,
            GetMessages,
            GetActivity,
            GetHistory,
            GetAssignments,
            GetAttachments,
            GetQueues,
            GetProjections,
            GetSla,
            GetSlaConfig,
            ListPolicies,
            GetPolicy,
            ListCalendars,
            GetCalendar,
            GetTenant,
        ];
        let manager = [
            SearchAudit,
            GetSlaHistory,
            AddPolicy,
            ChangePolicy,
            RemovePolicy,
            ChangeSla,
            BacktestSla,
            AddCalendar,
            ChangeCalendar,
            RemoveCalendar,
            ImportHolidays,
        ];
        let table: &[(&str, &[&[Operation]])] = &[
            ("customer", &[&own]),
            ("client_user", &[&own]),
            ("client_admin", &[&own, &client_admin]),
            ("org_support", &[&own, &desk]),
            ("support_agent", &[&own, &desk, &agent]),
            ("support_lead", &[&own, &desk, &agent, &lead, &stats]),
            ("support_manager", &[&own, &desk, &agent, &lead, &stats, &manager]),
            ("support_admin", &[&own, &desk, &agent, &lead, &stats, &manager, &[ChangeTenant]]),
            ("msp_admin", &[&own, &desk, &agent, &lead, &stats, &manager, &[ChangeTenant]]),
            ("auditor", &[&reading, &[SearchAudit, GetSlaHistory, ReadEvents, StreamEvents, OpenSocket]]),
            ("analyst", &[&reading, &stats, &[ReadEvents, StreamEvents, OpenSocket]]),
            ("platform_admin", &[Operation::ALL]),
        ];
        for (role, allowed) in table {
            let somebody = with(&[role]);
            for operation in Operation::ALL {
                let expected = allowed.iter().any(|list| list.contains(operation));
                assert_eq!(somebody.may(*operation).is_ok(), expected, "{role}: {operation:?}");
            }
        }
    }
}
