/* Replays a recorded walk through policy_step and compares the commands.
 *
 * usage: test_golden GOLDEN.csv [GATE_NM]
 * Prints one `name value` per line. Exit status: 0 passed, 1 failed, 2 file unreadable.
 */
#include "policy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_BYTES 8192
#define RESET_STEPS 100 /* compared bit for bit after a reset */

/* Reads one row: tick, inputs, commands. Returns 0 at the end, -1 if malformed. */
static int read_row(FILE *file, float in[POLICY_N_FEATURES], float command[POLICY_N_OUTPUTS])
{
    char line[LINE_BYTES];
    char *rest;

    if (fgets(line, LINE_BYTES, file) == NULL) {
        return 0;
    }
    (void)strtol(line, &rest, 10);
    for (int k = 0; k < POLICY_N_FEATURES + POLICY_N_OUTPUTS; k++) {
        char *start = rest + 1;
        float value;
        if (*rest != ',') {
            return -1;
        }
        value = strtof(start, &rest);
        if (rest == start) {
            return -1;
        }
        if (k < POLICY_N_FEATURES) {
            in[k] = value;
        } else {
            command[k - POLICY_N_FEATURES] = value;
        }
    }
    return 1;
}

int main(int argc, char **argv)
{
    static float first_in[RESET_STEPS][POLICY_N_FEATURES];
    static float first_out[RESET_STEPS][POLICY_N_OUTPUTS];
    double gate_Nm = (argc > 2) ? strtod(argv[2], NULL) : $gate;
    double worst_Nm = 0.0;
    int worst_step = 0;
    int worst_leg = POLICY_OUT_RIGHT;
    int finite = 1;
    int n_steps = 0;
    int n_kept;
    int status;
    int reset_ok = 1;
    char header[LINE_BYTES];
    float in[POLICY_N_FEATURES];
    float out[POLICY_N_OUTPUTS];
    float command[POLICY_N_OUTPUTS];
    policy_state state;
    FILE *file;

    file = (argc > 1) ? fopen(argv[1], "r") : NULL;
    if (file == NULL || fgets(header, LINE_BYTES, file) == NULL) {
        (void)fprintf(stderr, "usage: test_golden GOLDEN.csv [GATE_NM]; file not readable\n");
        return 2;
    }
    if (policy_abi_version() != POLICY_ABI_VERSION) {
        (void)fprintf(stderr, "policy.c and policy.h are of different versions\n");
        return 2;
    }

    policy_init(&state);
    while ((status = read_row(file, in, command)) == 1) {
        policy_step(&state, in, out);
        for (int leg = 0; leg < POLICY_N_OUTPUTS; leg++) {
            double error = (double)out[leg] - (double)command[leg];
            error = (error < 0.0) ? -error : error;
            /* `!(a <= b)` also holds for NaN, whose first step is the one to name. */
            if (finite && !(error <= worst_Nm)) {
                finite = (error == error);
                worst_Nm = error;
                worst_step = n_steps;
                worst_leg = leg;
            }
        }
        if (n_steps < RESET_STEPS) {
            memcpy(first_in[n_steps], in, sizeof in);
            memcpy(first_out[n_steps], out, sizeof out);
        }
        n_steps++;
    }
    (void)fclose(file);
    if (status < 0 || n_steps == 0) {
        (void)fprintf(stderr, "%s: row %d is malformed\n", argv[1], n_steps);
        return 2;
    }

    policy_reset(&state);
    n_kept = (n_steps < RESET_STEPS) ? n_steps : RESET_STEPS;
    for (int step = 0; step < n_kept; step++) {
        policy_step(&state, first_in[step], out);
        if (memcmp(out, first_out[step], sizeof out) != 0) {
            reset_ok = 0;
        }
    }

    printf("n_steps %d\n", n_steps);
    printf("max_abs_error_Nm %.9g\n", worst_Nm);
    printf("max_error_step %d\n", worst_step);
    printf("max_error_leg %s\n", (worst_leg == POLICY_OUT_RIGHT) ? "right" : "left");
    printf("gate_Nm %.9g\n", gate_Nm);
    printf("reset_reproduces %s\n", reset_ok ? "yes" : "no");
    printf("state_bytes %lu\n", (unsigned long)sizeof state);
    if (!(worst_Nm <= gate_Nm) || !reset_ok) {
        printf("result FAILED\n");
        return 1;
    }
    printf("result passed\n");
    return 0;
}
