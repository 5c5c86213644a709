//! Addresses of channels, and what is secret in them: user names, passwords, tokens (`/t/TOKEN/`), queries.

use std::fmt;
use std::ops::Range;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What stands for a secret.
const MASK: &str = "***";

/// A channel as a user wrote it: a name, an address or a folder. It prints as `https://***@host/t/***/channel`, so that
/// neither a message nor a document can show its secrets.
#[derive(Clone, PartialEq, Eq, Default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(transparent))]
pub struct Address {
    whole: String,
    #[cfg_attr(test, schemars(skip))]
    public: String,
    #[cfg_attr(test, schemars(skip))]
    masked: String,
}

impl Address {
    /// Reads an address. Nothing is refused: the rest of what is not well formed is a secret if in doubt.
    pub fn of(text: &str) -> Self {
        let all = secrets(text, true);
        Self {
            whole: text.to_owned(),
            public: replaced(text, &all, false),
            masked: replaced(text, &all, true),
        }
    }

    /// An address whose variables were replaced by their values, which are secrets. It prints as it was written; if a
    /// variable has the host too, after the host alone.
    pub fn expanded(written: &str, whole: String) -> Self {
        let mut shown = Self::of(written);
        if let Some((scheme, rest)) = whole.split_once("://")
            && (shown.problem().is_some() || !written.contains("://"))
        {
            let host = &rest[Url::of(rest).user.map_or(0, |user| user + 1)..];
            let host = host.split(['/', '?', '#', '\\']).next().unwrap_or_default();
            let path = written.split_once("://").map_or(written, |(_, path)| path);
            shown = Self::of(&format!("{scheme}://{host}/{path}"));
        }
        Self { whole, ..shown }
    }

    /// Without secrets: what commands and files name. A client adds the secrets from its own configuration.
    pub fn public(&self) -> &str {
        &self.public
    }

    /// With its secrets: for the program that connects to it, and nobody else.
    pub fn with_secrets(&self) -> &str {
        &self.whole
    }

    /// Whether it has, or had, a user name, a password, a token or a query.
    pub fn has_secrets(&self) -> bool {
        self.public != self.whole
    }

    /// Why a client could not read it, or not as meant; `None` for a name, a folder and a well-formed address.
    pub(super) fn problem(&self) -> Option<&'static str> {
        let Some((_, rest)) = self.whole.split_once("://") else {
            return self.has_secrets().then_some("an address begins with its scheme: `https://…`");
        };
        let Url { authority, user, .. } = Url::of(rest);
        let host = &rest[user.map_or(0, |at| at + 1)..authority.max(user.map_or(0, |at| at + 1))];
        let is_plain = |c: char| c.is_ascii_alphanumeric() || !c.is_ascii() || "-._:[]".contains(c);
        let is_file = self.whole.starts_with("file:");
        let is_odd = user.is_some_and(|at| at >= authority)
            || user.is_some_and(|at| rest[..at].contains(['@', '/', '#', '?']))
            || !host.chars().all(is_plain)
            || host.is_empty() && !is_file
            || !has_number_as_port(host)
            || rest.contains(char::is_whitespace);
        is_odd.then_some("it is not a URL; in a user name or password, write `@`, `/`, `:`, `#` and blanks as `%40`, `%2F`, `%3A`, `%23` and `%20`")
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.masked, f)
    }
}

impl Serialize for Address {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.masked)
    }
}

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::of(&String::deserialize(deserializer)?))
    }
}

/// Whether a channel is given by its folder.
pub fn is_folder(channel: &str) -> bool {
    let is_drive =
        channel.starts_with(|c: char| c.is_ascii_alphabetic()) && channel.get(1..3) == Some(":\\");
    channel.starts_with(['.', '/', '\\']) || channel.starts_with("file:") || is_drive
}

/// A text in which `***` stands for the secrets of all addresses. A text without one stays as it is.
pub fn masked(text: &str) -> String {
    replaced(text, &secrets(text, false), true)
}

