/* tcn: causal convolutions, each with a ring of its own past inputs; zero before
 * the first tick. Every layer after the first adds to its input (residual). */

static void reset_network(policy_state *state)
{
    for (int pass = 0; pass < POLICY_N_PASSES; pass++) {
        for (int i = 0; i < POLICY_RING_FLOATS; i++) {
            state->ring[pass][i] = 0.0f;
        }
        for (int i = 0; i < POLICY_N_LAYERS; i++) {
            state->ring_newest[pass][i] = 0;
        }
    }
}

static void evaluate_network(policy_state *state, int pass, float *out)
{
    float input[POLICY_N_FEATURES];
    float x[POLICY_CHANNELS] = {0.0f};
    float y[POLICY_CHANNELS];

    recall(state, POLICY_HISTORY - 1, pass, input);
    for (int i = 0; i < POLICY_N_LAYERS; i++) {
        const policy_conv_layer *layer = &policy_conv_layers[i];
        const float *now = (i == 0) ? input : x;
        float *ring = &state->ring[pass][layer->ring_start];
        int newest = (state->ring_newest[pass][i] + 1) % layer->n_ticks;

        state->ring_newest[pass][i] = newest;
        for (int k = 0; k < layer->n_in; k++) {
            ring[newest * layer->n_in + k] = now[k];
        }
        policy_conv(layer->w, layer->b, layer->n_in, POLICY_CHANNELS, layer->kernel,
                    layer->dilation, ring, layer->n_ticks, newest, y);
        /* x is zero before the first layer, which has no residual path. */
        for (int k = 0; k < POLICY_CHANNELS; k++) {
            x[k] += policy_relu(y[k]);
        }
    }
    policy_dense(policy_out_w, policy_out_b, POLICY_CHANNELS, POLICY_N_NETWORK_OUTPUTS, x, out);
}
