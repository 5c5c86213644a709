//! A host made of fuzzed bytes. The parsers are reached through a `Host`, as in the program.

use std::collections::BTreeMap;

use conda_torch_probe::host::{
    DisplayDevice, DriverReport, DriverRequest, Failure, Host, ProgramOutput, System, Target,
};

/// A host that has only the fuzzed files, variables and programs.
pub struct Fed<'d> {
    target: Target,
    env: BTreeMap<&'static str, String>,
    files: BTreeMap<&'static str, &'d [u8]>,
    output: &'d [u8],
    driver: DriverReport,
}

impl<'d> Fed<'d> {
    pub fn on(os: &'static str) -> Self {
        let target =
            Target { os: os.into(), arch: "x86_64".into(), is_static: false };
        let env = BTreeMap::from([("HOME", "/root".into()), ("PATH", "/bin".into())]);
        let driver = DriverReport::not_started("not fed");
        Self { target, env, files: BTreeMap::new(), output: &[], driver }
    }

    /// Adds a file.
    pub fn file(mut self, path: &'static str, bytes: &'d [u8]) -> Self {
        self.files.insert(path, bytes);
        self
    }

    /// Adds a variable.
    pub fn variable(mut self, name: &'static str, value: String) -> Self {
        self.env.insert(name, value);
        self
    }

    /// Sets the replies of the driver.
    pub fn driver(mut self, driver: DriverReport) -> Self {
        self.driver = driver;
        self
    }

    /// Makes all programs print this; they fail if it begins with an odd byte.
    pub fn output(mut self, bytes: &'d [u8]) -> Self {
        self.output = bytes;
        self
    }
}

impl Host for Fed<'_> {
    fn target(&self) -> &Target {
        &self.target
    }

    fn system(&self) -> System {
        System::default()
    }

    fn unix_time(&self) -> Option<u64> {
        Some(1_800_000_000)
    }

    fn own_glibc(&self) -> Option<String> {
        None
    }

    fn env(&self, name: &str) -> Option<String> {
        self.env.get(name).cloned()
    }

    fn read_start(&self, path: &str, limit: usize) -> Result<Vec<u8>, Failure> {
        let bytes = self.files.get(path).ok_or(Failure::NotThere)?;
        Ok(bytes[..bytes.len().min(limit)].to_vec())
    }

    fn list(&self, folder: &str) -> Result<Vec<String>, Failure> {
        let below = |path: &&str| Some(path.strip_prefix(folder)?.strip_prefix('/')?.to_owned());
        let mut names: Vec<String> = self.files.keys().filter_map(below).collect();
        for name in &mut names {
            name.truncate(name.find('/').unwrap_or(name.len()));
        }
        names.dedup();
        if names.is_empty() { Err(Failure::NotThere) } else { Ok(names) }
    }

    fn exists(&self, path: &str) -> bool {
        self.is_file(path) || self.list(path).is_ok()
    }

    fn is_file(&self, path: &str) -> bool {
        self.files.contains_key(path)
    }

    fn read_link(&self, _: &str) -> Result<String, Failure> {
        Err(Failure::NotThere)
    }

    fn display_devices(&self) -> Result<Vec<DisplayDevice>, Failure> {
        let lines = String::from_utf8_lossy(self.output).into_owned();
        Ok(lines.lines().map(|id| DisplayDevice { id: id.to_owned(), service: None }).collect())
    }

    fn run(&self, _: &str, _: &[&str]) -> Result<ProgramOutput, Failure> {
        let text = String::from_utf8_lossy(self.output).into_owned();
        let code = Some(i32::from(self.output.first().is_some_and(|byte| byte % 2 == 1)));
        Ok(ProgramOutput { code, stdout: text.clone(), stderr: text })
    }

    fn driver(&self, _: &DriverRequest) -> DriverReport {
        self.driver.clone()
    }
}
