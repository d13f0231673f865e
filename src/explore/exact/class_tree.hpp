#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "explore/exact/chunk_classes.hpp"

namespace autonba {

/// The classes of a kind, neighbours close together, in a binary tree of ranges.
struct ClassTree {
  struct Node {
    std::uint32_t first = 0;  // classes first .. last - 1
    std::uint32_t last = 0;
    std::uint32_t left = 0;  // nodes; 0 for a single class
    std::uint32_t right = 0;
    PartialResources least;  // of any chunk of any class below
    int least_port_bits = 0;
  };
  std::vector<ChunkClass> classes;
  std::vector<std::uint32_t> alike;  // by class, the first one of the same unrolling and port
  std::vector<Node> nodes;           // the root is the first; empty without classes
};

inline bool is_single(const ClassTree::Node& node) {
  return node.last - node.first == 1;
}

/// Of those classes of which a chunk fits the platform.
ClassTree class_tree(std::vector<ChunkClass> classes, const Platform& platform);

/// The leaf of the chunk's class, if the tree has one; of that with two multipliers to a DSP where one was left out.
std::optional<std::uint32_t> leaf_of(const ClassTree& tree, const Chunk& chunk);

/// For every class, what a layer takes at least on any chunk of it, in cycles a batch: infinity where none can run it.
/// `use`: its maps in a store of no more turns and of words no narrower than the store that it has.
std::vector<double> least_times(const ClassTree& tree, const LayerShape& shape, int batch, const Platform& platform,
                                const StoreUse& use = {});

/// What is least at each node of the tree, from what it is at each class.
std::vector<double> least_by_node(const ClassTree& tree, const std::vector<double>& by_class);

/// As least_times on any chunk at all, for the words that pass through the sides of the store.
double least_store_time(const LayerShape& shape, int batch, const Platform& platform, const StoreUse& use);

}  // namespace autonba
