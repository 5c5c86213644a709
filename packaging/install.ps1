# Installs conda-torch and conda-torch-live: downloads the archive for this machine, checks its SHA-256 checksum, and
# puts two programs into a folder. Changes no profile and no PATH, needs no administrator, runs nothing else.
#
#   ./install.ps1                           into %LOCALAPPDATA%\Programs\conda-torch
#   ./install.ps1 -To D:\tools              into another folder
#   ./install.ps1 -Version 0.1.0            another version than the newest
#
# CONDA_TORCH_DOWNLOADS is the address of the archives; a release writes its own below.
param(
    [string] $To = (Join-Path $env:LOCALAPPDATA 'Programs\conda-torch'),
    [string] $Version = 'latest'
)
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
# Windows PowerShell on an older Windows offers only older versions by itself.
[Net.ServicePointManager]::SecurityProtocol = [Net.ServicePointManager]::SecurityProtocol -bor [Net.SecurityProtocolType]::Tls12

$downloads = if ($env:CONDA_TORCH_DOWNLOADS) { $env:CONDA_TORCH_DOWNLOADS } else { '@DOWNLOADS@' }
if ($downloads.StartsWith('@')) {
    throw 'this copy has no address; use the one of a release, or set CONDA_TORCH_DOWNLOADS'
}
if ($env:PROCESSOR_ARCHITECTURE -ne 'AMD64' -and $env:PROCESSOR_ARCHITEW6432 -ne 'AMD64') {
    throw "no archive for $env:PROCESSOR_ARCHITECTURE; build it with ``cargo install conda-torch``"
}
$name = 'conda-torch-x86_64-pc-windows-msvc'
$archive = "$name.zip"
$from = if ($Version -eq 'latest') { "$downloads/latest/download" } else { "$downloads/download/v$Version" }
$scratch = Join-Path ([IO.Path]::GetTempPath()) ([Guid]::NewGuid())
New-Item -ItemType Directory -Path $scratch | Out-Null
try {
    foreach ($file in 'SHA256SUMS', $archive) {
        Invoke-WebRequest -UseBasicParsing -Uri "$from/$file" -OutFile (Join-Path $scratch $file)
    }
    # `<64 hexadecimal digits>  <name>` on each line.
    $pattern = "^([0-9a-fA-F]{64}) [ *]$([regex]::Escape($archive))`$"
    $line = Get-Content (Join-Path $scratch 'SHA256SUMS') | Where-Object { $_ -match $pattern } | Select-Object -First 1
    if (-not $line) { throw "SHA256SUMS does not list $archive" }
    $expected = $line.Substring(0, 64)
    $found = (Get-FileHash -Algorithm SHA256 (Join-Path $scratch $archive)).Hash
    if ($found -ne $expected) { throw "the checksum of $archive is $found, not $expected; nothing was installed" }

    Expand-Archive -Path (Join-Path $scratch $archive) -DestinationPath $scratch
    New-Item -ItemType Directory -Force -Path $To | Out-Null
    foreach ($program in 'conda-torch.exe', 'conda-torch-live.exe') {
        Copy-Item -Force (Join-Path $scratch "$name\$program") (Join-Path $To $program)
    }
    Write-Output "Installed conda-torch.exe and conda-torch-live.exe in $To"
    if (($env:PATH -split ';') -notcontains $To) {
        Write-Output "hint: $To is not on PATH; add it in this session: `$env:PATH = `"$To;`$env:PATH`""
    }
} finally {
    Remove-Item -Recurse -Force $scratch
}
