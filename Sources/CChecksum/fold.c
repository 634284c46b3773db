#include "CChecksum.h"

#if defined(__x86_64__)
#include <immintrin.h>

bool quali_crc_can_fold(void) {
    return __builtin_cpu_supports("pclmul");
}

__attribute__((target("pclmul")))
static inline __m128i carry(__m128i lane, __m128i powers, __m128i next) {
    __m128i high = _mm_clmulepi64_si128(lane, powers, 0x00);
    __m128i low = _mm_clmulepi64_si128(lane, powers, 0x11);
    return _mm_xor_si128(next, _mm_xor_si128(high, low));
}

__attribute__((target("pclmul")))
void quali_crc_fold(const void *bytes, size_t count, uint64_t start, const uint64_t powers[4], uint8_t result[16]) {
    const __m128i *next = bytes;
    const __m128i *end = next + count / 16;
    const __m128i by512 = _mm_loadu_si128((const __m128i *)powers);
    const __m128i by128 = _mm_loadu_si128((const __m128i *)powers + 1);
    // Four lanes, because one multiplication takes as long as several side by side.
    __m128i lanes[4];
    for (int lane = 0; lane < 4; lane++) lanes[lane] = _mm_loadu_si128(next++);
    lanes[0] = _mm_xor_si128(lanes[0], _mm_cvtsi64_si128((long long)start));
    while (next < end) {
        for (int lane = 0; lane < 4; lane++) lanes[lane] = carry(lanes[lane], by512, _mm_loadu_si128(next++));
    }
    __m128i all = lanes[0];
    for (int lane = 1; lane < 4; lane++) all = carry(all, by128, lanes[lane]);
    _mm_storeu_si128((__m128i *)result, all);
}
#else
bool quali_crc_can_fold(void) {
    return false;
}

void quali_crc_fold(const void *bytes, size_t count, uint64_t start, const uint64_t powers[4], uint8_t result[16]) {}
#endif
