//! conda, mamba, micromamba and pixi, where they are wrong about the machine.

use crate::conda::Subdir;
use crate::types::{Machine, Shell};

/// Why a client detects no CUDA.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum NoCudaReason {
    LibcudaMissing,
    LibcudaElsewhere,
    DevicesHidden,
    NvidiaSmiNotOnPath { is_wsl: bool },
    NvidiaSmiSilent,
    NotInInfo,
}

impl NoCudaReason {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::LibcudaMissing => "it asks `libcuda`, which is missing or finds no device",
            Self::LibcudaElsewhere => "it looks for `libcuda` in other folders",
            Self::DevicesHidden => "`CUDA_VISIBLE_DEVICES` hides the GPUs from it",
            Self::NvidiaSmiNotOnPath { .. } => "it asks `nvidia-smi`, which is not on `PATH`",
            Self::NvidiaSmiSilent => "it asks `nvidia-smi`, which does not report CUDA",
            Self::NotInInfo => "its `info` does not list `__cuda`",
        }
    }
}

/// Miniforge's installer by platform. Source: <https://github.com/conda-forge/miniforge#download>
const MINIFORGE: [(Subdir, &str); 6] = [
    (Subdir::Linux64, "Linux-x86_64.sh"),
    (Subdir::LinuxAarch64, "Linux-aarch64.sh"),
    (Subdir::Osx64, "MacOSX-x86_64.sh"),
    (Subdir::OsxArm64, "MacOSX-arm64.sh"),
    (Subdir::LinuxPpc64le, "Linux-ppc64le.sh"),
    (Subdir::Win64, "Windows-x86_64.exe"),
];

pub(crate) fn miniforge(machine: &Machine) -> String {
    let row = MINIFORGE.iter().find(|(platform, _)| Some(platform) == miniforge_platform(machine));
    let file = row.map_or("Miniforge".to_owned(), |(_, file)| format!("`Miniforge3-{file}`"));
    format!("install conda and mamba with {file} from https://conda-forge.org/download/")
}

/// The command that downloads Miniforge and starts its installer. Source: <https://github.com/conda-forge/miniforge#install>
/// `cmd` knows neither `;` nor a leading `./`.
pub fn how_to_get_a_client(machine: &Machine, shell: Shell) -> String {
    const FROM: &str = "https://github.com/conda-forge/miniforge/releases/latest/download";
    let row = MINIFORGE.iter().find(|(platform, _)| Some(platform) == miniforge_platform(machine));
    match row {
        Some((Subdir::Win64, file)) if shell == Shell::Cmd => {
            format!("run `curl.exe -LO {FROM}/Miniforge3-{file} && Miniforge3-{file}`")
        }
        Some((Subdir::Win64, file)) => {
            format!("run `curl.exe -LO {FROM}/Miniforge3-{file}; ./Miniforge3-{file}`")
        }
        Some((_, file)) => {
            format!("run `curl -LO {FROM}/Miniforge3-{file} && bash Miniforge3-{file}`")
        }
        None => miniforge(machine),
    }
}

/// The platform of the client to install: not that of a translated program.
fn miniforge_platform(machine: &Machine) -> Option<&Subdir> {
    let is_translated = machine.rosetta.value() == Some(&true);
    if is_translated { Some(&Subdir::OsxArm64) } else { machine.subdir.value() }
}

