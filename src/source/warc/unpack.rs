//! The bytes of an archive, member by member where it is packed. Must not know records.

use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::GzDecoder;

/// How gzip begins (RFC 1952, 2.3.1).
const MARK: u8 = 0x1f;
/// Bytes read at once.
const CHUNK: usize = 64 << 10;
/// Unpacked bytes that are held.
const UNPACKED: usize = 16 << 10;

/// Counts what was taken.
pub(super) struct Counted<R> {
    inner: BufReader<R>,
    at: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.at += read as u64;
        Ok(read)
    }
}

impl<R: Read> BufRead for Counted<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.inner.fill_buf()
    }
    fn consume(&mut self, amount: usize) {
        self.at += amount as u64;
        self.inner.consume(amount);
    }
}

/// An archive that is open.
pub(super) enum Input<R> {
    Plain(Counted<R>),
    /// Within a member, and where that began.
    Packed(Box<BufReader<GzDecoder<Counted<R>>>>, u64),
    /// Between two members.
    Between(Counted<R>),
    /// Reading has failed.
    Over(io::Empty),
}

impl<R: Read> Input<R> {
    pub fn open(input: R, offset: u64) -> io::Result<Self> {
        let mut input = Counted { inner: BufReader::with_capacity(CHUNK, input), at: offset };
        let is_packed = input.fill_buf()?.first() == Some(&MARK);
        Ok(if is_packed { Input::Between(input) } else { Input::Plain(input) })
    }

    /// Where the next record begins, and whether it is the first there; `None` if there is none. `whole` is
    /// told how far all before it is whole.
    pub fn begin(&mut self, whole: &mut u64) -> io::Result<Option<(u64, bool)>> {
        loop {
            match std::mem::replace(self, Input::Over(io::empty())) {
                Input::Plain(mut input) => {
                    *whole = input.at;
                    let (is_over, at) = (input.fill_buf()?.is_empty(), input.at);
                    *self = Input::Plain(input);
                    return Ok((!is_over).then_some((at, true)));
                }
                Input::Between(mut input) => {
                    let at = input.at;
                    *whole = at;
                    if input.fill_buf()?.is_empty() {
                        *self = Input::Between(input);
                        return Ok(None);
                    }
                    let mut member = Box::new(BufReader::with_capacity(UNPACKED, GzDecoder::new(input)));
                    let is_empty = member.fill_buf()?.is_empty();
                    *self = Input::Packed(member, at);
                    if !is_empty {
                        return Ok(Some((at, true)));
                    }
                }
                Input::Packed(mut member, at) => {
                    if !member.fill_buf()?.is_empty() {
                        *self = Input::Packed(member, at);
                        return Ok(Some((at, false)));
                    }
                    *self = Input::Between(member.into_inner().into_inner());
                }
                Input::Over(_) => return Ok(None),
            }
        }
    }

    /// The record that was begun, unpacked.
    pub fn stream(&mut self) -> &mut dyn BufRead {
        match self {
            Input::Plain(input) | Input::Between(input) => input,
            Input::Packed(member, _) => member,
            Input::Over(nothing) => nothing,
        }
    }
}
