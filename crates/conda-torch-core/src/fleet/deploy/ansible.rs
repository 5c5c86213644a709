//! An inventory of Ansible: a group of hosts for each environment.
//!
//! Source: <https://docs.ansible.com/ansible/latest/inventory_guide/intro_inventory.html>.

use std::fmt::Write as _;

use crate::fleet::hosts::HostRange;
use crate::fleet::plan::FleetPlan;

use super::DeployRefused;

/// The inventory as YAML.
pub(super) fn inventory(
    plan: &FleetPlan<'_>,
    folder: Option<&str>,
) -> Result<String, DeployRefused> {
    let mut out =
        String::from("# A group of hosts for each environment.\nconda_torch:\n  children:\n");
    for environment in &plan.environments {
        // A group is an identifier.
        let group = environment.name.replace(|c: char| !c.is_ascii_alphanumeric(), "_");
        let place = folder.map_or(environment.name.clone(), |folder| environment.path(folder));
        if place.chars().any(|c| c.is_control() || c == '{') {
            // Braces would be a template.
            return Err(DeployRefused::FolderCharacter(place));
        }
        let place = place.replace('\'', "''");
        let _ = writeln!(
            out,
            "    {group}:\n      vars:\n        conda_torch_environment: '{place}'\n      hosts:"
        );
        for range in &environment.names.ranges {
            let _ = writeln!(out, "        '{}':", hosts(range));
        }
    }
    Ok(out)
}

/// `gpu[001:128]`: Ansible has a colon where others have a dash.
fn hosts(range: &HostRange) -> String {
    let HostRange { prefix, suffix, numbers } = range;
    match numbers {
        None => prefix.to_string(),
        Some((width, from, to)) => {
            let width = usize::from(*width);
            if from == to {
                format!("{prefix}{from:0width$}{suffix}")
            } else {
                format!("{prefix}[{from:0width$}:{to:0width$}]{suffix}")
            }
        }
    }
}