/// A text without the secrets of its addresses.
pub fn without_secrets(text: &str) -> String {
    replaced(text, &secrets(text, false), false)
}

/// A secret, and what belongs to it: the `@` after a user name, the `/t/` before a token, the `?` before a query.
struct Secret {
    whole: Range<usize>,
    mask: Range<usize>,
}

fn replaced(text: &str, secrets: &[Secret], with_mask: bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    for Secret { whole, mask } in secrets {
        let place = if with_mask { mask } else { whole };
        // Two secrets may share a slash: `t/TOKEN/t/TOKEN`.
        out.push_str(text.get(from..place.start).unwrap_or_default());
        out.push_str(if with_mask { MASK } else { "" });
        from = place.end.max(from);
    }
    out + &text[from..]
}

/// The secrets of a text in their order. A text that is one address may have blanks and quotes in it, and its whole
/// query is a secret; of others only the parameters that are called so.
fn secrets(text: &str, is_address: bool) -> Vec<Secret> {
    let mut found = Vec::new();
    if is_address {
        in_word(text, 0, true, &mut found);
        return found;
    }
    let is_break = |(at, c): &(usize, char)| {
        // JSON writes line breaks as `\n`.
        c.is_whitespace()
            || c.is_control()
            || *c == '\\' && text[at + 1..].starts_with(['n', 'r', 't'])
    };
    let is_mark = |byte: u8| matches!(byte, b'@' | b'/' | b'\\' | b'%' | b'?');
    let mut start = 0;
    for (at, c) in text.char_indices().filter(is_break).chain([(text.len(), ' ')]) {
        let word = &text[start..at];
        if word.bytes().any(is_mark) {
            in_word(word, start, false, &mut found);
        }
        start = (at + c.len_utf8() + usize::from(c == '\\')).min(text.len());
    }
    found
}

/// The secrets of a text without blanks, or of an address, at a place of the whole text.
fn in_word(word: &str, at: usize, is_address: bool, found: &mut Vec<Secret>) {
    let mut rest = 0;
    while let Some(scheme) = word[rest..].find("://").map(|place| rest + place) {
        let start = scheme + 3;
        without_scheme(&word[rest..scheme], at + rest, false, found);
        // Before the scheme of the next address.
        let next = if is_address { None } else { word[start..].find("://") };
        let next = next.map_or(word.len(), |place| {
            let is_scheme = |c: char| c.is_ascii_alphanumeric() || "+.-".contains(c);
            start + word[start..start + place].trim_end_matches(is_scheme).len()
        });
        let end = if is_address { next } else { start + end_in_text(&word[start..next]) };
        rest = end;
        // What follows is an image with its tag, `alpine:3.20`, and no host with its port.
        if word[..scheme].ends_with("docker") {
            without_scheme(&word[start..end], at + start, false, found);
            continue;
        }
        let is_file = word[..scheme].ends_with("file");
        in_url(&word[start..end], at + start, is_address, is_file, found);
    }
    without_scheme(&word[rest..], at + rest, is_address && rest == 0, found);
}

/// Where an address ends in a text: at a quote, or in a link of Markdown before its brackets.
fn end_in_text(text: &str) -> usize {
    let end = closing_quote(text);
    // A password can have brackets.
    if text.contains('@') {
        return end;
    }
    let link = text[..end].find("](").unwrap_or(end);
    text[..link].trim_end_matches([')', ']', '>', ',', '.']).len()
}

/// Where a quote ends an address: one before what does not go on.
fn closing_quote(text: &str) -> usize {
    let is_closing = |(at, _): &(usize, &str)| {
        let after = text[at + 1..].chars().next();
        after.is_none_or(|c| ",;:)]}>.|&'\"`\\".contains(c))
    };
    let end =
        text.match_indices(['"', '\'', '`']).find(is_closing).map_or(text.len(), |(at, _)| at);
    text[..end].trim_end_matches('\\').len()
}

