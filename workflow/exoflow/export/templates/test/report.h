/* What the tests print, on a computer and on a bare processor alike. */
#ifndef REPORT_H
#define REPORT_H

#include <stdint.h>
#include <stdio.h>

/* CRC-32 of numbers as they lie in memory: the same on two targets if all bits are. */
static inline uint32_t report_crc(uint32_t crc, const float *values, int n)
{
    return policy_crc32(crc, (const unsigned char *)values, (uint32_t)n * 4u);
}

static inline double report_error(float found, float expected)
{
    double error = (double)found - (double)expected;

    return (error < 0.0) ? -error : error;
}

#endif /* REPORT_H */
