//! A client that leaves as it is asked to.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// What the client does once its request is sent.
#[derive(Clone, Copy, Debug)]
pub enum Client {
    /// Reads the answer to its end.
    Reads,
    /// Closes the connection before there is an answer.
    LeavesBeforeTheAnswer,
    /// Closes it after the first bytes of the body.
    LeavesHalfWay,
    /// Resets it before there is an answer.
    ResetsBeforeTheAnswer,
    /// Resets it after the first bytes of the body.
    ResetsHalfWay,
}

/// Sends a request and reads nothing yet.
///
/// # Errors
///
/// When the server does not take it.
pub fn send(address: SocketAddr, method: &str, path: &str) -> io::Result<TcpStream> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: {}\r\n\r\n",
        if path.ends_with("/upgrade") {
            "upgrade\r\nupgrade: echo"
        } else {
            "close"
        }
    )?;
    Ok(stream)
}

impl Client {
    /// Sends a request and does what is asked of it. Before it leaves it calls `wait`.
    ///
    /// # Errors
    ///
    /// When the server can't be talked to.
    pub fn ask(self, address: SocketAddr, method: &str, path: &str, wait: impl FnOnce()) -> io::Result<()> {
        let mut stream = send(address, method, path)?;
        match self {
            // After a panic or a broken body there is no whole answer to be read.
            Self::Reads if path.ends_with("/upgrade") => head(&mut stream).map(drop),
            Self::Reads => stream.read_to_end(&mut Vec::new()).map(drop).or_else(connection_lost),
            Self::LeavesBeforeTheAnswer => {
                wait();
                Ok(())
            }
            Self::LeavesHalfWay => {
                head(&mut stream)?;
                wait();
                Ok(())
            }
            Self::ResetsBeforeTheAnswer => {
                wait();
                reset(&stream)
            }
            Self::ResetsHalfWay => {
                head(&mut stream)?;
                wait();
                reset(&stream)
            }
        }
    }
}

fn connection_lost(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::ConnectionReset {
        Ok(())
    } else {
        Err(error)
    }
}

/// Reads up to the end of the head.
fn head(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    Ok(head)
}

/// The close that follows will be a reset.
fn reset(stream: &TcpStream) -> io::Result<()> {
    socket2::SockRef::from(stream).set_linger(Some(Duration::ZERO))
}
