/* What Python needs to know of a controller that it runs through ctypes. Not part of a
 * bundle. */
#include "exo_controller.h"

#include <stddef.h>

size_t bridge_bytes(void);
int bridge_n_features(void);
void bridge_counts(const exo_controller *controller, uint32_t counts[EXO_N_COUNTS]);

size_t bridge_bytes(void)
{
    return sizeof(exo_controller);
}

int bridge_n_features(void)
{
    return POLICY_N_FEATURES;
}

void bridge_counts(const exo_controller *controller, uint32_t counts[EXO_N_COUNTS])
{
    for (int k = 0; k < (int)EXO_N_COUNTS; k++) {
        counts[k] = controller->safety.count[k];
    }
}
