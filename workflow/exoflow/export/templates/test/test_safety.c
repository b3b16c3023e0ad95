/* Every guard of the safety layer, with numbers worked out by hand (limits: scene.h).
 *
 * Exit status: 0 passed, 1 failed.
 */
#include "scene.h"

#include <float.h>
#include <stdio.h>

static int failures = 0;
static const char *current = "";

static void check(int holds, const char *what, int line)
{
    if (!holds) {
        failures++;
        printf("FAILED %s, line %d: %s\n", current, line, what);
    }
}

#define CHECK(condition) check((condition) ? 1 : 0, #condition, __LINE__)
#define NEAR(a, b) ((a) - (b) < 1e-4f && (b) - (a) < 1e-4f)

static float not_a_number(void)
{
    volatile float zero = 0.0f;

    return zero / zero;
}

static uint32_t counted(const scene *s, enum exo_safety_count what)
{
    return s->safety.count[what];
}

/* 1 s of fade, 10 ms of ticks, 5 samples before it begins: full after 106 ticks. */
static void walking(scene *s)
{
    scene_set_up(s);
    scene_walk(s, 120);
}

static void torque_follows_the_command_when_all_is_well(void)
{
    scene s;

    walking(&s);
    CHECK(s.torque[0] == 5.0f && s.torque[1] == -5.0f);
    CHECK(s.safety.faults == 0u);
    CHECK(counted(&s, EXO_COUNT_SOFT) == 1u);
    for (int k = 0; k < (int)EXO_N_COUNTS; k++) {
        CHECK(k == (int)EXO_COUNT_SOFT || s.safety.count[k] == 0u);
    }
}

static void no_torque_before_start(void)
{
    scene s;

    scene_set_up(&s);
    exo_safety_init(&s.safety, &s.limits);
    exo_safety_boot(&s.safety, 7u, 7u);
    scene_walk(&s, 200);
    CHECK(s.torque[0] == 0.0f && s.torque[1] == 0.0f);
}

static void nan_input_takes_the_torque_to_zero_and_resets(void)
{
    scene s;

    walking(&s);
    scene_tremble(&s);
    s.in[EXO_SAFETY_N_INPUTS - 1] = not_a_number();
    scene_step(&s);
    CHECK(s.verdict == EXO_SAMPLE_RESET);
    CHECK(counted(&s, EXO_COUNT_NOT_FINITE) == 1u);
    CHECK(NEAR(s.torque[0], 4.0f)); /* 5 Nm - 100 Nm/s * 10 ms */
    s.in[EXO_SAFETY_N_INPUTS - 1] = 0.0f;
    scene_walk(&s, 4);
    CHECK(s.torque[0] == 0.0f && s.torque[1] == 0.0f);
    /* Five good samples, then the fade: after 11 ticks 6 or 7 % of the command. */
    scene_walk(&s, 7);
    CHECK(s.torque[0] > 0.2f && s.torque[0] < 0.5f);
    scene_walk(&s, 110);
    CHECK(s.torque[0] == 5.0f);
}

static void infinite_command_takes_the_torque_to_zero_and_resets(void)
{
    scene s;

    walking(&s);
    s.command[1] = -FLT_MAX;
    s.command[1] *= 2.0f;
    scene_walk(&s, 1);
    CHECK(s.command_taken == 0);
    CHECK(counted(&s, EXO_COUNT_NOT_FINITE) == 1u);
    CHECK(NEAR(s.torque[0], 4.0f) && NEAR(s.torque[1], -4.0f));
}

static void state_that_is_not_finite_takes_the_torque_to_zero(void)
{
    scene s;

    walking(&s);
    CHECK(exo_safety_command(&s.safety, s.command, 0, s.now_us) == 0);
    CHECK(counted(&s, EXO_COUNT_NOT_FINITE) == 1u);
    exo_safety_output(&s.safety, s.now_us, s.torque);
    CHECK(NEAR(s.torque[0], 4.0f));
}

