//! Reads channels with rattler: sharded if the channel has shards, and from the cache if the network fails.

use std::sync::Arc;
use std::time::Duration;

use conda_torch_core::channel::{LiveRequest, RepodataForm, SubdirOrigin};
use conda_torch_core::conda::{Fault, FaultKind};
use rattler_conda_types::{Channel, MatchSpec, RepoDataRecord, Subdir};
use rattler_repodata_gateway::fetch::CacheAction;
use rattler_repodata_gateway::{
    CacheClearMode, ChannelConfig, ChannelRelationsMode, Gateway, GatewayError, RepoDataQuery,
    SourceConfig, SubdirSelection,
};
use tokio::time::{Instant, sleep_until};
use url::Url;

use crate::cache::{self, Backup, Cache};
use crate::channel::{invalid, without_secrets};
use crate::fault::{self, ReadError};
use crate::network::client;
use crate::traffic::{Refused, Traffic};

pub(crate) struct Reader {
    channels: Vec<Channel>,
    /// The channels' addresses as they are shown and as they are requested.
    addresses: Vec<(Url, Url)>,
    cache: Cache,
    traffic: Traffic,
    timeout: Duration,
    /// When downloads end, whatever is missing.
    deadline: Instant,
    offline: bool,
    /// Whether the last file to be read needed too much memory.
    is_memory_used_up: bool,
    gateway: Gateway,
    config: ChannelConfig,
}

impl Reader {
    /// Each channel comes with the address that is requested.
    pub(crate) fn new(
        request: &LiveRequest,
        channels: Vec<(Channel, Url)>,
        traffic: &Traffic,
    ) -> Result<Self, Fault> {
        let offline = request.offline;
        let address = |(channel, requested): &(Channel, Url)| {
            (channel.base_url.url().clone().into(), requested.clone())
        };
        let mut reader = Self {
            addresses: channels.iter().map(address).collect(),
            channels: channels.into_iter().map(|(channel, _)| channel).collect(),
            cache: Cache::open(&request.cache)?,
            traffic: traffic.clone(),
            timeout: Duration::from_secs(request.patience.max(1).into()),
            deadline: Instant::now() + Duration::from_secs(request.deadline.max(1).into()),
            offline,
            is_memory_used_up: false,
            gateway: Gateway::new(),
            config: ChannelConfig { default: source(offline), ..ChannelConfig::default() },
        };
        if !offline {
            cache::remove_empty_indexes(&reader.cache.repodata());
            cache::remove_leftovers(&reader.cache.repodata());
        }
        reader.gateway = reader.gateway()?;
        Ok(reader)
    }

    fn gateway(&self) -> Result<Gateway, Fault> {
        let client = client(self.timeout, self.offline, &self.traffic, &self.addresses)
            .map_err(|error| invalid("the HTTP client", error))?;
        Ok(Gateway::builder()
            .with_client(client)
            .with_cache_dir(self.cache.repodata())
            .with_channel_config(self.config.clone())
            .with_max_concurrent_requests(16)
            .finish())
    }

    /// Reads every subdir of every channel once and records its origin. The first fault ends the reading, unless
    /// the cache has the subdir; origins of the rest have no form.
    pub(crate) async fn open(
        &mut self,
        subdirs: &[Subdir],
        specs: &[MatchSpec],
        origins: &mut Vec<SubdirOrigin>,
    ) -> Result<(), Fault> {
        let mut result = Ok(());
        for channel in self.channels.clone() {
            // Every channel has `noarch`: without it the channel is missing, and not only a platform.
            for subdir in std::iter::once(Subdir::NoArch).chain(subdirs.iter().copied()) {
                let mut origin = SubdirOrigin {
                    channel: without_secrets(channel.base_url.url()),
                    subdir: subdir.as_str().to_owned(),
                    form: None,
                    age: 0,
                    fetched: 0,
                    fault: None,
                };
                let is_same = |other: &SubdirOrigin| {
                    other.channel == origin.channel && other.subdir == origin.subdir
                };
                if origins.iter().any(is_same) {
                    continue;
                }
                if result.is_ok() {
                    result = self.read_subdir(&channel, subdir, specs, &mut origin).await;
                }
                origins.push(origin);
            }
        }
        result
    }

