//! What an interrupted drill leaves behind: nothing.

use std::path::Path;
use std::process::exit;
use std::{fs, io, thread};

use tokio::runtime::Builder;
use tokio::signal::unix::{SignalKind, signal};

/// How often files are removed that other threads write meanwhile.
const TRIES: u32 = 10;

/// Removes a folder, and then ends this process, when it is told to end. The exit code is what a shell makes of the signal.
pub(super) fn remove_at_a_signal(folder: &Path) -> io::Result<()> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let (mut interrupt, mut terminate) = {
        let _inside = runtime.enter();
        (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?)
    };
    let folder = folder.to_owned();
    thread::spawn(move || {
        let number = runtime.block_on(async {
            tokio::select! {
                _ = interrupt.recv() => SignalKind::interrupt(),
                _ = terminate.recv() => SignalKind::terminate(),
            }
        });
        for _ in 0..TRIES {
            if fs::remove_dir_all(&folder).is_ok() {
                break;
            }
        }
        exit(128 + number.as_raw_value());
    });
    Ok(())
}
