//! The banner and the table of GPUs that `nvidia-smi` prints without flags, as people paste it.
//!
//! Cells are separated at `|` and not by their columns, since copying changes spaces and line ends.

use super::{Report, ReportedGpu, is_of_windows, values};
use crate::types::DriverVersion;

pub(in super::super) fn parse(plain: &str) -> Option<Report> {
    if !plain.contains(['|', '│', '┃', '║']) {
        return one_line(plain);
    }
    let text = unbroken(plain);
    let has_version = values::driver(&text).is_some() || values::cuda(&text).is_some();
    let gpus = gpus(&text);
    if gpus.is_empty() && !(has_version && text.contains("NVIDIA-SMI") && text.contains('|')) {
        return None;
    }
    let head = head(&text);
    let is_windows = text.split('|').any(has_windows_model);
    let is_wsl = !is_windows && is_wsl(head);
    let is_linux = is_wsl || text.contains("Persistence-M");
    Some(Report {
        driver: values::driver(head),
        cuda: values::cuda(head),
        has_no_cuda: values::has_no_cuda(head),
        os: is_windows.then_some("Windows").or(is_linux.then_some("Linux")),
        is_wsl,
        gpus,
        ..Report::default()
    })
}

/// The line with the versions alone, without bars.
fn one_line(plain: &str) -> Option<Report> {
    // People mention other drivers in sentences.
    let is_word = |word: &str| {
        let word = word.trim_end_matches([',', ';']);
        word.starts_with(|c: char| c.is_ascii_digit())
            || [
                "NVIDIA-SMI",
                "Driver",
                "CUDA",
                "KMD",
                "UMD",
                "Version:",
                "Version",
                ":",
                "ERR!",
                "N/A",
                "[N/A]",
            ]
            .contains(&word)
    };
    let is_head = |line: &&str| {
        values::driver(line).is_some()
            && (line.contains("NVIDIA-SMI") || has_cuda_label(line))
            && line.split_whitespace().all(is_word)
    };
    let head = plain.lines().find(is_head)?;
    let is_wsl = is_wsl(head);
    Some(Report {
        driver: values::driver(head),
        cuda: values::cuda(head),
        has_no_cuda: values::has_no_cuda(head),
        os: is_wsl.then_some("Linux"),
        is_wsl,
        gpus: plain.lines().filter_map(without_bars).collect(),
        ..Report::default()
    })
}

/// A row of the table without its bars: `0 Tesla T4 Off 00000000:00:1E.0 Off 0`.
fn without_bars(line: &str) -> Option<ReportedGpu> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let place = words.iter().position(|word| word.contains(':') && is_place(word))?;
    named(&words[..place].join(" "))
}

fn has_cuda_label(line: &str) -> bool {
    values::cuda(line).is_some() || values::has_no_cuda(line)
}

/// The text with plain bars, and with the lines joined that a narrow terminal broke.
fn unbroken(plain: &str) -> String {
    let plain = plain.replace(['│', '┃', '║'], "|").replace("\\|", "|");
    let mut text = String::with_capacity(plain.len());
    // The last line: whether it is a row, whether its end is missing, and its characters.
    let (mut is_row, mut is_open, mut width) = (false, false, 0);
    for line in plain.lines() {
        if is_open && !line.trim_start().starts_with(['|', '+']) {
            text.pop();
            // A terminal breaks within words, at its last column; an editor between them.
            if width != 80 {
                text.push(' ');
                width += 1;
            }
        } else {
            (is_row, is_open, width) = (line.starts_with('|'), false, 0);
        }
        let end = line.trim_end();
        if !end.is_empty() {
            is_open = is_row && !end.ends_with('|');
        }
        width += line.chars().count();
        text.push_str(line);
        text.push('\n');
    }
    text
}

/// The line with the versions. Around it people mention other drivers (`with Driver Version: 470.82 it worked`).
/// Without that line the whole text counts.
fn head(text: &str) -> &str {
    let is_head = |line: &&str| values::driver(line).is_some() && line.contains('|');
    let lines = text.lines().filter_map(|line| Some(&line[line.find("NVIDIA-SMI")?..]));
    lines.into_iter().find(is_head).unwrap_or(text)
}

/// Whether the versions of the program, which is Linux's, and of the driver, which is Windows', differ.
fn is_wsl(head: &str) -> bool {
    let program = head.split("NVIDIA-SMI").nth(1);
    let program: Option<DriverVersion> = program.and_then(|rest| values::parsed(rest.trim_start()));
    program.zip(values::driver(head)).is_some_and(|(program, driver)| program != driver)
}

/// Whether a cell is of a GPU or its heading, and ends with a driver model of Windows: `GPU Name TCC/WDDM`.
fn has_windows_model(cell: &str) -> bool {
    let mut words = cell.split_whitespace();
    let is_of_gpu = words.next().is_some_and(|word| word == "GPU" || word.parse::<u8>().is_ok());
    is_of_gpu && words.last().is_some_and(|word| word.split('/').any(is_of_windows))
}

