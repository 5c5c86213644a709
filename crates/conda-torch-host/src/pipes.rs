//! What a running program writes to stdout and stderr.
//!
//! A process that it leaves behind may hold the pipes open for ever, so their end is not waited for: once
//! the program has ended, everything that it wrote is in the pipes.

use std::process::Child;
use std::time::Duration;

/// How long to wait for a program whose pipes are closed.
const EXIT: Duration = Duration::from_micros(200);

/// The pipes of a program, and what was read from them.
pub(crate) struct Pipes {
    streams: [Stream; 2],
    #[cfg(not(unix))]
    pieces: std::sync::mpsc::Receiver<(usize, Vec<u8>)>,
}

struct Stream {
    #[cfg(unix)]
    pipe: Option<std::os::fd::OwnedFd>,
    #[cfg(not(unix))]
    pipe: Option<()>,
    bytes: Vec<u8>,
    limit: usize,
}

impl Stream {
    fn keep(&mut self, bytes: &[u8]) {
        let room = self.limit - self.bytes.len();
        self.bytes.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }
}

impl Pipes {
    /// Whether everybody who could write has closed the pipes.
    pub(crate) fn are_closed(&self) -> bool {
        self.streams.iter().all(|stream| stream.pipe.is_none())
    }

    /// What was read: stdout, stderr.
    pub(crate) fn into_bytes(self) -> [Vec<u8>; 2] {
        self.streams.map(|stream| stream.bytes)
    }

    /// Reads what arrives, waiting at most `limit` for the first of it.
    pub(crate) fn read(&mut self, limit: Duration) {
        if self.are_closed() {
            std::thread::sleep(limit.min(EXIT));
        } else {
            self.read_open(limit);
        }
    }
}

#[cfg(unix)]
mod unix {
    use std::os::fd::OwnedFd;

    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    use rustix::io::{Errno, ioctl_fionbio, read};

    use super::{Child, Duration, Pipes, Stream};

    /// As much as fits into a pipe: a program that writes without end must not keep the reader.
    const ONCE: usize = 1 << 20;

    impl Pipes {
        /// The pipes of a program that was just started.
        pub(crate) fn of(child: &mut Child, [stdout, stderr]: [usize; 2]) -> Self {
            let stream = |pipe: Option<OwnedFd>, limit| {
                // Without this a read may wait; with a pipe that cannot happen.
                let pipe = pipe.filter(|pipe| ioctl_fionbio(pipe, true).is_ok());
                Stream { pipe, bytes: Vec::new(), limit }
            };
            let streams = [
                stream(child.stdout.take().map(OwnedFd::from), stdout),
                stream(child.stderr.take().map(OwnedFd::from), stderr),
            ];
            Self { streams }
        }

        pub(super) fn read_open(&mut self, limit: Duration) {
            let open = self.streams.iter().filter_map(|stream| stream.pipe.as_ref());
            let mut open: Vec<PollFd<'_>> =
                open.map(|pipe| PollFd::new(pipe, PollFlags::IN)).collect();
            // A signal or an error ends the wait early.
            let _ = poll(&mut open, Timespec::try_from(limit).ok().as_ref());
            self.read_last();
        }

        /// Reads what a program that has ended left in its pipes.
        pub(crate) fn read_last(&mut self) {
            self.streams.iter_mut().for_each(Stream::read);
        }
    }

    impl Stream {
        fn read(&mut self) {
            let mut buffer = [0; 16 << 10];
            let mut total = 0;
            while let Some(pipe) = self.pipe.as_ref().filter(|_| total < ONCE) {
                match read(pipe, &mut buffer) {
                    Ok(count @ 1..) => {
                        total += count;
                        self.keep(&buffer[..count]);
                    }
                    Err(Errno::AGAIN | Errno::INTR) => return,
                    Ok(0) | Err(_) => self.pipe = None,
                }
            }
        }
    }
}

#[cfg(not(unix))]
mod threads {
    use std::io::Read;
    use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
    use std::thread;

    use super::{Child, Duration, Pipes, Stream};

    /// How long the threads may take to pass on what a program that has ended wrote.
    const LAST: Duration = Duration::from_millis(200);

    impl Pipes {
        /// The pipes of a program that was just started.
        pub(crate) fn of(child: &mut Child, [stdout, stderr]: [usize; 2]) -> Self {
            let (sender, pieces) = channel();
            let stream = |pipe, limit| Stream { pipe, bytes: Vec::new(), limit };
            let streams = [
                stream(listen(0, child.stdout.take(), sender.clone()), stdout),
                stream(listen(1, child.stderr.take(), sender), stderr),
            ];
            Self { streams, pieces }
        }

        pub(super) fn read_open(&mut self, limit: Duration) {
            let mut next = self.pieces.recv_timeout(limit);
            while let Ok((stream, bytes)) = next {
                let stream = &mut self.streams[stream];
                stream.keep(&bytes);
                // The end is an empty piece.
                stream.pipe = stream.pipe.filter(|()| !bytes.is_empty());
                next = self.pieces.try_recv().map_err(|_| RecvTimeoutError::Timeout);
            }
        }

        /// Reads what a program that has ended left in its pipes.
        pub(crate) fn read_last(&mut self) {
            let start = std::time::Instant::now();
            while !self.are_closed() && start.elapsed() < LAST {
                self.read_open(LAST);
            }
        }
    }

    /// Reads a pipe to its end in a thread. Without a thread the program has no output.
    fn listen(
        stream: usize,
        pipe: Option<impl Read + Send + 'static>,
        sender: Sender<(usize, Vec<u8>)>,
    ) -> Option<()> {
        let mut pipe = pipe?;
        let read = move || {
            let mut buffer = [0; 4096];
            loop {
                let count = pipe.read(&mut buffer).unwrap_or(0);
                if sender.send((stream, buffer[..count].to_vec())).is_err() || count == 0 {
                    return;
                }
            }
        };
        thread::Builder::new().spawn(read).ok().map(drop)
    }
}
