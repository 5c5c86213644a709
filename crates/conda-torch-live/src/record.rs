//! rattler's records as the core's.

use conda_torch_core::channel::Record;
use rattler_conda_types::RepoDataRecord;

use crate::channel::{without_secrets, without_secrets_in};

/// The last second that conda reads as seconds: larger timestamps are milliseconds.
const LAST_SECOND: u64 = 253_402_300_799;

/// Records by name, subdir and URL, each once.
pub(crate) fn sorted<'a>(records: impl Iterator<Item = &'a RepoDataRecord>) -> Vec<Record> {
    let mut records: Vec<Record> = records.map(record).collect();
    records.sort_by(|a, b| (&a.name, &a.subdir, &a.url).cmp(&(&b.name, &b.subdir, &b.url)));
    records.dedup_by(|a, b| a.url == b.url);
    records
}

fn record(record: &RepoDataRecord) -> Record {
    let package = &record.package_record;
    // The package's URL names its channel, even if the channel has another name.
    let url = without_secrets(&record.url);
    let channel = url.rsplitn(3, '/').nth(2).map(str::to_owned);
    let channel = channel.or_else(|| record.channel.as_deref().map(without_secrets_in));
    let timestamp =
        package.timestamp.as_ref().and_then(|it| serde_json::to_value(it).ok()?.as_u64());
    Record {
        name: package.name.as_normalized().to_owned(),
        version: package.version.as_str().into_owned(),
        build: package.build.to_string(),
        build_number: package.build_number,
        subdir: package.subdir.clone(),
        channel: channel.unwrap_or_default(),
        url,
        depends: package.depends.clone(),
        constrains: package.constrains.clone(),
        track_features: package.track_features.clone(),
        timestamp: timestamp.map(|it| if it > LAST_SECOND { it } else { it * 1000 }),
        size: package.size,
    }
}
