//! Text to trees or rows with spans. Nothing here knows what the review wants of them.

pub mod dotenv;
pub mod json;
pub mod lockfile;
pub mod prisma;
pub mod sql;
pub mod typescript;
pub mod yaml;
