/* Cortex-A53 on QEMU's bare `virt` machine: the virtual counter runs at 62.5 MHz of
 * virtual time, so one count is 16 instructions at -icount shift=0. */
#include "semihosting.h"

#include <stddef.h>

#define INSTRUCTIONS_PER_COUNT 16u

static void semihosting_call(uintptr_t operation, uintptr_t argument)
{
    register uintptr_t x0 __asm__("x0") = operation;
    register uintptr_t x1 __asm__("x1") = argument;

    __asm__ volatile("hlt 0xf000" : "+r"(x0) : "r"(x1) : "memory");
}

void platform_init(void)
{
}

uint32_t platform_count(void)
{
    uint64_t count;

    __asm__ volatile("isb\n mrs %0, cntvct_el0" : "=r"(count));
    return (uint32_t)count;
}

uint32_t platform_elapsed(uint32_t before, uint32_t after)
{
    return (after - before) * INSTRUCTIONS_PER_COUNT;
}

uintptr_t platform_stack_pointer(void)
{
    uintptr_t pointer;

    __asm__ volatile("mov %0, sp" : "=r"(pointer));
    return pointer;
}

void platform_exit(void)
{
    static const uintptr_t block[2] = {APPLICATION_EXIT, 0u};

    semihosting_call(SYS_EXIT, (uintptr_t)block);
}

/* The compiler may call these; there is no C library here. */
void *memset(void *to, int value, size_t n);
void *memcpy(void *to, const void *from, size_t n);
void *memmove(void *to, const void *from, size_t n);

void *memset(void *to, int value, size_t n)
{
    volatile unsigned char *byte = to;

    for (size_t k = 0; k < n; k++) {
        byte[k] = (unsigned char)value;
    }
    return to;
}

void *memcpy(void *to, const void *from, size_t n)
{
    volatile unsigned char *byte = to;
    const unsigned char *source = from;

    for (size_t k = 0; k < n; k++) {
        byte[k] = source[k];
    }
    return to;
}

void *memmove(void *to, const void *from, size_t n)
{
    volatile unsigned char *byte = to;
    const unsigned char *source = from;

    if ((uintptr_t)to <= (uintptr_t)from) {
        (void)memcpy(to, from, n);
    } else {
        for (size_t k = n; k > 0; k--) {
            byte[k - 1] = source[k - 1];
        }
    }
    return to;
}
