//! The JSON of conda, mamba and micromamba, found in other text.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::conda::ChannelName;

use super::PlannedPackage;

/// The keys of a success and of a failure.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct JsonOutput {
    #[serde(deserialize_with = "lenient")]
    pub actions: Option<Actions>,
    #[serde(deserialize_with = "lenient")]
    pub success: Option<bool>,
    // conda's keys.
    #[serde(deserialize_with = "lenient")]
    pub exception_name: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub message: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub error: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub packages: Option<Vec<String>>,
    #[serde(deserialize_with = "lenient")]
    pub pinned_specs: Option<Vec<String>>,
    // mamba's keys.
    #[serde(deserialize_with = "lenient")]
    pub solver_problems: Option<Vec<String>>,
    #[serde(deserialize_with = "lenient")]
    pub log_history: Option<Vec<Logged>>,
}

/// A line of libmamba's log.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Logged {
    pub level: String,
    pub message: String,
}

/// The changes of a plan.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "UPPERCASE")]
pub(super) struct Actions {
    fetch: Vec<Row>,
    link: Vec<Row>,
}

/// A package as a client prints it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Row {
    name: String,
    version: String,
    build: String,
    build_string: String,
    #[serde(deserialize_with = "lenient")]
    base_url: Option<String>,
    #[serde(deserialize_with = "lenient")]
    url: Option<String>,
    #[serde(deserialize_with = "lenient")]
    channel: Option<String>,
    #[serde(deserialize_with = "lenient")]
    size: Option<u64>,
}

/// A value of the expected type, else nothing: one odd key does not spoil the rest.
fn lenient<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
where
    T: serde::de::DeserializeOwned,
    D: serde::Deserializer<'de>,
{
    let value = serde_json::Value::deserialize(deserializer)?;
    Ok(T::deserialize(value).ok())
}

pub(super) enum Search {
    Output(Box<JsonOutput>),
    /// A truncated object.
    Cut,
    Nothing,
}

/// How many `{` are tried.
const STARTS: usize = 64;

/// Finds the last object that has a key of a dry run: errors come last.
pub(super) fn find(text: &str) -> Search {
    let mut found = Search::Nothing;
    let mut from = 0;
    for _ in 0..STARTS {
        let Some(start) = text[from..].find('{').map(|at| from + at) else { break };
        let mut values =
            serde_json::Deserializer::from_str(&text[start..]).into_iter::<JsonOutput>();
        match values.next() {
            Some(Ok(form)) => {
                from = start + values.byte_offset().max(1);
                if form.is_output() {
                    found = Search::Output(Box::new(form));
                }
            }
            Some(Err(error)) if error.is_eof() && !matches!(found, Search::Output(_)) => {
                return Search::Cut;
            }
            Some(Err(_)) | None => from = start + 1,
        }
    }
    found
}

impl JsonOutput {
    fn is_output(&self) -> bool {
        self.actions.is_some()
            || self.success.is_some()
            || self.exception_name.is_some()
            || self.error.is_some()
            || self.solver_problems.is_some()
            || self.log_history.is_some()
    }

    /// The message of a failure.
    pub(super) fn words(&self) -> &str {
        self.message.as_deref().or(self.error.as_deref()).unwrap_or_default()
    }
}

impl Actions {
    /// The linked packages, with the sizes of their archives.
    pub(super) fn planned(&self) -> Vec<PlannedPackage> {
        let fetched: BTreeMap<(&str, &str, &str), &Row> =
            self.fetch.iter().map(|row| (row.key(), row)).collect();
        let rows = if self.link.is_empty() { &self.fetch } else { &self.link };
        let one = |row: &Row| {
            let archive = fetched.get(&row.key()).copied();
            PlannedPackage {
                name: row.name.clone(),
                version: row.version.clone(),
                build: row.build_string().to_owned(),
                channel: row.channel(),
                size: archive.and_then(|archive| archive.size).or(row.size),
                to_download: Some(archive.is_some()),
            }
        };
        rows.iter().map(one).collect()
    }
}

impl Row {
    fn build_string(&self) -> &str {
        if self.build_string.is_empty() { &self.build } else { &self.build_string }
    }

    fn key(&self) -> (&str, &str, &str) {
        (&self.name, &self.version, self.build_string())
    }

    /// The URL if there is one, else the name.
    fn channel(&self) -> String {
        if let Some(url) = self.url.as_deref().filter(|url| url.contains("://")) {
            return ChannelName::of_package(url).name;
        }
        let base = self.base_url.as_deref().filter(|base| !base.is_empty());
        ChannelName::of(base.or(self.channel.as_deref()).unwrap_or_default()).name
    }
}
