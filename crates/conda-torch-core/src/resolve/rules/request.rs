//! The rules about the request.

use crate::diagnostics::Diagnostic;
use crate::resolve::{Inputs, advice::Unlock, candidates::Blocker, request::RequestedAccelerator};
use crate::types::{Build, CudaVersion};

/// Every rule about the request; `pin` is the `cuda-version` that the build gets.
pub(super) fn request(
    inputs: &Inputs<'_, '_>,
    build: &Build,
    pin: Option<CudaVersion>,
) -> impl Iterator<Item = Blocker> {
    let rules = [
        release(build),
        pytorch(inputs, build),
        python(inputs, build),
        accelerator(inputs, build),
        cuda_version(inputs, build, pin),
        blas(inputs, build),
    ];
    rules.into_iter().flatten()
}

/// Release candidates are on a label of their own, which nobody asks for.
fn release(build: &Build) -> Option<Blocker> {
    build.pytorch.is_candidate().then(|| Blocker::build(Diagnostic::ReleaseCandidate))
}

fn pytorch(inputs: &Inputs<'_, '_>, build: &Build) -> Option<Blocker> {
    let requested = inputs.request.pytorch.filter(|requested| !requested.covers(build.pytorch))?;
    let diagnostic = Diagnostic::OtherPytorch { requested };
    Some(Blocker::request(diagnostic, Unlock::Pytorch(build.pytorch)))
}

fn python(inputs: &Inputs<'_, '_>, build: &Build) -> Option<Blocker> {
    let (first, last) = build.pythons;
    let requested = inputs.request.python?;
    if (first..=last).contains(&requested.series()) {
        return None;
    }
    let nearest = if requested < first { first } else { last };
    let diagnostic = Diagnostic::PythonNotBuilt { requested, first, last };
    Some(Blocker::request(diagnostic, Unlock::Python(nearest)))
}

fn accelerator(inputs: &Inputs<'_, '_>, build: &Build) -> Option<Blocker> {
    let unlock = match (inputs.request.accelerator, build.is_cuda()) {
        (RequestedAccelerator::Cpu, true) => Unlock::Accelerator(RequestedAccelerator::Cuda),
        (RequestedAccelerator::Cuda, false) => Unlock::Accelerator(RequestedAccelerator::Cpu),
        // `cuda-version` asks for CUDA.
        (RequestedAccelerator::Auto, false) if inputs.request.cuda_version.is_some() => {
            Unlock::CudaVersion(None)
        }
        (
            RequestedAccelerator::Auto | RequestedAccelerator::Cpu | RequestedAccelerator::Cuda,
            _,
        ) => return None,
    };
    Some(Blocker::request(Diagnostic::OtherAccelerator, unlock))
}

fn cuda_version(
    inputs: &Inputs<'_, '_>,
    build: &Build,
    pin: Option<CudaVersion>,
) -> Option<Blocker> {
    let requested = inputs.request.cuda_version.filter(|_| build.is_cuda())?;
    let pins = &build.cuda_pins;
    if pins.contains(&requested) && inputs.matrix.cuda_versions.contains(&requested) {
        return None;
    }
    let diagnostic = Diagnostic::OtherCudaVersion {
        requested,
        accepts_from: pins.start,
        accepts_below: pins.end,
    };
    Some(Blocker::request(diagnostic, Unlock::CudaVersion(pin)))
}

fn blas(inputs: &Inputs<'_, '_>, build: &Build) -> Option<Blocker> {
    let requested = inputs.request.blas.filter(|requested| *requested != build.blas)?;
    Some(Blocker::request(Diagnostic::OtherBlas { requested }, Unlock::Blas(build.blas)))
}
