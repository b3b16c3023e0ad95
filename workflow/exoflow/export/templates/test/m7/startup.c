/* Reset of a Cortex-M7: vectors, memory, floating-point unit, then main. */
#include <stdint.h>
#include <stdlib.h>

extern uint32_t _stack_top[];
extern uint32_t _data_start[];
extern uint32_t _data_end[];
extern uint32_t _data_load[];
extern uint32_t _bss_start[];
extern uint32_t _bss_end[];

int main(void);
void reset_handler(void);
#ifdef WITH_C_LIBRARY
void initialise_monitor_handles(void);
void _init(void);
void _fini(void);

/* What the library calls around main; there is nothing to construct. */
void _init(void)
{
}

void _fini(void)
{
}
#endif

static void fault_handler(void)
{
    for (;;) {
    }
}

typedef struct {
    uint32_t *stack_top;
    void (*handlers[15])(void);
} vector_table;

__attribute__((section(".vectors"), used)) static const vector_table vectors = {
    _stack_top,
    {reset_handler, fault_handler, fault_handler, fault_handler, fault_handler, fault_handler}};

void reset_handler(void)
{
    volatile uint32_t *coprocessor_access = (volatile uint32_t *)0xe000ed88u;

    *coprocessor_access |= 0x00f00000u;
    __asm__ volatile("dsb\n isb");
    for (uint32_t *to = _data_start, *from = _data_load; to < _data_end; to++, from++) {
        *to = *from;
    }
    for (uint32_t *to = _bss_start; to < _bss_end; to++) {
        *to = 0u;
    }
#ifdef WITH_C_LIBRARY
    initialise_monitor_handles();
    exit(main());
#else
    (void)main();
    fault_handler();
#endif
}
