//! Splits lines that were joined: the summary of an issue, a terminal that was copied with its width.

/// Labels at the start of a line.
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

/// The text with each label at the start of a line.
pub(super) fn unfold(text: &str) -> String {
    let mut unfolded = String::new();
    for line in text.lines() {
        let starts = starts(line);
        let mut from = 0;
        // A single label stays where it is.
        for place in starts.iter().filter(|_| starts.len() > 1) {
            unfolded += &line[from..*place];
            unfolded.push('\n');
            from = *place;
        }
        unfolded += &line[from..];
        unfolded.push('\n');
    }
    unfolded
}

/// Where labels start in a line, and those of single GPUs.
fn starts(line: &str) -> Vec<usize> {
    let is_start = |place: &usize| *place == 0 || line[..*place].ends_with([' ', '\t']);
    let labels = LABELS.iter().flat_map(|label| line.match_indices(label));
    let mut places: Vec<usize> = labels.map(|(place, _)| place).filter(is_start).collect();
    // `GPU 0: NVIDIA L4 GPU 1: NVIDIA L4`; a single one may follow its heading on the line.
    let is_gpu = |place: &usize| {
        let number = line[place + 4..].split(':').next().unwrap_or_default();
        is_start(place) && !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit())
    };
    let gpus = line.match_indices("GPU ").map(|(place, _)| place);
    let gpus: Vec<usize> = gpus.filter(is_gpu).collect();
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
    fn labels_on_one_line_are_split() {
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
    fn text_with_a_label_a_line_is_unchanged() {
        let text =
            "GPU models and configuration: GPU 0: Quadro P1000\nCPU:\nArchitecture: x86_64\n";
        assert_eq!(unfold(text), text);
    }
}
