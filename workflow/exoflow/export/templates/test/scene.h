/* A safety layer with plain limits and a wearer who walks, for the tests of the guards.
 *
 * Limits: 10 Nm, 100 Nm/s, fade 1 s in and 0.5 s out, 50 W, 8 rad/s, samples every 10 ms,
 * stale after 30 ms, late after 15 ms, held for 30 ms, frozen after 20 samples, recovered
 * after 5, e-stop after 3 faults. Inputs 0 and 1 are the hip velocities.
 */
#ifndef SCENE_H
#define SCENE_H

#include "exo_safety.h"

#define TICK_US 10000u

typedef struct {
    exo_safety_limits limits;
    exo_safety safety;
    uint32_t now_us;
    float in[EXO_SAFETY_N_INPUTS];
    float command[EXO_SAFETY_N_LEGS];
    float torque[EXO_SAFETY_N_LEGS];
    enum exo_safety_verdict verdict;
    int command_taken;
} scene;

static inline exo_safety_limits scene_limits(void)
{
    exo_safety_limits limits = {
        {0.0f}, {0.0f}, {0.0f}, {0}, {0, 1}, {10.0f, 10.0f}, 100.0f, 1.0f, 0.5f, 50.0f, 8.0f,
        TICK_US, 30000u, 15000u, 30000u, 20000u, 20u, 5u, 3u};

    for (int k = 0; k < EXO_SAFETY_N_INPUTS; k++) {
        limits.input_low[k] = -10.0f;
        limits.input_high[k] = 10.0f;
        limits.input_jump[k] = 1.0f;
        limits.input_moves[k] = 1;
    }
    return limits;
}

static inline void scene_set_up(scene *s)
{
    s->limits = scene_limits();
    exo_safety_init(&s->safety, &s->limits);
    exo_safety_boot(&s->safety, 7u, 7u);
    exo_safety_start(&s->safety);
    s->now_us = 4294000000u; /* the clock wraps around within the first second */
    for (int k = 0; k < EXO_SAFETY_N_INPUTS; k++) {
        s->in[k] = 0.0f;
    }
    s->command[0] = 5.0f;
    s->command[1] = -5.0f;
}

/* A sensor at work: it never gives the same bits twice in a row. */
static inline void scene_tremble(scene *s)
{
    for (int k = 0; k < EXO_SAFETY_N_INPUTS; k++) {
        s->in[k] = (s->in[k] > 0.0f) ? -0.01f : 0.01f;
    }
}

/* Sample, command and output of one tick. */
static inline void scene_step(scene *s)
{
    s->verdict = exo_safety_sample(&s->safety, s->in, s->now_us, s->now_us);
    s->command_taken = 1;
    if (s->verdict != EXO_SAMPLE_RESET) {
        s->command_taken = exo_safety_command(&s->safety, s->command, 1, s->now_us);
    }
    exo_safety_output(&s->safety, s->now_us, s->torque);
    s->now_us += TICK_US;
}

static inline void scene_walk(scene *s, int ticks)
{
    for (int tick = 0; tick < ticks; tick++) {
        scene_tremble(s);
        scene_step(s);
    }
}

#endif /* SCENE_H */
