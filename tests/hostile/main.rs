//! The misbehaving server against the binary: each behaviour by itself, and all of them at once.

mod alone;
mod server;



use server::{Places, Port, catalogue};

/// Opens a port for each behaviour.
async fn open_all() -> Vec<Port> {
    let good = Port::good().await.unwrap();
    let places = Places { good: good.origin().to_owned(), ..Places::default() };
    let mut ports = vec![good];
    for behaviour in catalogue() {
        ports.push(Port::open(behaviour, places.clone()).await.unwrap());
    }
    ports
}

#[tokio::test]
async fn names_are_unique() {
    assert_eq!(open_all().await.len(), catalogue().len() + 1);
}
