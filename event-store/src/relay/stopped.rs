//! Why a leader stopped publishing, and what that means.

use super::leader::LeaseError;
use super::publish::BrokenOff;
use super::reconcile::ReconcileError;

/// Why a leader stopped publishing.
#[derive(Debug, thiserror::Error)]
pub(super) enum Stopped {
    #[error(transparent)]
    BrokenOff(#[from] BrokenOff),
    #[error(transparent)]
    Lease(#[from] LeaseError),
    #[error(transparent)]
    Reconcile(#[from] ReconcileError),
    #[error("the log can't be read")]
    Log(#[from] sqlx::Error),
    #[error("the lease ran out")]
    RanOut,
    #[error("an operator wants the stream anew")]
    Reset,
    #[error("NATS is not connected")]
    Disconnected,
}

impl Stopped {
    /// Whether somebody else may lead now.
    pub(super) fn ends_leadership(&self) -> bool {
        matches!(
            self,
            Self::RanOut
                | Self::Lease(LeaseError::Lost)
                | Self::Reconcile(ReconcileError::Lease(LeaseError::Lost))
        )
    }

    /// Loud once for each outage, not for each try.
    pub(super) fn tell(&self, first: bool) {
        let error: &(dyn std::error::Error + 'static) = self;
        if first {
            tracing::warn!(error, "the relay starts over");
        } else {
            tracing::debug!(error, "the relay starts over again");
        }
    }
}
