/* exp, tanh and the logistic function in single precision, without libm.
 *
 * Own code, so that every compiler and processor computes the same bits
 * (build with -ffp-contract=off). Polynomials are minimax fits of relative error.
 * NaN goes in, NaN comes out (not with -ffast-math, which forgets about NaN).
 */
#ifndef POLICY_MATH_H
#define POLICY_MATH_H

#include <float.h>
#include <stdint.h>

/* 1 if x is finite; NaN compares as false. */
static inline int policy_is_number(float x)
{
    return ((x >= -FLT_MAX) && (x <= FLT_MAX)) ? 1 : 0;
}

/* exp(x) for -87 <= x <= 88; within 2 ulp. */
static inline float policy_exp_within(float x)
{
    union {
        uint32_t bits;
        float value;
    } power;
    /* exp(x) = 2^n exp(r), r = x - n ln 2, |r| <= ln(2) / 2. */
    float turns = x * 1.44269504f;
    int32_t n = (int32_t)(turns + ((turns < 0.0f) ? -0.5f : 0.5f));
    int32_t exponent = n + 127;
    /* ln 2 in two parts; n times the first is exact. */
    float r = x - ((float)n * 0.693359375f);
    float tail = 1.381459879e-3f;

    r = r - ((float)n * -2.12194440e-4f);
    tail = (tail * r) + 8.368716575e-3f;
    tail = (tail * r) + 4.166838899e-2f;
    tail = (tail * r) + 1.666652113e-1f;
    tail = (tail * r) + 4.999999404e-1f;
    power.bits = (uint32_t)exponent << 23; /* 2^n as an IEEE 754 single */
    return ((tail * (r * r)) + r + 1.0f) * power.value;
}

/* exp(x), clamped outside -87..88. */
static inline float policy_exp(float x)
{
    float y = x; /* NaN */

    if (x < -87.0f) {
        y = -87.0f;
    } else if (x > 88.0f) {
        y = 88.0f;
    } else {
        /* within, or NaN */
    }
    if (policy_is_number(y) == 1) {
        y = policy_exp_within(y);
    }
    return y;
}

/* tanh(x), within 2 ulp. */
static inline float policy_tanh(float x)
{
    float size = (x < 0.0f) ? -x : x;
    float y;

    if (size < 0.625f) {
        /* Odd polynomial: exp would cancel here. */
        float z = x * x;
        float p = -5.704986863e-3f;
        p = (p * z) + 2.063908614e-2f;
        p = (p * z) - 5.373971537e-2f;
        p = (p * z) + 1.333144158e-1f;
        p = (p * z) - 3.333328068e-1f;
        y = x + (x * z * p);
    } else {
        /* Beyond 9.02 the nearest single is 1. */
        y = (size > 9.02f) ? 1.0f : (1.0f - (2.0f / (policy_exp(2.0f * size) + 1.0f)));
        y = (x < 0.0f) ? -y : y;
    }
    return y;
}

/* Logistic function 1 / (1 + exp(-x)). */
static inline float policy_sigmoid(float x)
{
    return 1.0f / (1.0f + policy_exp(-x));
}

/* max(x, 0), written so that NaN stays NaN. */
static inline float policy_relu(float x)
{
    return (x < 0.0f) ? 0.0f : x;
}

$half/* CRC-32 of zip and Ethernet, continued over more bytes; starts from 0. Four bits at a
 * time: a table of 16 is enough for a check at boot. */
static inline uint32_t policy_crc32(uint32_t crc, const unsigned char *bytes, uint32_t n)
{
    static const uint32_t table[16] = {
        0x00000000u, 0x1db71064u, 0x3b6e20c8u, 0x26d930acu, 0x76dc4190u, 0x6b6b51f4u,
        0x4db26158u, 0x5005713cu, 0xedb88320u, 0xf00f9344u, 0xd6d6a3e8u, 0xcb61b38cu,
        0x9b64c2b0u, 0x86d3d2d4u, 0xa00ae278u, 0xbdbdf21cu};
    uint32_t rest = ~crc;

    for (uint32_t k = 0u; k < n; k++) {
        rest ^= bytes[k];
        rest = (rest >> 4) ^ table[rest & 15u];
        rest = (rest >> 4) ^ table[rest & 15u];
    }
    return ~rest;
}

#endif /* POLICY_MATH_H */
