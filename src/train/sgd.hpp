#pragma once

#include <torch/types.h>

#include <string>
#include <vector>

#include "train/supernet.hpp"

namespace autonba {

struct SgdOptions {
  double momentum = 0.9;
  double weight_decay = 5e-4;  // of all parameters but quantiser steps
  double clip_norm = 5;        // the gradient, all parameters together, is scaled down to this norm; 0: never

  double muon_factor = 0;        // of the rate, for weights of dense convolutions, which then move by Muon; 0: never
  double muon_weight_decay = 0;  // of these

  double step_factor = 0;  // of the rate, for logarithms of quantiser steps, which then move by Adam; 0: never
};

/// Stochastic gradient descent with momentum, and where asked for Muon (Jordan et al., 2024), over the parameters that
/// got a gradient since the last step: in a supernet those of one path. All others, their momentum too, stay as they
/// are.
class Sgd {
 public:
  /// Shares the parameters' tensors.
  Sgd(const std::vector<Parameter>& parameters, const SgdOptions& options);

  /// v ← momentum·v + clip(gradient) + weight_decay·w, w ← w − rate·v; then drops the gradients. Steps of quantisers
  /// stay at or above step_floor.
  /// With Muon, for a dense convolution's weights as a matrix of C_out rows for each group and r = muon_factor·rate:
  /// v ← momentum·v + g, w ← (1 − r·muon_weight_decay)·w − r·√max(1, rows/columns)·orthogonalised(g + momentum·v),
  /// where g is the clipped gradient. With Adam (Kingma and Ba, ICLR 2015), for a quantiser step s and h = s·g, the
  /// gradient of its logarithm: m ← 0.9·m + 0.1·h, v ← 0.99·v + 0.01·h², s ← s·exp(−step_factor·rate·m/√v).
  void step(double rate);

  /// The state of every parameter that has moved, as a torch archive.
  std::string save() const;
  /// Throws InputError, naming `file`, unless the bytes came from save() for the same parameters.
  void restore(const std::string& bytes, const std::string& file);

 private:
  /// Undefined until the parameter moves.
  struct State {
    torch::Tensor momentum;  // with Adam the mean gradient
    torch::Tensor square;    // the mean square of the gradient, with Adam alone
  };

  State started(const Parameter& parameter) const;
  NamedTensors named(const std::vector<State>& states) const;
  bool uses_adam(const Parameter& parameter) const;
  bool uses_muon(const Parameter& parameter) const;
  void muon_step(const Parameter& parameter, const torch::Tensor& gradient, torch::Tensor& momentum, double rate) const;

  std::vector<Parameter> parameters_;
  std::vector<State> states_;
  SgdOptions options_;
};

/// From `start` (progress 0) down to `end` (progress 1) along half a cosine.
double cosine_rate(double start, double end, double progress);

}  // namespace autonba
