#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

namespace autonba {

/// Numbers by node of a class tree, a row for each node, made of columns that are shared with other tables. Most rows
/// are never asked for: those of neighbouring nodes are put together when the first one is. For several threads at
/// once.
class NodeRows {
 public:
  using Column = std::shared_ptr<const std::vector<double>>;

  /// `columns`: by node; none for one of infinities. A row has each times its factor.
  NodeRows(std::vector<Column> columns, std::vector<double> factors);

  /// As many numbers as there are columns; stays as long as the table.
  const double* row(std::size_t node) const {
    const double* block = blocks_[node / nodes_at_once].load(std::memory_order_acquire);
    block = block == nullptr ? make_block(node / nodes_at_once) : block;
    return block + node % nodes_at_once * columns_.size();
  }

 private:
  static constexpr std::size_t nodes_at_once = 8;  // what a cache line of a column holds
  const double* make_block(std::size_t block) const;

  std::vector<Column> columns_;
  std::vector<double> factors_;
  mutable std::vector<std::atomic<const double*>> blocks_;
  mutable std::mutex mutex_;
  mutable std::vector<std::vector<double>> made_;
};

}  // namespace autonba
