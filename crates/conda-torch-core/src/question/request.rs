//! What flags, or the keys of an address, request.

use crate::escapes::visible_lines;
use crate::matrix::{Matrix, is_gpu_word};
use crate::report::ErrorCode;
use crate::resolve::{Request, RequestedAccelerator};
use crate::types::{Blas, CudaVersion};

use super::Refusal;
use super::values::RequestedVersion;

/// The values of the flags.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "the fields have the names of the flags")]
pub struct RequestedValues {
    pub packages: Vec<String>,
    pub accelerator: RequestedAccelerator,
    pub pytorch: Option<RequestedVersion>,
    pub python: Option<RequestedVersion>,
    pub cuda_version: Option<CudaVersion>,
    pub blas: Option<Blas>,
}

impl RequestedValues {
    /// The request; repeated packages count once. Adds what was understood to the notes.
    ///
    /// # Errors
    /// If a word is no package.
    pub fn request(&self, matrix: &Matrix, notes: &mut Vec<String>) -> Result<Request, Refusal> {
        let Self { packages, accelerator, pytorch, python, cuda_version, blas } = self;
        let mut request = Request {
            accelerator: *accelerator,
            cuda_version: *cuda_version,
            blas: *blas,
            ..Request::default()
        };
        if let Some(pytorch) = pytorch {
            (request.pytorch, request.pytorch_range) = pytorch.parts();
        }
        if let Some(python) = python {
            (request.python, request.python_range) = python.parts();
        }
        for package in with_versions(packages, notes) {
            request.add_package(&package, matrix).map_err(|why| Refusal {
                key: Some("package".to_owned()),
                ..Refusal::new(ErrorCode::InvalidValue, visible_lines(&why.to_string()))
            })?;
        }
        Ok(request)
    }
}

/// Packages, each with the version that follows it as a word: `pytorch 2.4`.
fn with_versions(words: &[String], notes: &mut Vec<String>) -> Vec<String> {
    let mut packages: Vec<String> = Vec::new();
    for word in words {
        // `RTX 3090` is refused as one.
        if let Some(family) = packages.last_mut()
            && ["rtx", "gtx", "geforce"].contains(&&*family.to_ascii_lowercase())
            && is_gpu_word(word)
        {
            *family = format!("{family} {word}");
            continue;
        }
        let is_version =
            word.contains('.') && word.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        let is_name =
            |it: &&mut String| it.bytes().all(|c| c.is_ascii_alphanumeric() || b"-_".contains(&c));
        match packages.last_mut().filter(is_name).filter(|_| is_version) {
            Some(package) => {
                notes.push(format!("`{package} {word}` is read as `{package}={word}`"));
                *package = format!("{package}={word}");
            }
            None => packages.push(word.clone()),
        }
    }
    packages
}
