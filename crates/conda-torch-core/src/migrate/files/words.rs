//! Why a line changes, and what a remark says.

use super::file_migration::{ChangeReason, FileNote};

/// Why something was changed.
pub fn because(why: ChangeReason) -> &'static str {
    match why {
        ChangeReason::OldChannel => "the `pytorch` channel ended with PyTorch 2.5",
        ChangeReason::NvidiaChannel => "conda-forge has NVIDIA's packages itself",
        ChangeReason::Defaults => {
            "packages of `defaults` do not go with those of conda-forge, which has nearly all of them"
        }
        ChangeReason::FailsLoudly => {
            "`pytorch-gpu` fails where a solver sees no GPU, in place of installing the CPU build"
        }
        ChangeReason::Nearest => {
            "conda-forge has no such version that goes with the other lines; the nearest that does"
        }
        ChangeReason::OtherBuilds => "builds are called otherwise on conda-forge",
        ChangeReason::NamedBuild => {
            "no `pytorch-gpu` or `pytorch-cpu` leads to it reliably, so the build is named"
        }
        ChangeReason::CudaVersion => "on conda-forge `cuda-version` chooses CUDA",
        ChangeReason::PytorchCpu => "the same by conda-forge's name",
        ChangeReason::NotNeeded => "conda-forge's packages do without it",
        ChangeReason::GoesWith => "that goes with this PyTorch",
        ChangeReason::FollowsCuda => "it follows `cuda-version`",
        ChangeReason::TellsOfCuda => {
            "pixi solves for the CUDA that the file declares, not for the machine's"
        }
    }
}

/// What a remark says.
pub fn remark_sentence(remark: &FileNote) -> String {
    match remark {
        FileNote::PlatformAssumed { subdir } => {
            format!(
                "it does not say for which platform it is: taken for {subdir} (see `--platform`)"
            )
        }
        FileNote::OldCuda { cuda, gives, newest, driver } => format!(
            "CUDA {cuda} is kept, for drivers older than {driver}, and ends at PyTorch {gives}; where every driver is newer, `--driver {driver}` gives {newest}"
        ),
        FileNote::NewerDriver { asked, needed } => format!(
            "conda-forge has nothing with CUDA {asked} that fits: what it is now needs driver {needed} or newer"
        ),
        FileNote::HeldBack { subdir, gives, newest } => format!(
            "other lines hold PyTorch back on {subdir}: {gives}, where {newest} is the newest"
        ),
        FileNote::PipTorch { text, .. } => {
            format!("`{text}` is pip's, and stays: pip's PyTorch brings CUDA of its own")
        }
        FileNote::PipBesideConda { .. } => {
            "pip overwrites conda's PyTorch with its own: one of the two should go".to_owned()
        }
        FileNote::PipIndex { text, .. } => {
            format!("`{text}` is pip's index of PyTorch's wheels, and stays")
        }
        FileNote::OtherChannel { name, .. } => format!(
            "the packages of `{name}` were built for the old channel's PyTorch; see whether conda-forge has them"
        ),
        FileNote::NotKnown { text, .. } => {
            format!("`{text}`: whether conda-forge has it for this PyTorch is not known here")
        }
        FileNote::TiedPin { text, .. } => format!(
            "`{text}` stays, and may keep conda-forge's builds out: leave the version out where a solve fails"
        ),
        FileNote::Exported { count, .. } => format!(
            "{count} lines name builds of other packages, as `conda env export` writes them: conda-forge has other builds; export with `--from-history`, or take the builds out"
        ),
        FileNote::Nightly { .. } => "conda-forge has releases alone, no nightly builds".to_owned(),
        FileNote::LockAgain => "a lock file made of it is to be made anew".to_owned(),
        FileNote::TellOfCuda { cuda } => format!(
            "where it is solved or locked without a GPU, `__cuda` must be told: conda-lock's `virtual-packages.yml`, or CONDA_OVERRIDE_CUDA={cuda} or newer"
        ),
    }
}
