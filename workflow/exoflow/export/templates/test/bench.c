/* Time of a policy step on this computer: median and 99th percentile. */
#include "policy.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define N_STEPS 5000

static double now_us(void)
{
    struct timespec time;

    (void)clock_gettime(CLOCK_MONOTONIC, &time);
    return (1e6 * (double)time.tv_sec) + (1e-3 * (double)time.tv_nsec);
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return (x > y) - (x < y);
}

int main(void)
{
    static double times_us[N_STEPS];
    static policy_state state;
    volatile float sink = 0.0f; /* keeps the compiler from leaving the steps out */

    policy_init(&state);
    for (int step = 0; step < N_STEPS; step++) {
        float in[POLICY_N_FEATURES];
        float out[POLICY_N_OUTPUTS];
        double start_us;
        for (int k = 0; k < POLICY_N_FEATURES; k++) {
            in[k] = (float)((((step * 7) + (k * 23)) % 100) - 50) / 125.0f;
        }
        start_us = now_us();
        policy_step(&state, in, out);
        times_us[step] = now_us() - start_us;
        sink = sink + out[0];
    }
    qsort(times_us, N_STEPS, sizeof times_us[0], by_size);
    printf("step_median_us %.2f\n", times_us[N_STEPS / 2]);
    printf("step_p99_us %.2f\n", times_us[(N_STEPS * 99) / 100]);
    return 0;
}
