//! The names of what can be allowed.

macro_rules! permissions {
    ($($(#[$doc:meta])* $name:ident = $text:literal),+ $(,)?) => {
        /// One thing that a role can allow.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Permission {
            $($(#[$doc])* $name,)+
        }

        impl Permission {
            /// Every permission.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The name, as it stands in roles and API keys.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }

            /// The permission of this name.
            pub fn from_name(name: &str) -> Option<Self> {
                match name {
                    $($text => Some(Self::$name),)+
                    _ => None,
                }
            }
        }
    };
}

permissions! {
    /// Open tickets and take part in their conversations: reply, rate, edit one's own messages.
    TicketsCreate = "tickets.create",
    /// Read tickets, as far as one's visibility goes.
    TicketsRead = "tickets.read",
    /// Change what a ticket says of itself: status, priority, category, subject, fields.
    TicketsUpdate = "tickets.update",
    /// Say who works on a ticket, and move it between desks.
    TicketsAssign = "tickets.assign",
    /// Resolve, close, reopen and cancel.
    TicketsClose = "tickets.close",
    /// Put tickets away and take them back; take messages out of sight.
    TicketsDelete = "tickets.delete",
    /// Read internal notes.
    NotesRead = "notes.read",
    /// Write internal notes.
    NotesWrite = "notes.write",
    /// Write articles.
    KbCreate = "kb.create",
    /// Read articles.
    KbRead = "kb.read",
    /// Change articles.
    KbUpdate = "kb.update",
    /// Publish articles.
    KbPublish = "kb.publish",
    /// Manage categories, request types, fields, canned responses, teams.
    CatalogueManage = "catalogue.manage",
    /// Manage service levels and calendars.
    SlaManage = "sla.manage",
    /// Manage members and their roles.
    MembersManage = "members.manage",
    /// Read the audit trail across tickets.
    AuditRead = "audit.read",
    /// Export the audit trail.
    AuditExport = "audit.export",
    /// Follow the tenant's events, as a feed or live.
    EventsSubscribe = "events.subscribe",
    /// Read statistics.
    StatsRead = "stats.read",
    /// Manage retention, legal hold and erasure.
    RetentionManage = "retention.manage",
    /// Change the tenant's settings.
    TenantManage = "tenant.manage",
    /// Operate the platform.
    PlatformManage = "platform.manage",
}

impl std::fmt::Display for Permission {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A set of permissions.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Permissions(u32);

impl Permissions {
    /// Nothing is allowed.
    pub const NONE: Self = Self(0);

    /// The set of these.
    pub const fn of(permissions: &[Permission]) -> Self {
        let mut bits = 0;
        let mut index = 0;
        while index < permissions.len() {
            bits |= 1 << permissions[index] as u32;
            index += 1;
        }
        Self(bits)
    }

    /// These and those.
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// These, as far as they are among those: what a limited key leaves of a role.
    pub const fn within(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether this one is in the set.
    pub const fn contains(self, permission: Permission) -> bool {
        self.0 & (1 << permission as u32) != 0
    }

    /// Whether nothing is allowed.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Those in the set, in the order of [`Permission::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Permission> {
        Permission::ALL.iter().copied().filter(move |one| self.contains(*one))
    }
}

impl std::fmt::Debug for Permissions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.iter().map(Permission::as_str)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_both_ways_and_fit_the_set() {
        assert!(Permission::ALL.len() <= 32);
        for permission in Permission::ALL {
            assert_eq!(Permission::from_name(permission.as_str()), Some(*permission));
            assert!(Permissions::of(Permission::ALL).contains(*permission));
            assert!(!Permissions::NONE.contains(*permission));
        }
        assert_eq!(Permission::from_name("tickets.fly"), None);
    }
}
