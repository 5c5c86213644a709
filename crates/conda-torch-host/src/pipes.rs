//! What a running program writes to stdout and stderr, read by threads.
//!
//! A process that it leaves behind may hold the pipes open for ever, so their end is only waited for until
//! shortly after the program has ended.

use std::io::Read;
use std::process::Child;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

/// How long to wait for a program whose pipes are closed.
const EXIT: Duration = Duration::from_micros(200);

/// How long it may take to read what a program that has ended wrote.
const LAST: Duration = Duration::from_millis(500);

/// The pipes of a program.
pub(crate) struct Pipes {
    /// What was read so far: stdout, stderr.
    pub(crate) bytes: [Vec<u8>; 2],
    kept: [usize; 2],
    /// Each part with the index of its pipe; `None` once everybody who could write has closed the pipes.
    parts: Option<Receiver<(usize, Vec<u8>)>>,
}

impl Pipes {
    /// Starts to read the pipes of a program, and keeps so many bytes of each. The rest is dropped.
    pub(crate) fn of(child: &mut Child, kept: [usize; 2]) -> Self {
        let (sender, parts) = sync_channel(4);
        if let Some(stdout) = child.stdout.take() {
            read(stdout, 0, sender.clone());
        }
        if let Some(stderr) = child.stderr.take() {
            read(stderr, 1, sender);
        }
        Self { bytes: Default::default(), kept, parts: Some(parts) }
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.parts.is_none()
    }

    /// Waits at most `limit` for output or the end of the pipes.
    pub(crate) fn wait(&mut self, limit: Duration) {
        let Some(parts) = &self.parts else { return thread::sleep(limit.min(EXIT)) };
        match parts.recv_timeout(limit) {
            Ok((pipe, part)) => {
                let room = self.kept[pipe] - self.bytes[pipe].len();
                self.bytes[pipe].extend_from_slice(&part[..part.len().min(room)]);
            }
            Err(RecvTimeoutError::Disconnected) => self.parts = None,
            Err(RecvTimeoutError::Timeout) => {}
        }
    }

    /// Waits for the rest of the output of a program that has ended.
    pub(crate) fn finish(&mut self) {
        let end = Instant::now() + LAST;
        while !self.is_closed() && Instant::now() < end {
            self.wait(end.saturating_duration_since(Instant::now()));
        }
    }
}

/// Reads a pipe to its end in a thread, also if nobody wants the parts. Without a thread there is no output.
fn read(mut pipe: impl Read + Send + 'static, index: usize, parts: SyncSender<(usize, Vec<u8>)>) {
    let read = move || {
        let mut buffer = [0; 16 << 10];
        while let Ok(count @ 1..) = pipe.read(&mut buffer) {
            let _ = parts.send((index, buffer[..count].to_vec()));
        }
    };
    drop(thread::Builder::new().spawn(read));
}
