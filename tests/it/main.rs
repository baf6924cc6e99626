//! One binary for all integration tests: linking several would cost more than running them.

mod optical;
