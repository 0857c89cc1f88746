//! Going from one status to another: whether the workflow allows it, and which event says it.

use super::event::{
    StatusChanged, TicketCancelled, TicketClosed, TicketEvent, TicketReopened, TicketResolved,
};
use super::{Ticket, TicketError};
use crate::personal::Personal;
use crate::tenant::{Status, StatusCategory, TenantSettings};

/// Why, and what solved it.
#[derive(Default)]
pub(super) struct Words {
    pub(super) reason: Option<String>,
    pub(super) notes: Option<Personal<String>>,
}

impl Ticket {
    /// The way to a status that the workflow allows. `None`: it is there already.
    pub(super) fn go_to(
        &self,
        to: &Status,
        settings: &TenantSettings,
        words: Words,
    ) -> Result<Option<TicketEvent>, TicketError> {
        if self.status == to.key {
            return Ok(None);
        }
        if !settings.allowed_from(&self.status).contains(&to.key.as_str()) {
            return Err(self.no_way(Some(&to.key), settings));
        }
        Ok(Some(self.moved_to(to, words)))
    }

    /// The way to a category: to the first status of it that may follow. `None`: it is in that
    /// category already.
    pub(super) fn go_to_category(
        &self,
        category: StatusCategory,
        settings: &TenantSettings,
        words: Words,
    ) -> Result<Option<TicketEvent>, TicketError> {
        if self.status_category == category {
            return Ok(None);
        }
        let allowed = settings.allowed_from(&self.status);
        let of_category = || settings.statuses.iter().filter(|status| status.category == category);
        match of_category().find(|status| allowed.contains(&status.key.as_str())) {
            Some(to) => Ok(Some(self.moved_to(to, words))),
            None => Err(self.no_way(of_category().next().map(|to| to.key.as_str()), settings)),
        }
    }

    /// The event that says that the ticket went to a status, whether the workflow allows it or not.
    pub(super) fn moved_to(&self, to: &Status, words: Words) -> TicketEvent {
        use StatusCategory::{Cancelled, Closed, Resolved};
        let (from, from_category) = (self.status.clone(), self.status_category);
        let (to, to_category) = (to.key.clone(), to.category);
        let Words { reason, notes } = words;
        match (from_category, to_category) {
            (from, to) if from == to => {}
            (_, Resolved) => {
                return TicketResolved { from, from_category, to, to_category, reason, notes }.into();
            }
            (_, Closed) => {
                return TicketClosed { from, from_category, to, to_category, reason }.into();
            }
            (_, Cancelled) => {
                return TicketCancelled { from, from_category, to, to_category, reason }.into();
            }
            (Resolved | Closed, _) => {
                let count = self.reopen_count.saturating_add(1);
                return TicketReopened { from, from_category, to, to_category, reason, count }.into();
            }
            _ => {}
        }
        StatusChanged { from, from_category, to, to_category, reason }.into()
    }

    /// The refusal, naming where the ticket is and where it could go.
    pub(super) fn no_way(&self, to: Option<&str>, settings: &TenantSettings) -> TicketError {
        TicketError::TransitionNotAllowed {
            from: self.status.clone(),
            to: to.map(str::to_owned),
            allowed: settings.allowed_from(&self.status).into_iter().map(str::to_owned).collect(),
        }
    }
}
