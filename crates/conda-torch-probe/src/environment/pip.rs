//! Packages that pip installed into an environment: folders beside those of conda's packages name their installer.

use std::collections::HashSet;

use conda_torch_core::conda::{Os, Subdir};
use conda_torch_core::types::{Environment, PipPackage};

use crate::host::{Failure, Host};

/// How much of an `INSTALLER` is read: one word.
const WORD: usize = 256;

/// Packages that pip replaces even if conda has the same version.
const TORCH: [&str; 3] = ["torch", "torchvision", "torchaudio"];

/// The packages in `site-packages`, or the folder that could not be listed. An environment without Python has none.
pub(super) fn read(
    host: &dyn Host,
    environment: &Environment,
) -> Result<Vec<PipPackage>, (String, Failure)> {
    let Some(folder) = site_packages(host, environment) else { return Ok(Vec::new()) };
    let names = match host.list(&folder) {
        Err(Failure::NotThere) => Vec::new(),
        names => names.map_err(|failure| (folder.clone(), failure))?,
    };
    let of_conda: HashSet<(String, &str)> =
        environment.packages.iter().map(|it| (normal(&it.name), it.version.as_str())).collect();
    let package = |file: &String| {
        let (name, version) = distribution(file)?;
        let path = host.target().join(&folder, &format!("{file}/INSTALLER"));
        // Those of PyTorch count as pip's, which replace conda's.
        let normal = normal(name);
        let is_from_conda =
            !TORCH.contains(&normal.as_str()) && of_conda.contains(&(normal, version));
        let is_pip = !is_from_conda && is_by_another_installer(host, &path);
        is_pip.then(|| PipPackage { name: name.to_owned(), version: version.to_owned() })
    };
    Ok(names.iter().filter_map(package).collect())
}

/// `lib/python3.11/site-packages`, by the version of the environment's Python.
fn site_packages(host: &dyn Host, environment: &Environment) -> Option<String> {
    let python = environment.package("python")?;
    let os = environment.subdir.map(Subdir::os).or(host.target().os());
    let folder = if os == Some(Os::Windows) {
        "Lib/site-packages".to_owned()
    } else {
        let mut numbers = python.version.split('.');
        format!("lib/python{}.{}/site-packages", numbers.next()?, numbers.next()?)
    };
    Some(host.target().join(&environment.prefix, &folder))
}

/// The name and version of `torch-2.6.0+cu124.dist-info`. Only recipes still write the older `.egg-info`.
fn distribution(folder: &str) -> Option<(&str, &str)> {
    let (name, version) = folder.strip_suffix(".dist-info")?.split_once('-')?;
    (!name.is_empty() && !name.starts_with('~')).then_some((name, version))
}

/// The name as <https://packaging.python.org/specifications/name-normalization/> writes it.
fn normal(name: &str) -> String {
    name.to_ascii_lowercase().replace(['_', '.'], "-")
}

/// Whether `INSTALLER` names pip or uv; conda's packages name conda.
fn is_by_another_installer(host: &dyn Host, path: &str) -> bool {
    let word = host.text(path, WORD).unwrap_or_default();
    !word.trim().is_empty() && word.trim() != "conda"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_distribution_is_named_by_its_folder() {
        assert_eq!(distribution("torch-2.6.0+cu124.dist-info"), Some(("torch", "2.6.0+cu124")));
        let cublas = "nvidia_cublas_cu12-12.4.5.8.dist-info";
        assert_eq!(distribution(cublas), Some(("nvidia_cublas_cu12", "12.4.5.8")));
        // The rest of an aborted uninstallation.
        assert_eq!(distribution("~orch-2.6.0.dist-info"), None);
        assert_eq!(distribution("torch-2.5.1-py3.11.egg-info"), None);
        assert_eq!(distribution("torch"), None);
    }
}
