/* Replays the fault scenarios of golden/ through exo_controller and expects the recorded
 * torques bit for bit.
 *
 * Run it in test/. Exit status: 0 passed, 1 failed, 2 a file cannot be read. Compile with
 * -DMAX_STEPS=n to stop after n ticks of each file.
 */
#include "exo_controller.h"

#include "policy_math.h"
#include "report.h"

#include <stdlib.h>
#include <string.h>

#define LINE_BYTES 8192
#ifndef MAX_STEPS
#define MAX_STEPS 1000000
#endif

static const char *const fault_files[] = {
$files
};

/* Reads one row: now_us, taken_us, inputs, torques. Returns 0 at the end, -1 if malformed. */
static int read_row(FILE *file, uint32_t *now_us, uint32_t *taken_us,
                    float in[POLICY_N_FEATURES], float torque_Nm[POLICY_N_OUTPUTS])
{
    char line[LINE_BYTES];
    char *rest;

    if (fgets(line, LINE_BYTES, file) == NULL) {
        return 0;
    }
    *now_us = (uint32_t)strtoul(line, &rest, 10);
    if (*rest != ',') {
        return -1;
    }
    *taken_us = (uint32_t)strtoul(rest + 1, &rest, 10);
    for (int k = 0; k < POLICY_N_FEATURES + POLICY_N_OUTPUTS; k++) {
        if (*rest != ',') {
            return -1;
        }
        if (k < POLICY_N_FEATURES) {
            in[k] = strtof(rest + 1, &rest);
        } else {
            torque_Nm[k - POLICY_N_FEATURES] = strtof(rest + 1, &rest);
        }
    }
    return 1;
}

static int replay(const char *path, uint32_t *crc, int *passed)
{
    static exo_controller controller;
    char header[LINE_BYTES];
    float in[POLICY_N_FEATURES];
    float out[POLICY_N_OUTPUTS];
    float expected[POLICY_N_OUTPUTS];
    uint32_t now_us;
    uint32_t taken_us;
    double worst_Nm = 0.0;
    int n_same = 0;
    int n_rows = 0;
    int status = 0;
    FILE *file = fopen(path, "r");

    if (file == NULL || fgets(header, LINE_BYTES, file) == NULL) {
        (void)fprintf(stderr, "%s: cannot be read; run this in test/\n", path);
        return 2;
    }
    exo_controller_init(&controller);
    exo_controller_start(&controller);
    while (n_rows < MAX_STEPS &&
           (status = read_row(file, &now_us, &taken_us, in, expected)) == 1) {
        exo_controller_tick(&controller, in, taken_us, now_us, out);
        n_same += (memcmp(out, expected, sizeof out) == 0) ? 1 : 0;
        for (int leg = 0; leg < POLICY_N_OUTPUTS; leg++) {
            double error_Nm = report_error(out[leg], expected[leg]);
            worst_Nm = (error_Nm <= worst_Nm) ? worst_Nm : error_Nm;
        }
        *crc = report_crc(*crc, out, POLICY_N_OUTPUTS);
        n_rows++;
    }
    (void)fclose(file);
    if (status < 0 || n_rows == 0) {
        (void)fprintf(stderr, "%s: row %d is malformed\n", path, n_rows);
        return 2;
    }
    printf("file %s\n", path);
    printf("n_steps %d\n", n_rows);
    printf("max_abs_error_Nm %.9g\n", worst_Nm);
    printf("same_rows %d\n", n_same);
    if (n_same != n_rows) {
        *passed = 0;
    }
    return 0;
}

int main(void)
{
    uint32_t crc = 0u;
    int passed = 1;

    for (size_t k = 0; k < sizeof fault_files / sizeof fault_files[0]; k++) {
        if (replay(fault_files[k], &crc, &passed) != 0) {
            return 2;
        }
    }
    printf("total\n");
    printf("controller_bytes %lu\n", (unsigned long)sizeof(exo_controller));
    printf("faults_crc32 %08lx\n", (unsigned long)crc);
    printf("faults_result %s\n", passed ? "passed" : "FAILED");
    return passed ? 0 : 1;
}
