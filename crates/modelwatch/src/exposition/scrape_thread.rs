//! A thread of its own for pages, so that a scrape waits for no pool that inference fills.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;
use std::sync::mpsc::{Sender, channel};
use std::thread;

type Job = Box<dyn FnOnce() + Send>;

/// Started with the first job; ends when this is dropped and the last job is done.
#[derive(Debug, Default)]
pub(crate) struct ScrapeThread(OnceLock<Option<Sender<Job>>>);

impl ScrapeThread {
    pub(crate) fn run(&self, job: Job) {
        match self.0.get_or_init(start) {
            Some(jobs) => {
                if let Err(unsent) = jobs.send(job) {
                    (unsent.0)();
                }
            }
            // There are no more threads to be had.
            None => job(),
        }
    }
}

fn start() -> Option<Sender<Job>> {
    let (sender, jobs) = channel::<Job>();
    let thread = thread::Builder::new().name("modelwatch-scrape".into());
    let run = move || {
        for job in jobs {
            // A panic in somebody's collector costs one page.
            let _ = catch_unwind(AssertUnwindSafe(job));
        }
    };
    thread.spawn(run).ok().map(|_| sender)
}
