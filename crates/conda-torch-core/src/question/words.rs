//! The command line as people type it → as it is read: other words for subcommands and flags, and forms of values
//! that mean one thing. What was understood is said.

use crate::conda::Subdir;
use crate::import::windows_driver;
use crate::matrix::{GpuMaker, GpuNameError, Matrix, NamedGpu, is_gpu_word};

/// A command line, and what was understood of it.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Arguments {
    /// Without the name of the program.
    pub words: Vec<String>,
    /// As sentences.
    pub notes: Vec<String>,
}

/// Other words for a subcommand, and what to know about it.
const SUBCOMMANDS: &[(&str, &str, &str)] = &[
    ("doctor", "check", "`doctor` is `conda-torch check`"),
    ("diagnose", "check", "`diagnose` is `conda-torch check`"),
    (
        "verify",
        "check",
        "`verify` is `conda-torch check`; before an installation, `advise --verify`",
    ),
    ("status", "check", "`status` is `conda-torch check`"),
    ("create", "advise", INSTALL),
    ("add", "advise", INSTALL),
    ("upgrade", "advise", UPGRADE),
    ("update", "advise", UPGRADE),
    ("recommend", "advise", "`recommend` is `conda-torch advise`"),
    ("cuda", "probe", "`cuda` is `conda-torch probe`, which shows the driver and its CUDA"),
    ("driver", "probe", "`driver` is `conda-torch probe`"),
    ("gpu", "probe", "`gpu` is `conda-torch probe`"),
    ("detect", "probe", "`detect` is `conda-torch probe`"),
    ("info", "probe", "`info` is `conda-torch probe`"),
    ("list", "matrix", "`list` is `conda-torch matrix`"),
    ("search", "matrix", "`search` is `conda-torch matrix`"),
    ("versions", "matrix", "`versions` is `conda-torch matrix`"),
    ("convert", "migrate", "`convert` is `conda-torch migrate`"),
];

const INSTALL: &str = "read as `conda-torch advise`; `conda-torch install` runs the commands";

const UPGRADE: &str = "read as `conda-torch advise`; pass `-n NAME` for an existing environment";

/// Packages that begin a command line without a subcommand.
const PACKAGES: &[&str] =
    &["pytorch", "torch", "torchvision", "torchaudio", "pytorch-gpu", "pytorch-cpu"];

/// Other names of flags.
const FLAGS: &[(&str, &str)] = &[
    ("--torch", "--pytorch"),
    ("--torch-version", "--pytorch"),
    ("--pytorch-version", "--pytorch"),
    ("--py", "--python"),
    ("--python-version", "--python"),
    ("--driver-version", "--driver"),
    ("--nvidia-driver", "--driver"),
    ("--cc", "--compute-capability"),
    ("--sm", "--compute-capability"),
    ("--cuda-arch", "--compute-capability"),
    ("--gpus", "--gpu"),
    ("--os", "--platform"),
    ("--subdir", "--platform"),
    ("--env", "--name"),
    ("--environment", "--name"),
    ("--device", "--accelerator"),
    ("--backend", "--accelerator"),
    ("--cpu-only", "--cpu"),
    ("--cpuonly", "--cpu"),
    ("--no-cuda", "--cpu"),
    ("--no-gpu", "--cpu"),
    ("--no-color", "--color=never"),
];

/// Flags that are typed with one hyphen. Each of them would be a short flag with a value.
const WITH_ONE_HYPHEN: &[&str] =
    &["-gpu", "-cpu", "-cuda", "-driver", "-platform", "-python", "-pytorch", "-json", "-help"];

/// A value as the program reads it.
type Form = fn(&str) -> String;

/// Flags with values of which there are other forms.
const VALUES: &[(&str, Form)] = &[
    ("--driver", driver),
    ("--cuda", cuda),
    ("--cuda-version", cuda_minor),
    ("--python", python),
    ("--pytorch", pytorch),
    ("--compute-capability", compute_capability),
    ("--glibc", glibc),
    ("--macos", macos),
    ("--platform", platform),
    ("--accelerator", accelerator),
    ("--blas", blas),
    ("--client", client),
    ("--shell", shell),
    ("--format", format),
];

