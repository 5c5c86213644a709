//! What a running program writes to stdout and stderr, read by threads.
//!
//! A process that it leaves behind may hold the pipes open for ever, so their end is only waited for until
//! shortly after the program has ended.

use std::io::Read;
use std::mem;
use std::process::Child;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// How long to wait for a program whose pipes are closed.
const EXIT: Duration = Duration::from_micros(200);

/// How long the threads may take to read what a program that has ended wrote.
const LAST: Duration = Duration::from_millis(500);

type Bytes = Arc<Mutex<Vec<u8>>>;

/// The pipes of a program, and what was read from them.
pub(crate) struct Pipes {
    bytes: [Bytes; 2],
    open: usize,
    closed: Receiver<()>,
}

impl Pipes {
    /// Starts to read the pipes of a program, and keeps so many bytes of each. The rest is dropped.
    pub(crate) fn of(child: &mut Child, [stdout, stderr]: [usize; 2]) -> Self {
        let (sender, closed) = channel();
        let bytes = [Bytes::default(), Bytes::default()];
        let open = [
            read(child.stdout.take(), stdout, &bytes[0], sender.clone()),
            read(child.stderr.take(), stderr, &bytes[1], sender),
        ];
        Self { bytes, open: open.into_iter().flatten().count(), closed }
    }

    /// Whether everybody who could write has closed the pipes.
    pub(crate) fn are_closed(&self) -> bool {
        self.open == 0
    }

    /// Waits at most `limit` for a pipe to be closed.
    pub(crate) fn wait(&mut self, limit: Duration) {
        if self.are_closed() {
            thread::sleep(limit.min(EXIT));
        } else if self.closed.recv_timeout(limit).is_ok() {
            self.open -= 1;
        }
    }

    /// Waits for the rest of the output of a program that has ended.
    pub(crate) fn finish(&mut self) {
        while !self.are_closed() && self.closed.recv_timeout(LAST).is_ok() {
            self.open -= 1;
        }
    }

    /// What was read: stdout, stderr.
    pub(crate) fn into_bytes(self) -> [Vec<u8>; 2] {
        self.bytes
            .map(|bytes| mem::take(&mut *bytes.lock().unwrap_or_else(PoisonError::into_inner)))
    }
}

/// Reads a pipe to its end in a thread. `None` without a pipe or a thread: then there is no output.
fn read(
    pipe: Option<impl Read + Send + 'static>,
    limit: usize,
    bytes: &Bytes,
    closed: Sender<()>,
) -> Option<()> {
    let (mut pipe, bytes) = (pipe?, Arc::clone(bytes));
    let read = move || {
        let mut buffer = [0; 16 << 10];
        while let Ok(count @ 1..) = pipe.read(&mut buffer) {
            let mut bytes = bytes.lock().unwrap_or_else(PoisonError::into_inner);
            let room = limit - bytes.len();
            bytes.extend_from_slice(&buffer[..count.min(room)]);
        }
        let _ = closed.send(());
    };
    thread::Builder::new().spawn(read).ok().map(drop)
}
