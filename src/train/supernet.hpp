#pragma once

#include <torch/types.h>

#include <span>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "model/space.hpp"
#include "train/operators.hpp"
#include "train/tensor_archive.hpp"

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

struct NetOptions {
  int classes = 10;
  QuantizerKind quantizer = QuantizerKind::lsq;
  torch::Device device = torch::kCPU;
  torch::Dtype dtype = torch::kFloat32;  // kFloat64 for checks of gradients
};

/// What one block does in one step. Indices count in the block's candidates; J is the number of its bitwidths.
struct BlockPath {
  int op = 0;                      // the executed operator
  torch::Tensor bit_coefficients;  // [J], β̄ of the executed operator, in the net's dtype and device; may require grad

  /// Mode::arch only. Alternatives run without autograd, each at one bitwidth; the loss value does not see them.
  std::vector<BlockChoice> alternatives;
  /// [1 + alternatives], p over the executed operator and then the alternatives. Gets ∂L/∂p_k = ⟨∂L/∂A_{l+1},
  /// O_k(A_l)⟩, A_l the block's input before its quantisation. Undefined: no alternatives run, no gradient.
  torch::Tensor op_probabilities;
};

enum class ParameterKind {
  weight,  // of convolutions and of the classifier, its bias too
  norm,    // scale and shift of batch normalisation
  step,    // of quantisers: no weight decay, never below step_floor
};

/// A trainable tensor: a leaf that requires grad, shared with the layer that it belongs to.
struct Parameter {
  std::string name;  // "block3.k3_e6.expand.weight"
  torch::Tensor tensor;
  ParameterKind kind = ParameterKind::weight;
  std::int64_t groups = 1;  // of a convolution
};

struct LinearLayer {
  torch::Tensor weight;       // [classes, C_in]
  torch::Tensor bias;         // [classes]
  WeightQuantizer quantizer;  // one step for the whole tensor
};

struct BlockLayers {
  ActivationQuantizer input;  // signed; shared by the operators
  std::vector<OperatorLayers> operators;
};

/// Stem, blocks, head, pool, classifier; all but the blocks at 8 bits.
struct NetLayers {
  ConvLayer stem;
  std::vector<BlockLayers> blocks;
  ActivationQuantizer head_input;  // signed
  ConvLayer head;
  ActivationQuantizer head_output;  // unsigned
  ActivationQuantizer pooled;       // unsigned
  LinearLayer classifier;
};

/// A network with several candidate operators and bitwidths for each block, of which a forward pass executes one path;
/// with one candidate each, an ordinary quantised network.
///
/// A map between blocks is quantised by the block that reads it, or by the head; an identity skip passes it on as it
/// is, so that it takes the bits of the next block that computes.
class Supernet {
 public:
  /// Weights are drawn from `rng`, layer by layer from stem to classifier. Throws InputError if `candidates` are not as
  /// many as the space has blocks.
  Supernet(SearchSpace space, std::vector<BlockCandidates> candidates, const NetOptions& options, Rng& rng);
  Supernet(const Supernet&) = delete;  // a copy would share the tensors
  Supernet(Supernet&&) = default;

  /// Logits [N, classes] of `images` [N, C, H, W], channels_last in memory, multiples of 1/256 in [0, 1).
  torch::Tensor forward(const torch::Tensor& images, std::span<const BlockPath> path, Mode mode);

  const SearchSpace& space() const { return space_; }
  const std::vector<BlockCandidates>& candidates() const { return candidates_; }
  const NetOptions& options() const { return options_; }
  const NetLayers& layers() const { return layers_; }

  /// All trainable tensors, in an order that depends on space, candidates and options only.
  const std::vector<Parameter>& parameters() const { return parameters_; }

  /// Coefficients [J] of the j-th bitwidth of a block alone.
  torch::Tensor one_hot(std::size_t block, int j) const;

  /// All trainable tensors and running averages: what evaluation depends on, but for the flags of started quantisers.
  NamedTensors tensors() const;

  /// Everything that training changes: parameters, running averages, which quantisers have started. The bytes are a
  /// torch archive of named tensors, the same for the same state.
  std::string save() const;
  /// Throws InputError, naming `file`, unless the bytes came from save() of a net of the same layers.
  void restore(const std::string& bytes, const std::string& file);

 private:
  torch::Tensor run_block(std::size_t index, const torch::Tensor& input, const BlockPath& path, Mode mode);
  std::vector<torch::Tensor> run_alternatives(std::size_t index, const torch::Tensor& input,
                                              const std::vector<BlockChoice>& alternatives, Mode mode);
  /// Output of an operator on the block's input before its quantisation.
  torch::Tensor run_candidate(std::size_t index, int op, const torch::Tensor& input, const torch::Tensor& coefficients,
                              Mode mode);
  /// What save() writes. The tensors are the net's own, but for the last, the flags of the started quantisers.
  NamedTensors state() const;

  SearchSpace space_;
  std::vector<BlockCandidates> candidates_;
  NetOptions options_;
  NetLayers layers_;
  std::vector<Parameter> parameters_;
  torch::Tensor one_;  // [1], the coefficient of the only bitwidth of stem, head, pool and classifier
};

/// The path of one operator and one bitwidth in each block, coefficients one-hot.
std::vector<BlockPath> path_of(const Supernet& net, const Architecture& choices);

/// The only path of a derived network.
std::vector<BlockPath> derived_path(const Supernet& net);

}  // namespace autonba
