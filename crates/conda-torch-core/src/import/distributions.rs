//! The glibc of Linux distributions, by their names and releases.
//!
//! Source: <https://repology.org/project/glibc/versions>, and for releases that ended <https://distrowatch.com>.

use crate::conda::Version;

/// From a release on, the glibc. A release is its major number times 100 and its minor one.
type Releases = &'static [(u32, [u16; 2])];

/// Words of a name, and its releases, ascending. A name with several of these words is of the first.
const DISTRIBUTIONS: &[(&[&str], Releases)] = &[
    (
        &["mint"],
        &[(1800, [2, 23]), (1900, [2, 27]), (2000, [2, 31]), (2100, [2, 35]), (2200, [2, 39])],
    ),
    (
        &["ubuntu", "pop!", "kubuntu", "xubuntu", "lubuntu", "neon"],
        &[
            (1404, [2, 19]),
            (1604, [2, 23]),
            (1804, [2, 27]),
            (1810, [2, 28]),
            (1904, [2, 29]),
            (1910, [2, 30]),
            (2004, [2, 31]),
            (2010, [2, 32]),
            (2104, [2, 33]),
            (2110, [2, 34]),
            (2204, [2, 35]),
            (2210, [2, 36]),
            (2304, [2, 37]),
            (2310, [2, 38]),
            (2404, [2, 39]),
            (2410, [2, 40]),
            (2504, [2, 41]),
            (2510, [2, 42]),
        ],
    ),
    (
        &["debian", "raspbian"],
        &[
            (800, [2, 19]),
            (900, [2, 24]),
            (1000, [2, 28]),
            (1100, [2, 31]),
            (1200, [2, 36]),
            (1300, [2, 41]),
        ],
    ),
    // The service pack is the minor number: `15 SP4` is 15.4.
    (
        &["suse", "opensuse", "sles", "sled"],
        &[
            (1200, [2, 19]),
            (1202, [2, 22]),
            (1500, [2, 26]),
            (1503, [2, 31]),
            (1506, [2, 38]),
            (4200, [2, 22]),
        ],
    ),
    (
        &["enterprise", "red", "rhel", "centos", "rocky", "almalinux", "oracle", "scientific"],
        &[(600, [2, 12]), (700, [2, 17]), (800, [2, 28]), (900, [2, 34]), (1000, [2, 39])],
    ),
    (
        &["fedora"],
        &[
            (2800, [2, 27]),
            (2900, [2, 28]),
            (3000, [2, 29]),
            (3100, [2, 30]),
            (3200, [2, 31]),
            (3300, [2, 32]),
            (3400, [2, 33]),
            (3500, [2, 34]),
            (3600, [2, 35]),
            (3700, [2, 36]),
            (3800, [2, 37]),
            (3900, [2, 38]),
            (4000, [2, 39]),
            (4100, [2, 40]),
            (4200, [2, 41]),
            (4300, [2, 42]),
        ],
    ),
    (&["amazon"], &[(200, [2, 26]), (202_300, [2, 34])]),
];

/// The glibc of a distribution: `Ubuntu 22.04.3 LTS`, `CentOS Linux release 7.9.2009 (Core)`, `SUSE Linux Enterprise
/// Server 15 SP4`. `None` for a release that is older than the rows, and for a name without a number.
pub(super) fn glibc_of(name: &str) -> Option<Version> {
    let lower = name.to_ascii_lowercase();
    let words: Vec<&str> = lower.split([' ', '-', '_', '"', '(', ')', ',', '/']).collect();
    let has = |word: &&str| words.contains(word);
    let (_, releases) = DISTRIBUTIONS.iter().find(|(names, _)| names.iter().any(has))?;
    let mut numbers = words.iter().filter(|word| word.starts_with(|c: char| c.is_ascii_digit()));
    let release = release(numbers.next()?)?;
    let pack = words.iter().find_map(|word| word.strip_prefix("sp")?.parse().ok());
    let release = release.saturating_add(pack.unwrap_or(0_u32));
    let row = releases.iter().rev().find(|(first, _)| release >= *first)?;
    Some(Version::new(&row.1))
}

