//! A minimal HTTP client with the persistent connection of one browser, which reconnects after a failure.

use std::io::{Error, ErrorKind, Result};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

pub(crate) struct Viewer {
    address: String,
    cookie: String,
    stream: Option<TcpStream>,
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    /// The `ETag`.
    pub(crate) tag: String,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Viewer {
    pub(crate) fn new(address: &str, cookie: &str) -> Self {
        Self {
            address: address.to_owned(),
            cookie: cookie.to_owned(),
            stream: None,
        }
    }

    pub(crate) async fn get(&mut self, path: &str) -> Result<Answer> {
        self.ask("GET", path, "", "").await
    }

    pub(crate) async fn put(&mut self, path: &str, tag: &str, body: &str) -> Result<Answer> {
        self.ask("PUT", path, &format!("if-match: {tag}\r\n"), body)
            .await
    }

    pub(crate) async fn ask(
        &mut self,
        method: &str,
        path: &str,
        more: &str,
        body: &str,
    ) -> Result<Answer> {
        let Self {
            address, cookie, ..
        } = self;
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: {address}\r\norigin: http://{address}\r\ncookie: {cookie}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n{more}\r\n{body}",
            body.len()
        );
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => TcpStream::connect(&self.address).await?,
        };
        stream.write_all(request.as_bytes()).await?;
        let answer = read(&mut stream).await?;
        // Stores a renewed session cookie, as browsers do.
        let mut lines = answer.head.lines();
        if let Some(set) = lines.find_map(|line| line.strip_prefix("set-cookie: ")) {
            set.split(';')
                .next()
                .unwrap_or_default()
                .clone_into(&mut self.cookie);
        }
        let is_last = answer
            .head
            .to_ascii_lowercase()
            .contains("\r\nconnection: close");
        self.stream = (!is_last).then_some(stream);
        Ok(answer)
    }
}

async fn read(stream: &mut TcpStream) -> Result<Answer> {
    let mut received = Vec::new();
    let end = loop {
        if let Some(end) = received.windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
        read_more(stream, &mut received).await?;
    };
    let head = String::from_utf8_lossy(&received[..end]).into_owned();
    let header = |name: &str| {
        let mut lines = head.lines().filter_map(|line| line.split_once(": "));
        let found = lines.find(|(found, _)| found.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.to_owned())
    };
    let length: usize = header("content-length")
        .and_then(|length| length.parse().ok())
        .unwrap_or(0);
    while received.len() < end + length {
        read_more(stream, &mut received).await?;
    }
    let status = head.get(9..12).and_then(|status| status.parse().ok());
    Ok(Answer {
        status: status.ok_or(ErrorKind::InvalidData)?,
        tag: header("etag").unwrap_or_default(),
        body: received.split_off(end),
        head,
    })
}

async fn read_more(stream: &mut TcpStream, received: &mut Vec<u8>) -> Result<()> {
    match stream.read_buf(received).await? {
        0 => Err(Error::from(ErrorKind::UnexpectedEof)),
        _ => Ok(()),
    }
}