/// Understands a command line. `is_subcommand`: whether a word is one.
pub fn understood(
    typed: impl IntoIterator<Item = String>,
    is_subcommand: &dyn Fn(&str) -> bool,
) -> Arguments {
    let mut typed: Vec<String> = typed.into_iter().map(with_hyphens).collect();
    let mut found = Arguments::default();
    found.subcommand(&mut typed, is_subcommand);
    let end = typed.iter().position(|word| word == "--").unwrap_or(typed.len());
    let rest = typed.split_off(end);
    let mut words = typed.into_iter().peekable();
    while let Some(word) = words.next() {
        let (flag, inline) = match word.split_once('=') {
            Some((flag, value)) if flag.starts_with("--") => (flag, Some(value)),
            Some(_) | None => (word.as_str(), None),
        };
        let flag = FLAGS.iter().find(|(other, _)| *other == flag).map_or(flag, |(_, flag)| flag);
        let is_gpu = flag == "--gpu";
        let form = VALUES.iter().find(|(name, _)| *name == flag).map(|(_, form)| *form);
        if !is_gpu && form.is_none() {
            found
                .words
                .push(inline.map_or_else(|| flag.to_owned(), |value| format!("{flag}={value}")));
            continue;
        }
        let is_value = |word: &String| !word.starts_with('-');
        let Some(value) = inline.map(str::to_owned).or_else(|| words.next_if(is_value)) else {
            found.words.push(flag.to_owned());
            continue;
        };
        if is_gpu {
            let mut name = vec![value];
            while let Some(word) = words.next_if(|word| is_gpu_word(word)) {
                name.push(word);
            }
            // `A100, V100`
            let joined = name.join(" ");
            let parts: Vec<&str> = joined.split(',').map(str::trim).collect();
            let is_known = |name: &&str| Matrix::embedded().gpu_by_name(name).is_ok();
            if parts.len() > 1 && parts.iter().all(is_known) {
                for part in parts {
                    found.gpu(&[part.to_owned()]);
                }
            } else {
                found.gpu(&name);
            }
        } else if let Some(form) = form {
            // `--os Windows 11`
            let mut value = value;
            if flag == "--platform"
                && value.parse::<Subdir>().is_err()
                && let Some(version) = words.next_if(|word| is_version(word))
            {
                value = format!("{value} {version}");
            }
            found.value(flag, &value, form);
        }
    }
    found.implied_platform();
    found.bare_cuda_version();
    found.words.extend(rest);
    found
}

impl Arguments {
    /// The subcommand: another word for one, or `advise` if none is named.
    fn subcommand(&mut self, typed: &mut Vec<String>, is_subcommand: &dyn Fn(&str) -> bool) {
        let is_about_program =
            |word: &String| matches!(word.as_str(), "-h" | "--help" | "-V" | "--version");
        let Some(first) = typed.first().cloned() else {
            typed.push("advise".to_owned());
            return;
        };
        if first == "version" {
            "--version".clone_into(&mut typed[0]);
        } else if first == "conda-torch" {
            typed.remove(0);
            self.subcommand(typed, is_subcommand);
        } else if first == "help" {
            typed.remove(0);
            let topic = typed.first().cloned().unwrap_or_default();
            let named = SUBCOMMANDS.iter().find(|(word, ..)| *word == topic);
            let named = named.map_or(topic.as_str(), |(_, subcommand, _)| subcommand);
            let is_known = is_subcommand(named);
            *typed = is_known.then(|| named.to_owned()).into_iter().collect();
            typed.push("--help".to_owned());
        } else if let Some((_, subcommand, note)) =
            SUBCOMMANDS.iter().find(|(word, ..)| *word == first)
        {
            (*subcommand).clone_into(&mut typed[0]);
            self.notes.push((*note).to_owned());
        } else {
            let is_known = |word: &String| is_subcommand(word);
            let name = first.split(['=', '<', '>', '~', '!']).next().unwrap_or_default();
            let is_flag = first.starts_with('-') && !typed.iter().any(is_known);
            if PACKAGES.contains(&name) || is_flag && !typed.iter().any(is_about_program) {
                typed.insert(0, "advise".to_owned());
            }
        }
    }

    fn value(&mut self, flag: &str, typed: &str, form: Form) {
        let value = form(typed.trim());
        // No driver has the number of a CUDA version.
        let is_cuda = flag == "--driver"
            && value.split_once('.').is_some_and(|(major, _)| major.len() < 3)
            && is_version(&value);
        if is_cuda {
            self.notes.push(format!("`--driver {typed}` is read as `--cuda {value}`"));
            self.words.push(format!("--cuda={value}"));
            return;
        }
        if !value.eq_ignore_ascii_case(typed) {
            self.notes.push(format!("`{flag} {typed}` is read as `{flag} {value}`"));
        }
        if let Some((_, wheel)) = typed.split_once('+').filter(|_| flag == "--pytorch") {
            self.wheel(wheel);
        }
        self.words.push(format!("{flag}={value}"));
    }

    /// The build of a pip wheel: `cu126`, `cpu`, `rocm6.4`.
    fn wheel(&mut self, build: &str) {
        let named = [("cpu", "cpu"), ("rocm", "rocm"), ("xpu", "xpu")];
        if let Some((_, accelerator)) = named.iter().find(|(start, _)| build.starts_with(start)) {
            self.notes.push(format!("`+{build}` is read as `--accelerator {accelerator}`"));
            self.words.push(format!("--accelerator={accelerator}"));
        } else {
            self.notes.push(format!(
                "`+{build}` is of a pip wheel; conda-forge's build follows from the machine"
            ));
        }
    }

