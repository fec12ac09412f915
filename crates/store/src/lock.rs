//! A lock that keeps two processes from running one campaign.

use crate::campaigns::CampaignId;
use crate::error::StoreError;
use crate::place;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::path::Path;

/// Holds a campaign's lock until it is dropped. The kernel releases it however the process ends, so none is ever stale.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// Whether somebody holds the lock of a campaign now. `dir` is the state directory.
pub fn is_held(dir: &Path, id: &CampaignId) -> bool {
    let path = dir.join("locks").join(format!("{id}.lock"));
    // Not opened unless it is a file: a pipe would never open.
    let is_file = std::fs::symlink_metadata(&path).is_ok_and(|metadata| metadata.is_file());
    let file = if is_file { File::open(path).ok() } else { None };
    file.is_some_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
}

/// Takes the lock of a campaign, or says who holds it. `dir` is the state directory.
pub fn lock(dir: &Path, id: &CampaignId) -> Result<Lock, StoreError> {
    let directory = dir.join("locks");
    let path = directory.join(format!("{id}.lock"));
    let unwritable = |error: std::io::Error| StoreError::Unwritable { path: path.clone(), problem: error.to_string() };
    std::fs::create_dir_all(&directory).map_err(unwritable)?;
    // Not truncated on opening: until the lock is ours, its content is the holder's.
    let mut file =
        OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path).map_err(unwritable)?;
    let kind = file.metadata().map_err(unwritable)?.file_type();
    if !kind.is_file() {
        return Err(StoreError::NotAFile { path: path.clone(), kind: place::kind(kind) });
    }
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut pid = String::new();
            let pid = file.read_to_string(&mut pid).ok().and_then(|_| pid.trim().parse().ok());
            return Err(StoreError::Locked { campaign: id.clone(), pid });
        }
        Err(TryLockError::Error(error)) => return Err(unwritable(error)),
    }
    // The file stays when the lock goes: removing it could take it from under somebody who has just opened it.
    file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id())).map_err(unwritable)?;
    Ok(Lock { _file: file })
}
