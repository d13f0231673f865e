#include "explore/exact/node_rows.hpp"

#include <algorithm>
#include <utility>

#include "base/ceil_div.hpp"
#include "explore/exact/constants.hpp"

namespace autonba {
namespace {

std::size_t longest(const std::vector<NodeRows::Column>& columns) {
  std::size_t most = 0;
  for (const NodeRows::Column& column : columns) {
    most = std::max(most, column ? column->size() : 0);
  }
  return most;
}

}  // namespace

NodeRows::NodeRows(std::vector<Column> columns, std::vector<double> factors)
    : columns_(std::move(columns)), factors_(std::move(factors)), blocks_(ceil_div(longest(columns_), nodes_at_once)) {}

const double* NodeRows::make_block(std::size_t block) const {
  const std::size_t width = columns_.size();
  std::vector<double> rows(nodes_at_once * width, infinity);
  for (std::size_t i = 0; i < width; ++i) {
    if (!columns_[i]) {
      continue;
    }
    const std::vector<double>& column = *columns_[i];
    const std::size_t first = block * nodes_at_once;
    const std::size_t count = std::min(nodes_at_once, column.size() - first);
    for (std::size_t node = 0; node < count; ++node) {
      rows[node * width + i] = factors_[i] * column[first + node];
    }
  }
  const std::lock_guard lock(mutex_);
  const double* known = blocks_[block].load(std::memory_order_acquire);
  if (known == nullptr) {
    made_.push_back(std::move(rows));
    known = made_.back().data();
    blocks_[block].store(known, std::memory_order_release);
  }
  return known;
}

}  // namespace autonba
