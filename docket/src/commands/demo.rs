//! `docket demo`: fills a tenant with realistic tickets, through the command service's own executor.

use crate::print::say;
use std::sync::Arc;

use command_service::{
    Backpressure, CommandError, CommandRequest, Executor, History, IdempotencyKey, Target as CommandTarget,
    TicketRef,
};
use domain::identity::Principal;
use domain::ids::{NAMESPACE, TenantId, TicketId, UserId};
use domain::tenant::{Tenant, TenantSettings};
use domain::ticket::TicketError;
use domain::time::Clock;
use event_store::{EventLog, LogOptions};
use futures::StreamExt;
use indicatif::{ProgressBar, ProgressDrawTarget};
use service_kit::clock::{RandomIds, SystemClock};
use service_kit::http::RequestInfo;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::cli::DemoArgs;
use crate::demo::{Person, Step, story};
use crate::failure::{Failure, Outcome, While};
use crate::instance::Target;
use crate::settings::Settings;
use crate::{database, nats, tenants};

/// Tickets on their way at a time.
const AT_A_TIME: usize = 64;

pub(crate) async fn run(settings: &Settings, args: DemoArgs) -> Outcome {
    let target = Target::of(settings)?;
    let pool = database::connect_as(&target, "docket_command", 4).await?;
    let tenant = tenants::find(&pool, &args.tenant).await?;
    let shutdown = CancellationToken::new();
    let log = EventLog::start(pool.clone(), LogOptions::default(), shutdown.clone());
    let loaded =
        log.load::<Tenant>(tenant, &tenant.to_string()).await.while_doing("the tenant cannot be read")?;
    let workflow = loaded.aggregate.settings.clone().ok_or_else(|| tenants::unknown(&args.tenant))?;
    let executor = Executor::new(log.clone(), Arc::new(SystemClock), Arc::new(RandomIds));
    let backpressure = Backpressure::new(pool);
    let stage = Stage { executor, backpressure, tenant, workflow, seed: args.seed };
    let bar = ProgressBar::with_draw_target(Some(u64::from(args.tickets)), ProgressDrawTarget::stderr());
    let played =
        futures::stream::iter(0..args.tickets).map(|index| stage.play(index)).buffer_unordered(AT_A_TIME);
    let mut played = std::pin::pin!(played);
    let mut commands = 0;
    while let Some(count) = played.next().await {
        commands += count?;
        bar.inc(1);
    }
    bar.finish_and_clear();
    shutdown.cancel();
    log.stopped().await;
    nats::poke(&target).await;
    say!("{} tickets, {commands} commands", args.tickets);
    Ok(())
}

struct Stage {
    executor: Executor,
    backpressure: Backpressure,
    tenant: TenantId,
    workflow: Arc<TenantSettings>,
    seed: u64,
}

impl Stage {
    /// Plays the story of one ticket. A ticket that is there already is left as it is.
    async fn play(&self, index: u32) -> Result<usize, Failure> {
        // The stories of one day are the same ones.
        let now = SystemClock.now();
        let today = now.date_naive().and_time(chrono::NaiveTime::MIN).and_utc();
        let steps = story(&self.workflow, self.seed, index, today).while_doing("a story cannot be told")?;
        let name = format!("demo:{}:{}:{index}", self.tenant, self.seed);
        let id = TicketId(Uuid::new_v5(&NAMESPACE, name.as_bytes()));
        let count = steps.len();
        self.backpressure.wait().await;
        for (number, step) in steps.into_iter().enumerate() {
            let target = match number {
                0 => CommandTarget::NewAs(id),
                _ => CommandTarget::Ticket(TicketRef::Id(id)),
            };
            let request = self.request(&step, &format!("{name}:{number}"))?;
            match self.executor.execute(&request, &target, &step.command).await {
                Ok(_) => {}
                Err(CommandError::Refused(TicketError::AlreadyOpened)) => return Ok(0),
                Err(error) => return Err(error).while_doing("a command of the demo was refused"),
            }
        }
        Ok(count)
    }

    fn request(&self, step: &Step, key: &str) -> Result<CommandRequest, Failure> {
        let Person { id, name, role } = step.by.clone();
        let user = UserId::new(id).while_doing("a person of the demo has no id")?;
        let mut principal = Principal::new(user, self.tenant, vec![role.to_owned()]);
        principal.name = Some(name);
        let mut request = CommandRequest::new(Arc::new(principal), RequestInfo::internal());
        request.idempotency = Some(IdempotencyKey::new(key, "demo", key, b""));
        request.history = Some(History { occurred_at: step.at, import: "demo".to_owned() });
        Ok(request)
    }
}
