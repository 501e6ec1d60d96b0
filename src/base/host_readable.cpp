#include "base/host_readable.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <sys/syscall.h>
#include <unistd.h>

namespace halyard {

// The kernel copies the new mask in before it looks at `how`, and refuses this `how`: so a mask that cannot be read is
// EFAULT, and any other answer is of one that can. process_vm_readv would need permissions that containers take away,
// and fails on pages of devices that the process itself can read.
bool hostCanRead(uint64_t address) {
    constexpr int kNoSuchHow = -1;
    constexpr size_t kKernelMaskBytes = 8;
    const int before = errno;
    // Within the page of the address, and not null, which would be no mask at all.
    const uint64_t mask = std::max<uint64_t>(address & ~uint64_t{kKernelMaskBytes - 1}, kKernelMaskBytes);
    const bool unreadable =
        syscall(SYS_rt_sigprocmask, kNoSuchHow, mask, nullptr, kKernelMaskBytes) == -1 && errno == EFAULT;
    errno = before;
    return !unreadable;
}

} // namespace halyard
