//! Answers and posts of HTTP/1.1, one after the other on one connection.

use super::head::{self, First, Head};
use super::{CHUNK_LINE_BYTES_MAX, Event, HEAD_BYTES_MAX, INTERIM_MAX, Message, Over};
use crate::terminal::nexo::MESSAGE_BYTES_MAX;
use crate::wipe::Wiped;

/// What is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The one answer to the one question that was posted.
    Answer,
    /// What is posted here.
    Post,
}

/// What comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    Head,
    /// So many bytes, and then the message is whole.
    Body(usize),
    /// All there is until the connection ends.
    ToEnd,
    ChunkLine,
    Chunk(usize),
    /// The line's end behind a chunk.
    ChunkEnd,
    Trailer,
    Nothing,
}

/// Finds messages in a stream.
pub struct Reader {
    side: Side,
    next: Next,
    line: Wiped,
    body: Wiped,
    status: u16,
    is_kept: bool,
    interim: u32,
}

impl Reader {
    /// A reader of one side.
    pub fn new(side: Side) -> Self {
        Self {
            side,
            next: Next::Head,
            line: Wiped::new(HEAD_BYTES_MAX),
            body: Wiped::new(MESSAGE_BYTES_MAX),
            status: 200,
            is_kept: false,
            interim: 0,
        }
    }

    /// Whether nothing more is read.
    pub fn is_over(&self) -> bool {
        self.next == Next::Nothing
    }

    /// Whether the buffers hold nothing, not even what they held before.
    pub fn is_clean(&self) -> bool {
        self.line.is_clean() && self.body.is_clean()
    }

    /// Forget what was read, and read nothing more.
    pub fn drop_all(&mut self) {
        self.line.wipe();
        self.body.wipe();
        self.next = Next::Nothing;
    }

    /// Take bytes, telling `on` of everything they complete.
    pub fn feed(&mut self, bytes: &[u8], on: &mut dyn FnMut(Event<'_>)) {
        let mut rest = bytes;
        while !rest.is_empty() && !self.is_over() {
            let count = match self.next {
                Next::Body(left) | Next::Chunk(left) => self.fill(&rest[..left.min(rest.len())]),
                Next::ToEnd => self.fill(rest),
                _ => self.push(rest[0]),
            };
            match count.and_then(|count| self.step(on).map(|()| count)) {
                Ok(count) => rest = &rest[count..],
                Err(over) => self.fail(over, on),
            }
        }
    }

    /// The connection ended.
    pub fn end(&mut self, on: &mut dyn FnMut(Event<'_>)) {
        match self.next {
            Next::Nothing => {}
            Next::ToEnd => self.tell(on),
            _ => self.fail(Over::Lost, on),
        }
    }

    fn fail(&mut self, over: Over, on: &mut dyn FnMut(Event<'_>)) {
        self.drop_all();
        on(Event::Over(over));
    }

    fn fill(&mut self, bytes: &[u8]) -> Result<usize, Over> {
        if !self.body.extend(bytes) {
            return Err(Over::TooLong);
        }
        match &mut self.next {
            Next::Body(left) | Next::Chunk(left) => *left -= bytes.len(),
            _ => {}
        }
        Ok(bytes.len())
    }

    fn push(&mut self, byte: u8) -> Result<usize, Over> {
        let is_chunk_line = self.next == Next::ChunkLine;
        let is_full = is_chunk_line && self.line.len() >= CHUNK_LINE_BYTES_MAX;
        if is_full || !self.line.push(byte) {
            return Err(Over::Broken);
        }
        Ok(1)
    }

    /// Go on to what comes next, where what was waited for is whole.
    fn step(&mut self, on: &mut dyn FnMut(Event<'_>)) -> Result<(), Over> {
        let line = self.line.as_slice();
        match self.next {
            Next::Head if head::is_whole(line) => self.begin()?,
            Next::ChunkLine if line.ends_with(b"\n") => {
                let size = head::chunk_size(line).ok_or(Over::Broken)?;
                self.line.wipe();
                self.next = match fitting(size, self.body.room())? {
                    0 => Next::Trailer,
                    size => Next::Chunk(size),
                };
            }
            Next::Chunk(0) => self.next = Next::ChunkEnd,
            Next::ChunkEnd => match line {
                b"\r" => {}
                b"\n" | b"\r\n" => {
                    self.line.wipe();
                    self.next = Next::ChunkLine;
                }
                _ => return Err(Over::Broken),
            },
            // Lines behind the last chunk are passed over.
            Next::Trailer if head::is_whole(line) => self.tell(on),
            _ => {}
        }
        if self.next == Next::Body(0) {
            self.tell(on);
        }
        Ok(())
    }

    fn begin(&mut self) -> Result<(), Over> {
        let side = self.side;
        let read = head::read(self.line.as_slice(), side == Side::Answer)
            .ok_or(Over::Broken)
            .and_then(|head| Ok((head.is_kept, what_follows(side, &head)?)));
        self.line.wipe();
        let (is_kept, (status, next)) = read?;
        (self.status, self.next) = (status, next);
        self.is_kept = is_kept && next != Next::ToEnd;
        if next == Next::Head {
            self.interim += 1;
            if self.interim > INTERIM_MAX {
                return Err(Over::Broken);
            }
        }
        Ok(())
    }

    fn tell(&mut self, on: &mut dyn FnMut(Event<'_>)) {
        on(Event::Message(Message {
            status: self.status,
            is_kept: self.is_kept,
            body: self.body.as_slice(),
        }));
        self.drop_all();
        if self.side == Side::Post && self.is_kept {
            self.next = Next::Head;
        }
    }
}

/// So many bytes, where there is room for them.
fn fitting(size: u64, room: usize) -> Result<usize, Over> {
    let size = usize::try_from(size).map_err(|_| Over::TooLong)?;
    (size <= room).then_some(size).ok_or(Over::TooLong)
}

/// The status a head tells, and how what follows is found. Source: RFC 9112, section 6.3.
fn what_follows(side: Side, head: &Head<'_>) -> Result<(u16, Next), Over> {
    let status = match head.first {
        First::Request { is_post: false } => return Err(Over::Method),
        First::Request { is_post: true } => 200,
        // Nobody asked to speak of something else.
        First::Status(101) => return Err(Over::Broken),
        First::Status(status @ 100..200) => return Ok((status, Next::Head)),
        First::Status(status @ (204 | 304)) => return Ok((status, Next::Body(0))),
        First::Status(status) => status,
    };
    let next = match (head.is_chunked, head.length) {
        (true, _) => Next::ChunkLine,
        (false, Some(length)) => Next::Body(fitting(length, MESSAGE_BYTES_MAX)?),
        (false, None) if side == Side::Answer => Next::ToEnd,
        (false, None) => Next::Body(0),
    };
    Ok((status, next))
}
