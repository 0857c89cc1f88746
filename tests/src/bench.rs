//! How a bench is run.

/// Runs a bench on two workers; does nothing where a test runner only asks what there is.
pub fn bench(work: impl Future<Output = ()>) {
    if std::env::args().any(|argument| argument == "--test" || argument == "--list") {
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(work);
}
