/* Rows of network layers. Weights are row-major, one row per output, as torch stores
 * them; $stored_meaning. */
#ifndef POLICY_LAYERS_H
#define POLICY_LAYERS_H

#include "policy_math.h"

typedef $stored_type policy_weight; /* as it lies in memory */

static inline float policy_value(policy_weight stored)
{
    return $value;
}

/* Sums run in blocks of this many terms, whose totals are then added: rounding
 * errors grow with the block and the number of blocks, not with their product. */
#define POLICY_BLOCK 16

static inline void policy_zero(int n, float *x)
{
    for (int i = 0; i < n; i++) {
        x[i] = 0.0f;
    }
}

static inline void policy_copy(int n, const float *from, float *to)
{
    for (int i = 0; i < n; i++) {
        to[i] = from[i];
    }
}

/* 1 if all values are finite. */
static inline int policy_all_finite(int n, const float *x)
{
    int finite = 1;

    for (int i = 0; i < n; i++) {
        if (policy_is_number(x[i]) == 0) {
            finite = 0;
        }
    }
    return finite;
}

/* Last term of a block that starts at `start`, plus one. */
static inline int policy_block_end(int start, int n)
{
    return ((n - start) < POLICY_BLOCK) ? n : (start + POLICY_BLOCK);
}

/* Row of a dense layer: b + sum of w[k] x[k]. */
static inline float policy_dense_row(const policy_weight *w, float b, int n, const float *x$scale)
{
    float total = 0.0f;

    for (int start = 0; start < n; start += POLICY_BLOCK) {
        float sum = 0.0f;
        for (int k = start; k < policy_block_end(start, n); k++) {
            sum += policy_value(w[k]) * x[k];
        }
        total += sum;
    }
    return b + $scaled_total;
}

/* sums[g] += w_g x for the four gates of one LSTM unit, whose rows in w lie
 * n_hidden rows apart. The four advance together, so that none waits for its own
 * last addition. */
static inline void policy_lstm_gates(const policy_weight *w, int n_hidden, int n,
                                     const float *x, float sums[4]$scales)
{
    int stride = n_hidden * n;

    for (int start = 0; start < n; start += POLICY_BLOCK) {
        float i = 0.0f;
        float f = 0.0f;
        float g = 0.0f;
        float o = 0.0f;
        for (int k = start; k < policy_block_end(start, n); k++) {
            i += policy_value(w[k]) * x[k];
            f += policy_value(w[stride + k]) * x[k];
            g += policy_value(w[(2 * stride) + k]) * x[k];
            o += policy_value(w[(3 * stride) + k]) * x[k];
        }
        sums[0] += $scaled_i;
        sums[1] += $scaled_f;
        sums[2] += $scaled_g;
        sums[3] += $scaled_o;
    }
}

/* Unit j of an LSTM step: h is read, c[j] is replaced, the new h[j] is returned.
 * The rows of w_ih, w_hh and b come in four blocks: gates i, f, g, o. */
static inline float policy_lstm_unit(const policy_weight *w_ih, const policy_weight *w_hh,
                                     const float *b, int n_in, int n_hidden, int j, const float *x,
                                     const float *h, float *c$lstm_scales)
{
    float gate[4] = {b[j], b[n_hidden + j], b[(2 * n_hidden) + j], b[(3 * n_hidden) + j]};

    policy_lstm_gates(&w_ih[j * n_in], n_hidden, n_in, x, gate$scale_ih);
    policy_lstm_gates(&w_hh[j * n_hidden], n_hidden, n_hidden, h, gate$scale_hh);
    c[j] = (policy_sigmoid(gate[1]) * c[j]) + (policy_sigmoid(gate[0]) * policy_tanh(gate[2]));
    return policy_sigmoid(gate[3]) * policy_tanh(c[j]);
}

/* Output channel of one tick of a causal 1-D convolution. The ring holds n_ticks rows
 * of n_in values, row `newest` being the current tick; n_ticks = (kernel - 1) *
 * dilation + 1. Tap j meets the tick of (kernel - 1 - j) * dilation ago. w is
 * [n_in][kernel]. */
static inline float policy_conv_row(const policy_weight *w, float b, int n_in, int kernel,
                                    int dilation, const float *ring, int n_ticks,
                                    int newest$scale)
{
    float total = $conv_start;

    for (int j = 0; j < kernel; j++) {
        int row = newest - ((kernel - 1 - j) * dilation);
        row = (row < 0) ? (row + n_ticks) : row;
        for (int start = 0; start < n_in; start += POLICY_BLOCK) {
            float sum = 0.0f;
            for (int i = start; i < policy_block_end(start, n_in); i++) {
                sum += policy_value(w[(i * kernel) + j]) * ring[(row * n_in) + i];
            }
            total += sum;
        }
    }
    return $conv_end;
}

#endif /* POLICY_LAYERS_H */
