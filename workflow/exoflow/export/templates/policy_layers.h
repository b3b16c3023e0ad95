/* Network layers. Weights are row-major, one row per output, as torch stores them. */
#ifndef POLICY_LAYERS_H
#define POLICY_LAYERS_H

#include "policy_math.h"

/* Sums run in blocks of this many terms, whose totals are then added: rounding
 * errors grow with the block and the number of blocks, not with their product. */
#define POLICY_BLOCK 16

/* Sum of w[k] x[k]. */
static inline float policy_dot(int n, const float *w, const float *x)
{
    float total = 0.0f;

    for (int start = 0; start < n; start += POLICY_BLOCK) {
        int end = (n - start < POLICY_BLOCK) ? n : start + POLICY_BLOCK;
        float sum = 0.0f;
        for (int k = start; k < end; k++) {
            sum += w[k] * x[k];
        }
        total += sum;
    }
    return total;
}

/* y = w x + b. */
static inline void policy_dense(const float *w, const float *b, int n_in, int n_out,
                                const float *x, float *y)
{
    for (int o = 0; o < n_out; o++) {
        y[o] = b[o] + policy_dot(n_in, &w[o * n_in], x);
    }
}

/* x = max(x, 0). */
static inline void policy_relu_all(int n, float *x)
{
    for (int i = 0; i < n; i++) {
        x[i] = policy_relu(x[i]);
    }
}

/* sums[g] += w_g x for the four gates of one LSTM unit, whose rows in w lie
 * `stride` values apart. The four advance together, so that none waits for its own
 * last addition. */
static inline void policy_lstm_gates(const float *w, int stride, int n, const float *x,
                                     float sums[4])
{
    for (int start = 0; start < n; start += POLICY_BLOCK) {
        int end = (n - start < POLICY_BLOCK) ? n : start + POLICY_BLOCK;
        float i = 0.0f;
        float f = 0.0f;
        float g = 0.0f;
        float o = 0.0f;
        for (int k = start; k < end; k++) {
            i += w[k] * x[k];
            f += w[stride + k] * x[k];
            g += w[2 * stride + k] * x[k];
            o += w[3 * stride + k] * x[k];
        }
        sums[0] += i;
        sums[1] += f;
        sums[2] += g;
        sums[3] += o;
    }
}

/* One LSTM step: h and c are read and replaced; h_next is room for n_hidden values.
 * The rows of w_ih, w_hh and b come in four blocks: gates i, f, g, o. */
static inline void policy_lstm_cell(const float *w_ih, const float *w_hh, const float *b,
                                    int n_in, int n_hidden, const float *x,
                                    float *h, float *c, float *h_next)
{
    for (int j = 0; j < n_hidden; j++) {
        float gate[4] = {b[j], b[n_hidden + j], b[2 * n_hidden + j], b[3 * n_hidden + j]};

        policy_lstm_gates(&w_ih[j * n_in], n_hidden * n_in, n_in, x, gate);
        policy_lstm_gates(&w_hh[j * n_hidden], n_hidden * n_hidden, n_hidden, h, gate);
        c[j] = policy_sigmoid(gate[1]) * c[j] + policy_sigmoid(gate[0]) * policy_tanh(gate[2]);
        h_next[j] = policy_sigmoid(gate[3]) * policy_tanh(c[j]);
    }
    for (int j = 0; j < n_hidden; j++) {
        h[j] = h_next[j];
    }
}

/* One tick of a causal 1-D convolution. The ring holds n_ticks rows of n_in
 * values, row `newest` being the current tick; n_ticks = (kernel - 1) * dilation + 1.
 * Tap j meets the tick of (kernel - 1 - j) * dilation ago. w is [n_out][n_in][kernel]. */
static inline void policy_conv(const float *w, const float *b, int n_in, int n_out,
                               int kernel, int dilation, const float *ring, int n_ticks,
                               int newest, float *y)
{
    for (int o = 0; o < n_out; o++) {
        float total = b[o];
        for (int j = 0; j < kernel; j++) {
            int row = newest - (kernel - 1 - j) * dilation;
            row = (row < 0) ? row + n_ticks : row;
            for (int start = 0; start < n_in; start += POLICY_BLOCK) {
                int end = (n_in - start < POLICY_BLOCK) ? n_in : start + POLICY_BLOCK;
                float sum = 0.0f;
                for (int i = start; i < end; i++) {
                    sum += w[(o * n_in + i) * kernel + j] * ring[row * n_in + i];
                }
                total += sum;
            }
        }
        y[o] = total;
    }
}

#endif /* POLICY_LAYERS_H */
