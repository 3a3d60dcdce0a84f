//! Whoever calls the tools: frames, a length in four bytes, little-endian, and as many bytes of JSON, on the
//! network device `call`. The rules of its packets are in soloden_channel.h.
use crate::solo5::{wait, Error, Net};
use alloc::collections::VecDeque;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;

/// Most bytes of a message.
const LARGEST: usize = 10 << 20;
const PIECE_SIZE: usize = 32768;
/// Pieces that may be on their way without a credit.
const PIECES: usize = 4;
const PIECE: u8 = 0;
const CREDIT: u8 = 1;

/// Whoever calls.
pub struct Caller {
    net: Net,
    sent: usize,
    arrived: VecDeque<u8>,
    packet: Vec<u8>,
    closed: bool,
}

/// A request to answer.
pub struct Request {
    text: String,
}

impl Request {
    /// The name of the tool; `rpc.describe` asks which there are.
    pub fn tool(&self) -> &str {
        text(member(&self.text, "method").unwrap_or(""))
    }

    /// Its arguments: JSON.
    pub fn arguments(&self) -> &str {
        member(&self.text, "params").unwrap_or("{}")
    }
}

impl Caller {
    pub fn open() -> Result<Self, Error> {
        Ok(Self {
            net: Net::acquire(c"call")?,
            sent: 0,
            arrived: VecDeque::new(),
            packet: vec![0; 1 + PIECE_SIZE],
            closed: false,
        })
    }

    /// Waits for a request. None at the end: nobody calls any more.
    pub fn receive(&mut self) -> Option<Request> {
        let head = self.read(4)?;
        let size = u32::from_le_bytes([head[0], head[1], head[2], head[3]]) as usize;
        if size == 0 || size > LARGEST {
            return None;
        }
        let text = String::from_utf8(self.read(size)?).ok()?;
        Some(Request { text })
    }

    /// Answers a request with a result, which is JSON, or an error. Returns false at the end.
    pub fn answer(&mut self, request: &Request, answer: Result<String, &str>) -> bool {
        let id = member(&request.text, "id").unwrap_or("null");
        let said = match answer {
            Ok(result) => format!("\"result\":{result}"),
            Err(why) => format!("\"error\":{{\"code\":-32602,\"message\":\"{why}\"}}"),
        };
        let text = format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},{said}}}");
        let head = (text.len() as u32).to_le_bytes();
        text.len() <= LARGEST && self.write(&[&head[..], text.as_bytes()].concat())
    }

    fn read(&mut self, size: usize) -> Option<Vec<u8>> {
        while self.arrived.len() < size {
            if self.closed {
                return None;
            }
            self.take();
        }
        Some(self.arrived.drain(..size).collect())
    }

    fn write(&mut self, bytes: &[u8]) -> bool {
        for piece in bytes.chunks(PIECE_SIZE) {
            while self.sent == PIECES && !self.closed {
                self.take();
            }
            self.sent += 1;
            self.send(&[&[PIECE], piece].concat());
        }
        !self.closed
    }

    fn send(&mut self, packet: &[u8]) {
        self.closed = self.closed || self.net.write(packet).is_err();
    }

    /// Takes in a packet, and waits for it.
    fn take(&mut self) {
        match self.net.read(&mut self.packet) {
            Err(Error::Again) => {
                wait(Duration::MAX);
            }
            Ok([CREDIT]) if self.sent > 0 => self.sent -= 1,
            Ok([PIECE, piece @ ..]) if !piece.is_empty() => {
                self.arrived.extend(piece);
                self.send(&[CREDIT]);
            }
            _ => self.closed = true,
        }
    }
}

/// The value of a JSON object's member, as it stands there. Names are compared as they stand.
pub fn member<'a>(object: &'a str, name: &str) -> Option<&'a str> {
    let mut at = 1;
    while at < object.len() {
        let part = &object[at..at + value_size(&object[at..])];
        let rest = part.trim_start().strip_prefix('"')?.strip_prefix(name);
        if let Some(value) = rest.and_then(|rest| rest.strip_prefix('"')) {
            return Some(value.trim_start().strip_prefix(':')?.trim());
        }
        at += part.len() + 1;
    }
    None
}

/// What is between the quotes of a JSON string. What is escaped stays so.
pub fn text(value: &str) -> &str {
    value.trim_matches('"')
}

/// How long a part is: up to the comma or bracket after it that is not its own.
fn value_size(from: &str) -> usize {
    let (mut depth, mut quoted, mut escaped) = (0, false, false);
    for (at, byte) in from.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            _ if quoted => {}
            b'{' | b'[' => depth += 1,
            b',' if depth == 0 => return at,
            b'}' | b']' if depth == 0 => return at,
            b'}' | b']' => depth -= 1,
            _ => {}
        }
    }
    from.len()
}
