//! Tools in a unikernel. Each call runs in a fresh one, which has nothing but its arguments.
#![no_std]

extern crate alloc;

pub mod call;
mod heap;
pub mod solo5;

use alloc::format;
use alloc::string::String;
use call::{member, text, Caller};

/// What `soloden mcp add` and clients learn of the tools: JSON.
const TOOLS: &str = r#"{"tools":[{"name":"greet","description":"Greets somebody","inputSchema":{
"type":"object","properties":{"name":{"type":"string"}},"required":["name"],
"additionalProperties":false}}]}"#;

/// Calls a tool. Its result is JSON, or says why there is none.
fn call_tool(name: &str, arguments: &str) -> Result<String, &'static str> {
    match name {
        "rpc.describe" => Ok(TOOLS.into()),
        "greet" => {
            let name = member(arguments, "name").ok_or("name is missing")?;
            Ok(format!("\"Hello, {}!\"", text(name)))
        }
        _ => Err("no such tool"),
    }
}

/// Answers requests until nobody calls any more.
pub fn main(_arguments: &str) -> i32 {
    let Ok(mut caller) = Caller::open() else {
        return solo5::EXIT_FAILURE;
    };
    while let Some(request) = caller.receive() {
        let result = call_tool(request.tool(), request.arguments());
        if !caller.answer(&request, result) {
            break;
        }
    }
    solo5::EXIT_SUCCESS
}
