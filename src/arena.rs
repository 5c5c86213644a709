//! Memory for a process that ends at once.
//!
//! The program makes some hundred small things, prints, and ends. Taking them from one block and giving
//! nothing back costs a tenth of what a general allocator does (docs/benchmarks.md has the count).
//! What does not fit into the block, such as a large document, goes to the system's allocator and is
//! given back as usual. Only the binary uses this; a program that uses the library keeps its own.

#![expect(unsafe_code, reason = "an allocator hands out raw memory")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::UnsafeCell;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Pages of it that are never touched are never mapped.
const SIZE: usize = 1 << 20;

/// One block, handed out from its start.
pub(crate) struct Arena {
    block: UnsafeCell<[u8; SIZE]>,
    /// How much of the block is taken.
    taken: AtomicUsize,
}

// SAFETY: the block is only reached through the pointers handed out, and `take` hands every byte out at
// most once at a time: it moves `taken` by compare-and-exchange.
unsafe impl Sync for Arena {}

impl Arena {
    #[expect(clippy::large_stack_arrays, reason = "evaluated at compile time, for a static")]
    pub(crate) const fn new() -> Self {
        Self { block: UnsafeCell::new([0; SIZE]), taken: AtomicUsize::new(0) }
    }

    fn start(&self) -> *mut u8 {
        self.block.get().cast()
    }

    /// Where in the block a pointer lies; `None` for the system's memory.
    fn place(&self, pointer: *mut u8) -> Option<usize> {
        pointer.addr().checked_sub(self.start().addr()).filter(|place| *place < SIZE)
    }

    /// Takes bytes from the block; `None` where they do not fit.
    fn take(&self, layout: Layout) -> Option<*mut u8> {
        let start = self.start();
        let mut taken = self.taken.load(Ordering::Relaxed);
        loop {
            let free = start.addr() + taken;
            let place = free.checked_next_multiple_of(layout.align())? - start.addr();
            let end = place.checked_add(layout.size()).filter(|end| *end <= SIZE)?;
            match self.move_taken(taken, end) {
                // SAFETY: `place` is at most SIZE, the end of the block.
                Ok(()) => return Some(unsafe { start.add(place) }),
                Err(other) => taken = other,
            }
        }
    }

    /// Makes the last thing taken longer or shorter where it is; `false` where it is not the last, or
    /// does not fit.
    fn stretch(&self, place: usize, old: usize, new: usize) -> bool {
        let fits = place.checked_add(new).filter(|end| *end <= SIZE);
        fits.is_some_and(|end| self.move_taken(place + old, end).is_ok())
    }

    fn move_taken(&self, from: usize, to: usize) -> Result<(), usize> {
        // Nothing is published through `taken`: who gets a pointer writes before it shares it.
        let order = (Ordering::Relaxed, Ordering::Relaxed);
        self.taken.compare_exchange_weak(from, to, order.0, order.1).map(|_| ())
    }
}

// SAFETY: memory comes from `take`, which hands out aligned, disjoint parts of a block that lives as
// long as the program, or from `System`, which keeps the contract; each goes back where it came from.
unsafe impl GlobalAlloc for Arena {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller keeps the contract of `alloc`, which is the system's too.
        self.take(layout).unwrap_or_else(|| unsafe { System.alloc(layout) })
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        match self.place(pointer) {
            // The last thing taken can be taken back; anything else stays until the end.
            Some(place) => {
                self.stretch(place, layout.size(), 0);
            }
            // SAFETY: what is not in the block came from `System`.
            None => unsafe { System.dealloc(pointer, layout) },
        }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        let Some(place) = self.place(pointer) else {
            // SAFETY: what is not in the block came from `System`.
            return unsafe { System.realloc(pointer, layout, new_size) };
        };
        if new_size <= layout.size() || self.stretch(place, layout.size(), new_size) {
            return pointer;
        }
        // SAFETY: the caller guarantees that `new_size`, rounded up to the alignment, is a size.
        let new =
            unsafe { self.alloc(Layout::from_size_align_unchecked(new_size, layout.align())) };
        if !new.is_null() {
            // SAFETY: both are at least `layout.size()` long, and `new` is handed out for the first time.
            unsafe { new.copy_from_nonoverlapping(pointer, layout.size()) };
        }
        new
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(size: usize, align: usize) -> Layout {
        Layout::from_size_align(size, align).expect("a layout")
    }

    /// Too large for a stack.
    fn arena() -> &'static Arena {
        // SAFETY: all bytes zero is a valid `Arena`.
        Box::leak(unsafe { Box::<Arena>::new_zeroed().assume_init() })
    }

    #[test]
    fn what_is_handed_out_is_aligned_and_apart() {
        let arena = arena();
        let mut before = arena.start().addr();
        for (size, align) in [(1, 1), (3, 8), (16, 16), (1, 64), (0, 1), (7, 4096)] {
            let pointer = arena.take(layout(size, align)).expect("it fits");
            assert!(pointer.addr().is_multiple_of(align) && pointer.addr() >= before);
            before = pointer.addr() + size;
        }
    }

    #[test]
    fn the_last_thing_grows_in_place_and_others_move_with_what_is_in_them() {
        let arena = arena();
        // SAFETY: layouts are those of the allocation, and only bytes inside are touched.
        unsafe {
            let first = arena.alloc(layout(4, 1));
            first.write_bytes(7, 4);
            assert_eq!(arena.realloc(first, layout(4, 1), 100), first);
            let second = arena.alloc(layout(4, 1));
            let moved = arena.realloc(first, layout(100, 1), 200);
            assert!(moved != first && moved != second);
            assert_eq!(std::slice::from_raw_parts(moved, 4), [7; 4]);
        }
    }

    #[test]
    fn what_does_not_fit_comes_from_the_system() {
        let arena = arena();
        // SAFETY: layouts are those of the allocation.
        unsafe {
            let large = arena.alloc(layout(SIZE + 1, 1));
            assert!(!large.is_null() && arena.place(large).is_none());
            let larger = arena.realloc(large, layout(SIZE + 1, 1), SIZE + 2);
            arena.dealloc(larger, layout(SIZE + 2, 1));
            assert!(arena.take(layout(SIZE, 1)).is_some() && arena.take(layout(1, 1)).is_none());
            assert!(arena.take(layout(usize::MAX / 2, 1)).is_none());
        }
    }

    #[test]
    fn threads_never_share_a_byte() {
        let arena = arena();
        let take = |number: u8| {
            (0..200)
                .map(|_| {
                    let pointer = arena.take(layout(16, 8)).expect("it fits");
                    // SAFETY: 16 bytes were handed out here.
                    unsafe { pointer.write_bytes(number, 16) };
                    pointer.addr()
                })
                .collect::<Vec<_>>()
        };
        let all: Vec<(u8, usize)> = std::thread::scope(|scope| {
            let threads: Vec<_> = (1..=4).map(|n| (n, scope.spawn(move || take(n)))).collect();
            let joined =
                threads.into_iter().map(|(n, thread)| (n, thread.join().expect("no panic")));
            joined.flat_map(|(n, places)| places.into_iter().map(move |place| (n, place))).collect()
        });
        for (number, place) in all {
            // SAFETY: the 16 bytes were handed out and written above; nobody writes now.
            let bytes = unsafe {
                std::slice::from_raw_parts(arena.start().add(place - arena.start().addr()), 16)
            };
            assert_eq!(bytes, [number; 16]);
        }
    }
}
