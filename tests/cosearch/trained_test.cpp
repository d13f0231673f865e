#include "cosearch/trained.hpp"

#include <gmock/gmock.h>

#include "base/error.hpp"
#include "cosearch/state_json.hpp"
#include "model/network_json.hpp"
#include "tiny.hpp"

namespace autonba {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

const Architecture searched = {{0, 1}, {1, 0}, {2, 0}};  // 8, 4 and 4 bits

std::vector<int> bits_of_blocks(const Supernet& net) {
  std::vector<int> bits;
  for (const BlockCandidates& block : net.candidates()) {
    bits.push_back(block.bits.at(0));
  }
  return bits;
}

TEST(DerivedNet, HasTheBitwidthsThatWereSearchedUnlessOthersAreAskedFor) {
  Config config = tiny_config();
  EXPECT_THAT(bits_of_blocks(make_derived_net(config, tiny_space(), searched, 4)), testing::ElementsAre(8, 4, 4));
  config.train.bits = 8;
  EXPECT_THAT(bits_of_blocks(make_derived_net(config, tiny_space(), searched, 4)), testing::ElementsAre(8, 8, 8));
}

TEST(DerivedNet, InFloatItsValuesLieOnNoGrid) {
  const torch::NoGradGuard no_grad;
  Config config = tiny_config();
  const torch::Tensor images = torch::full({1, 1, 16, 16}, 0.5).contiguous(at::MemoryFormat::ChannelsLast);
  const auto slightly_moved_logits = [&](std::int64_t bits) {
    config.train.bits = bits;
    Supernet net = make_derived_net(config, tiny_space(), searched, 4);
    const torch::Tensor before = net.forward(images, derived_path(net), Mode::evaluation);
    torch::Tensor weight = net.layers().classifier.weight;
    weight.mul_(1 + 1e-4);  // far less than a step
    return (net.forward(images, derived_path(net), Mode::evaluation) - before).abs().max().item<double>();
  };
  EXPECT_EQ(slightly_moved_logits(0), 0);
  EXPECT_GT(slightly_moved_logits(float_bits), 0);
}

TEST(DerivedArchitecture, IsThatOfTheNetworkUnlessTheSpaceHasChanged) {
  const TemporaryFolder folder("network");
  const std::filesystem::path file = folder.path() / "network.json";
  const auto write = [&](const Json& indices) {
    Json document = to_json(make_network(tiny_space(), searched, 2));
    document["architecture_indices"] = indices;
    document["classes"] = {"a", "b"};
    write_json(file, network_schema, document);
  };
  write(architecture_indices(searched));
  EXPECT_EQ(derived_architecture(file, tiny_space()), searched);
  SearchSpace other_bits = tiny_space();
  other_bits.bits = {2, 4};
  SearchSpace other_operators = tiny_space();
  std::swap(other_operators.operators[0], other_operators.operators[1]);
  SearchSpace fewer = tiny_space();
  fewer.operators.resize(1);
  for (const SearchSpace& space : {other_bits, other_operators, fewer}) {
    EXPECT_THAT([&] { derived_architecture(file, space); },
                ThrowsMessage<InputError>(HasSubstr("network.json: its layers are not those that its")));
  }
  write(Json::parse("[[0, 1], [\"skip\"]]"));
  EXPECT_THAT([&] { derived_architecture(file, tiny_space()); },
              ThrowsMessage<InputError>(HasSubstr("network.json: architecture_indices: must be a list")));
}

TEST(DerivedNet, BitwidthsThatTheSpaceHasNotAreRefused) {
  Config config = tiny_config();
  config.train.bits = 5;
  EXPECT_THAT([&] { make_derived_net(config, tiny_space(), searched, 4); },
              ThrowsMessage<InputError>(HasSubstr("train.bits: 5 is not among the bitwidths of tiny (4, 8)")));
}

}  // namespace
}  // namespace autonba
