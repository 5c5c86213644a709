//! Names of nodes: a bit for each number beside the text around it, printed as ranges (`gpu[001-128]`).

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;

/// The names that have one text around a number: `gpu001` to `gpu128`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Family {
    prefix: String,
    suffix: String,
    /// How many digits the number has if it begins with a zero; 0: as many as it needs. `None`: there is no number.
    width: Option<u8>,
}

/// How many digits a number has at least, the first number and the last.
type Numbers = (u8, u64, u64);

/// The families of names that were read. A [`HostSet`] refers to them.
#[derive(Debug, Clone, Default)]
pub(super) struct Names {
    families: Vec<Family>,
    places: HashMap<Family, u32>,
    /// The family of the last name: most names follow one of their family.
    last: u32,
}

/// A name: its family, and its number in it.
pub(super) type Host = (u32, u64);

/// The longest name of a host, in bytes (RFC 1035).
const LONGEST: usize = 253;

/// Whether a text can be the name of a node: letters, digits, `.`, `-` and `_`, so that it means itself in every file
/// that an answer is written to.
pub fn is_host_name(text: &str) -> bool {
    let is_part = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'.' | b'-' | b'_');
    !text.is_empty()
        && text.len() <= LONGEST
        && text.as_bytes()[0].is_ascii_alphanumeric()
        && text.bytes().all(is_part)
}

/// `gpu001.example.org`: `gpu`, `001`, `.example.org`. The number is the last of the host's own label; an address has
/// only numbers, so that its last one counts. `None`: no number that fits.
fn split(name: &str) -> Option<(&str, &str, &str)> {
    let label = name.split('.').next().unwrap_or(name);
    let own = if label.bytes().all(|c| c.is_ascii_digit()) { name } else { label };
    let end = own.bytes().rposition(|c| c.is_ascii_digit())? + 1;
    let digits = own[..end].bytes().rev().take_while(u8::is_ascii_digit).count();
    let start = end - digits;
    (digits <= 18).then(|| (&name[..start], &name[start..end], &name[end..]))
}

impl Names {
    /// A name as its family and number.
    pub(super) fn host(&mut self, name: &str) -> Host {
        let last = self.families.get(self.last as usize);
        if let Some(number) = last.and_then(|family| family.number(name)) {
            return (self.last, number);
        }
        let Some((prefix, digits, suffix)) = split(name) else {
            return (self.family(name, "", None), 0);
        };
        let is_padded = digits.len() > 1 && digits.starts_with('0');
        let width = if is_padded { u8::try_from(digits.len()).unwrap_or(0) } else { 0 };
        (self.family(prefix, suffix, Some(width)), digits.parse().unwrap_or(0))
    }

    fn family(&mut self, prefix: &str, suffix: &str, width: Option<u8>) -> u32 {
        let family = Family { prefix: prefix.to_owned(), suffix: suffix.to_owned(), width };
        let next = u32::try_from(self.families.len()).unwrap_or(u32::MAX);
        self.last = *self.places.entry(family).or_insert_with_key(|family| {
            self.families.push(family.clone());
            next
        });
        self.last
    }

    /// The name of a host.
    pub(super) fn name(&self, (family, number): Host) -> String {
        self.families.get(family as usize).map_or_else(String::new, |family| family.name(number))
    }

    /// A set as ranges.
    pub(super) fn list(&self, set: &HostSet) -> HostList {
        let mut groups: BTreeMap<(&str, &str), Vec<Numbers>> = BTreeMap::new();
        let mut plain: Vec<&str> = Vec::new();
        for ((id, from), to) in set.intervals() {
            let Some(family) = self.families.get(id as usize) else { continue };
            match family.width {
                None => plain.push(&family.prefix),
                Some(width) => groups
                    .entry((&family.prefix, &family.suffix))
                    .or_default()
                    .push((width, from, to)),
            }
        }
        let mut ranges: Vec<HostRange> = plain.into_iter().map(HostRange::plain).collect();
        for ((prefix, suffix), intervals) in groups {
            // All ranges of a family have one text: there may be one a node.
            let (prefix, suffix): (Arc<str>, Arc<str>) = (prefix.into(), suffix.into());
            ranges.extend(joined(intervals).into_iter().map(|numbers| HostRange {
                prefix: Arc::clone(&prefix),
                suffix: Arc::clone(&suffix),
                numbers: Some(numbers),
            }));
        }
        HostList::of(ranges)
    }
}

