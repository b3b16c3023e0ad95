/* Safety layer of a hip exoskeleton controller: what stands between sensors, controller
 * and motors.
 *
 * Own C99 without heap, mutable globals or libm. Ten guards, each with its counters:
 *
 *  1 finite       inputs, state and commands are finite, else torque goes to zero and
 *                 the controller is reset
 *  2 sensors      a value out of range or after an impossible jump is replaced by the
 *                 last good one; a value frozen to the bit takes the torque to zero
 *  3 stale        no good sample for stale_us takes the torque to zero
 *  4 torque       clamp per joint
 *  5 rate         largest change of torque; every way to zero keeps to it
 *  6 soft         torque fades in after exo_safety_start and out after exo_safety_stop
 *  7 power        joint power limit; no torque above a hip velocity
 *  8 deadline     a command that is late is held, then taken to zero
 *  9 e-stop       latched; only exo_safety_rearm ends it, and walking must be started anew
 * 10 weights      a wrong CRC at boot latches the e-stop for good
 *
 * After a fault of guards 1, 2 (frozen), 3 or 8 the torque stays zero until
 * recover_samples good samples have come, and then fades in again.
 *
 * Times are microseconds of a free-running 32-bit clock, which may wrap around.
 * Research use only. No certification claimed, not measured on hardware. It does not
 * replace a hardware emergency stop.
 */
#ifndef EXO_SAFETY_H
#define EXO_SAFETY_H

#include "exo_safety_limits.h"

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define EXO_SAFETY_N_LEGS 2 /* right, left */

/* Counters of what the guards did; one guard may have several. */
enum exo_safety_count {
    EXO_COUNT_NOT_FINITE = 0, /* guard 1: samples, commands or states */
    EXO_COUNT_RANGE,          /* guard 2: samples not taken */
    EXO_COUNT_JUMP,           /* guard 2: samples not taken */
    EXO_COUNT_FROZEN,         /* guard 2: times a sensor froze */
    EXO_COUNT_STALE,          /* guard 3: times the samples stayed away */
    EXO_COUNT_TORQUE,         /* guard 4: outputs cut, per leg */
    EXO_COUNT_RATE,           /* guard 5: outputs cut, per leg */
    EXO_COUNT_SOFT,           /* guard 6: times a fade began */
    EXO_COUNT_POWER,          /* guard 7: outputs cut, per leg */
    EXO_COUNT_VELOCITY,       /* guard 7: outputs taken to zero, per leg */
    EXO_COUNT_DEADLINE,       /* guard 8: late commands and late calls */
    EXO_COUNT_ESTOP,          /* guard 9: times it latched */
    EXO_COUNT_WEIGHTS,        /* guard 10: boots with a wrong CRC */
    EXO_N_COUNTS
};

/* Reasons for zero torque, as bits of exo_safety.faults. */
#define EXO_FAULT_NOT_FINITE 1u
#define EXO_FAULT_FROZEN 2u
#define EXO_FAULT_STALE 4u
#define EXO_FAULT_DEADLINE 8u

/* What to do with the controller after a sample. */
enum exo_safety_verdict {
    EXO_SAMPLE_GOOD = 0,  /* step it with exo_safety.sample */
    EXO_SAMPLE_HELD = 1,  /* the same: exo_safety.sample is the last good one */
    EXO_SAMPLE_RESET = 2  /* reset it, do not step it */
};

/* What the guards go by; exo_safety_device holds those of safety.yaml. */
typedef struct {
    float input_low[EXO_SAFETY_N_INPUTS];  /* SI, in the order of the controller's inputs */
    float input_high[EXO_SAFETY_N_INPUTS];
    float input_jump[EXO_SAFETY_N_INPUTS]; /* largest change from sample to sample */
    int input_moves[EXO_SAFETY_N_INPUTS];  /* 1: noise makes it change; frozen if it does not */
    int velocity_input[EXO_SAFETY_N_LEGS]; /* which inputs are the hip velocities */
    float torque_Nm[EXO_SAFETY_N_LEGS];
    float rate_Nm_s;
    float soft_start_s;
    float soft_stop_s;
    float power_W;         /* of one joint */
    float velocity_rad_s;  /* of one hip */
    uint32_t sample_us;    /* period of samples and commands */
    uint32_t stale_us;     /* age of the last good sample */
    uint32_t deadline_us;  /* age of a command from which it is late */
    uint32_t hold_us;      /* age of a command up to which it is held */
    uint32_t longest_call_us; /* a longer time between two calls counts as this long */
    uint32_t frozen_samples;
    uint32_t recover_samples;
    uint32_t estop_after_faults; /* since arming; 0: never */
} exo_safety_limits;

extern const exo_safety_limits exo_safety_device;

typedef struct {
    const exo_safety_limits *limits;
    float sample[EXO_SAFETY_N_INPUTS]; /* last good one */
    uint32_t same_samples[EXO_SAFETY_N_INPUTS];
    uint32_t sample_us;
    int has_sample;
    uint32_t good_samples; /* since the last fault */
    float command[EXO_SAFETY_N_LEGS];
    uint32_t command_us;
    int has_command;
    int command_late;
    float torque[EXO_SAFETY_N_LEGS]; /* last output, Nm */
    uint32_t output_us;
    int has_output;
    float fade; /* 0..1 */
    int walking; /* 1 between start and stop */
    uint32_t faults; /* EXO_FAULT bits that hold now */
    uint32_t faults_since_arming;
    int estop;
    int weights_intact;
    uint32_t count[EXO_N_COUNTS];
} exo_safety;

/* Before first use. Weights count as damaged until exo_safety_boot. */
void exo_safety_init(exo_safety *safety, const exo_safety_limits *limits);

/* Once at boot: CRC found in memory and the one it was exported with. */
void exo_safety_boot(exo_safety *safety, uint32_t found_crc, uint32_t expected_crc);

/* The wearer wants to walk, or to stop. Start does nothing while the e-stop is latched. */
void exo_safety_start(exo_safety *safety);
void exo_safety_stop(exo_safety *safety);

/* Latches the e-stop: a button, or whoever finds something wrong. */
void exo_safety_estop(exo_safety *safety);

/* By hand only. Returns 1 if it is armed again; 0 if the weights are damaged. */
int exo_safety_rearm(exo_safety *safety);

/* Before each step of the controller: the newest sample and when it was taken. */
enum exo_safety_verdict exo_safety_sample(exo_safety *safety,
                                          const float in[EXO_SAFETY_N_INPUTS],
                                          uint32_t taken_us, uint32_t now_us);

/* After each step of the controller: its command, Nm, and whether its state is finite.
 * Returns 0 if the controller must be reset. */
int exo_safety_command(exo_safety *safety, const float command_Nm[EXO_SAFETY_N_LEGS],
                       int state_is_finite, uint32_t now_us);

/* At each tick of the motor loop: the torque to apply, Nm. */
void exo_safety_output(exo_safety *safety, uint32_t now_us, float torque_Nm[EXO_SAFETY_N_LEGS]);

#ifdef __cplusplus
}
#endif

#endif /* EXO_SAFETY_H */
