//! What pip installed into an environment: folders beside those of conda's own Python packages, told
//! apart by who says that he installed them.

use crate::host::{Failure, Host};
use conda_torch_core::conda::Os;
use conda_torch_core::types::{Environment, Outcome, PipPackage, SourceReport};

/// How much of an `INSTALLER` is read: one word.
const WORD: usize = 256;

/// Packages that pip's installation takes over where conda has them too.
const TORCH: [&str; 3] = ["torch", "torchvision", "torchaudio"];

/// Looks into `site-packages`. An environment without Python has none.
pub(super) fn detect(host: &dyn Host, environment: &mut Environment) {
    let Some(folder) = site_packages(host, environment) else { return };
    let names = match host.list(&folder) {
        Ok(names) => names,
        Err(Failure::NotThere) => return,
        Err(failure) => {
            let outcome = Outcome::Failed;
            let detail = failure.to_string();
            environment.problems.push(SourceReport { source: folder, outcome, detail });
            return;
        }
    };
    for file in &names {
        let Some((name, version)) = distribution(file) else { continue };
        let path = host.target().join(&host.target().join(&folder, file), "INSTALLER");
        if !is_condas(environment, name, version) && is_by_other_than_conda(host, &path) {
            let (name, version) = (name.to_owned(), version.to_owned());
            environment.pip.push(PipPackage { name, version });
        }
    }
}

/// `lib/python3.11/site-packages`, by the version of the environment's Python.
fn site_packages(host: &dyn Host, environment: &Environment) -> Option<String> {
    let target = host.target();
    let python = environment.package("python")?;
    let is_windows = environment.subdir.map(conda_torch_core::conda::Subdir::os)
        == Some(Os::Windows)
        || environment.subdir.is_none() && target.os() == Some(Os::Windows);
    let folders = if is_windows {
        vec!["Lib".to_owned(), "site-packages".to_owned()]
    } else {
        let mut numbers = python.version.split('.');
        let (major, minor) = (numbers.next()?, numbers.next()?);
        vec!["lib".to_owned(), format!("python{major}.{minor}"), "site-packages".to_owned()]
    };
    Some(folders.iter().fold(environment.prefix.clone(), |path, name| target.join(&path, name)))
}

/// The name and version of `torch-2.6.0+cu124.dist-info`. Older forms (`.egg-info`) are what recipes
/// write: pip has made folders of this form alone for many years.
fn distribution(folder: &str) -> Option<(&str, &str)> {
    let (name, version) = folder.strip_suffix(".dist-info")?.split_once('-')?;
    (!name.is_empty() && !name.starts_with('~')).then_some((name, version))
}

/// Whether conda has a package of that name and version. Of PyTorch's packages the name alone proves
/// nothing: pip's take the place of conda's.
fn is_condas(environment: &Environment, name: &str, version: &str) -> bool {
    let name = normal(name);
    let is_torch = TORCH.contains(&name.as_str());
    let same = |package: &conda_torch_core::types::InstalledPackage| {
        package.version == version && normal(&package.name) == name
    };
    !is_torch && environment.packages.iter().any(same)
}

/// The name as <https://packaging.python.org/specifications/name-normalization/> writes it.
fn normal(name: &str) -> String {
    name.to_ascii_lowercase().replace(['_', '.'], "-")
}

/// conda's builds say `conda` in `INSTALLER`; pip and uv their own names. Without that file nobody knows.
fn is_by_other_than_conda(host: &dyn Host, path: &str) -> bool {
    let Ok(bytes) = host.read(path, WORD) else { return false };
    let word = String::from_utf8_lossy(&bytes);
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
        // What pip leaves of an uninstallation that broke off.
        assert_eq!(distribution("~orch-2.6.0.dist-info"), None);
        assert_eq!(distribution("torch-2.5.1-py3.11.egg-info"), None);
        assert_eq!(distribution("torch"), None);
    }
}