impl Family {
    /// The number of a name of this family.
    fn number(&self, name: &str) -> Option<u64> {
        let rest = name.as_bytes().strip_prefix(self.prefix.as_bytes())?;
        let digits = rest.strip_suffix(self.suffix.as_bytes())?;
        let is_padded = digits.len() > 1 && digits[0] == b'0';
        let width = if is_padded { digits.len() } else { 0 };
        if digits.is_empty() || digits.len() > 18 || self.width.map(usize::from) != Some(width) {
            return None;
        }
        digits.iter().try_fold(0, |number, digit| {
            digit.is_ascii_digit().then(|| number * 10 + u64::from(digit - b'0'))
        })
    }

    fn name(&self, number: u64) -> String {
        let Self { prefix, suffix, width } = self;
        match width {
            Some(width) => format!("{prefix}{number:0width$}{suffix}", width = usize::from(*width)),
            None => prefix.clone(),
        }
    }
}

/// Joins ranges of numbers: `100` has as many digits as `099`, so that both are of `[001-128]`.
fn joined(intervals: Vec<Numbers>) -> Vec<Numbers> {
    let padded: Vec<u8> = intervals.iter().map(|(width, ..)| *width).filter(|it| *it > 0).collect();
    let mut pieces: Vec<Numbers> = Vec::new();
    for (width, mut from, to) in intervals {
        if width > 0 || padded.is_empty() {
            pieces.push((width, from, to));
            continue;
        }
        // One piece for each number of digits.
        while from <= to {
            let digits = u8::try_from(from.max(1).ilog10() + 1).unwrap_or(0);
            let last = 10_u64.checked_pow(digits.into()).map_or(u64::MAX, |next| next - 1).min(to);
            let width = if padded.contains(&digits) { digits } else { 0 };
            pieces.push((width, from, last));
            let Some(next) = last.checked_add(1) else { break };
            from = next;
        }
    }
    pieces.sort_unstable();
    let mut ranges: Vec<Numbers> = Vec::new();
    for (width, from, to) in pieces {
        match ranges.last_mut() {
            Some(last) if last.0 == width && last.2.checked_add(1) == Some(from) => last.2 = to,
            Some(_) | None => ranges.push((width, from, to)),
        }
    }
    ranges
}

/// A set of names: 64 numbers of a family take one word.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct HostSet(HashMap<(u32, u64), u64>);

impl HostSet {
    /// Adds a name.
    pub(super) fn insert(&mut self, (family, number): Host) {
        self.insert_word((family, number / 64), 1 << (number % 64));
    }

    /// Adds names of a family by their bits: those from 64 times the place on.
    pub(super) fn insert_word(&mut self, place: (u32, u64), bits: u64) {
        if bits != 0 {
            *self.0.entry(place).or_default() |= bits;
        }
    }

    /// How many names.
    pub(super) fn len(&self) -> u64 {
        self.0.values().map(|word| u64::from(word.count_ones())).sum()
    }

    /// Adds all of another.
    pub(super) fn extend(&mut self, other: &Self) {
        for (place, word) in &other.0 {
            self.insert_word(*place, *word);
        }
    }

    /// Those that another lacks.
    pub(super) fn without(&self, other: &Self) -> Self {
        let left = |(place, word)| (place, word & !other.0.get(&place).copied().unwrap_or(0));
        Self(self.words().map(left).filter(|(_, bits)| *bits != 0).collect())
    }

    /// The names by their bits: 64 numbers of a family each, in no order.
    pub(super) fn words(&self) -> impl Iterator<Item = ((u32, u64), u64)> {
        self.0.iter().map(|(place, word)| (*place, *word))
    }

