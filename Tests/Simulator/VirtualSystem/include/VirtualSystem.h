#ifndef VIRTUAL_SYSTEM_H
#define VIRTUAL_SYSTEM_H

#include <stdint.h>

/// Sets the time that everything in this process reads from now on, in nanoseconds since 1970.
void virtual_system_set_time(int64_t nanoseconds);

/// The virtual time, in nanoseconds since 1970.
int64_t virtual_system_time(void);

/// The time outside, in nanoseconds; for measuring only.
int64_t virtual_system_real_time(void);

/// Begins the sequence of random numbers that Swift's system generator draws from.
void virtual_system_set_seed(uint64_t seed);

#endif
