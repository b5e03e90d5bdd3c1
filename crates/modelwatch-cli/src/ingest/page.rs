//! Where an ingest serves its page.

use std::net::SocketAddr;

use modelwatch_drift_job::exporter;
use modelwatch_ingest::Counts;
use tokio::net::TcpListener;

use crate::failure::Failure;

/// The numbers of a source, and the page they are on.
pub(crate) struct Page {
    pub(crate) counts: Counts,
    pub(crate) router: exporter::Routes,
}

impl Page {
    pub(crate) fn of(source: &str) -> Self {
        let monitor = modelwatch::Monitor::new();
        Self {
            counts: Counts::new(source, &monitor),
            router: exporter::metrics_page(&monitor, "the ingest is running\n"),
        }
    }
}

/// A listener, and the address it got.
pub(crate) async fn listen(address: SocketAddr, flag: &str) -> Result<(TcpListener, SocketAddr), Failure> {
    let bound = async {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        Ok((listener, address))
    };
    bound.await.map_err(|error: std::io::Error| {
        Failure::new(format!(
            "can't serve on {address}: {error}; name another address with {flag}"
        ))
    })
}
