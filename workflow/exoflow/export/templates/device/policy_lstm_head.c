/* Behind the LSTM: a dense layer with relu, then the outputs of this pass. */

static int rows_of_layer(int layer)
{
    int rows = POLICY_HIDDEN;

    if (layer == LAYER_FC) {
        rows = POLICY_WIDTH;
    } else if (layer == LAYER_OUT) {
        rows = POLICY_N_NETWORK_OUTPUTS;
    } else {
        /* a step of the LSTM */
    }
    return rows;
}

static void evaluate_head_row(policy_state *state, const float *h)
{
    int row = state->row;

    if (state->layer == LAYER_FC) {
        state->features[row] = policy_relu(policy_dense_row(
            &policy_fc_w[row * POLICY_HIDDEN], policy_fc_b[row], POLICY_HIDDEN, h$fc_scale));
    } else {
        state->network_out[state->pass + row] = policy_dense_row(
            &policy_out_w[row * POLICY_WIDTH], policy_out_b[row], POLICY_WIDTH,
            state->features$out_scale);
    }
}