    async fn read_subdir(
        &mut self,
        channel: &Channel,
        subdir: Subdir,
        specs: &[MatchSpec],
        origin: &mut SubdirOrigin,
    ) -> Result<(), Fault> {
        let before = self.traffic.bytes();
        let base = channel.platform_url(subdir);
        let uses_network = base.scheme() != "file" && !self.is_cache_only(channel);
        let backup = uses_network.then(|| Backup::of(&self.cache.repodata()));
        let mut result = self.fetch(channel, subdir, specs, &base).await;
        let is_damaged =
            |fault: &Fault| matches!(fault.kind, FaultKind::Damaged | FaultKind::CutShort);
        if let Some(backup) = &backup
            && result.as_ref().is_err_and(is_damaged)
        {
            // The cached file may be the damaged one.
            self.remove(channel, subdir, backup);
            result = self.fetch(channel, subdir, specs, &base).await;
            if result.is_err() {
                // Keep no damaged download: with its validators the server would confirm it.
                self.remove(channel, subdir, backup);
            }
        }
        origin.fetched = self.traffic.bytes() - before;
        let Err(fault) = result else {
            (origin.form, origin.age) = self.form(channel, subdir);
            return Ok(());
        };
        origin.fault = Some(fault.clone());
        let Some(backup) = backup else { return Err(fault) };
        if self.is_memory_used_up {
            // What is read goes on in another thread: nothing else is read now. The file is of no use.
            self.remove(channel, subdir, &backup);
            return Err(fault);
        }
        backup.restore();
        // From now on the whole channel is read from the cache: subdirs of different days do not match.
        self.config.per_channel.insert(channel.base_url.url().clone().into(), source(true));
        self.gateway = self.gateway().map_err(|_| fault.clone())?;
        self.fetch(channel, subdir, specs, &base).await.map_err(|_| fault)?;
        (origin.form, origin.age) = self.cached_form(channel, subdir);
        Ok(())
    }

    /// Removes a subdir from the cache and from memory, as far as possible.
    fn remove(&mut self, channel: &Channel, subdir: Subdir, backup: &Backup) {
        backup.remove_shards();
        let selection = SubdirSelection::Some([subdir.as_str().to_owned()].into());
        let mode = CacheClearMode::InMemoryAndDisk;
        let _ = self.gateway.clear_repodata_cache(channel, selection, mode);
        // A gateway keeps in memory what it has read.
        if let Ok(gateway) = self.gateway() {
            self.gateway = gateway;
        }
    }

    /// Whether a channel is read from the cache alone.
    fn is_cache_only(&self, channel: &Channel) -> bool {
        self.offline || self.config.per_channel.contains_key(channel.base_url.url())
    }

    /// The form in which a subdir was read, and its age. Records that the server confirmed it.
    fn form(&self, channel: &Channel, subdir: Subdir) -> (Option<RepodataForm>, u64) {
        let base = channel.platform_url(subdir);
        let is_folder = base.scheme() == "file";
        let responses = self.traffic.responses(&base);
        // Without responses the cached file is recent enough.
        if !is_folder && (self.is_cache_only(channel) || responses.is_empty()) {
            return self.cached_form(channel, subdir);
        }
        let was_read = |file: &str| {
            responses.iter().any(|response| {
                let is_ok = response.status.is_success() || response.status.as_u16() == 304;
                is_ok && response.url.path().contains(file)
            })
        };
        let form = if was_read("repodata_shards.msgpack.zst") {
            RepodataForm::Sharded
        } else if was_read("repodata.json")
            || is_folder && base.to_file_path().is_ok_and(|folder| folder.is_dir())
        {
            RepodataForm::Whole
        } else {
            RepodataForm::Missing
        };
        self.cache.confirm(channel, subdir, form);
        (Some(form), 0)
    }

