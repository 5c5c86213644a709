//! The folders of a client, from its `info --json`.

use serde_json::Value;

/// The package cache, and the folder for environments; `None` if unknown.
pub fn read(info: &[u8]) -> (Option<String>, Option<String>) {
    let info: Value = serde_json::from_slice(info).unwrap_or_default();
    // A folder or a list of folders.
    let folder = |value: &Value| value.as_str().or(value[0].as_str()).map(str::to_owned);
    let first = |keys: &[&str]| keys.iter().find_map(|key| folder(&info[key]));
    // The keys of conda and mamba 1, of mamba 2 and micromamba, and of pixi.
    let packages = first(&["pkgs_dirs", "package cache", "cache_dir"]);
    (packages, first(&["envs_dirs", "envs directories"]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folders(packages: &str, environments: Option<&str>) -> (Option<String>, Option<String>) {
        (Some(packages.to_owned()), environments.map(str::to_owned))
    }

    #[test]
    fn reads_the_keys_of_every_client() {
        let conda = br#"{"pkgs_dirs": ["/c/pkgs", "/h/.conda/pkgs"], "envs_dirs": ["/c/envs"]}"#;
        assert_eq!(read(conda), folders("/c/pkgs", Some("/c/envs")));
        let mamba = br#"{"package cache": ["/m/pkgs"], "envs directories": ["/m/envs"]}"#;
        assert_eq!(read(mamba), folders("/m/pkgs", Some("/m/envs")));
        let pixi = br#"{"cache_dir": "/h/.cache/rattler/cache"}"#;
        assert_eq!(read(pixi), folders("/h/.cache/rattler/cache", None));
    }

    #[test]
    fn other_documents_have_no_folders() {
        for text in [&b""[..], b"[]", b"{\"pkgs_dirs\": 3}", b"\xff"] {
            assert_eq!(read(text), (None, None));
        }
    }
}
