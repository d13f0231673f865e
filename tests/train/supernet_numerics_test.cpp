// What the supernet computes: integers, structure, states.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "base/error.hpp"
#include "integer_by_hand.hpp"
#include "small_net.hpp"
#include "train/random_path.hpp"

namespace autonba {
namespace {

torch::Tensor evaluated(Supernet& net, const torch::Tensor& images, const std::vector<BlockPath>& path) {
  return net.forward(images, path, Mode::evaluation);
}

/// A derived net after some forward passes in training, its steps and statistics far from the start.
Supernet used_derived_net(const Architecture& architecture, Rng& rng) {
  const SearchSpace space = small_space();
  Supernet net(space, derived_candidates(space, architecture), {.classes = small_classes, .dtype = torch::kFloat64},
               rng);
  move_norms(net, rng);
  const torch::NoGradGuard no_grad;
  for (int i = 0; i < 30; ++i) {
    net.forward(random_images(6, space, torch::kFloat64, rng), derived_path(net), Mode::weights);
  }
  for (const Parameter& parameter : net.parameters()) {
    for (std::int64_t i = 0; i < parameter.tensor.numel(); ++i) {
      parameter.tensor.view(-1)[i] *= 0.7 + 0.6 * uniform(rng);
    }
  }
  return net;
}

void expect_integers(const Architecture& architecture) {
  Rng rng = make_rng(3, "by hand");
  Supernet net = used_derived_net(architecture, rng);
  const torch::Tensor images = random_images(3, net.space(), torch::kFloat64, rng);
  const torch::Tensor logits = evaluated(net, images, derived_path(net));
  for (int i = 0; i < images.size(0); ++i) {
    const std::vector<double> wanted = logits_by_hand(net, images[i]);
    for (int k = 0; k < small_classes; ++k) {
      EXPECT_NEAR(logits[i][k].item<double>(), wanted[static_cast<std::size_t>(k)], 1e-9) << i << " " << k;
    }
  }
}

// Operators of the small space: 0 is k3_e3, 1 is k5_e2_g2, 2 is skip. Bits: 3, 4, 8.
TEST(SupernetNumerics, InvertedResidualsAreIntegersTimesSteps) {
  expect_integers({{0, 1}, {0, 2}, {0, 0}});
}

TEST(SupernetNumerics, SkipsAreIntegersTimesSteps) {
  expect_integers({{2, 0}, {2, 1}, {2, 2}});
}

TEST(SupernetNumerics, MixedBitwidthsAreIntegersTimesSteps) {
  expect_integers({{0, 0}, {2, 1}, {0, 2}});
}

TEST(SupernetNumerics, AnIdentityLeavesItsMapToTheQuantiserOfTheNextBlock) {
  Supernet net = small_net();
  Rng rng = make_rng(5, "identity");
  const torch::Tensor images = random_images(4, net.space(), torch::kFloat64, rng);
  start_quantizers(net, images);
  const Architecture low_bits = {{2, 0}, {0, 1}, {2, 2}};  // blocks 0 and 2 keep their shape: identities
  const Architecture high_bits = {{2, 2}, {0, 1}, {2, 0}};
  EXPECT_TRUE(
      torch::equal(evaluated(net, images, path_of(net, low_bits)), evaluated(net, images, path_of(net, high_bits))));
  EXPECT_FALSE(torch::equal(evaluated(net, images, path_of(net, low_bits)),
                            evaluated(net, images, path_of(net, {{2, 0}, {0, 2}, {2, 2}}))));

  std::vector<BlockPath> path = path_of(net, low_bits);
  for (BlockPath& block : path) {
    block.bit_coefficients.requires_grad_();
  }
  net.forward(images, path, Mode::arch).square().sum().backward();
  EXPECT_FALSE(path[0].bit_coefficients.grad().defined());
  EXPECT_TRUE(path[1].bit_coefficients.grad().defined());
  EXPECT_FALSE(path[2].bit_coefficients.grad().defined());
}

TEST(SupernetNumerics, TheDerivedNetIsTheSupernetsPath) {
  Supernet net = small_net();
  Rng rng = make_rng(5, "derived");
  const torch::Tensor images = random_images(4, net.space(), torch::kFloat64, rng);
  start_quantizers(net, images);
  const Architecture architecture = {{1, 2}, {0, 1}, {2, 0}};
  Supernet derived(net.space(), derived_candidates(net.space(), architecture), net.options(), rng);
  start_quantizers(derived, images);
  const torch::NoGradGuard no_grad;
  for (const Parameter& own : derived.parameters()) {
    torch::Tensor source = parameter(net, own.name);
    if (source.sizes() != own.tensor.sizes()) {  // of the supernet's bitwidths, the one that the block chose
      const auto block = static_cast<std::size_t>(own.name.at(5) - '0');
      source = source.narrow(0, architecture[block].bits, 1);
    }
    own.tensor.copy_(source);
  }
  EXPECT_TRUE(torch::equal(net.forward(images, path_of(net, architecture), Mode::arch),
                           derived.forward(images, derived_path(derived), Mode::arch)));
}

/// Channels and kernels of a derived net's layers, in the order in which they run.
std::vector<std::vector<std::int64_t>> weight_shapes(const Supernet& net) {
  std::vector<std::vector<std::int64_t>> shapes = {net.layers().stem.weight.sizes().vec()};
  for (const BlockLayers& block : net.layers().blocks) {
    for (const ConvLayer& conv : block.operators.at(0).convs) {
      shapes.push_back(conv.weight.sizes().vec());
    }
  }
  shapes.push_back(net.layers().head.weight.sizes().vec());
  shapes.push_back(net.layers().classifier.weight.sizes().vec());
  return shapes;
}

TEST(SupernetNumerics, DerivedLayersAreThoseOfTheNetworkThatTheCostModelSees) {
  const SearchSpace space = load_space(AUTONBA_SOURCE_DIR "/configs/spaces/quick.yaml");
  Rng rng = make_rng(1, "shapes");
  for (int draw = 0; draw < 5; ++draw) {
    const Architecture architecture = random_architecture(space, rng);
    const Supernet net(space, derived_candidates(space, architecture), {}, rng);
    std::vector<std::vector<std::int64_t>> wanted;
    for (const Layer& layer : make_network(space, architecture, 10).layers) {
      if (layer.op == LayerOp::linear) {
        wanted.push_back({layer.channels_out, layer.channels_in});
      } else if (layer.op != LayerOp::avgpool) {
        wanted.push_back({layer.channels_out, layer.channels_in / layer.groups, layer.kernel[0], layer.kernel[1]});
      }
    }
    EXPECT_EQ(weight_shapes(net), wanted);
  }
}

TEST(SupernetState, ArchStepsAndEvaluationChangeNothing) {
  Rng rng = make_rng(9, "state");
  for (const QuantizerKind kind : {QuantizerKind::lsq, QuantizerKind::minmax}) {
    Supernet net = small_net(kind);
    const torch::Tensor images = random_images(4, net.space(), torch::kFloat64, rng);
    for (const bool started : {false, true}) {
      if (started) {
        start_quantizers(net, images);
      }
      const std::string before = net.save();
      net.forward(images, random_arch_path(net, 2, rng), Mode::arch).square().sum().backward();
      EXPECT_EQ(net.save(), before);
      evaluated(net, images, random_weight_path(net, rng));
      EXPECT_EQ(net.save(), before);
    }
  }
}

TEST(SupernetState, AQuantiserThatHasNotStartedTakesItsStartValuesInArchSteps) {
  Supernet net = small_net();
  Rng rng = make_rng(9, "start");
  const torch::Tensor images = random_images(4, net.space(), torch::kFloat64, rng);
  const std::vector<BlockPath> path = path_of(net, same_everywhere(net, 0, 1));
  const torch::NoGradGuard no_grad;
  const torch::Tensor before = net.forward(images, path, Mode::arch);
  const torch::Tensor starting = net.forward(images, path, Mode::weights);
  EXPECT_TRUE(torch::equal(before, starting));
  EXPECT_TRUE(torch::equal(net.forward(images, path, Mode::arch), starting));
}

TEST(SupernetState, WeightStepsUpdateRunningAveragesOfTheirPathOnly) {
  Supernet net = small_net();
  Rng rng = make_rng(9, "averages");
  const torch::Tensor images = random_images(4, net.space(), torch::kFloat64, rng);
  const torch::NoGradGuard no_grad;
  net.forward(images, path_of(net, {{0, 0}, {2, 0}, {2, 0}}), Mode::weights);
  const auto moved = [&](std::size_t block, std::size_t op) {
    const BatchNorm& norm = net.layers().blocks[block].operators[op].convs.at(0).norm;
    return !torch::equal(norm.running_mean, torch::zeros_like(norm.running_mean));
  };
  EXPECT_TRUE(moved(0, 0));
  EXPECT_FALSE(moved(0, 1));
  EXPECT_FALSE(moved(1, 0));
  EXPECT_TRUE(moved(1, 2));
  EXPECT_FALSE(moved(2, 0));

  // The stem's averages after one batch: a tenth of its mean; of its unbiased variance, and nine tenths of 1.
  const torch::Tensor weight = mixed_weight(net.layers().stem.quantizer, net.layers().stem.weight,
                                            torch::ones({1}, torch::kFloat64), Mode::evaluation);
  const torch::Tensor z = torch::conv2d(images, weight, {}, 1, 1);
  const BatchNorm& norm = net.layers().stem.norm;
  EXPECT_TRUE(torch::allclose(norm.running_mean, 0.1 * z.mean({0, 2, 3})));
  EXPECT_TRUE(torch::allclose(norm.running_var, 0.9 + 0.1 * z.var({0, 2, 3}, true)));
}

TEST(SupernetState, SavedAndRestoredNetsContinueAlike) {
  Rng rng = make_rng(9, "restore");
  for (const QuantizerKind kind : {QuantizerKind::lsq, QuantizerKind::minmax}) {
    Supernet net = small_net(kind, torch::kFloat32);
    const torch::Tensor images = random_images(4, net.space(), torch::kFloat32, rng);
    {
      const torch::NoGradGuard no_grad;
      net.forward(images, path_of(net, same_everywhere(net, 0, 1)), Mode::weights);
    }
    Supernet other = small_net(kind, torch::kFloat32, 2);
    EXPECT_NE(other.save(), net.save());
    other.restore(net.save(), "checkpoint");
    EXPECT_EQ(other.save(), net.save());
    for (int i = 0; i < 3; ++i) {
      const std::vector<BlockPath> path = random_weight_path(net, rng);
      EXPECT_TRUE(torch::equal(net.forward(images, path, Mode::weights), other.forward(images, path, Mode::weights)));
    }
    EXPECT_EQ(other.save(), net.save());
  }
}

TEST(SupernetState, TheSameSeedGivesTheSameNet) {
  EXPECT_EQ(small_net(QuantizerKind::lsq, torch::kFloat32, 4).save(),
            small_net(QuantizerKind::lsq, torch::kFloat32, 4).save());
  EXPECT_NE(small_net(QuantizerKind::lsq, torch::kFloat32, 4).save(),
            small_net(QuantizerKind::lsq, torch::kFloat32, 5).save());
}

TEST(SupernetState, WeightsStartFromHesDistribution) {
  SearchSpace space = small_space();
  space.blocks = {{4, 4, 1, 8, 8}};
  space.stem_channels = 4;
  space.head_channels = 4000;
  Rng rng = make_rng(1, "He");
  const Supernet net(space, all_candidates(space), {}, rng);
  const torch::Tensor weight = net.layers().head.weight;  // fan-in 4
  EXPECT_NEAR(weight.mean().item<double>(), 0, 0.03);
  EXPECT_NEAR(weight.std().item<double>(), std::sqrt(0.5), 0.03);
}

std::string message_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const InputError& error) {
    return error.what();
  }
  return "no InputError";
}

