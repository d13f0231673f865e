#include "zoo_tables.hpp"

#include <vector>

namespace autonba {
namespace {

Tally alexnet() {
  Tally t{.size = 227};
  t.conv(96, 11, 4, 0).pool(3, 2).conv(256, 5, 1, 2, 2).pool(3, 2).conv(384, 3).conv(384, 3, 1, 1, 2);
  return t.conv(256, 3, 1, 1, 2).pool(3, 2).linear(4096).linear(4096).linear(1000);
}

Tally vgg16() {
  Tally t;
  for (const auto& [convs, channels] :
       std::vector<std::pair<int, int>>{{2, 64}, {2, 128}, {3, 256}, {3, 512}, {3, 512}}) {
    for (int i = 0; i < convs; ++i) {
      t.conv(channels, 3);
    }
    t.pool(2, 2);
  }
  return t.linear(4096).linear(4096).linear(1000);
}

Tally resnet(const std::vector<int>& blocks, bool bottleneck) {
  Tally t;
  t.conv(64, 7, 2).pool(3, 2, 1);
  for (std::size_t stage = 0; stage < blocks.size(); ++stage) {
    const int width = 64 << stage;
    const int out = bottleneck ? 4 * width : width;
    for (int block = 0; block < blocks[stage]; ++block) {
      const int stride = stage > 0 && block == 0 ? 2 : 1;
      if (stride > 1 || t.channels != out) {
        Tally shortcut{.size = t.size, .channels = t.channels};
        shortcut.conv(out, 1, stride);
        t.macs += shortcut.macs;
        t.weights += shortcut.weights;
        t.conv_outputs += out;
      }
      if (bottleneck) {
        t.conv(width, 1).conv(width, 3, stride).conv(out, 1);
      } else {
        t.conv(out, 3, stride).conv(out, 3);
      }
    }
  }
  return t.pool(7, 1).linear(1000);
}

Tally mobilenet_v1() {
  Tally t;
  t.conv(32, 3, 2);
  for (const auto& [out, stride] : std::vector<std::pair<int, int>>{{64, 1},
                                                                    {128, 2},
                                                                    {128, 1},
                                                                    {256, 2},
                                                                    {256, 1},
                                                                    {512, 2},
                                                                    {512, 1},
                                                                    {512, 1},
                                                                    {512, 1},
                                                                    {512, 1},
                                                                    {512, 1},
                                                                    {1024, 2},
                                                                    {1024, 1}}) {
    t.depthwise(3, stride).conv(out, 1);
  }
  return t.pool(7, 1).linear(1000);
}

/// Blocks {kernel, expansion, channels, repetitions, stride}.
struct Stage {
  int kernel, expansion, channels, count, stride;
};

Tally mobile_net(int stem, const std::vector<Stage>& stages, int head, int squeeze_divisor = 0, bool expand = false) {
  Tally t;
  t.conv(stem, 3, 2);
  for (const Stage& stage : stages) {
    for (int i = 0; i < stage.count; ++i) {
      t.mobile(stage.kernel, t.channels * stage.expansion, stage.channels, i == 0 ? stage.stride : 1,
               squeeze_divisor > 0 ? t.channels / squeeze_divisor : 0, expand);
    }
  }
  return t.head(head, 1000);
}

Tally mobilenet_v2() {
  return mobile_net(32,
                    {{3, 1, 16, 1, 1},
                     {3, 6, 24, 2, 2},
                     {3, 6, 32, 3, 2},
                     {3, 6, 64, 4, 2},
                     {3, 6, 96, 3, 1},
                     {3, 6, 160, 3, 2},
                     {3, 6, 320, 1, 1}},
                    1280);
}

Tally mobilenet_v3_large() {
  Tally t;
  t.conv(16, 3, 2).mobile(3, 16, 16, 1).mobile(3, 64, 24, 2).mobile(3, 72, 24, 1);
  t.mobile(5, 72, 40, 2, 24).mobile(5, 120, 40, 1, 32).mobile(5, 120, 40, 1, 32);
  t.mobile(3, 240, 80, 2).mobile(3, 200, 80, 1).mobile(3, 184, 80, 1).mobile(3, 184, 80, 1);
  t.mobile(3, 480, 112, 1, 120).mobile(3, 672, 112, 1, 168);
  t.mobile(5, 672, 160, 2, 168).mobile(5, 960, 160, 1, 240).mobile(5, 960, 160, 1, 240);
  return t.conv(960, 1).pool(7, 1).linear(1280).linear(1000);
}

Tally efficientnet_b0() {
  return mobile_net(32,
                    {{3, 1, 16, 1, 1},
                     {3, 6, 24, 2, 2},
                     {5, 6, 40, 2, 2},
                     {3, 6, 80, 3, 2},
                     {5, 6, 112, 3, 1},
                     {5, 6, 192, 4, 2},
                     {3, 6, 320, 1, 1}},
                    1280, 4);
}

Tally squeezenet() {
  Tally t;
  const auto fire = [&](int squeeze, int expand) {
    t.conv(squeeze, 1);
    Tally other = t;
    t.conv(expand, 1);
    const std::int64_t macs = t.macs;
    const std::int64_t weights = t.weights;
    other.macs = other.weights = 0;
    other.conv(expand, 3);
    t.macs = macs + other.macs;
    t.weights = weights + other.weights;
    t.conv_outputs += expand;
    t.channels = 2 * expand;
  };
  t.conv(64, 3, 2, 0).pool(3, 2);
  fire(16, 64);
  fire(16, 64);
  t.pool(3, 2);
  fire(32, 128);
  fire(32, 128);
  t.pool(3, 2);
  fire(48, 192);
  fire(48, 192);
  fire(64, 256);
  fire(64, 256);
  return t.conv(1000, 1).pool(13, 1);
}

Tally shufflenet_v2() {
  Tally t;
  t.conv(24, 3, 2).pool(3, 2, 1);
  for (const auto& [out, units] : std::vector<std::pair<int, int>>{{116, 4}, {232, 8}, {464, 4}}) {
    for (int unit = 0; unit < units; ++unit) {
      const int half = out / 2;
      if (unit == 0) {
        Tally left{.size = t.size, .channels = t.channels};
        left.depthwise(3, 2).conv(half, 1);
        t.macs += left.macs;
        t.weights += left.weights;
        t.conv_outputs += left.conv_outputs;
      } else {
        t.channels = half;
      }
      t.conv(half, 1).depthwise(3, unit == 0 ? 2 : 1).conv(half, 1);
      t.channels = out;
    }
  }
  return t.head(1024, 1000);
}

Tally fbnet_c() {
  return mobile_net(16,
                    {{3, 1, 16, 1, 1},
                     {3, 6, 24, 1, 2},
                     {3, 1, 24, 2, 1},
                     {5, 6, 32, 1, 2},
                     {5, 3, 32, 1, 1},
                     {5, 6, 32, 1, 1},
                     {3, 6, 32, 1, 1},
                     {5, 6, 64, 1, 2},
                     {5, 3, 64, 1, 1},
                     {5, 6, 64, 2, 1},
                     {5, 6, 112, 3, 1},
                     {5, 3, 112, 1, 1},
                     {5, 6, 184, 4, 2},
                     {3, 6, 352, 1, 1}},
                    1984, 0, true);
}

Tally proxylessnas_mobile() {
  return mobile_net(32,
                    {{3, 1, 16, 1, 1},
                     {5, 3, 32, 1, 2},
                     {3, 3, 32, 1, 1},
                     {7, 3, 40, 1, 2},
                     {3, 3, 40, 1, 1},
                     {5, 3, 40, 2, 1},
                     {7, 6, 80, 1, 2},
                     {5, 3, 80, 3, 1},
                     {5, 6, 96, 1, 1},
                     {5, 3, 96, 3, 1},
                     {7, 6, 192, 2, 2},
                     {7, 3, 192, 2, 1},
                     {7, 6, 320, 1, 1}},
                    1280);
}

Tally edd_net_3() {
  const std::vector<std::string> blocks = {"k5_e5", "k5_e4", "k5_e4", "k3_e5", "k5_e4", "k5_e5", "k5_e6", "k5_e6",
                                           "k5_e6", "k3_e4", "k3_e4", "k5_e4", "k3_e4", "k3_e4", "k3_e4", "k5_e6"};
  const std::vector<int> channels = {32, 48, 48, 48, 96, 96, 96, 96, 128, 128, 128, 256, 256, 256, 256, 320};
  const std::vector<int> sizes = {56, 28, 28, 28, 28, 14, 14, 14, 14, 14, 14, 7, 7, 7, 7, 7};
  Tally t;
  t.conv(32, 3, 2).mobile(3, 32, 16, 1);
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    t.mobile(blocks[i][1] - '0', t.channels * (blocks[i][4] - '0'), channels[i], t.size / sizes[i]);
  }
  return t.head(1280, 1000);
}

Tally yolo_tiny() {
  Tally t{.size = 416};
  t.conv(16, 3).pool(2, 2).conv(32, 3).pool(2, 2).conv(64, 3).pool(2, 2).conv(128, 3).pool(2, 2).conv(256, 3);
  return t.pool(2, 2).conv(512, 3).conv(1024, 3).conv(1024, 3).conv(125, 1);
}

}  // namespace

