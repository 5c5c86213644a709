//! `__linux`: the kernel's version.

use crate::conda::Os;
use crate::types::{Detected, Machine, Origin};

use super::overrides;
use super::prediction::{Prediction, found, unknown};
use crate::clients::ClientTarget;

pub(super) fn predict(machine: &Machine, client: &ClientTarget<'_>) -> Prediction {
    let is_here = match client.target(machine).map(|target| target.on(Os::Linux)) {
        Err(why) => return Prediction::Unknown(why),
        Ok(None) => return Prediction::Absent,
        Ok(Some(is_here)) => is_here,
    };
    if let Some(setting) = overrides::setting(machine, client, "LINUX") {
        return match overrides::version(client, "__linux", setting) {
            // conda and mamba keep the package, and only its version is lost.
            Prediction::Absent if !client.is_pixi() => {
                found("__linux", "0", setting.origin.clone())
            }
            Prediction::Present(package, origin) if client.is_conda() => {
                found("__linux", leading(&package.version).unwrap_or("0"), origin)
            }
            prediction @ (Prediction::Present(..)
            | Prediction::Absent
            | Prediction::Fails(_)
            | Prediction::Unknown(_)) => prediction,
        };
    }
    if !is_here {
        return found("__linux", "0", Origin::System);
    }
    let kernel = match &machine.kernel {
        Detected::Found(kernel) => kernel,
        Detected::Absent => return unknown("the kernel's version is not known"),
        Detected::Unknown { why } => return unknown(why.clone()),
    };
    let origin = kernel.origin.clone();
    let version = if client.is_libmamba() { three(&kernel.value) } else { leading(&kernel.value) };
    match version {
        Some(version) => found("__linux", version, origin),
        None if client.is_pixi() => Prediction::Fails(
            format!("the kernel calls itself `{}`, and pixi ends on that", kernel.value).into(),
        ),
        None => found("__linux", "0", origin),
    }
}

/// Two, three or four numbers at the start, as conda and rattler take them: `6.1.0` of `6.1.0-18-amd64`.
fn leading(release: &str) -> Option<&str> {
    numbers(release, 4).filter(|(_, count)| *count >= 2).map(|(text, _)| text)
}

/// The first three numbers anywhere, as libmamba takes them.
fn three(release: &str) -> Option<&str> {
    let starts = release.char_indices().filter(|(_, c)| c.is_ascii_digit());
    starts
        .filter_map(|(at, _)| numbers(&release[at..], 3))
        .find_map(|(text, count)| (count == 3).then_some(text))
}

/// The numbers with dots that a text begins with, at most so many, and how many.
fn numbers(text: &str, most: usize) -> Option<(&str, usize)> {
    let (mut end, mut count) = (0, 0);
    while count < most {
        let start = if count == 0 { 0 } else { end + 1 };
        if count > 0 && text.as_bytes().get(end) != Some(&b'.') {
            break;
        }
        let rest = text.get(start..).unwrap_or_default();
        let length = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        if length == 0 {
            break;
        }
        end = start + length;
        count += 1;
    }
    (count > 0).then(|| (&text[..end], count))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conda_takes_up_to_four_numbers_and_libmamba_three() {
        assert_eq!(leading("6.1.0-18-amd64"), Some("6.1.0"));
        assert_eq!(leading("5.15.153.1-microsoft-standard-WSL2"), Some("5.15.153.1"));
        assert_eq!(three("5.15.153.1-microsoft-standard-WSL2"), Some("5.15.153"));
        assert_eq!((leading("6.1-rc1"), three("6.1-rc1")), (Some("6.1"), None));
        assert_eq!((leading("6"), leading("x6.1"), leading("6..1")), (None, None, None));
        assert_eq!(three("x 1.2 3.4.5.6"), Some("3.4.5"));
    }
}