static void value_out_of_range_is_replaced_by_the_last_good_one(void)
{
    scene s;

    walking(&s);
    s.in[0] = 10.5f;
    scene_step(&s);
    CHECK(s.verdict == EXO_SAMPLE_HELD);
    CHECK(s.safety.sample[0] < 0.02f);
    CHECK(counted(&s, EXO_COUNT_RANGE) == 1u);
    CHECK(s.torque[0] == 5.0f);
    scene_walk(&s, 1);
    CHECK(s.verdict == EXO_SAMPLE_GOOD);
}

static void jump_is_replaced_but_a_value_that_had_time_to_move_is_taken(void)
{
    scene s;

    walking(&s);
    s.in[0] = s.safety.sample[0] + 1.5f; /* 1 per sample is allowed */
    scene_step(&s);
    CHECK(s.verdict == EXO_SAMPLE_HELD);
    CHECK(counted(&s, EXO_COUNT_JUMP) == 1u);
    scene_step(&s); /* two samples after the last good one: 2 is allowed */
    CHECK(s.verdict == EXO_SAMPLE_GOOD);
    CHECK(counted(&s, EXO_COUNT_JUMP) == 1u);
}

static void values_out_of_range_for_too_long_are_stale(void)
{
    scene s;

    walking(&s);
    s.in[0] = 10.5f;
    for (int tick = 0; tick < 3; tick++) {
        scene_step(&s);
        CHECK(s.torque[0] == 5.0f);
    }
    scene_step(&s); /* 40 ms after the last good one */
    CHECK(s.verdict == EXO_SAMPLE_RESET);
    CHECK(counted(&s, EXO_COUNT_STALE) == 1u);
    CHECK(NEAR(s.torque[0], 4.0f));
}

static void frozen_sensor_takes_the_torque_to_zero_until_it_moves(void)
{
    scene s;

    walking(&s);
    for (int tick = 0; tick < 20; tick++) {
        scene_tremble(&s);
        s.in[1] = 0.005f;
        scene_step(&s);
    }
    CHECK(s.torque[0] == 5.0f); /* the value was new once, then the same 19 times */
    scene_tremble(&s);
    s.in[1] = 0.005f;
    scene_step(&s);
    CHECK(counted(&s, EXO_COUNT_FROZEN) == 1u);
    CHECK(NEAR(s.torque[0], 4.0f));
    scene_walk(&s, 120);
    CHECK(s.torque[0] == 5.0f);
    CHECK(s.safety.estop == 0);
}

static void input_that_may_rest_does_not_count_as_frozen(void)
{
    scene s;

    scene_set_up(&s);
    s.limits.input_moves[1] = 0;
    for (int tick = 0; tick < 200; tick++) {
        scene_tremble(&s);
        s.in[1] = 0.0f;
        scene_step(&s);
    }
    CHECK(counted(&s, EXO_COUNT_FROZEN) == 0u);
}

static void stale_samples_ramp_to_zero(void)
{
    scene s;
    uint32_t taken_us;

    walking(&s);
    taken_us = s.now_us - TICK_US;
    for (int tick = 0; tick < 3; tick++) {
        (void)exo_safety_sample(&s.safety, s.in, taken_us, s.now_us);
        (void)exo_safety_command(&s.safety, s.command, 1, s.now_us);
        exo_safety_output(&s.safety, s.now_us, s.torque);
        CHECK(s.torque[0] == 5.0f); /* 10, 20 and 30 ms old */
        s.now_us += TICK_US;
    }
    for (int tick = 1; tick <= 5; tick++) {
        CHECK(exo_safety_sample(&s.safety, s.in, taken_us, s.now_us) == EXO_SAMPLE_RESET);
        exo_safety_output(&s.safety, s.now_us, s.torque);
        CHECK(NEAR(s.torque[0], 5.0f - (float)tick)); /* 1 Nm per tick */
        s.now_us += TICK_US;
    }
    CHECK(counted(&s, EXO_COUNT_STALE) == 1u);
}

static void sample_from_the_future_is_not_taken(void)
{
    scene s;

    walking(&s);
    scene_tremble(&s);
    CHECK(exo_safety_sample(&s.safety, s.in, s.now_us + 5000u, s.now_us) == EXO_SAMPLE_HELD);
}

