//! Reading requests from a connection, byte by byte as they come.

use std::io;

use tokio::io::{AsyncBufRead, AsyncBufReadExt as _, AsyncReadExt as _};

/// First line and fields of a request.
#[derive(Clone, Debug)]
pub struct Head {
    pub method: String,
    pub target: String,
    /// Names in lower case, in the order they came.
    pub headers: Vec<(String, String)>,
}

impl Head {
    /// First value of the field, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        find(&self.headers, name)
    }
}

/// First value of a field; names are in lower case.
pub fn find<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

/// The next head; `None` when the peer closes before one.
pub async fn read_head(io: &mut (impl AsyncBufRead + Unpin)) -> io::Result<Option<Head>> {
    let Some(first) = read_line(io).await? else { return Ok(None) };
    let mut words = first.split(' ');
    let (Some(method), Some(target)) = (words.next(), words.next()) else {
        return Err(io::Error::other(format!("no request line: {first:?}")));
    };
    let (method, target) = (method.to_owned(), target.to_owned());
    let mut headers = Vec::new();
    while let Some(line) = read_line(io).await?.filter(|line| !line.is_empty()) {
        let (name, value) = line.split_once(':').unwrap_or((&line, ""));
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    Ok(Some(Head { method, target, headers }))
}

/// The body that follows this head: by its length or in chunks.
pub async fn read_body(io: &mut (impl AsyncBufRead + Unpin), head: &Head) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    if head.header("transfer-encoding").is_none() {
        let length = head.header("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
        io.take(length).read_to_end(&mut body).await?;
        return Ok(body);
    }
    loop {
        let line = read_line(io).await?.unwrap_or_default();
        let size = u64::from_str_radix(&line, 16).map_err(io::Error::other)?;
        io.take(size).read_to_end(&mut body).await?;
        read_line(io).await?;
        if size == 0 {
            return Ok(body);
        }
    }
}

async fn read_line(io: &mut (impl AsyncBufRead + Unpin)) -> io::Result<Option<String>> {
    let mut line = Vec::new();
    io.read_until(b'\n', &mut line).await?;
    if line.is_empty() {
        return Ok(None);
    }
    Ok(Some(String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']).to_owned()))
}
