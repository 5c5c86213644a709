//! Files that still name the old `pytorch` channel, rewritten for conda-forge: text in, new text and
//! what was changed out. Makes no decision of its own: which PyTorch a file ends on is what
//! [`advise`](crate::resolve::advise) says for the machines that the file is for.
//!
//! 1. A format (`environment_yml`, `pixi_toml`, `commands`) is read into `section`s: channels and
//!    packages, each where it stands.
//! 2. `wanted` draws from a section what it asks for, `target` for which machines, `settle` what all
//!    its platforms end on.
//! 3. `plan` says what becomes of each channel, and `fate` of each package.
//! 4. The format turns that into edits of the text by place. The result is read again: it must be what
//!    was planned, and all else must be as it was. If not, nothing is changed.

mod channels;
mod commands;
mod constraint;
mod edit;
mod environment_yml;
mod facts;
mod fate;
mod form;
mod packages;
mod pixi_read;
mod pixi_toml;
mod plan;
mod section;
mod settle;
mod shell_words;
mod spec;
mod target;
mod toml_items;
mod wanted;
pub mod words;
mod yaml;
mod yaml_items;

pub use facts::{Change, NotRewritten, Remark, Rewrite, Why};
pub use form::Form;
pub use target::Target;

use crate::matrix::Matrix;

/// Rewrites a file. `name` is its path, which says what it may be; the content decides.
///
/// # Errors
/// Where the file is damaged, holds nothing that this program rewrites, or asks for what conda-forge
/// does not have. The file is then to stay as it is.
pub fn rewrite(
    name: &str,
    text: &str,
    target: Target<'_>,
    matrix: &Matrix,
) -> Result<Rewrite, NotRewritten> {
    let form = Form::of(name, text)?;
    let once = form.rewrite(text, target, matrix)?;
    if once.text != text {
        // What was written is what another run finds nothing to do in, or the plan was wrong.
        let again = form.rewrite(&once.text, target, matrix);
        if !again.is_ok_and(|again| again.text == once.text) {
            return Err(NotRewritten::NotFaithful);
        }
    }
    Ok(once)
}
