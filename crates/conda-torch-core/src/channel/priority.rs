//! Strict channel priority.

use std::collections::{BTreeMap, HashMap};

use super::{Record, Records, SubdirOrigin};

/// The records that a client with strict channel priority considers: those of the first channel, in the
/// order of the origins, that has the package for a platform.
pub fn by_priority(Records { mut records }: Records, origins: &[SubdirOrigin]) -> Records {
    let bare = |channel: &'_ str| channel.trim_end_matches('/').len();
    let mut order: HashMap<&str, usize> = HashMap::new();
    for (at, SubdirOrigin { channel, .. }) in origins.iter().enumerate() {
        order.entry(&channel[..bare(channel)]).or_insert(at);
    }
    // A channel without an origin comes last.
    let place = |record: &Record| {
        let channel = &record.channel[..bare(&record.channel)];
        order.get(channel).copied().unwrap_or(usize::MAX)
    };
    let key = |record: &Record| (record.name.clone(), record.subdir.clone());
    let mut first: BTreeMap<(String, String), usize> = BTreeMap::new();
    for record in &records {
        let first = first.entry(key(record)).or_insert(usize::MAX);
        *first = place(record).min(*first);
    }
    records.retain(|record| first.get(&key(record)) == Some(&place(record)));
    Records { records }
}

#[cfg(test)]
mod tests {
    use super::super::Record;
    use super::*;

    fn record(channel: &str, name: &str, subdir: &str) -> Record {
        Record {
            name: name.to_owned(),
            subdir: subdir.to_owned(),
            channel: channel.to_owned(),
            ..Record::default()
        }
    }

    fn origin(channel: &str) -> SubdirOrigin {
        SubdirOrigin {
            channel: channel.to_owned(),
            subdir: "linux-64".to_owned(),
            form: None,
            age: 0,
            fetched: 0,
            fault: None,
        }
    }

    #[test]
    fn a_package_comes_from_the_first_channel_that_has_it_for_the_platform() {
        let (own, all) = ("https://corp.example/ml", "https://conda.anaconda.org/conda-forge");
        let records = vec![
            record(all, "pytorch", "linux-64"),
            record(own, "pytorch", "linux-64"),
            record(all, "pytorch", "win-64"),
            record(all, "cuda-version", "noarch"),
        ];
        let origins = [origin(&format!("{own}/")), origin(&format!("{all}/"))];
        let kept = by_priority(Records { records }, &origins).records;
        let kept: Vec<(&str, &str, &str)> =
            kept.iter().map(|it| (&*it.channel, &*it.name, &*it.subdir)).collect();
        let expected = [
            (own, "pytorch", "linux-64"),
            (all, "pytorch", "win-64"),
            (all, "cuda-version", "noarch"),
        ];
        assert_eq!(kept, expected);
    }
}
