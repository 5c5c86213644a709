//! The matrix that is built in.

use std::sync::LazyLock;

use conda_torch_core::matrix::Matrix;

/// The built-in matrix. `CONDA_TORCH_UP_TO` leaves out newer PyTorch (`2.13.0 2026-08-13`, with the day of the rows): tests
/// set it, and keep their expectations when a release is added.
pub(crate) fn matrix() -> &'static Matrix {
    static UP_TO: LazyLock<Option<Matrix>> = LazyLock::new(|| {
        #[expect(clippy::disallowed_methods, reason = "about the program, not the machine")]
        let text = std::env::var("CONDA_TORCH_UP_TO").ok()?;
        let (newest, as_of) = text.trim().split_once(' ')?;
        Some(Matrix::embedded().up_to(newest.parse().ok()?, as_of.parse().ok()?))
    });
    UP_TO.as_ref().unwrap_or_else(|| Matrix::embedded())
}
