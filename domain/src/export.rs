//! What was taken out of Docket as a file: each export is an aggregate of its own, so that exports wait
//! for nobody, and what is recorded is recorded once.

pub mod event;
mod record;

pub use event::{DataExported, ExportEvent, Form, Parameter};
pub use record::{ExportError, RecordExport};

use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;
use serde::{Deserialize, Serialize};

/// An export as its events tell it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Export {
    /// It was recorded.
    pub recorded: bool,
}

impl Export {
    /// Takes in what happened.
    pub fn apply(&mut self, event: ExportEvent) {
        match event {
            ExportEvent::DataExported(_) => self.recorded = true,
        }
    }
}

impl Aggregate for Export {
    const TYPE: &'static str = crate::event::EXPORT;
    type Command = RecordExport;
    type Event = ExportEvent;
    type Error = ExportError;
    type Services = ();

    async fn handle(
        &mut self,
        command: RecordExport,
        (): &(),
        sink: &EventSink<Self>,
    ) -> Result<(), ExportError> {
        for event in command.decide(self)? {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: ExportEvent) {
        self.apply(event);
    }
}
