//! A web server of a few lines on this computer: it takes a file by PUT and gives it by GET, or misbehaves.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

/// How it behaves.
#[derive(Clone, Debug)]
pub(crate) enum Conduct {
    /// Keeps what is put and gives it.
    Keeps,
    /// Answers everything with this status.
    Refuses(u16),
    /// Takes what is put and gives this in its place.
    Gives(Vec<u8>),
    /// To be gone.
    Stops,
}

/// The server; it ends with this.
#[derive(Debug)]
pub(crate) struct WebServer {
    address: SocketAddr,
    conduct: Arc<Mutex<Conduct>>,
    kept: Arc<Mutex<Vec<u8>>>,
    thread: Option<JoinHandle<()>>,
}

impl WebServer {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let conduct = Arc::new(Mutex::new(Conduct::Keeps));
        let kept = Arc::new(Mutex::new(Vec::new()));
        let (how, what) = (Arc::clone(&conduct), Arc::clone(&kept));
        let thread = std::thread::Builder::new().spawn(move || {
            for stream in listener.incoming() {
                let conduct = how.lock().unwrap().clone();
                if matches!(conduct, Conduct::Stops) {
                    return;
                }
                answer(stream.unwrap(), &conduct, &mut what.lock().unwrap());
            }
        });
        Self {
            address,
            conduct,
            kept,
            thread: Some(thread.unwrap()),
        }
    }

    /// The address of a file on it.
    pub(crate) fn url(&self) -> String {
        format!("http://{}/lists/unit.crl", self.address)
    }

    /// Behaves so from now on.
    pub(crate) fn behave(&self, conduct: Conduct) {
        *self.conduct.lock().unwrap() = conduct;
    }

    /// What was put last.
    pub(crate) fn kept(&self) -> Vec<u8> {
        self.kept.lock().unwrap().clone()
    }
}

impl Drop for WebServer {
    fn drop(&mut self) {
        self.behave(Conduct::Stops);
        TcpStream::connect(self.address).ok(); // Wakes it.
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}

fn answer(stream: TcpStream, conduct: &Conduct, kept: &mut Vec<u8>) {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    let is_put = line.starts_with("PUT ");
    let mut length = 0;
    loop {
        line.clear();
        reader.read_line(&mut line).unwrap();
        let head = line.to_ascii_lowercase();
        if let Some(value) = head.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if line.trim().is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let (status, content) = match conduct {
        Conduct::Refuses(status) => (*status, Vec::new()),
        Conduct::Keeps | Conduct::Gives(_) if is_put => {
            *kept = body;
            (201, Vec::new())
        }
        Conduct::Keeps => (200, kept.clone()),
        Conduct::Gives(other) => (200, other.clone()),
        Conduct::Stops => return,
    };
    let length = content.len();
    let head =
        format!("HTTP/1.1 {status} X\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
    let stream = reader.get_mut();
    // Who asked may have gone.
    stream.write_all(head.as_bytes()).ok();
    stream.write_all(&content).ok();
}
