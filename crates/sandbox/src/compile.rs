//! Compiles the kit and candidates, in the compiler's jail, into the cache.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::cache::{BuildDir, Cache, OBJECT};
use crate::cell::Cell;
use crate::group::Group;
use crate::limits::{Limits, MAX_OBJECT_BYTES};
use crate::outcome::{Outcome, SandboxError, Verdict, death};
use crate::screen::Screened;
use crate::session::printable;
use crate::toolchain::Toolchain;
use crate::{Artifact, Options, elf, jail, wrapper};

/// The compiler with the compiled kit.
#[derive(Debug)]
pub(crate) struct Compiler {
    pub toolchain: Toolchain,
    cache: Cache,
    kit: PathBuf,
}

impl Compiler {
    /// Finds the compiler, and compiles the kit unless the cache has it.
    pub(crate) fn new(options: &Options) -> Result<Compiler, SandboxError> {
        let toolchain = Toolchain::find(&options.rustc)?;
        let kit = &options.kit;
        let mut parts = vec![toolchain.version.as_str(), toolchain.sysroot.to_str().unwrap_or(""), kit.name];
        parts.extend(kit.files.iter().flat_map(|&(name, text)| [name, text]));
        parts.extend(KIT_ARGUMENTS);
        let cache = Cache::open(&options.cache, &digest(&parts))?;
        let compiler = Compiler { toolchain, kit: cache.directory.join(format!("lib{}.rlib", kit.name)), cache };
        if !compiler.kit.is_file() {
            compiler.compile_kit(options)?;
        }
        Ok(compiler)
    }

    fn compile_kit(&self, options: &Options) -> Result<(), SandboxError> {
        let kit = &options.kit;
        let build = BuildDir::new(&self.cache.directory)?;
        for (name, text) in kit.files {
            build.write(name, text)?;
        }
        let root = kit.files.first().map_or("", |file| file.0);
        let mut arguments = KIT_ARGUMENTS.map(str::to_owned).to_vec();
        arguments.extend(["--crate-name".to_owned(), kit.name.to_owned(), "-o".to_owned(), OBJECT.to_owned()]);
        arguments.push(root.to_owned());
        // The contract is ours: limits that are set for candidates do not concern it.
        let options = Options { limits: Limits::default(), ..options.clone() };
        let outcome = match self.rustc(&options, &build, &arguments)? {
            Ok(()) => return build.publish_once(&self.kit),
            Err(outcome) => outcome,
        };
        Err(SandboxError::Kit { name: kit.name, diagnostics: outcome.to_string() })
    }

    /// Compiles a candidate, or finds it in the cache.
    pub(crate) fn compile(&self, options: &Options, candidate: &Screened) -> Verdict<Artifact> {
        let wrapper = wrapper::text(&options.kit);
        // The exact text, not the normalised one: line numbers show in panics.
        let key = digest(&[&wrapper, &candidate.source, &CANDIDATE_ARGUMENTS.concat()]);
        let path = self.cache.directory.join(format!("{key}.so"));
        // What is unreadable or damaged is compiled again.
        if let Some(object) = self.cache.get(&path) {
            return Ok(Ok(Artifact { object: object.into(), path, cached: true }));
        }
        let build = BuildDir::new(&self.cache.directory)?;
        build.write(wrapper::FILE, &wrapper)?;
        build.write(wrapper::CANDIDATE_FILE, &candidate.source)?;
        if let Err(outcome) = self.rustc(options, &build, &self.candidate_arguments(options))? {
            return Ok(Err(outcome));
        }
        if let Some(refusal) = &candidate.unparsed {
            // The compiler knows syntax that the screen does not, so the screen has not seen what it says.
            return Ok(Err(refusal.clone().into()));
        }
        let object = build.path.join(OBJECT);
        let length = fs::metadata(&object).map_err(SandboxError::io("read", &object))?.len();
        if length > MAX_OBJECT_BYTES as u64 {
            let what = format!("the compiled object has {length} bytes; at most {MAX_OBJECT_BYTES} are allowed");
            return Ok(Err(Outcome::Denied { what }));
        }
        let bytes = fs::read(&object).map_err(SandboxError::io("read", &object))?;
        if let Err(what) = elf::stands_alone(&bytes) {
            return Ok(Err(Outcome::Denied { what: format!("the compiled object does not stand alone: {what}") }));
        }
        build.publish(&path)?;
        self.cache.grown(bytes.len());
        Ok(Ok(Artifact { object: bytes.into(), path, cached: false }))
    }

    fn candidate_arguments(&self, options: &Options) -> Vec<String> {
        let mut arguments = CANDIDATE_ARGUMENTS.map(str::to_owned).to_vec();
        arguments.extend(["--extern".to_owned(), format!("{}={}", options.kit.name, self.kit.display())]);
        if let Some(lld) = &self.toolchain.lld {
            arguments.push("-Clinker-flavor=ld.lld".to_owned());
            arguments.push(format!("-Clinker={}", lld.display()));
        } else {
            // `cc` would add start-up code, which runs on loading, and its own library.
            // A full path: to search for one, the compiler's standard library opens a pair of sockets, which the jail denies.
            arguments.extend(
                ["-Clinker=/usr/bin/cc", "-Clink-arg=-nostartfiles", "-Clink-arg=-nostdlib"].map(str::to_owned),
            );
        }
        arguments.extend(["-o".to_owned(), OBJECT.to_owned(), wrapper::FILE.to_owned()]);
        arguments
    }