/// The parts of an address after its scheme.
struct Url {
    /// Where the host and its port end.
    authority: usize,
    /// The `@` behind a user name and password.
    user: Option<usize>,
    /// Whether the host is one.
    has_host: bool,
}

impl Url {
    /// A `/`, `?` or `#` in a password ends the host too early: the last `@` counts if anything is odd before it.
    fn of(text: &str) -> Self {
        let authority = text.find(['/', '?', '#', '\\']).unwrap_or(text.len());
        let host = text[..authority].rsplit('@').next().unwrap_or_default();
        let is_well_formed = host != MASK
            && has_number_as_port(host)
            && !host.contains(['%', '"', '\'', '`', '<', '>', ' ']);
        let is_cut = !is_well_formed || text[authority..].starts_with(['?', '#']);
        let path = if is_cut { text.len() } else { text.find('?').unwrap_or(text.len()) };
        let last = text[..path].rfind('@');
        let user = last
            .filter(|&last| !is_digest(&text[last + 1..]))
            .filter(|&last| last < authority || is_cut || text[..last].contains([':', '@']));
        Self { authority, user, has_host: is_well_formed || user.is_some() }
    }
}

fn has_number_as_port(host: &str) -> bool {
    let port = host.rsplit_once(':').map_or("", |(_, port)| port);
    port.ends_with(']') || port.bytes().all(|byte| byte.is_ascii_digit())
}

/// The secrets of an address after its scheme.
fn in_url(text: &str, at: usize, is_address: bool, is_file: bool, found: &mut Vec<Secret>) {
    let Url { authority, user, has_host } = Url::of(text);
    if let Some(user) = user {
        found.push(Secret { whole: at..at + user + 1, mask: at..at + user });
    } else if !has_host && authority > 0 {
        found.push(Secret { whole: at..at + authority, mask: at..at + authority });
    }
    let host = user.map_or(0, |user| user + 1).max(authority.min(text.len()));
    let path = text[host..].find(['/', '?', '#', '\\']).map_or(text.len(), |path| host + path);
    in_path(&text[path..], at + path, is_address, is_file, found);
}

/// The secrets of a text that is no address with a scheme: `user:password@host/channel`, `host/t/TOKEN/channel`.
fn without_scheme(word: &str, at: usize, is_address: bool, found: &mut Vec<Secret>) {
    if is_address {
        return in_piece(word, at, true, found);
    }
    let mut start = 0;
    for (end, c) in word.char_indices() {
        let is_parameter = matches!(c, '=' | ',') && word[start..end].contains('?');
        if "\"'`=([{<,".contains(c) && !is_parameter {
            in_piece(&word[start..end], at + start, false, found);
            start = end + 1;
        }
    }
    in_piece(&word[start..], at + start, false, found);
}

/// The same without what may stand before it: a quote, a key.
fn in_piece(text: &str, at: usize, is_address: bool, found: &mut Vec<Secret>) {
    if is_folder(text) && !text.starts_with("//") {
        return;
    }
    let is_host = |text: &str| {
        let host = text.split(['/', '\\', ':']).next().unwrap_or_default();
        // What follows a colon is a port: `user@host:~$` is a prompt.
        let after = text[host.len()..].strip_prefix(':');
        host.len() < text.len()
            && !host.is_empty()
            && !host.contains(char::is_whitespace)
            && after.is_none_or(|port| port.starts_with(|c: char| c.is_ascii_digit()))
    };
    let is_user = |&user: &usize| {
        let (before, after) = (&text[..user], &text[user + 1..]);
        let has_password = before.find(':').is_some_and(|name| name > 0);
        user > 0
            && (has_password || is_host(after))
            && !(is_digest(after) || is_at_rule(before, after) || has_no_login(before, after))
    };
    let rest = text.rfind('@').filter(is_user).map_or(0, |user| {
        found.push(Secret { whole: at..at + user + 1, mask: at..at + user });
        user + 1
    });
    let (host, path) = text[rest..].split_once('/').unwrap_or_default();
    // A channel below the client's alias. Elsewhere a folder may be called `t`.
    let is_token = || host == "t" && path.find('/').is_some_and(|length| length >= 8);
    if is_address || is_token() {
        in_path(&text[rest..], at + rest, true, false, found);
    } else if rest > 0 || host.contains('.') {
        in_path(&text[rest..], at + rest, false, false, found);
    }
}

