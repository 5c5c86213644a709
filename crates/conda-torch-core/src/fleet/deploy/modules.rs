//! Module files that set the environment of the node on which they are loaded, for Lmod and Environment Modules.
//!
//! Source: <https://lmod.readthedocs.io/en/latest/050_lua_modulefiles.html>,
//! <https://modules.readthedocs.io/en/latest/modulefile.html>.

use std::fmt::Write as _;

use crate::types::ClientKind;

use super::{DeployRefused, root};
use crate::fleet::plan::FleetPlan;

/// Nodes with numbers of equal length, or one without: what is before and after the number, the first and the last.
struct Row {
    prefix: String,
    suffix: String,
    first: String,
    last: String,
    /// The folder with `bin`.
    root: String,
}

fn rows(
    plan: &FleetPlan<'_>,
    folder: Option<&str>,
    client: ClientKind,
) -> Result<Vec<Row>, DeployRefused> {
    let folder = folder.ok_or(DeployRefused::NoFolder)?;
    if !folder.starts_with('/') {
        return Err(DeployRefused::RelativeFolder(folder.to_owned()));
    }
    // A folder that means the same in Lua, Tcl and a list in PATH.
    let is_plain = |c: char| c.is_alphanumeric() || "/._-+@ ".contains(c);
    if !folder.chars().all(is_plain) {
        return Err(DeployRefused::FolderCharacter(folder.to_owned()));
    }
    let mut rows = Vec::new();
    for environment in &plan.environments {
        let root = root(environment, folder, client);
        for range in &environment.names.ranges {
            let pairs = range.digits().unwrap_or_else(|| vec![(String::new(), String::new())]);
            rows.extend(pairs.into_iter().map(|(first, last)| Row {
                prefix: range.prefix.to_string(),
                suffix: range.suffix.to_string(),
                first,
                last,
                root: root.clone(),
            }));
        }
    }
    Ok(rows)
}

/// The releases in it: `PyTorch 2.13.0`.
fn title(plan: &FleetPlan<'_>) -> String {
    let mut releases: Vec<String> =
        plan.environments.iter().map(|it| it.choice.build.pytorch.to_string()).collect();
    releases.dedup();
    format!("PyTorch {} from conda-forge, by the hardware of the node", releases.join(", "))
}

pub(super) fn lmod(
    plan: &FleetPlan<'_>,
    folder: Option<&str>,
    client: ClientKind,
) -> Result<String, DeployRefused> {
    let rows = rows(plan, folder, client)?;
    let mut out = format!("-- {}. Save it as torch.lua.\n", title(plan));
    let _ = writeln!(out, "whatis(\"Name: torch\")\nwhatis(\"Description: {}\")", title(plan));
    out.push_str("-- Before the number, after it, the first number, the last, the environment.\nlocal ranges = {\n");
    for Row { prefix, suffix, first, last, root } in rows {
        let _ =
            writeln!(out, "  {{\"{prefix}\", \"{suffix}\", \"{first}\", \"{last}\", \"{root}\"}},");
    }
    out.push_str(
        r#"}
local function environment_of(node)
  for _, range in ipairs(ranges) do
    local prefix, suffix, first, last = range[1], range[2], range[3], range[4]
    local number = node:sub(#prefix + 1, #node - #suffix)
    if node == prefix .. number .. suffix and #number == #first and not number:find("%D")
       and number >= first and number <= last then
      return range[5]
    end
  end
end
local node = os.getenv("SLURMD_NODENAME") or capture("uname -n"):gsub("%s+$", "")
local environment = environment_of(node) or environment_of((node:gsub("%..*$", "")))
if environment then
  setenv("CONDA_PREFIX", environment)
  setenv("CONDA_DEFAULT_ENV", environment)
  prepend_path("PATH", pathJoin(environment, "bin"))
elseif mode() == "load" then
  LmodError("no PyTorch environment for node ", node)
end
"#,
    );
    Ok(out)
}

pub(super) fn tcl(
    plan: &FleetPlan<'_>,
    folder: Option<&str>,
    client: ClientKind,
) -> Result<String, DeployRefused> {
    let rows = rows(plan, folder, client)?;
    let title = title(plan);
    let mut out = format!("#%Module1.0\n# {title}. Save it as torch.\nmodule-whatis {{{title}}}\n");
    out.push_str("# Before the number, after it, the first number, the last, the environment.\nset ranges {\n");
    for Row { prefix, suffix, first, last, root } in rows {
        let _ = writeln!(out, "    {{{prefix}}} {{{suffix}}} {{{first}}} {{{last}}} {{{root}}}");
    }
    out.push_str(
        r#"}
if {[info exists ::env(SLURMD_NODENAME)]} {
    set node $::env(SLURMD_NODENAME)
} else {
    set node [info hostname]
}
set environment {}
foreach name [list $node [lindex [split $node .] 0]] {
    foreach {prefix suffix first last folder} $ranges {
        set end [expr {[string length $name] - [string length $suffix] - 1}]
        set number [string range $name [string length $prefix] $end]
        if {$environment eq {} && $name eq "$prefix$number$suffix"
            && [string length $number] == [string length $first]
            && [regexp {^[0-9]*$} $number]
            && [string compare $number $first] >= 0 && [string compare $number $last] <= 0} {
            set environment $folder
        }
    }
}
if {$environment ne {}} {
    setenv CONDA_PREFIX $environment
    setenv CONDA_DEFAULT_ENV $environment
    prepend-path PATH $environment/bin
} elseif {[module-info mode load]} {
    puts stderr "no PyTorch environment for node $node"
    break
}
"#,
    );
    Ok(out)
}
