//! `conda-meta/history`: requested specs in lists of Python (conda), of JSON (micromamba), or with commas (old conda).

use std::collections::HashMap;

use conda_torch_core::conda::masked;

/// The requested specs, in the order of the first request. Later requests for a package replace earlier ones.
/// Reads what conda's `History.get_requested_specs_map` reads (conda/history.py).
pub(super) fn requested(text: &str) -> Vec<String> {
    let mut requests: Vec<Option<String>> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    for line in text.lines() {
        let Some((is_removal, specs)) = action(line) else { continue };
        for spec in specs {
            let Some(name) = name(&spec) else { continue };
            if is_removal {
                places.remove(name).into_iter().for_each(|at| requests[at] = None);
            } else {
                let at = *places.entry(name.to_owned()).or_insert(requests.len());
                requests.resize(requests.len().max(at + 1), None);
                requests[at] = Some(spec);
            }
        }
    }
    requests.into_iter().flatten().map(|spec| masked(&spec)).collect()
}

/// Whether a line such as `# update specs: ['pytorch', 'pytorch-cuda=12.1']` removes its specs, and these.
fn action(line: &str) -> Option<(bool, Vec<String>)> {
    let (action, specs) = line.trim().strip_prefix('#')?.split_once("specs:")?;
    let is_removal = match action.trim() {
        "update" | "install" | "create" | "neutered" => false,
        "remove" | "uninstall" => true,
        _ => return None,
    };
    let specs = specs.trim();
    let list = match specs.strip_prefix('[').and_then(|list| list.strip_suffix(']')) {
        Some(list) => quoted(list),
        None => with_commas(specs),
    };
    // The name of a feature ends with `@`.
    let is_package = |spec: &String| !spec.is_empty() && !spec.ends_with('@');
    Some((is_removal, list.into_iter().filter(is_package).collect()))
}

/// The texts between quotes of either kind, as Python and JSON write them.
fn quoted(list: &str) -> Vec<String> {
    let (mut texts, mut open) = (Vec::new(), None::<(char, String)>);
    let mut characters = list.chars();
    while let Some(c) = characters.next() {
        match (&mut open, c) {
            (Some((_, text)), '\\') => text.extend(characters.next()),
            (Some((quote, _)), c) if c == *quote => texts.extend(open.take().map(|(_, text)| text)),
            (Some((_, text)), c) => text.push(c),
            (None, '\'' | '"') => open = Some((c, String::new())),
            (None, _) => {}
        }
    }
    texts
}

/// `python>=3.5.1,jupyter >=1.0.0,<2.0`: a part that starts with a relation belongs to the spec before.
fn with_commas(specs: &str) -> Vec<String> {
    let mut list: Vec<String> = Vec::new();
    for part in specs.split(',') {
        match list.last_mut() {
            Some(before) if part.trim_start().starts_with(['<', '>', '=', '!', '~']) => {
                before.extend([",", part]);
            }
            Some(_) | None => list.push(part.trim().to_owned()),
        }
    }
    list
}

/// The package of a spec: `pytorch` of `conda-forge/linux-64::pytorch[version=2.5]`.
pub(super) fn name(spec: &str) -> Option<&str> {
    let spec = spec.rsplit_once("::").map_or(spec, |(_, spec)| spec).trim_start();
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let end = spec.find(|c| !is_name(c)).unwrap_or(spec.len());
    (end > 0).then_some(&spec[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_both_clients_are_read_and_later_requests_replace_earlier_ones() {
        let text = "==> 2024-05-01 10:00:00 <==\n\
            # cmd: /opt/conda/bin/conda create -n t pytorch pytorch-cuda=12.1\n\
            # conda version: 24.1.2\n\
            +https://conda.anaconda.org/pytorch/linux-64::pytorch-2.3.0-py3.11_cuda12.1_cudnn8.9.2_0\n\
            # update specs: ['python=3.11', 'pytorch', \"pytorch-cuda[version='12.1.*']\"]\n\
            ==> 2024-06-01 10:00:00 <==\n\
            # cmd: micromamba install pytorch=2.4\n\
            # update specs: [\"pytorch=2.4\"]\n";
        let expected = ["python=3.11", "pytorch=2.4", "pytorch-cuda[version='12.1.*']"];
        assert_eq!(requested(text), expected);
    }

    #[test]
    fn removed_specs_are_dropped_and_neutered_ones_replaced() {
        let text = "# update specs: ['numpy=1.26', 'pytorch==2.5.1', 'cpuonly']\n\
            # remove specs: ['cpuonly', 'not-there']\n\
            # neutered specs: ['numpy']\n";
        assert_eq!(requested(text), ["numpy", "pytorch==2.5.1"]);
    }

    #[test]
    fn the_form_before_conda_4_5_is_read_too() {
        let text = "# install specs: python>=3.5.1,jupyter >=1.0.0,<2.0,matplotlib\n";
        assert_eq!(requested(text), ["python>=3.5.1", "jupyter >=1.0.0,<2.0", "matplotlib"]);
    }

    #[test]
    fn other_lines_are_ignored() {
        for text in
            ["", "# specs:", "# update specs:", "# update specs: [", "#", "# other specs: ['a']"]
        {
            assert_eq!(requested(text), [""; 0], "{text}");
        }
        assert_eq!(requested("# update specs: ['open, \"a\"]"), [""; 0]);
        assert_eq!(requested("# update specs: ['mkl@', 'it\\'s']"), ["it's"]);
    }

    #[test]
    fn a_request_keeps_no_token() {
        let text = "# update specs: ['https://h.example/t/tk-1/private::pytorch']";
        assert_eq!(requested(text), ["https://h.example/t/***/private::pytorch"]);
    }

    #[test]
    fn a_spec_names_one_package() {
        assert_eq!(
            name("conda-forge/linux-64::pytorch-gpu[version='2.13.*']"),
            Some("pytorch-gpu")
        );
        assert_eq!(name("cuda-version 12.4.*"), Some("cuda-version"));
        assert_eq!(name("numpy<2"), Some("numpy"));
        assert_eq!(name("*"), None);
    }
}
