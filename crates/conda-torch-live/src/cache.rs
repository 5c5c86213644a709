//! When each part of a channel was last had from its server, beside rattler's own cache: so that an answer
//! from the cache can say how old it is.

use std::fs;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use conda_torch_core::channel::RepodataForm;
use conda_torch_core::conda::Fault;
use rattler_conda_types::{Channel, Subdir};

use crate::fault::of_cache;

/// The folder of what is kept.
#[derive(Debug, Clone)]
pub(crate) struct Cache(PathBuf);

/// What is noted of a part.
#[derive(Debug, Clone, Copy, serde::Serialize, serde::Deserialize)]
pub(crate) struct Note {
    /// Seconds since 1970.
    pub(crate) at: u64,
    pub(crate) form: RepodataForm,
}

impl Cache {
    /// The folder, made where it is missing.
    pub(crate) fn open(path: &str) -> Result<Self, Fault> {
        let cache = Self(PathBuf::from(path));
        match fs::create_dir_all(cache.0.join("read")) {
            Ok(()) => Ok(cache),
            Err(error) => Err(fault(path, &error)),
        }
    }

    /// Where rattler keeps what it downloads.
    pub(crate) fn repodata(&self) -> PathBuf {
        self.0.join("repodata")
    }

    /// Notes that a part was had just now. That it cannot be noted is no fault of the answer.
    pub(crate) fn note(&self, channel: &Channel, subdir: Subdir, form: RepodataForm) {
        let Ok(text) = serde_json::to_vec(&Note { at: now(), form }) else { return };
        let path = self.path(channel, subdir);
        let scratch = path.with_extension(format!("{}.part", std::process::id()));
        if fs::write(&scratch, text).and_then(|()| fs::rename(&scratch, &path)).is_err() {
            let _ = fs::remove_file(&scratch);
        }
    }

    /// What was noted, with its age in seconds: one at least, since what was had in this run has none.
    pub(crate) fn noted(&self, channel: &Channel, subdir: Subdir) -> Option<(Note, u64)> {
        let note: Note =
            serde_json::from_slice(&fs::read(self.path(channel, subdir)).ok()?).ok()?;
        Some((note, now().saturating_sub(note.at).max(1)))
    }

    fn path(&self, channel: &Channel, subdir: Subdir) -> PathBuf {
        let url = crate::channel::without_secrets(&channel.platform_url(subdir));
        let name: String = url
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' })
            .collect();
        // What differs between long addresses stands at their end.
        let start = name.len().saturating_sub(200);
        self.0.join("read").join(format!("{}.json", &name[start..]))
    }
}

fn fault(path: &str, error: &std::io::Error) -> Fault {
    Fault { kind: of_cache(error), at: path.to_owned(), detail: error.to_string() }
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
