#pragma once
#include <linux/stat.h>
#include <sys/syscall.h>

long syscall(long number, ...);

/// When an open file was made, in nanoseconds since 1970; 0 where the file system doesn't know. Glibc's statx is hidden
/// from Swift.
static inline long long file_birth(int file) {
    struct statx status = {0};
    const int itself = 0x1000; // AT_EMPTY_PATH
    if (syscall(SYS_statx, file, "", itself, STATX_BTIME, &status) != 0) { return 0; }
    if (!(status.stx_mask & STATX_BTIME)) { return 0; }
    return status.stx_btime.tv_sec * 1000000000LL + status.stx_btime.tv_nsec;
}
