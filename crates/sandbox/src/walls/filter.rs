//! Which system calls a jailed process may make.

use std::collections::BTreeMap;
use std::os::fd::RawFd;

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    sock_filter,
};

/// A filter of system calls.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Filter {
    /// For the compiler: files, threads and its linker, but no network, no other process, no escape from the process group.
    Compiler,
    /// For the runner while it loads an object: as the compiler, and no program may be started.
    Loader,
    /// For a candidate: read questions, write answers, end. Anything else kills the process.
    Candidate {
        /// Where questions are read.
        questions: RawFd,
        /// Where answers are written.
        answers: RawFd,
    },
}

type Rules = BTreeMap<i64, Vec<SeccompRule>>;

impl Filter {
    /// Puts the calling thread and what it starts behind the filter for good.
    pub(crate) fn apply(self) -> Result<(), String> {
        for (rules, otherwise, matched) in self.programs()? {
            let arch = std::env::consts::ARCH.try_into().map_err(text)?;
            let filter = SeccompFilter::new(rules, otherwise, matched, arch).map_err(text)?;
            let program: BpfProgram = filter.try_into().map_err(text)?;
            seccompiler::apply_filter(&without_x32(program)).map_err(text)?;
        }
        Ok(())
    }

    /// Rules, what happens to calls that no rule matches, what happens to the others.
    fn programs(self) -> Result<Vec<(Rules, SeccompAction, SeccompAction)>, String> {
        let refused = SeccompAction::Errno(libc::EPERM as u32);
        let mut denied: Rules = DENIED.iter().map(|&call| (call, Vec::new())).collect();
        match self {
            Filter::Compiler => {
                // A thread may be made, a namespace may not. The flags of clone3 lie in memory, out of a filter's sight, so
                // it does not exist here; the C library then takes clone.
                let flag = |&flag: &i32| rule(0, SeccompCmpOp::MaskedEq(flag as u64), flag as u64);
                denied.insert(libc::SYS_clone, NAMESPACES.iter().map(flag).collect::<Result<_, _>>()?);
                denied.insert(libc::SYS_prlimit64, vec![rule(0, SeccompCmpOp::Ne, 0)?]);
                let absent = BTreeMap::from([(libc::SYS_clone3, Vec::new())]);
                let missing = SeccompAction::Errno(libc::ENOSYS as u32);
                Ok(vec![(denied, SeccompAction::Allow, refused), (absent, SeccompAction::Allow, missing)])
            }
            Filter::Loader => {
                denied.extend(PROCESSES.iter().map(|&call| (call, Vec::new())));
                denied.insert(libc::SYS_prlimit64, vec![rule(0, SeccompCmpOp::Ne, 0)?]);
                Ok(vec![(denied, SeccompAction::Allow, refused)])
            }
            Filter::Candidate { questions, answers } => {
                let on = |fd: RawFd| Ok::<_, String>(vec![rule(0, SeccompCmpOp::Eq, fd as u64)?]);
                let mut allowed: Rules = ALLOWED.iter().map(|&call| (call, Vec::new())).collect();
                allowed.insert(libc::SYS_read, on(questions)?);
                allowed.insert(libc::SYS_write, on(answers)?);
                Ok(vec![(allowed, SeccompAction::KillProcess, SeccompAction::Allow)])
            }
        }
    }
}

/// What a candidate's process needs besides its two pipes.
const ALLOWED: &[i64] =
    &[libc::SYS_exit, libc::SYS_exit_group, libc::SYS_rt_sigreturn, libc::SYS_restart_syscall, libc::SYS_munmap];

