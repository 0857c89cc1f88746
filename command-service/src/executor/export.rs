//! Records exports.

use chrono::{DateTime, Utc};
use domain::export::{Export, ExportEvent, RecordExport};
use domain::identity::Operation;
use event_store::Loaded;

use super::answer::{Extra, Reply};
use super::attempt::{Attempt, Decision};
use super::{Answer, CommandError, CommandRequest, Executor};

impl Decision for RecordExport {
    type Aggregate = Export;

    fn decide(&self, export: &Export, _: DateTime<Utc>) -> Result<Vec<ExportEvent>, CommandError> {
        Ok(self.decide(export)?)
    }

    fn reply(&self, _: &Loaded<Self::Aggregate>, _: &[ExportEvent]) -> Reply {
        Reply::created(Extra::default())
    }
}

impl Executor {
    /// Records that the caller takes data out. Each export is a stream of its own.
    pub async fn record_export(
        &self,
        request: &CommandRequest,
        command: &RecordExport,
    ) -> Result<Answer, CommandError> {
        self.watched(Operation::RecordExport.name(), self.run_export(request, command)).await
    }

    async fn run_export(
        &self,
        request: &CommandRequest,
        command: &RecordExport,
    ) -> Result<Answer, CommandError> {
        let tenant = request.principal.tenant;
        self.0.tenants.get(tenant).await?;
        request.principal.may(Operation::RecordExport)?;
        let _at_work = self.begin(tenant, request)?;
        let id = self.0.ids.next().to_string();
        Attempt { executor: self, request, decision: command, id }.again(Loaded::begin()).await
    }
}
