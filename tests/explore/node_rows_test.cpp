#include "explore/exact/node_rows.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "accel/design_space.hpp"
#include "explore/exact/class_tree.hpp"
#include "explore/exact/constants.hpp"

namespace autonba {
namespace {

ClassTree small_tree() {
  return class_tree(chunk_classes(load_design_space("fpga-small").conv, ChunkKind::conv), load_platform("zc706"));
}

std::vector<double> some_number_by_class(const ClassTree& tree, int seed) {
  std::vector<double> numbers;
  for (std::size_t i = 0; i < tree.classes.size(); ++i) {
    numbers.push_back(static_cast<double>((7919 * i + static_cast<std::size_t>(seed)) % 1009));
  }
  return numbers;
}

TEST(LeastByNode, IsTheLeastOfTheClassesBelow) {
  const ClassTree tree = small_tree();
  ASSERT_GT(tree.nodes.size(), 10U);
  const std::vector<double> by_class = some_number_by_class(tree, 1);
  const std::vector<double> by_node = least_by_node(tree, by_class);
  for (std::size_t node = 0; node < tree.nodes.size(); ++node) {
    EXPECT_EQ(by_node[node],
              *std::min_element(by_class.begin() + tree.nodes[node].first, by_class.begin() + tree.nodes[node].last));
  }
}

TEST(NodeRows, HoldEachColumnTimesItsFactor) {
  const ClassTree tree = small_tree();
  const auto column = [&](int seed) {
    return std::make_shared<const std::vector<double>>(least_by_node(tree, some_number_by_class(tree, seed)));
  };
  const std::vector<NodeRows::Column> columns = {column(1), nullptr, column(2)};
  const NodeRows rows(columns, {2, 1, 3});
  const double* first = rows.row(0);
  for (std::size_t node = tree.nodes.size(); node-- > 0;) {
    const double* row = rows.row(node);
    EXPECT_EQ(row[0], 2 * (*columns[0])[node]);
    EXPECT_EQ(row[1], infinity);
    EXPECT_EQ(row[2], 3 * (*columns[2])[node]);
  }
  EXPECT_EQ(rows.row(0), first);
}

}  // namespace
}  // namespace autonba
