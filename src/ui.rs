//! The desktop window. Never blocks, never opens a session; sends commands, draws views.
