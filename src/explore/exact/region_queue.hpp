#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <vector>

#include "explore/exact/instance.hpp"

namespace autonba {

/// Regions that are open: the least bound first, of equal ones that which came first.
class RegionQueue {
 public:
  void push(const Region& region) {
    if (free_.empty()) {
      free_.push_back(regions_.size());
      regions_.emplace_back();
    }
    regions_[free_.back()] = region;
    heap_.push_back({region.bound, made_++, free_.back()});
    std::push_heap(heap_.begin(), heap_.end(), later);
    free_.pop_back();
  }

  /// Requires a region.
  Region pop() {
    std::pop_heap(heap_.begin(), heap_.end(), later);
    free_.push_back(heap_.back().place);
    heap_.pop_back();
    return regions_[free_.back()];
  }

  /// Forgets the half with the larger bounds, and returns the least of these. Requires a region.
  double leave_out_half() {
    const auto middle = heap_.begin() + static_cast<std::ptrdiff_t>(heap_.size() / 2);
    std::nth_element(heap_.begin(), middle, heap_.end(), [](const Entry& a, const Entry& b) { return later(b, a); });
    const double least = middle->bound;
    std::for_each(middle, heap_.end(), [this](const Entry& entry) { free_.push_back(entry.place); });
    heap_.erase(middle, heap_.end());
    std::make_heap(heap_.begin(), heap_.end(), later);
    return least;
  }

  bool empty() const { return heap_.empty(); }
  std::size_t size() const { return heap_.size(); }
  /// Infinity if it is empty.
  double least_bound() const { return heap_.empty() ? std::numeric_limits<double>::infinity() : heap_.front().bound; }

 private:
  struct Entry {
    double bound = 0;
    std::uint64_t number = 0;
    std::size_t place = 0;  // in regions_, which are too large to be moved about in a heap
  };
  static bool later(const Entry& a, const Entry& b) {
    return a.bound != b.bound ? a.bound > b.bound : a.number > b.number;
  }

  std::vector<Entry> heap_;
  std::vector<Region> regions_;
  std::vector<std::size_t> free_;
  std::uint64_t made_ = 0;
};

}  // namespace autonba
