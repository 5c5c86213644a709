//! What is said of the rows where they were read in a channel.

use crate::advise::ChannelRemark;

/// What is so, and what follows.
#[must_use]
pub fn sentence(remark: &ChannelRemark) -> String {
    use ChannelRemark as R;
    match remark {
        R::Unreadable { why, as_of } => {
            format!("this is of the program's own rows, as of {as_of}: {why}")
        }
        R::FromCache { age, why: None } => {
            format!("the channel is as it was {} ago", time(*age))
        }
        R::FromCache { age, why: Some(why) } => {
            format!("the channel is as it was {} ago: {why}", time(*age))
        }
        R::NotUnderstood { count: 1, example } => {
            format!("a build in the channel is in no known form and was passed over: {example}")
        }
        R::NotUnderstood { count, example } => format!(
            "{count} builds in the channel are in no known form and were passed over, such as {example}"
        ),
        R::KernelsInferred { pytorch, toolkit } => format!(
            "PyTorch {pytorch} for CUDA {toolkit} is newer than this program: that it has kernels for this GPU is concluded from the build before it"
        ),
    }
}

/// A span of time in a unit that says enough.
pub(super) fn time(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} seconds"),
        120..7200 => format!("{} minutes", seconds / 60),
        7200..172_800 => format!("{} hours", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_told_in_a_unit_that_says_enough() {
        for (seconds, expected) in [
            (1, "1 seconds"),
            (119, "119 seconds"),
            (120, "2 minutes"),
            (7199, "119 minutes"),
            (7200, "2 hours"),
            (172_799, "47 hours"),
            (172_800, "2 days"),
        ] {
            assert_eq!(time(seconds), expected);
        }
    }
}
