//! The pages "what PyTorch runs on my GPU", a page for each family, and the matrix as a page. The rows choose the families
//! and their GPUs; the program answers.

use std::fmt::Write as _;
use std::process::Command;

use serde_json::Value;

use conda_torch_core::matrix::{Capability, Matrix};

use crate::docs::is_generated;

/// How many names of GPUs a page lists for a capability.
const NAMES: usize = 400;

/// The pages that are not about a compute capability, after the families: name, title and what is asked.
const OTHERS: [(&str, &str, &str); 2] = [
    ("apple", "Apple silicon", "M1 to M5"),
    ("amd-intel", "AMD and Intel", "Radeon, Instinct, Arc"),
];

/// A page about the GPUs of a family, or about Jetson boards.
struct Family {
    slug: String,
    title: String,
    capabilities: Vec<&'static Capability>,
}

impl Family {
    fn examples(&self) -> String {
        let examples: Vec<&str> =
            self.capabilities.iter().map(|capability| capability.examples.as_ref()).collect();
        examples.join(", ")
    }
}

/// The families in the order of their age; Jetson boards are one of their own.
fn families() -> Vec<Family> {
    let mut families: Vec<Family> = Vec::new();
    let (boards, desktop): (Vec<_>, Vec<_>) =
        Matrix::embedded().capabilities.iter().partition(|capability| capability.soc);
    for capability in desktop {
        let slug = capability.family.to_lowercase().replace(' ', "-");
        match families.iter_mut().find(|family| family.slug == slug) {
            Some(family) => family.capabilities.push(capability),
            None => families.push(Family {
                slug,
                title: format!("NVIDIA {}", capability.family),
                capabilities: vec![capability],
            }),
        }
    }
    let (slug, title) = ("jetson".to_owned(), "NVIDIA Jetson and Tegra".to_owned());
    families.push(Family { slug, title, capabilities: boards });
    families
}