static void torque_is_clamped_per_joint(void)
{
    scene s;

    scene_set_up(&s);
    s.limits.torque_Nm[1] = 3.0f;
    s.command[0] = 100.0f;
    s.command[1] = -100.0f;
    scene_walk(&s, 200);
    CHECK(s.torque[0] == 10.0f && s.torque[1] == -3.0f);
    CHECK(counted(&s, EXO_COUNT_TORQUE) > 0u);
}

static void torque_changes_no_faster_than_the_rate(void)
{
    scene s;

    walking(&s);
    s.command[0] = -5.0f;
    for (int tick = 1; tick <= 10; tick++) {
        scene_walk(&s, 1);
        CHECK(NEAR(s.torque[0], 5.0f - (float)tick));
    }
    CHECK(counted(&s, EXO_COUNT_RATE) == 9u); /* the tenth tick gets there */
}

static void torque_fades_in_and_out(void)
{
    scene s;

    scene_set_up(&s);
    scene_walk(&s, 4 + 50); /* five samples make it ready, then 50 ticks of the fade */
    CHECK(NEAR(s.torque[0], 2.5f));
    scene_walk(&s, 70);
    exo_safety_stop(&s.safety);
    CHECK(counted(&s, EXO_COUNT_SOFT) == 2u);
    scene_walk(&s, 25); /* half of 0.5 s */
    CHECK(NEAR(s.torque[0], 2.5f));
    scene_walk(&s, 30);
    CHECK(s.torque[0] == 0.0f && s.torque[1] == 0.0f);
}

static void power_is_limited(void)
{
    scene s;

    walking(&s);
    s.command[0] = 10.0f;
    for (int tick = 0; tick < 50; tick++) {
        scene_tremble(&s);
        s.in[0] = 0.2f * (float)tick; /* up to 9.8 rad/s */
        s.in[0] = (s.in[0] > 7.9f) ? (7.9f + s.in[1]) : s.in[0];
        scene_step(&s);
    }
    CHECK(s.torque[0] > 6.0f && s.torque[0] * 7.9f < 50.1f);
    CHECK(counted(&s, EXO_COUNT_POWER) > 0u);
    CHECK(counted(&s, EXO_COUNT_VELOCITY) == 0u);
}

static void no_torque_above_the_velocity_limit(void)
{
    scene s;

    walking(&s);
    for (int tick = 0; tick < 60; tick++) {
        scene_tremble(&s);
        s.in[0] = 0.2f * (float)tick;
        s.in[0] = (s.in[0] > 9.0f) ? (9.0f + s.in[1]) : s.in[0];
        scene_step(&s);
    }
    CHECK(s.torque[0] == 0.0f && s.torque[1] == -5.0f);
    CHECK(counted(&s, EXO_COUNT_VELOCITY) > 0u);
}

/* Samples come, commands do not. */
static void tick_without_command(scene *s)
{
    scene_tremble(s);
    (void)exo_safety_sample(&s->safety, s->in, s->now_us, s->now_us);
    exo_safety_output(&s->safety, s->now_us, s->torque);
    s->now_us += TICK_US;
}

static void late_command_is_held_then_taken_to_zero(void)
{
    scene s;

    walking(&s);
    tick_without_command(&s); /* 10 ms old: not late yet */
    CHECK(counted(&s, EXO_COUNT_DEADLINE) == 0u);
    tick_without_command(&s); /* 20 ms: late, held */
    tick_without_command(&s); /* 30 ms */
    CHECK(counted(&s, EXO_COUNT_DEADLINE) == 1u);
    CHECK(s.torque[0] == 5.0f);
    tick_without_command(&s); /* 40 ms: lost */
    CHECK(NEAR(s.torque[0], 4.0f));
    CHECK(s.safety.faults == EXO_FAULT_DEADLINE);
    scene_walk(&s, 1);
    CHECK(s.safety.faults == 0u);
}

static void late_call_moves_the_torque_no_further_than_a_prompt_one(void)
{
    scene s;

    walking(&s);
    s.command[0] = -5.0f;
    s.now_us += 500000u;
    scene_walk(&s, 1);
    CHECK(NEAR(s.torque[0], 3.0f)); /* 20 ms count, not 510 */
    CHECK(counted(&s, EXO_COUNT_DEADLINE) > 0u);
}

