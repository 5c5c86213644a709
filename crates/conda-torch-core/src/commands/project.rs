//! An installation into the project of a folder, instead of an environment of its own.

use crate::clients::{ClientTarget, FileCommand};
use crate::conda::{ChannelName, Channels, Subdir};
use crate::migrate::files::{PixiProject, ProjectPlatform};
use crate::types::ClientKind;

use super::{Step, StepKind};

/// The files that make a folder a project, the first of them first.
pub const PROJECT_FILES: [&str; 4] =
    ["pixi.toml", "pyproject.toml", "environment.yml", "environment.yaml"];

/// The file of a folder that lists the packages of its environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectFile {
    /// Its name, one of [`PROJECT_FILES`].
    pub name: &'static str,
    /// What kind of file it is.
    pub kind: ProjectKind,
}

/// The kind of a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProjectKind {
    /// Of pixi.
    Pixi(PixiProject),
    /// An environment file of conda.
    Environment,
}

impl ProjectFile {
    /// Reads a file with one of the names. `None` if it is no project: most `pyproject.toml` are none of pixi.
    pub fn read(name: &'static str, text: &str) -> Option<Self> {
        let kind = if matches!(name, "pixi.toml" | "pyproject.toml") {
            ProjectKind::Pixi(PixiProject::read(text)?)
        } else {
            ProjectKind::Environment
        };
        Some(Self { name, kind })
    }

    /// The client that the project is for, where any can use it.
    pub fn client(&self) -> Option<ClientKind> {
        matches!(self.kind, ProjectKind::Pixi(_)).then_some(ClientKind::Pixi)
    }
}

/// The steps of an installation into a project of pixi in the working folder, from those that make a new one: no `init`, and
/// what the project lacks of channels and platforms. Packages of one platform do not go to the others.
/// Source: <https://pixi.prefix.dev/latest/reference/cli/pixi/add/>
///
/// Only the last command installs: the others would install the environment as it was, and fail where no platform is
/// this machine's yet, or has just got another name (`unsupported-platform` of pixi 0.77). Source: `no_install` of
/// <https://github.com/prefix-dev/pixi/tree/v0.71.0/crates/pixi_cli/src/workspace>
pub fn in_pixi_project(
    steps: Vec<Step>,
    file: &str,
    project: &PixiProject,
    subdir: Subdir,
    channels: &Channels,
    client: &ClientTarget<'_>,
) -> Vec<Step> {
    let workspace = ["workspace", "--manifest-path", file];
    let prepare = |words: &[&str]| {
        let words = workspace.into_iter().chain(words.iter().copied());
        client.step(StepKind::Prepare, words.chain([NO_INSTALL]))
    };
    let name = |channel: &str| ChannelName::of(channel).name;
    let known: Vec<String> = project.channels.iter().map(|channel| name(channel)).collect();
    let missing = channels.iter().filter(|channel| !known.contains(&name(channel)));
    let mut all: Vec<Step> = missing.map(|channel| prepare(&["channel", "add", channel])).collect();
    let own = own_platform(&steps, project, subdir);
    if own.is_none() {
        all.push(prepare(&["platform", "add", subdir.as_str()]));
    }
    let mut platform = own.cloned().unwrap_or_else(|| project.plain(subdir));
    let others = project.platforms.len() - usize::from(own.is_some());
    let has_others = project.has_other_platforms || others > 0;
    let has_names = client.habits().has_platform_edit;
    for mut step in steps {
        if step.argv.get(1).is_some_and(|verb| verb == "init") {
            continue;
        }
        for at in 1..step.argv.len() {
            if step.argv[at - 1] == "--manifest-path" {
                file.clone_into(&mut step.argv[at]);
            }
        }
        if let Some(name) = edited(&step) {
            if !edit_platform(&mut step.argv, name, &mut platform) {
                continue;
            }
            step.argv.push(NO_INSTALL.to_owned());
        }
        if has_others && step.kind == StepKind::Install {
            let at = step.argv.iter().position(|word| word == file).map_or(1, |at| at + 1);
            let name = if has_names { platform.name() } else { subdir.to_string() };
            step.argv.splice(at..at, ["--platform".to_owned(), name]);
        }
        all.push(step);
    }
    all
}

const NO_INSTALL: &str = "--no-install";

/// Where `platform edit` names the platform.
fn edited(step: &Step) -> Option<usize> {
    step.argv.windows(2).position(|words| words == ["platform", "edit"]).map(|verb| verb + 2)
}

