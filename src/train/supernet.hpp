#pragma once

#include <torch/types.h>

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "model/space.hpp"
#include "train/operators.hpp"

namespace autonba {

/// What a block may become: the operators and the bitwidths that a path's indices count in.
struct BlockCandidates {
  std::vector<Operator> operators;
  std::vector<int> bits;  // ascending
  friend bool operator==(const BlockCandidates&, const BlockCandidates&) = default;
};

/// Every operator and bitwidth of the space, for every block.
std::vector<BlockCandidates> all_candidates(const SearchSpace& space);

/// One operator and one bitwidth for each block: the derived network.
std::vector<BlockCandidates> derived_candidates(const SearchSpace& space, const Architecture& architecture);

struct SupernetOptions {
  int classes = 10;
  QuantizerKind quantizer = QuantizerKind::lsq;
  torch::Device device = torch::kCPU;
  torch::Dtype dtype = torch::kFloat32;  // kFloat64 for checks of gradients
};

/// What one block does in one step. Indices count in the block's candidates; J is the number of its bitwidths.
struct BlockPath {
  int op = 0;                      // the executed operator
  torch::Tensor bit_coefficients;  // [J], β̄ of the executed operator, in the net's dtype and device; may require grad

  /// Arch steps only. Alternatives run without autograd, each at one bitwidth; the loss value does not see them.
  std::vector<BlockChoice> alternatives;
  /// [1 + alternatives], p over the executed operator and then the alternatives. Gets ∂L/∂p_k = ⟨∂L/∂A_{l+1},
  /// O_k(A_l)⟩, A_l the block's input before its quantisation. May be undefined where there are no alternatives.
  torch::Tensor op_probabilities;
};

enum class Mode {
  weights,  // batch statistics, running averages follow, quantisers start and (minmax) follow; parameters get gradient
  arch,     // batch statistics; nothing in the net changes; only bit_coefficients and op_probabilities get gradient
  evaluation,  // running statistics; nothing changes; run it under torch::NoGradGuard
};

/// A network with several candidate operators and bitwidths for each block, of which a forward pass executes one path;
/// with one candidate each, an ordinary quantised network. Layer numerics: docs/numerics.md.
///
/// A quantiser whose operator no weight step has executed yet has no steps: in `arch` and `evaluation` it uses the
/// start values for the input at hand, and keeps nothing.
class Supernet {
 public:
  /// Weights are drawn from `rng`, in the order of parameters(). Throws InputError if `candidates` does not fit
  /// `space`.
  Supernet(SearchSpace space, std::vector<BlockCandidates> candidates, const SupernetOptions& options, Rng& rng);

  /// Logits [N, classes] of `images` [N, C, H, W], channels_last in memory, multiples of 1/256 in [0, 1).
  torch::Tensor forward(const torch::Tensor& images, std::span<const BlockPath> path, Mode mode);

  const SearchSpace& space() const { return space_; }
  const std::vector<BlockCandidates>& candidates() const { return candidates_; }
  const SupernetOptions& options() const { return options_; }

  /// The layers themselves, for conversion and inspection.
  const NetLayers& layers() const { return layers_; }

  /// All trainable tensors, in an order that depends on space, candidates and options only.
  const std::vector<Parameter>& parameters() const { return parameters_; }

  /// Everything that training changes: parameters, running averages, which quantisers have started. The bytes are a
  /// torch archive. restore() throws InputError unless they came from a net of the same shape.
  std::string save() const;
  void restore(const std::string& bytes, const std::string& name);

 private:
  torch::Tensor run_block(std::size_t index, const torch::Tensor& input, const BlockPath& path, Mode mode);

  SearchSpace space_;
  std::vector<BlockCandidates> candidates_;
  SupernetOptions options_;
  NetLayers layers_;
  std::vector<Parameter> parameters_;
};

/// The path of one operator and one bitwidth in each block (coefficients one-hot), to evaluate or train.
std::vector<BlockPath> path_of(const Supernet& net, const Architecture& choices);

/// The only path of a derived network.
std::vector<BlockPath> derived_path(const Supernet& net);

}  // namespace autonba