    /// The GPUs of a value and the words after it: as many of them as make a name.
    fn gpu(&mut self, typed: &[String]) {
        if let [capability] = typed
            && is_capability(capability)
        {
            let value = compute_capability(capability);
            let read = format!("`--gpu {capability}` is read as `--compute-capability {value}`");
            self.notes.push(read);
            self.words.push(format!("--compute-capability={value}"));
            return;
        }
        let matrix = Matrix::embedded();
        let is_known = |count: &usize| {
            let name = typed[..*count].join(" ");
            let (_, name) = counted_gpu(&name);
            !matches!(matrix.gpu_by_name(name), Err(GpuNameError::Unknown(_)))
        };
        let count = (1..=typed.len()).rev().find(is_known).unwrap_or(typed.len());
        let name = typed[..count].join(" ");
        let (how_many, one) = counted_gpu(&name);
        let mut value = one.to_owned();
        if let Ok(NamedGpu::Nvidia { gpu, is_guess: true }) = matrix.gpu_by_name(one) {
            value = gpu.name.clone().into_owned();
        }
        if value != name {
            let times = if how_many > 1 { format!("{how_many} × ") } else { String::new() };
            self.notes.push(format!("`--gpu {name}` is read as {times}`{value}`"));
        }
        self.words.extend(std::iter::repeat_n(format!("--gpu={value}"), how_many));
        self.words.extend(typed[count..].iter().cloned());
    }

    /// `--cuda-version 12`: that of the newest build with a CUDA 12, on the platform of the flags.
    fn bare_cuda_version(&mut self) {
        let value = |flag: &str| self.words.iter().find_map(|word| word.strip_prefix(flag));
        let subdir = value("--platform=").and_then(|subdir| subdir.parse().ok());
        let is_windows = cfg!(windows) && value("--machine").is_none();
        let usual = if is_windows { Subdir::Win64 } else { Subdir::Linux64 };
        let subdir: Subdir = subdir.unwrap_or(usual);
        let Some(place) = self
            .words
            .iter()
            .position(|word| word.strip_prefix("--cuda-version=").is_some_and(is_number))
        else {
            return;
        };
        let major = self.words[place]["--cuda-version=".len()..].to_owned();
        let builds = Matrix::embedded().builds.iter().filter(|build| build.subdir == subdir);
        let toolkits = builds.filter_map(|build| Some((build.pytorch, build.accelerator.cuda()?)));
        let of_major = toolkits.filter(|(_, toolkit)| toolkit.major.to_string() == major);
        if let Some((_, newest)) = of_major.max() {
            let end = format!("`--cuda-version {major}`");
            let read = format!("is read as `--cuda-version {newest}`");
            // `12.x` was read as `12`.
            match self.notes.iter_mut().find(|note| note.ends_with(&end)) {
                Some(note) => *note = note.replace(&format!("is read as {end}"), &read),
                None => self.notes.push(format!("{end} {read}")),
            }
            self.words[place] = format!("--cuda-version={newest}");
        }
    }

    /// The platform of GPUs that only one has, unless a flag gives it or this machine has it.
    fn implied_platform(&mut self) {
        let is_given =
            |word: &String| ["--platform", "--machine"].iter().any(|flag| word.starts_with(flag));
        if self.words.iter().any(is_given) {
            return;
        }
        let matrix = Matrix::embedded();
        let names = self.words.iter().filter_map(|word| word.strip_prefix("--gpu="));
        let implied = names.filter_map(|name| match matrix.gpu_by_name(name).ok()? {
            NamedGpu::Nvidia { gpu, .. } if matrix.is_arm_only_gpu(gpu) => {
                // Tegra K1 is the last with a processor of 32 bits.
                let is_32_bit = gpu.capability.major < 5;
                let subdir = if is_32_bit { Subdir::LinuxArmv7l } else { Subdir::LinuxAarch64 };
                Some((name.to_owned(), subdir))
            }
            NamedGpu::Other(GpuMaker::Apple) => Some((name.to_owned(), Subdir::OsxArm64)),
            NamedGpu::Nvidia { .. } | NamedGpu::Other(_) => None,
        });
        let is_here = |subdir: Subdir| {
            cfg!(target_arch = "aarch64")
                && (subdir == Subdir::OsxArm64) == cfg!(target_os = "macos")
        };
        if let Some((name, subdir)) = implied
            .min_by_key(|(_, subdir)| *subdir == Subdir::OsxArm64)
            .filter(|(_, subdir)| !is_here(*subdir))
        {
            self.notes.push(format!("`--gpu {name}` implies `--platform {subdir}`"));
            self.words.push(format!("--platform={subdir}"));
        }
    }
}

