//! Change policies and calendars at once.

use serde_json::{Map, Value};

use super::parts::patched;
use crate::sla::event::SlaEvent;
use crate::sla::policy::Rules;
use crate::sla::state::holds_together;
use crate::sla::{Sla, SlaError};

/// Changes what is named: `policies` as a whole, `calendars` one by one, `auto_close_days`.
#[derive(Clone, Debug, PartialEq)]
pub struct ChangeSla {
    /// A JSON Merge Patch (RFC 7396).
    pub patch: Map<String, Value>,
}

impl ChangeSla {
    /// Decides.
    pub fn decide(&self, sla: &Sla) -> Result<Vec<SlaEvent>, SlaError> {
        let wanted = patched(&*sla.configuration, &self.patch)?;
        sla.becomes(&wanted, |error| error.pointer_in(&wanted))
    }

    /// The rules that would hold, without deciding anything: for a draft that is tried on the past.
    pub fn rules(&self, sla: &Sla) -> Result<Rules, SlaError> {
        let wanted = patched(&*sla.configuration, &self.patch)?;
        holds_together(&wanted, |error| error.pointer_in(&wanted))
    }

    #[expect(clippy::unused_self, reason = "it stands beside those that name one thing")]
    pub(super) fn key(&self) -> &'static str {
        "sla"
    }
}
