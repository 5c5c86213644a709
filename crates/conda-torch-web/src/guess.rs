//! A browser's hints about its machine → choices. They are a first guess: a browser names neither driver nor all GPUs, and
//! some hide or change what they name.

use conda_torch_core::matrix::{Matrix, NamedGpu};

/// The platform that a browser's words name, and the GPU of its renderer, as pairs.
pub(crate) fn pairs(platform: &str, renderer: &str) -> Vec<(&'static str, String)> {
    let gpu = gpu(renderer);
    let mut pairs: Vec<(&str, String)> = Vec::new();
    let is_apple = renderer.contains("Apple");
    pairs.extend(subdir(platform, is_apple).map(|subdir| ("platform", subdir.to_owned())));
    let is_mac = platform.to_ascii_lowercase().contains("mac");
    pairs.extend(gpu.filter(|_| !is_mac).map(|gpu| ("gpu", gpu)));
    pairs
}

/// `Windows`, `Win32`, `Linux x86_64`, `macOS arm`, `MacIntel`; Macs say Intel for both kinds.
fn subdir(platform: &str, is_apple: bool) -> Option<&'static str> {
    let platform = platform.to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| platform.contains(word));
    if has(&["android", "iphone", "ipad", "ios", "cros", "chrome os"]) {
        None
    } else if has(&["mac"]) {
        Some(if has(&["x86"]) && !is_apple { "osx-64" } else { "osx-arm64" })
    } else if has(&["win"]) {
        Some("win-64")
    } else if has(&["linux", "x11"]) {
        Some(if has(&["aarch64", "arm"]) { "linux-aarch64" } else { "linux-64" })
    } else {
        None
    }
}

/// The GPU that a renderer names, if the matrix knows it: `ANGLE (NVIDIA, NVIDIA GeForce RTX 3080 (0x00002206) Direct3D11
/// vs_5_0 ps_5_0, D3D11)`, `NVIDIA GeForce RTX 4090/PCIe/SSE2`.
fn gpu(renderer: &str) -> Option<String> {
    let matrix = Matrix::embedded();
    let inside = renderer.strip_prefix("ANGLE (").unwrap_or(renderer);
    let parts = inside.split([',', '/', '(']).map(str::trim);
    let mut names = parts.filter_map(|part| {
        let end = ["Direct3D", "OpenGL", "Vulkan", "D3D", "or similar"];
        let end = end.iter().filter_map(|word| part.find(word)).min().unwrap_or(part.len());
        let name = part[..end].trim();
        let has_number = name.bytes().any(|byte| byte.is_ascii_digit());
        let is_known = matches!(matrix.gpu_by_name(name), Ok(NamedGpu::Nvidia { .. }));
        (has_number && is_known && renderer.contains("NVIDIA")).then(|| name.to_owned())
    });
    names.next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_renderer_of_a_browser_names_a_gpu() {
        for (renderer, expected) in [
            (
                "ANGLE (NVIDIA, NVIDIA GeForce RTX 3080 (0x00002206) Direct3D11 vs_5_0 ps_5_0, D3D11)",
                Some("NVIDIA GeForce RTX 3080"),
            ),
            ("NVIDIA GeForce RTX 4090/PCIe/SSE2", Some("NVIDIA GeForce RTX 4090")),
            (
                "ANGLE (NVIDIA Corporation, NVIDIA GeForce GTX 1660/PCIe/SSE2, OpenGL 4.5.0)",
                Some("NVIDIA GeForce GTX 1660"),
            ),
            ("ANGLE (Intel, Mesa Intel(R) UHD Graphics 620 (KBL GT2), OpenGL 4.6)", None),
            ("ANGLE (AMD, AMD Radeon RX 6800 XT Direct3D11 vs_5_0 ps_5_0, D3D11)", None),
            ("Google SwiftShader", None),
            ("Apple M1", None),
            ("", None),
        ] {
            assert_eq!(gpu(renderer).as_deref(), expected, "{renderer}");
        }
    }

    #[test]
    fn the_platform_of_a_browser_is_a_subdir() {
        for (platform, renderer, expected) in [
            ("Windows x86", "", Some("win-64")),
            ("Win32", "", Some("win-64")),
            ("Linux x86_64", "", Some("linux-64")),
            ("Linux aarch64", "", Some("linux-aarch64")),
            ("MacIntel", "Apple M2", Some("osx-arm64")),
            ("MacIntel", "", Some("osx-arm64")),
            ("macOS x86", "Intel Iris OpenGL Engine", Some("osx-64")),
            ("Linux armv8l Android", "", None),
            ("iPhone", "", None),
        ] {
            let is_apple = renderer.contains("Apple");
            assert_eq!(subdir(platform, is_apple), expected, "{platform} {renderer}");
        }
    }
}
