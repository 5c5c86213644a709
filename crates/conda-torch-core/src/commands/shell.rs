//! Commands as shell text, quoted.

use crate::escapes::is_hidden;
use crate::types::Shell;

use super::Step;

/// A word without a safe form in a shell.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{}` cannot be written safely for {shell}; use a name without `{}`", .text.escape_debug(), .character.escape_default())]
pub struct CannotQuote {
    /// The word.
    pub text: String,
    /// The character that has no safe form.
    pub character: char,
    /// The shell, or the terminal that every shell runs in.
    pub shell: &'static str,
}

/// Flags that stay on one line with their value.
const WITH_VALUE: [&str; 10] = [
    "-n",
    "-p",
    "-c",
    "--platform",
    "--file",
    "--cuda",
    "--glibc",
    "--macos",
    "--manifest-path",
    "python",
];

/// One word; an error if the shell has no safe form for it.
pub fn word(text: &str, shell: Shell) -> Result<String, CannotQuote> {
    if is_plain(text, shell) {
        return Ok(text.to_owned());
    }
    let forbid = |characters: &[char], name: &'static str| match text
        .chars()
        .find(|character| characters.contains(character))
    {
        Some(character) => Err(CannotQuote { text: text.to_owned(), character, shell: name }),
        None => Ok(()),
    };
    // Pasted into a terminal, it is a key that is pressed, or a word that is not what it looks like.
    if let Some(character) = text.chars().find(|&character| is_hidden(character)) {
        return Err(CannotQuote { text: text.to_owned(), character, shell: "a terminal" });
    }
    let has = |characters: &[char]| text.contains(characters);
    Ok(match shell {
        // In double quotes `!` is still history expansion in an interactive bash.
        Shell::Posix if !has(&['$', '`', '"', '\\', '!']) => format!("\"{text}\""),
        Shell::Posix => format!("'{}'", text.replace('\'', r"'\''")),
        Shell::Fish if !has(&['$', '"', '\\']) => format!("\"{text}\""),
        Shell::Fish => format!("'{}'", text.replace('\\', r"\\").replace('\'', r"\'")),
        Shell::Powershell => {
            // Up to 7.2 it drops double quotes on the way to a program.
            forbid(&['"'], "PowerShell")?;
            if has(&['$', '`', '“', '”', '„']) {
                let is_quote = |c: char| matches!(c, '\'' | '‘' | '’' | '‚' | '‛');
                let doubled = |c: char| std::iter::repeat_n(c, if is_quote(c) { 2 } else { 1 });
                format!("'{}'", text.chars().flat_map(doubled).collect::<String>())
            } else {
                format!("\"{text}\"")
            }
        }
        Shell::Cmd => {
            // `%` expands in quotes, and the clients are batch files, which read `^` and `!` once more.
            forbid(&['"', '%', '^', '!'], "cmd")?;
            let trailing = text.len() - text.trim_end_matches('\\').len();
            format!("\"{text}{}\"", "\\".repeat(trailing))
        }
    })
}

/// Whether a shell leaves a word alone without quotes.
fn is_plain(text: &str, shell: Shell) -> bool {
    let everywhere =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '+' | '.' | '/' | ':' | '=');
    let here = |c: char| match shell {
        Shell::Posix | Shell::Fish => matches!(c, ',' | '@'),
        Shell::Powershell => c == '\\',
        Shell::Cmd => matches!(c, '\\' | ','),
    };
    // PowerShell reads an argument with a leading dash as its own parameter, and splits it at `.` and `:`.
    let is_parameter = shell == Shell::Powershell && text.starts_with('-');
    let is_flag = text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    // zsh looks a leading `=` up as a command.
    !text.is_empty()
        && !text.starts_with('=')
        && (is_flag || !is_parameter)
        && text.chars().all(|c| everywhere(c) || here(c))
}

/// A command on one line.
pub fn line(step: &Step, shell: Shell) -> Result<String, CannotQuote> {
    Ok(pieces(step, shell)?.join(" "))
}

/// A command on as many lines as it needs, each but the last with the shell's sign of continuation.
/// A flag stays with its value; a piece that is too long stays whole.
pub fn lines(step: &Step, shell: Shell, width: usize) -> Result<Vec<String>, CannotQuote> {
    let sign = match shell {
        Shell::Posix | Shell::Fish => " \\",
        Shell::Powershell => " `",
        Shell::Cmd => " ^",
    };
    let pieces = pieces(step, shell)?;
    let mut lines: Vec<String> = Vec::new();
    for (at, piece) in pieces.iter().enumerate() {
        let reserve = if at + 1 < pieces.len() { sign.len() } else { 0 };
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + piece.chars().count() + reserve <= width => {
                line.push(' ');
                line.push_str(piece);
            }
            Some(line) => {
                line.push_str(sign);
                lines.push(format!("  {piece}"));
            }
            None => lines.push(piece.clone()),
        }
    }
    Ok(lines)
}

