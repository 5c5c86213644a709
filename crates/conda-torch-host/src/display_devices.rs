//! Windows' list of display adapters.
#![expect(unsafe_code, reason = "foreign functions are called")]

use conda_torch_probe::host::{DisplayDevice, Failure};
use windows_sys::Win32::Devices::DeviceAndDriverInstallation::{
    CM_DRP_SERVICE, CM_GETIDLIST_FILTER_CLASS, CM_GETIDLIST_FILTER_PRESENT,
    CM_Get_DevNode_Registry_PropertyW, CM_Get_Device_ID_List_SizeW, CM_Get_Device_ID_ListW,
    CM_LOCATE_DEVNODE_NORMAL, CM_Locate_DevNodeW, CR_SUCCESS,
};

/// `GUID_DEVCLASS_DISPLAY`.
const DISPLAY: &str = "{4d36e968-e325-11ce-bfc1-08002be10318}";

const FILTER: u32 = CM_GETIDLIST_FILTER_CLASS | CM_GETIDLIST_FILTER_PRESENT;

fn wide(text: &str) -> Vec<u16> {
    text.encode_utf16().chain([0]).collect()
}

fn checked(result: u32) -> Result<(), Failure> {
    if result == CR_SUCCESS {
        Ok(())
    } else {
        Err(Failure::Other(format!("error {result} of the configuration manager")))
    }
}

/// The adapters that are present.
pub(super) fn display_devices() -> Result<Vec<DisplayDevice>, Failure> {
    let class = wide(DISPLAY);
    let mut length = 0;
    // SAFETY: the filter is a text that ends with a NUL, and the length is written.
    checked(unsafe { CM_Get_Device_ID_List_SizeW(&raw mut length, class.as_ptr(), FILTER) })?;
    let mut list = vec![0_u16; usize::try_from(length).unwrap_or(0)];
    // SAFETY: at most `length` units are written, and the buffer has as many.
    checked(unsafe { CM_Get_Device_ID_ListW(class.as_ptr(), list.as_mut_ptr(), length, FILTER) })?;
    let ids = list.split(|unit| *unit == 0).filter(|id| !id.is_empty());
    let device = |id: String| DisplayDevice { service: service(&id), id };
    Ok(ids.map(String::from_utf16_lossy).map(device).collect())
}

/// The service of an instance, if it has one.
fn service(id: &str) -> Option<String> {
    let id = wide(id);
    let mut device = 0;
    // SAFETY: the instance is a text that ends with a NUL, and the handle is written.
    checked(unsafe { CM_Locate_DevNodeW(&raw mut device, id.as_ptr(), CM_LOCATE_DEVNODE_NORMAL) })
        .ok()?;
    let mut name = [0_u16; 128];
    let mut length = u32::try_from(size_of_val(&name)).ok()?;
    // SAFETY: at most `length` bytes are written, and the buffer has as many; the pointer for the type
    // may be null.
    checked(unsafe {
        CM_Get_DevNode_Registry_PropertyW(
            device,
            CM_DRP_SERVICE,
            std::ptr::null_mut(),
            name.as_mut_ptr().cast(),
            &raw mut length,
            0,
        )
    })
    .ok()?;
    let end = name.iter().position(|unit| *unit == 0).unwrap_or(name.len());
    Some(String::from_utf16_lossy(&name[..end])).filter(|name| !name.is_empty())
}