macro_rules! client { ($next:ident $($more:tt)*) => { $next! { $($more)* Client {

/// No conda, mamba, micromamba or pixi was found. The commands are for conda.
/// What to do: install Miniforge, which includes conda and mamba and uses conda-forge; or name your client with
/// `--client`.
NoClient = "no-client", Info;
message: "no conda, mamba, micromamba or pixi found";
hint(c): Some(miniforge(c.machine));
url: "https://conda-forge.org/download/";

/// mamba or micromamba uses the version of the installed CUDA toolkit for that of the driver.
/// Why: since 2.0.6 they read `/usr/local/cuda/version.json` before they ask `nvidia-smi`
/// (<https://github.com/mamba-org/mamba/pull/3700>). With an old toolkit they find no build for `__cuda`; with a toolkit
/// but no GPU, as on a login node, they assume a CUDA that does not exist.
/// What to do: nothing for these commands, which set `CONDA_OVERRIDE_CUDA`. For other installations set it too, or use
/// conda or pixi, which do not read that file.
ToolkitShadowsDriver { client: ClientKind, path: String, toolkit: CudaVersion, driver: Option<CudaVersion> }
    = "toolkit-shadows-driver", Warning;
message: match driver {
    Some(driver) => format!(
        "{client} reads CUDA {toolkit} from `{path}`, but the driver supports {driver}; the command overrides it"
    ),
    None => format!("{client} reads CUDA {toolkit} from `{path}` and would install CUDA builds, but there is no driver"),
};
hint: Some(match driver {
    Some(driver) => format!("for other installations with {client}, also set `CONDA_OVERRIDE_CUDA={driver}`"),
    None => format!("for other installations with {client}, also set `CONDA_OVERRIDE_CUDA` to the empty string"),
});
example: {
    client: ClientKind::Mamba,
    path: example("/usr/local/cuda/version.json"),
    toolkit: example("11.8"),
    driver: Some(example("13.0"))
};

/// mamba or micromamba fails on `/usr/local/cuda/version.json`.
/// Why: it reads that file, and fails if the file is damaged or empty.
/// What to do: nothing for these commands: with `CONDA_OVERRIDE_CUDA` set, the file is not read. For others, repair or
/// remove the file.
ToolkitFileBroken { client: ClientKind, path: String, why: String } = "toolkit-file-broken", Warning;
message: format!("{client} fails on `{path}` ({why}); the command keeps it from reading the file");
example: { client: ClientKind::Mamba, path: example("/usr/local/cuda/version.json"), why: example("not JSON") };

/// There is a driver with a GPU, but the client that the commands are for does not detect CUDA.
/// Why: each client asks differently: conda asks libcuda, mamba `nvidia-smi` on `PATH`, pixi NVML or libcuda, and on
/// Linux the pixi of its own installer `nvidia-smi` alone.
/// What to do: nothing for these commands, which set `CONDA_OVERRIDE_CUDA`. `conda-torch probe` shows what each client
/// detects. In WSL, add `/usr/lib/wsl/lib`, which has `nvidia-smi`, to `PATH`.
ClientSeesNoCuda { client: ClientKind, why: NoCudaReason } = "client-sees-no-cuda", Warning;
message: format!("{client} detects no CUDA: {}; the command overrides it", why.as_str());
hint: (*why == NoCudaReason::NvidiaSmiNotOnPath { is_wsl: true })
    .then(|| "or add `/usr/lib/wsl/lib`, which has WSL's `nvidia-smi`, to `PATH`".to_owned());
example: { client: ClientKind::Mamba, why: NoCudaReason::NvidiaSmiNotOnPath { is_wsl: false } };

/// A `CONDA_OVERRIDE_*` is set, and the answer uses it instead of what was found on this machine.
///
/// Why: it is for another machine, and stays in effect once it is exported. Clients use it too; PyTorch does not.
///
/// What to do: unset it, unless the answer is for another machine.
FactOverridden { variable: &'static str, value: String, fact: &'static str } = "fact-overridden", Warning;
message: if value.is_empty() {
    format!("`{variable}` is empty: the answer is for a machine without {fact}")
} else {
    format!("`{variable}={value}` is set: the answer is for a machine with {fact} {value}")
};
hint: Some(format!("unset `{variable}` for an answer for this machine"));
example: { variable: "CONDA_OVERRIDE_GLIBC", value: example("2.17"), fact: "glibc" };

/// A `CONDA_OVERRIDE_*` is set and is not a version. Each client does something else with it.
///
/// What to do: unset it, or set it to a version such as `12.9`.
OverrideNotVersion { variable: &'static str, value: String, clients: String } = "override-not-version", Warning;
message: format!("`{variable}={value}` is not a version; {clients}");
hint: Some(format!("unset `{variable}`, or set it to a version"));
example: {
    variable: "CONDA_OVERRIDE_CUDA",
    value: example("banana"),
    clients: example("conda: `__cuda=banana`, which no build accepts; pixi: an error")
};

/// A setting makes the client install for another platform than the machine's. The answer is for the machine.
/// Why: `CONDA_SUBDIR`, `subdir` in a `.condarc`, and mamba's `MAMBA_PLATFORM` and `platform` choose the platform of
/// every environment.
/// What to do: unset it. For an answer for the other platform pass `--platform`.
PlatformOverridden { setting: Box<Setting>, client: ClientKind, own: Subdir } = "platform-overridden", Warning;
message: {
    let Setting { name, value, origin } = &**setting;
    if let Origin::File(path) = origin {
        format!("`{name}: {value}` in `{path}` makes {client} install for {value}, not for {own}")
    } else {
        format!("`{name}={value}` makes {client} install for `{value}`, not for {own}")
    }
};
hint: Some(match setting.value.parse::<Subdir>() {
    Ok(other) => format!("unset `{}`, or pass `--platform {other}`", setting.name),
    Err(_) => format!("unset `{}`", setting.name),
});
example: {
    setting: Box::new(Setting {
        name: example("CONDA_SUBDIR"),
        value: example("osx-64"),
        origin: Origin::Env("CONDA_SUBDIR".into())
    }),
    client: ClientKind::Conda,
    own: Subdir::OsxArm64
};

/// A `CONDA_OVERRIDE_*` changes what the client detects. No build of PyTorch asks for it, but other packages may.
/// What to do: nothing, or unset it.
PackageOverridden { name: String, value: String, client: ClientKind, package: &'static str }
    = "package-overridden", Info;
message: if value.is_empty() {
    format!("`{name}` is empty: {client} does not detect `{package}`")
} else {
    format!("`{name}={value}` sets `{package}` for {client}; PyTorch's builds do not depend on it")
};
example: {
    name: example("CONDA_OVERRIDE_ARCHSPEC"),
    value: example("x86_64_v3"),
    client: ClientKind::Conda,
    package: "__archspec"
};

/// `CONDA_OVERRIDE_CUDA`, or `override_virtual_packages` in a file of conda's, overrides the driver's CUDA.
/// Why: it is for another machine, and stays in effect once it is exported.
/// What to do: unset it, unless the answer is for another machine.
CudaOverridden { name: String, origin: Origin, value: String, driver: CudaVersion } = "cuda-overridden", Warning;
message: {
    let value = value.trim();
    let effect = if value.is_empty() { "hides" } else { "overrides" };
    let setting = match origin {
        Origin::File(path) => format!("`{name}: {value}` in `{path}`"),
        _ => format!("`{name}={value}`"),
    };
    format!("{setting} {effect} the driver's CUDA {driver}")
};
hint: Some(match origin {
    Origin::File(path) => format!("remove it from `{path}` to use the driver's"),
    _ => format!("unset `{name}` to use the driver's"),
});
example: {
    name: example("CONDA_OVERRIDE_CUDA"),
    origin: Origin::Env("CONDA_OVERRIDE_CUDA".into()),
    value: example("11.8"),
    driver: example("13.0")
};

} } } }

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{Detected, Origin};

    #[test]
    fn a_client_is_one_command_of_the_shell_away() {
        let on = |subdir| Machine {
            subdir: Detected::found(subdir, Origin::System),
            ..Machine::default()
        };
        let from = "https://github.com/conda-forge/miniforge/releases/latest/download";
        for (subdir, shell, expected) in [
            (
                Subdir::LinuxAarch64,
                Shell::Posix,
                format!(
                    "run `curl -LO {from}/Miniforge3-Linux-aarch64.sh && bash Miniforge3-Linux-aarch64.sh`"
                ),
            ),
            (
                Subdir::OsxArm64,
                Shell::Fish,
                format!(
                    "run `curl -LO {from}/Miniforge3-MacOSX-arm64.sh && bash Miniforge3-MacOSX-arm64.sh`"
                ),
            ),
            (
                Subdir::Win64,
                Shell::Powershell,
                format!(
                    "run `curl.exe -LO {from}/Miniforge3-Windows-x86_64.exe; ./Miniforge3-Windows-x86_64.exe`"
                ),
            ),
            (
                Subdir::Win64,
                Shell::Cmd,
                format!(
                    "run `curl.exe -LO {from}/Miniforge3-Windows-x86_64.exe && Miniforge3-Windows-x86_64.exe`"
                ),
            ),
        ] {
            assert_eq!(how_to_get_a_client(&on(subdir), shell), expected);
        }
        // Git Bash on Windows is a POSIX shell: `;` and `./` are right there too.
        assert!(how_to_get_a_client(&on(Subdir::Win64), Shell::Posix).contains("; ./Miniforge3"));
    }
}
