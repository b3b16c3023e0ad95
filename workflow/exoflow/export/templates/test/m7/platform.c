/* Cortex-M7 on QEMU's mps2-an500: SysTick counts the processor clock, 25 MHz of virtual
 * time, so one count is 40 instructions at -icount shift=0. */
#include "semihosting.h"

#define SYST_CSR (*(volatile uint32_t *)0xe000e010u)
#define SYST_RVR (*(volatile uint32_t *)0xe000e014u)
#define SYST_CVR (*(volatile uint32_t *)0xe000e018u)
#define LONGEST 0x00ffffffu
#define INSTRUCTIONS_PER_COUNT 40u

static void semihosting_call(uintptr_t operation, uintptr_t argument)
{
    register uintptr_t r0 __asm__("r0") = operation;
    register uintptr_t r1 __asm__("r1") = argument;

    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
}

void platform_init(void)
{
    SYST_RVR = LONGEST;
    SYST_CVR = 0u;
    SYST_CSR = 5u; /* on, processor clock, no interrupt */
}

uint32_t platform_count(void)
{
    return SYST_CVR;
}

uint32_t platform_elapsed(uint32_t before, uint32_t after)
{
    return ((before - after) & LONGEST) * INSTRUCTIONS_PER_COUNT; /* it counts down */
}

uintptr_t platform_stack_pointer(void)
{
    uintptr_t pointer;

    __asm__ volatile("mov %0, sp" : "=r"(pointer));
    return pointer;
}

void platform_exit(void)
{
    semihosting_call(SYS_EXIT, APPLICATION_EXIT);
}