    /// Each, in the order of families and numbers.
    pub(super) fn hosts(&self) -> impl Iterator<Item = Host> {
        let mut words: Vec<(&(u32, u64), &u64)> = self.0.iter().collect();
        words.sort_unstable();
        words.into_iter().flat_map(|((family, chunk), word)| {
            let bits = (0..64).filter(move |bit| word >> bit & 1 == 1);
            bits.map(move |bit| (*family, chunk * 64 + bit))
        })
    }

    /// The first and last of each run of numbers.
    fn intervals(&self) -> Vec<(Host, u64)> {
        let mut intervals: Vec<(Host, u64)> = Vec::new();
        for (family, number) in self.hosts() {
            match intervals.last_mut() {
                Some(((last, _), to)) if *last == family && to.checked_add(1) == Some(number) => {
                    *to = number;
                }
                Some(_) | None => intervals.push(((family, number), number)),
            }
        }
        intervals
    }
}

/// Names of nodes as ranges, in their order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HostList {
    /// The ranges.
    pub ranges: Vec<HostRange>,
    /// How many names were left out.
    hidden: u64,
}

/// Names with consecutive numbers, or one name without a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostRange {
    /// What is before the number, or the whole name.
    pub prefix: Arc<str>,
    /// What is after it.
    pub suffix: Arc<str>,
    /// How many digits a number has at least, the first number and the last; `None`: no number.
    pub numbers: Option<Numbers>,
}

impl HostRange {
    fn plain(name: &str) -> Self {
        Self { prefix: name.into(), suffix: "".into(), numbers: None }
    }

    /// How many names.
    fn len(&self) -> u64 {
        self.numbers.map_or(1, |(_, from, to)| to - from + 1)
    }

    /// Each name.
    pub fn names(&self) -> impl Iterator<Item = String> {
        let Self { prefix, suffix, numbers } = self;
        let (width, from, to) = numbers.unwrap_or((0, 0, 0));
        let width = usize::from(width);
        (from..=to).map(move |number| match numbers {
            Some(_) => format!("{prefix}{number:0width$}{suffix}"),
            None => prefix.to_string(),
        })
    }

    /// The first and the last number as text, one pair for each number of digits; `None`: there is no number.
    pub fn digits(&self) -> Option<Vec<(String, String)>> {
        let (width, mut from, to) = self.numbers?;
        let mut pairs = Vec::new();
        while from <= to {
            let digits = (from.max(1).ilog10() + 1).max(width.into());
            let last = 10_u64.checked_pow(digits).map_or(u64::MAX, |next| next - 1).min(to);
            let width = digits as usize;
            pairs.push((format!("{from:0width$}"), format!("{last:0width$}")));
            let Some(next) = last.checked_add(1) else { break };
            from = next;
        }
        Some(pairs)
    }

    /// Glob patterns of a shell that match these names and no other: `gpu00[1-9]`, `gpu0[1-9][0-9]`.
    pub fn patterns(&self) -> Vec<String> {
        let Self { prefix, suffix, .. } = self;
        let Some(pairs) = self.digits() else { return vec![prefix.to_string()] };
        let mut patterns = Vec::new();
        for (from, to) in pairs {
            digit_patterns(&from, &to, &mut |digits| {
                patterns.push(format!("{prefix}{digits}{suffix}"));
            });
        }
        patterns
    }
}

/// The patterns of all numbers between two with as many digits.
fn digit_patterns(from: &str, to: &str, add: &mut dyn FnMut(&str)) {
    let any = |count: usize| "[0-9]".repeat(count);
    let common = from.bytes().zip(to.bytes()).take_while(|(a, b)| a == b).count();
    let (head, from, to) = (&from[..common], &from[common..], &to[common..]);
    if from.is_empty() {
        return add(head);
    }
    let rest = from.len() - 1;
    let (first, last) = (from.as_bytes()[0], to.as_bytes()[0]);
    let starts = from[1..].bytes().all(|c| c == b'0');
    let ends = to[1..].bytes().all(|c| c == b'9');
    if !starts {
        let head = format!("{head}{}", char::from(first));
        digit_patterns(&from[1..], &"9".repeat(rest), &mut |it| add(&format!("{head}{it}")));
    }
    let (low, high) = (first + u8::from(!starts), last - u8::from(!ends));
    if low == high {
        add(&format!("{head}{}{}", char::from(low), any(rest)));
    } else if low < high {
        add(&format!("{head}[{}-{}]{}", char::from(low), char::from(high), any(rest)));
    }
    if !ends {
        let head = format!("{head}{}", char::from(last));
        digit_patterns(&"0".repeat(rest), &to[1..], &mut |it| add(&format!("{head}{it}")));
    }
}

