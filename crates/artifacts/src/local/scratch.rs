//! The hidden place for files that are not whole yet, and for what is being taken apart.
//!
//! Each running server owns one numbered directory there, by a lock that the system takes back
//! when the process ends, however it ends. Whoever gets the lock of a directory may empty it.
//! So leftovers of a crash go away, and a server that shares the disk keeps its uploads; and
//! names need neither a clock nor random numbers.

use std::fs::{File, TryLockError};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use cap_std::fs::{Dir, OpenOptions};

const LOCK_SUFFIX: &str = ".lock";

/// How often the removal of a directory starts over when something appears in it.
const REMOVE_ATTEMPTS: usize = 8;

/// The directory that this process owns.
pub(super) struct Scratch {
    hidden: Dir,
    dir: Dir,
    counter: AtomicU64,
    _lock: File,
}

impl Scratch {
    /// Takes the first directory that is free, and empties all that are.
    pub(super) fn claim(hidden: &Dir) -> io::Result<Self> {
        let (slot, lock) = lock_first_free(hidden)?;
        create_missing_dir(hidden, &slot)?;
        empty(hidden, &slot)?;
        let scratch = Self {
            hidden: hidden.try_clone()?,
            dir: hidden.open_dir(&slot)?,
            counter: AtomicU64::new(0),
            _lock: lock,
        };
        scratch.sweep()?;
        Ok(scratch)
    }

    /// Empties the directories of servers that are gone.
    pub(super) fn sweep(&self) -> io::Result<()> {
        for entry in self.hidden.entries()? {
            let name = entry?.file_name();
            let Some(slot) = name
                .to_str()
                .and_then(|name| name.strip_suffix(LOCK_SUFFIX))
            else {
                continue;
            };
            if let Some(_lock) = lock_slot(&self.hidden, slot)? {
                empty(&self.hidden, slot)?;
            }
        }
        Ok(())
    }

    /// The directory, for the names that this type hands out.
    pub(super) fn dir(&self) -> &Dir {
        &self.dir
    }

    /// A new, empty file.
    pub(super) fn create(self: &Arc<Self>) -> io::Result<TemporaryFile> {
        let name = self.fresh_name();
        let file = self
            .dir
            .open_with(&name, OpenOptions::new().write(true).create_new(true))?
            .into_std();
        Ok(TemporaryFile {
            file,
            name,
            scratch: Arc::clone(self),
            is_published: false,
        })
    }

    /// Moves an entry of `from` in here and answers its name here.
    pub(super) fn take(&self, from: &Dir, path: &str) -> io::Result<String> {
        let name = self.fresh_name();
        from.rename(path, &self.dir, &name)?;
        Ok(name)
    }

    /// A name that nothing here has: the directory was empty when it was claimed.
    pub(super) fn fresh_name(&self) -> String {
        self.counter.fetch_add(1, Ordering::Relaxed).to_string()
    }
}

/// A file that removes itself unless it is renamed to somewhere.
pub(super) struct TemporaryFile {
    file: File,
    name: String,
    scratch: Arc<Scratch>,
    is_published: bool,
}

impl TemporaryFile {
    /// The file itself.
    pub(super) fn file(&mut self) -> &mut File {
        &mut self.file
    }

    /// Waits until its bytes are on disk.
    pub(super) fn sync(&self) -> io::Result<()> {
        self.file.sync_all()
    }

    /// Moves it to `path` in `target`, in one step, replacing a file that is there.
    pub(super) fn rename_to(&mut self, target: &Dir, path: &str) -> io::Result<()> {
        self.scratch.dir.rename(&self.name, target, path)?;
        self.is_published = true;
        Ok(())
    }
}

impl Drop for TemporaryFile {
    /// An upload can be dropped on an async thread, which must not wait for the disk. A failure
    /// is left to the sweep: nobody can reach the file.
    fn drop(&mut self) {
        if self.is_published {
            return;
        }
        let (scratch, name) = (Arc::clone(&self.scratch), std::mem::take(&mut self.name));
        let remove = move || {
            let _ = scratch.dir.remove_file(name);
        };
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn_blocking(remove)),
            Err(_) => remove(),
        }
    }
}

fn lock_first_free(hidden: &Dir) -> io::Result<(String, File)> {
    let mut slot = 0_u64;
    loop {
        let name = slot.to_string();
        if let Some(lock) = lock_slot(hidden, &name)? {
            return Ok((name, lock));
        }
        slot += 1;
    }
}

/// The lock of a slot, or `None` when a live server has it. Lock files are never removed: a lock
/// on a file that has lost its name would protect nothing.
fn lock_slot(hidden: &Dir, slot: &str) -> io::Result<Option<File>> {
    let options = OpenOptions::new().write(true).create(true).clone();
    let lock = hidden
        .open_with(format!("{slot}{LOCK_SUFFIX}"), &options)?
        .into_std();
    match lock.try_lock() {
        Ok(()) => Ok(Some(lock)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

fn empty(hidden: &Dir, slot: &str) -> io::Result<()> {
    let dir = match hidden.open_dir(slot) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        opened => opened?,
    };
    for entry in dir.entries()? {
        remove_any(&dir, &entry?.file_name().to_string_lossy())?;
    }
    Ok(())
}

/// Removes a file, a link (not what it points to), or a directory with all that is in it.
pub(super) fn remove_any(dir: &Dir, name: &str) -> io::Result<()> {
    let mut removed = remove_once(dir, name);
    for _ in 1..REMOVE_ATTEMPTS {
        match removed {
            // A write that had found the directory under its old name came in between.
            Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => {
                removed = remove_once(dir, name);
            }
            _ => break,
        }
    }
    match removed {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

fn remove_once(dir: &Dir, name: &str) -> io::Result<()> {
    if dir.symlink_metadata(name)?.is_dir() {
        dir.remove_dir_all(name)
    } else {
        dir.remove_file(name)
    }
}

/// Creates a directory unless it is there.
pub(super) fn create_missing_dir(dir: &Dir, name: &str) -> io::Result<()> {
    match dir.create_dir(name) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        created => created,
    }
}
