//! `docket consumer revoke`: cuts a consumer off, and forgets how far it was.

use crate::print::say;
use std::path::Path;

use async_nats::jetstream;

use crate::cli::ConsumerRevokeArgs;
use crate::consumers::{Registry, durables, make_known};
use crate::failure::{Failure, Outcome, While};
use crate::instance::Instance;
use crate::{nats, tenants};

pub(crate) async fn run(data_dir: &Path, args: ConsumerRevokeArgs) -> Outcome {
    let (dir, instance) = Instance::find(data_dir)?;
    let (mut registry, _lock) = Registry::read_to_change(&dir)?;
    let Some(consumer) = registry.remove(&args.purpose, tenants::id_of(&args.tenant)) else {
        return Err(Failure::said(format!(
            "tenant {:?} has no consumer {}: see `docket consumer list`",
            args.tenant, args.purpose
        )));
    };
    registry.save(&dir)?;
    if instance.own_nats {
        make_known(&dir, &registry).await?;
    }
    let client = nats::connect(&instance.nats_url).await.while_doing("nats-server cannot be asked")?;
    durables::remove(&jetstream::new(client), &consumer).await;
    say!("{} of {} is cut off", consumer.purpose, consumer.tenant_key);
    if !instance.own_nats {
        say!(
            "once account {:?} and its exports are out of your nats-server's configuration, and that is reloaded",
            consumer.name()
        );
    }
    Ok(())
}
