// The simulator's own clock and random numbers, in place of the system's.
//
// The dynamic linker looks a symbol up in the program before it does in a library, so these functions are what
// Foundation's `Date`, Swift's clocks and `SystemRandomNumberGenerator` call, and no code that is being simulated has to
// know of it. The process has one thread.

#define _GNU_SOURCE
#include "VirtualSystem.h"

#include <dlfcn.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <time.h>

static int64_t virtual_now = 0;
static uint64_t random_state = 0;

void virtual_system_set_time(int64_t nanoseconds) { virtual_now = nanoseconds; }
int64_t virtual_system_time(void) { return virtual_now; }
void virtual_system_set_seed(uint64_t seed) { random_state = seed; }

static int real_clock_gettime(clockid_t clock, struct timespec *time) {
    static int (*real)(clockid_t, struct timespec *) = NULL;
    if (!real) { real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime"); }
    return real(clock, time);
}

int64_t virtual_system_real_time(void) {
    struct timespec time;
    real_clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

int clock_gettime(clockid_t clock, struct timespec *time) {
    time->tv_sec = virtual_now / 1000000000;
    time->tv_nsec = virtual_now % 1000000000;
    return 0;
}

/// SplitMix64, a byte of each number.
static uint8_t random_byte(void) {
    uint64_t z = (random_state += 0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return (uint8_t)((z ^ (z >> 31)) >> 56);
}

// Swift's runtime asks the kernel for random numbers through this.
long syscall(long number, ...) {
    static long (*real)(long, ...) = NULL;
    long arguments[6];
    va_list list;
    va_start(list, number);
    for (int i = 0; i < 6; i++) { arguments[i] = va_arg(list, long); }
    va_end(list);
    if (number == SYS_getrandom) {
        for (long i = 0; i < arguments[1]; i++) { ((uint8_t *)arguments[0])[i] = random_byte(); }
        return arguments[1];
    }
    if (!real) { real = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall"); }
    return real(number, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4], arguments[5]);
}
