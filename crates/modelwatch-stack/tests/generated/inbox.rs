//! Where notifications arrive: servers on loopback that take what Alertmanager sends.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;

use modelwatch_testkit::{Posted, inbox};

/// Takes JSON that is posted.
pub(crate) fn http() -> (SocketAddr, Receiver<Posted>) {
    inbox(|posted| {
        // PagerDuty's answer; the others read none.
        if posted.path.contains("/pagerduty") {
            "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        } else {
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
        }
    })
}

/// Takes mail, in the open and without a password, as plain relays do; each as it arrives, until the test ends.
pub(crate) fn smtp() -> (SocketAddr, Receiver<String>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let sender = sender.clone();
            thread::spawn(move || relay(stream.unwrap(), &sender));
        }
    });
    (address, receiver)
}

fn relay(stream: TcpStream, sender: &Sender<String>) {
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
                // Nobody reads any more when the test is over.
                let _ = sender.send(mail);
                say(&mut stream, "250 taken\r\n");
            }
            "QUIT" => {
                say(&mut stream, "221 bye\r\n");
                return;
            }
            _ => say(&mut stream, "250 relay\r\n"),
        }
    }
}
