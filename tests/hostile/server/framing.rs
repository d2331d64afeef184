//! Lengths, chunks and heads that are wrong.

use super::{Behaviour, Step, behaviour::group};

pub fn all() -> Vec<Behaviour> {
    group(
        "Framing",
        vec![
            Behaviour::plain("length-too-long", "promises 1,000 bytes, sends 10 and closes", |_| {
                Step::raw("HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n0123456789")
            })
            .fails(&["body.truncated"]),
            Behaviour::closed("nobody-listens", "has no listener on the port").fails(&["connect.refused"]),
        ],
    )
}
