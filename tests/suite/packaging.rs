//! `packaging/`: the archive of a release, and the script that installs it.

use std::fs;
use std::path::Path;
use std::process::Command;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// A release as files: the archive of the program, with checksums, where the address of the newest has it.
fn release(name: &str) -> String {
    let folder = format!("{}/packaging/{name}", env!("CARGO_TARGET_TMPDIR"));
    let _ = fs::remove_dir_all(&folder);
    let (programs, out) = (format!("{folder}/programs"), format!("{folder}/latest/download"));
    fs::create_dir_all(&programs).expect("a folder");
    for program in ["conda-torch", "conda-torch-live"] {
        // Small; a test need not compress a real one.
        let path = format!("{programs}/{program}");
        fs::write(path, format!("#!/bin/sh\necho {program} 0.1.0\n")).expect("a program");
    }
    let target = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    run(Command::new(format!("{ROOT}/packaging/archive")).args([&target, &programs, &out]), true);
    run(Command::new(format!("{ROOT}/packaging/checksums")).arg(&out), true);
    folder
}

/// Runs a command; its output.
#[track_caller]
fn run(command: &mut Command, succeeds: bool) -> String {
    let output = command.output().expect("the command runs");
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    assert_eq!(output.status.success(), succeeds, "{command:?}: {text}");
    text
}

fn install(release: &str, to: &str) -> Command {
    let mut command = Command::new("sh");
    command.arg(format!("{ROOT}/packaging/install.sh")).args(["--to", to]).env_clear();
    command.env("PATH", "/usr/local/bin:/usr/bin:/bin").env("HOME", format!("{release}/home"));
    command.env("CONDA_TORCH_DOWNLOADS", format!("file://{release}"));
    command
}

#[test]
fn the_script_installs_what_the_checksums_list() {
    let release = release("sound");
    let to = format!("{release}/bin");
    // Not only from a file: `curl … | sh -s -- --to FOLDER`.
    let script = fs::File::open(format!("{ROOT}/packaging/install.sh")).expect("the script");
    let help = run(Command::new("sh").args(["-s", "--", "--help"]).stdin(script), true);
    assert!(help.contains("  --to FOLDER "), "{help}");
    let text = run(&mut install(&release, &to), true);
    assert!(text.contains(&format!("Installed `{to}/conda-torch`")), "{text}");
    assert!(text.contains("is not on PATH"), "{text}");
    let sums = fs::read_to_string(format!("{release}/latest/download/SHA256SUMS"));
    let sums = sums.expect("the checksums");
    assert!(sums.lines().count() == 1 && sums.ends_with(".tar.gz\n"), "{sums}");
    let version = run(Command::new(format!("{to}/conda-torch")).arg("--version"), true);
    assert!(version == "conda-torch 0.1.0\n", "{version}");
    // Again, over what is there, and no profile was written.
    run(&mut install(&release, &to), true);
    assert!(!Path::new(&format!("{release}/home")).exists());
    let files = fs::read_dir(&to).expect("the folder").count();
    assert_eq!(files, 2);
}

#[test]
fn the_script_installs_nothing_that_was_changed() {
    let release = release("changed");
    let to = format!("{release}/bin");
    let archive = format!(
        "{release}/latest/download/conda-torch-{}-unknown-linux-gnu.tar.gz",
        std::env::consts::ARCH
    );
    let mut bytes = fs::read(&archive).expect("the archive");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&archive, bytes).expect("a changed archive");
    let text = run(&mut install(&release, &to), false);
    assert!(text.contains("the checksum of") && text.contains("nothing was installed"), "{text}");
    assert!(!Path::new(&to).exists());
    fs::remove_file(&archive).expect("no archive");
    let text = run(&mut install(&release, &to), false);
    assert!(text.contains("error: cannot download"), "{text}");
    let text = run(install(&release, &to).env_remove("CONDA_TORCH_DOWNLOADS"), false);
    assert!(text.contains("error: this copy has no address"), "{text}");
    let text = run(install(&release, &to).env("CONDA_TORCH_DOWNLOADS", "http://x"), false);
    assert!(text.contains("must begin with https:// or file://, not `http://x`"), "{text}");
    let text = run(install(&release, &to).arg("--force"), false);
    assert!(text.contains("error: unknown argument `--force`"), "{text}");
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let release = release("unwritable");
    // A file: root may write into every folder.
    let file = format!("{release}/file");
    fs::write(&file, "").expect("a file");
    let to = format!("{file}/bin");
    let text = run(&mut install(&release, &to), false);
    let told = format!("error: cannot make `{to}`; pass another folder with `--to`");
    assert!(text.contains(&told), "{text}");
}