/// The lines of commands of which each runs only if the one before succeeded.
///
/// Windows PowerShell has no `&&`, and that of cmd does not see the failure of a batch file, which conda is there. Their
/// blocks are in one another, so that a question of a client is not answered by a pasted line that follows.
pub fn in_order(commands: &[Vec<String>], shell: Shell) -> Vec<String> {
    let Some((first, rest)) = commands.split_first() else { return Vec::new() };
    let mut lines = first.clone();
    if rest.is_empty() {
        return lines;
    }
    let (begin, end) = match shell {
        Shell::Posix | Shell::Fish => {
            lines.last_mut().into_iter().for_each(|last| last.push_str(" &&"));
            lines.extend(in_order(rest, shell));
            return lines;
        }
        Shell::Powershell => ("if ($LASTEXITCODE -eq 0) {", "}"),
        Shell::Cmd => ("if not errorlevel 1 (", ")"),
    };
    lines.push(begin.to_owned());
    lines.extend(in_order(rest, shell).iter().map(|line| format!("  {line}")));
    lines.push(end.to_owned());
    lines
}

/// How many characters [`in_order`] adds to a line.
pub fn order_width(commands: usize, shell: Shell) -> usize {
    match shell {
        Shell::Posix | Shell::Fish => " &&".len(),
        Shell::Powershell | Shell::Cmd => 2 * commands.saturating_sub(1),
    }
}

/// The parts of a command between which a line may be broken.
fn pieces(step: &Step, shell: Shell) -> Result<Vec<String>, CannotQuote> {
    let mut pieces = Vec::new();
    for (name, value) in &step.env {
        let quoted = word(value, shell)?;
        pieces.push(match shell {
            Shell::Posix | Shell::Fish => format!("{name}={quoted}"),
            Shell::Powershell if quoted == *value => format!("$env:{name}='{value}';"),
            Shell::Powershell => format!("$env:{name}={quoted};"),
            Shell::Cmd => format!("set \"{name}={value}\" &&"),
        });
    }
    let mut keep = false;
    for argument in &step.argv {
        let quoted = word(argument, shell)?;
        match pieces.last_mut() {
            Some(piece) if keep => {
                piece.push(' ');
                piece.push_str(&quoted);
            }
            Some(_) | None => pieces.push(quoted),
        }
        keep = WITH_VALUE.contains(&argument.as_str());
    }
    // The program and its verb belong together: `mamba create`, `pixi add`.
    let first = step.env.len();
    if let (Some(program), Some(verb)) = (step.argv.first(), step.argv.get(1))
        && !WITH_VALUE.contains(&program.as_str())
        && !verb.starts_with('-')
    {
        let verb = pieces.remove(first + 1);
        pieces[first].push(' ');
        pieces[first].push_str(&verb);
    }
    if let Some(file) = &step.stdout {
        let file = word(file, shell)?;
        pieces.push(match shell {
            Shell::Posix | Shell::Fish | Shell::Cmd => format!("> {file}"),
            // Its own `>` writes UTF-16, which no client reads.
            Shell::Powershell => format!("| Out-File -Encoding ascii {file}"),
        });
    }
    Ok(pieces)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_in_order_runs_only_after_one_that_succeeded() {
        let lines = |text: &str| text.split('|').map(str::to_owned).collect::<Vec<String>>();
        let commands = ["try", "remove -n x|  pytorch", "install"].map(lines);
        let posix = ["try &&", "remove -n x", "  pytorch &&", "install"];
        assert_eq!(in_order(&commands, Shell::Posix), posix);
        assert_eq!(in_order(&commands, Shell::Fish), posix);
        let blocks = |begin: &str, end: &str| {
            let inner = ["remove -n x", "  pytorch", begin, "  install", end];
            let inner = inner.map(|line| format!("  {line}"));
            [vec!["try".to_owned(), begin.to_owned()], inner.to_vec(), vec![end.to_owned()]]
                .concat()
        };
        assert_eq!(
            in_order(&commands, Shell::Powershell),
            blocks("if ($LASTEXITCODE -eq 0) {", "}")
        );
        assert_eq!(in_order(&commands, Shell::Cmd), blocks("if not errorlevel 1 (", ")"));
        assert_eq!(in_order(&commands[..1], Shell::Cmd), ["try"]);
    }
}
