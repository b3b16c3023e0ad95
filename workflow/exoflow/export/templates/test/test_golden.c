/* Replays golden/ through policy_step and compares the commands.
 *
 * Run it in test/. It prints one `name value` per line, for each file first; exit status:
 * 0 passed, 1 failed, 2 a file cannot be read. Compile with -DMAX_STEPS=n to stop after n
 * ticks of each file.
 */
#include "policy.h"

#include "policy_math.h"
#include "report.h"

#include <stdlib.h>
#include <string.h>

#define LINE_BYTES 8192
#define RESET_STEPS 100 /* compared bit for bit after a reset */
#define GATE_NM $gate
#ifndef MAX_STEPS
#define MAX_STEPS 1000000
#endif

static const char *const golden_files[] = {
$files
};

typedef struct {
    double Nm;
    int step;
    int leg;
    int is_number; /* 0 once an error was NaN */
} worst_error;

/* Reads one row: tick, inputs, commands. Returns 0 at the end, -1 if malformed. */
static int read_row(FILE *file, long *tick, float in[POLICY_N_FEATURES],
                    float command[POLICY_N_OUTPUTS])
{
    char line[LINE_BYTES];
    char *rest;

    if (fgets(line, LINE_BYTES, file) == NULL) {
        return 0;
    }
    *tick = strtol(line, &rest, 10);
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

static void compare(worst_error *worst, int step, const float out[POLICY_N_OUTPUTS],
                    const float command[POLICY_N_OUTPUTS])
{
    for (int leg = 0; leg < POLICY_N_OUTPUTS; leg++) {
        double error_Nm = report_error(out[leg], command[leg]);
        /* `!(a <= b)` also holds for NaN, whose first step is the one to name. */
        if (worst->is_number && !(error_Nm <= worst->Nm)) {
            worst->is_number = (error_Nm >= 0.0);
            worst->Nm = error_Nm;
            worst->step = step;
            worst->leg = leg;
        }
    }
}

/* Returns 0 if the file could be read; the CRC goes on over its commands. */
static int replay(const char *path, uint32_t *crc, int *passed)
{
    static float first_in[RESET_STEPS][POLICY_N_FEATURES];
    static float first_out[RESET_STEPS][POLICY_N_OUTPUTS];
    worst_error worst = {0.0, 0, POLICY_OUT_RIGHT, 1};
    char header[LINE_BYTES];
    float in[POLICY_N_FEATURES];
    float out[POLICY_N_OUTPUTS];
    float command[POLICY_N_OUTPUTS];
    policy_state state;
    FILE *file = fopen(path, "r");
    long tick;
    int n_steps = 0;
    int n_kept = 0; /* ticks of the first walk */
    int reset_ok = 1;
    int status = 0;

    if (file == NULL || fgets(header, LINE_BYTES, file) == NULL) {
        (void)fprintf(stderr, "%s: cannot be read; run this in test/\n", path);
        return 2;
    }
    policy_init(&state);
    while (n_steps < MAX_STEPS && (status = read_row(file, &tick, in, command)) == 1) {
        if (tick == 0) {
            policy_reset(&state); /* another walk begins */
        }
        policy_step(&state, in, out);
        compare(&worst, n_steps, out, command);
        *crc = report_crc(*crc, out, POLICY_N_OUTPUTS);
        if (tick == n_steps && n_steps < RESET_STEPS) {
            memcpy(first_in[n_kept], in, sizeof in);
            memcpy(first_out[n_kept], out, sizeof out);
            n_kept++;
        }
        n_steps++;
    }
    (void)fclose(file);
    if (status < 0 || n_steps == 0) {
        (void)fprintf(stderr, "%s: row %d is malformed\n", path, n_steps);
        return 2;
    }

    policy_reset(&state);
    for (int step = 0; step < n_kept; step++) {
        policy_step(&state, first_in[step], out);
        if (memcmp(out, first_out[step], sizeof out) != 0) {
            reset_ok = 0;
        }
    }
    printf("file %s\n", path);
    printf("n_steps %d\n", n_steps);
    printf("max_abs_error_Nm %.9g\n", worst.Nm);
    printf("max_error_step %d\n", worst.step);
    printf("max_error_leg %s\n", (worst.leg == POLICY_OUT_RIGHT) ? "right" : "left");
    printf("reset_reproduces %s\n", reset_ok ? "yes" : "no");
    if (!(worst.Nm <= GATE_NM) || !reset_ok) {
        *passed = 0;
    }
    return 0;
}

int main(void)
{
    uint32_t crc = 0u;
    int passed = 1;

    if (policy_abi_version() != POLICY_ABI_VERSION) {
        (void)fprintf(stderr, "policy.c and policy.h are of different versions\n");
        return 2;
    }
    if (policy_weights_crc32() != POLICY_WEIGHTS_CRC32) {
        (void)fprintf(stderr, "the weights in memory are not those that were exported\n");
        return 2;
    }
    for (size_t k = 0; k < sizeof golden_files / sizeof golden_files[0]; k++) {
        if (replay(golden_files[k], &crc, &passed) != 0) {
            return 2;
        }
    }
    printf("total\n");
    printf("gate_Nm %.9g\n", GATE_NM);
    printf("state_bytes %lu\n", (unsigned long)sizeof(policy_state));
    printf("golden_crc32 %08lx\n", (unsigned long)crc);
    printf("golden_result %s\n", passed ? "passed" : "FAILED");
    return passed ? 0 : 1;
}
