//! The built-in roles.

#[cfg_attr(
    not(test),
    expect(clippy::enum_glob_use, reason = "the table reads best with the bare names")
)]
use super::permission::Permission::{self, *};
use super::permission::Permissions;
use super::principal::Visibility;
use crate::metadata::ActorKind;

/// A named set of permissions, with the side that its bearer stands on and how far they see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Role {
    /// The name, as tokens bear it.
    pub name: &'static str,
    /// On whose side.
    pub kind: ActorKind,
    /// Which tickets of the tenant.
    pub visibility: Visibility,
    /// What is allowed.
    pub permissions: Permissions,
}

/// Those who ask for support follow the events of what they see, without what is internal.
const CUSTOMER: Permissions = Permissions::of(&[TicketsCreate, TicketsRead, EventsSubscribe, KbRead]);
/// The head of the clients of a managed-service provider: may move tickets along and delete them.
const CLIENT_ADMIN: Permissions =
    CUSTOMER.with(Permissions::of(&[TicketsUpdate, TicketsClose, TicketsDelete, MembersManage, StatsRead]));
/// Staff of a linked organisation: works on what is routed there, doesn't move it elsewhere.
const ORG_SUPPORT: Permissions =
    CUSTOMER.with(Permissions::of(&[TicketsUpdate, TicketsClose, NotesRead, NotesWrite]));
const AGENT: Permissions = ORG_SUPPORT.with(Permissions::of(&[TicketsAssign, KbCreate]));
const LEAD: Permissions = AGENT.with(Permissions::of(&[TicketsDelete, KbUpdate, StatsRead]));
const MANAGER: Permissions = LEAD.with(Permissions::of(&[KbPublish, CatalogueManage, SlaManage, AuditRead]));
const ADMIN: Permissions =
    MANAGER.with(Permissions::of(&[MembersManage, AuditExport, RetentionManage, TenantManage]));
const AUDITOR: Permissions =
    Permissions::of(&[TicketsRead, NotesRead, KbRead, AuditRead, AuditExport, EventsSubscribe]);
const ANALYST: Permissions = Permissions::of(&[TicketsRead, StatsRead, EventsSubscribe, KbRead]);

const fn role(name: &'static str, kind: ActorKind, visibility: Visibility, permissions: Permissions) -> Role {
    Role { name, kind, visibility, permissions }
}

impl Role {
    /// The roles that every tenant has.
    pub const BUILT_IN: &'static [Self] = &[
        role("customer", ActorKind::Customer, Visibility::Own, CUSTOMER),
        role("client_user", ActorKind::Customer, Visibility::Tenant, CUSTOMER),
        role("client_admin", ActorKind::Customer, Visibility::Tenant, CLIENT_ADMIN),
        role("msp_admin", ActorKind::Agent, Visibility::Tenant, ADMIN),
        role("support_agent", ActorKind::Agent, Visibility::Tenant, AGENT),
        role("support_lead", ActorKind::Agent, Visibility::Tenant, LEAD),
        role("support_manager", ActorKind::Agent, Visibility::Tenant, MANAGER),
        role("support_admin", ActorKind::Agent, Visibility::Tenant, ADMIN),
        role("org_support", ActorKind::Agent, Visibility::Organization, ORG_SUPPORT),
        role("auditor", ActorKind::Agent, Visibility::Tenant, AUDITOR),
        role("analyst", ActorKind::Agent, Visibility::Tenant, ANALYST),
        role("platform_admin", ActorKind::Agent, Visibility::Tenant, Permissions::of(Permission::ALL)),
    ];

    /// The built-in role of this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        Self::BUILT_IN.iter().find(|role| role.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_twelve_roles_are_there_once() {
        let mut names: Vec<_> = Role::BUILT_IN.iter().map(|role| role.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), 12);
        assert_eq!(Role::named("support_lead").map(|role| role.name), Some("support_lead"));
        assert_eq!(Role::named("god"), None);
    }

    #[test]
    fn no_role_on_the_customers_side_sees_notes() {
        for role in Role::BUILT_IN.iter().filter(|role| role.kind == ActorKind::Customer) {
            assert!(!role.permissions.contains(NotesRead), "{}", role.name);
        }
    }
}
