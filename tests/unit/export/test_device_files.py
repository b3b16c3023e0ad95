"""export/device_files.py: what goes to devices compiles, runs and agrees, as far as seen here."""

import csv
import json
import shutil
import subprocess
import sys

import numpy as np
import pytest

from exoflow.control.policy_format import save_policy
from exoflow.export.bundle import Source, build_bundle
from exoflow.export.compiled import write_sources

ARDUINO_STUB = """
#include <stddef.h>
#include <stdint.h>
#define F_CPU_ACTUAL 600000000u
#define ARM_DWT_CYCCNT 0u
#define __IMXRT1062__ 1
struct SerialStub {
  void begin(long) {}
  int read() { return -1; }
  void write(const uint8_t *, size_t) {}
  template <typename T> void print(T) {}
  template <typename T> void println(T) {}
};
extern SerialStub Serial;
uint32_t millis();
uint32_t micros();
"""

# The names of OpenExo that the controller uses, and nothing else of it.
CONTROLLER_STUB = """
#pragma once
#include <stdint.h>
uint32_t micros();
namespace config_defs { enum joint_id { none }; }
struct JointData { bool is_left; float position, velocity; };
struct SideData { JointData hip; };
struct ControllerData { float parameters[40]; };
struct ExoData { SideData right_side, left_side; bool estop, user_paused; };
class _Controller {
 public:
  _Controller(config_defs::joint_id, ExoData *data) : _data(data) {}
  virtual ~_Controller() {}
  virtual float calc_motor_cmd() = 0;
  JointData *_joint_data;
  ControllerData *_controller_data;
 protected:
  ExoData *_data;
};
"""

# A hip in each hand: the torque comes after the start, stops with the e-stop, and comes
# back only by hand.
OPENEXO_MAIN = """
#include "ExoflowPolicy.h"
#include <math.h>
#include <stdio.h>
static uint32_t now_us = 0;
uint32_t micros() { return now_us; }
static float largest(ExoflowPolicy &right, ExoflowPolicy &left, ExoData &data, int ticks) {
  float most = 0.0f;
  for (int tick = 0; tick < ticks; tick++) {
    const float t = 1e-6f * (float)now_us;
    data.right_side.hip.position = 0.4f * sinf(6.0f * t);
    data.left_side.hip.position = -0.4f * sinf(6.0f * t);
    data.right_side.hip.velocity = 2.4f * cosf(6.0f * t);
    data.left_side.hip.velocity = -2.4f * cosf(6.0f * t);
    const float r = right.calc_motor_cmd();
    now_us += 20;
    const float l = left.calc_motor_cmd();
    now_us += 1980;
    most = fmaxf(most, fmaxf(fabsf(r), fabsf(l)));
  }
  return most;
}
int main() {
  ExoData data = {};
  JointData joints[2] = {{false, 0, 0}, {true, 0, 0}};
  ControllerData parameters = {};
  parameters.parameters[0] = 1.0f;
  ExoflowPolicy right(config_defs::none, &data), left(config_defs::none, &data);
  right._joint_data = &joints[0];
  left._joint_data = &joints[1];
  right._controller_data = left._controller_data = &parameters;
  printf("walking %g\\n", largest(right, left, data, 2000));
  data.estop = true;
  largest(right, left, data, 100);
  printf("stopped %g\\n", largest(right, left, data, 100));
  data.estop = false;
  printf("released %g\\n", largest(right, left, data, 2000));
  parameters.parameters[1] = 1.0f;
  printf("rearmed %g\\n", largest(right, left, data, 2000));
  data.user_paused = true;
  printf("paused %g\\n", largest(right, left, data, 100));
  data.user_paused = false;
  printf("resumed %g\\n", largest(right, left, data, 2000));
  while (fabsf(right.calc_motor_cmd()) < 0.45f) {
    largest(right, left, data, 1);
  }
  float before = right.calc_motor_cmd(), leap = 0.0f;
  parameters.parameters[0] = 0.0f;
  for (int tick = 0; tick < 1200; tick++) {
    largest(right, left, data, 1);
    const float now = right.calc_motor_cmd();
    leap = fmaxf(leap, fabsf(now - before));
    before = now;
  }
  printf("leap %g\\nunshared %g\\n", leap, largest(right, left, data, 100));
  return 0;
}
"""


