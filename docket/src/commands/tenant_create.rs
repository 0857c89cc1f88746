//! `docket tenant create`: creates a tenant and prints its id.

use crate::print::say;
use std::sync::Arc;

use command_service::Executor;
use domain::ids::TenantId;
use domain::tenant::CreateTenant;
use event_store::{EventLog, LogOptions};
use service_kit::clock::{RandomIds, SystemClock};
use tokio_util::sync::CancellationToken;

use crate::cli::TenantCreateArgs;
use crate::data_dir::{DataDir, DataDirError};
use crate::failure::Outcome;
use crate::instance::Target;
use crate::settings::Settings;
use crate::{database, nats, tenants};

pub(crate) async fn run(settings: &Settings, args: TenantCreateArgs) -> Outcome {
    let target = Target::of(settings)?;
    let pool = database::connect_as(&target, "docket_command", 2).await?;
    let shutdown = CancellationToken::new();
    let log = EventLog::start(pool, LogOptions::default(), shutdown.clone());
    let executor = Executor::new(log.clone(), Arc::new(SystemClock), Arc::new(RandomIds));
    let parent = args.parent.as_deref().map(tenants::id_of);
    let command = CreateTenant { key: args.key.clone(), parent, profile: args.profile, number_prefix: None };
    tenants::create(&executor, &command).await?;
    match DataDir::open(&settings.data_dir) {
        Ok(dir) => tenants::remember(&dir, &args.key)?,
        // On a database alone.
        Err(DataDirError::Missing(_)) => {}
        Err(error) => return Err(error.into()),
    }
    nats::poke(&target).await;
    say!("{}", TenantId::of_key(&args.key));
    shutdown.cancel();
    log.stopped().await;
    Ok(())
}
