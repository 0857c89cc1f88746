//! Has the private nats-server take consumers and cut others off while it runs.

use std::cell::Cell;
use std::time::Duration;

use service_kit::wait::until;

use super::Registry;
use crate::data_dir::DataDir;
use crate::engines;
use crate::failure::{Failure, While};

const PATIENCE: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(100);
/// The server is asked again where it seems not to have heard, after so many looks.
const ASK_AGAIN: u32 = 20;

/// Comes back once the server of this directory takes these consumers and no others. Who is no more among them
/// is cut off then; the others stay connected.
pub(crate) async fn make_known(dir: &DataDir, registry: &Registry) -> Result<(), Failure> {
    // 2.9 makes what a new account imports known only when it reads the accounts the next time.
    for _ in 0..2 {
        make_known_once(dir, registry).await?;
    }
    Ok(())
}

async fn make_known_once(dir: &DataDir, registry: &Registry) -> Result<(), Failure> {
    let url = engines::write_nats_accounts(dir, registry.all())?;
    let looks = Cell::new(0_u32);
    let taken = until(PATIENCE, PAUSE, || async {
        if looks.replace(looks.get() + 1).is_multiple_of(ASK_AGAIN) {
            // One that is just being started again reads the accounts by itself.
            engines::reload_nats(dir);
        }
        crate::nats::connect(&url).await.ok()
    });
    let log = dir.log_file("nats-server");
    taken.await.while_doing(&format!("nats-server doesn't take its new accounts: see {}", log.display()))?;
    Ok(())
}
