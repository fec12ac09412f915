//! The directory of what was compiled, and how it is kept small.
//!
//! Several processes may use it at once. Whatever lies there is checked when it is read, and who holds an object does not need
//! its file any more, so any of them may remove any object at any time.

use std::fs::{self, File};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use crate::elf;
use crate::limits::MAX_OBJECT_BYTES;
use crate::outcome::SandboxError;

/// Objects that a cache keeps, those used last. A process may be [`SLACK_OBJECTS`] ahead of that.
pub const MAX_CACHE_OBJECTS: usize = 2_000;
/// Bytes of objects that a cache keeps. A process may be [`SLACK_BYTES`] ahead of that.
pub const MAX_CACHE_BYTES: u64 = 256 << 20;
/// Looking at all objects takes some milliseconds, so it is done after so many new ones.
const SLACK_OBJECTS: u64 = 100;
const SLACK_BYTES: u64 = 16 << 20;

/// A cache of compiled objects.
#[derive(Debug)]
pub(crate) struct Cache {
    /// All of it, for any toolchain and contract.
    root: PathBuf,
    /// The part for one toolchain and one contract.
    pub(crate) directory: PathBuf,
    /// What this process has added since it last looked.
    added: AtomicU64,
    added_bytes: AtomicU64,
}

impl Cache {
    /// Opens or makes the part of this name, and removes what is too much.
    pub(crate) fn open(root: &Path, part: &str) -> Result<Cache, SandboxError> {
        let directory = root.join(part);
        // Nobody else may plant an object here.
        let created = fs::DirBuilder::new().recursive(true).mode(0o700).create(&directory);
        created.map_err(SandboxError::io("create", &directory))?;
        // The jailed compiler sees the world from its build directory.
        let directory = fs::canonicalize(&directory).map_err(SandboxError::io("find", &directory))?;
        private(&directory)?;
        sweep(&directory)?;
        let cache =
            Cache { root: root.to_path_buf(), directory, added: AtomicU64::new(0), added_bytes: AtomicU64::new(0) };
        trim(&cache.root, MAX_CACHE_OBJECTS, MAX_CACHE_BYTES);
        Ok(cache)
    }

    /// An object that is there and sound. It counts as used now.
    pub(crate) fn get(&self, path: &Path) -> Option<Vec<u8>> {
        let fits =
            fs::symlink_metadata(path).is_ok_and(|found| found.is_file() && found.len() <= MAX_OBJECT_BYTES as u64);
        let object = fits.then(|| fs::read(path).ok()).flatten().filter(|object| elf::stands_alone(object).is_ok())?;
        // In a cache that cannot be written nothing is evicted either.
        let _ = File::options().append(true).open(path).and_then(|file| file.set_modified(SystemTime::now()));
        Some(object)
    }

    /// Takes note of a new object.
    pub(crate) fn grown(&self, bytes: usize) {
        let added = self.added.fetch_add(1, Ordering::Relaxed) + 1;
        let added_bytes = self.added_bytes.fetch_add(bytes as u64, Ordering::Relaxed) + bytes as u64;
        if added >= SLACK_OBJECTS || added_bytes >= SLACK_BYTES {
            self.added.store(0, Ordering::Relaxed);
            self.added_bytes.store(0, Ordering::Relaxed);
            trim(&self.root, MAX_CACHE_OBJECTS, MAX_CACHE_BYTES);
        }
    }
}

/// Removes the objects that were not used for longest, until no more than so many with so many bytes are left. What cannot be
/// read or removed stays: another process may be at it too.
fn trim(root: &Path, max_objects: usize, max_bytes: u64) {
    let inside = |directory: PathBuf| fs::read_dir(directory).into_iter().flatten().flatten();
    let parts = inside(root.to_path_buf()).filter(|part| part.file_type().is_ok_and(|kind| kind.is_dir()));
    let objects = parts.flat_map(|part| inside(part.path())).map(|entry| (entry.path(), entry.metadata()));
    let mut objects: Vec<(SystemTime, PathBuf, u64)> = objects
        .filter(|(path, _)| path.extension().is_some_and(|extension| extension == "so"))
        .filter_map(|(path, found)| found.and_then(|found| Ok((found.modified()?, path, found.len()))).ok())
        .collect();
    objects.sort_by(|one, other| other.cmp(one));
    let mut kept_bytes = 0;
    for (index, (_, path, bytes)) in objects.iter().enumerate() {
        kept_bytes += bytes;
        if index >= max_objects || kept_bytes > max_bytes {
            let _ = fs::remove_file(path);
        }
    }
}

/// A directory for one compilation; it is removed on drop.
pub(crate) struct BuildDir {
    pub(crate) path: PathBuf,
}

/// Name of the result in a build directory.
pub(crate) const OBJECT: &str = "object";

/// No compilation lasts as long.
const STALE: Duration = Duration::from_secs(3600);

const BUILD_PREFIX: &str = "build-";

impl BuildDir {
    pub(crate) fn new(cache: &Path) -> Result<BuildDir, SandboxError> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = cache.join(format!("{BUILD_PREFIX}{}-{number}", process::id()));
        fs::create_dir(&path).map_err(SandboxError::io("create", &path))?;
        Ok(BuildDir { path })
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> Result<(), SandboxError> {
        let path = self.path.join(name);
        fs::write(&path, text).map_err(SandboxError::io("write", &path))
    }