impl HostList {
    /// A list of ranges, in the order of their names.
    pub(super) fn of(mut ranges: Vec<HostRange>) -> Self {
        let key = |it: &HostRange| (Arc::clone(&it.prefix), Arc::clone(&it.suffix), it.numbers);
        ranges.sort_by_cached_key(key);
        Self { ranges, hidden: 0 }
    }

    /// How many names.
    pub fn len(&self) -> u64 {
        self.ranges.iter().map(HostRange::len).sum::<u64>() + self.hidden
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The same number of names, without the names.
    #[must_use]
    pub fn redacted(&self) -> Self {
        Self { ranges: Vec::new(), hidden: self.len() }
    }

    /// Each name.
    pub fn names(&self) -> impl Iterator<Item = String> {
        self.ranges.iter().flat_map(HostRange::names)
    }
}

/// As Slurm, pdsh and `ClusterShell` write them: `gpu[001-128,130],login`.
impl fmt::Display for HostList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_one = |a: &HostRange, b: &HostRange| {
            a.prefix == b.prefix
                && a.suffix == b.suffix
                && a.numbers.is_some()
                && b.numbers.is_some()
        };
        for (at, group) in self.ranges.chunk_by(is_one).enumerate() {
            if at > 0 {
                f.write_str(",")?;
            }
            let HostRange { prefix, suffix, numbers } = &group[0];
            let (Some((width, from, to)), [_]) = (numbers, group) else {
                write_group(f, group)?;
                continue;
            };
            if from == to {
                write!(f, "{prefix}{from:0width$}{suffix}", width = usize::from(*width))?;
            } else {
                write_group(f, group)?;
            }
        }
        Ok(())
    }
}

fn write_group(f: &mut fmt::Formatter<'_>, group: &[HostRange]) -> fmt::Result {
    let HostRange { prefix, suffix, numbers } = &group[0];
    if numbers.is_none() {
        return f.write_str(prefix);
    }
    write!(f, "{prefix}[")?;
    let numbers = group.iter().filter_map(|range| range.numbers);
    for (at, (width, from, to)) in numbers.enumerate() {
        let (comma, width) = (if at > 0 { "," } else { "" }, usize::from(width));
        write!(f, "{comma}{from:0width$}")?;
        if from < to {
            write!(f, "-{to:0width$}")?;
        }
    }
    write!(f, "]{suffix}")
}

/// The most names that an expression stands for.
const MOST_NAMES: usize = 1 << 20;

/// Why a text is not a list of nodes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a list of nodes; expected names and ranges such as gpu[001-128],login1")]
pub struct NoHostList(String);

/// The names of an expression such as `gpu[001-128,130],login1`, also with several brackets.
///
/// # Errors
/// If it is something else, or stands for more than a million names.
pub fn expand(text: &str) -> Result<Vec<String>, NoHostList> {
    let error = || NoHostList(text.to_owned());
    let mut names = Vec::new();
    for part in parts(text) {
        let part = part.trim();
        if !part.is_empty() {
            expand_part(part, &mut names).ok_or_else(error)?;
        }
    }
    if names.is_empty() || names.iter().any(|name| !is_host_name(name)) {
        return Err(error());
    }
    Ok(names)
}

