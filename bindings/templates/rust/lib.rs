//! A unikernel. The module `solo5` has every call that it can make.
#![no_std]

extern crate alloc;

mod heap;
pub mod solo5;

use alloc::vec::Vec;

/// What the unikernel does.
///
/// `arguments` is its command line; the result is its exit status.
pub fn main(arguments: &str) -> i32 {
    println!("Hello from NAME!");
    let words: Vec<&str> = arguments.split_whitespace().collect();
    if !words.is_empty() {
        println!("Arguments: {}", words.join(" "));
    }
    solo5::EXIT_SUCCESS
}
