//! The tenant and its settings.

mod change_reporting;
mod check;
mod commands;
mod create;
pub mod event;
mod number;
mod profile;
mod reporting;
mod settings;

pub use change_reporting::ChangeReporting;
pub use check::SettingsError;
pub use commands::TenantCommand;
pub use create::{CreateTenant, TenantError};
pub use event::{ReportingChanged, TenantCreated, TenantEvent};
pub use number::{InvalidNumberFormat, NumberFormat};
pub use profile::{DEFAULT_PROFILE, PROFILES, profile};
pub use reporting::Reporting;
pub use settings::*;

use std::sync::Arc;

use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;
use serde::{Deserialize, Serialize};

use crate::ids::TenantId;

/// A tenant as its events tell it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Tenant {
    /// Its key; empty before it was created.
    pub key: String,
    /// The tenant above it.
    pub parent: Option<TenantId>,
    /// The profile that its settings were taken from.
    pub profile: String,
    /// Its settings, once it was created.
    pub settings: Option<Arc<TenantSettings>>,
    /// What its statistics are reckoned by.
    #[serde(default)]
    pub reporting: Reporting,
}

impl Tenant {
    /// Whether it was created.
    pub fn exists(&self) -> bool {
        self.settings.is_some()
    }

    /// Takes in what happened.
    pub fn apply(&mut self, event: TenantEvent) {
        match event {
            TenantEvent::TenantCreated(event) => {
                self.key = event.key;
                self.parent = event.parent;
                self.profile = event.profile;
                self.settings = Some(Arc::new(event.settings));
            }
            TenantEvent::ReportingChanged(event) => self.reporting = event.to,
        }
    }
}

impl Aggregate for Tenant {
    const TYPE: &'static str = crate::event::TENANT;
    type Command = TenantCommand;
    type Event = TenantEvent;
    type Error = TenantError;
    type Services = ();

    async fn handle(
        &mut self,
        command: TenantCommand,
        (): &(),
        sink: &EventSink<Self>,
    ) -> Result<(), TenantError> {
        for event in command.decide(self)? {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: TenantEvent) {
        self.apply(event);
    }
}
