//! A fact about a machine with its origin, or why there is none.

use std::borrow::Cow;
use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Where a fact came from.
///
/// Written as one word, with a detail after a colon: `nvml`, `file:/proc/driver/nvidia/version`,
/// `flag:--driver`, `env:CONDA_OVERRIDE_CUDA`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Origin {
    Nvml,
    Libcuda,
    /// The text or XML that `nvidia-smi` prints.
    NvidiaSmi,
    System,
    /// What this program was compiled for.
    Compiled,
    File(String),
    Flag(Cow<'static, str>),
    Env(Cow<'static, str>),
    /// Looked up in a table of the matrix, by its name.
    Table(Cow<'static, str>),
    /// Assumed, because the machine was not probed.
    Baseline,
    /// A document made elsewhere, by its format.
    Document(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nvml => f.write_str("nvml"),
            Self::Libcuda => f.write_str("libcuda"),
            Self::NvidiaSmi => f.write_str("nvidia-smi"),
            Self::System => f.write_str("system"),
            Self::Compiled => f.write_str("compiled"),
            Self::Baseline => f.write_str("baseline"),
            Self::File(path) => write!(f, "file:{path}"),
            Self::Flag(flag) => write!(f, "flag:{flag}"),
            Self::Env(name) => write!(f, "env:{name}"),
            Self::Table(name) => write!(f, "table:{name}"),
            Self::Document(format) => write!(f, "document:{format}"),
        }
    }
}

impl FromStr for Origin {
    type Err = Infallible;

    /// Reads what [`Display`](fmt::Display) writes; an unknown word is a document's own.
    fn from_str(text: &str) -> Result<Self, Infallible> {
        let owned = |detail: &str| Cow::Owned(detail.to_owned());
        Ok(match text.split_once(':') {
            Some(("file", path)) => Self::File(path.to_owned()),
            Some(("flag", flag)) => Self::Flag(owned(flag)),
            Some(("env", name)) => Self::Env(owned(name)),
            Some(("table", name)) => Self::Table(owned(name)),
            Some(("document", format)) => Self::Document(format.to_owned()),
            Some(_) => Self::Document(text.to_owned()),
            None => match text {
                "nvml" => Self::Nvml,
                "libcuda" => Self::Libcuda,
                "nvidia-smi" => Self::NvidiaSmi,
                "system" => Self::System,
                "compiled" => Self::Compiled,
                "baseline" => Self::Baseline,
                other => Self::Document(other.to_owned()),
            },
        })
    }
}

crate::conda::serde_as_text!(Origin);

/// A value and where it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact<T> {
    /// What was found.
    pub value: T,
    /// Where it came from.
    pub origin: Origin,
}

/// Found, absent or unknown: three different things until the decision.
///
/// As JSON: `{"status": "found", "value": …, "origin": "nvml"}`, `{"status": "absent", …}`,
/// `{"status": "unknown", …, "why": "…"}`; the keys that do not apply are `null`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Detected<T> {
    /// It is there.
    Found(Fact<T>),
    /// Looked for and not there.
    Absent,
    /// Detection failed or was not tried.
    Unknown {
        /// Why not, in a few words without a full stop.
        why: Cow<'static, str>,
    },
}

impl<T> Detected<T> {
    /// A fact with its origin.
    pub const fn found(value: T, origin: Origin) -> Self {
        Self::Found(Fact { value, origin })
    }

    /// Not known, and why.
    pub fn unknown(why: impl Into<Cow<'static, str>>) -> Self {
        Self::Unknown { why: why.into() }
    }

    /// A fact, or why it is not known.
    pub fn found_or(value: Option<T>, origin: Origin, why: impl Into<Cow<'static, str>>) -> Self {
        value.map_or_else(|| Self::unknown(why), |value| Self::found(value, origin))
    }

    /// The fact, if there is one. Do not use it to decide unless absent and unknown mean the same there.
    pub const fn fact(&self) -> Option<&Fact<T>> {
        match self {
            Self::Found(fact) => Some(fact),
            Self::Absent | Self::Unknown { .. } => None,
        }
    }

    /// The value, if there is one; see [`fact`](Self::fact).
    pub fn value(&self) -> Option<&T> {
        self.fact().map(|fact| &fact.value)
    }

    /// Where the value came from, if there is one.
    pub fn origin(&self) -> Option<&Origin> {
        self.fact().map(|fact| &fact.origin)
    }

    /// Whether something was found.
    pub const fn is_found(&self) -> bool {
        matches!(self, Self::Found(_))
    }
}

impl<T> Default for Detected<T> {
    fn default() -> Self {
        Self::Unknown { why: Cow::Borrowed("not asked") }
    }
}

/// The form in JSON.
#[derive(Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "Detected_{T}"))]
struct Wire<T> {
    status: Cow<'static, str>,
    value: Option<T>,
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    origin: Option<Origin>,
    why: Option<Cow<'static, str>>,
}

impl<T: Serialize> Serialize for Detected<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (status, why) = match self {
            Self::Found(_) => ("found", None),
            Self::Absent => ("absent", None),
            Self::Unknown { why } => ("unknown", Some(why.clone())),
        };
        let origin = self.origin().cloned();
        Wire { status: status.into(), value: self.value(), origin, why }.serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Detected<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error;
        let wire = Wire::<T>::deserialize(deserializer)?;
        match (wire.status.as_ref(), wire.value) {
            ("found", Some(value)) => {
                let unnamed = || Origin::Document("unnamed".to_owned());
                Ok(Self::found(value, wire.origin.unwrap_or_else(unnamed)))
            }
            ("found", None) => {
                Err(D::Error::custom("status is `found` but `value` is null or missing"))
            }
            ("absent", _) => Ok(Self::Absent),
            ("unknown", _) => Ok(Self::unknown(wire.why.unwrap_or(Cow::Borrowed("not said")))),
            (other, _) => Err(D::Error::custom(format!(
                "unknown status `{other}`; expected found, absent or unknown"
            ))),
        }
    }
}

#[cfg(test)]
impl<T: schemars::JsonSchema> schemars::JsonSchema for Detected<T> {
    fn schema_name() -> Cow<'static, str> {
        <Wire<T> as schemars::JsonSchema>::schema_name()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        <Wire<T> as schemars::JsonSchema>::json_schema(generator)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn found_absent_and_unknown_survive_json() {
        let all = [
            Detected::found(7_u32, Origin::File("/proc/x:y".to_owned())),
            Detected::Absent,
            Detected::unknown("no permission"),
        ];
        for detected in all {
            let text = serde_json::to_string(&detected).expect("serialises");
            assert_eq!(serde_json::from_str::<Detected<u32>>(&text).expect("reads back"), detected);
        }
    }

    #[test]
    fn refuses_found_without_a_value() {
        assert!(
            serde_json::from_str::<Detected<u32>>(r#"{"status":"found","value":null}"#).is_err()
        );
        assert!(serde_json::from_str::<Detected<u32>>(r#"{"status":"maybe","value":1}"#).is_err());
    }
}
