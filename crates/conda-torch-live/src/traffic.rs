//! What the servers sent so far, and the first response that is refused.

use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rattler_repodata_gateway::{DownloadReporter, Reporter};
use reqwest::StatusCode;
use tokio::sync::Notify;
use url::Url;

pub(crate) const MIB: u64 = 1 << 20;

/// What all responses of a run may contain, decompressed.
pub(crate) const RUN: u64 = 4096 * MIB;

/// Repodata decompresses to ten times its size, zeros to thousands of times.
pub(crate) const RATIO: u64 = 200;

/// Below this many bytes a second an index of shards would take more than a minute, and PyTorch a day.
const SLOWEST: u64 = 8 << 10;

#[derive(Debug, Clone)]
pub(crate) struct Response {
    pub(crate) url: Url,
    pub(crate) status: StatusCode,
}

/// Why a response is not read to its end.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum Refused {
    #[error("the server sends more than {} MiB", .0 / MIB)]
    Bytes(u64),
    #[error("all files together have more than {} MiB", RUN / MIB)]
    Run,
    #[error("the file decompresses to more than {RATIO} times its size")]
    Ratio,
    #[error("the file has more than {0} records")]
    Records(u64),
    #[error("reading it takes more than {} MiB of memory", .0 / MIB)]
    Memory(u64),
    #[error("the server fell silent")]
    Silent,
    #[error("cannot decompress the file: {0}")]
    Damaged(String),
}

/// What was received so far.
#[derive(Debug, Clone, Default)]
pub struct Traffic {
    responses: Arc<Mutex<Vec<Response>>>,
    /// The bytes of each download.
    downloads: Arc<Mutex<Vec<u64>>>,
    /// The bytes of all downloads, decompressed.
    pub(crate) decompressed: Arc<AtomicU64>,
    /// The first response past its limit.
    refused: Arc<(Mutex<Option<Refused>>, Notify)>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Traffic {
    /// The responses of URLs that start with `base`, in order.
    pub(crate) fn responses(&self, base: &Url) -> Vec<Response> {
        let mut responses = lock(&self.responses).clone();
        responses.retain(|response| response.url.as_str().starts_with(base.as_str()));
        responses
    }

    /// How many bytes were downloaded.
    pub(crate) fn bytes(&self) -> u64 {
        lock(&self.downloads).iter().sum()
    }

    pub(crate) fn add(&self, url: &Url, status: StatusCode) {
        lock(&self.responses).push(Response { url: url.clone(), status });
    }

    /// Records that a response is not read to its end.
    pub(crate) fn refuse(&self, refused: &Refused) {
        if !matches!(refused, Refused::Damaged(_)) {
            lock(&self.refused.0).get_or_insert_with(|| refused.clone());
            self.refused.1.notify_one();
        }
    }

    /// Ends the reading because it takes more than so many bytes of memory.
    pub fn refuse_memory(&self, bytes: u64) {
        self.refuse(&Refused::Memory(bytes));
    }

    /// Ends if a response is past its limit, which rattler takes for a lost connection and retries.
    pub(crate) async fn refused(&self) -> Refused {
        loop {
            if let Some(refused) = lock(&self.refused.0).take() {
                return refused;
            }
            self.refused.1.notified().await;
        }
    }

    /// Ends if a server sends hardly anything for three times `timeout`. If nothing arrives at all, this program
    /// may be busy; a silent server is the client's to time out.
    pub(crate) async fn trickles(&self, timeout: Duration) {
        let mut before = self.bytes();
        let mut slow = 0;
        while slow < 3 {
            tokio::time::sleep(timeout).await;
            let received = self.bytes() - before;
            let is_slow = received > 0 && received < timeout.as_secs().max(1) * SLOWEST;
            slow = if is_slow { slow + 1 } else { 0 };
            before += received;
        }
    }
}

impl Reporter for Traffic {
    fn download_reporter(&self) -> Option<&dyn DownloadReporter> {
        Some(self)
    }
}

impl DownloadReporter for Traffic {
    fn on_download_start(&self, _url: &Url) -> usize {
        let mut downloads = lock(&self.downloads);
        downloads.push(0);
        downloads.len() - 1
    }

    fn on_download_progress(&self, _: &Url, index: usize, downloaded: usize, _: Option<usize>) {
        if let Some(bytes) = lock(&self.downloads).get_mut(index) {
            *bytes = (*bytes).max(downloaded as u64);
        }
    }
}