/// How many GPUs of which name; `Tegra X1` is a name, not one Tegra.
fn counted_gpu(name: &str) -> (usize, &str) {
    let (count, one) = counted(name);
    match Matrix::embedded().gpu_by_name(one) {
        Err(GpuNameError::Unknown(_)) => (1, name),
        Ok(_) | Err(_) => (count, one),
    }
}

/// A flag with the hyphens that a web page or a mail made a dash, or with one hyphen, or in capitals.
fn with_hyphens(word: String) -> String {
    let rest = word.trim_start_matches(['-', '–', '—', '−']);
    let dashes = &word[..word.len() - rest.len()];
    let (flag, value) = rest.split_at(rest.find('=').unwrap_or(rest.len()));
    let has_dash = !dashes.is_ascii();
    let is_long = dashes == "--" || has_dash && flag.len() > 1;
    let is_with_one = dashes == "-" && WITH_ONE_HYPHEN.contains(&&word[..=flag.len()]);
    if is_long || is_with_one {
        format!("--{}{value}", flag.to_ascii_lowercase())
    } else if has_dash {
        format!("-{rest}")
    } else {
        word
    }
}

/// `sm_86`, `compute_90`, `8.6`.
fn is_capability(text: &str) -> bool {
    let starts =
        ["sm_", "sm", "compute_"].iter().any(|start| text.to_ascii_lowercase().starts_with(start));
    (starts || is_version(text) && text.contains('.'))
        && text.ends_with(|c: char| c.is_ascii_digit())
}

/// Numbers with dots: `22.04`, `11`.
fn is_version(text: &str) -> bool {
    text.split('.').all(is_number)
}

/// The first number of a text with words: `12.4` in `CUDA Version: 12.4`. An address stays whole: in a message its secrets
/// are found by its parts.
fn number_in(text: &str) -> &str {
    let is_number =
        |word: &&str| word.starts_with(|c: char| c.is_ascii_digit()) && !word.contains('/');
    let mut words =
        text.split([' ', ':', ',', '=']).map(|word| word.trim_start_matches(['v', 'V', 'R']));
    words.find(is_number).unwrap_or(text)
}

/// `2x RTX 4090`, `4 × A100`, `8xH100`, `A100 x8`, `T4 x 2`: how many, and of which.
fn counted(name: &str) -> (usize, &str) {
    let name = name.trim();
    let digits = name.len() - name.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, rest) = name.split_at(digits);
    let rest = rest.trim_start().strip_prefix(['x', 'X', '×', '*']);
    if let (Ok(count @ 1..=16), Some(rest)) = (number.parse(), rest.map(str::trim))
        && !rest.is_empty()
    {
        return (count, rest);
    }
    // `A100 x8`; an `x` within a word is part of a name.
    let last = name.rsplit_once([' ', '×']).map(|(rest, _)| rest.trim_end());
    let after = last.map(|rest| name[rest.len()..].trim_start());
    let count = after.and_then(|text| text.trim_start_matches(['x', 'X', '×', ' ']).parse().ok());
    let one = last.map(|rest| rest.trim_end_matches(" x").trim_end_matches(" X"));
    let is_count = after.is_some_and(|text| text.starts_with(['x', 'X', '×']))
        || last.is_some_and(|rest| rest.ends_with(" x") || rest.ends_with(" X"));
    match (count, one) {
        (Some(count @ 1..=16), Some(one)) if is_count => (count, one),
        _ => (1, name),
    }
}

/// A number without what comes before it, in any case.
fn without<'t>(text: &'t str, starts: &[&str]) -> &'t str {
    let after = |start: &&str| {
        let found = text.get(..start.len())?;
        let rest = text[start.len()..].trim_start_matches(['-', ' ', '_', '=']);
        let is_it =
            found.eq_ignore_ascii_case(start) && rest.starts_with(|c: char| c.is_ascii_digit());
        is_it.then_some(rest)
    };
    starts.iter().filter_map(after).min_by_key(|rest| rest.len()).unwrap_or(text)
}

/// A version without `.x`, `.*` or `+` at its end.
fn without_end(version: &str) -> &str {
    let version = version.trim_end_matches('+');
    let end = version.rsplit_once('.').filter(|(_, end)| {
        *end == "*" || !end.is_empty() && end.bytes().all(|c| c.eq_ignore_ascii_case(&b'x'))
    });
    end.map_or(version, |(version, _)| version)
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|c| c.is_ascii_digit())
}

