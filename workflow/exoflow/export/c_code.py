"""C99 sources of a controller: hand-written templates, generated sizes and weights."""

import re
import zlib
from dataclasses import dataclass
from importlib import resources
from string import Template

import numpy as np

from exoflow import __version__
from exoflow.control.policy_format import PolicyWeights, layer_count, require_told_nothing
from exoflow.export.weight_storage import constants, is_matrix

# Of policy.h: raise it when a caller compiled against an older one would break.
ABI_VERSION = 2

# What the sources are promised to be clean under; no contraction to fused
# multiply-add, so that every compiler computes the same bits.
STRICT_FLAGS = (
    "-std=c99",
    "-Wall",
    "-Wextra",
    "-Wpedantic",
    "-Wconversion",
    "-Werror",
    "-ffp-contract=off",
)

_VALUES_PER_LINE = {"float32": 4, "float16": 10, "int8": 16}


WEIGHTS_PLACE = (
    "/* A Teensy 4 copies constants to its fast RAM: 512 kB, code included. If they do not fit",
    " * there, define POLICY_WEIGHTS_IN_FLASH; a step then waits for the flash, so measure it. */",
    "#if defined(POLICY_WEIGHTS_IN_FLASH) && defined(__IMXRT1062__)",
    '#define POLICY_WEIGHTS_PLACE __attribute__((section(".progmem")))',
    "#else",
    "#define POLICY_WEIGHTS_PLACE",
    "#endif",
)


@dataclass(frozen=True)
class Storage:
    """How the C of one weight format declares a weight and makes a single of it."""

    c_type: str
    value: str
    meaning: str
    scaled: bool = False


STORAGE = {
    "float32": Storage("float", "stored", "they are singles"),
    "float16": Storage("uint16_t", "policy_half(stored)", "they are IEEE 754 halves"),
    "int8": Storage(
        "int8_t",
        "(float)stored",
        "they are integers, and the sum\n * over a row is multiplied by the scale of that row",
        scaled=True,
    ),
}


def read_template(name: str) -> Template:
    """A file of export/templates by its path there; `$name` marks what is filled in."""
    file = resources.files(__package__).joinpath("templates", *name.split("/"))
    return Template(file.read_text("utf-8"))


def generate_sources(
    weights: PolicyWeights, name: str, stored_as: str = "float32"
) -> dict[str, str]:
    """The C sources of a controller.

    Parameters
    ----------
    weights : PolicyWeights
        Checked, status "ok".
    name : str
        Of the bundle; appears in comments and in POLICY_NAME.
    stored_as : str
        One of `config.export.WEIGHT_FORMATS`.

    Returns
    -------
    dict
        Text by file name: policy.h, policy.c, policy_weights.h, policy_weights.c,
        policy_math.h, policy_layers.h, exact_float.h.

    Raises
    ------
    PolicyFormatError
        If the controller is a teacher that was not told what it must be told.
    """
    require_told_nothing(weights)
    common = {
        "title": f'Controller "{name}", kind {weights.kind}.',
        "version": __version__,
    }
    return {
        "policy.h": _header(weights, name, stored_as, common),
        "policy.c": _program(weights, stored_as, common),
        "policy_weights.h": _weights_header(weights, stored_as),
        "policy_weights.c": _weights_source(weights, stored_as, common),
        "exact_float.h": read_template("device/exact_float.h").template,
        "policy_math.h": _math_header(stored_as),
        "policy_layers.h": _layers_header(stored_as),
    }


def hex_float(value: np.float32) -> str:
    """An exact C99 literal of a single: 0x1.8p+1f for 3.0.

    Decimal literals would do with nine digits, but only if the compiler rounds right.
    """
    # Python writes all 13 digits of a double; the zeros at the end are padding.
    return re.sub(r"\.?0*p", "p", float(value).hex()) + "f"