const std::map<std::string, Expected>& expected() {
  static const std::map<std::string, Expected> networks = [] {
    std::map<std::string, Expected> all;
    all["alexnet"] = {alexnet(), alexnet().with_biases()};
    all["vgg16"] = {vgg16(), vgg16().with_biases()};
    all["squeezenet"] = {squeezenet(), squeezenet().with_biases()};
    // darknet keeps four numbers for each channel of batch normalisation; the last layer has biases.
    all["yolo-tiny"] = {yolo_tiny(), yolo_tiny().weights + 4 * (yolo_tiny().conv_outputs - 125) + 125};
    const std::map<std::string, Tally> with_batch_norm = {{"resnet18", resnet({2, 2, 2, 2}, false)},
                                                          {"resnet50", resnet({3, 4, 6, 3}, true)},
                                                          {"mobilenet-v1", mobilenet_v1()},
                                                          {"mobilenet-v2", mobilenet_v2()},
                                                          {"mobilenet-v3-large", mobilenet_v3_large()},
                                                          {"efficientnet-b0", efficientnet_b0()},
                                                          {"shufflenet-v2", shufflenet_v2()},
                                                          {"fbnet-c", fbnet_c()},
                                                          {"proxylessnas-mobile", proxylessnas_mobile()},
                                                          {"edd-net-3", edd_net_3()}};
    for (const auto& [name, tally] : with_batch_norm) {
      all[name] = {tally, tally.with_batch_norm()};
    }
    return all;
  }();
  return networks;
}

}  // namespace autonba
