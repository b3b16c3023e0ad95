/* lstm_carried: every call is one LSTM step on the flattened history. */

static void reset_network(policy_state *state)
{
    for (int pass = 0; pass < POLICY_N_PASSES; pass++) {
        for (int j = 0; j < POLICY_HIDDEN; j++) {
            state->h[pass][j] = 0.0f;
            state->c[pass][j] = 0.0f;
        }
    }
}

static void evaluate_network(policy_state *state, int pass, float *out)
{
    float h_next[POLICY_HIDDEN];
    float x[POLICY_HISTORY * POLICY_N_FEATURES];
    float features[POLICY_WIDTH];

    for (int tick = 0; tick < POLICY_HISTORY; tick++) {
        recall(state, tick, pass, &x[tick * POLICY_N_FEATURES]);
    }
    policy_lstm_cell(policy_lstm_w_ih, policy_lstm_w_hh, policy_lstm_b,
                     POLICY_HISTORY * POLICY_N_FEATURES, POLICY_HIDDEN, x,
                     state->h[pass], state->c[pass], h_next);
    policy_dense(policy_fc_w, policy_fc_b, POLICY_HIDDEN, POLICY_WIDTH, state->h[pass], features);
    policy_relu_all(POLICY_WIDTH, features);
    policy_dense(policy_out_w, policy_out_b, POLICY_WIDTH, POLICY_N_NETWORK_OUTPUTS, features, out);
}
