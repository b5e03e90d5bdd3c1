//! The trailers of gRPC-Web, which are the last message of the body.
//!
//! A message is a byte of flags, four of length, and so many more. With the highest flag set it holds the trailers as lines of HTTP/1. In the text
//! form the whole is base64, in pieces that may each end in padding. Bytes are looked at as they pass, and nothing but the trailers
//! is copied.

use bytes::Buf;
use http::{HeaderMap, HeaderName, HeaderValue};
use std::io::IoSlice;

/// Finds the trailers in a body that passes by.
#[derive(Debug)]
pub(crate) struct WebTrailers {
    text: Option<Base64>,
    messages: Messages,
}

impl WebTrailers {
    pub(crate) fn new(text: bool) -> Self {
        Self {
            text: text.then(Base64::default),
            messages: Messages::default(),
        }
    }

    /// Takes note of a piece of the body; the trailers, once they are whole.
    pub(crate) fn pass(&mut self, data: &impl Buf) -> Option<HeaderMap> {
        let mut slices = [IoSlice::new(&[]); 64];
        let filled = data.chunks_vectored(&mut slices);
        slices[..filled].iter().find_map(|slice| self.pass_bytes(slice))
    }

    fn pass_bytes(&mut self, mut bytes: &[u8]) -> Option<HeaderMap> {
        let Self { text, messages } = self;
        let Some(base64) = text else {
            while !bytes.is_empty() {
                let taken = messages.pass(bytes);
                bytes = &bytes[taken..];
            }
            return messages.trailers();
        };
        for byte in bytes {
            if let Some((decoded, length)) = base64.pass(*byte) {
                let mut decoded = &decoded[..length];
                while !decoded.is_empty() {
                    let taken = messages.pass(decoded);
                    decoded = &decoded[taken..];
                }
            }
        }
        messages.trailers()
    }
}

/// Where in the sequence of messages the body is.
#[derive(Debug, Default)]
struct Messages {
    head: [u8; 5],
    /// Of the head.
    known: usize,
    /// Bytes of the message still to come.
    left: usize,
    trailers: Vec<u8>,
    whole: bool,
}

const TRAILERS: u8 = 0x80;
/// More than any server sends; what is past it is not looked at.
const MOST_TRAILERS: usize = 16 * 1024;

impl Messages {
    /// Takes some bytes, at least one, and says how many.
    fn pass(&mut self, bytes: &[u8]) -> usize {
        if self.known < self.head.len() {
            let taken = bytes.len().min(self.head.len() - self.known);
            self.head[self.known..self.known + taken].copy_from_slice(&bytes[..taken]);
            self.known += taken;
            if self.known == self.head.len() {
                let [flags, length @ ..] = self.head;
                self.left = u32::from_be_bytes(length) as usize;
                self.ends_if_empty(flags);
            }
            return taken;
        }
        let taken = bytes.len().min(self.left);
        let flags = self.head[0];
        if flags & TRAILERS != 0 {
            let room = MOST_TRAILERS.saturating_sub(self.trailers.len());
            self.trailers.extend_from_slice(&bytes[..taken.min(room)]);
        }
        self.left -= taken;
        self.ends_if_empty(flags);
        taken
    }

    fn ends_if_empty(&mut self, flags: u8) {
        if self.left == 0 {
            self.known = 0;
            self.whole |= flags & TRAILERS != 0;
        }
    }

    fn trailers(&self) -> Option<HeaderMap> {
        let lines = || self.trailers.split(|byte| *byte == b'\n');
        self.whole.then(|| lines().filter_map(header).collect())
    }
}

fn header(line: &[u8]) -> Option<(HeaderName, HeaderValue)> {
    let colon = line.iter().position(|byte| *byte == b':')?;
    let (name, value) = (line[..colon].trim_ascii(), line[colon + 1..].trim_ascii());
    Some((HeaderName::from_bytes(name).ok()?, HeaderValue::from_bytes(value).ok()?))
}

/// Four letters that make three bytes.
#[derive(Debug, Default)]
struct Base64 {
    bits: u32,
    letters: u32,
    padding: usize,
}

impl Base64 {
    /// The bytes that this letter ends, and how many.
    fn pass(&mut self, letter: u8) -> Option<([u8; 3], usize)> {
        let value = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'a'..=b'z' => letter - b'a' + 26,
            b'0'..=b'9' => letter - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            b'=' => {
                self.padding += 1;
                0
            }
            // Line ends, which some encoders put in.
            _ => return None,
        };
        self.bits = self.bits << 6 | u32::from(value);
        self.letters += 1;
        if self.letters < 4 {
            return None;
        }
        let [_, bytes @ ..] = self.bits.to_be_bytes();
        let length = 3 - self.padding.min(2);
        *self = Self::default();
        Some((bytes, length))
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    /// Two messages and the trailers, as tonic-web writes them.
    const BODY: &[u8] = b"\0\0\0\0\x03abc\0\0\0\0\0\x80\0\0\0\x20grpc-status:0\r\ngrpc-message: x\r\n";

    fn status(trailers: Option<HeaderMap>) -> Option<HeaderValue> {
        trailers?.get("grpc-status").cloned()
    }

    #[test]
    fn finds_the_trailers_wherever_the_body_is_cut() {
        for first in 0..BODY.len() {
            for second in first..BODY.len() {
                let mut trailers = WebTrailers::new(false);
                for piece in [&BODY[..first], &BODY[first..second]] {
                    assert_eq!(status(trailers.pass(&Bytes::from_static(piece))), None);
                }
                let last = trailers.pass(&Bytes::from_static(&BODY[second..]));
                assert_eq!(status(last), Some(HeaderValue::from_static("0")), "{first} {second}");
            }
        }
    }

    #[test]
    fn finds_the_trailers_of_the_text_form_with_padding_in_the_middle() {
        // A message of three bytes and one of none, each padded, and the trailers.
        let pieces = ["AAAAAANhYmM=", "AAAAAAA=", "gAAAAA9ncnBjLXN0YXR1czowDQo="];
        let text = pieces.concat();
        for cut in 0..text.len() {
            let mut trailers = WebTrailers::new(true);
            assert_eq!(status(trailers.pass(&Bytes::from(text[..cut].to_owned()))), None);
            let last = trailers.pass(&Bytes::from(text[cut..].to_owned()));
            assert_eq!(status(last), Some(HeaderValue::from_static("0")), "{cut}");
        }
    }

    #[test]
    fn looks_at_no_trailers_past_its_bound() {
        let mut trailers = WebTrailers::new(false);
        let mut body = vec![TRAILERS, 0, 1, 0, 0];
        body.extend_from_slice(&vec![b'x'; 65_536]);
        assert!(trailers.pass(&Bytes::from(body)).expect("whole").is_empty());
        assert!(trailers.messages.trailers.len() <= MOST_TRAILERS);
    }
}
