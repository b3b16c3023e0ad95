/* What count_steps.c needs of a bare processor. */
#ifndef PLATFORM_H
#define PLATFORM_H

#include <stdint.h>

void platform_init(void);

/* A counter that QEMU moves on with every instruction (-icount shift=0: 1 ns each). */
uint32_t platform_count(void);

/* Instructions between two values of it. */
uint32_t platform_elapsed(uint32_t before, uint32_t after);

/* The calling function's, a multiple of 4. */
uintptr_t platform_stack_pointer(void);

/* Prints `name value`. */
void platform_print(const char *name, uint32_t value);

void platform_exit(void);

#endif /* PLATFORM_H */
