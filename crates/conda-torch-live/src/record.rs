//! Records as they are told.

use conda_torch_core::channel::Record;
use rattler_conda_types::RepoDataRecord;

use crate::channel::{without_secrets, without_secrets_in};

/// Records in a fixed order, each once.
pub(crate) fn sorted<'a>(records: impl Iterator<Item = &'a RepoDataRecord>) -> Vec<Record> {
    let mut records: Vec<Record> = records.map(told).collect();
    records.sort_by(|a, b| (&a.name, &a.subdir, &a.url).cmp(&(&b.name, &b.subdir, &b.url)));
    records.dedup_by(|a, b| a.url == b.url);
    records
}

fn told(record: &RepoDataRecord) -> Record {
    let package = &record.package_record;
    // The address of the package tells where it is from, whatever the channel calls itself.
    let url = without_secrets(&record.url);
    let parent = |text: &str| text.rsplit_once('/').map(|(parent, _)| parent.to_owned());
    let channel = parent(&url)
        .and_then(|folder| parent(&folder))
        .or_else(|| record.channel.as_deref().map(without_secrets_in));
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
        timestamp: milliseconds(package.timestamp.as_ref()),
        size: package.size,
    }
}

/// A time as channels write it.
fn milliseconds(time: Option<&impl serde::Serialize>) -> Option<u64> {
    let number = serde_json::to_value(time?).ok()?.as_u64()?;
    // Old records count seconds: conda's own bound between the two.
    Some(if number > 253_402_300_799 { number } else { number * 1000 })
}
