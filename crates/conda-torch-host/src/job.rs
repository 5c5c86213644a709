//! Windows: a program that ends with this one.

use std::ffi::c_void;
use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle};
use std::process::Child;

use windows_sys::Win32::System::JobObjects::{
    AssignProcessToJobObject, CreateJobObjectW, JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE,
    JOB_OBJECT_LIMIT_SILENT_BREAKAWAY_OK, JOBOBJECT_EXTENDED_LIMIT_INFORMATION,
    JobObjectExtendedLimitInformation, SetInformationJobObject,
};

/// A job, whose members end with its only handle. Windows closes that, however this program ends.
pub(crate) struct Job {
    _handle: OwnedHandle,
}

impl Job {
    /// A job of a program, with or without the processes that it starts from now on. `None` if Windows refuses: an
    /// old one, in which this program is in a job itself.
    #[expect(unsafe_code, reason = "the standard library has no jobs")]
    pub(crate) fn of(child: &Child, with_children: bool) -> Option<Self> {
        // SAFETY: an unnamed job with default security; the handle is checked and has no other owner.
        let handle = unsafe {
            let handle = CreateJobObjectW(std::ptr::null(), std::ptr::null());
            (!handle.is_null()).then(|| OwnedHandle::from_raw_handle(handle))?
        };
        let mut limits = JOBOBJECT_EXTENDED_LIMIT_INFORMATION::default();
        limits.BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE;
        if !with_children {
            limits.BasicLimitInformation.LimitFlags |= JOB_OBJECT_LIMIT_SILENT_BREAKAWAY_OK;
        }
        let size = u32::try_from(size_of_val(&limits)).ok()?;
        // SAFETY: both handles are open, and the limits are of the class that is named.
        let is_member = unsafe {
            let limits = (&raw const limits).cast::<c_void>();
            let job = handle.as_raw_handle();
            SetInformationJobObject(job, JobObjectExtendedLimitInformation, limits, size) != 0
                && AssignProcessToJobObject(job, child.as_raw_handle()) != 0
        };
        is_member.then_some(Self { _handle: handle })
    }
}