/// What neither compiling nor loading needs.
const DENIED: &[i64] = &[
    // The network, and sockets of any kind.
    libc::SYS_socket,
    libc::SYS_socketpair,
    libc::SYS_connect,
    libc::SYS_bind,
    libc::SYS_listen,
    libc::SYS_accept,
    libc::SYS_accept4,
    libc::SYS_sendto,
    libc::SYS_sendmsg,
    libc::SYS_sendmmsg,
    libc::SYS_recvfrom,
    libc::SYS_recvmsg,
    libc::SYS_recvmmsg,
    // Other processes, and leaving the group that is killed at the deadline.
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_kill,
    libc::SYS_tkill,
    libc::SYS_pidfd_getfd,
    libc::SYS_pidfd_send_signal,
    libc::SYS_setpgid,
    libc::SYS_setsid,
    libc::SYS_kcmp,
    libc::SYS_rt_sigqueueinfo,
    libc::SYS_rt_tgsigqueueinfo,
    libc::SYS_process_madvise,
    libc::SYS_process_mrelease,
    libc::SYS_move_pages,
    libc::SYS_migrate_pages,
    libc::SYS_setpriority,
    libc::SYS_ioprio_set,
    libc::SYS_sched_setaffinity,
    libc::SYS_sched_setattr,
    libc::SYS_sched_setparam,
    libc::SYS_sched_setscheduler,
    // Memory and queues that other processes find by number or name.
    libc::SYS_shmget,
    libc::SYS_shmat,
    libc::SYS_shmctl,
    libc::SYS_semget,
    libc::SYS_semctl,
    libc::SYS_msgget,
    libc::SYS_msgctl,
    libc::SYS_mq_open,
    libc::SYS_mq_unlink,
    // Ways around a filter or deep into the kernel.
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_keyctl,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_personality,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_kexec_load,
    libc::SYS_reboot,
    libc::SYS_syslog,
    libc::SYS_fanotify_init,
    libc::SYS_open_by_handle_at,
    libc::SYS_name_to_handle_at,
    // The view of the file system, and the properties of files that Landlock does not guard.
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_move_mount,
    libc::SYS_open_tree,
    libc::SYS_fsopen,
    libc::SYS_unshare,
    libc::SYS_setns,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_acct,
    libc::SYS_quotactl,
    libc::SYS_fchmodat,
    FCHMODAT2,
    libc::SYS_fchownat,
    libc::SYS_utimensat,
    libc::SYS_inotify_add_watch,
    libc::SYS_setxattr,
    libc::SYS_lsetxattr,
    libc::SYS_removexattr,
    libc::SYS_lremovexattr,
    libc::SYS_truncate,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_chmod,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_chown,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_lchown,
    // The system's identity and time.
    libc::SYS_sethostname,
    libc::SYS_setdomainname,
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    libc::SYS_adjtimex,
    libc::SYS_clock_adjtime,
];

/// The C library's table of names is older than this call.
const FCHMODAT2: i64 = 452;

/// Starting a process.
const PROCESSES: &[i64] = &[
    libc::SYS_execve,
    libc::SYS_execveat,
    libc::SYS_clone,
    libc::SYS_clone3,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_fork,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_vfork,
];

const NAMESPACES: &[i32] = &[
    libc::CLONE_NEWUSER,
    libc::CLONE_NEWNS,
    libc::CLONE_NEWPID,
    libc::CLONE_NEWNET,
    libc::CLONE_NEWIPC,
    libc::CLONE_NEWUTS,
    libc::CLONE_NEWCGROUP,
];

fn rule(argument: u8, comparison: SeccompCmpOp, value: u64) -> Result<SeccompRule, String> {
    let condition = SeccompCondition::new(argument, SeccompCmpArgLen::Dword, comparison, value).map_err(text)?;
    SeccompRule::new(vec![condition]).map_err(text)
}

/// On x86-64 every call has a second number, with this bit set, for programs with 32-bit pointers. A list of numbers would
/// miss those, so they kill.
fn without_x32(program: BpfProgram) -> BpfProgram {
    const X32_BIT: u32 = 0x4000_0000;
    let instruction = |code, jf, k| sock_filter { code, jt: 0, jf, k };
    let mut guarded = if cfg!(target_arch = "x86_64") {
        vec![
            instruction((libc::BPF_LD | libc::BPF_W | libc::BPF_ABS) as u16, 0, 0),
            instruction((libc::BPF_JMP | libc::BPF_JGE | libc::BPF_K) as u16, 1, X32_BIT),
            instruction((libc::BPF_RET | libc::BPF_K) as u16, 0, libc::SECCOMP_RET_KILL_PROCESS),
        ]
    } else {
        Vec::new()
    };
    guarded.extend(program);
    guarded
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}
