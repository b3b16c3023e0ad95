/* lstm_window: every call runs the whole history through the LSTM, from zero. */

static void reset_network(policy_state *state)
{
    (void)state; /* nothing is carried from call to call but the history */
}

static void evaluate_network(policy_state *state, int pass, float *out)
{
    float h[POLICY_HIDDEN] = {0.0f};
    float c[POLICY_HIDDEN] = {0.0f};
    float h_next[POLICY_HIDDEN];
    float x[POLICY_N_FEATURES];
    float features[POLICY_WIDTH];

    for (int tick = 0; tick < POLICY_HISTORY; tick++) {
        recall(state, tick, pass, x);
        policy_lstm_cell(policy_lstm_w_ih, policy_lstm_w_hh, policy_lstm_b,
                         POLICY_N_FEATURES, POLICY_HIDDEN, x, h, c, h_next);
    }
    policy_dense(policy_fc_w, policy_fc_b, POLICY_HIDDEN, POLICY_WIDTH, h, features);
    policy_relu_all(POLICY_WIDTH, features);
    policy_dense(policy_out_w, policy_out_b, POLICY_WIDTH, POLICY_N_NETWORK_OUTPUTS, features, out);
}
