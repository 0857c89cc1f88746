//! `docket consumer list`: who may follow events on NATS, and how far behind each is.

use crate::print::say;
use std::path::Path;

use async_nats::jetstream;
use serde::Serialize;

use crate::consumers::{Registry, durables};
use crate::failure::{Outcome, While};
use crate::instance::Instance;
use crate::nats;

#[derive(Serialize)]
struct Listed {
    purpose: String,
    tenant: String,
    tenant_id: String,
    only: Vec<String>,
    consumers: Vec<Standing>,
}

/// A durable that isn't there yet is made within a second or two.
#[derive(Serialize)]
struct Standing {
    name: String,
    events_behind: Option<u64>,
}

pub(crate) async fn run(data_dir: &Path, json: bool) -> Outcome {
    let (dir, instance) = Instance::find(data_dir)?;
    let client = nats::connect(&instance.nats_url).await.while_doing("nats-server cannot be asked")?;
    let context = jetstream::new(client);
    let mut all = Vec::new();
    for consumer in Registry::read(&dir)?.all() {
        let mut standing = Vec::new();
        for durable in consumer.durables() {
            let behind = durables::behind(&context, &consumer.stream(), &durable).await;
            let events_behind = behind.while_doing("nats-server cannot be asked how far a consumer is")?;
            standing.push(Standing { name: durable.name, events_behind });
        }
        all.push(Listed {
            purpose: consumer.purpose.to_string(),
            tenant: consumer.tenant_key.clone(),
            tenant_id: consumer.tenant.to_string(),
            only: consumer.only.clone(),
            consumers: standing,
        });
    }
    if json {
        let text = serde_json::to_string_pretty(&all);
        say!("{}", text.while_doing("the consumers cannot be written as JSON")?);
    } else {
        print(&all);
    }
    Ok(())
}

fn print(all: &[Listed]) {
    if all.is_empty() {
        say!("there are no consumers");
    }
    for Listed { purpose, tenant, only, consumers, .. } in all {
        let what = if only.is_empty() { "all events".to_owned() } else { only.join(", ") };
        say!("{purpose} of {tenant}: {what}");
        for Standing { name, events_behind } in consumers {
            match events_behind {
                Some(events) => say!("  {name}: {events} events behind"),
                None => say!("  {name}: not there yet"),
            }
        }
    }
}
