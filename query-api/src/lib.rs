//! Answers queries: from the read models, and from the log where the past or the raw events are
//! asked for.
//!
//! Every answer comes from one read-only transaction, as the role docket_query under row-level
//! security with the tenant of the caller's token, and names the position that it reflects. Who may
//! ask for what is `domain`'s table of operations; which rows of a tenant somebody sees, and what of
//! them, is decided here in one place each: `visibility` of events, `Filter` of tickets.

mod answer;
mod as_of;
mod asking;
mod capacity;
mod conditions;
mod cursor;
mod error;
mod export;
mod follow;
mod http;
mod live;
mod log;
mod page;
mod parameters;
mod progress;
mod snapshot;
mod span;
mod takeaway;
mod time;
mod total;
mod visibility;
mod wake;

use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::extract::FromRef;
use domain::identity::Operation;
use domain::ids::Position;
use domain::ticket::upcast::Upcasters;
use domain::time::Clock;
use quick_cache::sync::Cache;
use service_kit::auth::Authenticator;
use service_kit::peer::Peer;
use service_kit::shares::Share;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

pub use cursor::CursorKey;
pub use export::{Datum, Kind};
pub use http::{openapi, page_routes, public_paths, routes};
pub use live::StreamLimits;
pub use span::Span;
pub use takeaway::{Content, List, Row, Takeaway, TakeawayError};
pub use wake::Wake;

use asking::Asking;
use capacity::{Capacity, Division};
use error::QueryError;
use follow::Hub;
use http::stats::dashboard::Dashboards;
use live::Place;
use progress::Progress;
use snapshot::{Snapshot, Source};

/// What the query API needs.
pub struct Deps {
    /// Connections that act as docket_query.
    pub pool: PgPool,
    /// Verifies the callers' tokens.
    pub authenticator: Authenticator,
    /// Seals cursors; the same for all instances of a cell.
    pub cursor_key: CursorKey,
    /// The cell's name, for the source of CloudEvents.
    pub cell: String,
    /// Lifts old versions of events.
    pub upcasters: Upcasters,
    /// The command service, which records what is exported; without it nothing is.
    pub commands: Option<Peer>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Wakes event streams when the log has grown.
    pub wake: Wake,
    /// Ends event streams.
    pub shutdown: CancellationToken,
    /// How many streams there may be.
    pub streams: StreamLimits,
}

/// The query API. Cheap to clone.
#[derive(Clone)]
pub struct QueryApi(Arc<Inner>);

struct Inner {
    pool: PgPool,
    authenticator: Authenticator,
    cursor_key: CursorKey,
    cell: String,
    upcasters: Upcasters,
    commands: Option<Peer>,
    clock: Arc<dyn Clock>,
    wake: Wake,
    shutdown: CancellationToken,
    progress: Progress,
    /// Tenants that were found to exist: they never cease to.
    tenants: Cache<domain::ids::TenantId, ()>,
    /// Which priorities press, by tenant: what it was created with.
    pressing: Cache<domain::ids::TenantId, Arc<[String]>>,
    /// What there is little of.
    capacity: Capacity,
    /// The dashboards that are being looked at.
    dashboards: Dashboards,
    /// The tenants that are followed.
    hub: Hub,
    /// How long streams may do nothing.
    streams: StreamLimits,
}

impl std::fmt::Debug for QueryApi {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("QueryApi").field("cell", &self.0.cell).finish_non_exhaustive()
    }
}

impl FromRef<QueryApi> for Authenticator {
    fn from_ref(api: &QueryApi) -> Self {
        api.0.authenticator.clone()
    }
}

impl QueryApi {
    /// Puts it together. Connects to nothing yet.
    pub fn new(deps: Deps) -> Self {
        let connections = deps.pool.options().get_max_connections();
        Self(Arc::new(Inner {
            progress: Progress::new(deps.pool.clone()),
            authenticator: deps.authenticator,
            cursor_key: deps.cursor_key,
            cell: deps.cell,
            upcasters: deps.upcasters,
            commands: deps.commands,
            clock: deps.clock,
            wake: deps.wake,
            shutdown: deps.shutdown,
            tenants: Cache::new(10_000),
            pressing: Cache::new(10_000),
            capacity: Capacity::new(connections, &deps.streams),
            dashboards: Dashboards::default(),
            hub: Hub::new(Division::of(connections).readers),
            streams: deps.streams,
            pool: deps.pool,
        }))
    }

    /// The routes of all operations, without layers around them, health or pages.
    pub fn router(&self) -> Router {
        http::router(self.clone())
    }

    /// Opens the transaction that a query is answered from, once it reflects at least the position
    /// that the caller asked for.
    async fn snapshot(&self, asking: &Asking, source: Source) -> Result<Snapshot, QueryError> {
        self.snapshot_with(asking, source, None).await
    }

    /// The same for whoever has a share of connections already, which the transaction holds from then on.
    async fn snapshot_with(
        &self,
        asking: &Asking,
        source: Source,
        mut own: Option<Share>,
    ) -> Result<Snapshot, QueryError> {
        let tenant = asking.principal.tenant;
        let wanted = asking.min_position.unwrap_or(Position::START);
        let deadline = Instant::now() + asking.wait;
        let mut waits = None;
        loop {
            let share = match own.take() {
                Some(share) => share,
                None => self.0.capacity.query(&asking.principal).await?,
            };
            let mut snapshot = Snapshot::begin(&self.0.pool, tenant, source).await?;
            if snapshot.position >= wanted {
                snapshot.hold(share);
                return self.of_known_tenant(snapshot, asking).await;
            }
            let at = snapshot.position;
            snapshot.close().await?;
            drop(share);
            if waits.is_none() {
                waits = Some(self.0.capacity.position(&asking.principal)?);
            }
            if !self.0.progress.reaches(source, wanted, deadline).await? {
                return Err(QueryError::NotYetVisible { wanted, at });
            }
        }
    }

    /// Takes a place for a stream of a kind.
    fn place(&self, asking: &Asking, kind: &'static str) -> Result<Place, QueryError> {
        let share = self.0.capacity.stream(&asking.principal).map_err(QueryError::TooManyStreams)?;
        Ok(Place::new(share, kind))
    }

    async fn of_known_tenant(&self, mut snapshot: Snapshot, asking: &Asking) -> Result<Snapshot, QueryError> {
        let tenant = asking.principal.tenant;
        if self.0.tenants.get(&tenant).is_none() {
            if !log::tenant_exists(&mut snapshot, tenant).await? {
                return Err(QueryError::UnknownTenant);
            }
            self.0.tenants.insert(tenant, ());
        }
        Ok(snapshot)
    }
}

/// Every operation that this service answers.
pub fn operations() -> impl Iterator<Item = Operation> {
    Operation::ALL.iter().copied().filter(|operation| !operation.is_command())
}