/// `R535`, `v535`, `535.x`, `nvidia-driver-535-server`.
fn driver(text: &str) -> String {
    // `31.0.15.4633` of Windows has 546.33 in its last five digits.
    if let Some(driver) = windows_driver(text) {
        return driver.to_string();
    }
    let text = number_in(without(text, &["nvidia-driver", "nvidia", "driver", "branch", ">="]));
    let text = without(text, &["r", "v"]);
    without_end(text.split('-').next().unwrap_or_default()).to_owned()
}

/// `cu124`, `cuda12.4`, `v12.4`; `12`, which is the lowest of its versions.
fn cuda(text: &str) -> String {
    // `12040`, as `cuDriverGetVersion` has it.
    if is_number(text) && text.len() == 5 {
        return format!("{}.{}", &text[..2], text[2..4].trim_start_matches('0'));
    }
    let number = cuda_minor(text);
    if is_number(&number) && number.len() < 3 { format!("{number}.0") } else { number }
}

/// The same, but a major version stays without a minor one.
fn cuda_minor(text: &str) -> String {
    let text = without_end(number_in(without(text, &["cuda", "cu", "v", ">=", "=="])));
    // `124`, `1210`: https://download.pytorch.org/whl/
    let has_minor = is_number(text) && (3..=4).contains(&text.len());
    if has_minor { format!("{}.{}", &text[..2], &text[2..]) } else { text.to_owned() }
}

/// `py312`, `312`, `cp312`, `python3.12`, `3.12.x`, `^3.11` of Poetry.
fn python(text: &str) -> String {
    if let Some(range) = caret_range(text) {
        return range;
    }
    let text = without_end(without(text, &["python", "py", "cp", "v", "=="]));
    let has_minor = is_number(text) && (2..=3).contains(&text.len()) && text.starts_with('3');
    if has_minor { format!("3.{}", &text[1..]) } else { text.to_owned() }
}

/// `v2.9`, `2.9.x`, `torch==2.9.1`, `^2.4` of Poetry, `2.9.1+cu126`, whose CUDA is that of a wheel.
fn pytorch(text: &str) -> String {
    let lower = text.to_ascii_lowercase();
    if matches!(lower.as_str(), "latest" | "newest" | "stable" | "any" | "*") {
        return "latest".to_owned();
    }
    if let Some(range) = caret_range(text) {
        return range;
    }
    let text = without(text, &["pytorch", "torch", "v", "=="]);
    let text = text.split_once('+').map_or(text, |(version, _)| version);
    without_end(text).to_owned()
}

/// `^2.4` is 2.4 to below 3, and `~2.4` is 2.4 to below 2.5: <https://python-poetry.org/docs/dependency-specification/>.
fn caret_range(text: &str) -> Option<String> {
    let version = text.strip_prefix(['^', '~']).filter(|version| is_version(version))?;
    let mut numbers = version.split('.').map(str::parse::<u16>);
    let (major, minor) = (numbers.next()?.ok()?, numbers.next().and_then(Result::ok));
    let end = match minor {
        Some(minor) if text.starts_with('~') => format!("{major}.{}", u32::from(minor) + 1),
        Some(_) | None => (u32::from(major) + 1).to_string(),
    };
    Some(format!(">={version},<{end}"))
}

/// `sm_86`, `sm86`, `86`, `compute_90`, `sm_120a`, `8.6+PTX`.
fn compute_capability(text: &str) -> String {
    let text = without(text, &["sm", "compute", "cc"]);
    let text = text.split_once('+').map_or(text, |(number, _)| number);
    let text = text.trim_end_matches(['a', 'f']);
    let has_minor = is_number(text) && (2..=3).contains(&text.len());
    let at = text.len().checked_sub(1).filter(|_| has_minor);
    at.map_or_else(|| text.to_owned(), |at| format!("{}.{}", &text[..at], &text[at..]))
}

/// `GLIBC_2.28`, `glibc-2.28`.
fn glibc(text: &str) -> String {
    without(text, &["glibc", "gnu libc"]).to_owned()
}

/// `Sonoma`, `macos14`.
/// Source: <https://support.apple.com/en-us/109033>
fn macos(text: &str) -> String {
    const NAMES: &[(&str, &str)] = &[
        ("big sur", "11.0"),
        ("monterey", "12.0"),
        ("ventura", "13.0"),
        ("sonoma", "14.0"),
        ("sequoia", "15.0"),
        ("tahoe", "26.0"),
    ];
    let text = without_end(without(text, &["macos", "mac os", "osx", "v"]));
    let lower = text.to_ascii_lowercase();
    let name = NAMES.iter().find(|(name, _)| lower.ends_with(name));
    name.map_or(text, |(_, version)| version).to_owned()
}

