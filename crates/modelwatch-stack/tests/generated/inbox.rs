//! Where notifications arrive: servers on loopback that take what Alertmanager sends.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver};
use std::thread;

use serde_json::Value as Json;

/// Serves each connection on a thread of its own, until the test ends.
fn serve<T: Send + 'static>(
    handle: impl Fn(TcpStream, &mpsc::Sender<T>) + Send + Sync + Clone + 'static,
) -> (SocketAddr, Receiver<T>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (handle, sender) = (handle.clone(), sender.clone());
            thread::spawn(move || handle(stream.unwrap(), &sender));
        }
    });
    (address, receiver)
}

/// Takes JSON that is posted, with the path it is posted to.
pub(crate) fn http() -> (SocketAddr, Receiver<(String, Json)>) {
    serve(|stream, sender: &mpsc::Sender<(String, Json)>| {
        let mut stream = BufReader::new(stream);
        let mut first = String::new();
        stream.read_line(&mut first).unwrap();
        let mut length = 0;
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).unwrap() <= 2 {
                break;
            }
            if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse().unwrap();
            }
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body).unwrap();
        // PagerDuty's answer; the others read none.
        let answer = b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        let answer = if first.contains("/pagerduty") {
            &answer[..]
        } else {
            b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
        };
        stream.get_mut().write_all(answer).unwrap();
        let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
        // Nobody reads any more when the test is over.
        let _ = sender.send((path, serde_json::from_slice(&body).unwrap()));
    })
}

/// Takes mail, in the open and without a password, as plain relays do; each as it arrives.
pub(crate) fn smtp() -> (SocketAddr, Receiver<String>) {
    serve(|stream, sender: &mpsc::Sender<String>| {
        let mut stream = BufReader::new(stream);
        let say = |stream: &mut BufReader<TcpStream>, text: &str| {
            stream.get_mut().write_all(text.as_bytes()).unwrap();
        };
        say(&mut stream, "220 relay\r\n");
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).unwrap_or(0) == 0 {
                return;
            }
            match line.trim_end().split(' ').next().unwrap_or_default() {
                "DATA" => {
                    say(&mut stream, "354 go on\r\n");
                    let mut mail = String::new();
                    while !mail.ends_with("\r\n.\r\n") {
                        stream.read_line(&mut mail).unwrap();
                    }
                    say(&mut stream, "250 taken\r\n");
                    let _ = sender.send(mail);
                }
                "QUIT" => {
                    say(&mut stream, "221 bye\r\n");
                    return;
                }
                _ => say(&mut stream, "250 relay\r\n"),
            }
        }
    })
}
