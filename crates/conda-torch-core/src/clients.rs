//! Conda clients: which one a command is for, and what its version does in its own way.

use crate::conda::Version;
use crate::types::{Client, ClientKind, ClientPart, Machine, VirtualPackage};

/// The client that commands are for, or whose virtual packages are predicted. Without a version, a current one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientTarget<'a> {
    /// Which.
    pub kind: ClientKind,
    /// Its version, if known.
    pub version: Option<Version>,
    /// The one on the machine.
    pub found: Option<&'a Client>,
}

impl<'a> ClientTarget<'a> {
    /// A client on the machine.
    pub fn installed(client: &'a Client) -> Self {
        let version = client.version.value().copied();
        Self { kind: client.kind, version, found: Some(client) }
    }

    /// Every client on a machine, `first` first; without any, each kind in its current version.
    pub fn all(machine: &'a Machine, first: Option<&Client>) -> Vec<Self> {
        if machine.clients.is_empty() {
            let current = |(kind, version)| Self { kind, version: Some(version), found: None };
            return CURRENT.map(current).to_vec();
        }
        let is_first = |client: &Client| first.is_some_and(|first| first.path == client.path);
        let mut clients: Vec<&Client> = machine.clients.iter().collect();
        clients.sort_by_key(|client| !is_first(client));
        clients.into_iter().map(Self::installed).collect()
    }

    /// The best client on the machine, or of a kind; else conda.
    pub fn of(machine: &'a Machine, kind: Option<ClientKind>) -> Self {
        let is_wanted = |client: &&Client| kind.is_none_or(|kind| client.kind == kind);
        let any = Self { kind: kind.unwrap_or(ClientKind::Conda), version: None, found: None };
        machine.clients.iter().find(is_wanted).map_or(any, Self::installed)
    }

    /// The client that an environment belongs to, or one of a kind; else the best.
    pub fn of_environment(machine: &'a Machine, prefix: &str, kind: Option<ClientKind>) -> Self {
        let is_its = |client: &&Client| {
            let root = client.root_prefix.as_deref().map(|root| root.trim_end_matches(['/', '\\']));
            let rest = root.and_then(|root| prefix.strip_prefix(root));
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '\\']))
        };
        let is_wanted = |client: &&Client| kind.is_none_or(|kind| client.kind == kind);
        let found = machine.clients.iter().filter(is_wanted).find(is_its);
        found.map_or_else(|| Self::of(machine, kind), Self::installed)
    }

    /// What its version does in its own way.
    pub(crate) fn habits(&self) -> ClientHabits {
        ClientHabits::of(self.kind, self.version)
    }

    /// Whether it detects for the system that it runs on, whatever platform it installs for.
    pub fn sees_own_system_only(&self) -> bool {
        self.habits().own_system_only
    }

    /// The variables that set its channel priority; no flag is the same for two clients. Source: `SEARCH_PATH` and
    /// `APP_NAME` in conda/base/context.py, `channel_priority` in libmamba/src/api/configuration.cpp.
    pub(crate) fn priority_variables(&self) -> &'static [&'static str] {
        match (self.kind, self.version, self.habits().config) {
            // mamba 1 reads conda's settings.
            (ClientKind::Mamba, None, _) => &["CONDA_CHANNEL_PRIORITY", "MAMBA_CHANNEL_PRIORITY"],
            (_, _, ConfigCommand::Conda) => &["CONDA_CHANNEL_PRIORITY"],
            (_, _, ConfigCommand::Own) => &["MAMBA_CHANNEL_PRIORITY"],
            (_, _, ConfigCommand::None) => &[],
        }
    }

    /// The virtual packages that its own `info` lists.
    pub(crate) fn listed_packages(&self) -> Option<&'a [VirtualPackage]> {
        self.found?.sees.as_deref()
    }

    /// Something of it, or beside it, by its name.
    pub(crate) fn part<'m>(&self, machine: &'m Machine, name: &str) -> Option<&'m ClientPart> {
        let path = &self.found?.path;
        machine.client_parts.iter().find(|part| part.client == *path && part.part == name)
    }
}

/// The clients of today. Source: the newest tags of their repositories in November 2026.
const CURRENT: [(ClientKind, Version); 4] = [
    (ClientKind::Conda, Version::new(&[26, 7, 1])),
    (ClientKind::Mamba, Version::new(&[2, 8, 1])),
    (ClientKind::Micromamba, Version::new(&[2, 8, 1])),
    (ClientKind::Pixi, Version::new(&[0, 85, 0])),
];