/// The platform of the project that the packages are for: of several of the subdir one with CUDA if they need it, else one
/// without; the one that lacks the least of what they need.
fn own_platform<'p>(
    steps: &[Step],
    project: &'p PixiProject,
    subdir: Subdir,
) -> Option<&'p ProjectPlatform> {
    let needed = steps.iter().find_map(|step| step.argv.get(edited(step)? + 1..)).unwrap_or(&[]);
    let needs_cuda = needed.iter().any(|word| word == "--cuda");
    let distance = |platform: &ProjectPlatform| {
        let lacks = declare(&mut needed.to_vec(), 0, &mut platform.clone());
        (platform.has_cuda() != needs_cuda, lacks)
    };
    let all = project.platforms.iter().filter(|platform| platform.subdir == subdir);
    all.min_by_key(|platform| distance(platform))
}

/// Has `platform edit` name a platform of the project and what that lacks; whether anything is left to declare. Then the platform
/// may have another name.
fn edit_platform(words: &mut Vec<String>, name: usize, platform: &mut ProjectPlatform) -> bool {
    words[name] = platform.name();
    declare(words, name + 1, platform) > 0
}

/// Leaves of the flags from a place on what the platform lacks; how many these are.
fn declare(words: &mut Vec<String>, from: usize, platform: &mut ProjectPlatform) -> usize {
    let mut at = from;
    while let [flag, version, ..] = &words[at..] {
        let key = flag.trim_start_matches('-');
        if platform.declares(key, version) {
            words.drain(at..at + 2);
        } else {
            platform.declare(key, version);
            at += 2;
        }
    }
    (at - from) / 2
}

/// The steps of an installation into a new environment from a file with the same packages. The file names the channels;
/// the client's variables stay. Source: <https://github.com/conda/conda/pull/16210> for `create`.
pub fn from_environment_file(steps: Vec<Step>, file: &str, client: &ClientTarget<'_>) -> Vec<Step> {
    let verb: &[&str] = match client.habits().file_command {
        Some(FileCommand::Create) => &["create"],
        Some(FileCommand::EnvCreate) | None => &["env", "create"],
    };
    let of_file = |mut step: Step| {
        if step.kind == StepKind::Install
            && let Some((flag, value)) = step.environment()
        {
            let words = [step.argv[0].as_str()].into_iter().chain(verb.iter().copied());
            step.argv = words.chain(["--file", file, flag, value]).map(str::to_owned).collect();
        }
        step
    };
    steps.into_iter().map(of_file).collect()
}

