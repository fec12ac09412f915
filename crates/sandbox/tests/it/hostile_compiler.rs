//! A compiler that has been taken over: a shell script in its place tries what the jail of compilations must prevent.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use sandbox::{Limits, Outcome, Sandbox, SandboxError, Screened, Walls};

use crate::kit::{self, GOOD};

/// What becomes of a compilation when the compiler runs this script instead.
fn compile_by(script: &str, limits: Limits, walls: Walls) -> Outcome {
    let directory = tempfile::tempdir().unwrap();
    let sandbox = sandbox_with(directory.path(), script, limits, walls);
    sandbox.compile(&Screened::unchecked(GOOD)).unwrap().unwrap_err()
}

fn sandbox_with(directory: &Path, script: &str, limits: Limits, walls: Walls) -> Sandbox {
    let sysroot = directory.join("toolchain");
    fs::create_dir_all(sysroot.join("bin")).unwrap();
    fs::create_dir_all(sysroot.join("lib/rustlib/shell/lib")).unwrap();
    let rustc = sysroot.join("bin/rustc");
    let text = format!(
        "#!/bin/sh\ncase \"$*\" in\n'--print sysroot') echo {}; exit;;\n-vV) echo rustc; echo host: shell; exit;;\n\
         *crate-type=rlib*) : > object; exit;;\nesac\n{script}\nexit 1\n",
        sysroot.display()
    );
    fs::write(&rustc, text).unwrap();
    fs::set_permissions(&rustc, fs::Permissions::from_mode(0o755)).unwrap();
    let options = sandbox::Options { rustc, ..kit::options(&directory.join("cache"), limits, walls) };
    Sandbox::new(options).unwrap()
}

fn said(script: &str, walls: Walls) -> String {
    match compile_by(script, kit::limits(), walls) {
        Outcome::DoesNotCompile { diagnostics } => diagnostics,
        other => panic!("{other:?}"),
    }
}

/// `action` fails in the jail and succeeds outside.
fn is_denied(action: &str) {
    let script = format!("if {action}; then echo it worked; else echo it failed; fi >&2");
    assert!(said(&script, Walls::Disabled).contains("it worked"), "the control: {action}");
    let jailed = said(&script, Walls::Required);
    assert!(jailed.contains("it failed"), "{action}: {jailed}");
}

#[test]
fn a_hostile_compiler_reads_and_writes_nothing_but_its_own() {
    let directory = tempfile::tempdir().unwrap();
    let secret = directory.path().join("secret");
    fs::write(&secret, "xyz").unwrap();
    let (secret, directory) = (secret.display(), directory.path().display());
    is_denied(&format!("cat {secret}"));
    is_denied(&format!("ls {directory}"));
    is_denied("cat /etc/passwd");
    is_denied("cat ../../../toolchain/bin/rustc ../*.rlib ../../*/*.rlib > /dev/null && echo x > ../stolen");
    is_denied(&format!("echo x > {directory}/new"));
    is_denied(&format!("mkdir {directory}/sub"));
    is_denied(&format!("chmod 777 {secret}"));
    is_denied(&format!("mv {secret} {directory}/moved && mv {directory}/moved {secret}"));
    is_denied("kill -0 $PPID");
    assert!(said("echo x > mine && cat mine >&2", Walls::Required).contains('x'), "its own directory is its own");
}

#[test]
fn a_hostile_compiler_finds_no_environment() {
    let said = said("env >&2", Walls::Required);
    for line in said.lines() {
        let name = line.split('=').next().unwrap();
        assert!(["TMPDIR", "PATH", "PWD", "OLDPWD", "_", "SHLVL"].contains(&name), "{said}");
    }
}

#[test]
fn a_hostile_compiler_is_in_namespaces_of_its_own_where_there_are_any() {
    let walls = sandbox::walls::probe();
    for (name, kind) in [("user namespace", "user"), ("network namespace", "net"), ("ipc namespace", "ipc")] {
        let link = format!("/proc/self/ns/{kind}");
        let script = format!("readlink {link} >&2");
        let ours = fs::read_link(&link).unwrap();
        assert_eq!(said(&script, Walls::Disabled).trim(), ours.to_str().unwrap(), "the control");
        let theirs = said(&script, Walls::Required);
        assert!(theirs.starts_with(&format!("{kind}:[")), "{theirs}");
        let stands = walls.iter().any(|wall| wall.name == name && wall.state.is_ok());
        assert_eq!(theirs.trim() != ours.to_str().unwrap(), stands, "{name}");
    }
}

#[test]
fn a_toolchain_in_the_private_home_of_another_user_works_for_root() {
    let directory = tempfile::tempdir().unwrap();
    let script = "readlink /proc/self/ns/user >&2";
    let sandbox = sandbox_with(directory.path(), script, kit::limits(), Walls::Required);
    let home = directory.path().join("toolchain");
    if std::os::unix::fs::chown(&home, Some(65534), Some(65534)).is_err() {
        return; // only root can, and only root needs it
    }
    fs::set_permissions(&home, fs::Permissions::from_mode(0o700)).unwrap();
    let outcome = sandbox.compile(&Screened::unchecked(GOOD)).unwrap().unwrap_err();
    let Outcome::DoesNotCompile { diagnostics: said } = outcome else { panic!("{outcome:?}") };
    let ours = fs::read_link("/proc/self/ns/user").unwrap();
    assert!(said.contains(ours.to_str().unwrap()), "no user namespace, in which root has no right to read it: {said}");
}