fn platform(text: &str) -> String {
    const NAMES: &[(&str, &str)] = &[
        ("linux", "linux-64"),
        ("linux64", "linux-64"),
        ("linux_x86_64", "linux-64"),
        ("linux-x86_64", "linux-64"),
        ("linux-amd64", "linux-64"),
        ("linux/amd64", "linux-64"),
        ("x86_64", "linux-64"),
        ("amd64", "linux-64"),
        ("ubuntu", "linux-64"),
        ("wsl", "linux-64"),
        ("aarch64", "linux-aarch64"),
        ("linux-arm64", "linux-aarch64"),
        ("linux/arm64", "linux-aarch64"),
        ("linux_aarch64", "linux-aarch64"),
        ("windows", "win-64"),
        ("win", "win-64"),
        ("win64", "win-64"),
        ("win32", "win-64"),
        ("windows-64", "win-64"),
        ("win_amd64", "win-64"),
        ("mac", "osx-arm64"),
        ("macos", "osx-arm64"),
        ("darwin", "osx-arm64"),
        ("osx", "osx-arm64"),
        ("macos-arm64", "osx-arm64"),
        ("darwin-arm64", "osx-arm64"),
        ("macos-x86_64", "osx-64"),
        ("darwin-x86_64", "osx-64"),
        ("apple", "osx-arm64"),
        ("apple silicon", "osx-arm64"),
    ];
    /// What a name with a version starts with: `ubuntu22.04`, `Windows 11`.
    const STARTS: &[(&str, &str)] = &[
        ("ubuntu", "linux-64"),
        ("debian", "linux-64"),
        ("fedora", "linux-64"),
        ("centos", "linux-64"),
        ("rocky", "linux-64"),
        ("rhel", "linux-64"),
        ("linux", "linux-64"),
        ("wsl", "linux-64"),
        ("windows", "win-64"),
        ("win", "win-64"),
        ("macos", "osx-arm64"),
        ("m", "osx-arm64"),
    ];
    let lower = text.to_ascii_lowercase();
    let is_one = |(start, _): &&(&str, &str)| {
        lower.strip_prefix(start).is_some_and(|rest| is_version(rest.trim_start()))
    };
    let is_named = NAMES.iter().any(|(name, _)| *name == lower);
    match STARTS.iter().find(is_one) {
        Some((_, platform)) if !is_named => (*platform).to_owned(),
        Some(_) | None => named(text, NAMES),
    }
}

fn blas(text: &str) -> String {
    named(text, &[("openblas", "generic"), ("intel", "mkl"), ("accelerate", "generic")])
}

fn accelerator(text: &str) -> String {
    const NAMES: &[(&str, &str)] = &[
        ("nvidia", "cuda"),
        ("none", "cpu"),
        ("metal", "mps"),
        ("apple", "mps"),
        ("amd", "rocm"),
        ("hip", "rocm"),
        ("intel", "xpu"),
        ("sycl", "xpu"),
    ];
    // `cuda:0`, `cuda12`
    let is_cuda = |text: &str| {
        text.strip_prefix("cuda").is_some_and(|rest| is_version(rest.trim_start_matches(':')))
    };
    if is_cuda(&text.to_ascii_lowercase()) { "cuda".to_owned() } else { named(text, NAMES) }
}

fn client(text: &str) -> String {
    const NAMES: &[(&str, &str)] = &[
        ("anaconda", "conda"),
        ("miniconda", "conda"),
        ("miniforge", "conda"),
        ("mambaforge", "mamba"),
        ("mamba2", "mamba"),
    ];
    named(text, NAMES)
}

fn shell(text: &str) -> String {
    const NAMES: &[(&str, &str)] = &[
        ("sh", "bash"),
        ("dash", "bash"),
        ("posix", "bash"),
        ("pwsh", "powershell"),
        ("powershell.exe", "powershell"),
        ("ksh", "bash"),
        ("cmd.exe", "cmd"),
    ];
    named(text, NAMES)
}

fn format(text: &str) -> String {
    const NAMES: &[(&str, &str)] = &[
        ("text", "human"),
        ("yaml", "environment-yml"),
        ("yml", "environment-yml"),
        ("environment.yml", "environment-yml"),
        ("environment", "environment-yml"),
        ("pixi", "pixi-toml"),
        ("pixi.toml", "pixi-toml"),
        ("docker", "dockerfile"),
        ("sh", "commands"),
        ("shell", "commands"),
        ("command", "commands"),
        ("md", "markdown"),
    ];
    named(text, NAMES)
}

