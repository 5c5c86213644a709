//! Channels as rattler reads them: sharded where they are, whole where they are not, from the cache where
//! the network has failed.

use std::sync::Arc;
use std::time::Duration;

use conda_torch_core::channel::{LiveRequest, RepodataForm, SubdirOrigin};
use conda_torch_core::conda::{Fault, FaultKind};
use rattler_conda_types::{Channel, MatchSpec, RepoDataRecord, Subdir};
use rattler_repodata_gateway::fetch::CacheAction;
use rattler_repodata_gateway::{
    CacheClearMode, ChannelConfig, Gateway, GatewayError, SourceConfig, SubdirSelection,
};
use url::Url;

use crate::cache::Cache;
use crate::channel::{unusable, without_secrets};
use crate::kept::Aside;
use crate::network::{Sight, client};
use crate::progress::Progress;
use crate::{fault, kept};

/// What reads the channels of a question.
pub(crate) struct Reader {
    channels: Vec<Channel>,
    cache: Cache,
    sight: Sight,
    progress: Progress,
    patience: Duration,
    offline: bool,
    gateway: Gateway,
    config: ChannelConfig,
}

impl Reader {
    pub(crate) fn new(ask: &LiveRequest, channels: Vec<Channel>) -> Result<Self, Fault> {
        let cache = Cache::open(&ask.cache)?;
        let patience = Duration::from_secs(u64::from(ask.patience.max(1)));
        let config = ChannelConfig { default: source(ask.offline), ..ChannelConfig::default() };
        if !ask.offline {
            kept::forget_empty_indexes(&cache.repodata());
            kept::forget_asides(&cache.repodata());
        }
        let mut reader = Self {
            channels,
            cache,
            sight: Sight::default(),
            progress: Progress::default(),
            patience,
            offline: ask.offline,
            gateway: Gateway::new(),
            config,
        };
        reader.gateway = reader.gateway()?;
        Ok(reader)
    }

    fn gateway(&self) -> Result<Gateway, Fault> {
        let client = client(self.patience, self.offline, &self.sight).map_err(|error| Fault {
            kind: FaultKind::Other,
            at: String::new(),
            detail: error.to_string(),
        })?;
        Ok(Gateway::builder()
            .with_client(client)
            .with_cache_dir(self.cache.repodata())
            .with_channel_config(self.config.clone())
            .with_max_concurrent_requests(16)
            .finish())
    }

    /// Reads every part of every channel once, and notes where it came from. A part that the network does
    /// not give is taken from the cache; if that has none, its fault ends the reading.
    pub(crate) async fn open(
        &mut self,
        subdirs: &[Subdir],
        specs: &[MatchSpec],
        origins: &mut Vec<SubdirOrigin>,
    ) -> Result<(), Fault> {
        let mut result = Ok(());
        for channel in self.channels.clone() {
            // `noarch` first: every channel has it, so that a channel that does not exist is told from a
            // platform that it does not serve.
            for subdir in std::iter::once(Subdir::NoArch).chain(subdirs.iter().copied()) {
                if origins.iter().any(|origin| {
                    origin.channel == without_secrets(channel.base_url.url())
                        && origin.subdir == subdir.as_str()
                }) {
                    continue;
                }
                let (origin, end) = if result.is_ok() {
                    self.part(&channel, subdir, specs).await
                } else {
                    (not_had(&channel, subdir), Ok(()))
                };
                origins.push(origin);
                // The first that fails ends the reading; those behind it are told as not had.
                if result.is_ok() {
                    result = end;
                }
            }
        }
        result
    }

    /// Reads one part.
    async fn part(
        &mut self,
        channel: &Channel,
        subdir: Subdir,
        specs: &[MatchSpec],
    ) -> (SubdirOrigin, Result<(), Fault>) {
        let before = self.progress.bytes();
        let base = channel.platform_url(subdir);
        let mut origin = not_had(channel, subdir);
        let is_asked = base.scheme() != "file" && !self.is_cached_alone(channel);
        let aside = is_asked.then(|| Aside::of(&self.cache.repodata()));
        let first = self.ask(channel, subdir, specs).await;
        origin.fetched = self.progress.bytes() - before;
        let error = match first {
            Ok(()) => {
                self.had(channel, subdir, &mut origin);
                return (origin, Ok(()));
            }
            Err(error) => error,
        };
        let mut fault = fault::of(&error, &self.sight.of(&base), &base);
        origin.fault = Some(fault.clone());
        if !is_asked {
            return (origin, Err(fault));
        }
        if fault.kind == FaultKind::Damaged || fault.kind == FaultKind::CutShort {
            // It may be what was kept that is damaged: once more, without it.
            self.forget(channel, subdir, aside.as_ref());
            let second = self.ask(channel, subdir, specs).await;
            origin.fetched = self.progress.bytes() - before;
            match second {
                Ok(()) => {
                    origin.fault = None;
                    self.had(channel, subdir, &mut origin);
                    return (origin, Ok(()));
                }
                Err(error) => fault = fault::of(&error, &self.sight.of(&base), &base),
            }
            // What has just come must not stay: the server would vouch for it by its validators.
            self.forget(channel, subdir, aside.as_ref());
        }
        if let Some(aside) = aside {
            aside.restore();
        }
        // Once the network has failed for a channel, all of it is had from the cache: parts of different
        // days do not go together.
        origin.fault = Some(fault.clone());
        self.config.per_channel.insert(channel.base_url.url().clone().into(), source(true));
        match self.gateway() {
            Ok(gateway) => self.gateway = gateway,
            Err(_) => return (origin, Err(fault)),
        }
        let end = match self.ask(channel, subdir, specs).await {
            Ok(()) => {
                self.cached(channel, subdir, &mut origin);
                Ok(())
            }
            Err(_) => Err(fault),
        };
        (origin, end)
    }