@pytest.fixture(scope="module")
def cpp_compiler():
    """g++ or clang++, or a skip that says so."""
    command = shutil.which("g++") or shutil.which("clang++")
    if not command:
        pytest.skip("no C++ compiler on this computer: install g++")
    return command


def unpacked(weights, folder, graph=None):
    """A bundle checked on the host alone, unpacked in a folder."""
    save_policy(folder / "w.npz", weights)
    settings = {"targets": ["host"]}
    files, _ = build_bundle(Source(weights, "small", folder / "w.npz", settings, graph=graph))
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return folder / "small"


@pytest.mark.slow
def test_openexo_controller_obeys_start_estop_and_rearming(
    make_policy, c_compiler, cpp_compiler, tmp_path
):
    folder = unpacked(make_policy("lstm_carried", mirrored=True), tmp_path)
    write_sources({"Controller.h": CONTROLLER_STUB, "main.cpp": OPENEXO_MAIN}, folder)
    sources = ["policy", "policy_weights", "exo_safety", "exo_safety_limits", "exo_controller"]
    for name in sources:
        command = [*c_compiler, "-O1", "-ffp-contract=off", "-c", f"{name}.c"]
        subprocess.run(command, cwd=folder, check=True)
    flags = ["-std=c++17", "-Wall", "-Wextra", "-Werror", "-DARDUINO_TEENSY41", "-I.", "-Iopenexo"]
    command = [cpp_compiler, *flags, "main.cpp", "openexo/ExoflowPolicy.cpp"]
    objects = [f"{name}.o" for name in sources]
    subprocess.run([*command, *objects, "-o", "openexo_test"], cwd=folder, check=True)
    done = subprocess.run([folder / "openexo_test"], capture_output=True, text=True, check=True)
    found = dict(line.split() for line in done.stdout.splitlines())
    assert float(found["walking"]) > 0.5
    assert float(found["stopped"]) == float(found["released"]) == 0.0
    # Re-arming alone starts nothing.
    assert float(found["rearmed"]) == float(found["paused"]) == 0.0
    assert float(found["resumed"]) > 0.5
    # A share set to nothing at once: 200 Nm/s in 2 ms, and 0.001 of 8 Nm for the share.
    assert float(found["leap"]) <= 200 * 0.002 + 0.001 * 8.0
    assert float(found["unshared"]) == 0.0


def test_bench_sketch_is_valid_for_the_exported_policy(make_policy, cpp_compiler, tmp_path):
    folder = unpacked(make_policy("tcn"), tmp_path)
    stub = ARDUINO_STUB + (folder / "arduino/exo_policy.ino").read_text()
    write_sources({"sketch.cpp": stub}, folder)
    flags = ["-std=c++17", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-I."]
    done = subprocess.run(
        [cpp_compiler, *flags, "sketch.cpp"], cwd=folder, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_linux_runner_repeats_the_walk_and_its_log_names_the_bundle(make_policy, tmp_path):
    pytest.importorskip("onnxruntime")
    from exoflow.learning.onnx_export import actor_onnx
    from exoflow.learning.policy_weights import load_actor

    weights = make_policy("lstm_carried", mirrored=True)
    folder = unpacked(weights, tmp_path, actor_onnx(load_actor(weights), weights.torque_limit_Nm))
    command = [sys.executable, "linux/run_policy.py", "--replay", "golden/walk.csv", "--fast"]
    done = subprocess.run(
        [*command, "--log", "log.csv"], cwd=folder, capture_output=True, text=True, check=True
    )
    printed = dict(line.split(" ", 1) for line in done.stdout.splitlines() if " " in line)
    timed = subprocess.run(
        [sys.executable, "linux/run_policy.py", "--bench"], cwd=folder, capture_output=True,
        text=True, check=True,
    )  # fmt: skip
    assert "step_median_us " in timed.stdout
    assert printed["n_steps"] == "1000"
    assert float(printed["max_abs_error_Nm"]) <= 1e-5
    manifest = json.loads((folder / "MANIFEST.json").read_text())
    head, *rows = (folder / "log.csv").read_text().splitlines()
    assert head == f"# exoflow bundle small {manifest['bundle_id']}"
    table = list(csv.DictReader(rows))
    assert len(table) == 1000
    torques = np.array([[row["torque_r_Nm"], row["torque_l_Nm"]] for row in table], float)
    assert np.abs(torques - weights.golden_outputs).max() <= 1e-5
