//! Which files of a folder are read: those of a format that has commands or packages, with a word of the old channel.

use super::extension_of;

/// Extensions of the formats that are read: documents, scripts, data, definitions, and templates of them.
const EXTENSIONS: [&str; 52] = [
    "adoc",
    "bash",
    "bat",
    "cfg",
    "cmake",
    "cmd",
    "condarc",
    "containerfile",
    "csh",
    "def",
    "dockerfile",
    "fish",
    "groovy",
    "htm",
    "html",
    "in",
    "ini",
    "ipynb",
    "j2",
    "jinja",
    "jinja2",
    "jl",
    "job",
    "ksh",
    "list",
    "lsf",
    "mak",
    "mambarc",
    "markdown",
    "md",
    "mdx",
    "mk",
    "org",
    "pbs",
    "ps1",
    "psm1",
    "py",
    "qmd",
    "r",
    "rmd",
    "rst",
    "sbatch",
    "sh",
    "slurm",
    "tcsh",
    "template",
    "tmpl",
    "toml",
    "txt",
    "yaml",
    "yml",
    "zsh",
];

/// Names without such an extension.
const NAMES: [&str; 10] = [
    "apptainer",
    "containerfile",
    "devcontainer.json",
    "dockerfile",
    "gnumakefile",
    "jenkinsfile",
    "justfile",
    "makefile",
    "singularity",
    "vagrantfile",
];

/// Words without one of which nothing is left of the old channel.
const WORDS: [&[u8]; 5] = [b"pytorch", b"cudatoolkit", b"cpuonly", b"torchtriton", b"soumith"];

/// Whether a file may have a command or a package of the old channel, by its name alone.
pub fn is_known_name(path: &str) -> bool {
    let name = path.rsplit(['/', '\\']).next().unwrap_or(path).to_ascii_lowercase();
    NAMES.contains(&name.as_str())
        || EXTENSIONS.contains(&extension_of(&name))
        || ["dockerfile", "containerfile"].iter().any(|stem| name.starts_with(stem))
}

/// Whether a text has a word of the old channel.
pub fn has_old_words(text: &[u8]) -> bool {
    let is_first = |byte: u8| matches!(byte.to_ascii_lowercase(), b'p' | b'c' | b't' | b's');
    let begins = |rest: &[u8], word: &[u8]| {
        rest.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word))
    };
    let mut places = text.iter().enumerate().filter(|(_, byte)| is_first(**byte));
    places.any(|(at, _)| WORDS.iter().any(|word| begins(&text[at..], word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_with_commands_or_packages_are_known_by_their_names() {
        for path in [
            "README.md",
            "docker/Dockerfile.gpu",
            "a/environment.yml",
            "pyproject.toml",
            "Makefile",
            ".devcontainer/devcontainer.json",
            "ci/run.sh",
            "setup.bat",
            "noxfile.py",
            "demo.ipynb",
            ".condarc",
        ] {
            assert!(is_known_name(path), "{path}");
        }
        for path in ["src/main.rs", "package.json", "model.pt", "logo.png", "LICENSE", "a.cpp"] {
            assert!(!is_known_name(path), "{path}");
        }
    }

    #[test]
    fn words_are_found_in_any_case() {
        assert!(has_old_words(b"conda install -c PyTorch"));
        assert!(has_old_words(b"  - cudatoolkit=11.3\n"));
        assert!(!has_old_words(b"conda install numpy # torch"));
        assert!(!has_old_words(b""));
    }

    #[test]
    fn the_hook_is_for_the_same_files() {
        let hook = include_str!("../../../../../.pre-commit-hooks.yaml");
        let names = NAMES.map(|name| name.replace('.', "\\."));
        let names = names.join("|");
        let pattern = format!(
            // A script may have no extension.
            "files: '(?i)\\.({})$|(^|/)({names}|(dockerfile|containerfile)[^/]*|[^./]+)$'",
            EXTENSIONS.join("|")
        );
        assert!(hook.contains(&pattern), "write to .pre-commit-hooks.yaml:\n{pattern}");
    }

    #[test]
    fn every_kind_of_script_is_a_candidate() {
        let extensions = "md markdown mdx rst txt html htm adoc org rmd qmd ps1 psm1 bat cmd fish yml yaml ipynb py def \
            mk mak dockerfile containerfile list toml sh";
        for extension in extensions.split_whitespace() {
            assert!(is_known_name(&format!("a.{extension}")), "{extension}");
        }
        for name in
            "Makefile GNUmakefile tox.ini setup.cfg Singularity Apptainer CMakeLists.txt meta.yaml"
                .split_whitespace()
        {
            assert!(is_known_name(name), "{name}");
        }
    }
}