/// The parts between commas and blanks that are in no bracket.
fn parts(text: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0_u32;
    text.split(move |c: char| {
        match c {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0 && (c == ',' || c.is_whitespace())
    })
}

fn expand_part(part: &str, names: &mut Vec<String>) -> Option<()> {
    let mut stems = vec![String::new()];
    let mut rest = part;
    while let Some((before, after)) = rest.split_once('[') {
        let (inside, after) = after.split_once(']')?;
        let mut next = Vec::new();
        for range in inside.split(',') {
            let (from, to) = range.split_once('-').unwrap_or((range, range));
            let is_number =
                |it: &str| (1..=18).contains(&it.len()) && it.bytes().all(|c| c.is_ascii_digit());
            if !is_number(from) || !is_number(to) {
                return None;
            }
            let width = if from.starts_with('0') { from.len() } else { 0 };
            for number in from.parse::<u64>().ok()?..=to.parse().ok()? {
                next.extend(stems.iter().map(|stem| format!("{stem}{before}{number:0width$}")));
                if next.len() + names.len() > MOST_NAMES {
                    return None;
                }
            }
        }
        (stems, rest) = (next, after);
    }
    names.extend(stems.into_iter().map(|stem| stem + rest));
    (names.len() <= MOST_NAMES).then_some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(names: &[&str]) -> HostList {
        let (mut known, mut set) = (Names::default(), HostSet::default());
        for name in names {
            let host = known.host(name);
            set.insert(host);
        }
        known.list(&set)
    }

    #[test]
    fn names_are_ranges_in_any_order() {
        for (names, expected) in [
            (&["gpu003", "gpu001", "gpu002"][..], "gpu[001-003]"),
            (&["n9", "n10", "n11", "n1"], "n[1,9-11]"),
            (&["gpu098", "gpu099", "gpu100", "gpu101"], "gpu[098-101]"),
            (&["login", "gpu1", "gpu2"], "gpu[1-2],login"),
            (&["a1.c2.org", "a2.c2.org"], "a[1-2].c2.org"),
            (&["10.0.0.7", "10.0.0.8"], "10.0.0.[7-8]"),
            (&["r1n01", "r1n02", "r2n01"], "r1n[01-02],r2n01"),
            (&["n01", "n1"], "n1,n01"),
            (&["gpu0", "gpu00"], "gpu0,gpu00"),
            (&["x12345678901234567890"], "x12345678901234567890"),
        ] {
            let list = list(names);
            assert_eq!(list.len(), names.len() as u64, "{expected}");
            let mut back = expand(&list.to_string()).expect("a list of nodes");
            back.sort_unstable();
            let mut sorted: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            sorted.sort_unstable();
            assert_eq!(back, sorted);
            assert_eq!(list.names().count(), names.len());
            if expected != "n1,n01" && expected != "gpu0,gpu00" {
                assert_eq!(list.to_string(), expected);
            }
        }
    }

    #[test]
    fn patterns_match_the_names_of_a_range_and_no_other() {
        let range = |width, from, to| HostRange {
            prefix: "g".into(),
            suffix: "".into(),
            numbers: Some((width, from, to)),
        };
        assert_eq!(
            range(3, 1, 128).patterns(),
            ["g00[1-9]", "g0[1-9][0-9]", "g1[0-1][0-9]", "g12[0-8]"]
        );
        assert_eq!(range(0, 8, 12).patterns(), ["g[8-9]", "g1[0-2]"]);
        assert_eq!(range(0, 0, 999).patterns(), ["g[0-9]", "g[1-9][0-9]", "g[1-9][0-9][0-9]"]);
        assert_eq!(range(2, 7, 7).patterns(), ["g07"]);
    }

    #[test]
    fn a_list_of_nodes_is_expanded() {
        assert_eq!(
            expand("gpu[08-10,12],login1").expect("names"),
            ["gpu08", "gpu09", "gpu10", "gpu12", "login1"]
        );
        assert_eq!(expand("r[1-2]n[1-2]").expect("names").len(), 4);
        for bad in ["", "gpu[1-", "gpu[a-b]", "gpu[1-99999999]", "$(x)", "a b;c"] {
            assert!(expand(bad).is_err(), "{bad}");
        }
    }
}
