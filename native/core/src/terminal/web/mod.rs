//! What carries a terminal's messages within TLS, as this side reads it: answers and posts of
//! HTTP/1.1, and the messages of a WebSocket this side opened.
//!
//! A terminal may write a card number wherever it writes anything: outside its seal, in a header,
//! in a ping. So heads, bodies and frames lie in buffers of fixed size that are wiped as soon as
//! they were read, and nothing is told of them but a status, a word, and the body to who opens it.
//! No clock and no socket: bytes go in, in any pieces.
//!
//! Source: RFC 9112, RFC 6455.

mod head;
pub mod http;
pub mod socket;

#[cfg(test)]
mod tests;

/// Bytes of the lines before a body, and of those behind one in chunks.
pub const HEAD_BYTES_MAX: usize = 16_384;
/// Lines of a head.
pub const HEAD_LINES_MAX: usize = 128;
/// Heads that only say that an answer will come.
pub const INTERIM_MAX: u32 = 4_096;
/// Bytes of the line before a chunk.
pub const CHUNK_LINE_BYTES_MAX: usize = 1_024;

/// Why nothing more is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Over {
    /// The other side closed its WebSocket in order.
    Ended,
    /// The connection ended too early, or the WebSocket was closed for another reason.
    Lost,
    /// What came is not of its kind.
    Broken,
    /// More than is read.
    TooLong,
    /// A request that posts nothing.
    Method,
    /// An answer that opens no WebSocket.
    NoWebSocket,
}

impl Over {
    /// A stable word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ended => "ended",
            Self::Lost => "link_lost",
            Self::Broken => "http_broken",
            Self::TooLong => "too_long",
            Self::Method => "method_unknown",
            Self::NoWebSocket => "no_websocket",
        }
    }
}

/// A whole message, in a buffer that is wiped when the handler returns.
#[derive(Debug, PartialEq, Eq)]
pub struct Message<'a> {
    /// That of an answer of HTTP; 200 for what has none.
    pub status: u16,
    /// Whether the other side leaves the connection open.
    pub is_kept: bool,
    /// What was carried.
    pub body: &'a [u8],
}

/// What a reader found.
#[derive(Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// The WebSocket is open.
    Open,
    /// A message.
    Message(Message<'a>),
    /// Nothing more is read.
    Over(Over),
}