static void estop_goes_to_zero_and_stays_there(void)
{
    scene s;

    walking(&s);
    exo_safety_estop(&s.safety);
    scene_walk(&s, 1);
    CHECK(NEAR(s.torque[0], 4.0f));
    scene_walk(&s, 1000);
    exo_safety_start(&s.safety); /* means nothing now */
    scene_walk(&s, 1000);
    CHECK(s.torque[0] == 0.0f && s.torque[1] == 0.0f);
    CHECK(counted(&s, EXO_COUNT_ESTOP) == 1u);
}

static void rearming_by_hand_needs_a_new_start(void)
{
    scene s;

    walking(&s);
    exo_safety_estop(&s.safety);
    scene_walk(&s, 10);
    CHECK(exo_safety_rearm(&s.safety) == 1);
    scene_walk(&s, 200);
    CHECK(s.torque[0] == 0.0f);
    exo_safety_start(&s.safety);
    scene_walk(&s, 50);
    CHECK(NEAR(s.torque[0], 2.5f));
}

static void third_fault_latches_the_estop(void)
{
    scene s;

    walking(&s);
    for (int fault = 1; fault <= 3; fault++) {
        s.in[0] = not_a_number();
        scene_step(&s);
        s.in[0] = 0.0f;
        scene_walk(&s, 10);
        CHECK(s.safety.estop == ((fault == 3) ? 1 : 0));
    }
}

static void wrong_weights_latch_for_good(void)
{
    scene s;

    scene_set_up(&s);
    exo_safety_boot(&s.safety, 7u, 8u);
    CHECK(counted(&s, EXO_COUNT_WEIGHTS) == 1u);
    CHECK(exo_safety_rearm(&s.safety) == 0);
    exo_safety_start(&s.safety);
    scene_walk(&s, 200);
    CHECK(s.torque[0] == 0.0f && s.safety.estop == 1);
}

static void weights_that_were_never_checked_give_no_torque(void)
{
    scene s;

    scene_set_up(&s);
    exo_safety_init(&s.safety, &s.limits);
    exo_safety_start(&s.safety);
    scene_walk(&s, 200);
    CHECK(s.torque[0] == 0.0f);
}

#define TEST(name) {name, #name}
static const struct {
    void (*run)(void);
    const char *name;
} tests[] = {
    TEST(torque_follows_the_command_when_all_is_well),
    TEST(no_torque_before_start),
    TEST(nan_input_takes_the_torque_to_zero_and_resets),
    TEST(infinite_command_takes_the_torque_to_zero_and_resets),
    TEST(state_that_is_not_finite_takes_the_torque_to_zero),
    TEST(value_out_of_range_is_replaced_by_the_last_good_one),
    TEST(jump_is_replaced_but_a_value_that_had_time_to_move_is_taken),
    TEST(values_out_of_range_for_too_long_are_stale),
    TEST(frozen_sensor_takes_the_torque_to_zero_until_it_moves),
    TEST(input_that_may_rest_does_not_count_as_frozen),
    TEST(stale_samples_ramp_to_zero),
    TEST(sample_from_the_future_is_not_taken),
    TEST(torque_is_clamped_per_joint),
    TEST(torque_changes_no_faster_than_the_rate),
    TEST(torque_fades_in_and_out),
    TEST(power_is_limited),
    TEST(no_torque_above_the_velocity_limit),
    TEST(late_command_is_held_then_taken_to_zero),
    TEST(late_call_moves_the_torque_no_further_than_a_prompt_one),
    TEST(estop_goes_to_zero_and_stays_there),
    TEST(rearming_by_hand_needs_a_new_start),
    TEST(third_fault_latches_the_estop),
    TEST(wrong_weights_latch_for_good),
    TEST(weights_that_were_never_checked_give_no_torque),
};

int main(void)
{
    int n_tests = (int)(sizeof tests / sizeof tests[0]);

    for (int k = 0; k < n_tests; k++) {
        current = tests[k].name;
        tests[k].run();
    }
    printf("safety_tests %d\n", n_tests);
    printf("safety_failures %d\n", failures);
    return (failures == 0) ? 0 : 1;
}