    fn cached_form(&self, channel: &Channel, subdir: Subdir) -> (Option<RepodataForm>, u64) {
        let (form, age) =
            self.cache.confirmed(channel, subdir).unwrap_or((RepodataForm::Missing, 0));
        (Some(form), age)
    }

    async fn fetch(
        &mut self,
        channel: &Channel,
        subdir: Subdir,
        specs: &[MatchSpec],
        base: &Url,
    ) -> Result<(), Fault> {
        let query = self.gateway_query(vec![channel.clone()], vec![subdir], specs);
        let read = Box::pin(query.execute());
        let result = self.limited(read, self.is_cache_only(channel)).await;
        self.is_memory_used_up = matches!(result, Err(ReadError::Refused(Refused::Memory(_))));
        result.map(drop).map_err(|error| self.fault(&error, base))
    }

    fn fault(&self, error: &(dyn std::error::Error + 'static), base: &Url) -> Fault {
        fault::of(error, &self.traffic.responses(base), base, &self.addresses)
    }

    /// A query of these channels alone, whatever others they name.
    fn gateway_query(
        &self,
        channels: Vec<Channel>,
        subdirs: Vec<Subdir>,
        specs: &[MatchSpec],
    ) -> RepoDataQuery {
        let query = self.gateway.query(channels, subdirs, specs.iter().cloned());
        let query = query.channel_relations(ChannelRelationsMode::Disabled);
        query.with_reporter(self.traffic.clone())
    }

    /// Reads for as long as a server sends enough, but not too much.
    async fn limited<T>(
        &self,
        read: impl Future<Output = Result<T, GatewayError>>,
        is_cache_only: bool,
    ) -> Result<T, ReadError> {
        tokio::select! {
            biased;
            refused = self.traffic.refused() => Err(ReadError::Refused(refused)),
            result = read => result.map_err(ReadError::from),
            () = self.traffic.trickles(self.timeout) => Err(ReadError::Trickle),
            () = sleep_until(self.deadline), if !is_cache_only => Err(ReadError::Deadline),
        }
    }

    /// The records of the packages in `specs`, with `recursive` also those of their dependencies.
    pub(crate) async fn query(
        &self,
        subdirs: &[Subdir],
        specs: &[MatchSpec],
        recursive: bool,
    ) -> Result<Vec<Arc<RepoDataRecord>>, Fault> {
        let subdirs = subdirs.iter().copied().chain([Subdir::NoArch]).collect::<Vec<_>>();
        let query = self.gateway_query(self.channels.clone(), subdirs, specs).recursive(recursive);
        let is_cache_only = self.channels.iter().all(|channel| self.is_cache_only(channel));
        let error = match self.limited(Box::pin(query.execute()), is_cache_only).await {
            Ok(parts) => {
                return Ok(parts.iter().flat_map(|part| part.iter_arc().cloned()).collect());
            }
            Err(error) => error,
        };
        // The error does not name its channel: the one whose last response is an error, or else the first.
        let bases = || self.channels.iter().map(|channel| -> &Url { channel.base_url.url() });
        let fails = |base: &&Url| {
            self.traffic.responses(base).last().is_some_and(|last| !last.status.is_success())
        };
        Err(match bases().find(fails).or_else(|| bases().next()) {
            Some(base) => self.fault(&error, base),
            None => invalid("no channel", error),
        })
    }
}

fn source(is_cache_only: bool) -> SourceConfig {
    let (cached, any) = (CacheAction::ForceCacheOnly, CacheAction::CacheOrFetch);
    SourceConfig {
        bz2_enabled: false,
        cache_action: if is_cache_only { cached } else { any },
        ..SourceConfig::default()
    }
}
