/* Random faults through the safety layer: NaN, infinite, stale, frozen, jumping, swapped and
 * saturated inputs, wild and late commands, wild clocks, buttons.
 *
 * usage: fuzz [SEQUENCES [SEED]]
 * At every tick: no output beyond the torque limit, no change beyond the rate limit, no
 * output that is not finite, and no torque after an e-stop that nobody re-armed by hand.
 * Exit status: 0 passed, 1 failed.
 */
#include "scene.h"

#include <stdio.h>
#include <stdlib.h>

#define TICKS 300
#define N_KINDS 12

static uint32_t random_state = 1u;
/* What the sequences met: a promise that is never put to the test is worth nothing. */
static unsigned long ticks_with_torque = 0ul;
static unsigned long met[EXO_N_COUNTS];
static int frozen_input;
static int frozen_ticks; /* left */

/* xorshift32: the same numbers everywhere. */
static uint32_t random_bits(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 17;
    random_state ^= random_state << 5;
    return random_state;
}

static float random_between(float low, float high)
{
    return low + ((high - low) * ((float)(random_bits() >> 8) / 16777216.0f));
}

static int random_below(int n)
{
    return (int)(random_bits() % (uint32_t)n);
}

/* Any bit pattern: NaN, infinity, denormal, huge. */
static float any_float(void)
{
    union {
        uint32_t bits;
        float value;
    } any;

    any.bits = random_bits();
    if (random_below(3) == 0) {
        any.bits |= 0x7f800000u;
    }
    return any.value;
}

static exo_safety_limits random_limits(void)
{
    exo_safety_limits limits = scene_limits();

    limits.torque_Nm[0] = random_between(0.5f, 40.0f);
    limits.torque_Nm[1] = random_between(0.5f, 40.0f);
    limits.rate_Nm_s = random_between(10.0f, 500.0f);
    limits.soft_start_s = random_between(0.0f, 1.0f);
    limits.soft_stop_s = random_between(0.0f, 1.0f);
    limits.power_W = random_between(0.5f, 50.0f);
    limits.velocity_rad_s = random_between(0.3f, 8.0f);
    limits.frozen_samples = 2u + (random_bits() % 20u);
    limits.recover_samples = random_bits() % 10u;
    limits.estop_after_faults = random_bits() % 4u;
    return limits;
}

static void misbehave(scene *s, int kind, uint32_t *taken_us)
{
    int k = random_below(EXO_SAFETY_N_INPUTS);
    float first = s->in[0];

    switch (kind) {
    case 0:
        s->in[k] = any_float();
        break;
    case 1: /* stale */
        *taken_us = s->now_us - (random_bits() % 100000u);
        break;
    case 2:
        frozen_input = k;
        frozen_ticks = random_below(40);
        break;
    case 3: /* jump */
        s->in[k] += random_between(-20.0f, 20.0f);
        break;
    case 4: /* legs swapped */
        s->in[0] = s->in[1];
        s->in[1] = first;
        break;
    case 5: /* saturated */
        s->in[k] = (random_below(2) == 0) ? s->limits.input_low[k] : s->limits.input_high[k];
        break;
    case 6:
        s->command[random_below(2)] = any_float();
        break;
    case 7:
        s->command[random_below(2)] = random_between(-1000.0f, 1000.0f);
        break;
    case 8: /* a clock that leaps, back as well */
        s->now_us += random_bits() % 200000u;
        s->now_us -= random_bits() % 100000u;
        break;
    case 9:
        exo_safety_estop(&s->safety);
        break;
    case 10:
        exo_safety_stop(&s->safety);
        break;
    default:
        exo_safety_start(&s->safety);
        break;
    }
}

static int is_finite(float x)
{
    return (x >= -1e30f && x <= 1e30f) ? 1 : 0;
}

/* 1 if the outputs keep to the limits; elapsed_us since the last ones. */
static int outputs_hold(const scene *s, const float before[EXO_SAFETY_N_LEGS],
                        uint32_t elapsed_us)
{
    int hold = 1;
    uint32_t longest_us = s->limits.longest_call_us;
    float dt_s = 1e-6f * (float)((elapsed_us < longest_us) ? elapsed_us : longest_us);

    for (int leg = 0; leg < EXO_SAFETY_N_LEGS; leg++) {
        float change = s->torque[leg] - before[leg];
        float size = (s->torque[leg] < 0.0f) ? -s->torque[leg] : s->torque[leg];
        change = (change < 0.0f) ? -change : change;
        if (!is_finite(s->torque[leg]) || size > s->limits.torque_Nm[leg] ||
            change > (s->limits.rate_Nm_s * dt_s * 1.0001f) + 1e-5f) {
            hold = 0;
        }
    }
    return hold;
}