TEST(SupernetErrors, AnArchiveOfAnotherNetIsRefusedWithTheTensorThatDiffers) {
  Supernet net = small_net();
  SearchSpace space = small_space();
  space.head_channels = 9;
  Rng rng = make_rng(1, "other");
  const Supernet other(space, all_candidates(space), {.classes = small_classes, .dtype = torch::kFloat64}, rng);
  EXPECT_EQ(message_of([&] { net.restore(other.save(), "run/weights.pt"); }),
            "run/weights.pt: holds head.weight [9, 6, 1, 1] of Double where this network has head.weight [8, 6, 1, 1] "
            "of Double");
}

TEST(SupernetErrors, ADamagedArchiveIsRefused) {
  Supernet net = small_net();
  const std::string bytes = net.save();
  for (const std::string& damaged : {std::string("nonsense"), std::string(), bytes.substr(0, bytes.size() / 2)}) {
    EXPECT_EQ(message_of([&] { net.restore(damaged, "run/weights.pt"); }),
              "run/weights.pt: is damaged: it is not a torch archive of named tensors");
    EXPECT_EQ(net.save(), bytes);
  }
}

TEST(SupernetErrors, TooFewBlocksAreRefused) {
  const SearchSpace space = small_space();
  Rng rng;
  EXPECT_THAT(message_of([&] {
                Supernet(space, derived_candidates(space, {{0, 0}}), {}, rng);
              }),
              testing::HasSubstr("has 1 blocks, the space small has 3"));
}

}  // namespace
}  // namespace autonba