    /// Takes a part out of the cache.
    fn forget(&mut self, channel: &Channel, subdir: Subdir, aside: Option<&Aside>) {
        let part = SubdirSelection::Some([subdir.as_str().to_owned()].into());
        if let Some(aside) = aside {
            aside.forget_shards();
        }
        // What cannot be taken out is damaged still, and told as such the next time.
        let _ = self.gateway.clear_repodata_cache(channel, part, CacheClearMode::InMemoryAndDisk);
        // What a gateway has in memory it does not read again.
        if let Ok(gateway) = self.gateway() {
            self.gateway = gateway;
        }
    }

    /// Whether nothing is asked of a channel's server.
    fn is_cached_alone(&self, channel: &Channel) -> bool {
        self.offline || self.config.per_channel.contains_key(channel.base_url.url())
    }

    /// Notes that a part was had, and in which form.
    fn had(&self, channel: &Channel, subdir: Subdir, origin: &mut SubdirOrigin) {
        let base = channel.platform_url(subdir);
        if self.is_cached_alone(channel) && base.scheme() != "file" {
            self.cached(channel, subdir, origin);
            return;
        }
        let seen = self.sight.of(&base);
        let good = |part: &str| {
            seen.iter().any(|seen| {
                seen.url.path().contains(part)
                    && (seen.status.is_success() || seen.status.as_u16() == 304)
            })
        };
        let form = if base.scheme() == "file" {
            let there = base.to_file_path().is_ok_and(|folder| folder.is_dir());
            if there { RepodataForm::Whole } else { RepodataForm::Missing }
        } else if good("repodata_shards.msgpack.zst") {
            RepodataForm::Sharded
        } else if good("repodata.json") {
            RepodataForm::Whole
        } else if seen.is_empty() {
            // Fresh enough that the server need not be asked.
            self.cached(channel, subdir, origin);
            return;
        } else {
            RepodataForm::Missing
        };
        origin.form = Some(form);
        self.cache.note(channel, subdir, form);
    }

    fn cached(&self, channel: &Channel, subdir: Subdir, origin: &mut SubdirOrigin) {
        if let Some((note, age)) = self.cache.noted(channel, subdir) {
            (origin.form, origin.age) = (Some(note.form), age);
        } else {
            origin.form = Some(RepodataForm::Missing);
        }
    }

    async fn ask(
        &self,
        channel: &Channel,
        subdir: Subdir,
        specs: &[MatchSpec],
    ) -> Result<(), Unread> {
        let query = self.gateway.query([channel.clone()], [subdir], specs.iter().cloned());
        let reading = query.with_reporter(self.progress.clone()).execute();
        tokio::select! {
            read = reading => Ok(read.map(|_| ())?),
            () = self.progress.trickles(self.patience) => Err(Unread::Trickle),
        }
    }

    /// The records of packages that the specs name, with `recursive` also of what those need.
    pub(crate) async fn query(
        &self,
        subdirs: &[Subdir],
        specs: &[MatchSpec],
        recursive: bool,
    ) -> Result<Vec<Arc<RepoDataRecord>>, Fault> {
        let platforms = subdirs.iter().copied().chain([Subdir::NoArch]).collect::<Vec<_>>();
        let query = self.gateway.query(self.channels.clone(), platforms, specs.iter().cloned());
        let found = query.recursive(recursive).with_reporter(self.progress.clone()).execute().await;
        match found {
            Ok(found) => Ok(found
                .iter()
                .flat_map(|part| part.iter_arc().cloned().collect::<Vec<_>>())
                .collect()),
            Err(error) => {
                // The channel whose server failed last, else the first: one is there, or nothing was asked.
                let bases =
                    || self.channels.iter().map(|channel| -> &Url { channel.base_url.url() });
                let fails = |base: &&Url| {
                    self.sight.of(base).last().is_some_and(|seen| !seen.status.is_success())
                };
                match bases().find(fails).or_else(|| bases().next()) {
                    Some(base) => Err(fault::of(&error, &self.sight.of(base), base)),
                    None => Err(unusable("no channel", error)),
                }
            }
        }
    }
}

/// Why a part was not read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unread {
    /// The library says why.
    #[error(transparent)]
    Gateway(#[from] GatewayError),
    /// So little comes that it would never end.
    #[error("hardly anything comes")]
    Trickle,
}

fn not_had(channel: &Channel, subdir: Subdir) -> SubdirOrigin {
    SubdirOrigin {
        channel: without_secrets(channel.base_url.url()),
        subdir: subdir.as_str().to_owned(),
        form: None,
        age: 0,
        fetched: 0,
        fault: None,
    }
}

fn source(cached: bool) -> SourceConfig {
    SourceConfig {
        bz2_enabled: false,
        cache_action: if cached { CacheAction::ForceCacheOnly } else { CacheAction::CacheOrFetch },
        ..SourceConfig::default()
    }
}
