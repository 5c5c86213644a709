//! The matrix that is built in.

use std::sync::LazyLock;

use conda_torch_core::matrix::Matrix;

/// The built-in matrix, [up to](Matrix::up_to) `CONDA_TORCH_UP_TO`, which tests set.
pub(crate) fn matrix() -> &'static Matrix {
    static UP_TO: LazyLock<Option<Matrix>> = LazyLock::new(|| {
        #[expect(clippy::disallowed_methods, reason = "about the program, not the machine")]
        let text = std::env::var("CONDA_TORCH_UP_TO").ok()?;
        Matrix::embedded().up_to(&text)
    });
    UP_TO.as_ref().unwrap_or_else(|| Matrix::embedded())
}
