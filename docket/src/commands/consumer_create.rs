//! `docket consumer create`: lets a program follow a tenant's events on NATS, and prints what it needs.

use crate::print::say;
use std::path::Path;

use async_nats::ServerAddr;
use async_nats::jetstream;
use serde::Serialize;

use crate::cli::ConsumerCreateArgs;
use crate::consumers::{Block, DOMAIN, Durable, INBOX, Registered, Registry, Secret, durables, make_known};
use crate::failure::{Failure, Outcome, While};
use crate::instance::Instance;
use crate::{database, nats, tenants};

/// What the program needs. The password is nowhere else.
#[derive(Serialize)]
struct Access {
    purpose: String,
    tenant: String,
    url: String,
    user: String,
    password: String,
    stream: String,
    domain: &'static str,
    consumers: Vec<Durable>,
    inbox_prefix: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    server_configuration: Option<Block>,
}

pub(crate) async fn run(data_dir: &Path, args: ConsumerCreateArgs) -> Outcome {
    let (dir, instance) = Instance::find(data_dir)?;
    let pool = database::connect(&instance.database_url, 1).await?;
    let tenant = tenants::find(&pool, &args.tenant).await?;
    pool.close().await;
    let secret = Secret::new();
    let consumer = Registered {
        purpose: args.purpose,
        tenant,
        tenant_key: args.tenant,
        cell: instance.cell.clone(),
        only: args.only,
        password_hash: secret.hash()?,
    };
    let (mut registry, _lock) = Registry::read_to_change(&dir)?;
    registry.add(consumer.clone())?;
    let client = nats::connect(&instance.nats_url).await.while_doing("nats-server cannot be asked")?;
    registry.save(&dir)?;
    if instance.own_nats
        && let Err(failure) = make_known(&dir, &registry).await
    {
        // Nobody has its password, so nobody could use it.
        registry.remove(&consumer.purpose, consumer.tenant);
        registry.save(&dir)?;
        return Err(failure);
    }
    // Where the stream is just being built anew, the running instance makes it a moment later.
    let _ = durables::make(&jetstream::new(client), &consumer).await;
    let access = access(&instance, &consumer, &secret)?;
    if args.json {
        let text = serde_json::to_string_pretty(&access);
        say!("{}", text.while_doing("the consumer cannot be written as JSON")?);
    } else {
        print(&access);
    }
    Ok(())
}

fn access(instance: &Instance, consumer: &Registered, secret: &Secret) -> Result<Access, Failure> {
    let server: ServerAddr =
        instance.nats_url.parse().while_doing("the address of nats-server cannot be read")?;
    let scheme = if server.tls_required() { "tls" } else { "nats" };
    let (user, password) = (consumer.name(), secret.show());
    Ok(Access {
        purpose: consumer.purpose.to_string(),
        tenant: consumer.tenant.to_string(),
        url: format!("{scheme}://{user}:{password}@{}:{}", server.host(), server.port()),
        stream: consumer.stream(),
        domain: DOMAIN,
        consumers: consumer.durables(),
        inbox_prefix: INBOX,
        server_configuration: (!instance.own_nats).then(|| Block::of(consumer)),
        password: password.to_owned(),
        user,
    })
}

fn print(access: &Access) {
    say!("url           {}", access.url);
    say!("stream        {}", access.stream);
    say!("domain        {}", access.domain);
    for Durable { name, subject } in &access.consumers {
        say!("consumer      {name}");
        say!("  of          {subject}");
    }
    say!("inbox prefix  {}", access.inbox_prefix);
    say!("The password in the address is shown this once.");
    if let Some(Block { exports, accounts }) = &access.server_configuration {
        say!("\nFor the configuration of your nats-server, which is to be reloaded twice after it.");
        say!("Among the exports of account DOCKET, which Docket's user is in:\n\n{exports}");
        say!("Beside account DOCKET:\n\n{accounts}");
    }
}
