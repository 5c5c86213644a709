//! Packages as a command line names them → the request.

use crate::conda::{Constraint, MatchSpec, SpecParts, Version};
use crate::matrix::Matrix;
use crate::types::Companion;

use super::request::{Request, RequestedAccelerator};

/// A package that cannot be requested.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum PackageError {
    #[error("`{0}` is not a package; expected a name or a match spec, such as `numpy<2`")]
    NotASpec(String),
    #[error("`{spec}` names a channel\nhint: pass `{name}`, and the channels with `-c`")]
    Channel { spec: String, name: String },
    #[error(
        "`{spec}` selects by `{key}`, which not every client reads\nhint: pass `{name}` with a version or build"
    )]
    Key { spec: String, key: String, name: String },
    #[error("`{0}` is a version, not a package\nhint: write it with its package: `pytorch={0}`")]
    Version(String),
    #[error("`{0}` is a GPU, not a package\nhint: pass `--gpu {0}`")]
    Gpu(String),
    #[error("`{word}` is not a package\nhint: pass `{flag}`")]
    Device { word: String, flag: &'static str },
    #[error("conda-forge has no package `{spec}`\nhint: did you mean `{name}`?")]
    Typo { spec: String, name: &'static str },
    #[error("`{0}` contradicts another part of the request")]
    Contradiction(String),
    #[error("`{spec}` does not choose one version; pass `{flag}`")]
    NoVersion { spec: String, flag: &'static str },
    #[error("conda-forge has no `{0}` for a known PyTorch")]
    NoCompanion(String),
    #[error("the build of `{0}` is chosen for this machine\nhint: leave out the build string")]
    Build(String),
}

/// Characters of a version and of a build string that no client and no file reads as something else.
fn is_plain(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_alphanumeric() || "._*+!-,|<>=~".contains(c))
}

/// Why a name is surely none of a package: a version, a GPU, a word for one, a misspelt name.
fn no_package(name: &str, text: &str, matrix: &Matrix) -> Option<PackageError> {
    const NAMES: [&str; 4] = ["pytorch", "torchvision", "torchaudio", "torch"];
    let word = name.to_owned();
    let digits = name.len() - name.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let is_series = |starts: &[&str]| starts.iter().any(|start| name.starts_with(start));
    // `A100`, but not `m2crypto`.
    let is_letter_and_number = || {
        let rest = name.strip_prefix(|c: char| "abhklmptv".contains(c)).unwrap_or_default();
        rest.len() > 1
            && rest.trim_end_matches(|c: char| c.is_ascii_alphabetic()).len() + 1 >= rest.len()
            && rest.starts_with(|c: char| c.is_ascii_digit())
    };
    let is_gpu_like = digits > 2 || is_series(&["rtx", "gtx", "geforce"]) || is_letter_and_number();
    if is_gpu_like && matrix.gpu_by_name(name).is_ok() || matches!(name, "rtx" | "gtx" | "geforce")
    {
        return Some(PackageError::Gpu(text.to_owned()));
    }
    if name.bytes().all(|c| c.is_ascii_digit() || c == b'.') {
        return Some(PackageError::Version(word));
    }
    match name {
        "cpu" => return Some(PackageError::Device { word, flag: "--cpu" }),
        "gpu" | "nvidia" => {
            return Some(PackageError::Device { word, flag: "--accelerator gpu" });
        }
        _ => {}
    }
    let bare: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    let bare = bare.strip_prefix("py").filter(|rest| rest.len() > 5).unwrap_or(&bare);
    let is_typo = |known: &&&str| {
        let most = if known.len() > 7 { 2 } else { 1 };
        let distance = strsim::damerau_levenshtein(name, known);
        // Short names have other neighbours, such as `torchx`.
        let is_near = distance <= most && (known.len() > 5 || name.len() == known.len());
        is_near || bare == **known
    };
    let known = NAMES.iter().find(is_typo)?;
    Some(PackageError::Typo { spec: word, name: known })
}

impl Request {
    /// Adds a package: `pytorch=2.9`, `torchvision`, `python=3.12`, or any other as a match spec.
    pub fn add_package(&mut self, text: &str, matrix: &Matrix) -> Result<(), PackageError> {
        let not_a_spec = || PackageError::NotASpec(text.to_owned());
        let parts = SpecParts::parse(text).ok_or_else(not_a_spec)?;
        let name = parts.name.to_owned();
        if parts.channel.is_some_and(|channel| channel != "conda-forge") {
            return Err(PackageError::Channel { spec: text.to_owned(), name });
        }
        if let Some(key) = parts.other_keys.first() {
            let key = (*key).to_owned();
            return Err(PackageError::Key { spec: text.to_owned(), key, name });
        }
        // pip writes `torch==2.9.1+cu126`.
        let spec = MatchSpec { channel: None, ..MatchSpec::from(parts) };
        let is_torch =
            matches!(spec.name.as_str(), "torch" | "pytorch" | "torchvision" | "torchaudio");
        let spec = match spec.version.split_once('+') {
            Some((version, _)) if is_torch => MatchSpec { version: version.to_owned(), ..spec },
            Some(_) | None => spec,
        };
        if !is_plain(&spec.version)
            || spec.is_unclear()
            || !spec.build.as_deref().is_none_or(is_plain)
        {
            return Err(not_a_spec());
        }
        match spec.name.as_str() {
            "pytorch" | "torch" => self.add_pytorch(&spec, text),
            "pytorch-gpu" => {
                self.set_accelerator(RequestedAccelerator::Cuda, text)?;
                self.add_pytorch(&spec, text)
            }
            "pytorch-cpu" => {
                self.set_accelerator(RequestedAccelerator::Cpu, text)?;
                self.add_pytorch(&spec, text)
            }
            "cpuonly" => self.set_accelerator(RequestedAccelerator::Cpu, text),
            "torchvision" => self.add_companion(Companion::Torchvision, &spec, text, matrix),
            "torchaudio" => self.add_companion(Companion::Torchaudio, &spec, text, matrix),
            "python" => {
                let Some(constraint) = spec.constraint() else { return Ok(()) };
                let pin = constraint.pin().filter(|pin| *pin != Version::new(&[pin.major()]));
                match (pin, spec.version.parse()) {
                    (Some(pin), _) if self.python_range.is_none() => {
                        set(&mut self.python, pin, text)
                    }
                    (None, Ok(range)) if self.python.is_none() => {
                        set(&mut self.python_range, range, text)
                    }
                    _ => Err(PackageError::Contradiction(text.to_owned())),
                }
            }
            "cuda-version" => {
                let pin = spec.constraint().and_then(|it| it.pin());
                let cuda = pin.and_then(|pin| pin.to_string().parse().ok());
                let flag = "--cuda-version X.Y";
                let no_version = PackageError::NoVersion { spec: text.to_owned(), flag };
                set(&mut self.cuda_version, cuda.ok_or(no_version)?, text)
            }
            name => {
                if let Some(why) = no_package(name, text, matrix) {
                    return Err(why);
                }
                if !self.others.contains(&spec) {
                    self.others.push(spec);
                }
                Ok(())
            }
        }
    }

    fn add_pytorch(&mut self, spec: &MatchSpec, text: &str) -> Result<(), PackageError> {
        match spec.build.as_deref() {
            Some(build) if build.contains("cuda") && build.starts_with('*') => {
                self.set_accelerator(RequestedAccelerator::Cuda, text)?;
            }
            Some(build) if build.contains("cpu") && build.starts_with('*') => {
                self.set_accelerator(RequestedAccelerator::Cpu, text)?;
            }
            Some(_) => return Err(PackageError::Build(text.to_owned())),
            None => {}
        }
        match spec.constraint() {
            None => Ok(()),
            Some(constraint) => self.set_pytorch(&constraint, &spec.version, text),
        }
    }

    fn set_pytorch(
        &mut self,
        constraint: &Constraint,
        version: &str,
        text: &str,
    ) -> Result<(), PackageError> {
        let contradiction = || PackageError::Contradiction(text.to_owned());
        match (constraint.pin(), &self.pytorch_range) {
            (Some(pin), None) => set(&mut self.pytorch, pin, text),
            (None, None) if self.pytorch.is_none() => {
                self.pytorch_range = version.parse().ok();
                Ok(())
            }
            (_, Some(range)) if range.to_string() == version => Ok(()),
            (Some(_) | None, _) => Err(contradiction()),
        }
    }

    fn set_accelerator(
        &mut self,
        accelerator: RequestedAccelerator,
        text: &str,
    ) -> Result<(), PackageError> {
        if self.accelerator != RequestedAccelerator::Auto && self.accelerator != accelerator {
            return Err(PackageError::Contradiction(text.to_owned()));
        }
        self.accelerator = accelerator;
        Ok(())
    }

    /// A version of a companion requests the PyTorch that it is built for.
    fn add_companion(
        &mut self,
        package: Companion,
        spec: &MatchSpec,
        text: &str,
        matrix: &Matrix,
    ) -> Result<(), PackageError> {
        if spec.build.is_some() {
            return Err(PackageError::Build(text.to_owned()));
        }
        if !self.companions.contains(&package) {
            self.companions.push(package);
        }
        let Some(constraint) = spec.constraint() else { return Ok(()) };
        let rows = matrix.companions.iter().filter(|row| row.package == package);
        let rows = rows.filter(|row| constraint.admits(row.version));
        let newest: Option<Version> = rows.map(|row| row.pytorch).max();
        let pytorch = newest.ok_or_else(|| PackageError::NoCompanion(text.to_owned()))?;
        match self.pytorch {
            Some(requested) if pytorch.covers(requested) || requested.covers(pytorch) => Ok(()),
            _ => set(&mut self.pytorch, pytorch, text),
        }
    }
}

/// Sets a part of the request that may be given twice, if it is the same.
fn set<T: PartialEq>(part: &mut Option<T>, value: T, text: &str) -> Result<(), PackageError> {
    match part {
        Some(other) if *other != value => Err(PackageError::Contradiction(text.to_owned())),
        Some(_) | None => {
            *part = Some(value);
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(words: &[&str]) -> Result<Request, PackageError> {
        let mut request = Request::default();
        words.iter().try_for_each(|word| request.add_package(word, Matrix::embedded()))?;
        Ok(request)
    }

    #[test]
    fn packages_of_pytorch_are_parts_of_the_request() {
        let version = |text: &str| Some(text.parse().expect("a version"));
        let found =
            request(&["torch==2.9.1+cu126", "python=3.12", "torchvision", "cuda-version=12.9"]);
        let found = found.expect("understood");
        assert_eq!((found.pytorch, found.python), (version("2.9.1"), version("3.12")));
        assert_eq!(found.cuda_version, "12.9".parse().ok());
        assert_eq!(found.companions, [Companion::Torchvision]);
        let any = request(&["python>=3.11"]).expect("understood");
        assert_eq!((any.python, any.python_text().as_deref()), (None, Some(">=3.11")));
        let any = request(&["python=3", "python"]).expect("understood");
        assert_eq!((any.python, any.python_text().as_deref()), (None, Some("=3")));
        assert_eq!(found.others, []);
        let range = request(&["pytorch>=2.5,<2.8"]).expect("understood");
        assert_eq!(range.pytorch_text().as_deref(), Some(">=2.5,<2.8"));
        let gpu = request(&["pytorch-gpu=2.9"]).expect("understood");
        assert_eq!((gpu.accelerator, gpu.pytorch), (RequestedAccelerator::Cuda, version("2.9")));
        let build = request(&["pytorch=*=*cuda*"]).expect("understood");
        assert_eq!((build.accelerator, build.pytorch), (RequestedAccelerator::Cuda, None));
        assert_eq!(
            request(&["cpuonly"]).expect("understood").accelerator,
            RequestedAccelerator::Cpu
        );
        // torchvision 0.20.1 is of PyTorch 2.5.1: https://github.com/pytorch/vision/releases/tag/v0.20.1
        let vision = request(&["torchvision==0.20.1"]).expect("understood");
        assert!(
            vision.pytorch.is_some_and(|it| it.series() == Version::new(&[2, 5])),
            "{vision:?}"
        );
    }

    #[test]
    fn other_packages_stay_as_they_are() {
        let found = request(&["transformers", "numpy<2", "scipy=1.11.*", "numpy<2", "x=1=py*_0"]);
        let others = found.expect("understood").others;
        let texts: Vec<String> = others.iter().map(ToString::to_string).collect();
        assert_eq!(texts, ["transformers", "numpy<2", "scipy=1.11.*", "x=1=py*_0"]);
    }

    #[test]
    fn what_was_surely_meant_otherwise_is_said() {
        for (text, hint) in [
            ("2.4", "`pytorch=2.4`"),
            ("3090", "`--gpu 3090`"),
            ("RTX4090", "`--gpu RTX4090`"),
            ("RTX 3090", "`--gpu RTX 3090`"),
            ("a100", "`--gpu a100`"),
            ("cpu", "`--cpu`"),
            ("gpu", "`--accelerator gpu`"),
            ("torchvison", "`torchvision`"),
            ("torch-vision", "`torchvision`"),
            ("pytorchvision", "`torchvision`"),
            ("pytorch_audio", "`torchaudio`"),
            ("pytroch", "`pytorch`"),
            ("torhc", "`torch`"),
        ] {
            let why = request(&[text]).expect_err(text).to_string();
            assert!(why.ends_with(hint) || why.ends_with(&format!("{hint}?")), "{why}");
        }
        let real =
            ["torchx", "torchdata", "m2crypto", "h5py", "4ti2", "pytorch3d", "k3d", "b2", "p7zip"];
        assert!(request(&real).is_ok());
        let from = request(&["conda-forge::numpy"]).expect("understood").others;
        assert_eq!(from[0].to_string(), "numpy");
    }

    #[test]
    fn what_is_no_package_is_refused() {
        for text in [
            "",
            "./x.conda",
            "$(rm)",
            "x=`y`",
            "numpy<<2",
            "a b c d",
            "bioconda::samtools",
            "x[md5=1]",
        ] {
            assert!(request(&[text]).is_err(), "{text}");
        }
        for words in [
            ["pytorch=2.9", "pytorch=2.8"],
            ["cpuonly", "pytorch-gpu"],
            ["python=3.9", "python=3.10"],
            ["python=3.9", "python>=3.10"],
        ] {
            assert!(matches!(request(&words), Err(PackageError::Contradiction(_))), "{words:?}");
        }
    }
}
