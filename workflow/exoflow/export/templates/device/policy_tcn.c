/* tcn: causal convolutions, each with a ring of its own past inputs; zero before
 * the first tick. Every layer after the first adds to its input (residual). */

#define LAYER_OUT (POLICY_N_LAYERS - 1)

static void reset_network(policy_state *state)
{
    policy_zero(POLICY_RING_FLOATS, state->ring);
    for (int i = 0; i < POLICY_N_CONVOLUTIONS; i++) {
        state->ring_newest[i] = 0;
    }
}

static int network_is_finite(const policy_state *state)
{
    return policy_all_finite(POLICY_RING_FLOATS, state->ring);
}

static int rows_of_layer(int layer)
{
    return (layer == LAYER_OUT) ? POLICY_N_NETWORK_OUTPUTS : POLICY_CHANNELS;
}

/* Puts the layer's input in place of the oldest one in its ring. */
static void push(policy_state *state, const float *now)
{
    const policy_conv_layer *layer = &policy_conv_layers[state->layer];
    int newest = (state->ring_newest[state->layer] + 1) % layer->n_ticks;

    state->ring_newest[state->layer] = newest;
    policy_copy(layer->n_in, now, &state->ring[layer->ring_start + (newest * layer->n_in)]);
}

static void start_layer(policy_state *state)
{
    if (state->layer == 0) {
        float input[POLICY_N_FEATURES];
        recall(state, POLICY_HISTORY - 1, input);
        push(state, input);
        /* The first layer has no residual path. */
        policy_zero(POLICY_CHANNELS, state->x);
    } else if (state->layer != LAYER_OUT) {
        push(state, state->x);
    } else {
        /* the output layer keeps nothing */
    }
}

static void evaluate_row(policy_state *state)
{
    int row = state->row;

    if (state->layer == LAYER_OUT) {
        state->network_out[row] = policy_dense_row(
            &policy_out_w[row * POLICY_CHANNELS], policy_out_b[row], POLICY_CHANNELS,
            state->x$out_scale);
    } else {
        const policy_conv_layer *layer = &policy_conv_layers[state->layer];
        state->y[row] = policy_conv_row(
            &layer->w[row * layer->n_in * layer->kernel], layer->b[row], layer->n_in,
            layer->kernel, layer->dilation, &state->ring[layer->ring_start], layer->n_ticks,
            state->ring_newest[state->layer]$layer_scale);
    }
}

static void end_layer(policy_state *state)
{
    if (state->layer != LAYER_OUT) {
        for (int k = 0; k < POLICY_CHANNELS; k++) {
            state->x[k] += policy_relu(state->y[k]);
        }
    }
}