/// The steps for an environment that exists, from those that make a new one from a file: it gets the packages of the file,
/// and keeps the others. `prefix` is its folder, if the client has no environment of its name.
pub fn into_existing_environment(
    mut steps: Vec<Step>,
    prefix: Option<&str>,
    client: &ClientTarget<'_>,
) -> Vec<Step> {
    let words = client.habits().file_update;
    for step in steps.iter_mut().filter(|step| step.kind == StepKind::Install) {
        if let Some(prefix) = prefix
            && let Some(at) = step.argv.iter().position(|word| word == "-n")
        {
            let end = step.argv.len().min(at + 2);
            step.argv.splice(at..end, ["-p", prefix].map(str::to_owned));
        }
        if let Some(file) = step.argv.iter().position(|word| word == "--file") {
            step.argv.splice(1..file, words.iter().map(|word| (*word).to_owned()));
        }
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conda::{CONDA_FORGE, Version};
    use crate::types::Machine;

    fn steps(manifest: &str) -> Vec<String> {
        into(steps_of_new(), manifest)
    }

    fn steps_of_new() -> Vec<Step> {
        let machine = Machine::default();
        let client = ClientTarget::of(&machine, Some(ClientKind::Pixi));
        let step = |kind, words: &str| client.step(kind, words.split(' '));
        vec![
            step(StepKind::Prepare, "init torch -c conda-forge --platform linux-64"),
            step(
                StepKind::Prepare,
                "workspace --manifest-path torch/pixi.toml platform edit linux-64 --cuda 12.0",
            ),
            step(StepKind::Install, "add --manifest-path torch/pixi.toml pytorch-gpu=2.13.0"),
            step(StepKind::Check, "run --manifest-path torch/pixi.toml python"),
        ]
    }

    fn into(new: Vec<Step>, manifest: &str) -> Vec<String> {
        let machine = Machine::default();
        let client = ClientTarget::of(&machine, Some(ClientKind::Pixi));
        let file = ProjectFile::read("pixi.toml", manifest).expect("a project");
        assert_eq!(file.client(), Some(ClientKind::Pixi));
        let ProjectKind::Pixi(project) = file.kind else { panic!("{manifest}") };
        let steps =
            in_pixi_project(new, "pixi.toml", &project, Subdir::Linux64, &CONDA_FORGE, &client);
        steps.iter().map(|step| step.argv[1..].join(" ")).collect()
    }

    #[test]
    fn a_project_keeps_its_channels_and_platforms() {
        let manifest = "[workspace]\nchannels = ['conda-forge']\nplatforms = ['linux-64']\n";
        let expected = [
            "workspace --manifest-path pixi.toml platform edit linux-64 --cuda 12.0 --no-install",
            "add --manifest-path pixi.toml pytorch-gpu=2.13.0",
            "run --manifest-path pixi.toml python",
        ];
        assert_eq!(steps(manifest), expected);
        // The older name of the table, an address.
        let manifest = "[project]\nchannels = ['https://conda.anaconda.org/conda-forge']\n\
            platforms = ['linux-64']\n";
        assert_eq!(steps(manifest), expected);
        // What declares CUDA already.
        for declared in [
            "platforms = [{ platform = 'linux-64', cuda = '12' }]\n",
            "platforms = [{ name = 'gpu', platform = 'linux-64', cuda = '13.0' }]\n",
            "platforms = ['linux-64']\n[system-requirements]\ncuda = '12.4'\n",
        ] {
            let manifest = format!("[workspace]\nchannels = ['conda-forge']\n{declared}");
            assert_eq!(steps(&manifest), expected[1..], "{declared}");
        }
    }

    /// Names as `synthesize_name_string` of pixi 0.77 makes them.
    #[test]
    fn a_platform_is_called_by_the_name_that_pixi_has_for_it() {
        for (platforms, edited, added) in [
            ("['linux-64', 'win-64']", "linux-64 --cuda 12.0", "linux-64-cuda-12-0"),
            (
                "[{ platform = 'linux-64', cuda = '11.8', glibc = '2.17' }, 'win-64']",
                "linux-64-cuda-11-8-glibc-2-17 --cuda 12.0",
                "linux-64-cuda-12-0-glibc-2-17",
            ),
            (
                "['osx-arm64', { name = 'gpu', platform = 'linux-64', glibc = '2.28' }]",
                "gpu --cuda 12.0",
                "gpu",
            ),
            (
                "['linux-64', 'linux-ppc64le']\n[system-requirements]\nlibc = { version = '2.17' }\nmacos = '12'",
                "linux-64-glibc-2-17 --cuda 12.0",
                "linux-64-cuda-12-0-glibc-2-17",
            ),
        ] {
            let manifest =
                format!("[workspace]\nchannels = ['conda-forge']\nplatforms = {platforms}\n");
            let steps = steps(&manifest);
            let edit =
                format!("workspace --manifest-path pixi.toml platform edit {edited} --no-install");
            let add =
                format!("add --manifest-path pixi.toml --platform {added} pytorch-gpu=2.13.0");
            assert_eq!(steps[..2], [edit, add], "{platforms}");
        }
    }

    #[test]
    fn of_several_platforms_of_a_machine_the_one_with_what_the_packages_need_gets_them() {
        let manifest = |platforms| {
            format!("[workspace]\nchannels = ['conda-forge']\nplatforms = {platforms}\n")
        };
        let add = "add --manifest-path pixi.toml --platform";
        let gpu_last =
            manifest("['linux-64', { name = 'gpu', platform = 'linux-64', cuda = '12' }]");
        assert_eq!(steps(&gpu_last)[0], format!("{add} gpu pytorch-gpu=2.13.0"));
        let older = manifest("['linux-64', { name = 'gpu', platform = 'linux-64', cuda = '11' }]");
        assert!(steps(&older)[0].ends_with("platform edit gpu --cuda 12.0 --no-install"));
        let gpu_first =
            manifest("[{ name = 'gpu', platform = 'linux-64', cuda = '12' }, 'linux-64']");
        let mut cpu = steps_of_new();
        cpu.remove(1);
        assert_eq!(into(cpu, &gpu_first)[0], format!("{add} linux-64 pytorch-gpu=2.13.0"));
    }

    #[test]
    fn a_project_gets_what_it_lacks_and_other_platforms_get_no_gpu_packages() {
        let manifest = "[workspace]\nchannels = ['bioconda']\nplatforms = ['osx-arm64']\n";
        let expected = [
            "workspace --manifest-path pixi.toml channel add conda-forge --no-install",
            "workspace --manifest-path pixi.toml platform add linux-64 --no-install",
            "workspace --manifest-path pixi.toml platform edit linux-64 --cuda 12.0 --no-install",
            "add --manifest-path pixi.toml --platform linux-64-cuda-12-0 pytorch-gpu=2.13.0",
            "run --manifest-path pixi.toml python",
        ];
        assert_eq!(steps(manifest), expected);
    }

    #[test]
    fn an_environment_file_is_given_by_the_command_that_the_client_has_for_it() {
        let machine = Machine::default();
        let made = |kind, version: &[u16]| {
            let version = Some(Version::new(version));
            let client = ClientTarget { version, ..ClientTarget::of(&machine, Some(kind)) };
            let words = "create -n work --override-channels -c conda-forge pytorch-gpu=2.13.0";
            let mut step = client.step(StepKind::Install, words.split(' '));
            step.env = vec![("CONDA_OVERRIDE_CUDA", "13.0".to_owned())];
            let step = from_environment_file(vec![step], "e.yml", &client).remove(0);
            assert!(step.is_creation() && step.env.len() == 1);
            assert_eq!(step.environment(), Some(("-n", "work")));
            step.confirmed().argv.join(" ")
        };
        let create = |client| format!("{client} create --yes --file e.yml -n work");
        assert_eq!(made(ClientKind::Conda, &[26, 7]), create("conda"));
        assert_eq!(made(ClientKind::Micromamba, &[2, 8, 1]), create("micromamba"));
        // Older ones ask nothing, and do not know `--yes`.
        let old = "conda env create --file e.yml -n work";
        assert_eq!(made(ClientKind::Conda, &[4, 12]), old);
    }

    #[test]
    fn an_environment_that_exists_gets_the_packages_of_a_file() {
        let machine = Machine::default();
        let made = |kind, version: &[u16]| {
            let version = Some(Version::new(version));
            let client = ClientTarget { version, ..ClientTarget::of(&machine, Some(kind)) };
            let step = client.step(StepKind::Install, "create -n work pytorch-gpu".split(' '));
            let steps = from_environment_file(vec![step], "e.yml", &client);
            let there = into_existing_environment(steps.clone(), Some("/e"), &client).remove(0);
            assert_eq!(there.environment(), Some(("-p", "/e")));
            let step = into_existing_environment(steps, None, &client).remove(0);
            assert!(!step.is_creation(), "{step:?}");
            assert_eq!(step.environment(), Some(("-n", "work")));
            step.confirmed().argv.join(" ")
        };
        // conda's has no question and no `--yes`; that of mamba 1 is conda's.
        assert_eq!(made(ClientKind::Conda, &[26, 7]), "conda env update --file e.yml -n work");
        assert_eq!(made(ClientKind::Conda, &[4, 12]), "conda env update --file e.yml -n work");
        assert_eq!(made(ClientKind::Mamba, &[1, 5, 8]), "mamba env update --file e.yml -n work");
        let own = "micromamba env update --yes --file e.yml -n work";
        assert_eq!(made(ClientKind::Micromamba, &[2, 8, 1]), own);
        assert_eq!(made(ClientKind::Mamba, &[2, 0]), own.replace("micro", ""));
        // Before 2.0 `env update` of micromamba is not conda's.
        let old = "micromamba install --yes --file e.yml -n work";
        assert_eq!(made(ClientKind::Micromamba, &[1, 5, 12]), old);
    }

    #[test]
    fn most_files_of_python_projects_are_none_of_pixi() {
        let read = ProjectFile::read;
        assert_eq!(read("pyproject.toml", "[project]\nname = 'x'\n"), None);
        assert_eq!(read("pixi.toml", "not = [toml"), None);
        let pixi = "[tool.pixi.workspace]\nchannels = ['conda-forge']\nplatforms = ['win-64']\n";
        let file = read("pyproject.toml", pixi).expect("a project");
        assert_eq!((file.name, file.client()), ("pyproject.toml", Some(ClientKind::Pixi)));
        let file = read("environment.yml", "channels: [pytorch]\n").expect("a file");
        assert_eq!((file.kind.clone(), file.client()), (ProjectKind::Environment, None));
    }
}