/// Whether what follows an `@` pins an image: `sha256:…`.
/// Source: <https://github.com/opencontainers/image-spec/blob/v1.1.1/descriptor.md#digests>
fn is_digest(text: &str) -> bool {
    let (algorithm, digits) = text.split_once(':').unwrap_or_default();
    let end = digits.bytes().position(|byte| !byte.is_ascii_hexdigit()).unwrap_or(digits.len());
    matches!(algorithm, "sha256" | "sha384" | "sha512") && end >= 64
}

/// Whether an `@` begins a rule of CSS, after the end of what comes before it: `}@media`, `;@import`.
fn is_at_rule(before: &str, after: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_alphabetic() || byte == b'-';
    before.ends_with(['}', ';']) && !after.is_empty() && after.bytes().all(is_word)
}

/// Whether an `@` is in the address of a person, or before the version of a package: `mailto:a@b.example`, `npm:a@1.2`.
fn has_no_login(before: &str, after: &str) -> bool {
    let (scheme, rest) = before.split_once(':').unwrap_or_default();
    let is_version = || {
        after.starts_with(|c: char| c.is_ascii_digit())
            && after.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-+".contains(&byte))
            && after.matches('.').count() < 3
    };
    !rest.contains(':')
        && match scheme.to_ascii_lowercase().as_str() {
            "mailto" => true,
            "npm" | "pkg" => is_version(),
            _ => false,
        }
}

/// The token and the query of a path.
fn in_path(text: &str, at: usize, is_address: bool, is_file: bool, found: &mut Vec<Secret>) {
    let marks = ["?", "%3F", "%3f", "#", ";"].into_iter();
    let query =
        marks.filter_map(|mark| Some((text.find(mark)?, mark))).min().filter(|(place, mark)| {
            let after = &text[place + mark.len()..];
            let is_hash = after.starts_with("sha256=") || after.starts_with("md5=");
            !matches!(*mark, "#" | ";") || after == MASK || after.contains('=') && !is_hash
        });
    let (path, query) =
        query.map_or((text.len(), text.len()), |(place, mark)| (place, place + mark.len()));
    if !is_file {
        token(&text[..path], at, is_address, found);
    }
    let end = text[query..].rfind("::").map_or(text.len(), |spec| query + spec);
    if is_address && path < text.len() {
        found.push(Secret { whole: at + path..at + end, mask: at + query..at + end });
        return;
    }
    let mut start = query;
    for parameter in text[query..end].split_inclusive(['&', ';']) {
        let (name, value) = parameter.split_once('=').unwrap_or_default();
        let lower = name.to_ascii_lowercase();
        if SECRET_PARAMETERS.iter().any(|word| lower.contains(word)) {
            let from = at + start + name.len() + 1;
            let secret = from..from + value.trim_end_matches(['&', ';']).len();
            found.push(Secret { whole: secret.clone(), mask: secret });
        }
        start += parameter.len();
    }
}

/// Parts of the names of parameters that are secrets.
const SECRET_PARAMETERS: [&str; 11] =
    ["token", "key", "auth", "sig", "pass", "pwd", "secret", "cred", "user", "login", "jwt"];

