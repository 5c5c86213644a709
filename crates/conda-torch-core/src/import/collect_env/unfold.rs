//! Lines that were run together: an issue's summary, a terminal that was copied with its width.

use std::borrow::Cow;

/// The labels that begin a line.
const LABELS: [&str; 25] = [
    "PyTorch version:",
    "Is debug build:",
    "CUDA used to build PyTorch:",
    "ROCM used to build PyTorch:",
    "OS:",
    "GCC version:",
    "Clang version:",
    "CMake version:",
    "Libc version:",
    "Python version:",
    "Python platform:",
    "Is CUDA available:",
    "CUDA runtime version:",
    "CUDA_MODULE_LOADING set to:",
    "GPU models and configuration:",
    "Nvidia driver version:",
    "cuDNN version:",
    "Is XPU available:",
    "HIP runtime version:",
    "MIOpen runtime version:",
    "Is XNNPACK available:",
    "CPU:",
    "Architecture:",
    "Model name:",
    "Stepping:",
];

/// The text with each label at the beginning of a line.
pub(super) fn unfold(text: &str) -> Cow<'_, str> {
    let is_folded = |line: &str| starts(line).len() > 1;
    if !text.lines().any(is_folded) {
        return Cow::Borrowed(text);
    }
    let mut unfolded = String::with_capacity(text.len() + 64);
    for line in text.lines() {
        let places = starts(line);
        let places = if places.len() > 1 { places } else { Vec::new() };
        let mut from = 0;
        for place in places {
            unfolded.push_str(&line[from..place]);
            unfolded.push('\n');
            from = place;
        }
        unfolded.push_str(&line[from..]);
        unfolded.push('\n');
    }
    Cow::Owned(unfolded)
}

/// Where labels begin in a line, also those of single GPUs.
fn starts(line: &str) -> Vec<usize> {
    let is_start = |place: usize| place == 0 || line[..place].ends_with([' ', '\t']);
    let labels = LABELS.iter().flat_map(|label| line.match_indices(label));
    let mut places: Vec<usize> =
        labels.map(|(place, _)| place).filter(|place| is_start(*place)).collect();
    // `GPU 0: NVIDIA L4 GPU 1: NVIDIA L4`; one alone may follow its heading on the line.
    let gpus = line.match_indices("GPU ").map(|(place, _)| place).filter(|place| {
        let number = line[place + 4..].split(':').next().unwrap_or_default();
        is_start(*place) && !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit())
    });
    let gpus: Vec<usize> = gpus.collect();
    if gpus.len() > 1 || places.len() > 1 {
        places.extend(gpus);
    }
    places.sort_unstable();
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_on_one_line_are_taken_apart() {
        let text = "OS: Ubuntu (x86_64) Libc version: glibc-2.35 GPU models and configuration: GPU 0: NVIDIA L4 GPU 1: NVIDIA L4 Nvidia driver version: 550.67";
        let lines: Vec<String> = unfold(text).lines().map(|line| line.trim().to_owned()).collect();
        assert_eq!(
            lines,
            [
                "",
                "OS: Ubuntu (x86_64)",
                "Libc version: glibc-2.35",
                "GPU models and configuration:",
                "GPU 0: NVIDIA L4",
                "GPU 1: NVIDIA L4",
                "Nvidia driver version: 550.67",
            ]
        );
    }

    #[test]
    fn a_text_in_lines_stays_as_it_is() {
        let text =
            "GPU models and configuration: GPU 0: Quadro P1000\nCPU:\nArchitecture: x86_64\n";
        assert!(matches!(unfold(text), Cow::Borrowed(_)));
    }
}