    /// Puts the result in its place unless another process was first. Nothing that lies there is replaced: Landlock's rules
    /// are about files, not names, and a jail that was built for the file there before could not open the new one.
    pub(crate) fn publish_once(&self, place: &Path) -> Result<(), SandboxError> {
        match fs::hard_link(self.path.join(OBJECT), place) {
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
            linked => linked.map_err(SandboxError::io("create", place)),
        }
    }

    /// Moves the result to its place in one step, so that nobody ever sees half of it.
    pub(crate) fn publish(&self, place: &Path) -> Result<(), SandboxError> {
        fs::rename(self.path.join(OBJECT), place).map_err(SandboxError::io("create", place))
    }
}

impl Drop for BuildDir {
    fn drop(&mut self) {
        // What cannot be removed now is swept up by a later process.
        let _ = fs::remove_dir_all(&self.path);
    }
}

/// Refuses a cache where somebody else may write: objects in it are loaded without being compiled again.
#[expect(unsafe_code, reason = "the standard library does not tell the user's number")]
fn private(cache: &Path) -> Result<(), SandboxError> {
    let metadata = fs::metadata(cache).map_err(SandboxError::io("read", cache))?;
    // SAFETY: it takes nothing and cannot fail.
    let user = unsafe { libc::geteuid() };
    if metadata.uid() == user && metadata.mode() & 0o022 == 0 {
        return Ok(());
    }
    let reason = format!("others may write to {}; remove it or take their rights away", cache.display());
    Err(SandboxError::Wall { wall: "cache".to_owned(), reason })
}

/// Removes build directories of processes that were killed: old ones only, since a process that shares the cache may live
/// where its number cannot be seen.
fn sweep(cache: &Path) -> Result<(), SandboxError> {
    for entry in fs::read_dir(cache).map_err(SandboxError::io("read", cache))?.flatten() {
        let name = entry.file_name();
        let owner = name.to_str().and_then(|name| name.strip_prefix(BUILD_PREFIX)?.split('-').next());
        let gone = owner.is_some_and(|owner| !Path::new("/proc").join(owner).exists());
        let age = entry.metadata().and_then(|metadata| metadata.modified()).ok().and_then(|time| time.elapsed().ok());
        if gone && age.is_some_and(|age| age > STALE) {
            // Another process may be sweeping too.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kit_that_another_process_built_meanwhile_is_not_replaced() {
        let cache = tempfile::tempdir().unwrap();
        let kit = cache.path().join("kit");
        for text in ["first", "second"] {
            let build = BuildDir::new(cache.path()).unwrap();
            build.write(OBJECT, text).unwrap();
            build.publish_once(&kit).unwrap();
        }
        assert_eq!(fs::read_to_string(&kit).unwrap(), "first");
    }
    /// An object of so many bytes, last used at a time, in one of two parts.
    fn put(root: &Path, part: &str, name: &str, bytes: usize, second: u64) {
        fs::create_dir_all(root.join(part)).unwrap();
        let path = root.join(part).join(name);
        fs::write(&path, vec![0; bytes]).unwrap();
        let used = SystemTime::UNIX_EPOCH + Duration::from_secs(second);
        File::options().append(true).open(path).unwrap().set_modified(used).unwrap();
    }

    fn names(root: &Path) -> Vec<String> {
        let parts = fs::read_dir(root).unwrap().flatten();
        let entries = parts.flat_map(|part| fs::read_dir(part.path()).unwrap().flatten());
        let mut names: Vec<String> = entries.map(|entry| entry.file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn what_was_not_used_for_longest_is_forgotten_first_whichever_toolchain_it_is_of() {
        let root = tempfile::tempdir().unwrap();
        for second in 0..10 {
            put(root.path(), ["one", "two"][second % 2], &format!("{second}.so"), 100, second as u64);
        }
        put(root.path(), "one", "contract.rlib", 5000, 0);
        trim(root.path(), 100, 100_000);
        assert_eq!(names(root.path()).len(), 11, "the control: all of them fit");
        trim(root.path(), 7, 100_000);
        assert_eq!(names(root.path()), ["3.so", "4.so", "5.so", "6.so", "7.so", "8.so", "9.so", "contract.rlib"]);
        trim(root.path(), 7, 250);
        assert_eq!(names(root.path()), ["8.so", "9.so", "contract.rlib"]);
    }

    #[test]
    fn processes_that_trim_one_cache_at_once_agree_and_none_fails() {
        let root = tempfile::tempdir().unwrap();
        (0..300).for_each(|second| put(root.path(), "one", &format!("{second}.so"), 10, second));
        std::thread::scope(|scope| {
            (0..4).for_each(|_| drop(scope.spawn(|| trim(root.path(), 5, 1_000))));
        });
        assert_eq!(names(root.path()), ["295.so", "296.so", "297.so", "298.so", "299.so"]);
    }

    #[test]
    fn a_link_in_the_cache_is_not_followed() {
        let root = tempfile::tempdir().unwrap();
        let cache = Cache::open(root.path(), "one").unwrap();
        let path = cache.directory.join("x.so");
        std::os::unix::fs::symlink("/dev/zero", &path).unwrap();
        assert_eq!(cache.get(&path), None);
    }
}