#[test]
fn a_descendant_that_holds_the_pipe_open_is_not_waited_for_and_dies() {
    let said = said("sleep 100000 & echo $! >&2", Walls::Required);
    let stat = Path::new("/proc").join(said.trim()).join("stat");
    // It is dead once it is gone or waits for its adoptive parent to look.
    while fs::read_to_string(&stat).is_ok_and(|stat| !stat.contains(") Z ")) {
        std::thread::yield_now();
    }
}

#[test]
fn a_compiler_that_floods_its_output_is_cut_short() {
    let limits = Limits { compile_wall: Duration::from_millis(700), diagnostics_bytes: 100, ..kit::limits() };
    let outcome = compile_by("yes >&2", limits, Walls::Required);
    assert!(matches!(outcome, Outcome::Timeout { .. }), "{outcome:?}");
}

#[test]
fn a_file_that_fills_the_disk_is_cut_short() {
    let outcome = compile_by("exec dd if=/dev/zero of=big bs=1048576 count=100", kit::limits(), Walls::Disabled);
    assert!(!matches!(outcome, Outcome::Timeout { .. }), "{outcome:?}");
    let said = said("dd if=/dev/zero of=big bs=1048576 count=100 && echo it worked >&2", Walls::Required);
    assert!(!said.contains("it worked"), "{said}");
}

#[test]
fn a_compiler_that_makes_no_object_is_no_candidates_fault() {
    let directory = tempfile::tempdir().unwrap();
    let sandbox = sandbox_with(directory.path(), "exit 0", kit::limits(), Walls::Required);
    let error = sandbox.compile(&Screened::unchecked(GOOD)).unwrap_err();
    assert!(matches!(error, SandboxError::Io { .. }), "{error:?}");
}

#[test]
fn a_compiler_that_makes_something_else_gets_it_denied() {
    let outcome = compile_by("cp /bin/sh object && exit 0", kit::limits(), Walls::Required);
    let Outcome::Denied { what } = outcome else { panic!("{outcome:?}") };
    assert!(what.contains("needs a shared library"), "{what}");
}

/// What becomes of a compilation by a compiler that delivers this object.
fn deliver(object: &[u8]) -> Result<(), Outcome> {
    let directory = tempfile::tempdir().unwrap();
    let ready = directory.path().join("toolchain/lib/ready");
    let script = format!("cp {} object && exit 0", ready.display());
    let sandbox = sandbox_with(directory.path(), &script, kit::limits(), Walls::Required);
    fs::write(ready, object).unwrap();
    sandbox.compile(&Screened::unchecked(GOOD)).unwrap().map(drop)
}

/// A number in an object.
fn number(object: &[u8], at: usize, bytes: usize) -> usize {
    object[at..at + bytes].iter().rev().fold(0, |value, &byte| value << 8 | usize::from(byte))
}

/// Where the program header of this kind lies; of several, the last.
fn header(object: &[u8], kind: usize) -> usize {
    let all = (0..number(object, 56, 2)).map(|index| number(object, 32, 8) + index * 56);
    all.rev().find(|&at| number(object, at, 4) == kind).unwrap()
}

/// Where the entry with this tag lies in the dynamic section.
fn entry(object: &[u8], tag: usize) -> usize {
    let section = number(object, header(object, 2) + 8, 8);
    (0..64).map(|index| section + index * 16).find(|&at| number(object, at, 8) == tag).unwrap()
}

#[test]
fn an_object_that_would_run_or_reach_something_when_it_is_loaded_is_denied() {
    const FLAGS: usize = 0x6fff_fffb;
    const RELA: usize = 7;
    let good = fs::read(kit::lab().compile(GOOD).unwrap().path).unwrap();
    assert_eq!(deliver(&good), Ok(()), "the control");
    let is_denied = |reason: &str, change: &dyn Fn(&mut Vec<u8>)| {
        let mut object = good.clone();
        change(&mut object);
        assert_ne!(object, good, "{reason}");
        match deliver(&object) {
            Err(Outcome::Denied { what }) => assert!(what.contains(reason), "{reason}: {what}"),
            other => panic!("{reason}: {other:?}"),
        }
    };
    let tagged = |tag: u64| {
        let good = &good;
        move |object: &mut Vec<u8>| {
            let at = entry(good, FLAGS);
            object[at..at + 8].copy_from_slice(&tag.to_le_bytes());
        }
    };
    is_denied("needs a shared library", &tagged(1));
    is_denied("runs code when it is loaded", &tagged(12));
    is_denied("runs code when it is loaded", &tagged(25));
    is_denied("0x7fffffff", &tagged(0x7fff_ffff));
    // A second table of the same kind: the loader would take the last.
    is_denied("0x7 in its dynamic section", &tagged(7));
    // A relocation that calls a function.
    is_denied("relocation of kind 37", &|object| object[number(&good, entry(&good, RELA) + 8, 8) + 8] = 37);
    is_denied("executable stack", &|object| object[header(&good, 0x6474_e551) + 4] |= 1);
    is_denied("written and executed", &|object| object[header(&good, 1) + 4] |= 3);
    is_denied("segments overlap", &|object| object[header(&good, 1) + 17] = 0);
    // The section table says one thing, memory another.
    is_denied("no readable dynamic section", &|object| object[header(&good, 2) + 16] ^= 0x80);
    // The loader would find this one in the C library, though the object has one of that name too.
    is_denied("`getenv`", &|object| {
        let own = b"rust_eh_personality\0";
        let at = object.windows(own.len()).position(|bytes| bytes == own).unwrap();
        object[at..at + 7].copy_from_slice(b"getenv\0");
    });
}
