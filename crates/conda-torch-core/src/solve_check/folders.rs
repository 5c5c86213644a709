//! The folders of a client, from its `info --json`.

use serde_json::Value;

/// The folders that a client writes to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Folders {
    /// The package cache.
    pub packages: Option<String>,
    /// For environments.
    pub environments: Option<String>,
}

impl Folders {
    /// Reads the output of `info --json`; a missing folder is unknown.
    pub fn read(info: &[u8]) -> Self {
        let info: Value = serde_json::from_slice(info).unwrap_or_default();
        // The keys of conda and mamba 1, of mamba 2 and micromamba, and of pixi.
        Self {
            packages: first(&info, &["pkgs_dirs", "package cache", "cache_dir"]),
            environments: first(&info, &["envs_dirs", "envs directories"]),
        }
    }
}

fn first(info: &Value, keys: &[&str]) -> Option<String> {
    keys.iter().find_map(|key| match info.get(key)? {
        Value::String(folder) => Some(folder.clone()),
        Value::Array(folders) => folders.first()?.as_str().map(str::to_owned),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folders(packages: &str, environments: Option<&str>) -> Folders {
        Folders {
            packages: Some(packages.to_owned()),
            environments: environments.map(str::to_owned),
        }
    }

    #[test]
    fn reads_the_keys_of_every_client() {
        let conda = br#"{"pkgs_dirs": ["/c/pkgs", "/h/.conda/pkgs"], "envs_dirs": ["/c/envs"]}"#;
        assert_eq!(Folders::read(conda), folders("/c/pkgs", Some("/c/envs")));
        let mamba = br#"{"package cache": ["/m/pkgs"], "envs directories": ["/m/envs"]}"#;
        assert_eq!(Folders::read(mamba), folders("/m/pkgs", Some("/m/envs")));
        let pixi = br#"{"cache_dir": "/h/.cache/rattler/cache"}"#;
        assert_eq!(Folders::read(pixi), folders("/h/.cache/rattler/cache", None));
    }

    #[test]
    fn other_documents_have_no_folders() {
        for text in [&b""[..], b"[]", b"{\"pkgs_dirs\": 3}", b"\xff"] {
            assert_eq!(Folders::read(text), Folders::default());
        }
    }
}
