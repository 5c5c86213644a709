//! How much has come.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rattler_repodata_gateway::{DownloadReporter, Reporter};
use url::Url;

/// Below this many bytes a second an index of shards would take ten minutes.
const SLOWEST: u64 = 1024;

/// Counts what is downloaded.
#[derive(Debug, Clone, Default)]
pub(crate) struct Progress(Arc<Counters>);

#[derive(Debug, Default)]
struct Counters {
    bytes: AtomicU64,
    downloads: Mutex<Vec<u64>>,
}

impl Progress {
    /// How many bytes have come.
    pub(crate) fn bytes(&self) -> u64 {
        self.0.bytes.load(Ordering::Relaxed)
    }

    /// Ends where a server sends, and sends next to nothing, for several times what it may be silent. While
    /// nothing comes at all it may be this program that works; silence is the client's to judge.
    pub(crate) async fn trickles(&self, patience: Duration) {
        let mut before = self.bytes();
        let mut slow = 0;
        while slow < 3 {
            tokio::time::sleep(patience).await;
            let now = self.bytes();
            let came = now - before;
            let is_slow = came > 0 && came < patience.as_secs().max(1) * SLOWEST;
            slow = if is_slow { slow + 1 } else { 0 };
            before = now;
        }
    }
}

impl Reporter for Progress {
    fn download_reporter(&self) -> Option<&dyn DownloadReporter> {
        Some(self)
    }
}

impl DownloadReporter for Progress {
    fn on_download_start(&self, _url: &Url) -> usize {
        let mut downloads = self.0.downloads.lock().unwrap_or_else(PoisonError::into_inner);
        downloads.push(0);
        downloads.len() - 1
    }

    fn on_download_progress(
        &self,
        _url: &Url,
        index: usize,
        downloaded: usize,
        _total: Option<usize>,
    ) {
        let mut downloads = self.0.downloads.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(before) = downloads.get_mut(index) else { return };
        let downloaded = downloaded as u64;
        self.0.bytes.fetch_add(downloaded.saturating_sub(*before), Ordering::Relaxed);
        *before = downloaded;
    }
}
