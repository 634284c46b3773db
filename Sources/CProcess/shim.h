#pragma once
#include <sys/resource.h>
#include <sys/prctl.h>

// Keeps the process's memory out of core dumps and of other processes of its user. prctl is variadic, which Swift can't
// import.
static inline void quali_hide_memory(void) {
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

// Raises the number of files that may be open at once as far as the process may, and no further than `most`; returns
// what it is then.
static inline unsigned long quali_raise_file_limit(unsigned long most) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
    rlim_t wanted = limit.rlim_max < most ? limit.rlim_max : most;
    if (limit.rlim_cur < wanted) {
        rlim_t before = limit.rlim_cur;
        limit.rlim_cur = wanted;
        if (setrlimit(RLIMIT_NOFILE, &limit) != 0) limit.rlim_cur = before;
    }
    return (unsigned long)limit.rlim_cur;
}