/// The value of a row, or the text in lower case.
fn named(text: &str, names: &[(&str, &str)]) -> String {
    let text = text.to_ascii_lowercase();
    let row = names.iter().find(|(name, _)| *name == text);
    row.map_or(text, |(_, value)| (*value).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(line: &str) -> Arguments {
        let typed = line.split(' ').filter(|word| !word.is_empty()).map(str::to_owned);
        let subcommands = [
            "advise",
            "install",
            "check",
            "test",
            "probe",
            "matrix",
            "migrate",
            "clean",
            "explain",
            "completions",
            "schema",
        ];
        understood(typed, &|word| subcommands.contains(&word))
    }

    fn words(line: &str) -> String {
        arguments(line).words.join(" ")
    }

    #[test]
    fn a_line_without_subcommand_is_for_advise() {
        assert_eq!(arguments("").words, ["advise"]);
        for (line, expected) in [
            ("--json", "advise --json"),
            ("pytorch torchvision", "advise pytorch torchvision"),
            ("torch==2.9", "advise torch==2.9"),
            ("--color never probe", "--color never probe"),
            ("--color never completions bash", "--color never completions bash"),
            ("--help", "--help"),
            ("-V", "-V"),
            ("help", "--help"),
            ("help advise", "advise --help"),
            ("help install", "install --help"),
            ("help completions", "completions --help"),
            ("help doctor", "check --help"),
            ("doctor -n x", "check -n x"),
            ("install torchvision", "install torchvision"),
            ("create torchvision", "advise torchvision"),
            ("upgrade", "advise"),
            ("cuda", "probe"),
            ("nonsense", "nonsense"),
            ("version", "--version"),
            ("conda-torch advise --json", "advise --json"),
            ("—cpu", "advise --cpu"),
            ("advise —gpu 3080 –json", "advise --gpu=GeForce RTX 3080 --json"),
            ("advise -gpu T4 --CPU", "advise --gpu=T4 --cpu"),
            ("advise –n x", "advise -n x"),
            ("advise -python 3.12", "advise --python=3.12"),
        ] {
            assert_eq!(words(line), expected);
        }
    }

    #[test]
    fn an_unquoted_gpu_is_one_value() {
        for (line, expected) in [
            ("advise --gpu RTX 4090 --json", "advise --gpu=RTX 4090 --json"),
            ("advise --gpu RTX 4090 torchvision", "advise --gpu=RTX 4090 torchvision"),
            ("advise --gpu 4070 Ti Super", "advise --gpu=GeForce RTX 4070 Ti SUPER"),
            ("advise --gpu RX 7900 XTX xformers", "advise --gpu=RX 7900 XTX xformers"),
            ("advise --gpu=A100 numpy<2", "advise --gpu=A100 numpy<2"),
            ("advise --gpu 3090", "advise --gpu=GeForce RTX 3090"),
            ("advise --gpu 2x RTX 4090", "advise --gpu=RTX 4090 --gpu=RTX 4090"),
            ("advise --gpu 8xH100", &["advise", &[" --gpu=H100"; 8].concat()].concat()),
            ("advise --gpu A100 x2", "advise --gpu=A100 --gpu=A100"),
            ("advise --gpu T4 x 2 numpy", "advise --gpu=T4 --gpu=T4 numpy"),
            ("advise --gpu A100,V100", "advise --gpu=A100 --gpu=V100"),
            ("advise --gpu Titan X", "advise --gpu=Titan X"),
            ("advise --gpu=RTX 3090 numpy", "advise --gpu=RTX 3090 numpy"),
            ("advise --gpu sm_86", "advise --compute-capability=8.6"),
            ("advise --gpu 8.9", "advise --compute-capability=8.9"),
            ("advise --gpu A100X", "advise --gpu=A100X"),
            ("advise --platform x --gpu Tegra X1", "advise --platform=x --gpu=Tegra X1"),
            ("advise --platform x --gpu Tegra X2", "advise --platform=x --gpu=Tegra X2"),
            ("advise --gpu RTX 4090 x2", "advise --gpu=RTX 4090 --gpu=RTX 4090"),
            ("advise --gpu Voodoo2", "advise --gpu=Voodoo2"),
            ("advise --gpu", "advise --gpu"),
            ("advise -- --gpu RTX 4090", "advise -- --gpu RTX 4090"),
        ] {
            assert_eq!(words(line).to_lowercase(), expected.to_lowercase());
        }
    }

    #[test]
    fn gpus_of_one_platform_imply_it() {
        for (gpu, platform) in
            [("GB10", "linux-aarch64"), ("Orin", "linux-aarch64"), ("M1 Max", "osx-arm64")]
        {
            let line = words(&format!("advise --gpu {gpu}"));
            assert_eq!(line, format!("advise --gpu={gpu} --platform={platform}"));
            let given = format!("advise --gpu {gpu} --platform linux-64");
            assert!(words(&given).ends_with("--platform=linux-64"), "{given}");
        }
        assert_eq!(words("advise --gpu RTX 4090"), "advise --gpu=RTX 4090");
    }

    #[test]
    fn values_have_other_forms() {
        for (flag, value) in [
            ("--driver R535", "--driver=535"),
            ("--driver v535", "--driver=535"),
            ("--driver 535.x", "--driver=535"),
            ("--driver 535.xx", "--driver=535"),
            ("--driver nvidia-driver-570-server", "--driver=570"),
            ("--driver 580.65.06", "--driver=580.65.06"),
            ("--nvidia-driver=580", "--driver=580"),
            ("--cuda cu124", "--cuda=12.4"),
            ("--cuda 12", "--cuda=12.0"),
            ("--cuda CUDA-12.4", "--cuda=12.4"),
            ("--cuda 12.x", "--cuda=12.0"),
            ("--cuda-version cu126", "--cuda-version=12.6"),
            ("--platform linux-64 --cuda-version 12", "--platform=linux-64 --cuda-version=12.9"),
            ("--platform linux-64 --cuda-version 11", "--platform=linux-64 --cuda-version=11.8"),
            ("--platform win-64 --cuda-version 12.*", "--platform=win-64 --cuda-version=12.8"),
            ("--cuda-version 7", "--cuda-version=7"),
            ("--driver 31.0.15.5222", "--driver=552.22"),
            ("--driver >=535", "--driver=535"),
            ("--driver 12.4", "--cuda=12.4"),
            ("--cuda 12040", "--cuda=12.4"),
            ("--os Windows 11", "--platform=win-64"),
            ("--platform ubuntu22.04", "--platform=linux-64"),
            ("--platform wsl2", "--platform=linux-64"),
            ("--platform m1", "--platform=osx-arm64"),
            ("--device cuda:0", "--accelerator=cuda"),
            ("--blas openblas", "--blas=generic"),
            ("--python py312", "--python=3.12"),
            ("--python 312", "--python=3.12"),
            ("--python 39", "--python=3.9"),
            ("--python cp310", "--python=3.10"),
            ("--python python3.11", "--python=3.11"),
            ("--python 3.12.x", "--python=3.12"),
            ("--python three", "--python=three"),
            ("--pytorch latest", "--pytorch=latest"),
            ("--pytorch v2.9", "--pytorch=2.9"),
            ("--pytorch 2.9.1+cu126", "--pytorch=2.9.1"),
            ("--pytorch ^2.4", "--pytorch=>=2.4,<3"),
            ("--pytorch ~2.4.1", "--pytorch=>=2.4.1,<2.5"),
            ("--pytorch ~=2.4", "--pytorch=~=2.4"),
            ("--python ^3.11", "--python=>=3.11,<4"),
            ("--torch 2.9.x", "--pytorch=2.9"),
            ("--pytorch >=2.5", "--pytorch=>=2.5"),
            ("--compute-capability sm_86", "--compute-capability=8.6"),
            ("--cc 120", "--compute-capability=12.0"),
            ("--sm 90a", "--compute-capability=9.0"),
            ("--glibc GLIBC_2.28", "--glibc=2.28"),
            ("--macos Sonoma", "--macos=14.0"),
            ("--platform windows", "--platform=win-64"),
            ("--os Linux", "--platform=linux-64"),
            ("--accelerator nvidia", "--accelerator=cuda"),
            ("--accelerator GPU", "--accelerator=gpu"),
            ("--device mps", "--accelerator=mps"),
            ("--client anaconda", "--client=conda"),
            ("--format yaml", "--format=environment-yml"),
            ("--no-cuda", "--cpu"),
        ] {
            assert_eq!(words(&format!("advise {flag}")), format!("advise {value}"));
        }
    }

    #[test]
    fn a_value_may_be_copied_with_its_label() {
        for (form, text, expected) in [
            (driver as Form, "Driver Version: 535.183.01", "535.183.01"),
            (driver, "NVIDIA-SMI 535.183.01", "535.183.01"),
            (driver, "none", "none"),
            (cuda, "CUDA Version: 12.4", "12.4"),
            (cuda, "release 12.4, V12.4.131", "12.4"),
            (cuda, "http://h.example:8080/t/TOKEN", "http://h.example:8080/t/TOKEN"),
        ] {
            assert_eq!(form(text), expected);
        }
    }

    #[test]
    fn what_was_understood_is_said() {
        let notes = |line: &str| arguments(line).notes;
        let none: [&str; 0] = [];
        assert_eq!(notes("advise --gpu RTX 4090 --driver 580"), none);
        assert_eq!(notes("advise --driver R535"), ["`--driver R535` is read as `--driver 535`"]);
        assert_eq!(notes("advise --gpu 3090"), ["`--gpu 3090` is read as `GeForce RTX 3090`"]);
        assert_eq!(notes("advise --gpu 2x A100"), ["`--gpu 2x A100` is read as 2 × `A100`"]);
        assert_eq!(notes("advise --gpu GB10"), ["`--gpu GB10` implies `--platform linux-aarch64`"]);
        assert_eq!(notes("doctor"), ["`doctor` is `conda-torch check`"]);
    }
}