/* Returns the tick at which a promise was broken, or -1. */
static int run_sequence(void)
{
    scene s;
    int rearmed = 1;
    int zero_since_estop = 0;
    int n_kinds = 1 + random_below(N_KINDS);
    int kinds[N_KINDS];
    uint32_t last_us = 0u;
    int has_last = 0;

    frozen_ticks = 0;
    scene_set_up(&s);
    s.limits = random_limits();
    exo_safety_init(&s.safety, &s.limits);
    exo_safety_boot(&s.safety, 7u, (random_below(50) == 0) ? 8u : 7u);
    exo_safety_start(&s.safety);
    s.torque[0] = 0.0f;
    s.torque[1] = 0.0f;
    for (int k = 0; k < n_kinds; k++) {
        kinds[k] = random_below(N_KINDS);
    }
    for (int tick = 0; tick < TICKS; tick++) {
        float before[EXO_SAFETY_N_LEGS] = {s.torque[0], s.torque[1]};
        uint32_t taken_us;
        int was_stopped = s.safety.estop;
        for (int k = 0; k < EXO_SAFETY_N_INPUTS; k++) {
            s.in[k] = random_between(-0.4f, 0.4f);
        }
        s.command[0] = random_between(-12.0f, 12.0f);
        s.command[1] = random_between(-12.0f, 12.0f);
        taken_us = s.now_us;
        if (random_below(4) == 0) {
            misbehave(&s, kinds[random_below(n_kinds)], &taken_us);
        }
        if (frozen_ticks > 0) {
            s.in[frozen_input] = s.safety.sample[frozen_input];
            frozen_ticks--;
        }
        if (exo_safety_sample(&s.safety, s.in, taken_us, s.now_us) != EXO_SAMPLE_RESET &&
            random_below(10) != 0) {
            (void)exo_safety_command(&s.safety, s.command, random_below(200) != 0, s.now_us);
        }
        exo_safety_output(&s.safety, s.now_us, s.torque);
        ticks_with_torque += (s.torque[0] != 0.0f || s.torque[1] != 0.0f) ? 1ul : 0ul;
        if (!outputs_hold(&s, before, has_last ? (s.now_us - last_us) : 0u)) {
            return tick;
        }
        /* A latched e-stop stays latched, and once the torque is zero it stays zero. */
        if (was_stopped == 1 && s.safety.estop == 0 && rearmed == 0) {
            return tick;
        }
        rearmed = 0;
        if (s.safety.estop == 1) {
            int zero = (s.torque[0] == 0.0f && s.torque[1] == 0.0f) ? 1 : 0;
            if (zero_since_estop == 1 && zero == 0) {
                return tick;
            }
            zero_since_estop = zero;
            if (random_below(100) == 0) {
                rearmed = exo_safety_rearm(&s.safety);
                zero_since_estop = 0;
            }
        }
        last_us = s.now_us;
        has_last = 1;
        s.now_us += (random_below(20) == 0) ? (random_bits() % 40000u) : TICK_US;
    }
    for (int k = 0; k < (int)EXO_N_COUNTS; k++) {
        met[k] += s.safety.count[k];
    }
    return -1;
}

int main(int argc, char **argv)
{
    long n_sequences = (argc > 1) ? strtol(argv[1], NULL, 10) : 10000L;
    uint32_t seed = (argc > 2) ? (uint32_t)strtoul(argv[2], NULL, 10) : 1u;

    for (long sequence = 0; sequence < n_sequences; sequence++) {
        int tick;
        random_state = (seed * 2654435761u) + ((uint32_t)sequence * 40503u) + 1u;
        random_state = (random_state == 0u) ? 1u : random_state;
        tick = run_sequence();
        if (tick >= 0) {
            printf("FAILED sequence %ld, tick %d\n", sequence, tick);
            return 1;
        }
    }
    printf("fuzz_sequences %ld\n", n_sequences);
    printf("fuzz_ticks %ld\n", n_sequences * (long)TICKS);
    printf("fuzz_ticks_with_torque %lu\n", ticks_with_torque);
    printf("fuzz_guards_met");
    for (int k = 0; k < (int)EXO_N_COUNTS; k++) {
        printf(" %lu", met[k]);
    }
    printf("\n");
    return 0;
}