    /// Runs the compiler in its jail.
    fn rustc(&self, options: &Options, build: &BuildDir, arguments: &[String]) -> Verdict<()> {
        let limits = &options.limits;
        let cell = self.cell(options, build);
        let mut command = Command::new(&options.runner);
        command.arg(jail::ARGUMENT).arg(jail::COMPILE).args(cell.to_arguments());
        command.arg(&self.toolchain.rustc).args(arguments).current_dir(&build.path);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        command.env_clear().env("TMPDIR", &build.path);
        if self.toolchain.lld.is_none() {
            command.env("PATH", "/usr/bin:/bin");
        }
        let deadline = Instant::now() + limits.compile_wall;
        let group = Group::spawn(&mut command).map_err(SandboxError::io("start", &options.runner))?;
        let finished = group.finish(deadline, limits.diagnostics_bytes);
        let finished = finished.map_err(SandboxError::io("wait for", &options.runner))?;
        let diagnostics = self.reproducible(&printable(&finished.stderr), build);
        let Some(status) = finished.status else {
            let what = format!("compiling it took more than {} s", limits.compile_wall.as_secs_f64());
            return Ok(Err(Outcome::Timeout { what }));
        };
        match (status.code(), status.signal()) {
            (Some(0), _) => Ok(Ok(())),
            (Some(jail::NOT_CLOSED), _) => {
                let (wall, reason) = diagnostics.split_once('\n').unwrap_or(("jail", &diagnostics));
                Err(SandboxError::Wall { wall: wall.to_owned(), reason: reason.to_owned() })
            }
            (_, Some(_)) if OUT_OF_MEMORY.iter().any(|said| diagnostics.contains(said)) => {
                Ok(Err(Outcome::OutOfMemory))
            }
            (_, Some(signal)) => Ok(Err(death(signal, "the compiler at work on it", limits.compile_cpu))),
            (_, None) => Ok(Err(Outcome::DoesNotCompile { diagnostics })),
        }
    }

    /// Diagnostics that are the same in every run: they go back to whoever wrote the candidate.
    fn reproducible(&self, diagnostics: &str, build: &BuildDir) -> String {
        let places = [(&build.path, ""), (&self.cache.directory, "cache/"), (&self.toolchain.sysroot, "rust/")];
        let mut text: String = diagnostics
            .split_inclusive('\n')
            .filter(|line| !LONG_TYPE.iter().any(|said| line.contains(said)))
            .collect();
        for (path, name) in places {
            text = text.replace(&format!("{}/", path.display()), name);
        }
        text
    }

    /// The compiler may read itself, the system's libraries and the kit, and write its build directory.
    fn cell(&self, options: &Options, build: &BuildDir) -> Cell {
        let existing =
            |paths: &[&str]| paths.iter().map(PathBuf::from).filter(|path| path.exists()).collect::<Vec<_>>();
        let mut execute = vec![self.toolchain.rustc.clone(), self.toolchain.sysroot.join("lib")];
        execute.extend(existing(SYSTEM_LIBRARIES));
        if self.toolchain.lld.is_none() {
            execute.extend(existing(SYSTEM_PROGRAMS));
        }
        Cell {
            walls: options.walls,
            cpu_s: options.limits.compile_cpu.as_secs().max(1),
            memory_bytes: options.limits.compile_memory_bytes,
            stack_bytes: options.limits.stack_bytes,
            file_bytes: MAX_FILE_BYTES,
            open_files: 256,
            // The kit is being made when it is not there yet.
            read: [&self.kit].into_iter().filter(|kit| kit.exists()).cloned().chain(existing(SYSTEM_FILES)).collect(),
            execute,
            write: [build.path.clone()].into_iter().chain(existing(&["/dev/null"])).collect(),
        }
    }
}

const KIT_ARGUMENTS: [&str; 7] =
    ["--edition=2024", "--crate-type=rlib", "--color=never", "-O", "-Cpanic=abort", "-Ccodegen-units=1", "-Awarnings"];

/// `-A warnings` leaves `forbid` in force, which `--cap-lints` would not.
const CANDIDATE_ARGUMENTS: [&str; 9] = [
    "--edition=2024",
    "--crate-type=cdylib",
    "--crate-name=candidate",
    "--color=never",
    "-Copt-level=3",
    "-Cpanic=abort",
    "-Ccodegen-units=1",
    "-Cstrip=symbols",
    "-Awarnings",
];

/// What the compiler's standard library says when it dies for lack of memory, and what LLVM says.
const OUT_OF_MEMORY: [&str; 2] = ["memory allocation of", "LLVM ERROR: out of memory"];

/// What the compiler says when it wrote a type to a file, whose name is another one in every run.
const LONG_TYPE: [&str; 2] = ["has been written to 'object.long-type-", "`--verbose` to print the full type name"];

/// The largest file that the compiler may write on its way, which is gone when it ends.
const MAX_FILE_BYTES: u64 = 64 << 20;

const SYSTEM_LIBRARIES: &[&str] = &["/lib", "/lib64", "/usr/lib", "/usr/lib64", "/nix/store"];
const SYSTEM_FILES: &[&str] = &["/etc/ld.so.cache"];
/// Where `cc` and what it calls lie.
const SYSTEM_PROGRAMS: &[&str] = &["/bin", "/usr/bin", "/usr/libexec"];

/// A file name for what these texts determine.
fn digest(parts: &[&str]) -> String {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.finalize().to_hex()[..32].to_owned()
}
