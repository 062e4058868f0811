//! Opening a database and looking packages up, on the database that the environment variable `PRATIQUE_DB` names.

fn main() {}