/// The distribution that a line of any text names with its release: `Ubuntu 20.04`. `None` for the compiler's
/// `gcc (Ubuntu 11.4.0-1ubuntu1~22.04)`.
pub(super) fn named_in(line: &str) -> Option<&str> {
    const NAMES: [&str; 9] = [
        "Ubuntu ",
        "Debian ",
        "CentOS ",
        "Rocky ",
        "AlmaLinux ",
        "Fedora ",
        "Red Hat ",
        "openSUSE ",
        "SUSE ",
    ];
    if !line.contains(' ') {
        return None;
    }
    let start = NAMES.iter().filter_map(|name| line.find(name)).min()?;
    let lower = line.to_ascii_lowercase();
    if lower.contains("gcc") || lower.contains("clang") {
        return None;
    }
    let text = &line[start..];
    let number = text.find(|c: char| c.is_ascii_digit())?;
    let is_near =
        text[..number].split_whitespace().count() < 6 && !text[..number].contains([',', ';']);
    let end = text[number..]
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len() - number);
    let name = text[..number + end].trim_end_matches('.');
    (is_near && glibc_of(name).is_some()).then_some(name)
}

/// The major and the minor number as one: 2204 for `22.04.3`.
fn release(text: &str) -> Option<u32> {
    let mut parts = text.split('.').map_while(|part| part.parse::<u32>().ok());
    parts.next()?.checked_mul(100)?.checked_add(parts.next().unwrap_or(0).min(99))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_names_a_distribution_with_its_release() {
        assert_eq!(named_in("a PC with Ubuntu 20.04, and"), Some("Ubuntu 20.04"));
        assert_eq!(
            named_in("CentOS Linux release 7.9.2009 (Core)"),
            Some("CentOS Linux release 7.9.2009")
        );
        for line in [
            "gcc (Ubuntu 11.4.0-1ubuntu1~22.04)",
            "Ubuntu is fine, with 20.04 GB",
            "20.04",
            "Ubuntu ",
        ] {
            assert_eq!(named_in(line), None, "{line}");
        }
    }

    #[test]
    fn names_are_read_as_systems_write_them() {
        for (name, expected) in [
            ("Ubuntu 22.04.3 LTS", Some("2.35")),
            ("Ubuntu 16.04.5 LTS", Some("2.23")),
            ("Ubuntu 22.04 Jammy", Some("2.35")),
            ("Pop!_OS 22.04 LTS", Some("2.35")),
            ("Linux Mint 21.2 Victoria", Some("2.35")),
            ("Debian GNU/Linux 12 (bookworm)", Some("2.36")),
            ("Debian GNU/Linux trixie/sid", None),
            ("CentOS Linux release 7.9.2009 (Core)", Some("2.17")),
            ("CentOS Linux 7 (Core)", Some("2.17")),
            ("CentOS Stream 9", Some("2.34")),
            ("Red Hat Enterprise Linux release 8.6 (Ootpa)", Some("2.28")),
            ("Rocky Linux 9.3 (Blue Onyx)", Some("2.34")),
            ("AlmaLinux 10.0", Some("2.39")),
            ("SUSE Linux Enterprise Server 12 SP5", Some("2.22")),
            ("SUSE Linux Enterprise Server 15 SP2", Some("2.26")),
            ("SUSE Linux Enterprise Server 15 SP4", Some("2.31")),
            ("openSUSE Leap 15.5", Some("2.31")),
            ("Amazon Linux 2", Some("2.26")),
            ("Amazon Linux 2023", Some("2.34")),
            ("Fedora Linux 40 (Workstation Edition)", Some("2.39")),
            ("Arch Linux", None),
            ("Ubuntu 12.04", None),
        ] {
            let found = glibc_of(name).map(|version| version.to_string());
            assert_eq!(found.as_deref(), expected, "{name}");
        }
    }
}
