#include "base/memory_pool.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <iterator>

#include "base/ceil_div.hpp"
#include "base/error.hpp"

namespace autonba {
namespace {

constexpr std::size_t huge_page = std::size_t{2} << 20;  // bytes, as all here
constexpr std::size_t growth_step = std::size_t{32} << 20;
constexpr std::size_t alignment = 64;
constexpr std::size_t largest_small = std::size_t{64} << 10;
constexpr std::size_t slab = std::size_t{1} << 20;

int class_of(std::size_t size) {
  return std::max(static_cast<int>(std::bit_width(size - 1)) - std::countr_zero(alignment), 0);
}

std::size_t class_size(int size_class) {
  return alignment << size_class;
}

}  // namespace

MemoryPool::MemoryPool(std::size_t limit) : limit_(ceil_div(limit, huge_page) * huge_page) {
  // One huge page more, so that the first one can be aligned.
  void* reserved = mmap(nullptr, limit_ + huge_page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (reserved == MAP_FAILED) {
    throw work_error("the system refuses {} MB of addresses for tensors; see `ulimit -v`", limit_ / 1'000'000);
  }
  const auto address = reinterpret_cast<std::uintptr_t>(reserved);
  const std::size_t skipped = ceil_div(address, huge_page) * huge_page - address;
  begin_ = static_cast<std::byte*>(reserved) + skipped;
  munmap(reserved, skipped);
  munmap(begin_ + limit_, huge_page - skipped);
}

MemoryPool::~MemoryPool() {
  munmap(begin_, limit_);
}

void* MemoryPool::allocate(std::size_t bytes) {
  const std::lock_guard lock(mutex_);
  const bool small = bytes <= largest_small;
  const std::size_t size = small ? class_size(class_of(bytes)) : ceil_div(bytes, alignment) * alignment;
  const std::size_t offset = small ? allocate_small(class_of(bytes)) : allocate_block(size);
  statistics_.in_use += static_cast<std::int64_t>(size);
  statistics_.peak = std::max(statistics_.peak, statistics_.in_use);
  return begin_ + offset;
}

void MemoryPool::free(void* memory) {
  if (memory == nullptr) {
    return;
  }
  const std::lock_guard lock(mutex_);
  const auto offset = static_cast<std::size_t>(static_cast<std::byte*>(memory) - begin_);
  const auto after = slabs_.upper_bound(offset);
  if (after != slabs_.begin() && offset < std::prev(after)->first + slab) {
    const int size_class = std::prev(after)->second;
    small_free_[static_cast<std::size_t>(size_class)].push_back(offset);
    statistics_.in_use -= static_cast<std::int64_t>(class_size(size_class));
    return;
  }
  statistics_.in_use -= static_cast<std::int64_t>(blocks_.at(offset).size);
  free_block(offset);
}

MemoryPool::Statistics MemoryPool::statistics() const {
  const std::lock_guard lock(mutex_);
  return statistics_;
}

std::size_t MemoryPool::allocate_small(int size_class) {
  std::vector<std::size_t>& free = small_free_[static_cast<std::size_t>(size_class)];
  if (free.empty()) {
    const std::size_t offset = allocate_block(slab);  // stays a slab of this class
    slabs_.emplace(offset, size_class);
    for (std::size_t end = slab; end > 0; end -= class_size(size_class)) {
      free.push_back(offset + end - class_size(size_class));
    }
  }
  const std::size_t offset = free.back();
  free.pop_back();
  return offset;
}

std::size_t MemoryPool::allocate_block(std::size_t size) {
  auto best = free_.lower_bound({size, 0});
  if (best == free_.end()) {
    grow(size);
    best = free_.lower_bound({size, 0});
  }
  const auto [found_size, offset] = *best;
  free_.erase(best);
  blocks_[offset] = {size, false};
  if (found_size > size) {
    set_free(blocks_.emplace(offset + size, Block{found_size - size, true}).first);
  }
  return offset;
}

void MemoryPool::free_block(std::size_t offset) {
  auto block = blocks_.find(offset);
  if (const auto next = std::next(block); next != blocks_.end() && next->second.is_free) {
    free_.erase({next->second.size, next->first});
    block->second.size += next->second.size;
    blocks_.erase(next);
  }
  if (block != blocks_.begin() && std::prev(block)->second.is_free) {
    const auto before = std::prev(block);
    free_.erase({before->second.size, before->first});
    before->second.size += block->second.size;
    blocks_.erase(block);
    block = before;
  }
  set_free(block);
}

void MemoryPool::set_free(Blocks::iterator block) {
  block->second.is_free = true;
  free_.emplace(block->second.size, block->first);
}

/// Takes memory from the system until the last block is free and holds `size` bytes.
void MemoryPool::grow(std::size_t size) {
  const auto held = static_cast<std::size_t>(statistics_.held);
  const bool last_is_free = !blocks_.empty() && std::prev(blocks_.end())->second.is_free;
  const std::size_t there = last_is_free ? std::prev(blocks_.end())->second.size : 0;
  const std::size_t needed = ceil_div(size - there, huge_page) * huge_page;
  if (needed > limit_ - held) {
    throw work_error(
        "tensors take more memory than there is: {} MB are in use, {} MB more are wanted, {} MB is the limit; a "
        "smaller batch takes less",
        statistics_.in_use / 1'000'000, size / 1'000'000, limit_ / 1'000'000);
  }
  const std::size_t step = std::min(std::max(needed, growth_step), limit_ - held);
  if (mprotect(begin_ + held, step, PROT_READ | PROT_WRITE) != 0) {
    throw work_error("the system has no {} MB of memory left for tensors", step / 1'000'000);
  }
  madvise(begin_ + held, step, MADV_HUGEPAGE);  // a wish: without it all works, slower
  statistics_.held += static_cast<std::int64_t>(step);
  ++statistics_.growths;
  blocks_.emplace(held, Block{step, false});
  free_block(held);
}

}  // namespace autonba
