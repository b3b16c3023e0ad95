/* Printing and leaving through the debugger, without a C library. `semihosting_call` is
 * the processor's own. */
#ifndef SEMIHOSTING_H
#define SEMIHOSTING_H

#include "platform.h"

#define SYS_WRITE0 0x04u
#define SYS_EXIT 0x18u
#define APPLICATION_EXIT 0x20026u

static void semihosting_call(uintptr_t operation, uintptr_t argument);

void platform_print(const char *name, uint32_t value)
{
    char line[80];
    char digits[12];
    int n = 0;
    int end = 0;

    while (name[end] != '\0' && end < 60) {
        line[end] = name[end];
        end++;
    }
    line[end++] = ' ';
    do {
        digits[n++] = (char)('0' + (value % 10u));
        value /= 10u;
    } while (value > 0u);
    while (n > 0) {
        line[end++] = digits[--n];
    }
    line[end++] = '\n';
    line[end] = '\0';
    semihosting_call(SYS_WRITE0, (uintptr_t)line);
}

#endif /* SEMIHOSTING_H */
