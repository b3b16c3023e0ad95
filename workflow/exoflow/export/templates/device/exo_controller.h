/* The policy behind its safety layer: what firmware calls.
 *
 *     static exo_controller controller;        one per wearer
 *     exo_controller_init(&controller);        at boot; checks the weights
 *     exo_controller_start(&controller);       the wearer wants to walk
 *     exo_controller_tick(&controller, in, taken_us, now_us, torque_Nm);
 *
 * The motor loop may run at any rate from POLICY_RATE_HZ up; the policy is stepped when it
 * is due. Between two steps the torque follows the last command.
 */
#ifndef EXO_CONTROLLER_H
#define EXO_CONTROLLER_H

#include "exo_safety.h"
#include "policy.h"

#if EXO_SAFETY_N_INPUTS != POLICY_N_FEATURES
#error "exo_safety_limits.h belongs to a policy with other inputs: export both together"
#endif

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
    policy_state policy;
    exo_safety safety;
    uint32_t due_us;    /* when the next policy step is due */
    int has_due;
    int rows_per_tick;  /* of the policy, at each tick; POLICY_N_ROWS: all at once */
    int in_flight;      /* 1 while a policy step is spread over ticks */
} exo_controller;

/* Before first use: finds out whether the weights are intact. */
void exo_controller_init(exo_controller *controller);

/* Spreads each policy step over n_ticks ticks of the motor loop, so that no tick takes
 * long; commands come n_ticks - 1 ticks later. n_ticks = 1 is the default. */
void exo_controller_slice(exo_controller *controller, int n_ticks);

/* Walking begins with a policy as after training: no history, no recurrent state. */
void exo_controller_start(exo_controller *controller);
void exo_controller_stop(exo_controller *controller);

void exo_controller_estop(exo_controller *controller);
int exo_controller_rearm(exo_controller *controller);

/* One tick of the motor loop.
 *
 * in         newest sample, raw SI values in the order of policy_io.yaml
 * taken_us   when it was taken, by the same clock as now_us
 * torque_Nm  out: torque to apply at the right and left hip, flexion positive
 */
void exo_controller_tick(exo_controller *controller, const float in[POLICY_N_FEATURES],
                         uint32_t taken_us, uint32_t now_us,
                         float torque_Nm[POLICY_N_OUTPUTS]);

#ifdef __cplusplus
}
#endif

#endif /* EXO_CONTROLLER_H */
