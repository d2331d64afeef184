//! Records that go into databases and other files: once each, whatever breaks.

mod databases;
mod files;
mod killed;
mod server;
mod sqlite;
