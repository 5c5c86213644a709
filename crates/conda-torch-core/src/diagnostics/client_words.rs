//! What is said where a client would be wrong about the machine, and what to do about it.

use crate::diagnostics::{Blind, Diagnostic};
use crate::types::Origin;

/// What is so; empty for what is not about a client.
#[expect(clippy::wildcard_enum_match_arm, reason = "few of them are about clients")]
pub(crate) fn sentence(diagnostic: &Diagnostic) -> String {
    use Diagnostic as D;
    match diagnostic {
        D::ToolkitShadowsDriver { client, path, toolkit, driver: Some(driver) } => format!(
            "{client} takes the toolkit of `{path}`, CUDA {toolkit}, for the driver's CUDA, which is {driver}; the command tells it"
        ),
        D::ToolkitShadowsDriver { client, path, toolkit, driver: None } => format!(
            "{client} takes the toolkit of `{path}`, CUDA {toolkit}, for a driver's CUDA, and would install CUDA builds"
        ),
        D::ToolkitFileBroken { client, path, why } => {
            format!(
                "{client} ends with an error on `{path}` ({why}); the command keeps it from reading it"
            )
        }
        D::ClientSeesNoCuda { client, why } => {
            format!("{client} does not see CUDA here: {}; the command tells it", blind(*why))
        }
        D::CudaOverridden { name, origin, value, driver } => {
            let whose = match origin {
                Origin::File(path) => format!("`{name}` in `{path}`"),
                _ => format!("`{name}`"),
            };
            let says = if value.trim().is_empty() {
                "that there is no CUDA".to_owned()
            } else {
                format!("CUDA `{value}`")
            };
            format!("{whose} says {says}, and the driver supports {driver}; what is set counts")
        }
        _ => String::new(),
    }
}

/// Why a client sees no CUDA.
fn blind(why: Blind) -> &'static str {
    match why {
        Blind::NoLibcuda => "it asks `libcuda`, which is not there or shows no device",
        Blind::LibcudaElsewhere => "it does not look for `libcuda` where that is",
        Blind::Hidden => "`CUDA_VISIBLE_DEVICES` hides the GPUs from it",
        Blind::NoNvidiaSmi { .. } => "it asks `nvidia-smi`, which is not on `PATH`",
        Blind::NvidiaSmiSilent => "it asks `nvidia-smi`, which does not say it",
        Blind::Said => "its `info` does not list `__cuda`",
    }
}

/// What to do beside running the commands, which tell the client already.
#[expect(clippy::wildcard_enum_match_arm, reason = "few of them are about clients")]
pub(crate) fn hint(diagnostic: &Diagnostic) -> Option<String> {
    use Diagnostic as D;
    match diagnostic {
        D::ToolkitShadowsDriver { client, driver: Some(driver), .. } => Some(format!(
            "for other installations with {client} set `CONDA_OVERRIDE_CUDA={driver}`, too"
        )),
        D::ToolkitShadowsDriver { client, driver: None, .. } => Some(format!(
            "for other installations with {client} set `CONDA_OVERRIDE_CUDA` to nothing, too"
        )),
        D::ClientSeesNoCuda { why: Blind::NoNvidiaSmi { is_wsl: true }, .. } => {
            Some("or put `/usr/lib/wsl/lib`, where WSL has it, on `PATH`".to_owned())
        }
        D::CudaOverridden { origin: Origin::File(path), .. } => {
            Some(format!("take it out of `{path}` for an answer by what is here"))
        }
        D::CudaOverridden { name, .. } => {
            Some(format!("unset `{name}` for an answer by what is here"))
        }
        _ => None,
    }
}