/// The output of the program in an empty environment.
fn printed(arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_conda-torch"));
    command.args(arguments).env_clear().env("PATH", "/usr/bin:/bin").env("COLUMNS", "80");
    let output = command.output().expect("the program runs");
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// What the program advises for flags on a platform.
fn advice(platform: &str, flags: &[&str]) -> Value {
    let text = printed(&[&["advise", "--json", "--platform", platform], flags].concat());
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// The version and the CUDA of an answer that uses the GPU, or why there is none.
fn answer(advice: &Value) -> String {
    let choice = &advice["recommendation"];
    match (choice["accelerator"].as_str(), choice["cuda_version"].as_str()) {
        (Some("cuda"), Some(cuda)) => {
            format!("{}, CUDA {cuda}", choice["pytorch"].as_str().expect("a version"))
        }
        _ => "none".to_owned(),
    }
}

/// The command of an answer that uses the GPU.
fn command(advice: &Value) -> Option<String> {
    let is_used = advice["recommendation"]["accelerator"] != "cpu";
    let steps = advice["commands"].as_array()?.iter();
    let install = steps.filter(|step| step["step"] == "install").find(|_| is_used)?;
    let line = install["posix"].as_str()?;
    // On the machine itself the driver says what this variable does.
    let start = line.find("conda create").expect("a command of conda");
    Some(line[start..].to_owned())
}

/// The reasons that are about builds.
fn reasons(advice: &Value) -> Vec<String> {
    let of = |list: &Value, text: &str| -> Vec<String> {
        let items = list.as_array().into_iter().flatten();
        items
            .filter(|it| it["severity"] != "info")
            .map(|it| it[text].as_str().unwrap_or_default().to_owned())
            .collect()
    };
    let mut all = of(&advice["recommendation"]["reasons"], "message");
    all.retain(|reason| !reason.starts_with("`pytorch-gpu` fails"));
    all.extend(of(&advice["diagnostics"], "message"));
    all
}

/// The names of the GPUs of a capability, those of `GeForce` first.
fn names(capability: &Capability) -> Vec<&'static str> {
    let rows = Matrix::embedded().gpu_names.iter();
    let mut names: Vec<&str> = rows
        .filter(|row| row.capability == capability.capability)
        .map(|row| row.name.as_ref())
        .collect();
    names.sort_by_key(|name| (!name.starts_with("GeForce"), *name));
    names
}

fn header(title: &str) -> String {
    let day = Matrix::embedded().as_of;
    format!(
        "<!-- Generated from the matrix: UPDATE=1 cargo test generated -->\n# {title}\n\n\
         The builds of conda-forge as of {day}. For your own machine, with its driver and its system: `conda-torch advise`;\n\
         `conda-torch install` runs the command and tests the result.\n\n"
    )
}

/// The page of a family.
fn page(family: &Family) -> String {
    let is_jetson = family.slug == "jetson";
    let platforms: &[(&str, &str)] = match family.slug.as_str() {
        "jetson" => &[("linux-aarch64", "Linux on Arm")],
        "hopper" | "blackwell" | "rubin" => {
            &[("linux-64", "Linux"), ("linux-aarch64", "Linux on Arm"), ("win-64", "Windows")]
        }
        _ => &[("linux-64", "Linux"), ("win-64", "Windows")],
    };
    let mut page = header(&format!("PyTorch on {}: {}", family.title, family.examples()));
    let titles: Vec<&str> = platforms.iter().map(|(_, title)| *title).collect();
    let _ = writeln!(
        page,
        "| compute capability | GPUs | newest PyTorch on {} | last driver branch |",
        titles.join(" | on ")
    );
    let _ = writeln!(page, "|---|---|{}---|", "---|".repeat(platforms.len()));
    // Capabilities with the same answers have one section.
    let mut sections: Vec<(Vec<&Capability>, Vec<Value>)> = Vec::new();
    for capability in &family.capabilities {
        let number = capability.capability.to_string();
        let flags = ["--compute-capability", &*number];
        let answers: Vec<Value> =
            platforms.iter().map(|(subdir, _)| advice(subdir, &flags)).collect();
        let cells: Vec<String> = answers.iter().map(answer).collect();
        let branch = match capability.last_branch {
            Some(branch) => branch.to_string(),
            None if is_jetson => "of its JetPack".to_owned(),
            None => "current".to_owned(),
        };
        let _ = writeln!(
            page,
            "| {number} | {} | {} | {branch} |",
            capability.examples,
            cells.join(" | ")
        );
        match sections
            .iter_mut()
            .find(|(_, other)| other.iter().map(answer).eq(cells.iter().cloned()))
        {
            Some((capabilities, _)) => capabilities.push(capability),
            None => sections.push((vec![capability], answers)),
        }
    }
    for (capabilities, answers) in &sections {
        let numbers: Vec<String> =
            capabilities.iter().map(|it| it.capability.to_string()).collect();
        let _ = writeln!(page, "\n## Compute capability {}\n", numbers.join(", "));
        for ((subdir, title), advice) in platforms.iter().zip(answers) {
            let shell = if *subdir == "win-64" { "powershell" } else { "sh" };
            match command(advice) {
                Some(line) => {
                    let _ = writeln!(page, "{title}:\n\n```{shell}\n{line}\n```\n");
                }
                None => {
                    let _ = writeln!(page, "{title}: no build of conda-forge uses this GPU.\n");
                }
            }
            let flags = ["--compute-capability", &numbers[0]];
            for reason in reasons(advice) {
                let _ = writeln!(
                    page,
                    "- {}",
                    reason
                        .replace(&format!(" {}", numbers[0]), &format!(" {}", numbers.join(", ")))
                );
            }
            if !page.ends_with("\n\n") {
                page.push('\n');
            }
            let _ = writeln!(page, "{}", builds(subdir, &flags));
        }
    }
    let _ = writeln!(page, "## The GPUs\n\nBy name, as `--gpu` takes them.\n");
    for capability in &family.capabilities {
        let names = names(capability);
        let shown = names.iter().take(NAMES).copied().collect::<Vec<_>>().join(", ");
        if !shown.is_empty() {
            let _ = writeln!(page, "- **{}**: {shown}", capability.capability);
        }
    }
    page
}

/// The builds that run, as a table, without the columns that are empty or about another system.
fn builds(subdir: &str, flags: &[&str]) -> String {
    let table =
        printed(&[&["matrix", "--format", "markdown", "--platform", subdir], flags].concat());
    let rows: Vec<Vec<&str>> = table
        .lines()
        .filter(|line| line.starts_with('|') && !line.starts_with("|-"))
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .collect();
    let [head, body @ ..] = rows.as_slice() else { return String::new() };
    let kept: Vec<usize> = (1..head.len())
        .filter(|at| head[*at] != "GPUs" && body.iter().any(|row| !row[*at].is_empty()))
        .collect();
    let line = |row: &[&str]| kept.iter().map(|at| row[*at]).collect::<Vec<_>>().join(" | ");
    let mut text = format!("| {} |\n|{}\n", line(head), "---|".repeat(kept.len()));
    for row in body {
        let _ = writeln!(text, "| {} |", line(row));
    }
    text
}

/// The page for Apple's GPUs.
fn apple() -> String {
    let mut page = header("PyTorch on Apple silicon");
    let advice = advice("osx-arm64", &[]);
    let line = command(&advice).expect("a command");
    let _ = writeln!(
        page,
        "Every build for Apple silicon uses the GPU through Metal, PyTorch's device `mps`:\n\n```sh\n{line}\n```\n"
    );
    let _ = writeln!(
        page,
        "PyTorch computes on the processor if macOS is older:\n\n| PyTorch from | macOS from |\n|---|---|"
    );
    for row in Matrix::embedded().metal.iter() {
        let _ = writeln!(page, "| {} | {} |", row.pytorch, row.macos);
    }
    let _ = writeln!(
        page,
        "\nA client for Intel Macs that runs under Rosetta installs builds without a GPU; `conda-torch advise` says so.\n"
    );
    let _ = writeln!(page, "{}", builds("osx-arm64", &[]));
    page
}

/// The page for GPUs without a build.
fn others() -> String {
    let mut page = header("PyTorch on AMD and Intel GPUs");
    page.push_str("conda-forge has no builds of PyTorch for them. What `conda-torch` says:\n\n");
    for gpu in ["RX 7900 XTX", "Arc A770"] {
        let advice = advice("linux-64", &["--gpu", gpu]);
        let _ = writeln!(page, "## {gpu}\n");
        let diagnostics = advice["diagnostics"].as_array().expect("diagnostics").iter();
        for it in diagnostics.filter(|it| it["code"] != "baseline-assumed") {
            let hint = it["hint"].as_str().map_or_else(String::new, |hint| format!("; {hint}"));
            let _ = writeln!(page, "- {}{hint}", it["message"].as_str().expect("a message"));
        }
        let line = advice["commands"][0]["posix"].as_str().expect("a command");
        let _ = writeln!(page, "\n```sh\n{line}\n```\n");
    }
    page
}

#[test]
fn the_pages_about_gpus_are_generated() {
    let mut index = header("What PyTorch runs on my GPU");
    index.push_str("| family | GPUs |\n|---|---|\n");
    for family in families() {
        is_generated(
            &format!("gpus/{}.md", family.slug),
            &format!("{}\n", page(&family).trim_end()),
        );
        let _ =
            writeln!(index, "| [{}]({}.md) | {} |", family.title, family.slug, family.examples());
    }
    for (slug, title, examples) in OTHERS {
        let _ = writeln!(index, "| [{title}]({slug}.md) | {examples} |");
    }
    is_generated("gpus/index.md", &index);
    is_generated("gpus/apple.md", &format!("{}\n", apple().trim_end()));
    is_generated("gpus/amd-intel.md", &format!("{}\n", others().trim_end()));
}

#[test]
fn the_page_of_all_builds_is_generated() {
    let mut page = header("All builds");
    page.push_str("What each `cuda-version` installs, by platform; `conda-torch matrix --all` has every build.\n\n");
    for subdir in ["linux-64", "linux-aarch64", "win-64", "osx-arm64", "osx-64"] {
        let _ = writeln!(page, "## {subdir}\n\n{}", builds(subdir, &[]));
    }
    is_generated("builds.md", &format!("{}\n", page.trim_end()));
}

#[test]
fn every_gpu_of_the_issue_has_its_page() {
    let families = families();
    let slugs: Vec<&str> = families.iter().map(|family| family.slug.as_str()).collect();
    let expected = [
        "fermi",
        "kepler",
        "maxwell",
        "pascal",
        "volta",
        "turing",
        "ampere",
        "ada-lovelace",
        "hopper",
        "blackwell",
        "rubin",
        "jetson",
    ];
    assert_eq!(slugs, expected);
    // Typed from NVIDIA's lists and the recipes: a GTX 1080 Ti has no kernels in the builds with CUDA 13.
    let pascal =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/gpus/pascal.md"));
    let pascal = pascal.expect("the page");
    assert!(pascal.contains("GeForce GTX 1080 Ti"), "{pascal}");
    assert!(pascal.contains(" cuda-version=12.9"), "{pascal}");
    assert!(!pascal.contains("cuda-version=13"), "{pascal}");
}
