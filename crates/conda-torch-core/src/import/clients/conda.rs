//! `conda info`, since 4.4; mamba 1 prints the same with its own version in front.
//!
//! Source: `get_info_dict` and `get_main_info_display` in `conda/cli/main_info.py`; for mamba 1
//! `mamba/mamba/mamba.py`.

use serde_json::Value;

use crate::types::{ClientKind, Machine, Outcome};

use super::super::document::Document;
use super::super::labels::LabeledText;
use super::{Fields, Info, config_files, named, report, user_agent};

/// What `conda info --json` has and nothing else.
pub(in super::super) fn is_json(document: &Document<'_>) -> bool {
    document.has_keys(&["conda_version", "platform"])
        || document.has_keys(&["conda_version", "root_prefix"])
        || document.has_keys(&["virtual_pkgs"])
        || document.is_damaged_with(&["\"conda_", "\"av_data_dir\"", "\"active_prefix\""])
}

pub(in super::super) fn read_json(
    document: &Document<'_>,
    machine: &mut Machine,
) -> Result<(), String> {
    let value = document.whole()?;
    let fields = Fields::Json(value);
    let variable =
        |name: &str| value["env_vars"][name].as_str().filter(|text| *text != "<not set>");
    let info = Info {
        program: variable("CONDA_EXE").map(str::to_owned),
        environments: environments(value),
        ..info(&fields)
    };
    fill(&fields, info, machine);
    for name in ["CONDA_OVERRIDE_CUDA", "CONDA_OVERRIDE_GLIBC", "CONDA_OVERRIDE_OSX"] {
        if let Some(text) = variable(name) {
            report(machine, name, Outcome::Ok, format!("`{text}`, where the document was made"));
        }
    }
    Ok(())
}

pub(in super::super) fn is_text(document: &Document<'_>) -> bool {
    let labelled = LabeledText::of(&document.plain);
    let others = ["platform", "virtual packages", "base environment", "root environment"];
    labelled.has("conda version") && others.iter().any(|label| labelled.has(label))
}

#[expect(clippy::unnecessary_wraps, reason = "the form of every reader")]
pub(in super::super) fn read_text(
    document: &Document<'_>,
    machine: &mut Machine,
) -> Result<(), String> {
    let labelled = LabeledText::of(&document.plain);
    let fields = Fields::Text(&labelled);
    let active = labelled.first("active environment").and_then(named);
    let info = Info { environments: active.into_iter().collect(), ..info(&fields) };
    fill(&fields, info, machine);
    Ok(())
}

/// What stands in both forms.
fn info(fields: &Fields<'_>) -> Info {
    let root = fields
        .first("root_prefix", "base environment")
        .or_else(|| fields.first("root_prefix", "root environment"));
    Info {
        kind: ClientKind::Conda,
        version: fields.first("conda_version", "conda version"),
        platform: fields.first("platform", "platform"),
        channels: fields.all("channels", "channel urls").unwrap_or_default(),
        packages: fields.packages("virtual_pkgs", "virtual packages"),
        program: None,
        root_prefix: root.map(|root| without_remark(&root).to_owned()),
        environments: Vec::new(),
    }
}

/// `/opt/conda  (writable)`: the folder.
fn without_remark(text: &str) -> &str {
    let folder = ["(writable)", "(read only)"].iter().find_map(|remark| text.strip_suffix(remark));
    folder.unwrap_or(text).trim_end()
}

fn fill(fields: &Fields<'_>, info: Info, machine: &mut Machine) {
    info.fill(machine);
    if let Some(agent) = fields.first("user_agent", "user-agent") {
        user_agent::apply(machine, &agent);
    }
    config_files(machine, fields.all("config_files", "populated config files"));
    // Who ran mamba wants its commands.
    if let Some(version) = fields.first("mamba_version", "mamba version")
        && let Some(mut mamba) = machine.clients.first().cloned()
    {
        mamba.kind = ClientKind::Mamba;
        mamba.version = super::version_of(Some(&version), machine);
        "mamba".clone_into(&mut mamba.path);
        machine.clients.insert(0, mamba);
    }
}

/// The environments with a name: those in a folder for them, and the one that is active.
fn environments(value: &Value) -> Vec<String> {
    let texts = |key: &str| value[key].as_array().into_iter().flatten().filter_map(Value::as_str);
    let root = value["root_prefix"].as_str().unwrap_or_default();
    let folders: Vec<&str> = texts("envs_dirs").collect();
    let name = |path: &str| {
        let (folder, name) = path.rsplit_once(['/', '\\'])?;
        let below_root = folder
            .strip_prefix(root)
            .is_some_and(|rest| !root.is_empty() && rest.trim_start_matches(['/', '\\']) == "envs");
        (below_root || folders.contains(&folder)).then(|| name.to_owned())
    };
    let mut names: Vec<String> = texts("envs").filter_map(name).collect();
    if let Some(active) = value["active_prefix_name"].as_str().and_then(named)
        && !names.contains(&active)
    {
        names.push(active);
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn environments_are_named_by_the_folder_that_they_are_in() {
        let value = serde_json::json!({
            "root_prefix": "/opt/conda",
            "envs": ["/opt/conda", "/opt/conda/envs/torch", "/scratch/mine", "/home/u/e/a"],
            "envs_dirs": ["/home/u/e"],
            "active_prefix_name": "base",
        });
        assert_eq!(environments(&value), ["torch", "a"]);
        let windows = serde_json::json!({
            "root_prefix": "C:\\conda",
            "envs": ["C:\\conda", "C:\\conda\\envs\\torch"],
            "active_prefix_name": "/elsewhere/env",
        });
        assert_eq!(environments(&windows), ["torch"]);
        assert_eq!(environments(&serde_json::json!({})), [""; 0]);
    }

    #[test]
    fn the_root_prefix_of_the_text_has_a_remark() {
        assert_eq!(without_remark("/opt/my conda  (writable)"), "/opt/my conda");
        assert_eq!(without_remark("C:\\ProgramData\\conda  (read only)"), "C:\\ProgramData\\conda");
        assert_eq!(without_remark("/opt/conda (x)"), "/opt/conda (x)");
    }
}
