/* A finite IEEE 754 half as a single, exactly. */
static inline float policy_half(uint16_t half)
{
    union {
        uint32_t bits;
        float value;
    } number;
    uint32_t sign = ((uint32_t)half & 0x8000u) << 16;
    uint32_t size = (uint32_t)half & 0x7fffu;

    if (size >= 0x0400u) {
        /* The same fraction; the exponent counts from 127, not from 15: 112 more. */
        number.bits = (size << 13) + 0x38000000u;
    } else {
        /* Zero or subnormal: that many times 2^-24, a normal single. */
        number.value = (float)(int32_t)size * 5.9604644775390625e-8f;
    }
    number.bits |= sign;
    return number.value;
}

