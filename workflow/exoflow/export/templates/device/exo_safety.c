/* Safety layer of a hip exoskeleton controller; see exo_safety.h.
 *
 * Research use only. No certification claimed, not measured on hardware.
 */
#include "exact_float.h"

#include "exo_safety.h"

#include <float.h>

static int is_finite(float x)
{
    /* NaN compares as false. */
    return ((x >= -FLT_MAX) && (x <= FLT_MAX)) ? 1 : 0;
}

static float size_of(float x)
{
    return (x < 0.0f) ? -x : x;
}

/* x between -limit and limit. */
static float clamped(float x, float limit)
{
    float y = x;

    if (x > limit) {
        y = limit;
    } else if (x < -limit) {
        y = -limit;
    } else {
        /* within */
    }
    return y;
}

static float seconds(uint32_t us)
{
    return (float)us * 1.0e-6f;
}

static void count(exo_safety *safety, enum exo_safety_count what)
{
    if (safety->count[what] < UINT32_MAX) {
        safety->count[what]++;
    }
}

static void latch(exo_safety *safety)
{
    if (safety->estop == 0) {
        count(safety, EXO_COUNT_ESTOP);
    }
    safety->estop = 1;
    safety->walking = 0;
    safety->fade = 0.0f;
}

/* A fault holds from now on: zero torque, and a soft start after it. It is counted when
 * it begins; too many latch the e-stop. */
static void begin_fault(exo_safety *safety, uint32_t fault, enum exo_safety_count what)
{
    safety->good_samples = 0u;
    safety->fade = 0.0f;
    if ((safety->faults & fault) == 0u) {
        safety->faults |= fault;
        count(safety, what);
        /* A wearer who stands still may freeze a sensor all day: no reason to latch. */
        if ((fault != EXO_FAULT_FROZEN) && (safety->walking == 1)) {
            safety->faults_since_arming++;
        }
        if ((safety->limits->estop_after_faults > 0u) &&
            (safety->faults_since_arming >= safety->limits->estop_after_faults)) {
            latch(safety);
        }
    }
}

static void end_fault(exo_safety *safety, uint32_t fault)
{
    safety->faults &= ~fault;
}

void exo_safety_init(exo_safety *safety, const exo_safety_limits *limits)
{
    safety->limits = limits;
    for (int k = 0; k < EXO_SAFETY_N_INPUTS; k++) {
        safety->sample[k] = 0.0f;
        safety->same_samples[k] = 0u;
    }
    safety->sample_us = 0u;
    safety->has_sample = 0;
    safety->good_samples = 0u;
    safety->command_us = 0u;
    safety->has_command = 0;
    safety->command_late = 0;
    for (int leg = 0; leg < EXO_SAFETY_N_LEGS; leg++) {
        safety->command[leg] = 0.0f;
        safety->torque[leg] = 0.0f;
    }
    safety->output_us = 0u;
    safety->has_output = 0;
    safety->fade = 0.0f;
    safety->walking = 0;
    safety->faults = 0u;
    safety->faults_since_arming = 0u;
    safety->estop = 0;
    safety->weights_intact = 0;
    for (int k = 0; k < (int)EXO_N_COUNTS; k++) {
        safety->count[k] = 0u;
    }
}

void exo_safety_boot(exo_safety *safety, uint32_t found_crc, uint32_t expected_crc)
{
    if (found_crc == expected_crc) {
        safety->weights_intact = 1;
    } else {
        safety->weights_intact = 0;
        count(safety, EXO_COUNT_WEIGHTS);
        latch(safety);
    }
}

void exo_safety_start(exo_safety *safety)
{
    if ((safety->estop == 0) && (safety->weights_intact == 1) && (safety->walking == 0)) {
        safety->walking = 1;
        count(safety, EXO_COUNT_SOFT);
    }
}

void exo_safety_stop(exo_safety *safety)
{
    if (safety->walking == 1) {
        safety->walking = 0;
        count(safety, EXO_COUNT_SOFT);
    }
}

void exo_safety_estop(exo_safety *safety)
{
    latch(safety);
}

int exo_safety_rearm(exo_safety *safety)
{
    if (safety->weights_intact == 1) {
        safety->estop = 0;
        safety->walking = 0;
        safety->fade = 0.0f;
        safety->faults_since_arming = 0u;
    }
    return safety->weights_intact;
}

/* Guard 1: 1 if every input is finite. */
static int inputs_are_finite(const float in[EXO_SAFETY_N_INPUTS])
{
    int finite = 1;

    for (int k = 0; k < EXO_SAFETY_N_INPUTS; k++) {
        if (is_finite(in[k]) == 0) {
            finite = 0;
        }
    }
    return finite;
}

