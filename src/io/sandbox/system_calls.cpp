// The list of system calls, as a BPF program that libseccomp writes (seccomp(2)). Arguments are compared where a call can do
// more than it is needed for. Numbers that other parts of glibc or a codec ask for out of habit are refused with an error
// that they know how to take, everything else kills.
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <initializer_list>
#include <string>

#include "io/sandbox/sandbox.hpp"

namespace upcall::sandbox {

namespace {

constexpr int kAllowed[] = {
    // Memory; code is looked at below.
    SCMP_SYS(brk), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise),
    // Threads and locks.
    SCMP_SYS(futex), SCMP_SYS(set_robust_list), SCMP_SYS(rseq), SCMP_SYS(sched_yield), SCMP_SYS(sched_getaffinity),
    SCMP_SYS(sched_getparam), SCMP_SYS(sched_getscheduler), SCMP_SYS(gettid), SCMP_SYS(getpid), SCMP_SYS(getppid), SCMP_SYS(exit),
    SCMP_SYS(exit_group), SCMP_SYS(restart_syscall),
    // Clocks, chance, own figures.
    SCMP_SYS(clock_gettime), SCMP_SYS(clock_getres), SCMP_SYS(gettimeofday), SCMP_SYS(time), SCMP_SYS(nanosleep), SCMP_SYS(clock_nanosleep),
    SCMP_SYS(getrandom), SCMP_SYS(getrusage), SCMP_SYS(sysinfo), SCMP_SYS(uname),
    // Descriptors that are open: the journal, the server's socket, standard error.
    SCMP_SYS(read), SCMP_SYS(readv), SCMP_SYS(pread64), SCMP_SYS(write), SCMP_SYS(writev), SCMP_SYS(lseek), SCMP_SYS(close),
    SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(recvfrom), SCMP_SYS(fstat), SCMP_SYS(newfstatat), SCMP_SYS(stat), SCMP_SYS(lstat),
    SCMP_SYS(statx), SCMP_SYS(getdents64),
    // Signals: handlers of its own, and the way to its end.
    SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn), SCMP_SYS(sigaltstack),
};

struct Refused {
  int call;
  int error;
};
constexpr Refused kRefused[] = {
    {SCMP_SYS(clone3), ENOSYS},   // its flags lie in memory, where a filter cannot look: glibc asks for clone then
    {SCMP_SYS(ioctl), ENOTTY},    // is this a terminal?
    {SCMP_SYS(access), EACCES},  {SCMP_SYS(faccessat), EACCES},       {SCMP_SYS(faccessat2), EACCES}, {SCMP_SYS(readlink), EACCES},
    {SCMP_SYS(readlinkat), EACCES}, {SCMP_SYS(sched_setscheduler), EPERM}, {SCMP_SYS(setpriority), EPERM},
};

class Filter {
 public:
  Filter() : context_(::seccomp_init(SCMP_ACT_KILL_PROCESS)) {}
  ~Filter() {
    if (context_) ::seccomp_release(context_);
  }
  Filter(const Filter&) = delete;
  Filter& operator=(const Filter&) = delete;

  // A call that this processor does not have (open, stat on 64-bit ARM) is left out by libseccomp itself.
  void add(std::uint32_t action, int call, std::initializer_list<scmp_arg_cmp> arguments = {}) {
    if (error_ == 0) error_ = ::seccomp_rule_add_array(context_, action, call, static_cast<unsigned>(arguments.size()), arguments.begin());
  }
  int load() {
    if (!context_) return -ENOMEM;
    if (error_ != 0) return error_;
    // Calls by another processor's numbers too.
    if (const int e = ::seccomp_attr_set(context_, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS); e != 0) return e;
    return ::seccomp_load(context_);
  }
  bool made() const { return context_ != nullptr; }

 private:
  scmp_filter_ctx context_;
  int error_ = 0;
};

// `argument` & mask == value
scmp_arg_cmp bits(unsigned argument, std::uint64_t mask, std::uint64_t value) { return {argument, SCMP_CMP_MASKED_EQ, mask, value}; }
scmp_arg_cmp equal(unsigned argument, std::uint64_t value) { return {argument, SCMP_CMP_EQ, value, 0}; }

constexpr std::uint64_t kChanges = O_ACCMODE | O_CREAT | O_TRUNC | (O_TMPFILE & ~O_DIRECTORY) | O_PATH;

}  // namespace

Result<void> limit_system_calls() {
  Filter filter;
  if (filter.made()) {
    for (const int call : kAllowed) filter.add(SCMP_ACT_ALLOW, call);
    for (const Refused& r : kRefused) filter.add(SCMP_ACT_ERRNO(static_cast<std::uint16_t>(r.error)), r.call);
    // Reading only. An older name of the same, for libraries that use it.
    filter.add(SCMP_ACT_ALLOW, SCMP_SYS(openat), {bits(2, kChanges, O_RDONLY)});
    filter.add(SCMP_ACT_ALLOW, SCMP_SYS(open), {bits(1, kChanges, O_RDONLY)});
    // No memory that is code.
    filter.add(SCMP_ACT_ALLOW, SCMP_SYS(mmap), {bits(2, PROT_EXEC, 0)});
    filter.add(SCMP_ACT_ALLOW, SCMP_SYS(mprotect), {bits(2, PROT_EXEC, 0)});
    // Threads, no processes.
    filter.add(SCMP_ACT_ALLOW, SCMP_SYS(clone), {bits(0, CLONE_THREAD, CLONE_THREAD)});
    // To the peer of a connected socket, no other address.
    filter.add(SCMP_ACT_ALLOW, SCMP_SYS(sendto), {equal(4, 0)});
    for (const int command : {F_GETFL, F_GETFD, F_SETFD}) filter.add(SCMP_ACT_ALLOW, SCMP_SYS(fcntl), {equal(1, static_cast<std::uint64_t>(command))});
    filter.add(SCMP_ACT_ALLOW, SCMP_SYS(prctl), {equal(0, PR_SET_NAME)});
    filter.add(SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), {equal(2, 0)});   // asks
    // abort(): itself, nobody else.
    filter.add(SCMP_ACT_ALLOW, SCMP_SYS(tgkill), {equal(0, static_cast<std::uint64_t>(::getpid()))});
  }
  if (const int e = filter.load(); e != 0) {
    return fail(ErrorCode::unavailable, std::string("no filter of system calls (seccomp): ") + std::strerror(-e));
  }
  return {};
}

}  // namespace upcall::sandbox