/// What a version of a client does in its own way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(crate) struct ClientHabits {
    // --- virtual packages
    pub detector: Detector,
    /// The packages with a `CONDA_OVERRIDE_*` that it reads.
    pub overrides: &'static [&'static str],
    /// The packages with trimmed overrides.
    pub trimmed_overrides: &'static [&'static str],
    /// The packages that stay, as version `0`, with an empty override.
    pub kept_with_empty_override: &'static [&'static str],
    /// Whether `override_virtual_packages` in a configuration file is an override too.
    pub reads_override_files: bool,
    /// The settings for the platform to install for, the strongest first.
    pub platform_settings: &'static [&'static str],
    /// Whether it detects for the system that it runs on, whatever platform it installs for.
    pub own_system_only: bool,
    /// Whether it loads libcuda by `libcuda.so.1`, in a process without `CUDA_VISIBLE_DEVICES`.
    pub isolates_libcuda: bool,
    /// Whether `__cuda` is `0`, not absent, if no CUDA is found.
    pub calls_missing_cuda_zero: bool,
    /// The source of `__cuda`.
    pub cuda: CudaSource,
    pub cuda_arch: CudaArch,
    /// Whether it has `__amdgpu` and `__amdgpu_arch`.
    pub has_amdgpu: bool,
    pub archspec: Archspec,
    /// Whether it fails on an override of `__archspec` that archspec does not know.
    pub checks_archspec: bool,
    pub has_win_version: bool,
    /// `__glibc` for Linux on another system.
    pub glibc_elsewhere: Elsewhere,
    /// `__osx` for macOS on another system.
    pub osx_elsewhere: Elsewhere,
    pub has_conda_package: bool,
    // --- commands
    pub config: ConfigCommand,
    /// Whether the first `config --add channels` writes `defaults` too.
    pub config_adds_defaults: bool,
    /// Whether `create` has `--platform`; `CONDA_SUBDIR` does the same in all versions.
    pub has_platform_flag: bool,
    /// Whether `nodefaults` in an `environment.yml` is a word, not the name of a channel.
    pub knows_nodefaults: bool,
    /// The command that makes an environment of an `environment.yml`, if it has a dry run with JSON.
    pub file_command: Option<FileCommand>,
    /// The words that add the packages of an `environment.yml` to an environment, and remove none that it lacks.
    pub file_update: &'static [&'static str],
    /// Whether `remove` loads the channels of the settings, which may be none, or gone.
    pub remove_loads_channels: bool,
    pub is_classic_by_default: bool,
    /// Whether a project declares its virtual packages by `platform edit`, not `system-requirements add`.
    pub has_platform_edit: bool,
    /// The key of the platform in a table of `platforms`; `None` before such tables.
    pub platform_key: Option<&'static str>,
}

/// The code that detects virtual packages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Detector {
    Conda,
    /// libmamba's C++. mamba 1 too: conda's Python reads its settings, libmamba looks at the machine
    /// (`api.get_virtual_packages` in mamba's `install`).
    Libmamba,
    Rattler,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CudaSource {
    Libcuda,
    /// `nvidia-smi --query -u -x`, word for word.
    NvidiaSmi,
    /// The toolkit in `/usr/local/cuda/version.json`, then `nvidia-smi`.
    ToolkitFile,
    Nvml,
    /// NVML, libcuda and `nvidia-smi` in turn.
    Each,
}

/// Whether a client has `__cuda_arch`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CudaArch {
    Never,
    /// With the plugin `nvidia-virtual-packages`.
    WithPlugin,
    /// If the program can open the driver's libraries.
    WithLibraries,
    Always,
}

/// How a client names the processor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Archspec {
    None,
    /// Not predicted, and why.
    Unknown(&'static str),
    /// The architecture in the name of the platform.
    Architecture,
    /// A level of x86-64, with a dash (`x86_64-v3`) or not.
    Level {
        has_dash: bool,
        on_windows: bool,
    },
    /// By the package archspec beside conda, which may be missing.
    Package {
        is_dependency: bool,
    },
    Table,
}

/// A package of a system that the client does not run on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Elsewhere {
    Absent,
    Zero,
    /// With the version of the system that it runs on.
    OwnSystem,
}

/// The command for a new environment from an `environment.yml`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FileCommand {
    /// `create --file`.
    Create,
    /// `env create --file`.
    EnvCreate,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ConfigCommand {
    /// `conda config --add`: one action a call.
    Conda,
    /// `config prepend`, of the client itself.
    Own,
    None,
}

