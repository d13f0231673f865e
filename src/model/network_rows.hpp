#pragma once

#include <array>
#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "model/network.hpp"

namespace autonba {

/// How a kernel moves over a map. Kernel, stride and dilation are the same in both dimensions.
struct Window {
  int kernel = 1;
  int stride = 1;
  std::array<int, 4> padding = all_sides(0);  // top, left, bottom, right
  int dilation = 1;
};

/// One row of a network's table: a layer or a block of layers (docs/networks.md). What an op does not use keeps its
/// default.
struct Row {
  std::string op;  // one of row_ops()
  std::string id;
  int channels = 0;  // of the output
  Window window;     // kernel 0: as large as the map
  int groups = 1;
  int hidden = 0;               // channels within the block; 0: expansion times the input's
  int expansion = 1;            // inverted_residual
  bool always_expands = false;  // inverted_residual: also where that leaves the number of channels as it is
  int squeeze = 0;              // fire: channels of the 1×1; inverted_residual: of squeeze-and-excitation, 0 for none
  int squeeze_divisor = 0;  // inverted_residual: squeeze to the block's input channels / squeeze_divisor; 0 for none
  int expand = 0;           // fire: channels of each of its two expanding layers
  std::string activation = "none";  // one of activation_names()
  std::string work;                 // host: what it does
  int operations_per_value = 1;     // host: on each value of the map
  int repeat = 1;                   // the stride is the first one's; the others have stride 1
};

const std::vector<std::string>& row_ops();

/// none, relu and relu6 run on the template, the others on the host.
const std::vector<std::string>& activation_names();

/// Turns rows into layers, each row reading what the row before it wrote.
class RowBuilder {
 public:
  explicit RowBuilder(const NetworkInput& input);

  /// Throws InputError, a sentence without its place, where the row does not fit the map that it reads.
  void append(const Row& row);

  /// The network. A convolution or linear layer that comes last writes its 32-bit sums.
  Network finish() &&;

 private:
  /// Channels of one or several maps of one size, each (writer, channel), in the order in which the next layer sees
  /// them.
  struct Features {
    std::vector<std::pair<int, int>> channels;
    int height = 0;
    int width = 0;
  };

  static int count(const Features& features) { return static_cast<int>(features.channels.size()); }
  static std::int64_t values(const Features& features);
  Features whole_map(int writer) const;
  int writer_of(const Features& features) const;
  void take_id(const std::string& id);
  void host(const std::string& id, const std::string& work, std::int64_t operations);
  Features append(Layer layer, const Features& in, const std::string& activation);
  Features conv(const std::string& id, const Features& in, int channels, const Window& window,
                const std::string& activation);
  Features depthwise(const std::string& id, const Features& in, const Window& window, const std::string& activation);
  Features add(Layer layer, const Features& in, const Features& added, const std::string& activation);
  Features shortcut(const Row& row, const Features& in);
  void squeeze_and_excite(const std::string& id, const Features& map, int squeezed);

  Features grouped_conv(const Row& row, const Features& in);
  Features pool(const Row& row, const Features& in);
  Features linear(const Row& row, const Features& in);
  Features basic(const Row& row, const Features& in);
  Features bottleneck(const Row& row, const Features& in);
  Features inverted_residual(const Row& row, const Features& in);
  Features fire(const Row& row, const Features& in);
  Features shuffle_unit(const Row& row, const Features& in);
  Features one(const Row& row, const Features& in);

  Network network_;
  std::set<std::string> ids_ = {"input"};  // of layers and host work
  Features last_;
};

}  // namespace autonba
