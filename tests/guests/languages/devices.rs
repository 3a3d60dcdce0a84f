//! Uses everything that the template's modules offer, and says what is wrong; given `devices`, without the
//! parts that take many instructions.
#![no_std]

extern crate alloc;

mod heap;
pub mod solo5;

use alloc::alloc::{alloc, dealloc};
use alloc::{collections::BTreeMap, format, string::String, vec, vec::Vec};
use core::alloc::Layout;
use core::time::Duration;
use solo5::{monotonic, wait, wall_clock, Block, Error, Net};

pub fn main(arguments: &str) -> i32 {
    if arguments != "devices" {
        assert_eq!(arguments, "a b");
        heap_is_used_again();
        heap_keeps_alignments();
    }
    if let Err(error) = devices() {
        println!("{error:?}");
        return solo5::EXIT_FAILURE;
    }
    clocks();
    solo5::EXIT_SUCCESS
}

fn heap_is_used_again() {
    let mut kept: BTreeMap<usize, String> = BTreeMap::new();
    for round in 0..2_000 {
        kept.insert(round * 7_919 % 64, format!("{round}").repeat(round % 50 + 1));
        kept.remove(&(round * 104_729 % 64));
    }
    for text in kept.values() {
        let first: usize = text[..1].parse().unwrap();
        assert!(first < 10);
    }
    drop(kept);
    // Most of the memory can be allocated at once only if the free parts are merged, in whatever
    // order they were freed.
    let most = || assert_eq!(vec![1u8; 8 << 20].iter().rposition(|&byte| byte == 1), Some((8 << 20) - 1));
    most();
    let mut parts: Vec<Vec<u8>> = (0..9).map(|_| vec![1; 1 << 20]).collect();
    while !parts.is_empty() {
        drop(parts.remove(0));
    }
    most();
    let mut parts: Vec<Vec<u8>> = (0..9).map(|_| vec![1; 1 << 20]).collect();
    while parts.pop().is_some() {}
    most();
    let mut too_much: Vec<u8> = Vec::new();
    assert!(too_much.try_reserve(1 << 40).is_err());
}

fn heap_keeps_alignments() {
    for shift in 0..15 {
        let layout = Layout::from_size_align(100, 1 << shift).unwrap();
        let (first, second) = unsafe { (alloc(layout), alloc(layout)) };
        assert_eq!((first as usize | second as usize) % layout.align(), 0);
        assert!(first.abs_diff(second) >= 100);
        unsafe {
            dealloc(first, layout);
            dealloc(second, layout);
        }
    }
}

trait Distance {
    fn abs_diff(self, other: Self) -> usize;
}

impl Distance for *mut u8 {
    fn abs_diff(self, other: Self) -> usize {
        (self as usize).abs_diff(other as usize)
    }
}

fn clocks() {
    let deadline = monotonic() + Duration::from_millis(2);
    assert!(wait(deadline).is_empty());
    assert!(monotonic() >= deadline);
    assert!(wall_clock() > Duration::from_secs(1_600_000_000));
}

fn devices() -> Result<(), Error> {
    let mut disk = Block::acquire(c"storage")?;
    assert_eq!(Block::acquire(c"storage").unwrap_err(), Error::Invalid);
    assert_eq!((disk.capacity(), disk.block_size()), (1024, 512));
    let mut block = vec![0; disk.block_size()];
    disk.read(0, &mut block)?;
    block.reverse();
    disk.write(512, &block)?;
    assert_eq!(disk.write(1, &block), Err(Error::Invalid));
    assert_eq!(disk.read(1024, &mut block), Err(Error::Invalid));

    let mut net = Net::acquire(c"service")?;
    assert_eq!((net.mac_address(), net.mtu()), ([2, 0, 0, 0, 0, 7], 1500));
    let mut buffer = vec![0; net.mtu() + Net::HEADER_LENGTH];
    println!("ready");
    assert!(wait(monotonic() + Duration::from_secs(60)).contains(&net));
    let mut frame = net.read(&mut buffer)?.to_vec();
    assert_eq!(net.read(&mut buffer), Err(Error::Again));
    frame.reverse();
    net.write(&frame)
}
