//! The `docket` command: all of Docket on one machine, and what its operators need.
mod data_dir;
mod engines;
mod failure;
mod nats;
fn main() {
    let rt = tokio::runtime::Runtime::new().unwrap();
    rt.block_on(async {
        let dir = data_dir::DataDir::create(std::path::Path::new(&std::env::args().nth(1).unwrap())).unwrap();
        let _l = dir.lock().unwrap();
        let p = engines::PostgresEngine::start(&dir, &Default::default()).await.map_err(|e| failure::Failure::from(e).line()).unwrap();
        let n = engines::NatsEngine::start(&dir, &Default::default()).await.unwrap();
        println!("{} {}", p.url(), n.url());
        service_kit::lifecycle::signal().await.unwrap();
        n.stop().await; p.stop().await;
    });
}
