//! The global allocator. It keeps the free parts of the unikernel's memory in a list, ordered by
//! address.
use core::alloc::{GlobalAlloc, Layout};
use core::cell::UnsafeCell;
use core::mem::size_of;
use core::ptr::null_mut;

/// A free part of memory. This record lies at its start.
struct Free {
    size: usize,
    next: *mut Free,
}

/// The address and the size of every part are multiples of this.
const UNIT: usize = size_of::<Free>();

/// The memory that can be allocated.
pub struct Heap {
    first: UnsafeCell<*mut Free>,
}

// A unikernel has one thread of control.
unsafe impl Sync for Heap {}

#[global_allocator]
static HEAP: Heap = Heap {
    first: UnsafeCell::new(null_mut()),
};

/// Gives memory to the global allocator.
///
/// # Safety
///
/// Nothing else may use the `size` bytes from address `start` on.
pub unsafe fn add(start: usize, size: usize) {
    let aligned = start.next_multiple_of(UNIT);
    let size = size.saturating_sub(aligned - start) / UNIT * UNIT;
    if size > 0 {
        HEAP.release(aligned, size);
    }
}

impl Heap {
    /// Adds a part to the list, and merges it with its neighbours.
    unsafe fn release(&self, start: usize, size: usize) {
        let mut link = self.first.get();
        let mut before: *mut Free = null_mut();
        while !(*link).is_null() && (*link as usize) < start {
            before = *link;
            link = &raw mut (*before).next;
        }
        let free = start as *mut Free;
        free.write(Free { size, next: *link });
        *link = free;
        join(free);
        if !before.is_null() {
            join(before);
        }
    }
}

/// Merges a part with the next one if they are neighbours.
unsafe fn join(free: *mut Free) {
    let next = (*free).next;
    if !next.is_null() && free as usize + (*free).size == next as usize {
        (*free).size += (*next).size;
        (*free).next = (*next).next;
    }
}

/// Bytes that an allocation takes.
fn size_of_layout(layout: Layout) -> usize {
    layout.size().max(1).next_multiple_of(UNIT)
}

unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let size = size_of_layout(layout);
        let mut link = self.first.get();
        while !(*link).is_null() {
            let free = *link;
            let start = free as usize;
            let end = start + (*free).size;
            let found = start.next_multiple_of(layout.align().max(UNIT));
            if found < end && end - found >= size {
                *link = (*free).next;
                for (start, end) in [(start, found), (found + size, end)] {
                    if start < end {
                        self.release(start, end - start);
                    }
                }
                return found as *mut u8;
            }
            link = &raw mut (*free).next;
        }
        null_mut()
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        self.release(memory as usize, size_of_layout(layout));
    }
}