/// A change that came with a version.
type Change = (Version, &'static str, fn(&mut ClientHabits));

// The code at the version's tag.
const CONDA_TAG: &str =
    "https://github.com/conda/conda: conda/plugins/virtual_packages, conda/core/index.py";
const MAMBA_TAG: &str =
    "https://github.com/mamba-org/mamba: libmamba/src/core/virtual_packages.cpp";
const PIXI_PAGE: &str = "https://pixi.prefix.dev/latest/workspace/system_requirements/";
const RATTLER_TAG: &str = "https://github.com/conda/rattler: crates/rattler_virtual_packages";

const BUT_WIN: &[&str] = &["__archspec", "__cuda", "__cuda_arch", "__glibc", "__linux", "__osx"];
const ALL: &[&str] =
    &["__archspec", "__cuda", "__cuda_arch", "__glibc", "__linux", "__osx", "__win"];

/// With those of AMD's GPUs.
const ALL_AND_AMD: &[&str] = &[
    "__amdgpu",
    "__amdgpu_arch",
    "__archspec",
    "__cuda",
    "__cuda_arch",
    "__glibc",
    "__linux",
    "__osx",
    "__win",
];

/// conda before its first row.
const CONDA: ClientHabits = ClientHabits {
    detector: Detector::Conda,
    overrides: BUT_WIN,
    trimmed_overrides: &[],
    kept_with_empty_override: &["__linux"],
    reads_override_files: false,
    platform_settings: &["CONDA_SUBDIR", "subdir"],
    own_system_only: true,
    isolates_libcuda: false,
    calls_missing_cuda_zero: false,
    cuda: CudaSource::Libcuda,
    cuda_arch: CudaArch::WithPlugin,
    has_amdgpu: false,
    archspec: Archspec::None,
    checks_archspec: false,
    has_win_version: false,
    glibc_elsewhere: Elsewhere::Absent,
    osx_elsewhere: Elsewhere::OwnSystem,
    has_conda_package: false,
    config: ConfigCommand::Conda,
    config_adds_defaults: true,
    has_platform_flag: false,
    knows_nodefaults: true,
    file_command: None,
    file_update: &["env", "update"],
    remove_loads_channels: true,
    is_classic_by_default: true,
    has_platform_edit: false,
    platform_key: None,
};

const CONDA_CHANGES: &[Change] = &[
    (Version::new(&[4, 9]), CONDA_TAG, |habits| {
        habits.archspec = Archspec::Package { is_dependency: false };
    }),
    // The first plugins ignore `CONDA_OVERRIDE_ARCHSPEC` and the settings for the platform.
    (Version::new(&[22, 11]), "https://github.com/conda/conda/pull/12257", |habits| {
        habits.overrides = &["__cuda", "__cuda_arch", "__glibc", "__linux", "__osx"];
        habits.kept_with_empty_override = &["__linux", "__glibc"];
        habits.platform_settings = &[];
        habits.archspec = Archspec::Unknown("conda 22.11 and 23.1 detect it inconsistently");
    }),
    (Version::new(&[23, 1]), CONDA_TAG, |habits| habits.isolates_libcuda = true),
    (Version::new(&[23, 3]), "https://github.com/conda/conda/pull/12257", |habits| {
        habits.overrides = BUT_WIN;
        habits.kept_with_empty_override = CONDA.kept_with_empty_override;
        habits.platform_settings = CONDA.platform_settings;
        habits.archspec = Archspec::Package { is_dependency: false };
        habits.own_system_only = false;
    }),
    (Version::new(&[23, 7]), CONDA_TAG, |habits| habits.trimmed_overrides = &["__cuda"]),
    (Version::new(&[23, 10]), "https://github.com/conda/conda/releases/tag/23.10.0", |habits| {
        habits.has_platform_flag = true;
        habits.is_classic_by_default = false;
    }),
    (
        Version::new(&[23, 10]),
        "https://github.com/conda/conda: conda_env/cli/main_create.py",
        |habits| {
            habits.file_command = Some(FileCommand::EnvCreate);
        },
    ),
    (Version::new(&[23, 11]), "https://github.com/conda/conda/pull/13266", |habits| {
        habits.has_conda_package = true;
    }),
    (Version::new(&[23, 11]), CONDA_TAG, |habits| {
        habits.archspec = Archspec::Package { is_dependency: true };
    }),
    (Version::new(&[25, 1]), "https://github.com/conda/conda/pull/14450", |habits| {
        habits.overrides = ALL;
        habits.has_win_version = true;
    }),
    (Version::new(&[25, 1]), CONDA_TAG, |habits| habits.osx_elsewhere = Elsewhere::Zero),
    (Version::new(&[25, 9]), "https://github.com/conda/conda/pull/15196", |habits| {
        habits.config_adds_defaults = false;
    }),
    (Version::new(&[25, 11]), "https://github.com/conda/conda/pull/15248", |habits| {
        habits.reads_override_files = true;
    }),
    (Version::new(&[25, 11]), CONDA_TAG, |habits| {
        habits.trimmed_overrides = ALL;
        habits.glibc_elsewhere = Elsewhere::Zero;
        habits.calls_missing_cuda_zero = true;
    }),
    (Version::new(&[25, 11, 1]), "https://github.com/conda/conda/pull/15500", |habits| {
        habits.calls_missing_cuda_zero = false;
    }),
    // `env create` is `create` from then on, which fetches `nodefaults` as a channel: HTTP 404.
    (Version::new(&[26, 7]), "https://github.com/conda/conda/pull/16210", |habits| {
        habits.knows_nodefaults = false;
        habits.file_command = Some(FileCommand::Create);
    }),
];

/// libmamba before its first row, in micromamba.
const LIBMAMBA: ClientHabits = ClientHabits {
    detector: Detector::Libmamba,
    overrides: &["__cuda", "__glibc", "__linux", "__osx"],
    own_system_only: false,
    cuda: CudaSource::NvidiaSmi,
    cuda_arch: CudaArch::Never,
    archspec: Archspec::Architecture,
    osx_elsewhere: Elsewhere::Absent,
    config: ConfigCommand::Own,
    config_adds_defaults: false,
    has_platform_flag: true,
    file_command: Some(FileCommand::Create),
    file_update: &["install"],
    remove_loads_channels: false,
    is_classic_by_default: false,
    ..CONDA
};

const LIBMAMBA_CHANGES: &[Change] = &[
    (Version::new(&[1, 5, 3]), MAMBA_TAG, |habits| {
        habits.archspec = Archspec::Level { has_dash: true, on_windows: false };
    }),
    (Version::new(&[1, 5, 10]), MAMBA_TAG, |habits| {
        habits.archspec = Archspec::Level { has_dash: false, on_windows: false };
    }),
    (Version::new(&[2]), MAMBA_TAG, |habits| {
        habits.overrides = &["__archspec", "__cuda", "__glibc", "__linux", "__osx", "__win"];
        habits.kept_with_empty_override = &["__archspec", "__linux", "__osx", "__win"];
        habits.platform_settings = &["CONDA_SUBDIR", "MAMBA_PLATFORM", "platform"];
        habits.has_win_version = true;
        habits.osx_elsewhere = Elsewhere::Zero;
    }),
    // `update --file` refuses packages that the environment lacks.
    (Version::new(&[2]), "https://github.com/mamba-org/mamba/pull/3396", |habits| {
        habits.file_update = &["env", "update"];
    }),
    (Version::new(&[2, 0, 6]), "https://github.com/mamba-org/mamba/pull/3700", |habits| {
        habits.cuda = CudaSource::ToolkitFile;
    }),
    (Version::new(&[2, 0, 7]), "https://github.com/mamba-org/mamba/pull/3803", |habits| {
        habits.archspec = Archspec::Level { has_dash: false, on_windows: true };
    }),
];

/// mamba before its first row: conda detects virtual packages for its solves.
const MAMBA: ClientHabits =
    ClientHabits { remove_loads_channels: false, is_classic_by_default: false, ..CONDA };

/// mamba beside libmamba: up to 1.5 it is a front of conda, without a `config` of its own.
const MAMBA_CHANGES: &[Change] = &[
    (Version::new(&[0, 24]), MAMBA_TAG, |habits| {
        *habits = ClientHabits {
            config: ConfigCommand::Conda,
            config_adds_defaults: true,
            has_platform_flag: false,
            file_command: None,
            file_update: CONDA.file_update,
            ..LIBMAMBA
        };
    }),
    (Version::new(&[2]), "https://github.com/mamba-org/mamba: micromamba/src", |habits| {
        habits.config = LIBMAMBA.config;
        habits.config_adds_defaults = LIBMAMBA.config_adds_defaults;
        habits.has_platform_flag = LIBMAMBA.has_platform_flag;
        habits.file_command = LIBMAMBA.file_command;
    }),
];

/// pixi before its first row.
const PIXI: ClientHabits = ClientHabits {
    detector: Detector::Rattler,
    overrides: &[],
    kept_with_empty_override: &[],
    platform_settings: &[],
    own_system_only: false,
    cuda: CudaSource::Nvml,
    cuda_arch: CudaArch::Never,
    archspec: Archspec::Unknown("pixi before 0.71 has an older table of processors"),
    osx_elsewhere: Elsewhere::Absent,
    config: ConfigCommand::None,
    config_adds_defaults: false,
    remove_loads_channels: false,
    is_classic_by_default: false,
    ..CONDA
};

const PIXI_CHANGES: &[Change] = &[
    (Version::new(&[0, 27]), RATTLER_TAG, |habits| habits.overrides = ALL),
    (Version::new(&[0, 41]), "https://github.com/conda/rattler/pull/1028", |habits| {
        habits.has_win_version = true;
    }),
    (Version::new(&[0, 71]), RATTLER_TAG, |habits| {
        habits.cuda = CudaSource::Libcuda;
        habits.cuda_arch = CudaArch::WithLibraries;
        habits.archspec = Archspec::Table;
    }),
    (Version::new(&[0, 71]), PIXI_PAGE, |habits| {
        habits.has_platform_edit = true;
        habits.platform_key = Some("platform");
    }),
    (Version::new(&[0, 77]), RATTLER_TAG, |habits| habits.checks_archspec = true),
    // `detect_cuda_info` of `rattler_virtual_packages` 2.4, 3.0 to 4.1, and 5.0.
    (Version::new(&[0, 78]), RATTLER_TAG, |habits| {
        habits.cuda = CudaSource::Each;
        habits.cuda_arch = CudaArch::Always;
    }),
    (Version::new(&[0, 82]), "https://github.com/conda/rattler/pull/2806", |habits| {
        habits.has_amdgpu = true;
        habits.overrides = ALL_AND_AMD;
    }),
    (Version::new(&[0, 85]), "https://github.com/prefix-dev/pixi/releases/tag/v0.85.0", |habits| {
        habits.platform_key = Some("subdir");
    }),
];

impl ClientHabits {
    /// Those of a version; without one, of the newest known.
    pub(crate) fn of(kind: ClientKind, version: Option<Version>) -> Self {
        let (mut habits, changes): (Self, &[&[Change]]) = match kind {
            ClientKind::Conda => (CONDA, &[CONDA_CHANGES]),
            ClientKind::Mamba => (MAMBA, &[MAMBA_CHANGES, LIBMAMBA_CHANGES]),
            ClientKind::Micromamba => (LIBMAMBA, &[LIBMAMBA_CHANGES]),
            ClientKind::Pixi => (PIXI, &[PIXI_CHANGES]),
        };
        for (from, _, change) in changes.iter().copied().flatten() {
            if version.is_none_or(|version| version >= *from) {
                change(&mut habits);
            }
        }
        habits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn habits(kind: ClientKind, version: &[u16]) -> ClientHabits {
        ClientHabits::of(kind, Some(Version::new(version)))
    }

    #[test]
    fn a_change_applies_from_its_version_on() {
        assert!(habits(ClientKind::Conda, &[25, 8, 2]).config_adds_defaults);
        assert!(!habits(ClientKind::Conda, &[25, 9]).config_adds_defaults);
        let zero = |version: &[u16]| habits(ClientKind::Conda, version).calls_missing_cuda_zero;
        assert_eq!([zero(&[25, 9]), zero(&[25, 11]), zero(&[25, 11, 1])], [false, true, false]);
        assert_eq!(habits(ClientKind::Mamba, &[2, 0, 5]).cuda, CudaSource::NvidiaSmi);
        assert_eq!(habits(ClientKind::Micromamba, &[2, 0, 6]).cuda, CudaSource::ToolkitFile);
    }

    #[test]
    fn mamba_1_uses_the_configuration_of_conda_and_micromamba_1_its_own() {
        let mamba = habits(ClientKind::Mamba, &[1, 5, 12]);
        assert_eq!((mamba.detector, mamba.config), (Detector::Libmamba, ConfigCommand::Conda));
        assert_eq!(habits(ClientKind::Micromamba, &[1, 5, 12]).config, ConfigCommand::Own);
        assert_eq!(habits(ClientKind::Mamba, &[2]).config, ConfigCommand::Own);
        assert_eq!(habits(ClientKind::Mamba, &[0, 23]).detector, Detector::Conda);
    }

    #[test]
    fn changes_are_sorted_and_have_a_source() {
        for changes in [CONDA_CHANGES, LIBMAMBA_CHANGES, MAMBA_CHANGES, PIXI_CHANGES] {
            assert!(changes.is_sorted_by_key(|(from, _, _)| *from));
            assert!(changes.iter().all(|(_, source, _)| source.starts_with("https://")));
        }
    }
}