/// The token of a path: `/t/TOKEN` (conda/common/url.py).
fn token(path: &str, at: usize, is_address: bool, found: &mut Vec<Secret>) {
    let separator = |(place, c): (usize, char)| match c {
        '/' | '\\' => Some((place, place + 1)),
        '%' if path[place..].get(..3)?.eq_ignore_ascii_case("%2f") => Some((place, place + 3)),
        _ => None,
    };
    let separators = path.char_indices().filter_map(separator).chain([(path.len(), path.len())]);
    // Where the segment and the separator before it start. In `t/TOKEN/channel` it has none.
    let (mut before, mut start) = if is_address { (Some(0), 0) } else { (None, 0) };
    let mut mark = None;
    for (place, next) in separators {
        let segment = &path[start..place];
        let length = segment.find([':', ' ', '[', ']']).unwrap_or(segment.len());
        if let Some((from, is_bare)) = mark.take_if(|_| length > 0) {
            let end = start + length;
            if !is_address && is_topic(path[end..].get(1..).unwrap_or_default()) {
                (before, start) = (Some(place), next);
                continue;
            }
            let whole = at + from..at + if is_bare { next } else { end };
            found.push(Secret { whole, mask: at + start..at + end });
        } else if let Some(before) = before {
            mark = matches!(segment, "t" | "%74").then_some((before, before == start));
        }
        (before, start) = (Some(place), next);
    }
}

