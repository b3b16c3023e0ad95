/* exp, tanh and the logistic function in single precision, without libm.
 *
 * Own code, so that every compiler and processor computes the same bits
 * (build with -ffp-contract=off). Polynomials are minimax fits of relative error.
 * NaN goes in, NaN comes out (not with -ffast-math, which forgets about NaN).
 */
#ifndef POLICY_MATH_H
#define POLICY_MATH_H

#include <stdint.h>

/* exp(x) for -87 <= x <= 88, clamped outside; within 2 ulp. */
static inline float policy_exp(float x)
{
    union {
        uint32_t bits;
        float value;
    } power;
    float turns;
    float r;
    float tail;
    int n;

    if (x != x) {
        return x;
    }
    x = (x < -87.0f) ? -87.0f : x;
    x = (x > 88.0f) ? 88.0f : x;
    /* exp(x) = 2^n exp(r), r = x - n ln 2, |r| <= ln(2) / 2. */
    turns = x * 1.44269504f;
    n = (int)(turns + ((turns < 0.0f) ? -0.5f : 0.5f));
    /* ln 2 in two parts; n times the first is exact. */
    r = x - (float)n * 0.693359375f;
    r = r - (float)n * -2.12194440e-4f;
    tail = 1.381459879e-3f;
    tail = tail * r + 8.368716575e-3f;
    tail = tail * r + 4.166838899e-2f;
    tail = tail * r + 1.666652113e-1f;
    tail = tail * r + 4.999999404e-1f;
    power.bits = (uint32_t)(n + 127) << 23; /* 2^n as an IEEE 754 single */
    return (tail * (r * r) + r + 1.0f) * power.value;
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
        p = p * z + 2.063908614e-2f;
        p = p * z - 5.373971537e-2f;
        p = p * z + 1.333144158e-1f;
        p = p * z - 3.333328068e-1f;
        return x + x * z * p;
    }
    /* Beyond 9.02 the nearest single is 1. */
    y = (size > 9.02f) ? 1.0f : 1.0f - 2.0f / (policy_exp(2.0f * size) + 1.0f);
    return (x < 0.0f) ? -y : y;
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

#endif /* POLICY_MATH_H */
