/* lstm_window: every pass runs the whole history through the LSTM, from zero; each
 * sample of the history counts as a layer. */

#define LAYER_FC POLICY_HISTORY
#define LAYER_OUT (POLICY_HISTORY + 1)

$head
static void reset_network(policy_state *state)
{
    (void)state; /* nothing is carried from tick to tick but the history */
}

static int network_is_finite(const policy_state *state)
{
    (void)state;
    return 1;
}

static void start_layer(policy_state *state)
{
    if (state->layer == 0) {
        policy_zero(POLICY_HIDDEN, state->h);
        policy_zero(POLICY_HIDDEN, state->c);
    }
    if (state->layer < LAYER_FC) {
        recall(state, state->layer, state->x);
    }
}

static void evaluate_row(policy_state *state)
{
    if (state->layer < LAYER_FC) {
        state->h_next[state->row] = policy_lstm_unit(
            policy_lstm_w_ih, policy_lstm_w_hh, policy_lstm_b, POLICY_N_FEATURES,
            POLICY_HIDDEN, state->row, state->x, state->h, state->c$lstm_scales);
    } else {
        evaluate_head_row(state, state->h);
    }
}

static void end_layer(policy_state *state)
{
    if (state->layer < LAYER_FC) {
        policy_copy(POLICY_HIDDEN, state->h_next, state->h);
    }
}
