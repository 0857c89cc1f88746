//! The tenant and its settings.

mod check;
mod create;
pub mod event;
mod number;
mod profile;
mod settings;

pub use check::SettingsError;
pub use create::{CreateTenant, TenantError};
pub use event::{TenantCreated, TenantEvent};
pub use number::{InvalidNumberFormat, NumberFormat};
pub use profile::{DEFAULT_PROFILE, PROFILES, profile};
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
        }
    }
}

impl Aggregate for Tenant {
    const TYPE: &'static str = crate::event::TENANT;
    type Command = CreateTenant;
    type Event = TenantEvent;
    type Error = TenantError;
    type Services = ();

    async fn handle(
        &mut self,
        command: CreateTenant,
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
