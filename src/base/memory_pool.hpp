#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <utility>
#include <vector>

namespace autonba {

/// Memory that is kept: what is freed waits for the next request and never goes back to the system, whose page faults
/// take longer than the work on a large tensor. Up to 64 KiB a request is rounded up to a power of two and served from
/// slabs of that size; larger ones get the smallest free block that holds them, and free neighbours become one. Safe to
/// use from several threads.
class MemoryPool {
 public:
  /// In bytes but for `growths`.
  struct Statistics {
    std::int64_t in_use = 0;   // handed out, as rounded
    std::int64_t peak = 0;     // most that was in use at once
    std::int64_t held = 0;     // taken from the system
    std::int64_t growths = 0;  // how often something was taken from the system
  };

  /// Reserves `limit` bytes of addresses (rounded up to 2 MiB); pages take memory only when they are touched. Throws
  /// WorkError where the system refuses.
  explicit MemoryPool(std::size_t limit);
  ~MemoryPool();
  MemoryPool(const MemoryPool&) = delete;
  MemoryPool& operator=(const MemoryPool&) = delete;

  /// At least `bytes` > 0 bytes, aligned to 64, of any content. Throws WorkError beyond the limit.
  void* allocate(std::size_t bytes);
  /// What allocate() returned and was not freed since; null is none.
  void free(void* memory);

  Statistics statistics() const;

 private:
  static constexpr int small_classes = 11;  // of 2^6 … 2^16 bytes

  struct Block {
    std::size_t size = 0;
    bool is_free = false;
  };
  using Blocks = std::map<std::size_t, Block>;  // by offset; they adjoin and fill what is held

  std::size_t allocate_small(int size_class);
  std::size_t allocate_block(std::size_t size);
  void free_block(std::size_t offset);
  void set_free(Blocks::iterator block);
  void grow(std::size_t size);

  mutable std::mutex mutex_;
  std::byte* begin_ = nullptr;
  std::size_t limit_ = 0;
  Blocks blocks_;
  std::set<std::pair<std::size_t, std::size_t>> free_;              // size and offset of free blocks
  std::array<std::vector<std::size_t>, small_classes> small_free_;  // offsets of free memory of each class
  std::map<std::size_t, int> slabs_;                                // offset of each, its class
  Statistics statistics_;
};

}  // namespace autonba
