/* The policy behind its safety layer; see exo_controller.h.
 *
 * Research use only. No certification claimed, not measured on hardware.
 */
#include "exact_float.h"

#include "exo_controller.h"

/* A clock that ran past `due_us` by less than half its range. */
#define HALF_RANGE_US 0x80000000u

void exo_controller_init(exo_controller *controller)
{
    policy_init(&controller->policy);
    exo_safety_init(&controller->safety, &exo_safety_device);
    exo_safety_boot(&controller->safety, policy_weights_crc32(), POLICY_WEIGHTS_CRC32);
    controller->due_us = 0u;
    controller->has_due = 0;
    controller->rows_per_tick = POLICY_N_ROWS;
    controller->in_flight = 0;
}

static void reset_policy(exo_controller *controller)
{
    policy_reset(&controller->policy);
    controller->in_flight = 0;
}

void exo_controller_slice(exo_controller *controller, int n_ticks)
{
    int ticks = (n_ticks < 1) ? 1 : n_ticks;

    controller->rows_per_tick = ((POLICY_N_ROWS - 1) / ticks) + 1;
    reset_policy(controller);
}

void exo_controller_start(exo_controller *controller)
{
    reset_policy(controller);
    exo_safety_start(&controller->safety);
}

void exo_controller_stop(exo_controller *controller)
{
    exo_safety_stop(&controller->safety);
}

void exo_controller_estop(exo_controller *controller)
{
    exo_safety_estop(&controller->safety);
}

int exo_controller_rearm(exo_controller *controller)
{
    return exo_safety_rearm(&controller->safety);
}

/* 1 at the ticks at which a policy step begins; a missed one is not made up for. */
static int is_due(exo_controller *controller, uint32_t now_us)
{
    uint32_t late_us = now_us - controller->due_us;
    int due = 0;

    if ((controller->has_due == 0) || ((late_us < HALF_RANGE_US) && (late_us >= POLICY_PERIOD_US))) {
        controller->due_us = now_us + POLICY_PERIOD_US;
        controller->has_due = 1;
        due = 1;
    } else if (late_us < HALF_RANGE_US) {
        controller->due_us += POLICY_PERIOD_US;
        due = 1;
    } else {
        /* not yet */
    }
    return due;
}

static void begin_step(exo_controller *controller, const float in[POLICY_N_FEATURES],
                       uint32_t taken_us, uint32_t now_us)
{
    if (controller->in_flight == 1) {
        /* The last step was not done in time; guard 8 has seen it. */
        reset_policy(controller);
    }
    if (exo_safety_sample(&controller->safety, in, taken_us, now_us) == EXO_SAMPLE_RESET) {
        static const float nothing[POLICY_N_OUTPUTS] = {0.0f, 0.0f};
        reset_policy(controller);
        (void)exo_safety_command(&controller->safety, nothing, 1, now_us);
    } else {
        policy_begin(&controller->policy, controller->safety.sample);
        controller->in_flight = 1;
    }
}

static void advance_step(exo_controller *controller, uint32_t now_us)
{
    if (policy_slice(&controller->policy, controller->rows_per_tick) == 1) {
        float command_Nm[POLICY_N_OUTPUTS];
        policy_end(&controller->policy, command_Nm);
        controller->in_flight = 0;
        if (exo_safety_command(&controller->safety, command_Nm,
                               policy_is_finite(&controller->policy), now_us) == 0) {
            reset_policy(controller);
        }
    }
}

void exo_controller_tick(exo_controller *controller, const float in[POLICY_N_FEATURES],
                         uint32_t taken_us, uint32_t now_us,
                         float torque_Nm[POLICY_N_OUTPUTS])
{
    if (is_due(controller, now_us) == 1) {
        begin_step(controller, in, taken_us, now_us);
    }
    if (controller->in_flight == 1) {
        advance_step(controller, now_us);
    }
    exo_safety_output(&controller->safety, now_us, torque_Nm);
}