#[test]
fn without_a_home_a_folder_must_be_named() {
    let release = release("homeless");
    for home in [None, Some("")] {
        let mut command = Command::new("sh");
        command.arg(format!("{ROOT}/packaging/install.sh")).env_clear();
        command.env("PATH", "/usr/bin:/bin");
        command.env("CONDA_TORCH_DOWNLOADS", format!("file://{release}"));
        if let Some(home) = home {
            command.env("HOME", home);
        }
        let text = run(&mut command, false);
        assert_eq!(text, "error: HOME is not set; pass a folder with `--to`\n");
    }
}

#[test]
fn the_archive_of_windows_is_a_zip_with_the_same_files() {
    let folder = format!("{}/packaging/windows", env!("CARGO_TARGET_TMPDIR"));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(format!("{folder}/generated/man")).expect("a folder");
    fs::write(format!("{folder}/generated/man/conda-torch.1"), "").expect("a page");
    for program in ["conda-torch.exe", "conda-torch-live.exe"] {
        fs::write(format!("{folder}/{program}"), program).expect("a program");
    }
    let name = "conda-torch-x86_64-pc-windows-msvc";
    let archives = ["first", "second"].map(|out| {
        let out = format!("{folder}/{out}");
        let mut archive = Command::new(format!("{ROOT}/packaging/archive"));
        archive.args(["x86_64-pc-windows-msvc", &folder, &out]);
        run(archive.env("GENERATED", format!("{folder}/generated")), true);
        format!("{out}/{name}.zip")
    });
    let bytes = archives.each_ref().map(|path| fs::read(path).expect("the archive"));
    assert_eq!(bytes[0], bytes[1]);
    let list = "import sys, zipfile; print('\\n'.join(zipfile.ZipFile(sys.argv[1]).namelist()))";
    let list = run(Command::new("python3").args(["-c", list, &archives[0]]), true);
    let files = ["CHANGELOG.md", "LICENSE", "README.md", "conda-torch-live.exe", "conda-torch.exe"];
    let expected = files.into_iter().chain(["man/conda-torch.1"]);
    let expected: Vec<String> = expected.map(|file| format!("{name}/{file}")).collect();
    assert_eq!(list.lines().collect::<Vec<_>>(), expected);
}

#[test]
fn each_system_gets_its_archive() {
    use std::os::unix::fs::PermissionsExt;
    let release = release("systems");
    let here = std::env::consts::ARCH;
    let (gnu, musl) = (format!("{here}-unknown-linux-gnu"), format!("{here}-unknown-linux-musl"));
    for (system, machine, libc, rosetta, expected) in [
        ("Linux", here, "glibc 2.17", "0", gnu.as_str()),
        ("Linux", here, "glibc 2.41", "0", &gnu),
        // Older, or none.
        ("Linux", here, "glibc 2.5", "0", &musl),
        ("Linux", here, "glibc 2.12", "0", &musl),
        ("Linux", here, "glibc 2.16", "0", &musl),
        ("Linux", here, "glibc 2.11.3", "0", &musl),
        ("Linux", here, "", "0", &musl),
        ("Linux", "x86_64", "", "0", "x86_64-unknown-linux-musl"),
        ("Linux", "arm64", "", "0", "aarch64-unknown-linux-musl"),
        ("Darwin", "arm64", "", "0", "aarch64-apple-darwin"),
        ("Darwin", "x86_64", "", "0", "x86_64-apple-darwin"),
        ("Darwin", "x86_64", "", "1", "aarch64-apple-darwin"),
        ("FreeBSD", "amd64", "", "0", ""),
    ] {
        let programs = format!("{release}/system");
        fs::create_dir_all(&programs).expect("a folder");
        for (name, script) in [
            ("uname", format!("[ \"$1\" = -s ] && echo {system} || echo {machine}")),
            ("getconf", format!("[ -n '{libc}' ] && echo '{libc}'")),
            ("sysctl", format!("echo {rosetta}")),
        ] {
            let path = format!("{programs}/{name}");
            fs::write(&path, format!("#!/bin/sh\n{script}\n")).expect("a program");
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("its mode");
        }
        let mut command = install(&format!("{release}/nothing"), &format!("{release}/to"));
        command.env("PATH", format!("{programs}:/usr/local/bin:/usr/bin:/bin"));
        // Only the checksums are there, so the error names the archive.
        let only = format!("{release}/nothing/latest/download");
        fs::create_dir_all(&only).expect("a folder");
        fs::write(format!("{only}/SHA256SUMS"), "").expect("checksums");
        let text = run(&mut command, false);
        let told = match expected {
            "" => format!("error: no archive for {system} on {machine}"),
            target => format!("error: cannot download `file://{only}/conda-torch-{target}.tar.gz`"),
        };
        assert!(text.contains(&told), "{system} {machine} {libc}: {text}");
    }
}

