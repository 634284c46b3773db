#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Carry-less multiplication, an instruction of the processor that Swift can't name.

// Whether the processor has it.
bool quali_crc_can_fold(void);

// Makes 16 bytes that leave the same remainder as many do: each block of 16 is carried over to a later one, by
// multiplication with a power of x modulo the polynomial. See "Fast CRC Computation for Generic Polynomials Using
// PCLMULQDQ Instruction" (Intel, 2009).
//
// `bytes` are 64 at least, and a multiple of 64; `start` is added to the first eight. `powers` are those of x to
// 512 + 63, 512 - 1, 128 + 63 and 128 - 1, the highest coefficient in the lowest bit, as in the bytes.
void quali_crc_fold(const void *bytes, size_t count, uint64_t start, const uint64_t powers[4], uint8_t result[16]);
