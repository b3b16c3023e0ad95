/* mlp: dense layers on the flattened history, the last one the outputs. */

#define LAYER_OUT (POLICY_N_LAYERS - 1)

static void reset_network(policy_state *state)
{
    (void)state; /* nothing is carried from tick to tick but the history */
}

static int network_is_finite(const policy_state *state)
{
    (void)state;
    return 1;
}

static int rows_of_layer(int layer)
{
    return (layer == LAYER_OUT) ? POLICY_N_NETWORK_OUTPUTS : policy_fc[layer].n_out;
}

static void start_layer(policy_state *state)
{
    if (state->layer == 0) {
        for (int sample = 0; sample < POLICY_HISTORY; sample++) {
            recall(state, sample, &state->x[sample * POLICY_N_FEATURES]);
        }
    }
}

static void evaluate_row(policy_state *state)
{
    int row = state->row;

    if (state->layer == LAYER_OUT) {
        state->network_out[state->pass + row] = policy_dense_row(
            &policy_out_w[row * POLICY_WIDTH], policy_out_b[row], POLICY_WIDTH,
            state->x$out_scale);
    } else {
        const policy_dense_layer *layer = &policy_fc[state->layer];
        state->y[row] = policy_relu(
            policy_dense_row(&layer->w[row * layer->n_in], layer->b[row], layer->n_in,
            state->x$layer_scale));
    }
}

static void end_layer(policy_state *state)
{
    if (state->layer != LAYER_OUT) {
        policy_copy(policy_fc[state->layer].n_out, state->y, state->x);
    }
}