/* Guard 2: 1 if every input lies within its range. */
static int inputs_are_in_range(const exo_safety_limits *limits,
                               const float in[EXO_SAFETY_N_INPUTS])
{
    int within = 1;

    for (int k = 0; k < EXO_SAFETY_N_INPUTS; k++) {
        if ((in[k] < limits->input_low[k]) || (in[k] > limits->input_high[k])) {
            within = 0;
        }
    }
    return within;
}

/* Guard 2: 1 if every input can have come from the last good sample in this time. */
static int inputs_are_near(const exo_safety *safety, const float in[EXO_SAFETY_N_INPUTS],
                           uint32_t taken_us)
{
    uint32_t elapsed_us = taken_us - safety->sample_us;
    float samples = (float)elapsed_us / (float)safety->limits->sample_us;
    int near = 1;

    samples = (samples < 1.0f) ? 1.0f : samples;
    for (int k = 0; k < EXO_SAFETY_N_INPUTS; k++) {
        if (size_of(in[k] - safety->sample[k]) > (safety->limits->input_jump[k] * samples)) {
            near = 0;
        }
    }
    return near;
}

/* Takes a sample over and counts for how long each input has been the same. */
static void take(exo_safety *safety, const float in[EXO_SAFETY_N_INPUTS], uint32_t taken_us)
{
    for (int k = 0; k < EXO_SAFETY_N_INPUTS; k++) {
        if ((in[k] < safety->sample[k]) || (in[k] > safety->sample[k])) {
            safety->same_samples[k] = 0u;
        } else if (safety->has_sample == 0) {
            safety->same_samples[k] = 0u; /* the first one after a gap */
        } else if (safety->same_samples[k] < UINT32_MAX) {
            safety->same_samples[k]++;
        } else {
            /* counted far enough */
        }
        safety->sample[k] = in[k];
    }
    safety->sample_us = taken_us;
    safety->has_sample = 1;
}

/* Guard 2: 1 if an input that should move has not moved for too long. */
static int is_frozen(const exo_safety *safety)
{
    int frozen = 0;

    for (int k = 0; k < EXO_SAFETY_N_INPUTS; k++) {
        if ((safety->limits->input_moves[k] == 1) &&
            (safety->same_samples[k] >= safety->limits->frozen_samples)) {
            frozen = 1;
        }
    }
    return frozen;
}

/* Guard 3: after a gap there is nothing to compare the next sample with. Unsigned, so
 * that a wrapping clock is no matter; a sample from the future has a very large age. */
static void check_age_of_sample(exo_safety *safety, uint32_t now_us)
{
    uint32_t age_us = now_us - safety->sample_us;

    if ((safety->has_sample == 1) && (age_us > safety->limits->stale_us)) {
        begin_fault(safety, EXO_FAULT_STALE, EXO_COUNT_STALE);
        safety->has_sample = 0;
    }
}

static void good_sample(exo_safety *safety, const float in[EXO_SAFETY_N_INPUTS],
                        uint32_t taken_us)
{
    take(safety, in, taken_us);
    end_fault(safety, EXO_FAULT_NOT_FINITE | EXO_FAULT_STALE);
    if (is_frozen(safety) == 1) {
        begin_fault(safety, EXO_FAULT_FROZEN, EXO_COUNT_FROZEN);
    } else {
        end_fault(safety, EXO_FAULT_FROZEN);
        if (safety->good_samples < UINT32_MAX) {
            safety->good_samples++;
        }
    }
}

enum exo_safety_verdict exo_safety_sample(exo_safety *safety,
                                          const float in[EXO_SAFETY_N_INPUTS],
                                          uint32_t taken_us, uint32_t now_us)
{
    enum exo_safety_verdict verdict = EXO_SAMPLE_HELD;
    int is_new = 0;

    check_age_of_sample(safety, now_us);
    if ((safety->has_sample == 0) || (taken_us != safety->sample_us)) {
        is_new = 1;
    }
    if (inputs_are_finite(in) == 0) {
        begin_fault(safety, EXO_FAULT_NOT_FINITE, EXO_COUNT_NOT_FINITE);
        safety->has_sample = 0;
    } else if ((is_new == 0) || ((now_us - taken_us) > safety->limits->stale_us)) {
        /* the old one again, or one too old to use */
    } else if (inputs_are_in_range(safety->limits, in) == 0) {
        count(safety, EXO_COUNT_RANGE);
    } else if ((safety->has_sample == 1) && (inputs_are_near(safety, in, taken_us) == 0)) {
        count(safety, EXO_COUNT_JUMP);
    } else {
        good_sample(safety, in, taken_us);
        verdict = EXO_SAMPLE_GOOD;
    }
    return (safety->has_sample == 1) ? verdict : EXO_SAMPLE_RESET;
}

