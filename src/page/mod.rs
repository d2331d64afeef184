//! What bodies say.
