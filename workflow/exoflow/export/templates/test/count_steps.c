/* Counts the instructions and the stack of one policy step and of one controller tick, on
 * an emulated bare processor. The platform's file gives the counter and the printing. */
#include "exo_controller.h"

#include "platform.h"

#define N_STEPS 20
#define PAINTED_WORDS 4096u /* 16 kB below the caller's frame */
#define PAINT 0xa5a5a5a5u
#define MARGIN_BYTES 64u /* what the painting itself may use */

static exo_controller controller;
static uint32_t now_us = 0u;

/* Walking, roughly: what the numbers are hardly matters for the count. */
static void make_input(int step, float in[POLICY_N_FEATURES])
{
    for (int k = 0; k < POLICY_N_FEATURES; k++) {
        int phase = ((step * 7) + (k * 23)) % 100;
        in[k] = 0.4f * (((float)phase / 50.0f) - 1.0f);
    }
}

static volatile uint32_t *word_below(uintptr_t top, uint32_t k)
{
    return (volatile uint32_t *)(top - (4u * (uintptr_t)k));
}

/* The stack grows down: words below `top` are not in use before `function` runs. */
static uint32_t stack_of(void (*function)(int))
{
    uintptr_t top = platform_stack_pointer() - MARGIN_BYTES;
    uint32_t deepest = PAINTED_WORDS;

    for (uint32_t k = 1u; k <= PAINTED_WORDS; k++) {
        *word_below(top, k) = PAINT;
    }
    function(1);
    while (deepest > 0u && *word_below(top, deepest) == PAINT) {
        deepest--;
    }
    return (4u * deepest) + MARGIN_BYTES;
}

static __attribute__((noinline)) void step_once(int step)
{
    float in[POLICY_N_FEATURES];
    float out[POLICY_N_OUTPUTS];

    make_input(step, in);
    policy_step(&controller.policy, in, out);
}

static __attribute__((noinline)) void tick_once(int step)
{
    float in[POLICY_N_FEATURES];
    float out[POLICY_N_OUTPUTS];

    now_us += POLICY_PERIOD_US; /* every tick steps the policy */
    make_input(step, in);
    exo_controller_tick(&controller, in, now_us, now_us, out);
}

static uint32_t instructions_of(void (*function)(int))
{
    uint32_t total = 0u;

    for (int step = 0; step < N_STEPS; step++) {
        uint32_t before = platform_count();
        function(step);
        total += platform_elapsed(before, platform_count());
    }
    return total / (uint32_t)N_STEPS;
}

int main(void)
{
    uint32_t before;
    uint32_t boot;

    platform_init();
    before = platform_count();
    exo_controller_init(&controller);
    boot = platform_elapsed(before, platform_count());
    exo_controller_start(&controller);
    platform_print("instructions_per_step", instructions_of(step_once));
    platform_print("instructions_per_controller_tick", instructions_of(tick_once));
    platform_print("instructions_at_boot", boot);
    platform_print("stack_bytes", stack_of(step_once));
    platform_print("controller_stack_bytes", stack_of(tick_once));
    platform_exit();
    return 0;
}
