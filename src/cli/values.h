// Inputs from and outputs to the files people have: .npz, .json, folders of input_0.pb as ONNX's test data, or chance.
//
//     Inputs inputs = read_inputs("x.npz", *state, {});
//     Inputs dice = read_inputs("random:7", *state, {{"batch", 4}});
//     write_values("y.json", *state->output_names, outputs);
//
#pragma once

#include "cli/model.h"

namespace nacre::cli {

/// Text for --help.
inline constexpr std::string_view kInputsHelp =
    "an .npz, a .json file {\"name\": nested lists}, a folder with input_0.pb ..., or random:SEED (floats in [-1, 1), "
    "8-bit integers of all values, wider ones 0 or 1; symbolic dimensions are 1 unless --dim says otherwise)";
inline constexpr std::string_view kOutputsHelp = "an .npz, a .json file, or a folder that gets output_0.pb ...";

/// Throws Failure. `bindings` are for random inputs.
Inputs read_inputs(const std::string& source, const Session::State& state, const Bindings& bindings);
/// What a model should give, in its order: output_0.pb ... of a folder, or by name from an .npz or .json. Throws Failure.
std::vector<Value> read_outputs(const std::string& source, const Session::State& state);
void write_values(const std::string& target, const std::vector<std::string>& names, const std::vector<Value>& values);
/// Throw Failure unless `read_inputs` or `write_values` would know what to do with it: asked before a long load.
void check_source(const std::string& source);
void check_target(const std::string& target);

/// Name, type, smallest, largest, mean and first elements of each.
std::string summary(const std::vector<std::string>& names, const std::vector<Value>& values);
/// `.npz`, with the arrays' names given: "000" and so on where they are to be in order.
void write_npz_file(const std::string& target, const std::vector<std::string>& names, const std::vector<Value>& values);
/// "float32[2,3]", "sequence of 3".
std::string type_text(const Value& value);

}  // namespace nacre::cli