def count_multiply_adds(weights: PolicyWeights) -> int:
    """Multiply-adds of one control tick, both legs; activations not counted."""
    per_call = 0
    for name, array in weights.arrays.items():
        if name.endswith("_b"):
            continue
        repeats = weights.history if weights.kind == "lstm_window" and "lstm" in name else 1
        per_call += repeats * array.size
    return per_call * weights.n_passes


def decimal_float(value: float) -> str:
    """Shortest decimal literal that reads back as the same single, for people."""
    text = np.format_float_positional(np.float32(value), unique=True, trim="0")
    return f"{text}f"


def _comment(text: str) -> str:
    """Free text made safe inside a C comment."""
    return " ".join(str(text).split()).replace("*/", "* /").replace("/*", "/ *")


def _number(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def _math_header(stored_as: str) -> str:
    half = read_template("device/policy_half.h").template if stored_as == "float16" else ""
    return read_template("device/policy_math.h").substitute(half=half)


def _layers_header(stored_as: str) -> str:
    storage = STORAGE[stored_as]
    values = {
        "stored_type": storage.c_type,
        "stored_meaning": storage.meaning,
        "value": storage.value,
    }
    if storage.scaled:
        values |= {
            "scale": ", float scale",
            "scales": ",\n                                     const float *scale",
            "lstm_scales": ",\n                                     const float *scale_ih,"
            " const float *scale_hh",
            "scale_ih": ", &scale_ih[j]",
            "scale_hh": ", &scale_hh[j]",
            "scaled_total": "(total * scale)",
            "scaled_i": "i * scale[0]",
            "scaled_f": "f * scale[n_hidden]",
            "scaled_g": "g * scale[2 * n_hidden]",
            "scaled_o": "o * scale[3 * n_hidden]",
            "conv_start": "0.0f",
            "conv_end": "b + (total * scale)",
        }
    else:
        values |= dict.fromkeys(("scale", "scales", "lstm_scales", "scale_ih", "scale_hh"), "")
        values |= {f"scaled_{gate}": gate for gate in ("i", "f", "g", "o", "total")}
        values |= {"conv_start": "b", "conv_end": "total"}
    return read_template("device/policy_layers.h").substitute(values)


def _scale_arguments(stored_as: str) -> dict[str, str]:
    """What the code of a kind hands to the functions of policy_layers.h."""
    arguments = {
        "fc_scale": ", policy_fc_w_scale[row]",
        "out_scale": ", policy_out_w_scale[row]",
        "layer_scale": ", layer->scale[row]",
        "lstm_scales": ",\n            policy_lstm_w_ih_scale, policy_lstm_w_hh_scale",
    }
    return arguments if STORAGE[stored_as].scaled else dict.fromkeys(arguments, "")


def _header(weights: PolicyWeights, name: str, stored_as: str, common: dict[str, str]) -> str:
    io = weights.io
    inputs = [
        f"    POLICY_IN_{re.sub('[^A-Za-z0-9]', '_', entry['name']).upper()} = {index}"
        f"{',' if index < weights.n_features - 1 else ''}"
        f" /* {_comment(entry['unit'])}, {_comment(entry['sign'])} */"
        for index, entry in enumerate(io["inputs"])
    ]
    sizes, state = _sizes_and_state(weights)
    sizes["POLICY_N_NETWORK_OUTPUTS"] = weights.n_network_outputs
    return read_template("device/policy.h").substitute(
        common,
        abi_version=ABI_VERSION,
        name=name,
        kind=weights.kind,
        sha256=weights.digest(),
        stored_as=stored_as,
        crc32=f"0x{weights_crc32(weights, stored_as):08x}",
        rate=_number(io["rate_Hz"]),
        period_us=round(1e6 / io["rate_Hz"]),
        torque_limit=decimal_float(weights.torque_limit_Nm),
        slew=decimal_float(io["slew_Nm_s"]),
        n_features=weights.n_features,
        history=weights.history,
        spacing=weights.history_spacing_ticks,
        kept_ticks=(weights.history - 1) * weights.history_spacing_ticks + 1,
        n_rows=count_rows(weights),
        n_passes=weights.n_passes,
        passes_meaning="one per leg, own leg first"
        if weights.mirrored
        else "one for both legs, right first",
        sizes="\n".join(f"#define {macro} {value}" for macro, value in sizes.items()),
        inputs="\n".join(inputs),
        state="".join(f"\n    {line}" for line in state),
    )


def _sizes_and_state(weights: PolicyWeights) -> tuple[dict[str, int], list[str]]:
    """Size macros of this kind and the fields it adds to policy_state."""
    arrays = weights.arrays
    if weights.kind in ("lstm_window", "lstm_carried"):
        carried = weights.kind == "lstm_carried"
        sizes = {
            "POLICY_N_LAYERS": len(rows_of_layers(weights)),
            "POLICY_HIDDEN": arrays["lstm_w_hh"].shape[1],
            "POLICY_WIDTH": arrays["fc_w"].shape[0],
        }
        passes = "[POLICY_N_PASSES]" if carried else ""
        meaning = " /* carried from tick to tick, per pass */" if carried else ""
        inputs = "POLICY_HISTORY * POLICY_N_FEATURES" if carried else "POLICY_N_FEATURES"
        return sizes, [
            f"float h{passes}[POLICY_HIDDEN];{meaning}",
            f"float c{passes}[POLICY_HIDDEN];",
            "float h_next[POLICY_HIDDEN];",
            f"float x[{inputs}];",
            "float features[POLICY_WIDTH];",
        ]
    if weights.kind == "mlp":
        widths = rows_of_layers(weights)[:-1]
        return {
            "POLICY_N_LAYERS": len(widths) + 1,
            "POLICY_WIDTH": widths[-1],
            "POLICY_MAX_WIDTH": max(*widths, weights.history * weights.n_features),
        }, [
            "float x[POLICY_MAX_WIDTH]; /* inputs of a layer */",
            "float y[POLICY_MAX_WIDTH]; /* its outputs so far */",
        ]
    rings = _rings(weights)
    return {
        "POLICY_N_LAYERS": len(rings) + 1,
        "POLICY_N_CONVOLUTIONS": len(rings),
        "POLICY_CHANNELS": arrays["conv0_w"].shape[0],
        "POLICY_RING_FLOATS": sum(ticks * channels for ticks, channels in rings),
    }, [
        "float ring[POLICY_RING_FLOATS]; /* past inputs of every convolution */",
        "int ring_newest[POLICY_N_CONVOLUTIONS]; /* row of the current tick */",
        "float x[POLICY_CHANNELS];",
        "float y[POLICY_CHANNELS];",
    ]


def rows_of_layers(weights: PolicyWeights) -> list[int]:
    """Rows that each layer of one pass computes, in the order of the C code."""
    arrays, outputs = weights.arrays, weights.n_network_outputs
    if weights.kind in ("lstm_window", "lstm_carried"):
        steps = weights.history if weights.kind == "lstm_window" else 1
        return [arrays["lstm_w_hh"].shape[1]] * steps + [arrays["fc_w"].shape[0], outputs]
    stem = "fc" if weights.kind == "mlp" else "conv"
    layers = range(layer_count(arrays, stem))
    return [arrays[f"{stem}{index}_w"].shape[0] for index in layers] + [outputs]


def count_rows(weights: PolicyWeights) -> int:
    """Rows of one control tick, both legs: what `policy_slice` counts."""
    return sum(rows_of_layers(weights)) * weights.n_passes


def weights_crc32(weights: PolicyWeights, stored_as: str = "float32") -> int:
    """CRC-32 of the constants as they lie in the memory of a little-endian processor."""
    crc = 0
    for _, array in constants(weights, stored_as):
        crc = zlib.crc32(array.astype(array.dtype.newbyteorder("<")).tobytes(), crc)
    return crc


def _rings(weights: PolicyWeights) -> list[tuple[int, int]]:
    """Per convolution: ticks its ring holds, values per tick."""
    rings = []
    for index, dilation in enumerate(weights.dilation):
        _, channels, kernel = weights.arrays[f"conv{index}_w"].shape
        rings.append(((kernel - 1) * dilation + 1, channels))
    return rings


def _program(weights: PolicyWeights, stored_as: str, common: dict[str, str]) -> str:
    if weights.mirrored:
        evaluate = "Pass 0 is the\n * right leg, pass 1 the left; one output each."
        recall = (
            "\n * Inputs come in pairs (right, left); pass 1, the left leg,"
            "\n * sees each pair swapped: its own leg first."
        )
        body = (
            "    for (int k = 0; k < POLICY_N_FEATURES; k += 2) {\n"
            "        x[k] = (state->pass == 0) ? kept[k] : kept[k + 1];\n"
            "        x[k + 1] = (state->pass == 0) ? kept[k + 1] : kept[k];\n"
            "    }"
        )
    else:
        evaluate = "There is one\n * pass, with both outputs: right, left."
        recall = ""
        body = "    policy_copy(POLICY_N_FEATURES, kept, x);"
    text = read_template("device/policy_common.c").substitute(
        common, evaluate_meaning=evaluate, recall_meaning=recall, recall_body=body
    )
    scales = _scale_arguments(stored_as)
    head = read_template("device/policy_lstm_head.c").substitute(scales)
    return text + read_template(f"device/policy_{weights.kind}.c").substitute(scales, head=head)


def _in_layer_table(weights: PolicyWeights, name: str) -> bool:
    stem = {"mlp": "fc", "tcn": "conv"}.get(weights.kind)
    return stem is not None and name.startswith(stem)


def _c_type(weights: PolicyWeights, name: str, stored_as: str) -> str:
    """Type of a constant array: only the matrices of the network are stored in other formats."""
    stored = is_matrix(name) and name in weights.arrays
    return STORAGE[stored_as].c_type if stored else "float"


def _weights_header(weights: PolicyWeights, stored_as: str) -> str:
    lines = [
        "/* Weights of the network, of use to policy.c only. */",
        "#ifndef POLICY_WEIGHTS_H",
        "#define POLICY_WEIGHTS_H",
        "",
        '#include "policy.h"',
        "",
        *WEIGHTS_PLACE,
        "",
    ]
    weight = STORAGE[stored_as].c_type
    scale = ["    const float *scale; /* of every row of w */"] if STORAGE[stored_as].scaled else []
    for name, array in constants(weights, stored_as):
        if not _in_layer_table(weights, name):
            c_type = _c_type(weights, name, stored_as)
            lines.append(f"extern const {c_type} policy_{name}[{array.size}];")
    if weights.kind == "mlp":
        lines += [
            "",
            "typedef struct {",
            f"    const {weight} *w; /* [n_out][n_in] */",
            "    const float *b;",
            *scale,
            "    int n_in;",
            "    int n_out;",
            "} policy_dense_layer;",
            "",
            "extern const policy_dense_layer policy_fc[POLICY_N_LAYERS - 1];",
        ]
    if weights.kind == "tcn":
        lines += [
            "",
            "typedef struct {",
            f"    const {weight} *w; /* [POLICY_CHANNELS][n_in][kernel] */",
            "    const float *b;",
            *scale,
            "    int n_in;",
            "    int kernel;",
            "    int dilation; /* ticks from tap to tap */",
            "    int ring_start; /* first value of its ring in the state */",
            "    int n_ticks; /* its ring holds */",
            "} policy_conv_layer;",
            "",
            "extern const policy_conv_layer policy_conv_layers[POLICY_N_CONVOLUTIONS];",
        ]
    return "\n".join([*lines, "", "#endif /* POLICY_WEIGHTS_H */", ""])


def _weights_source(weights: PolicyWeights, stored_as: str, common: dict[str, str]) -> str:
    parts = [
        f"/* {common['title']}\n *\n"
        f" * Generated by exoflow {common['version']} from weights of SHA-256\n"
        f" * {weights.digest()}.\n"
        f" * Matrices are stored as {stored_as}. Hexadecimal literals are exact. Row-major, as\n"
        " * torch stores them.\n */\n"
        '#include "policy_weights.h"\n\n#include "policy_math.h"\n',
    ]
    for name, array in constants(weights, stored_as):
        static = "static " if _in_layer_table(weights, name) else ""
        c_type = _c_type(weights, name, stored_as)
        parts.append(_array_definition(f"{static}const {c_type}", name, array))
    if weights.kind == "mlp":
        rows = []
        for index in range(layer_count(weights.arrays, "fc")):
            n_out, n_in = weights.arrays[f"fc{index}_w"].shape
            rows.append(f"    {{{_pointers(f'fc{index}', stored_as)}, {n_in}, {n_out}}}")
        parts.append(_table("policy_dense_layer policy_fc[POLICY_N_LAYERS - 1]", rows))
    if weights.kind == "tcn":
        rows, start = [], 0
        for index, (ticks, channels) in enumerate(_rings(weights)):
            kernel = weights.arrays[f"conv{index}_w"].shape[2]
            rows.append(
                f"    {{{_pointers(f'conv{index}', stored_as)}, {channels}, {kernel}, "
                f"{weights.dilation[index]}, {start}, {ticks}}}"
            )
            start += ticks * channels
        parts.append(_table("policy_conv_layer policy_conv_layers[POLICY_N_CONVOLUTIONS]", rows))
    parts.append(_crc_function(weights, stored_as))
    return "\n".join(parts)


def _pointers(layer: str, stored_as: str) -> str:
    """Weights, biases and scales of a layer, as the tables of layers name them."""
    ends = ("w", "b", "w_scale") if STORAGE[stored_as].scaled else ("w", "b")
    return ", ".join(f"policy_{layer}_{end}" for end in ends)


def _crc_function(weights: PolicyWeights, stored_as: str) -> str:
    """policy_weights_crc32: the arrays one after the other."""
    steps = [
        f"    crc = policy_crc32(crc, (const unsigned char *)policy_{name}, "
        f"(uint32_t)sizeof policy_{name});"
        for name, _ in constants(weights, stored_as)
    ]
    body = "\n".join(steps)
    return (
        "uint32_t policy_weights_crc32(void)\n{\n    uint32_t crc = 0u;\n\n"
        f"{body}\n    return crc;\n}}\n"
    )


def _array_definition(storage: str, name: str, array: np.ndarray) -> str:
    per_line = _VALUES_PER_LINE[array.dtype.name]
    literals = _literals(array)
    lines = [
        "    " + ", ".join(literals[start : start + per_line])
        for start in range(0, len(literals), per_line)
    ]
    shape = " x ".join(str(size) for size in array.shape)
    body = ",\n".join(lines)
    declaration = f"{storage} policy_{name}[{array.size}] POLICY_WEIGHTS_PLACE"
    return f"/* {shape} */\n{declaration} = {{\n{body}\n}};\n"


def _literals(array: np.ndarray) -> list[str]:
    """C literals of singles, of the bits of halves, or of integers."""
    values = array.ravel()
    if values.dtype == np.float16:
        return [f"0x{bits:04x}u" for bits in values.view(np.uint16)]
    if values.dtype == np.int8:
        return [str(value) for value in values]
    return [hex_float(value) for value in values]


def _table(declaration: str, rows: list[str]) -> str:
    body = ",\n".join(rows)
    return f"const {declaration} = {{\n{body}\n}};\n"