int exo_safety_command(exo_safety *safety, const float command_Nm[EXO_SAFETY_N_LEGS],
                       int state_is_finite, uint32_t now_us)
{
    int usable = state_is_finite;

    for (int leg = 0; leg < EXO_SAFETY_N_LEGS; leg++) {
        if (is_finite(command_Nm[leg]) == 0) {
            usable = 0;
        }
    }
    for (int leg = 0; leg < EXO_SAFETY_N_LEGS; leg++) {
        safety->command[leg] = (usable == 1) ? command_Nm[leg] : 0.0f;
    }
    safety->command_us = now_us;
    safety->has_command = 1;
    if (usable == 0) {
        begin_fault(safety, EXO_FAULT_NOT_FINITE, EXO_COUNT_NOT_FINITE);
    }
    return usable;
}

/* Guard 8: a late command is held, then taken to zero. */
static void check_age_of_command(exo_safety *safety, uint32_t now_us)
{
    uint32_t age_us = now_us - safety->command_us;
    int late = 0;

    if ((safety->has_command == 1) && (age_us > safety->limits->deadline_us)) {
        late = 1;
    }
    if ((late == 1) && (safety->command_late == 0)) {
        count(safety, EXO_COUNT_DEADLINE);
    }
    safety->command_late = late;
    if (late == 0) {
        end_fault(safety, EXO_FAULT_DEADLINE);
    } else if (age_us > safety->limits->hold_us) {
        begin_fault(safety, EXO_FAULT_DEADLINE, EXO_COUNT_DEADLINE);
    } else {
        /* held */
    }
}

/* Guard 6: how much of the command is let through after dt_s. */
static void advance_fade(exo_safety *safety, float dt_s)
{
    float over_s = safety->limits->soft_stop_s;
    float direction = -1.0f;
    float change = 1.0f;

    if ((safety->walking == 1) && (safety->faults == 0u) &&
        (safety->good_samples >= safety->limits->recover_samples)) {
        over_s = safety->limits->soft_start_s;
        direction = 1.0f;
    }
    if (over_s > 0.0f) {
        change = dt_s / over_s;
    }
    safety->fade += direction * change;
    safety->fade = (safety->fade > 1.0f) ? 1.0f : safety->fade;
    safety->fade = (safety->fade < 0.0f) ? 0.0f : safety->fade;
}

/* Guards 4 and 7: the torque wanted of one leg. */
static float wanted_torque(exo_safety *safety, int leg)
{
    const exo_safety_limits *limits = safety->limits;
    float velocity = size_of(safety->sample[limits->velocity_input[leg]]);
    float wanted = clamped(safety->command[leg], limits->torque_Nm[leg]);

    if (size_of(safety->command[leg]) > limits->torque_Nm[leg]) {
        count(safety, EXO_COUNT_TORQUE);
    }
    wanted *= safety->fade;
    if ((size_of(wanted) * velocity) > limits->power_W) {
        wanted = clamped(wanted, limits->power_W / velocity);
        count(safety, EXO_COUNT_POWER);
    }
    if (velocity > limits->velocity_rad_s) {
        wanted = 0.0f;
        count(safety, EXO_COUNT_VELOCITY);
    }
    return wanted;
}

/* Guard 5: as near to the wanted torque as the rate allows. */
static void move_torque(exo_safety *safety, int leg, float wanted, float largest_change)
{
    float change = clamped(wanted - safety->torque[leg], largest_change);

    if (size_of(wanted - safety->torque[leg]) > largest_change) {
        count(safety, EXO_COUNT_RATE);
    }
    safety->torque[leg] = clamped(safety->torque[leg] + change, safety->limits->torque_Nm[leg]);
}

void exo_safety_output(exo_safety *safety, uint32_t now_us, float torque_Nm[EXO_SAFETY_N_LEGS])
{
    uint32_t elapsed_us = (safety->has_output == 1) ? (now_us - safety->output_us) : 0u;
    float dt_s;

    if (elapsed_us > safety->limits->longest_call_us) {
        elapsed_us = safety->limits->longest_call_us;
        count(safety, EXO_COUNT_DEADLINE);
    }
    dt_s = seconds(elapsed_us);
    safety->output_us = now_us;
    safety->has_output = 1;
    check_age_of_sample(safety, now_us);
    check_age_of_command(safety, now_us);
    advance_fade(safety, dt_s);
    for (int leg = 0; leg < EXO_SAFETY_N_LEGS; leg++) {
        float wanted = 0.0f;
        if ((safety->faults == 0u) && (safety->estop == 0)) {
            wanted = wanted_torque(safety, leg);
        }
        move_torque(safety, leg, wanted, safety->limits->rate_Nm_s * dt_s);
        torque_Nm[leg] = safety->torque[leg];
    }
}