/// The rows of the table: `|   0  Tesla T4            Off  | 00000000:00:1E.0 Off | …`.
fn gpus(text: &str) -> Vec<ReportedGpu> {
    let cells: Vec<&str> = text.split('|').map(str::trim).collect();
    let mut gpus: Vec<ReportedGpu> = Vec::new();
    let mut is_new = false;
    for (at, cell) in cells.iter().enumerate() {
        let next = cells.get(at + 1).copied().unwrap_or_default();
        if let Some(gpu) = named(cell).filter(|_| is_place(next)) {
            is_new = gpus.iter().all(|other| other.index != gpu.index);
            if is_new {
                gpus.push(gpu);
            }
        } else if let Some(gpu) = gpus.last_mut().filter(|_| is_new) {
            let memory = cell.split_once('/').and_then(|(used, all)| {
                values::mib(used).and(values::mib(all)).filter(|_| all.ends_with("MiB"))
            });
            gpu.memory = gpu.memory.or(memory);
            gpu.mig = gpu.mig.or(values::switch(cell));
        }
    }
    gpus
}

/// Number, name, and the persistence mode or the driver model.
fn named(cell: &str) -> Option<ReportedGpu> {
    let mut words: Vec<&str> = cell.split_whitespace().collect();
    let last = words.pop()?;
    let is_mode = ["On", "Off", "N/A", "ERR!"].contains(&last) || is_of_windows(last);
    if !is_mode || words.len() < 2 {
        return None;
    }
    let index = words[0].parse().ok().filter(|index| *index < 256)?;
    let name = values::known(&words[1..].join(" ")).map(str::to_owned);
    Some(ReportedGpu { index: Some(index), name, ..ReportedGpu::default() })
}

/// Whether a cell starts with a place on the bus, `00000000:01:00.0`. A Jetson's GPU has none.
fn is_place(cell: &str) -> bool {
    let mut words = cell.split_whitespace();
    let Some(first) = words.next() else { return false };
    let is_hex = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_hexdigit());
    let parts: Vec<&str> = first.split([':', '.']).collect();
    parts.len() >= 3 && parts.iter().all(|part| is_hex(part))
        || first == "N/A" && words.next() == Some("N/A")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Report {
        super::parse(text).unwrap_or_default()
    }

    #[test]
    fn rows_are_found_in_every_layout() {
        for row in [
            "|   0  GeForce GTX 108...  Off  | 00000000:01:00.0  On |                  N/A |",
            "|   0  GeForce GTX 108...  Off  | 0000:01:00.0     Off |                  N/A |",
            "| 0 GeForce GTX 108... WDDM | 00000000:01:00.0 On | N/A |",
            "│   0  GeForce GTX 108...  TCC   │ 00000000:01:00.0  On │",
        ] {
            let gpus = parse(row).gpus;
            assert_eq!(gpus.len(), 1, "{row}");
            assert_eq!(gpus[0].name.as_deref(), Some("GeForce GTX 108..."), "{row}");
        }
    }

    #[test]
    fn processes_and_slices_are_not_gpus() {
        let text = "|    0   N/A  N/A      1234      C   python3      1000MiB |\n\
                    |  0    7   0   0  |     12MiB /  4864MiB  | 14      0 |\n";
        assert_eq!(parse(text).gpus, []);
    }

    #[test]
    fn text_around_the_table_and_paths_of_processes_are_ignored() {
        let table = "| NVIDIA-SMI 580.95.05   Driver Version: 580.95.05   CUDA Version: 13.0 |\n\
                     | GPU  Name      Persistence-M | Bus-Id     Disp.A | Volatile Uncorr. ECC |\n\
                     |   0  Tesla T4            Off | 00000000:01:00.0 Off |                0 |\n";
        for (before, after) in [
            ("Driver Version: 470.82.01, CUDA Version: 11.4 worked. Now:\n", ""),
            ("With NVIDIA-SMI 470.82.01 it worked, in Windows by WDDM:\n", ""),
            ("The KMD Version: 610.47 is not out here.\n", "CUDA UMD Version: 13.3 neither.\n"),
            ("", "|    0   N/A  N/A   2184   C   /home/ada/TCC/python   4512MiB |\n"),
        ] {
            let report = parse(&format!("{before}{table}{after}"));
            let driver = report.driver.map(|driver| driver.to_string());
            assert_eq!(driver.as_deref(), Some("580.95.05"), "{before}{after}");
            let cuda = report.cuda.map(|cuda| cuda.to_string());
            assert_eq!(cuda.as_deref(), Some("13.0"), "{before}{after}");
            assert_eq!((report.os, report.is_wsl), (Some("Linux"), false), "{before}{after}");
        }
    }

    #[test]
    fn a_version_that_a_terminal_broke_is_joined() {
        let line = "| NVIDIA-SMI 535.129.03             Driver Version: 535.129.03   CUDA Version: 12.2     |";
        let (first, rest) = line.split_at(80);
        let report = parse(&format!("{first}\n{rest}\n"));
        assert_eq!(report.cuda.map(|cuda| cuda.to_string()).as_deref(), Some("12.2"));
    }

    #[test]
    fn the_system_is_known_by_the_model_and_by_different_versions() {
        let system = |text: &str| {
            let report = parse(text);
            (report.os, report.is_wsl)
        };
        assert_eq!(
            system("| NVIDIA-SMI 551.86 Driver Version: 551.86 |\n| GPU  Name  TCC/WDDM |"),
            (Some("Windows"), false)
        );
        assert_eq!(
            system("| NVIDIA-SMI 550.76.01 Driver Version: 552.22 |\n| Persistence-M |"),
            (Some("Linux"), true)
        );
        assert_eq!(
            system("| NVIDIA-SMI 384.81 Driver Version: 384.81 |\n| Persistence-M |"),
            (Some("Linux"), false)
        );
        assert_eq!(system("| NVIDIA-SMI 384.81 Driver Version: 384.81 |"), (None, false));
    }
}
