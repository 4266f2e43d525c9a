//! Finds the rule documents, so that adding one touches no list.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").ok_or(io::ErrorKind::NotFound)?).join("rules");
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or(io::ErrorKind::NotFound)?);
    println!("cargo::rerun-if-changed=rules");
    let mut list = String::from("&[\n");
    for category in sorted(&root)? {
        if !category.is_dir() || category.ends_with("packs") {
            continue;
        }
        for document in sorted(&category)? {
            if document.extension().is_some_and(|ending| ending == "md")
                && let (Some(folder), Some(name)) = (category.file_name(), document.file_stem())
            {
                let id = format!("{}/{}", folder.to_string_lossy(), name.to_string_lossy());
                writeln!(list, "    ({id:?}, include_str!({:?})),", document.to_string_lossy()).map_err(io::Error::other)?;
            }
        }
    }
    list.push(']');
    fs::write(out.join("documents.rs"), list)
}

fn sorted(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}
