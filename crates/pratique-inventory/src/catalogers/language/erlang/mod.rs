//! Erlang: what rebar3 locks, and the applications that lie in an installation or a release.

pub mod application;
pub mod rebar_lock;

pub use application::ErlangApplication;
pub use rebar_lock::ErlangRebarLock;
