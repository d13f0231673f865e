#include "model/network.hpp"

#include <gmock/gmock.h>

#include "base/error.hpp"
#include "model/network_json.hpp"
#include "model/space.hpp"

namespace autonba {
namespace {

using testing::HasSubstr;

Network example() {
  const SearchSpace space = load_space(AUTONBA_SOURCE_DIR "/configs/spaces/quick.yaml");
  Rng rng = make_rng(9, "test");
  return make_network(space, random_architecture(space, rng), 10);
}

std::string complaint(const Json& document) {
  try {
    network_from_json(document, "net.json");
  } catch (const InputError& error) {
    return error.what();
  }
  return "no complaint";
}

TEST(NetworkJson, IsReadAsItWasWritten) {
  const Network network = example();
  EXPECT_EQ(network_from_json(to_json(network), "net.json"), network);
}

TEST(NetworkJson, MistakesNameTheLayer) {
  const Json good = to_json(example());
  Json document = good;
  document["layers"][1]["inputs"][0]["id"] = "nobody";
  EXPECT_THAT(complaint(document), HasSubstr("reads \"nobody\", which is no layer before it"));
  document = good;
  document["layers"][0]["op"] = "transposed";
  EXPECT_THAT(complaint(document), HasSubstr("net.json: layer stem: op: \"transposed\" is not conv"));
  document = good;
  document["layers"][0].erase("stride");
  EXPECT_THAT(complaint(document), HasSubstr("net.json: layer stem: the key `stride` is missing"));
  document = good;
  document["layers"][0]["stride"] = -1;
  EXPECT_THAT(complaint(document), HasSubstr("layer stem: the size -1 is not between"));
  document = good;
  document["layers"][0]["channels_in"] = 5;
  EXPECT_THAT(complaint(document), HasSubstr("its inputs have 1 channels, channels_in says 5"));
}

TEST(Layer, CountsMacsOfAStridedGroupedConvolution) {
  // 8 -> 12 channels in 4 groups, 3x5 kernel, stride 2, padding 1 on 9x11: 5x5 outputs.
  Layer layer;
  layer.channels_in = 8;
  layer.channels_out = 12;
  layer.groups = 4;
  layer.kernel = {3, 5};
  layer.stride = 2;
  layer.padding = 1;
  layer.height_in = 9;
  layer.width_in = 11;
  EXPECT_EQ(height_out(layer), 5);
  EXPECT_EQ(width_out(layer), 5);
  EXPECT_EQ(weight_count(layer), 12 * 2 * 15);
  EXPECT_EQ(macs(layer), 12 * 2 * 15 * 25);
}

}  // namespace
}  // namespace autonba
