/* lstm_carried: every pass is one LSTM step on the flattened history. */

#define LAYER_LSTM 0
#define LAYER_FC 1
#define LAYER_OUT 2

$head
static void reset_network(policy_state *state)
{
    for (int pass = 0; pass < POLICY_N_PASSES; pass++) {
        policy_zero(POLICY_HIDDEN, state->h[pass]);
        policy_zero(POLICY_HIDDEN, state->c[pass]);
    }
}

static int network_is_finite(const policy_state *state)
{
    int finite = 1;

    for (int pass = 0; (finite == 1) && (pass < POLICY_N_PASSES); pass++) {
        finite = policy_all_finite(POLICY_HIDDEN, state->h[pass]);
        if (finite == 1) {
            finite = policy_all_finite(POLICY_HIDDEN, state->c[pass]);
        }
    }
    return finite;
}

static void start_layer(policy_state *state)
{
    if (state->layer == LAYER_LSTM) {
        for (int sample = 0; sample < POLICY_HISTORY; sample++) {
            recall(state, sample, &state->x[sample * POLICY_N_FEATURES]);
        }
    }
}

static void evaluate_row(policy_state *state)
{
    if (state->layer == LAYER_LSTM) {
        state->h_next[state->row] = policy_lstm_unit(
            policy_lstm_w_ih, policy_lstm_w_hh, policy_lstm_b,
            POLICY_HISTORY * POLICY_N_FEATURES, POLICY_HIDDEN, state->row, state->x,
            state->h[state->pass], state->c[state->pass]$lstm_scales);
    } else {
        evaluate_head_row(state, state->h[state->pass]);
    }
}

static void end_layer(policy_state *state)
{
    if (state->layer == LAYER_LSTM) {
        policy_copy(POLICY_HIDDEN, state->h_next, state->h[state->pass]);
    }
}