#[test]
fn every_package_has_the_version_of_the_program() {
    let version = env!("CARGO_PKG_VERSION");
    for (file, line) in [
        ("recipe/recipe.yaml", format!("  version: \"{version}\"")),
        ("conda-plugin/pyproject.toml", format!("version = \"{version}\"")),
    ] {
        let text = fs::read_to_string(format!("{ROOT}/packaging/{file}")).expect("a file");
        assert!(text.lines().any(|it| it == line), "{file} has another version");
    }
}

#[test]
fn a_release_has_its_address_everywhere() {
    let copy = format!("{}/packaging/addressed", env!("CARGO_TARGET_TMPDIR"));
    let _ = fs::remove_dir_all(&copy);
    let listed = run(Command::new("git").args(["ls-files", "-z"]).current_dir(ROOT), true);
    let parts = [
        "crates/",
        "docs/",
        "packaging/",
        "src/",
        "Cargo",
        "action.yml",
        "pyproject.toml",
        "bench/",
    ];
    for name in listed.split('\0').filter(|name| parts.iter().any(|part| name.starts_with(part))) {
        let to = Path::new(&copy).join(name);
        fs::create_dir_all(to.parent().expect("a folder")).expect("a folder");
        // What is deleted and not yet committed is no part of it.
        let _ = fs::copy(Path::new(ROOT).join(name), to);
    }
    let address = "https://forge.example/owner-7/conda-torch";
    let tool = format!("{ROOT}/packaging/address");
    run(Command::new("python3").args([&tool, address, &copy]), true);
    run(Command::new("python3").args([&tool, "forge.example", &copy]), false);
    let text = |name: &str| fs::read_to_string(format!("{copy}/{name}")).expect("a file");
    for name in ["docs/install.md", "docs/tours/project.md", "docs/migrate.md", "action.yml"] {
        assert!(
            !text(name).contains("OWNER") && text(name).contains("owner-7/conda-torch"),
            "{name}"
        );
    }
    assert!(text("docs/tours/project.md").contains(&format!("repo: {address} #")));
    assert!(text("docs/tours/project.md").contains("uses: owner-7/conda-torch@v1"));
    assert!(
        text("packaging/install.sh")
            .contains("DOWNLOADS:-https://forge.example/owner-7/conda-torch/releases}")
    );
    assert!(!text("packaging/install.ps1").contains("@DOWNLOADS@"));
    let mut metadata = Command::new(env!("CARGO"));
    metadata.args(["metadata", "--offline", "--no-deps", "--format-version", "1"]);
    let metadata = run(metadata.current_dir(&copy), true);
    let metadata = &metadata[metadata.find('{').expect("a document")..];
    let metadata: serde_json::Value = serde_json::from_str(metadata).expect("a document");
    for package in metadata["packages"].as_array().expect("packages") {
        assert_eq!(package["repository"], address, "{}", package["name"]);
        assert_eq!(package["homepage"], address, "{}", package["name"]);
    }
}
