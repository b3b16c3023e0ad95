/* mlp: dense layers on the flattened history. */

static void reset_network(policy_state *state)
{
    (void)state; /* nothing is carried from call to call but the history */
}

static void evaluate_network(policy_state *state, int pass, float *out)
{
    float first[POLICY_MAX_WIDTH];
    float second[POLICY_MAX_WIDTH];
    float *x = first;
    float *y = second;

    for (int tick = 0; tick < POLICY_HISTORY; tick++) {
        recall(state, tick, pass, &x[tick * POLICY_N_FEATURES]);
    }
    for (int i = 0; i < POLICY_N_LAYERS; i++) {
        const policy_dense_layer *layer = &policy_fc[i];
        float *swap = x;
        policy_dense(layer->w, layer->b, layer->n_in, layer->n_out, x, y);
        policy_relu_all(layer->n_out, y);
        x = y;
        y = swap;
    }
    policy_dense(policy_out_w, policy_out_b, POLICY_WIDTH, POLICY_N_NETWORK_OUTPUTS, x, out);
}
