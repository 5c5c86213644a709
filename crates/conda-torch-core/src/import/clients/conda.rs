//! `conda info` since 4.4; mamba 1 prints the same with its own version in front.
//!
//! Source: `get_info_dict` and `get_main_info_display` in `conda/cli/main_info.py`; for mamba 1
//! `mamba/mamba/mamba.py`.

use serde_json::Value;

use super::super::document::Document;
use super::super::labels::LabeledText;
use super::super::{Recognized, report};
use super::{Fields, Info, add_config_files, environment_name, user_agent, version};
use crate::types::{ClientKind, Machine, Outcome};

/// Other labels of the text, one of which it has.
const LABELS: [&str; 4] = ["platform", "virtual packages", "base environment", "root environment"];

pub(in super::super) fn json(document: &Document<'_>, machine: &mut Machine) -> Recognized {
    let is_conda = document.has_keys(&["conda_version", "platform"])
        || document.has_keys(&["conda_version", "root_prefix"])
        || document.has_keys(&["virtual_pkgs"])
        || document.is_damaged_with(&["\"conda_", "\"av_data_dir\"", "\"active_prefix\""]);
    is_conda.then(|| document.whole().map(|value| fill_json(value, machine)))
}

fn fill_json(value: &Value, machine: &mut Machine) {
    let variable = |name: &str| {
        let value = value["env_vars"][name].as_str().filter(|text| *text != "<not set>");
        value.map(str::to_owned)
    };
    fill(&Fields::Json(value), variable("CONDA_EXE"), environments(value), machine);
    for name in ["CONDA_OVERRIDE_CUDA", "CONDA_OVERRIDE_GLIBC", "CONDA_OVERRIDE_OSX"] {
        if let Some(text) = variable(name) {
            report(machine, name, Outcome::Ok, format!("`{text}` on the described machine"));
        }
    }
}

pub(in super::super) fn text(document: &Document<'_>, machine: &mut Machine) -> Recognized {
    let labels = LabeledText::of(&document.plain);
    if !labels.has("conda version") || !LABELS.iter().any(|label| labels.has(label)) {
        return None;
    }
    let active = labels.first("active environment").and_then(environment_name);
    fill(&Fields::Text(&labels), None, active.into_iter().collect(), machine);
    Some(Ok(()))
}

fn fill(
    fields: &Fields<'_>,
    program: Option<String>,
    environments: Vec<String>,
    machine: &mut Machine,
) {
    let root = fields
        .first("root_prefix", "base environment")
        .or_else(|| fields.first("root_prefix", "root environment"));
    let info = Info {
        kind: ClientKind::Conda,
        version: fields.first("conda_version", "conda version"),
        platform: fields.first("platform", "platform"),
        channels: fields.all("channels", "channel urls").unwrap_or_default(),
        packages: fields.packages("virtual_pkgs", "virtual packages"),
        program,
        root_prefix: root.map(|root| without_note(&root).to_owned()),
        environments,
    };
    info.fill(machine);
    if let Some(agent) = fields.first("user_agent", "user-agent") {
        user_agent::apply(machine, &agent);
    }
    add_config_files(machine, fields.all("config_files", "populated config files"));
    // Who runs mamba wants its commands.
    if let Some(mamba_version) = fields.first("mamba_version", "mamba version")
        && let Some(mut mamba) = machine.clients.first().cloned()
    {
        mamba.kind = ClientKind::Mamba;
        mamba.version = version(Some(mamba_version), machine);
        "mamba".clone_into(&mut mamba.path);
        machine.clients.insert(0, mamba);
    }
}

/// The folder in `/opt/conda  (writable)`.
fn without_note(text: &str) -> &str {
    let folder = ["(writable)", "(read only)"].iter().find_map(|note| text.strip_suffix(note));
    folder.unwrap_or(text).trim_end()
}

/// The environments with a name: those in a folder of environments, and the active one.
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
    if let Some(active) = value["active_prefix_name"].as_str().and_then(environment_name)
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
    fn environments_have_the_name_of_their_folder() {
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
    fn the_root_prefix_of_the_text_has_a_note() {
        assert_eq!(without_note("/opt/my conda  (writable)"), "/opt/my conda");
        assert_eq!(without_note("C:\\ProgramData\\conda  (read only)"), "C:\\ProgramData\\conda");
        assert_eq!(without_note("/opt/conda (x)"), "/opt/conda (x)");
    }
}