/// Whether what follows `/t/NAME/` makes it the name of a topic of Discourse, as in `/t/install-pytorch/1234`, or of a
/// workspace of Slack.
fn is_topic(rest: &str) -> bool {
    let segment = rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next();
    let segment = segment.unwrap_or_default();
    let is_number = !segment.is_empty() && segment.bytes().all(|byte| byte.is_ascii_digit());
    is_number && segment.len() < 8 || segment == "shared_invite"
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Addresses with `USER`, `PASSWORD`, `TOKEN` or `SECRET`, as they are printed, and without their secrets.
    const ADDRESSES: &[(&str, &str, &str)] = &[
        ("conda-forge", "conda-forge", "conda-forge"),
        ("https://h.example:8080/a@b/c", "https://***@b/c", "https://b/c"),
        ("https://h.example/a@b/t", "https://h.example/a@b/t", "https://h.example/a@b/t"),
        ("/srv/t/x:y@z/channel", "/srv/t/x:y@z/channel", "/srv/t/x:y@z/channel"),
        ("file:///srv/t/x/channel", "file:///srv/t/x/channel", "file:///srv/t/x/channel"),
        ("https://USER:PASSWORD@h.example/c", "https://***@h.example/c", "https://h.example/c"),
        ("https://TOKEN@h.example/c", "https://***@h.example/c", "https://h.example/c"),
        ("https://USER:PASS@WORD@h.example/c", "https://***@h.example/c", "https://h.example/c"),
        ("https://USER:PASS/WORD@h.example/c", "https://***@h.example/c", "https://h.example/c"),
        ("https://USER:12/WORD@h.example/c", "https://***@h.example/c", "https://h.example/c"),
        ("https://USER:PASS?WORD@h.example/c", "https://***@h.example/c", "https://h.example/c"),
        ("https://USER:PASS#WORD@h.example/c", "https://***@h.example/c", "https://h.example/c"),
        ("https://USER:PASS'WORD@h.example/c", "https://***@h.example/c", "https://h.example/c"),
        ("https://USER:PASS WORD@h.example/c", "https://***@h.example/c", "https://h.example/c"),
        ("https://USER:PASSWORD%40h.example/c", "https://***/c", "https:///c"),
        ("https://USER:PASSWORD", "https://***", "https://"),
        (
            "https://${USER}:${PASSWORD}@h.example/c",
            "https://***@h.example/c",
            "https://h.example/c",
        ),
        ("//USER:PASSWORD@h.example/c", "***@h.example/c", "h.example/c"),
        ("https:/USER:PASSWORD@h.example/c", "***@h.example/c", "h.example/c"),
        (r"https:\\USER:PASSWORD@h.example\c", r"***@h.example\c", r"h.example\c"),
        ("USER:PASSWORD@h.example/c", "***@h.example/c", "h.example/c"),
        ("https://h.example/t/TOKEN/c", "https://h.example/t/***/c", "https://h.example/c"),
        ("https://h.example/%74/TOKEN/c", "https://h.example/%74/***/c", "https://h.example/c"),
        (
            "https://h.example/a%2Ft%2FTOKEN%2Fc",
            "https://h.example/a%2Ft%2F***%2Fc",
            "https://h.example/a%2Fc",
        ),
        ("h.example/t/TOKEN/c", "h.example/t/***/c", "h.example/c"),
        ("t/TOKEN/c", "t/***/c", "c"),
        ("https://h.example/c?SECRET", "https://h.example/c?***", "https://h.example/c"),
        ("https://h.example/c%3Ftoken=SECRET", "https://h.example/c%3F***", "https://h.example/c"),
        ("https://h.example/c#token=SECRET", "https://h.example/c#***", "https://h.example/c"),
        ("https://h.example/c;token=SECRET", "https://h.example/c;***", "https://h.example/c"),
    ];

    #[test]
    fn an_address_cannot_print_its_secrets() {
        for &(text, masked, public) in ADDRESSES {
            let address = Address::of(text);
            let json = serde_json::to_string(&address).expect("JSON");
            assert_eq!(address.to_string(), masked, "{text}");
            assert_eq!(
                [format!("{address:?}"), json],
                [format!("{masked:?}"), format!("{masked:?}")]
            );
            assert_eq!((address.public(), address.with_secrets()), (public, text));
            assert_eq!(address.has_secrets(), text != public, "{text}");
            // A document that was carried to another machine keeps that there were some.
            let again = Address::of(masked);
            assert_eq!((again.public(), again.to_string().as_str()), (public, masked));
        }
    }

    #[test]
    fn values_of_variables_are_secrets_wherever_they_are() {
        let address =
            Address::expanded("https://h.example/${SET}/c", "https://h.example/VALUE/c".to_owned());
        assert_eq!(address.to_string(), "https://h.example/${SET}/c");
        assert_eq!(address.public(), "https://h.example/${SET}/c");
        assert_eq!(address.with_secrets(), "https://h.example/VALUE/c");
        for written in ["${SET}/c", "https://${SET}/c", "https://${USER}:${SET}/c"] {
            let whole = "http://USER:PASSWORD@h.example:80/VALUE/c".to_owned();
            let address = Address::expanded(written, whole);
            let shown = address.to_string();
            assert!(shown.starts_with("http://h.example:80/") && shown.ends_with("/c"), "{shown}");
            assert!(!shown.contains("VALUE") && !shown.contains("PASSWORD"), "{shown}");
        }
    }

    const DIGEST: &str = "FROM r.example:5000/nvidia/cuda:12.1@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef AS a
docker://alpine:3.8@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    #[test]
    fn secrets_of_a_text_are_masked_and_the_rest_stays() {
        for (text, expected) in [
            ("[https://localhost:6007](https://localhost:6007)", ""),
            ("[https://USER:SECRET@h.example:80](x)", "[https://***@h.example:80](x)"),
            ("https://USER:SEC](RET@h.example/c", "https://***@h.example/c"),
            ("https://discuss.pytorch.org/t/which-cuda/1234/5", ""),
            ("https://join.slack.com/t/lab/shared_invite/zt-1", ""),
            ("https://h.example/t/TOKEN/lab-1", "https://h.example/t/***/lab-1"),
            ("", ""),
            ("see https://h.example/a?b=c&page=2#d and mail a@b.example", ""),
            ("/home/t/me/.condarc, line 3: a@b", ""),
            ("flash-attn @ https://h.example/x.whl#sha256=0a", ""),
            ("{\"a\": \"https://h.example:80\", \"b\": \"x@y\"}", ""),
            ("a{fill:#5a616b}@media(x){b{c:d;}}@font-face{e:f;@-moz-x y", ""),
            ("[mail](mailto:a@b.example) pkg:conda/pytorch@2.5 npm:a@1.2.3", ""),
            ("y = x[:]@w", ""),
            (DIGEST, ""),
            ("pip `https://USER:PASSWORD@h.example/x`: no", "pip `https://***@h.example/x`: no"),
            ("-c 'https://USER:PASS'WORD@h.example/x'", "-c 'https://***@h.example/x'"),
            (
                "['https://U:P@h.example/x','https://V:Q@i.example/y']",
                "['https://***@h.example/x','https://***@i.example/y']",
            ),
            ("X=USER:PASSWORD@h.example/c y", "X=***@h.example/c y"),
            ("USER:PASS}@h.example USER:PASS;@localhost:80", "***@h.example ***@localhost:80"),
            ("docker://USER:PASSWORD@h.example/a:1.2", "docker://***@h.example/a:1.2"),
            ("npm:PASSWORD@h.example/c pkg:PASSWORD@10.0.0.1", "***@h.example/c ***@10.0.0.1"),
            ("USER:PASSWORD@sha256:80 :PASSWORD@h.example/c", "***@sha256:80 ***@h.example/c"),
            ("\"USER:PASSWORD@h.example/c\",", "\"***@h.example/c\","),
            ("https://USER:PASS WORD@h.example/c", "https://*** ***@h.example/c"),
            ("-c h.example/t/TOKEN/c", "-c h.example/t/***/c"),
            ("-c t/ab-12345678/c t/test/c", "-c t/***/c t/test/c"),
            ("a=U:P@h.example/c=V:Q@i.example/c", "a=***@h.example/c=***@i.example/c"),
            (r#""https:\\\\U:P@h.example\\c""#, r#""***@h.example\\c""#),
            ("https://h.example/t/TOKEN/c::pytorch=2.5", "https://h.example/t/***/c::pytorch=2.5"),
            (
                "https://h.example/c?a=b&api_key=SECRET&d=e",
                "https://h.example/c?a=b&api_key=***&d=e",
            ),
            (
                "https://h.example/c?token=SECRET::pytorch=2.5",
                "https://h.example/c?token=***::pytorch=2.5",
            ),
            (
                r#""-  - https://USER:PASS\"WORD@h.example\n+  - x@y\n""#,
                r#""-  - https://***@h.example\n+  - x@y\n""#,
            ),
            (r#""\"https://h.example/c?token=SECRET\"""#, r#""\"https://h.example/c?token=***\"""#),
        ] {
            assert_eq!(masked(text), if expected.is_empty() { text } else { expected });
        }
        let spec = "https://u:p@h.example/t/tk-1/private::pytorch=2.5";
        assert_eq!(without_secrets(spec), "https://h.example/private::pytorch=2.5");
        assert_eq!(without_secrets("a://b@ c://d@e"), "a:// c://e");
    }

    #[test]
    fn tokens_that_follow_each_other_are_dropped() {
        let address = Address::of("t/z/t/tk");
        assert!(!address.public().contains(['z', 'k']), "{address}");
        assert_eq!(without_secrets("https://h.example/t/a/t/b/c"), "https://h.example/c");
    }

    #[test]
    fn what_no_client_reads_as_meant_is_a_problem() {
        for text in [
            "conda-forge",
            "/srv/channel",
            "file:///srv/channel",
            "https://h.example",
            "http://[::1]:8080/c",
            "https://USER:PASS%40WORD@h.example:8080/t/TOKEN/c?x=y",
            "s3://bucket/c",
        ] {
            assert_eq!(Address::of(text).problem(), None, "{text}");
        }
        for text in [
            "USER:PASSWORD@h.example/c",
            "h.example/t/TOKEN/c",
            "https://",
            "https:///c",
            "https://h.example:port/c",
            "https://h.example:8080/a@b/c",
            "https://USER:PASS/WORD@h.example/c",
            "https://USER:PASS@WORD@h.example/c",
            "https://USER:PASSWORD@/c",
            "https://h.ex'ample/c",
            "https://h.example/a b",
        ] {
            assert!(Address::of(text).problem().is_some(), "{text}");
        }
    }
}
