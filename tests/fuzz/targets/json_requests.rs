#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| fetchall::fuzzing::json_requests(data));
